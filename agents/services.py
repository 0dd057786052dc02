"""Writes agents: create, change, delete. Each checks the profile before a row is touched."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pydantic import ValidationError

from agents import audit
from agents.contracts import AgentProfile, PlannerChoice
from agents.models import Agent, AgentStatus, Tenant
from agents.planners.registry import get_planner
from agents.tenancy import one_scoped
from skills.base import SkillFailure
from skills.ids import is_id
from skills.net.targets import target_of
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import broken_schema, parse_body


def create_agent(
    *, tenant: Tenant, name: str, description: str = "", profile: dict[str, Any] | None = None, status: str = AgentStatus.ACTIVE
) -> Agent:
    """Create an agent. Raises Refusal for a bad profile or a name that is taken."""
    _refuse_id_as_name(name)
    checked = checked_profile(profile or {})
    try:
        with transaction.atomic():
            agent = Agent.objects.create(tenant=tenant, name=name, description=description, profile=checked, status=status)
            audit.record(tenant, "agent.create", agent.public_id, after={"name": name, "status": status})
            return agent
    except IntegrityError:
        raise _name_taken(name) from None


def update_agent(*, tenant: Tenant, agent_id: str, changes: dict[str, Any]) -> Agent:
    """Change the given fields; a given profile replaces the old one whole and counts as a new version."""
    if "profile" in changes:
        changes = changes | {"profile": checked_profile(changes["profile"])}
    if "name" in changes:
        _refuse_id_as_name(changes["name"])
    try:
        with transaction.atomic():
            agent = one_scoped(Agent.objects.select_for_update(), tenant, "agent", public_id=agent_id)
            before = {name: getattr(agent, name) for name in changes}
            _apply(agent, changes)
            was, now = audit.changed(before, changes)
            audit.record(tenant, "agent.update", agent.public_id, before=was, after=now)
            return agent
    except IntegrityError:
        raise _name_taken(changes["name"]) from None


def _apply(agent: Agent, changes: dict[str, Any]) -> Agent:
    if changes.get("profile", agent.profile) != agent.profile:
        agent.version += 1
    for field, value in changes.items():
        setattr(agent, field, value)
    agent.save()
    return agent


def delete_agent(*, tenant: Tenant, agent_id: str) -> None:
    """Delete an agent that never ran. Raises Refusal (409) for one that did: its runs need it."""
    agent = one_scoped(Agent.objects.all(), tenant, "agent", public_id=agent_id)
    try:
        with transaction.atomic():
            audit.record(tenant, "agent.delete", agent.public_id, before={"name": agent.name})
            agent.delete()
    except ProtectedError:
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
    _check_hosts_of_rates(profile)
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


def _check_hosts_of_rates(profile: AgentProfile) -> None:
    """Refuse a host that is written as no call's host ever is: its limit would hold nobody."""
    faults = [
        {"pointer": f"/profile/rate_limits/{i}/host", "code": "INVALID_HOST", "detail": why}
        for i, rule in enumerate(profile.rate_limits)
        if rule.host and (why := _why_no_host(rule.host.lower()))
    ]
    if faults:
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the profile limits calls to what is no host", errors=faults)


def _why_no_host(host: str) -> str | None:
    named = host.removeprefix("*.")
    try:
        target = target_of(f"http://{named}/")
    except SkillFailure as failure:
        return failure.message
    known = target.host_header.removesuffix(":80")
    return None if known == named.removesuffix(":80") else f"write it as {known}"


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


def _refuse_id_as_name(name: str) -> None:
    # Runs name their agent by either; a name that looks like an id could shadow another agent.
    if is_id("agt", name):
        fault = {"pointer": "/name", "code": "SCHEMA_VALIDATION_FAILED", "detail": "a name must not look like an agent id"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the name looks like an agent id", errors=[fault])


def _name_taken(name: str) -> Refusal:
    fault = {"pointer": "/name", "code": "NAME_TAKEN", "detail": f"there is an agent '{name}' already"}
    return Refusal("INVALID_INPUT", f"there is an agent '{name}' already", status=409, errors=[fault])
