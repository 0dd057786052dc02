"""What holds runs back: freezes, circuits, and what drifts."""

from __future__ import annotations

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import CircuitView, DriftView, FreezeView


class Freezes(Group[M]):
    """What is stopped until somebody lifts it."""

    @paged("freezes_list")
    def list(self, *, live: bool | None = None, limit: int | None = None, cursor: str | None = None) -> Request[Page[FreezeView]]:
        """Return freezes, the ended ones too unless `live`."""
        return paging(FreezeView, "freezes", query={"live": live, "limit": limit, "cursor": cursor})

    @operation("freezes_create")
    def create(self, kind: str, reason: str, *, key: str | None = None, idempotency_key: str | None = None) -> Request[FreezeView]:
        """Stop a tenant, an agent or a skill."""
        return create(FreezeView, "freezes", body={"kind": kind, "key": key, "reason": reason}, key=idempotency_key)

    @operation("freezes_get")
    def get(self, freeze_id: str) -> Request[FreezeView]:
        """Return a freeze."""
        return get(FreezeView, "freezes", freeze_id)

    @operation("freezes_lift")
    def lift(self, freeze_id: str, reason: str) -> Request[FreezeView]:
        """Let what is stopped go on."""
        return post(FreezeView, "freezes", freeze_id, "lift", body={"reason": reason})


class Circuits(Group[M]):
    """Hosts that failed too often in a row and are left alone for a while."""

    @paged("circuits_list")
    def list(
        self, *, skill: str | None = None, host: str | None = None, state: str | None = None, limit: int | None = None
    ) -> Request[Page[CircuitView]]:
        """Return circuits."""
        return paging(CircuitView, "circuits", query={"skill": skill, "host": host, "state": state, "limit": limit})

    @operation("circuits_reset")
    def reset(self, skill: str, host: str, reason: str) -> Request[CircuitView]:
        """Try a host again at once."""
        return post(CircuitView, "circuits", "reset", body={"skill": skill, "host": host, "reason": reason})


class Drift(Group[M]):
    """Skills and agents that behave otherwise than they used to."""

    @paged("drift_list")
    def list(
        self, *, state: str | None = None, subject_kind: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Request[Page[DriftView]]:
        """Return what drifts."""
        return paging(DriftView, "drift", query={"state": state, "subject_kind": subject_kind, "limit": limit, "cursor": cursor})

    @operation("drift_get")
    def get(self, drift_id: str) -> Request[DriftView]:
        """Return one drift with its figures."""
        return get(DriftView, "drift", drift_id)

    @operation("drift_acknowledge")
    def acknowledge(self, drift_id: str, reason: str) -> Request[DriftView]:
        """Say that it is known."""
        return post(DriftView, "drift", drift_id, "acknowledge", body={"reason": reason})

    @operation("drift_resolve")
    def resolve(self, drift_id: str, reason: str) -> Request[DriftView]:
        """Say that it is over."""
        return post(DriftView, "drift", drift_id, "resolve", body={"reason": reason})
