"""Says why a run waits or why it ended as it did, from its state, journal and surroundings. Pure over what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runs.contracts.explanation import Cause, DecisionRecord, Explanation, FailureTold
from runs.engine.decisions import (
    Abort,
    Cancel,
    Continue,
    Decision,
    Deny,
    Escalate,
    Fallback,
    Finish,
    HoldDoubt,
    NoRetry,
    OpenCircuit,
    Restore,
    Retry,
    Skip,
)
from runs.engine.events import StepFailed
from runs.engine.state import State, StepState
from runs.engine.virtual import Entry
from runs.shell.codec import kind_of
from runs.shell.reading.around import Around
from runs.shell.reading.decided import decision_json
from runs.shell.reading.obstacles import obstacles
from runs.shell.sentence import sentence
from runs.shell.summaries import standing_of

_ANSWERS = (Retry, NoRetry, Restore, Fallback, Continue, Escalate, Abort, HoldDoubt, OpenCircuit)
_OF_A_CAUSE = (*_ANSWERS, Deny, Skip)
_OF_THE_RUN = (Cancel, Abort, Finish)
LAST_DECISIONS = 20
"""How many decisions about one step a cause names at most: the last ones."""


def explanation(run: dict[str, Any], state: State, history: list[Entry], around: Around) -> dict[str, Any]:
    """Return the sentence, what blocks the run in order, what led to its end, and every failure with what was decided about it."""
    told = Explanation(
        run_id=run["run_id"],
        status=run["status"],
        summary=sentence(standing_of(state), shows_costs=True) if run["status"] != "queued" else "Queued: no worker has taken it yet.",
        blocked_by=obstacles(state, history, around),
        because=causes(state, history),
        failures=[FailureTold.model_validate(each) for each in failures(history)],
    )
    return told.model_dump(mode="json")


def failures(history: list[Entry], step: str | None = None) -> list[dict[str, Any]]:
    """Return the failures of a run, or of one step, each with its advice and what was decided."""
    return [
        {
            "seq": seq,
            "step_id": entry.fact.step,
            "attempt": entry.fact.attempt,
            "code": entry.fact.code,
            "message": entry.fact.message,
            "phase": entry.fact.phase,
            "advice": entry.fact.advice,
            "suggestions": entry.fact.suggestions,
            "decided": [_record(seq, entry, d) for d in entry.decisions if isinstance(d, _ANSWERS)],
        }
        for seq, entry in enumerate(history, start=1)
        if isinstance(entry.fact, StepFailed) and (step is None or entry.fact.step == step)
    ]


def decided_about(history: list[Entry], step: str) -> list[dict[str, Any]]:
    """Return all that was decided about one step, in order."""
    return _records(history, lambda decision: decision.step == step)


def _records(history: list[Entry], wanted: Callable[[Decision], bool]) -> list[dict[str, Any]]:
    return [_record(seq, entry, d) for seq, entry in enumerate(history, start=1) for d in entry.decisions if wanted(d)]


def _record(seq: int, entry: Entry, decision: Decision) -> dict[str, Any]:
    return decision_json(seq, entry.fact.at_ms, kind_of(entry.fact), decision)


def causes(state: State, history: list[Entry]) -> list[Cause]:
    """Return what led to the end of a run: the step that ended it first, then the others that failed, then what was left out
    because of them. Empty where it has not ended, or all went well."""
    if not state.finished:
        return []
    ended_by = _step_that_ended_it(state, history)
    left_out = {d.step for entry in history for d in entry.decisions if isinstance(d, Skip) and d.rule == "dependency_failed"}
    troubled = [step for step in state.steps.values() if step.status == "failed" or step.key in left_out]
    troubled.sort(key=lambda step: (step.key != ended_by, step.status != "failed", step.order))
    about = _about_steps(history)
    found = [_cause(state, step, about.get(step.key, [])) for step in troubled]
    if state.status in ("succeeded", "partial") or any(step.failure == state.failure for step in troubled):
        return found
    return [_cause_of_the_run(state, history), *found]


def _about_steps(history: list[Entry]) -> dict[str, list[dict[str, Any]]]:
    """Return what was decided about the failures of each step."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in _records(history, lambda decision: bool(decision.step) and isinstance(decision, _OF_A_CAUSE)):
        found.setdefault(record["step_id"], []).append(record)
    return found


def _step_that_ended_it(state: State, history: list[Entry]) -> str | None:
    aborts = (d.step for entry in reversed(history) for d in entry.decisions if isinstance(d, Abort) and d.step in state.steps)
    return next(aborts, None)


def _cause(state: State, step: StepState, told: list[dict[str, Any]]) -> Cause:
    code = step.failure.code if step.failure else "DEPENDENCY_FAILED"
    return Cause(
        step_id=step.key,
        root_step_id=root_of(state, step.key),
        code=code,
        message=step.failure.message if step.failure else step.why,
        decisions=[DecisionRecord.model_validate(each) for each in told[-LAST_DECISIONS:]],
    )


def _cause_of_the_run(state: State, history: list[Entry]) -> Cause:
    told = _records(history, lambda d: not d.step and isinstance(d, _OF_THE_RUN))
    failure = state.failure
    return Cause(
        step_id=None,
        root_step_id=None,
        code=failure.code if failure else "INTERNAL_ERROR",
        message=failure.message if failure else "",
        decisions=[DecisionRecord.model_validate(each) for each in told[-LAST_DECISIONS:]],
    )


def root_of(state: State, key: str) -> str:
    """Return the step whose failure this one's follows from: an item of its own, or what it depends on, or itself."""
    step = state.steps[key]
    items = (f"{key}#{index}" for index in range(step.items))
    failed_item = next((item for item in items if state.steps[item].status == "failed"), None)
    if failed_item is not None:
        return failed_item
    if step.status != "skipped" or step.node not in state.nodes:
        return key
    needs = [need for need in state.nodes[step.node].needs if state.steps[need].status in ("failed", "skipped")]
    failed = [need for need in needs if state.steps[need].status == "failed"]
    return root_of(state, (failed or needs)[0]) if needs else key
