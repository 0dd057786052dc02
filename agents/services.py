"""Writes agents: create, change, restore, delete. Each checks the profile before a row is touched, and each version of it is kept."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pydantic import ValidationError

from agents import audit
from agents.actors import can_own
from agents.contracts import AgentProfile, PlannerChoice
from agents.models import Agent, AgentStatus, AgentVersion, Tenant
from agents.planners.registry import get_planner
from agents.tenancy import not_found, one_scoped
from skills.ids import is_id
from skills.net.targets import why_no_host
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import broken_schema, parse_body


def create_agent(
    *,
    tenant: Tenant,
    name: str,
    description: str = "",
    profile: dict[str, Any] | None = None,
    status: str = AgentStatus.ACTIVE,
    reason: str = "",
) -> Agent:
    """Create an agent, of whoever acts now. Raises Refusal for a bad profile or a name that is taken."""
    _refuse_id_as_name(name)
    checked = checked_profile(profile or {})
    try:
        with transaction.atomic():
            owner = audit.acting_name()
            agent = Agent.objects.create(tenant=tenant, name=name, description=description, profile=checked, status=status, owner=owner)
            after = {"name": name, "status": status, "owner": owner}
            told = audit.record(tenant, "agent.create", agent.public_id, after=after, reason=reason)
            _keep_version(agent, told.actor, reason)
            return agent
    except IntegrityError:
        raise _name_taken(name) from None


def update_agent(*, tenant: Tenant, agent_id: str, changes: dict[str, Any], expected_version: int | None = None, reason: str = "") -> Agent:
    """Change the given fields; a given profile replaces the old one whole and counts as a new version.

    Who gives an agent to another `owner` was found to be one who may (`agents.actors`). Raises Refusal for what makes no sense, and
    (409) where the profile is no more the version that was expected.
    """
    if changes.get("owner") and not can_own(tenant, changes["owner"]):
        raise _no_owner()
    if "profile" in changes:
        changes = changes | {"profile": checked_profile(changes["profile"])}
    if "name" in changes:
        _refuse_id_as_name(changes["name"])
    try:
        with transaction.atomic():
            agent = one_scoped(Agent.objects.select_for_update(), tenant, "agent", public_id=agent_id)
            if expected_version not in (None, agent.version):
                raise _stale(agent, expected_version)
            before = {name: getattr(agent, name) for name in changes}
            is_new_version = _apply(agent, changes)
            was, now = audit.changed(before, changes)
            told = audit.record(tenant, "agent.update", agent.public_id, before=was, after=now, reason=reason)
            if is_new_version:
                _keep_version(agent, told.actor, reason)
            return agent
    except IntegrityError:
        raise _name_taken(changes["name"]) from None


def restore_agent(*, tenant: Tenant, agent_id: str, to_version: int, expected_version: int | None = None, reason: str = "") -> Agent:
    """Make an old version of the profile the newest one. Raises Refusal as `update_agent`: what was allowed then may not be now."""
    agent = one_scoped(Agent.objects.all(), tenant, "agent", public_id=agent_id)
    kept = AgentVersion.objects.filter(agent=agent, version=to_version).first()
    if kept is None:
        raise not_found("version of this agent")
    if kept.profile == agent.profile:
        raise Refusal("INVALID_INPUT", f"the profile says what version {to_version} says already; nothing was changed", status=409)
    told = f"as in version {to_version}" + (f": {reason}" if reason else "")
    return update_agent(tenant=tenant, agent_id=agent_id, changes={"profile": kept.profile}, expected_version=expected_version, reason=told)


def _apply(agent: Agent, changes: dict[str, Any]) -> bool:
    """Write the changes; tell whether the profile is another one now."""
    is_new_version = changes.get("profile", agent.profile) != agent.profile
    agent.version += is_new_version
    for field, value in changes.items():
        setattr(agent, field, value)
    agent.save()
    return is_new_version


def _keep_version(agent: Agent, by: str, reason: str) -> None:
    AgentVersion.objects.create(agent=agent, version=agent.version, profile=agent.profile, saved_by=by, reason=reason)


def _stale(agent: Agent, expected: int | None) -> Refusal:
    fault = {"pointer": "/expected_version", "code": "stale", "detail": f"the agent is at version {agent.version} by now"}
    detail = f"somebody changed the agent since version {expected}"
    return Refusal("INVALID_INPUT", detail, status=409, errors=[fault], suggestions=["Read it again, and decide on what it says now."])


def delete_agent(*, tenant: Tenant, agent_id: str) -> None:
    """Delete an agent that never ran. Raises Refusal (409) for one that did: its runs need it."""
    agent = one_scoped(Agent.objects.all(), tenant, "agent", public_id=agent_id)
    try:
        with transaction.atomic():
            audit.record(tenant, "agent.delete", agent.public_id, before={"name": agent.name})
            agent.delete()
    except (ProtectedError, IntegrityError):
        # The second where its first run came in while it was being deleted.
        raise Refusal(
            "INVALID_INPUT",
            "the agent has runs, which keep it as part of their record",
            status=409,
            suggestions=['Set its status to disabled instead: PATCH {"status": "disabled"}.'],
        ) from None


def checked_profile(raw: Any) -> dict[str, Any]:
    """Return a profile in its JSON form, defaults filled in. Raises Refusal with pointers below /profile."""
    profile = parse_body(AgentProfile, raw, at="/profile")
    unknown = _unknown_skills(profile)
    if unknown:
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the profile names skills that are not registered", errors=unknown)
    _check_hosts(profile)
    _check_configs(profile)
    _check_planner(profile.planner)
    return profile.model_dump(mode="json")


def _unknown_skills(profile: AgentProfile) -> list[dict[str, str]]:
    named = [(f"/profile/allowed_skills/{i}", name) for i, name in enumerate(profile.allowed_skills or [])]
    named += [(f"/profile/blocked_skills/{i}", name) for i, name in enumerate(profile.blocked_skills)]
    named += [(f"/profile/skill_config/{name}", name) for name in profile.skill_config]
    named += [(f"/profile/rate_limits/{i}/skill", rule.skill) for i, rule in enumerate(profile.rate_limits) if rule.skill]
    known = set(registry.names())
    return [
        {"pointer": pointer, "code": "SKILL_NOT_FOUND", "detail": f"no skill '{name}' is registered"}
        for pointer, name in named
        if name not in known
    ]


def _check_hosts(profile: AgentProfile) -> None:
    """Refuse a host that is written as no call's host ever is: what is said about it would hold nobody."""
    named = [(f"/profile/rate_limits/{i}/host", rule.host) for i, rule in enumerate(profile.rate_limits) if rule.host]
    named += [(f"/profile/approval_hosts/{i}", host) for i, host in enumerate(profile.approval_hosts)]
    faults = [{"pointer": pointer, "code": "INVALID_HOST", "detail": why} for pointer, host in named if (why := why_no_host(host.lower()))]
    if faults:
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the profile names what is no host", errors=faults)


def _check_configs(profile: AgentProfile) -> None:
    for name, config in profile.skill_config.items():
        skill = registry.resolve(name)
        assert skill is not None
        _refuse_operator_fields(f"/profile/skill_config/{name}", skill.operator_config, config)
        try:
            skill.Config.model_validate(config)
        except ValidationError as error:
            raise broken_schema(error, f"the configuration of {name} breaks its schema", at=f"/profile/skill_config/{name}") from None


def _check_planner(choice: PlannerChoice) -> None:
    planner, at = get_planner(choice.name), "/profile/planner/options"
    assert planner is not None, "the names of the contract are those of the registry"
    _refuse_operator_fields(at, planner.operator_options, choice.options)
    try:
        planner.options_model.model_validate(choice.options)
    except ValidationError as error:
        raise broken_schema(error, f"the options of the planner {choice.name} break their schema", at=at) from None


def _refuse_operator_fields(at: str, reserved: tuple[str, ...], given: dict[str, Any]) -> None:
    # Where texts and keys are sent to, and what they cost, is the operator's to say: a profile that could would read
    # every tenant's prompts, or name its own price.
    faults = [
        {"pointer": f"{at}/{field}", "code": "PERMISSION_DENIED", "detail": "only the operator may set this"}
        for field in reserved
        if field in given
    ]
    if faults:
        raise Refusal("PERMISSION_DENIED", "the profile holds what only the operator may set", errors=faults)


def _no_owner() -> Refusal:
    fault = {"pointer": "/owner", "code": "INVALID_INPUT", "detail": "no active member and no service account is called this here"}
    hint = "Name a member by user name, a service account as account:NAME."
    return Refusal("SCHEMA_VALIDATION_FAILED", "there is nobody of this name who could own it", errors=[fault], suggestions=[hint])


def _refuse_id_as_name(name: str) -> None:
    # Runs name their agent by either; a name that looks like an id could shadow another agent.
    if is_id("agt", name):
        fault = {"pointer": "/name", "code": "SCHEMA_VALIDATION_FAILED", "detail": "a name must not look like an agent id"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the name looks like an agent id", errors=[fault])


def _name_taken(name: str) -> Refusal:
    fault = {"pointer": "/name", "code": "NAME_TAKEN", "detail": f"there is an agent '{name}' already"}
    return Refusal("INVALID_INPUT", f"there is an agent '{name}' already", status=409, errors=[fault])
