"""What-if: a recorded run played again under other limits, policies, prices, advice, faults or outcomes. No I/O, no writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import msgspec

from agents.plan.validation import PlanInvalid, validate_plan
from agents.tenancy import Principal
from catalog.learning.views import advice_then, candidate_of
from runs import selectors
from runs.contracts.simulation import Assumed, Ending, Invariant, ReplayReport, WhatIfOutcome
from runs.contracts.what_if import AdviceChange, Assume, Changes, OutcomeChange
from runs.engine import events as e
from runs.engine.comparing import compare, first_difference
from runs.engine.decisions import Decision
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.replay import verify
from runs.engine.script import Fail, Ok, Outcome
from runs.engine.state import State
from runs.engine.virtual import Entry, TooLong, drive
from runs.proof.replaying import divergence_of
from runs.proof.what_if_world import Called, Twist, WhatIfWorld
from runs.shell.admission import pin_advised
from runs.shell.codec import kind_of
from runs.shell.reading.decided import decision_json
from runs.shell.reading.history import read_history
from skills.canonical import digest
from skills.refusal import Refusal
from skills.registry import registry

SHOWN = 100
"""How many decisions that differ are told; the rest is counted by nobody, since it follows from these."""

MOST_FACTS = 50_000
"""A play with more facts than this is given up: somebody waits for the answer."""

WHAT_IF = ("the run", "the what-if")

PLAIN = Changes.model_construct()
"""No change at all: what is to be otherwise comes from somewhere else, such as an advice that is tried."""

Json = dict[str, Any]
Advised = Callable[[State, e.StepFailed], e.StepFailed]


def what_if_run(*, principal: Principal, run_id: str, changes: Changes, assume: Assume = "stop") -> Json:
    """Play a run again under changes and say what would have been decided otherwise, and how it would have come out.

    Calls nobody made are what `assume` says. Writes nothing and calls nothing. Raises Refusal, with pointers, for changes of
    what is not there.
    """
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    recorded = read_history(run)
    recovery = () if changes.recovery is None else (_of_candidate(principal, changes.recovery),)
    return counterfactual(recorded, changes, assume=assume, run_id=run_id, advised=recovery).model_dump(mode="json")


def counterfactual(
    recorded: Sequence[Entry], changes: Changes, *, assume: Assume = "stop", run_id: str = "", advised: Sequence[Advised] = ()
) -> ReplayReport:
    """Return how a journal would have gone under changes; `advised` lay further advice over its failures."""
    before, journal = verify(recorded).state, recorded
    _refuse_unknown_steps(before, changes)
    first, twist = _twisted(recorded, before, changes, assume, advised)
    world = WhatIfWorld(recorded, twist)
    last_ms = None if before.finished else recorded[-1].fact.at_ms
    try:
        after, played = drive(
            first,
            world,
            world.outside,
            last_ms,
            place_of=world.place_of,
            timers_before=world.timers_before,
            is_stopped=world.is_stopped,
            most_facts=MOST_FACTS,
        )
    except TooLong:
        detail = f"under these changes the run would have more than {MOST_FACTS:,} events"
        raise Refusal("CONTENT_TOO_LARGE", detail, suggestions=["Change less, or assume less."]) from None
    parting = first_difference(journal, played, called=WHAT_IF)
    promises = [Invariant(name=name, held=held, detail=detail) for name, held, detail in compare(journal, played)]
    return ReplayReport(
        run_id=run_id,
        mode="what_if",
        matched=parting is None and world.unknown is None and all(promise.held for promise in promises),
        divergence=divergence_of(parting),
        invariants=promises,
        behaviour_hash=behaviour_hash(after),
        recorded_behaviour_hash=behaviour_hash(before),
        content_hash=content_hash(after),
        recorded_content_hash=content_hash(before),
        events=len(played),
        what_if=WhatIfOutcome(
            changes=changes.model_dump(mode="json", exclude_unset=True),
            before=ending(before),
            after=ending(after),
            decisions=list(_decided_otherwise(journal, played))[:SHOWN],
            assumed=[Assumed(step_id=step, attempt=attempt, what=what) for step, attempt, what in world.assumed],
            unknown=world.unknown or _left_open(before, after),
        ),
    )


def ending(state: State) -> Ending:
    """Return how a run came out, or how far it has come."""
    return Ending(
        status=state.status,
        code=state.failure.code if state.failure else None,
        waiting_for=state.waiting_for or None,
        cost_micro_usd=state.spent_micro_usd,
        calls=sum(attempt.status != "held" for step in state.steps.values() for attempt in step.attempts if step.node in state.nodes),
        retries=state.retries,
        duration_ms=state.now_ms - state.accepted_at_ms,
    )


def _left_open(before: State, after: State) -> str | None:
    """Say where a play ends that did not come to an end although the run did."""
    if after.finished or not before.finished:
        return None
    waits = next((f"{key} waits for {after.steps[key].reason}" for key in after.waiting), "it waits")
    return f"{waits}, and nobody recorded says how that goes on"


# The changes


def _refuse_unknown_steps(state: State, changes: Changes) -> None:
    named = [(f"/changes/steps/{step}", step) for step in changes.steps]
    named += [(f"/changes/outcomes/{place}/step_id", each.step_id) for place, each in enumerate(changes.outcomes)]
    named += [(f"/changes/faults/{place}/step", each.step) for place, each in enumerate(changes.faults) if each.step]
    known = {*state.nodes, e.PLAN, e.ADMIT}
    errors = [
        {"pointer": pointer, "code": "INVALID_INPUT", "detail": f"the run has no step '{step}'"}
        for pointer, step in named
        if step.partition("#")[0] not in known
    ]
    skills = {pin.skill for pin in state.pins.values()} | {attempt.model for step in state.steps.values() for attempt in step.attempts}
    errors += [
        {"pointer": f"/changes/prices/{name.replace('/', '~1')}", "code": "INVALID_INPUT", "detail": f"the run charged nothing to '{name}'"}
        for name in changes.prices
        if name not in skills
    ]
    if errors:
        hint = [f"Its steps: {', '.join(state.nodes)}"]
        raise Refusal("INVALID_INPUT", errors[0]["detail"], status=422, errors=errors, suggestions=hint)


def _twisted(
    recorded: Sequence[Entry], state: State, changes: Changes, assume: Assume, advised: Sequence[Advised]
) -> tuple[e.RunAccepted, Twist]:
    """Return the first event of the run as it would have been, and what the world answers otherwise."""
    first = recorded[0].fact
    assert isinstance(first, e.RunAccepted), "a journal begins with run_accepted"
    plan = _edited_plan(state, changes)
    terms = msgspec.structs.replace(first.terms, **_terms(first, changes))
    is_given = first.plan is not None
    twist = Twist(
        outcomes={(each.step_id, each.attempt): partial(_outcome, each) for each in changes.outcomes},
        faults=changes.faults,
        advise=_advising([*(partial(_lay, each) for each in changes.advice), *advised]),
        percent=changes.prices,
        pins=_new_pins(state, plan),
        plan=None if is_given else plan,
        plan_hash=digest(plan) if plan is not None else "",
        money=bool(changes.prices) or _changes_limits(changes),
        assume=assume,
    )
    return msgspec.structs.replace(first, terms=terms, plan=plan if is_given and plan is not None else first.plan), twist


def _changes_limits(changes: Changes) -> bool:
    return changes.limits is not None and bool({"limit_micro_usd", "per_step_max_micro_usd"} & changes.limits.model_fields_set)


def _terms(first: e.RunAccepted, changes: Changes) -> Json:
    """Return the terms that are others; what is not given stays as it was."""
    given: Json = {} if changes.limits is None else changes.limits.model_dump(exclude_unset=True)
    policies: Json = {} if changes.policies is None else changes.policies.model_dump(exclude_unset=True)
    # Every skill is allowed where none is named; of the others null says nothing.
    given |= {name: value for name, value in policies.items() if value is not None or name == "allowed_skills"}
    if "deadline_ms" in given:
        after_ms = given.pop("deadline_ms")
        given["deadline_at_ms"] = None if after_ms is None else first.at_ms + after_ms
    tuples = ("approval_effects", "allowed_skills", "blocked_skills")
    return {name: tuple(value) if name in tuples and value is not None else value for name, value in given.items()}


def _edited_plan(state: State, changes: Changes) -> Json | None:
    """Return the plan with what its steps would say otherwise, checked like any plan; None where no step would."""
    if not changes.steps or state.plan is None:
        return None
    edits = {step: policy.model_dump(mode="json", exclude_unset=True) for step, policy in changes.steps.items()}
    edited = {**state.plan, "steps": [{**step, **edits.get(step["step_id"], {})} for step in state.plan["steps"]]}
    try:
        return validate_plan(edited, registry.metadata).model_dump(mode="json")
    except PlanInvalid as invalid:
        errors = [fault.model_dump() | {"pointer": f"/changes/plan{fault.pointer}"} for fault in invalid.faults]
        raise Refusal("PLAN_INVALID", "with these changes the plan breaks the rules plans must keep", errors=errors) from None


def _new_pins(state: State, plan: Json | None) -> dict[str, e.Pin]:
    """Return the pins of fallbacks the changes bring in."""
    found = {}
    for step in (plan or {"steps": []})["steps"]:
        name, key = step.get("fallback_skill"), f"{step['step_id']}!fallback"
        if name and (key not in state.pins or state.pins[key].skill != name):
            pin = pin_advised(name, step.get("fallback_params") or step["params"], state.means.get("skill_config") or {})
            if pin is not None:
                found[key] = pin
    return found


def _outcome(change: OutcomeChange, wish: Called, state: State) -> Outcome:
    took = 10 if change.latency_ms is None else change.latency_ms
    cost = change.cost_micro_usd or 0
    if change.code is None:
        return Ok(change.result, cost, after_ms=took)
    return Fail(change.code, change.phase, change.message, cost, change.retry_after_ms, after_ms=took)


# Advice


def _advising(layers: Sequence[Advised]) -> Advised:
    def advise(state: State, failed: e.StepFailed) -> e.StepFailed:
        for lay in layers:
            failed = lay(state, failed)
        return failed

    return advise


def _lay(change: AdviceChange, state: State, failed: e.StepFailed) -> e.StepFailed:
    if change.code is not None and failed.code != change.code:
        return failed
    if change.signature is not None and (failed.advice or {}).get("signature") != change.signature:
        return failed
    said = change.model_dump(mode="json", exclude={"code", "signature"})
    return with_advice(state, failed, {**(failed.advice or {}), **said, "source": "what_if"})


def with_advice(state: State, failed: e.StepFailed, advice: Mapping[str, Any]) -> e.StepFailed:
    """Return a failure with another advice, and the skill that would go on with, pinned as a worker would."""
    fallback = None
    found = state.steps.get(failed.step)
    if advice.get("fallback_skill") and found is not None:
        params = {**(found.params or {}), **(advice.get("fallback_params") or {})}
        fallback = pin_advised(advice["fallback_skill"], params, state.means.get("skill_config") or {})
    return msgspec.structs.replace(failed, advice=dict(advice), fallback=fallback)


def of_signature(signature: str, advice: Mapping[str, Any]) -> Advised:
    """Return what lays an advice over the failures of a signature, and leaves all others as they were."""

    def lay(state: State, failed: e.StepFailed) -> e.StepFailed:
        return with_advice(state, failed, advice) if (failed.advice or {}).get("signature") == signature else failed

    return lay


def _of_candidate(principal: Principal, candidate_id: str) -> Advised:
    row = candidate_of(principal.tenant, candidate_id)
    return of_signature(row.signature, advice_then(row).model_dump(mode="json"))


# What differs


def _decided_otherwise(then: Sequence[Entry], now: Sequence[Entry]) -> Iterator[Json]:
    """Yield, step by step, the decisions that are others: as it was, and as it would have been."""
    had, has = _by_step(then), _by_step(now)
    for key in dict.fromkeys([*had, *has]):
        for was, would in zip_longest(had.get(key, []), has.get(key, [])):
            if _essence(was) != _essence(would):
                yield {"step_id": key or None, "was": was, "would_be": would}


def _by_step(journal: Sequence[Entry]) -> dict[str, list[Json]]:
    grouped: dict[str, list[Json]] = {}
    for seq, entry in enumerate(journal, start=1):
        for decision in entry.decisions:
            if _is_told(decision):
                told = decision_json(seq, entry.fact.at_ms, kind_of(entry.fact), decision)
                grouped.setdefault(decision.step, []).append(told)
    return grouped


def _is_told(decision: Decision) -> bool:
    return kind_of(decision) not in ("ignore", "bound_cost", "extend_reservation", "alert", "call_planner", "admit")


def _essence(told: Json | None) -> Json | None:
    if told is None:
        return None
    return {name: told[name] for name in ("kind", "rule", "attempt", "delay_ms") if name in told}
