"""Two runs side by side: where they first part, and step by step what differs. Texts, results and time are shown and never count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from runs import selectors
from runs.contracts.proof import Aspect, RunDifference, StepDifference
from runs.contracts.simulation import Invariant
from runs.engine.comparing import RUNS, compare, first_difference
from runs.engine.state import State, StepState
from runs.engine.virtual import state_after
from runs.models import Run
from runs.proof.bom import bom_of, changes_between
from runs.proof.replaying import divergence_of
from runs.shell.reading.history import read_history
from skills.canonical import digest
from skills.differing import ABSENT, places_that_differ

if TYPE_CHECKING:
    from agents.models import Tenant

MOST_POINTERS = 20
"""How many places are named in which the parameters of a call differ."""


def diff_json(*, tenant: Tenant, run_id: str, other_id: str) -> dict[str, Any]:
    """Return how two runs of a tenant differ. Raises Refusal for runs that are not there or cannot be read any more."""
    run, other = (selectors.get_run(tenant=tenant, run_id=each) for each in (run_id, other_id))
    return difference(run, other).model_dump(mode="json")


def difference(run: Run, other: Run) -> RunDifference:
    """Return how two runs differ, the same every time; the other way round it is the mirror of it."""
    one, two = read_history(run), read_history(other)
    state, other_state = (state_after(entry.fact for entry in journal) for journal in (one, two))
    parting = first_difference(one, two, same_run=False, called=RUNS)
    invariants = [Invariant(name=n, held=held, detail=detail) for n, held, detail in compare(one, two, same_run=False)]
    steps = [_step(key, state, other_state) for key in dict.fromkeys([*state.steps, *other_state.steps])]
    aspects = list(_of_runs(run, other, state, other_state))
    made_of = changes_between(bom_of(run, one), bom_of(other, two))
    return RunDifference(
        run_id=run.public_id,
        other_run_id=other.public_id,
        same=parting is None
        and all(each.held for each in invariants)
        and all(step.same for step in steps)
        and not any(aspect.counts for aspect in aspects)
        and not made_of,
        complete=run.is_terminal and other.is_terminal,
        divergence=divergence_of(parting),
        other_seq=parting.other_seq if parting else None,
        invariants=invariants,
        aspects=aspects,
        made_of=made_of,
        steps=steps,
    )


def _of_runs(run: Run, other: Run, state: State, other_state: State) -> Iterator[Aspect]:
    yield from _where_they_differ(_facts_of(run, state), _facts_of(other, other_state), uncounted=("duration_ms",))


def _facts_of(run: Run, state: State) -> dict[str, Any]:
    return {
        "status": state.status,
        "code": state.failure.code if state.failure else None,
        "waiting_for": state.waiting_for or None,
        "cost_micro_usd": state.spent_micro_usd,
        "calls": state.calls,
        "retries": state.retries,
        "plan": state.plan_hash or None,
        "agent": run.agent.name,
        "duration_ms": state.now_ms - state.accepted_at_ms,
    }


def _where_they_differ(first: dict[str, Any], second: dict[str, Any], *, uncounted: tuple[str, ...] = ()) -> Iterator[Aspect]:
    for name, value in first.items():
        if value != second[name]:
            yield Aspect(what=name, counts=name not in uncounted, first=value, second=second[name])


# Steps


def _step(key: str, state: State, other: State) -> StepDifference:
    one, two = state.steps.get(key), other.steps.get(key)
    if one is None or two is None:
        within: Literal["first", "second"] = "second" if one is None else "first"
        return StepDifference(step_id=key, within=within, same=False, content="none", aspects=[])
    aspects = list(_where_they_differ(_facts_of_step(state, one), _facts_of_step(other, two), uncounted=("duration_ms",)))
    aspects += _params(one, two)
    return StepDifference(
        step_id=key,
        within="both",
        same=not any(aspect.counts for aspect in aspects),
        content=_content(one, two),
        aspects=aspects,
    )


def _facts_of_step(state: State, step: StepState) -> dict[str, Any]:
    pin = state.pins.get(f"{step.node}!fallback" if step.on_fallback else step.node)
    ended = None if step.started_at_ms is None or step.finished_at_ms is None else step.finished_at_ms - step.started_at_ms
    return {
        "status": step.status,
        "skill": f"{pin.skill} {pin.version}" if pin else None,
        "calls": [[each.attempt, each.code or each.status] for each in step.attempts],
        "code": step.failure.code if step.failure else None,
        "cost_micro_usd": step.cost_micro_usd,
        "effects": [[each["type"], each["target"], each["effect"]] for each in step.side_effects],
        "duration_ms": ended,
    }


def _params(one: StepState, two: StepState) -> list[Aspect]:
    """Return that the rendered parameters differ, and where; the values stand in the runs' traces."""
    if one.params == two.params:
        return []
    places = sorted(places_that_differ(one.params, two.params), key=lambda place: place.pointer)[:MOST_POINTERS]
    # A reference to what another step gave is another value wherever that is: what came out never counts.
    return [Aspect(what="params", counts=False, first=digest(one.params)[:12], second=digest(two.params)[:12])] + [
        Aspect(what=f"params{place.pointer}", counts=False, first=_told(place.was), second=_told(place.now)) for place in places
    ]


def _told(value: Any) -> Any:
    return None if value is ABSENT else value


def _content(one: StepState, two: StepState) -> Literal["same", "differs", "none"]:
    if one.status != "succeeded" and two.status != "succeeded":
        return "none"
    return "same" if one.result == two.result else "differs"
