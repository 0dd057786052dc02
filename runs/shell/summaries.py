"""What a run's rows say about it: the columns lists and filters need, the step summaries, the sentence in words."""

from __future__ import annotations

from typing import Any

from django.db import connection

from runs.engine.budget import headroom
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.state import State, StepState
from runs.models import StepSummary
from runs.shell.clock import as_datetime


def progress_columns(state: State, seq: int) -> dict[str, Any]:
    """Return the columns that change while a run goes on."""
    return {
        "last_seq": seq,
        "planner": state.planner,
        "plan_hash": state.plan_hash,
        "steps_total": len(state.nodes),
        "steps_done": sum(1 for s in state.nodes if s in state.steps and state.steps[s].finished_at_ms is not None),
        "retries": state.retries,
        "spent_micro_usd": state.spent_micro_usd,
        "reserved_micro_usd": reserved(state),
        "limit_micro_usd": state.limit_micro_usd,
        "worst_to_finish_micro_usd": worst_to_finish(state),
    }


def reserved(state: State) -> int:
    """Return what the run holds of its scopes beyond what it has spent."""
    room = headroom(state)
    return state.held_micro_usd + max(0, room or 0)


def worst_to_finish(state: State) -> int | None:
    if state.finished:
        return 0
    return None if state.worst_micro_usd is None else max(0, state.worst_micro_usd - state.spent_micro_usd)


def parked_columns(state: State) -> dict[str, Any]:
    """Return the columns of a run that waits and holds nothing."""
    return {
        "status": "waiting",
        "waiting_for": state.waiting_for,
        "wake_at_ms": state.wake_at_ms(),
        "session_id": None,
        "summary": sentence(state)[:500],
    }


def finished_columns(state: State) -> dict[str, Any]:
    """Return the columns of a run that has ended."""
    return {
        "status": state.status,
        "waiting_for": "",
        "wake_at_ms": None,
        "session_id": None,
        "failure_code": state.failure.code if state.failure else "",
        "summary": sentence(state)[:500],
        "finished_at": connection.ops.adapt_datetimefield_value(as_datetime(state.now_ms)),
        "reserved_micro_usd": 0,
        "behaviour_hash": behaviour_hash(state),
        "content_hash": content_hash(state),
    }


_WAITING_WORDS = {
    "approval": "Waits for somebody to approve",
    "input": "Waits for an answer",
    "timer": "Waits for its next attempt",
    "budget": "Waits for money",
    "in_doubt": "Waits for a verdict on an effect in doubt",
    "paused": "Paused",
}


def sentence(state: State) -> str:
    """Say in one sentence how the run stands and why."""
    done = sum(1 for key in state.nodes if key in state.steps and state.steps[key].status == "succeeded")
    progress = f"{done} of {len(state.nodes)} steps done" if state.nodes else "no plan yet"
    doubts = sum(1 for step in state.steps.values() if step.status == "in_doubt")
    doubt = f"{doubts} in doubt" if doubts else "nothing in doubt"
    if state.status == "waiting":
        head = _WAITING_WORDS.get(state.waiting_for, "Waits")
        missing = (
            f" ({usd(state.missing_micro_usd)} more than the budget allows)"
            if state.waiting_for == "budget" and state.missing_micro_usd
            else ""
        )
        return f"{head}{missing}; {progress}; {doubt}."
    if state.finished:
        why = f": {state.failure.code}, {state.failure.message}" if state.failure and state.status != "succeeded" else ""
        retries = f", {state.retries} {'retry' if state.retries == 1 else 'retries'}" if state.retries else ""
        return f"{state.status.replace('_', ' ').capitalize()}{why}; {progress}{retries}; {doubt}; {usd(state.spent_micro_usd)} spent."
    return f"{state.status.capitalize()}; {progress}."


def usd(micro_usd: int) -> str:
    """Return an amount for people: four digits below a dollar, two above."""
    dollars = micro_usd / 1_000_000
    return f"${dollars:.2f}" if dollars >= 1 else f"${dollars:.4f}"


def write_step_summaries(run_id: int, state: State) -> None:
    """Replace the summary rows of a run; on the database thread, in the transaction that parks or ends it."""
    StepSummary.objects.filter(run_id=run_id).delete()
    StepSummary.objects.bulk_create(_summary(run_id, state, step) for step in state.steps.values() if step.node in state.nodes)


def _summary(run_id: int, state: State, step: StepState) -> StepSummary:
    node = state.nodes[step.node]
    pin = state.pins.get(step.node + "!fallback" if step.on_fallback else step.node)
    return StepSummary(
        run_id=run_id,
        key=step.key,
        position=node.position,
        skill=pin.skill if pin else node.skill,
        skill_version=pin.version if pin else "",
        status=step.status,
        attempts=step.attempt,
        failure_code=step.failure.code if step.failure and step.status != "succeeded" else "",
        cost_micro_usd=step.cost_micro_usd,
        started_at_ms=step.started_at_ms,
        finished_at_ms=step.finished_at_ms,
    )
