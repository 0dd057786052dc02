"""Standing grants, a yes given in advance to calls of one skill within limits, and the hosts people let agents to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from agents import audit
from agents.reasons import TOO_SHORT, is_too_short, refuse_short
from agents.selectors import get_agent
from agents.tenancy import Principal, lock_tenant, not_found, one_scoped, scoped
from runs.models import Grant, GrantUse, KnownHost
from skills.instants import instant, instant_or_none
from skills.net.targets import why_no_host
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.models import Tenant

LONGEST = timedelta(days=366)
MOST_IN_FORCE = 200
"""How many grants of a tenant may be in force at once: each call that asks goes through those of its skill."""


class Limits(NamedTuple):
    """What a grant allows. None is no limit of that kind; at least one of uses, total and end is set."""

    max_uses: int | None = None
    max_call_micro_usd: int | None = None
    max_total_micro_usd: int | None = None
    expires_at: datetime | None = None


def give(*, principal: Principal, skill: str, agent_ref: str | None, host: str, limits: Limits, reason: str) -> Grant:
    """Give a grant. Raises Refusal with a pointer for an unknown skill or agent, no host, no limit at all, or a bad end, and 409 for
    too many."""
    faults = [*_faults(skill, host, limits, reason)]
    if faults:
        raise Refusal("INVALID_INPUT", "the grant cannot be given like this", status=422, errors=faults)
    tenant = principal.tenant
    agent = None if agent_ref is None else get_agent(tenant=tenant, ref=agent_ref)
    with transaction.atomic():
        lock_tenant(tenant)
        if in_force(tenant=tenant).count() >= MOST_IN_FORCE:
            raise Refusal("QUOTA_EXHAUSTED", f"{MOST_IN_FORCE} grants are in force, which is as many as may be", status=409)
        row = Grant.objects.create(
            tenant=tenant, agent=agent, skill=skill, host=host.lower(), reason=reason, granted_by=principal.name, **limits._asdict()
        )
        audit.record(tenant, "grant.give", row.public_id, by=principal.name, after=_said(row), reason=reason)
    return row


def revoke(*, principal: Principal, grant_id: str, reason: str) -> Grant:
    """Take a grant back: no further call goes by it. Raises Refusal: 409 for one that was taken back already, 422 for no reason."""
    refuse_short(reason)
    with transaction.atomic():
        row = one_scoped(Grant.objects.select_for_update(of=("self",)), principal.tenant, "grant", public_id=grant_id)
        if row.revoked_at is not None:
            raise Refusal("INVALID_INPUT", f"already taken back by {row.revoked_by}", status=409)
        row.revoked_at, row.revoked_by = timezone.now(), principal.name
        row.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(row.tenant, "grant.revoke", row.public_id, by=principal.name, before=_said(row), reason=reason)
    return row


def _said(row: Grant) -> dict[str, Any]:
    told = grant_json(row)
    return {name: told[name] for name in ("skill", "agent", "host", *Limits._fields, "uses", "used_micro_usd")}


def _faults(skill: str, host: str, limits: Limits, reason: str) -> Sequence[dict[str, str]]:
    found: list[tuple[str, str, str]] = []
    if skill not in registry.names():
        found.append(("/skill", "SKILL_NOT_FOUND", f"no skill '{skill}' is registered"))
    why = why_no_host(host.lower()) if host else None
    if why:
        found.append(("/host", "INVALID_HOST", why))
    if limits.max_uses is None and limits.max_total_micro_usd is None and limits.expires_at is None:
        found.append(("", "MISSING_REQUIRED_FIELD", "say when it ends: max_uses, max_total_micro_usd or expires_at"))
    if limits.expires_at is not None and not timezone.now() < limits.expires_at <= timezone.now() + LONGEST:
        found.append(("/expires_at", "INVALID_INPUT", f"an instant to come, within {LONGEST.days} days"))
    if is_too_short(reason):
        found.append(("/reason", "INVALID_INPUT", TOO_SHORT))
    return [{"pointer": pointer, "code": code, "detail": detail} for pointer, code, detail in found]


# Reading


def in_force(*, tenant: Tenant | Sequence[Tenant] | QuerySet[Tenant]) -> QuerySet[Grant]:
    """Return the grants, of one tenant or several, by which a call may go now."""
    which = {"tenant": tenant} if isinstance(tenant, Model) else {"tenant__in": tenant}
    left = (Q(max_uses=None) | Q(uses__lt=F("max_uses"))) & (
        Q(max_total_micro_usd=None) | Q(used_micro_usd__lt=F("max_total_micro_usd")) | Q(max_total_micro_usd=0)
    )
    ends = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return Grant.objects.filter(left, ends, revoked_at=None, **which)


def list_grants(*, tenant: Tenant, only_in_force: bool = False) -> QuerySet[Grant]:
    rows = in_force(tenant=tenant) if only_in_force else scoped(Grant.objects.all(), tenant)
    return rows.select_related("agent", "tenant")


def get_grant(*, tenant: Tenant, grant_id: str) -> Grant:
    """Return a grant. Raises Refusal NOT_FOUND."""
    return one_scoped(Grant.objects.select_related("agent", "tenant"), tenant, "grant", public_id=grant_id)


def list_uses(*, tenant: Tenant, grant_id: str) -> QuerySet[GrantUse]:
    """Return the calls a grant let through."""
    rows = GrantUse.objects.filter(grant=get_grant(tenant=tenant, grant_id=grant_id)).select_related("run")
    return rows.annotate(created_at=F("at"))


def state_of(row: Grant) -> str:
    """Return whether calls go by a grant: `in_force`, or what ended it: `revoked`, `expired`, `used_up`."""
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= timezone.now():
        return "expired"
    is_spent = row.max_total_micro_usd is not None and 0 < row.max_total_micro_usd <= row.used_micro_usd
    return "used_up" if is_spent or (row.max_uses is not None and row.uses >= row.max_uses) else "in_force"


def grant_json(row: Grant) -> dict[str, Any]:
    return {
        "grant_id": row.public_id,
        "state": state_of(row),
        "skill": row.skill,
        "agent": row.agent.name if row.agent else None,
        "host": row.host or None,
        "max_uses": row.max_uses,
        "max_call_micro_usd": row.max_call_micro_usd,
        "max_total_micro_usd": row.max_total_micro_usd,
        "expires_at": instant_or_none(row.expires_at),
        "uses": row.uses,
        "used_micro_usd": row.used_micro_usd,
        "reason": row.reason,
        "granted_by": row.granted_by,
        "created_at": instant(row.created_at),
        "revoked_at": instant_or_none(row.revoked_at),
        "revoked_by": row.revoked_by or None,
    }


def use_json(row: GrantUse) -> dict[str, Any]:
    return {
        "run_id": row.run.public_id,
        "step_id": row.step,
        "action_hash": row.action_hash,
        "worst_micro_usd": row.worst_micro_usd,
        "at": instant(row.at),
    }


# Hosts agents know


def known_hosts(*, tenants: Sequence[Tenant] | QuerySet[Tenant]) -> QuerySet[KnownHost]:
    """Return the hosts people let agents call, the latest first."""
    return KnownHost.objects.filter(tenant__in=tenants).select_related("agent", "tenant").order_by("-at", "-pk")


def forget_host(*, principal: Principal, agent_ref: str, host: str) -> None:
    """Have the next call of an agent to a host asked about again. Raises Refusal NOT_FOUND for one it does not know."""
    agent = get_agent(tenant=principal.tenant, ref=agent_ref)
    with transaction.atomic():
        gone, _ = KnownHost.objects.filter(tenant=principal.tenant, agent=agent, host=host.replace("\x00", "")).delete()
        if not gone:
            raise not_found("host that the agent knows")
        audit.record(principal.tenant, "known_host.forget", agent.public_id, by=principal.name, before={"host": host})
