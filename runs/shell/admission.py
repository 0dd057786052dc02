"""Admission: pin the versions a plan will run with, forecast it, and reserve its money. Used by worker and simulation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from agents.ledger import model_key
from agents.limits import Limit, Rule, limits_of
from agents.plan.references import UNKNOWN
from runs.contracts.simulation import Blocker
from runs.engine.events import Pin, Terms
from runs.engine.graph import Node
from runs.engine.retry import would_help
from runs.engine.simulate import CallModel, Model, Trouble
from runs.shell.breaker import minded_target, target_of
from skills.base import Bounds, Skill
from skills.contracts import SkillMetadata
from skills.costs import base_of, cheaper_params_of, model_of, worst_case_of
from skills.registry import registry
from skills.taxonomy import CODES, spec_of

UNRENDERED = "${unknown}"
"""Stands for a value nobody has yet, in the form skills know from plans."""

Advise = Callable[[str], Iterable[tuple[str, Mapping[str, Any]]]]
"""What the catalog may advise about failures of a skill, as (code, advice)."""


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
            key = f"{node.step_id}!fallback"
            calls.append((key, node.fallback_skill, versions.get(key), params))
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


def pin_advised(name: str, params: Any, configs: Mapping[str, Any], version: str | None = None) -> Pin | None:
    """Return the pin of a skill the catalog advises to fall back to; None where none of that name is registered."""
    skill, metadata = registry.resolve(name, version), registry.metadata(name, version)
    return None if skill is None or metadata is None else _pin(skill, metadata, params, configs.get(name) or {})


def _blocker(node: Node, skill: str, terms: Terms) -> Blocker | None:
    why = terms.why_not(skill)
    return None if why is None else Blocker(step_id=node.step_id, code="SKILL_NOT_ALLOWED", rule="agent_profile", detail=why)


def _pin(skill: Skill, metadata: SkillMetadata, params: dict[str, Any], config: Mapping[str, Any]) -> Pin:
    worst = worst_case_of(skill, params, config)
    return Pin(
        skill=skill.name,
        version=skill.version,
        digest=metadata.digest,
        effect=str(skill.effect_of(params)),
        free=worst == 0,
        timeout_ms=skill.constraints.timeout_ms,
        probe=skill.can_probe(params),
        asks=skill.asks_person,
        cheaper=cheaper_params_of(skill, params, config, than_micro_usd=worst),
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


def call_model(configs: Mapping[str, Any], *, advise: Advise | None = None, rules: Sequence[Rule] = ()) -> Model:
    """Return the cost and latency model of skill calls under an agent's skill configuration.

    Without advice the taxonomy's own numbers stand. `rules` are the agent's rates, beside those that skills declare.
    """
    troubles_of = cache(lambda skill: _troubles(advise(skill) if advise else ()))

    def model(pin: Pin, params: Any) -> CallModel:
        skill = registry.resolve(pin.skill, pin.version)
        assert skill is not None, "pinned skills are registered"
        config, written = configs.get(pin.skill) or {}, unrendered(params)
        target = target_of(skill, written)
        worst = 0 if pin.free else worst_case_of(skill, written, config)
        charged_to = None if pin.free else model_of(skill, written, config)
        low = 0 if pin.free else base_of(skill).micro_usd
        harmless = pin.free and pin.effect == "none"
        return CallModel(
            low_micro_usd=low,
            expected_micro_usd=(low + (worst or low)) // 2,
            worst_micro_usd=worst,
            low_ms=max(1, skill.avg_latency_ms // 2),
            expected_ms=skill.avg_latency_ms,
            worst_ms=pin.timeout_ms if pin.effect != "none" else skill.avg_latency_ms * 2,
            troubles=() if harmless else troubles_of(pin.skill),
            model=model_key(charged_to) if charged_to else "",
            limits=_limits(skill, target, rules),
            target=minded_target(skill, written, pin.effect, target),
        )

    return model


def _troubles(advised: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Trouble, ...]:
    """Return every failure that trying again might mend. Which codes a skill declares says nothing: a deadline gives others."""
    said = list(advised)
    silent = CODES.keys() - {code for code, _ in said}
    found = [*(Trouble(code, advice) for code, advice in said), *(Trouble(code) for code in CODES if code in silent)]
    return tuple(each for each in found if would_help(spec_of(each.code), each.mode, insisted=True))


def _limits(skill: Skill, target: str | None, rules: Sequence[Rule]) -> tuple[Limit, ...]:
    declared = skill.constraints.rate_limit_per_minute
    if declared is None and not rules:
        return ()
    return tuple(limits_of(skill.name, declared, target, rules))


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
