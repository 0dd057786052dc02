"""What a run's rows say about it: the columns lists and filters need, and the step summaries."""

from __future__ import annotations

from typing import Any

from django.db import connection

from runs.engine.budget import headroom
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.state import State, StepState
from runs.models import StepSummary
from runs.shell.clock import as_datetime
from runs.shell.sentence import Standing, sentence


def progress_columns(state: State, seq: int) -> dict[str, Any]:
    """Return the columns that change while a run goes on."""
    return {
        "last_seq": seq,
        "planner": state.planner,
        "plan_hash": state.plan_hash,
        "steps_total": len(state.nodes),
        "steps_done": state.succeeded,
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
        "summary": sentence(standing_of(state)),
    }


def finished_columns(state: State) -> dict[str, Any]:
    """Return the columns of a run that has ended."""
    return {
        "status": state.status,
        "waiting_for": "",
        "wake_at_ms": None,
        "session_id": None,
        "failure_code": state.failure.code if state.failure else "",
        "summary": sentence(standing_of(state)),
        "finished_at": connection.ops.adapt_datetimefield_value(as_datetime(state.now_ms)),
        "reserved_micro_usd": 0,
        "behaviour_hash": behaviour_hash(state),
        "content_hash": content_hash(state),
    }


def standing_of(state: State) -> Standing:
    """Return what the sentence of a run is made of."""
    return Standing(
        status=state.status,
        waiting_for=state.waiting_for,
        took_ms=state.now_ms - state.accepted_at_ms,
        done=state.succeeded,
        total=len(state.nodes),
        retries=state.retries,
        doubts=sum(step.status == "in_doubt" for step in state.steps.values()),
        failure_code=state.failure.code if state.failure else "",
        missing_micro_usd=state.missing_micro_usd or None,
        limit_micro_usd=state.limit_micro_usd,
    )


def write_step_summaries(run_id: int, state: State, *, may_exist: bool) -> None:
    """Write the summary rows of a run, in the place of earlier ones; on the database thread, in the transaction that
    parks or ends it."""
    if may_exist:
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
