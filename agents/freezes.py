"""The kill switch: freezes a tenant, an agent or a skill, so that nothing of it begins before somebody lifts the freeze.

Whoever starts something asks: a submit in its own statement (`agents.known_agents`), a worker before every call, by a
snapshot or, where the call changes something outside, by the rows. Freezes are never changed but by being lifted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from agents import audit
from agents.models import Agent, Freeze, FreezeKind, Tenant
from agents.reasons import LONGEST_REASON, SHORTEST_REASON, is_reason
from agents.selectors import get_agent
from agents.tenancy import not_found
from skills.ids import is_id
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal
from skills.registry import registry

REFRESH_SECONDS = 1.0
"""How long a freeze may take to reach a worker that missed the bell."""
RACES = 5
OPERATOR = "the operator of this installation"

_hear: list[Callable[[], None]] = []
_Place = tuple[int | None, str, str | int]


def on_change(hear: Callable[[], None]) -> None:
    """Have a function called after every freeze and every lifting, once it is committed."""
    _hear.append(hear)


# What is frozen now


class Frozen(NamedTuple):
    """A freeze that stands. `tenant_id` None: for everybody. `agent_pk`: the row id of an agent, as workers know it."""

    freeze_id: str
    tenant_id: int | None
    kind: str
    key: str
    reason: str
    agent_pk: int | None = None

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.key}"

    def refusal(self) -> Refusal:
        """Return what to answer to who would begin something."""
        if self.tenant_id is None:
            lift = f"Only {OPERATOR} may lift it: manage.py unfreeze {self.kind} {self.key} --everywhere"
        else:
            lift = f"A key with agents:write or an operator of the tenant may lift it: POST /api/v1/freezes/{self.freeze_id}/lift"
        return Refusal("FROZEN", f"{self.label} is frozen: {self.reason}", suggestions=[lift])


class Freezes:
    """A snapshot of what is frozen, and when it was taken; asking it does no I/O."""

    def __init__(self, found: Iterable[Frozen] = ()) -> None:
        self._taken_at = time.monotonic()
        self._found: dict[_Place, Frozen] = {}
        for each in found:
            names = ("",) if each.kind == FreezeKind.TENANT else (each.key, each.agent_pk)
            self._found |= {(each.tenant_id, each.kind, name): each for name in names if name is not None}

    @classmethod
    def load(cls, tenant_ids: Collection[int] | None = None) -> Freezes:
        """Read what is frozen, for these tenants (row ids) or for all; one query, on a thread that may use the ORM."""
        rows = live() if tenant_ids is None else live().filter(Q(tenant_id__in=tenant_ids) | Q(tenant=None))
        agent = Subquery(Agent.objects.filter(public_id=OuterRef("key"), tenant=OuterRef("tenant")).values("pk"))
        return cls(Frozen(*row) for row in rows.values_list("public_id", "tenant_id", "kind", "key", "reason", agent))

    def fresh(self, max_age_seconds: float = REFRESH_SECONDS) -> Freezes:
        """Return this snapshot while it is young, else a new one; where nothing was and nothing is frozen it becomes young again."""
        if time.monotonic() - self._taken_at < max_age_seconds:
            return self
        if self._found or _is_anything_frozen():
            return Freezes.load()
        self._taken_at = time.monotonic()
        return self

    def holds(self, tenant_id: int, agent: str | int, skill: str | None = None) -> Frozen | None:
        """Return what stops a call, the widest first; the agent by public id or row id. Without a skill: what stops all calls."""
        if not self._found:
            return None
        asked: list[_Place] = [(tenant_id, "tenant", ""), (tenant_id, "agent", agent)]
        if skill is not None:
            asked += [(None, "skill", skill), (tenant_id, "skill", skill)]
        return next((self._found[place] for place in asked if place in self._found), None)

    def all_that_hold(self, tenant_id: int, agent: str, skills: Collection[str]) -> list[Frozen]:
        """Return everything that stops calls of these skills by an agent (a public id), the widest first."""
        wide: list[_Place] = [(tenant_id, "tenant", ""), (tenant_id, "agent", agent)]
        asked = [*wide, *((whose, "skill", skill) for skill in skills for whose in (None, tenant_id))]
        return [self._found[place] for place in asked if place in self._found]


def _is_anything_frozen() -> bool:
    """Tell whether any freeze stands. Workers ask at every ring of the bell, and as a rule the answer is no."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM agents_freeze WHERE lifted_at IS NULL LIMIT 1")
        return cursor.fetchone() is not None


def live() -> QuerySet[Freeze]:
    """Return the freezes that stand."""
    return Freeze.objects.filter(lifted_at=None).order_by()


def live_labels(tenant_id: int) -> frozenset[str]:
    """Return the labels of what is frozen for a tenant (row id): `tenant:…`, `agent:…`, `skill:…`."""
    rows = live().filter(Q(tenant_id=tenant_id) | Q(tenant=None))
    return frozenset(f"{kind}:{key}" for kind, key in rows.values_list("kind", "key"))


# Freezing and lifting


def freeze(*, tenant: Tenant | None, kind: str, key: str | None = None, reason: str, by: str) -> tuple[Freeze, bool]:
    """Freeze a tenant, one of its agents (by name or id) or a skill for it; without a tenant a skill for everybody.

    Return the freeze and whether it is new: what is frozen already stays as it is. Raises Refusal for what does not
    exist and for a reason that is none.
    """
    key, reason = check(tenant, kind, key, reason)
    for _ in range(RACES):
        standing = live().filter(tenant=tenant, kind=kind, key=key).first()
        if standing is not None:
            return standing, False
        with suppress(IntegrityError), transaction.atomic():
            made = Freeze.objects.create(tenant=tenant, kind=kind, key=key, reason=reason, frozen_by=by[:200])
            _tell_when_committed()
            audit.record(tenant, "freeze.set", f"{kind}:{key}", by=by, reason=reason)
            return made, True
    raise Refusal("STORE_UNAVAILABLE", "others freeze and lift the same all the time", suggestions=["Try again."])


def check(tenant: Tenant | None, kind: str, key: str | None, reason: str) -> tuple[str, str]:
    """Return the key and the reason as a freeze keeps them. Raises Refusal where there can be no such freeze."""
    return _key_of(tenant, kind, key), _checked_reason(reason)


def lift(found: Freeze, *, reason: str, by: str) -> Freeze:
    """Lift a freeze; one that was lifted already keeps who did it and when."""
    reason = _checked_reason(reason)
    with transaction.atomic():
        lifted = live().filter(pk=found.pk).update(lifted_at=timezone.now(), lifted_by=by[:200], lifted_because=reason)
        if lifted:
            _tell_when_committed()
            audit.record(found.tenant, "freeze.lift", f"{found.kind}:{found.key}", by=by, reason=reason)
    found.refresh_from_db()
    return found


def unfreeze(*, tenant: Tenant | None, kind: str, key: str | None = None, reason: str, by: str) -> Freeze:
    """Lift the freeze of a tenant, agent or skill. Raises Refusal NOT_FOUND where it is not frozen."""
    # A skill that is registered no more can still be frozen.
    key = key if kind == FreezeKind.SKILL else _key_of(tenant, kind, key)
    standing = live().filter(tenant=tenant, kind=kind, key=key).first()
    if standing is None:
        raise Refusal("NOT_FOUND", f"{kind}:{key} is not frozen{'' if tenant else ' for everybody'}")
    return lift(standing, reason=reason, by=by)


def _tell_when_committed() -> None:
    for hear in _hear:
        transaction.on_commit(hear)


def _key_of(tenant: Tenant | None, kind: str, key: str | None) -> str:
    if kind == FreezeKind.SKILL:
        return _skill_named(key)
    if tenant is None:
        raise _fault("/kind", "INVALID_INPUT", "only a skill can be frozen for everybody")
    if kind == FreezeKind.AGENT:
        if not key:
            raise _fault("/key", "MISSING_REQUIRED_FIELD", "say which agent, by name or id")
        return get_agent(tenant=tenant, ref=key).public_id
    if kind != FreezeKind.TENANT:
        raise _fault("/kind", "INVALID_INPUT", f"one of {', '.join(FreezeKind.values)}")
    if key not in (None, "", tenant.public_id, tenant.slug):
        raise not_found("tenant")
    return tenant.public_id


def _skill_named(name: str | None) -> str:
    if not name:
        raise _fault("/key", "MISSING_REQUIRED_FIELD", "say which skill")
    if not registry.versions(name):
        raise _fault("/key", "SKILL_NOT_FOUND", f"no skill '{name}' is registered")
    return name


def _checked_reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not is_reason(reason, SHORTEST_REASON):
        raise _fault("/reason", "SCHEMA_VALIDATION_FAILED", f"say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters")
    return reason


def _fault(pointer: str, code: str, detail: str) -> Refusal:
    return Refusal("SCHEMA_VALIDATION_FAILED", detail, errors=[{"pointer": pointer, "code": code, "detail": detail}])


# Reads


def list_freezes(*, tenant: Tenant, is_live: bool | None = None) -> QuerySet[Freeze]:
    """Return what is or was frozen of a tenant, and the skills frozen for everybody."""
    rows = Freeze.objects.filter(Q(tenant=tenant) | Q(tenant=None)).annotate(created_at=F("frozen_at"))
    return rows if is_live is None else rows.filter(lifted_at__isnull=is_live)


def live_freezes(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what is frozen for a tenant, as the explanation of a run tells it; who runs the installation is named to nobody."""
    return [
        {
            "freeze_id": found.public_id,
            "label": f"{found.kind}:{found.key}",
            "reason": found.reason,
            "by": OPERATOR if found.tenant_id is None else found.frozen_by,
            "since_ms": int(found.frozen_at.timestamp() * 1_000),
            "is_everywhere": found.tenant_id is None,
        }
        for found in list_freezes(tenant=tenant, is_live=True).order_by("-tenant_id")
    ]


def get_freeze(*, tenant: Tenant, freeze_id: str) -> Freeze:
    """Return a freeze by its id (`frz_…`). Raises Refusal NOT_FOUND."""
    found = list_freezes(tenant=tenant).filter(public_id=freeze_id).first() if is_id("frz", freeze_id) else None
    if found is None:
        raise not_found("freeze")
    return found


def lift_own(*, tenant: Tenant, freeze_id: str, reason: str, by: str) -> Freeze:
    """Lift a freeze of a tenant by its id. Raises Refusal, for one that stands for everybody too."""
    found = get_freeze(tenant=tenant, freeze_id=freeze_id)
    if found.tenant_id is None:
        raise Refusal("PERMISSION_DENIED", f"only {OPERATOR} may lift what is frozen for everybody")
    return lift(found, reason=reason, by=by)


def freeze_json(found: Freeze, *, names_operator: bool = False) -> dict[str, Any]:
    """Return a freeze as the API shows it. Who runs the installation is named to nobody else."""
    masked = OPERATOR if found.tenant_id is None and not names_operator else None
    return {
        "freeze_id": found.public_id,
        "kind": found.kind,
        "key": found.key,
        "everywhere": found.tenant_id is None,
        "live": found.lifted_at is None,
        "reason": found.reason,
        "frozen_by": masked or found.frozen_by,
        "frozen_at": instant(found.frozen_at),
        "lifted_because": found.lifted_because or None,
        "lifted_by": (masked or found.lifted_by) if found.lifted_at else None,
        "lifted_at": instant_or_none(found.lifted_at),
    }
