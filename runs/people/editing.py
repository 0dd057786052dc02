"""Calls that are approved with other parameters: checked against the schema, gone through by the same models as simulation, bound anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from pydantic import ValidationError

from agents.plan.references import secret_pointers, strings_in
from agents.tenancy import not_found
from runs import selectors
from runs.contracts.simulation import Blocker, EditedCall
from runs.engine.budget import headroom
from runs.engine.events import Pin
from runs.engine.gates import action_hash, why_ask
from runs.engine.simulate import CallModel
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.shell.admission import bounds_of, call_model
from runs.shell.breaker import target_of
from runs.shell.reading.history import read_state
from skills.base import Skill
from skills.contracts import Effect, faults_of
from skills.costs import worst_case_of
from skills.differing import ABSENT, places_that_differ
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Tenant


class Edit(NamedTuple):
    """Other parameters for a call, and the action hash that was shown for them."""

    params: dict[str, Any]
    action_hash: str


def edited_call(*, tenant: Tenant, run_id: str, step_id: str, action_hash: str, params: Any) -> dict[str, Any]:
    """Return what a waiting call would be with other parameters. Writes nothing.

    Raises Refusal: NOT_FOUND for what waits for no approval, 409 where it asks for another action by now, 422 with a pointer to each fault.
    """
    state = read_state(selectors.get_run(tenant=tenant, run_id=run_id))
    step = state.steps.get(step_id)
    if step is None or step.reason != "approval" or state.finished:
        raise not_found("approval")
    if step.action_hash != action_hash:
        raise refused("/action_hash", "INVALID_INPUT", "the step asks for another action by now", status=409)
    return preview(state, step, params, at="/params").model_dump(mode="json")


def checked_edit(state: State, step: StepState, edit: Edit) -> Edit:
    """Return the edit if it is the one that was shown, and could run. Raises Refusal."""
    call = preview(state, step, edit.params, at="/params")
    if call.blockers:
        errors = [{"pointer": f"/params{each.pointer or ''}", "code": each.code, "detail": each.detail} for each in call.blockers]
        raise Refusal(call.blockers[0].code, "the call could not be made with these parameters", status=422, errors=errors)
    if call.action_hash != edit.action_hash:
        raise refused("/edited_hash", "INVALID_INPUT", "with these parameters it is another action than the one that was shown", status=409)
    return edit


def preview(state: State, step: StepState, params: Any, *, at: str) -> EditedCall:
    """Return a step's call with other parameters: what it would cost and take, what stands against it, and what a yes is bound to."""
    pin = pin_of(state, step)
    skill = skill_of(pin)
    given = checked_params(state, step, params, at=at)
    model = call_model(state.means.get("skill_config") or {})(pin, given)
    edited = msgspec.structs.replace(step, params=given, worst_micro_usd=model.worst_micro_usd)
    room = headroom(state) if state.limit_micro_usd is None else state.limit_micro_usd - state.spent_micro_usd - state.held_micro_usd
    worst = model.worst_micro_usd or 0
    return EditedCall(
        step_id=step.key,
        skill=pin.skill,
        version=pin.version,
        params=given,
        changes=_changes(step.params, given),
        low_micro_usd=model.low_micro_usd,
        expected_micro_usd=model.expected_micro_usd,
        worst_micro_usd=model.worst_micro_usd,
        expected_ms=model.expected_ms,
        missing_micro_usd=0 if room is None else max(0, worst - room),
        asks_because=why_ask(state.nodes[step.node].approval, pin, state.terms, worst, model.target),
        blockers=list(_blockers(state, step.key, skill, given, model)),
        action_hash=action_hash(edited, pin, worst),
    )


def skill_of(pin: Pin) -> Skill:
    """Return the skill a pin names. Raises Refusal where it is not registered here."""
    skill = registry.resolve(pin.skill, pin.version)
    if skill is None:
        raise Refusal("SKILL_NOT_FOUND", f"{pin.skill} {pin.version} is not registered here", status=409)
    return skill


def checked_params(state: State, step: StepState, given: Any, *, at: str) -> dict[str, Any]:
    """Return parameters a person gives for a call. Raises Refusal with a pointer to each fault.

    What was settled by the plan stays true of the call: how grave its effect is at most, that it is free, where its secrets go.
    """
    if not isinstance(given, dict):
        raise refused(at, "INVALID_INPUT", "give the parameters to go on with as an object")
    skill = skill_of(pin_of(state, step))
    try:
        skill.Params.model_validate(given)
    except ValidationError as error:
        faults = [fault.model_dump() | {"pointer": f"{at}{fault.pointer}"} for fault in faults_of(error)]
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"the parameters break the schema of {skill.name}", status=422, errors=faults) from error
    beyond = [*_beyond_the_plan(state, step, skill, given)]
    if beyond:
        raise Refusal(
            "INVALID_INPUT",
            "the call would be another kind of call than its plan made it",
            status=422,
            errors=[{"pointer": f"{at}{pointer}", "code": "INVALID_INPUT", "detail": detail} for pointer, detail in beyond],
            suggestions=["Do the run again with these parameters for the step: it is planned, priced and asked about as such then."],
        )
    return given


_GRAVITY = tuple(Effect)
_SECRET = re.compile(r"\$\{secrets\.([^}]*)\}")


def _beyond_the_plan(state: State, step: StepState, skill: Skill, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (pointer, why) of what gates, retries and the ledger would take for something else: they go by what was pinned."""
    pin, node = pin_of(state, step), state.nodes[step.node]
    effect = skill.effect_of(given)
    if _GRAVITY.index(effect) > _GRAVITY.index(Effect(pin.effect)):
        yield "", f"its effect would be {effect.replace('_', ' ')}, and was planned as {pin.effect.replace('_', ' ')}"
    config = (state.means.get("skill_config") or {}).get(pin.skill) or {}
    if pin.free and worst_case_of(skill, given, config) != 0:
        yield "", "it would cost something, and was planned as free"
    written = node.fallback_params if step.on_fallback and node.fallback_params is not None else node.params
    named, texts = dict(strings_in(written)), dict(strings_in(given))
    places = [place for place in secret_pointers(written) if _SECRET.search(texts.get(place, ""))]
    for place in places:
        if set(_SECRET.findall(texts[place])) - set(_SECRET.findall(named[place])):
            yield place, "the plan names no such secret here"
    was = step.params or written
    if places and (_destinations(given) - _destinations(was) or target_of(skill, given) != target_of(skill, was)):
        yield "", "secrets go where the plan sends them, and nowhere else"


def _destinations(params: Mapping[str, Any]) -> set[str]:
    """Return the origins of all URLs that parameters name as such; one that is not known as far as that counts whole."""
    urls = (text for pointer, text in strings_in(params) if any(name.lower().rstrip("s").endswith("url") for name in pointer.split("/")))
    return {_origin(url) for url in urls}


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return url if "${" in url else f"{parts.scheme}://{parts.netloc}"


def refused(pointer: str, code: str, detail: str, status: int = 422) -> Refusal:
    return Refusal(code, detail, status=status, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def _blockers(state: State, step_id: str, skill: Skill, params: dict[str, Any], model: CallModel) -> Iterator[Blocker]:
    failure = skill.refused_as_written(params, bounds_of(state.means.get("allowed_hosts")))
    if failure is not None:
        pointer = failure.details.errors[0].pointer if failure.details.errors else "/url"
        yield Blocker(step_id=step_id, code=failure.code, rule="refused_as_written", detail=failure.message, pointer=pointer)
    cap = state.terms.per_step_max_micro_usd
    if model.worst_micro_usd is None:
        yield Blocker(step_id=step_id, code="PRICE_UNKNOWN", rule="fail_closed", detail="no price is known for this call")
    elif cap is not None and model.worst_micro_usd > cap:
        detail = f"the worst case {model.worst_micro_usd} is above {cap} micro-USD a step"
        yield Blocker(
            step_id=step_id, code="BUDGET_EXCEEDED", rule="per_step_max", detail=detail, missing_micro_usd=model.worst_micro_usd - cap
        )


def _changes(was: Any, now: Any) -> list[dict[str, Any]]:
    """Return what an edit changes; what is not there on one side is left out of it."""
    return [
        {"pointer": place.pointer} | {side: value for side, value in (("was", place.was), ("now", place.now)) if value is not ABSENT}
        for place in places_that_differ(was, now)
    ]
