"""What a run's rows say about it: the columns lists and filters need, and the step summaries. Decides, writes nothing."""

from __future__ import annotations

from runs.engine.budget import headroom
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.state import State, StepState
from runs.shell.sentence import Standing, sentence
from runs.shell.store import RunRow, StepRow


def run_row(run_id: int, state: State, seq: int, head: str, ended: str, now_ms: int) -> RunRow:
    """Return what the row of a run says after an event with the link `head`.

    `ended`: "finished", "parked", "handed_back", or "" while it goes on.
    """
    finished = ended == "finished"
    wake_at_ms = state.wake_at_ms() if ended == "parked" else None
    return RunRow(
        id=run_id,
        held=not ended,
        last_seq=seq,
        status=_STATUS.get(ended) or state.status,
        waiting_for=state.waiting_for if ended == "parked" else "",
        # To the end of that millisecond: the database's clock may show it a fraction earlier.
        wake_in_ms=None if wake_at_ms is None else max(0, wake_at_ms - now_ms) + 1,
        finished_at_ms=state.now_ms if finished else None,
        summary=sentence(standing_of(state)) if ended in ("finished", "parked") else "",
        failure_code=state.failure.code if finished and state.failure else "",
        planner=state.planner,
        plan_hash=state.plan_hash,
        steps_total=len(state.nodes),
        steps_done=state.succeeded,
        retries=state.retries,
        spent_micro_usd=state.spent_micro_usd,
        reserved_micro_usd=0 if finished else reserved(state),
        limit_micro_usd=state.limit_micro_usd,
        worst_to_finish_micro_usd=worst_to_finish(state),
        blocked_by=blocked_by(state) if ended == "parked" else "",
        needs_micro_usd=needs(state) if ended == "parked" else 0,
        behaviour_hash=behaviour_hash(state) if finished else "",
        content_hash=content_hash(state) if finished else "",
        journal_head=head,
    )


_STATUS = {"": "running", "parked": "waiting", "handed_back": "queued"}


def reserved(state: State) -> int:
    """Return what the run holds of its scopes beyond what it has spent."""
    room = headroom(state)
    return state.held_micro_usd + max(0, room or 0)


def blocked_by(state: State) -> str:
    """Return the label of the scope that is short, or frozen, where the run waits for that."""
    if state.waiting_for == "budget":
        return state.short_scope
    if state.waiting_for != "paused" or state.paused:
        return ""
    return next((state.steps[key].held_by for key in state.waiting if state.steps[key].reason == "frozen"), "")


def needs(state: State) -> int:
    """Return what the run asks the scope for that is short."""
    if state.waiting_for != "budget":
        return 0
    return state.asked_on_model_micro_usd if state.short_scope.startswith("model:") else state.asked_micro_usd


def worst_to_finish(state: State) -> int | None:
    if state.finished:
        return 0
    return None if state.worst_micro_usd is None else max(0, state.worst_micro_usd - state.spent_micro_usd)


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
        blocked_by=blocked_by(state),
    )


def step_rows(run_id: int, state: State) -> tuple[StepRow, ...]:
    """Return the summaries of a run's steps."""
    return tuple(_step_row(run_id, state, step) for step in state.steps.values() if step.node in state.nodes)


def _step_row(run_id: int, state: State, step: StepState) -> StepRow:
    node = state.nodes[step.node]
    pin = state.pins.get(step.node + "!fallback" if step.on_fallback else step.node)
    return StepRow(
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
