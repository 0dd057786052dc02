"""Standing grants: a yes given in advance, within limits."""

from __future__ import annotations

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import GrantUseView, GrantView


class Grants(Group[M]):
    """A yes given in advance to calls of one skill. At least one of its limits ends it."""

    @paged("grants_list")
    def list(self, *, state: str | None = None, limit: int | None = None, cursor: str | None = None) -> Request[Page[GrantView]]:
        """Return grants, newest first; `state="in_force"` those by which calls go now."""
        return paging(GrantView, "approvals", "grants", query={"state": state, "limit": limit, "cursor": cursor})

    @operation("grants_create")
    def create(
        self,
        skill: str,
        *,
        reason: str,
        agent: str | None = None,
        host: str | None = None,
        max_uses: int | None = None,
        max_call_micro_usd: int | None = None,
        max_total_micro_usd: int | None = None,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[GrantView]:
        """Let calls of a skill through without asking, for one agent or all, to one host or any."""
        limits = {"max_uses": max_uses, "max_call_micro_usd": max_call_micro_usd, "max_total_micro_usd": max_total_micro_usd}
        body = {"skill": skill, "agent": agent, "host": host, **limits, "expires_at": expires_at, "reason": reason}
        return create(GrantView, "approvals", "grants", body=body, key=idempotency_key)

    @operation("grants_get")
    def get(self, grant_id: str) -> Request[GrantView]:
        """Return a grant, and how much of it is used."""
        return get(GrantView, "approvals", "grants", grant_id)

    @operation("grants_revoke")
    def revoke(self, grant_id: str, *, reason: str) -> Request[GrantView]:
        """Take a grant back: no further call goes by it."""
        return post(GrantView, "approvals", "grants", grant_id, "revoke", body={"reason": reason})

    @paged("grant_uses_list")
    def uses(self, grant_id: str, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[GrantUseView]]:
        """Return the calls a grant let through, newest first."""
        return paging(GrantUseView, "approvals", "grants", grant_id, "uses", query={"limit": limit, "cursor": cursor})
