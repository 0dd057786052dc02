"""Reads agents and API keys, always those of one tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from agents.models import Agent, AgentStatus, AgentVersion, ApiKey, Tenant
from agents.tenancy import not_found, one_scoped, scoped
from skills.ids import is_id
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal


def tenant_for(slug: str | None) -> Tenant:
    """Return the active tenant of this name, or the only one there is. Raises Refusal."""
    active = Tenant.objects.filter(is_active=True)
    known = list(active.values_list("slug", flat=True)[:20])
    if not known:
        raise Refusal("NOT_FOUND", "there is no tenant yet", suggestions=["Make one with its agent and key: manage.py bootstrap"])
    if slug is None and len(known) > 1:
        raise Refusal("INVALID_INPUT", "there are several tenants", suggestions=[f"Name one: --tenant {' | '.join(known)}"])
    found = active.filter(slug=known[0] if slug is None else slug).first()
    if found is None:
        raise Refusal("NOT_FOUND", f"there is no tenant '{slug}'", suggestions=[f"There is {', '.join(known)}."])
    return found


def active_tenants() -> list[Tenant]:
    """Return the tenants that are active."""
    return list(Tenant.objects.filter(is_active=True))


def allows_faults(*, tenant: Tenant) -> bool:
    """Tell whether faults may be injected into a tenant's runs, as its row says now."""
    return Tenant.objects.filter(pk=tenant.pk, allow_faults=True).exists()


def get_agent(*, tenant: Tenant, ref: str) -> Agent:
    """Return an agent by id (`agt_…`) or name. Raises Refusal NOT_FOUND."""
    field = "public_id" if is_id("agt", ref) else "name"
    return one_scoped(Agent.objects.all(), tenant, "agent", **{field: ref})


def list_agents(*, tenant: Tenant, status: str | None = None) -> QuerySet[Agent]:
    rows = scoped(Agent.objects.all(), tenant)
    return rows if status is None else rows.filter(status=status)


def agent_json(agent: Agent) -> dict[str, Any]:
    """Return an agent as the API shows it."""
    return {
        "agent_id": agent.public_id,
        "name": agent.name,
        "description": agent.description,
        "status": agent.status,
        "owner": agent.owner or None,
        "profile": agent.profile,
        "version": agent.version,
        "created_at": instant(agent.created_at),
        "updated_at": instant(agent.updated_at),
    }


def list_versions(*, agent: Agent) -> QuerySet[AgentVersion]:
    """Return the versions of an agent's profile that were kept, as rows a page is made of."""
    return AgentVersion.objects.filter(agent=agent).annotate(created_at=F("saved_at"))


def get_version(*, agent: Agent, version: str) -> AgentVersion:
    """Return one version of an agent's profile. Raises Refusal NOT_FOUND."""
    is_number = version.isascii() and version.isdecimal() and len(version) < 10
    found = list_versions(agent=agent).filter(version=int(version)).first() if is_number else None
    if found is None:
        raise not_found("version of this agent")
    return found


def version_json(row: AgentVersion, *, agent: Agent) -> dict[str, Any]:
    """Return a version of an agent's profile as the API shows it."""
    return {
        "agent_id": agent.public_id,
        "version": row.version,
        "is_current": row.version == agent.version,
        "profile": row.profile,
        "saved_by": row.saved_by,
        "reason": row.reason,
        "saved_at": instant(row.saved_at),
    }


def default_agent(*, tenant: Tenant) -> Agent:
    """Return the agent a call is made by where none is named: the active one called `default`, else the oldest active one.

    Raises Refusal NOT_FOUND.
    """
    active = scoped(Agent.objects.filter(status=AgentStatus.ACTIVE), tenant)
    agent = active.filter(name="default").first() or active.order_by("created_at", "pk").first()
    if agent is None:
        raise not_found("active agent")
    return agent


def agent_status(agent_pk: int) -> str:
    """Return an agent's status by row id, for a worker that holds one of its runs."""
    return Agent.objects.values_list("status", flat=True).get(pk=agent_pk)


def agent_names(public_ids: Iterable[str]) -> dict[str, str]:
    """Return what agents are called, by id; who is gone has no name."""
    return dict(Agent.objects.filter(public_id__in=set(public_ids)).values_list("public_id", "name"))


def agents_of(pks: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return the ids and names of agents, by row id."""
    return {pk: (public_id, name) for pk, public_id, name in Agent.objects.filter(pk__in=set(pks)).values_list("pk", "public_id", "name")}


def agent_pages(public_ids: Iterable[str]) -> dict[str, int]:
    """Return the row ids of agents, which lists of the console are narrowed by, by id."""
    return dict(Agent.objects.filter(public_id__in=set(public_ids)).values_list("public_id", "pk"))


def agents_in(tenants: Iterable[Tenant]) -> QuerySet[Agent]:
    """Return the agents of several tenants, by name."""
    return Agent.objects.filter(tenant__in=tenants).select_related("tenant").order_by("name", "pk")


def agent_within(tenants: QuerySet[Tenant], agent_id: str) -> Agent | None:
    """Return the agent of this id if it is one of these tenants'."""
    rows = Agent.objects.select_related("tenant").filter(tenant__in=tenants, public_id=agent_id)
    return rows.first() if is_id("agt", agent_id) else None


def agents_named(tenants: QuerySet[Tenant], name: str) -> QuerySet[Agent]:
    """Return the agents of exactly this name in these tenants."""
    return Agent.objects.filter(tenant__in=tenants, name=name).order_by("pk")


def list_keys(*, tenant: Tenant) -> QuerySet[ApiKey]:
    """Return a tenant's keys, newest first, those that are good for nothing any more too."""
    return scoped(ApiKey.objects.select_related("tenant", "service_account"), tenant)


def get_key(*, tenant: Tenant, key_id: str) -> ApiKey:
    """Return a key by its id (`key_…`). Raises Refusal NOT_FOUND."""
    return one_scoped(list_keys(tenant=tenant), tenant, "API key", public_id=key_id)


def key_json(key: ApiKey) -> dict[str, Any]:
    """Return what may be known of a key: neither its secret nor the HMAC of it."""
    return {
        "key_id": key.public_id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "owner": key.owner or None,
        "state": _state_of(key),
        "service_account_id": None if key.service_account is None else key.service_account.public_id,
        "created_at": instant(key.created_at),
        "expires_at": instant_or_none(key.expires_at),
        "revoked_at": instant_or_none(key.revoked_at),
        "last_used_at": instant_or_none(key.last_used_at),
    }


def _state_of(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "live"
