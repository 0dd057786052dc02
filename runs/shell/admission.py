"""Admission: pin the versions a plan will run with, forecast it, and reserve its money. Used by worker and simulation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from agents.ledger import model_key
from agents.plan.references import UNKNOWN
from runs.contracts import Blocker
from runs.engine.events import Pin, Terms
from runs.engine.graph import Node
from runs.engine.simulate import CallModel, Model
from skills.base import Bounds, Skill
from skills.contracts import SkillMetadata
from skills.costs import worst_case_of
from skills.registry import registry
from skills.taxonomy import Category, spec_of

UNRENDERED = "${unknown}"
"""Stands for a value nobody has yet, in the form skills know from plans."""


@dataclass(frozen=True)
class Pinned:
    """The pins of a plan, or why some cannot be made."""

    pins: dict[str, Pin]
    blockers: list[Blocker]


def pin_plan(nodes: Mapping[str, Node], versions: Mapping[str, str | None], terms: Terms, configs: Mapping[str, Any]) -> Pinned:
    """Fix skill versions. Missing or forbidden skills become blockers, all of them at once."""
    pins: dict[str, Pin] = {}
    blockers: list[Blocker] = []
    for node in nodes.values():
        calls = [(node.step_id, node.skill, versions.get(node.step_id), node.params)]
        if node.fallback_skill is not None:
            params = node.params if node.fallback_params is None else node.fallback_params
            calls.append((f"{node.step_id}!fallback", node.fallback_skill, None, params))
        for key, name, version, params in calls:
            blocker = _blocker(node, name, terms)
            skill = registry.resolve(name, version)
            metadata = registry.metadata(name, version)
            if skill is None or metadata is None:
                blocker = Blocker(
                    step_id=node.step_id,
                    code="SKILL_NOT_FOUND",
                    rule="registry",
                    detail=f"no skill {name} {version or ''} is registered".rstrip(),
                )
            else:
                pins[key] = _pin(skill, metadata, params, configs.get(name) or {})
            if blocker is not None:
                blockers.append(blocker)
    return Pinned(pins, blockers)


def _blocker(node: Node, skill: str, terms: Terms) -> Blocker | None:
    why = terms.why_not(skill)
    return None if why is None else Blocker(step_id=node.step_id, code="SKILL_NOT_ALLOWED", rule="agent_profile", detail=why)


def _pin(skill: Skill, metadata: SkillMetadata, params: dict[str, Any], config: Mapping[str, Any]) -> Pin:
    return Pin(
        skill=skill.name,
        version=skill.version,
        digest=metadata.digest,
        effect=str(skill.effect_of(params)),
        free=worst_case_of(skill, params, config) == 0,
        timeout_ms=skill.constraints.timeout_ms,
        probe=skill.probe_description is not None,
        asks=skill.asks_person,
        cheaper=skill.cheaper_params(params, config),
    )


def refused_as_written(plan: Mapping[str, Any], bounds: Bounds) -> list[Blocker]:
    """Return the calls of a plan that can never succeed as they are written, each with its pointer."""
    found = []
    for position, step in enumerate(plan["steps"]):
        calls = [("params", step["skill"], step.get("version"), step["params"])]
        if step.get("fallback_skill"):
            calls.append(("fallback_params", step["fallback_skill"], None, step.get("fallback_params") or step["params"]))
        for place, name, version, params in calls:
            skill = registry.resolve(name, version)
            failure = skill.refused_as_written(params, bounds) if skill else None
            if failure is not None:
                at = f"/steps/{position}/{place}{failure.details.errors[0].pointer if failure.details.errors else '/url'}"
                rule = "refused_as_written"
                found.append(Blocker(step_id=step["step_id"], code=failure.code, rule=rule, detail=failure.message, pointer=at))
    return found


def bounds_of(allowed_hosts: list[str] | None) -> Bounds:
    """Return what stands around the calls of an agent that may reach these hosts (None: every public one)."""
    return Bounds(settings.ALLOW_LOCAL_TARGETS, None if allowed_hosts is None else tuple(allowed_hosts))


def call_model(configs: Mapping[str, Any]) -> Model:
    """Return the cost and latency model of skill calls under an agent's skill configuration."""

    def model(pin: Pin, params: Any) -> CallModel:
        skill = registry.resolve(pin.skill, pin.version)
        assert skill is not None, "pinned skills are registered"
        config, written = configs.get(pin.skill) or {}, unrendered(params)
        worst = 0 if pin.free else worst_case_of(skill, written, config)
        charged_to = None if pin.free else skill.model_of(written, config)
        low = 0 if pin.free else skill.cost_model.base_micro_usd
        return CallModel(
            low_micro_usd=low,
            expected_micro_usd=(low + (worst or low)) // 2,
            worst_micro_usd=worst,
            low_ms=max(1, skill.avg_latency_ms // 2),
            expected_ms=skill.avg_latency_ms,
            worst_ms=pin.timeout_ms if pin.effect != "none" else skill.avg_latency_ms * 2,
            fails_with=None if pin.effect == "none" else _typical_failure(skill),
            model=model_key(charged_to) if charged_to else "",
        )

    return model


def _typical_failure(skill: Skill) -> str | None:
    """Return a transient failure the skill declares, TIMEOUT first: what a worst case is made of."""
    codes = [mode.code for mode in skill.failure_modes if spec_of(mode.code).category is Category.TRANSIENT]
    return "TIMEOUT" if "TIMEOUT" in codes else next(iter(codes), None)


def unrendered(params: Any) -> Any:
    """Return parameters with unknown values written the way skills know references."""
    if params is UNKNOWN:
        return UNRENDERED
    if isinstance(params, dict):
        return {key: unrendered(value) for key, value in params.items()}
    if isinstance(params, list):
        return [unrendered(value) for value in params]
    return params


def versions_of(plan: Mapping[str, Any]) -> dict[str, str | None]:
    return {step["step_id"]: step.get("version") for step in plan["steps"]}


def skills_of(plan: Mapping[str, Any]) -> Iterator[str]:
    for step in plan["steps"]:
        yield step["skill"]
        if step.get("fallback_skill"):
            yield step["fallback_skill"]
