"""How a step moves between its states: the only code that changes a status, each move checked against the table."""

from __future__ import annotations

from heapq import heappush
from typing import Any

from runs.engine.events import PLAN
from runs.engine.state import STEP_TRANSITIONS, Attempt, State, StepState


class IllegalMove(AssertionError):
    """A rule tried a move the table does not have: a defect of the machine, never of a fact."""


def _move(state: State, step: StepState, status: str) -> None:
    if status not in STEP_TRANSITIONS[step.status]:
        raise IllegalMove(f"{step.key}: {step.status} → {status}")
    if step.status in ("waiting", "in_doubt"):
        state.waiting.pop(step.key, None)
        step.waits[-1][2] = state.now_ms
        step.reason, step.due_at_ms = "", None
    step.status = status


def queue(state: State, step: StepState) -> None:
    """Put a step among those that may start when there is room."""
    if step.status != "pending":
        _move(state, step, "pending")
    heappush(state.ready, (step.order, step.key))


def ask(state: State, step: StepState, wish: str) -> None:
    """Note that a wish for the step is out; it holds a place under the parallel limit until it is answered."""
    if step.status != "running":
        _move(state, step, "running")
    step.asked = wish
    state.in_flight[step.key] = None


def answer(state: State, step: StepState) -> None:
    """Note that the wish that was out has been answered."""
    step.asked = ""
    state.in_flight.pop(step.key, None)


def wait(state: State, step: StepState, reason: str, due_at_ms: int | None = None) -> None:
    """Let a step wait for a person, money or an instant. Waiting holds no place."""
    _move(state, step, "waiting")
    _open_wait(state, step, reason)
    if due_at_ms is not None:
        step.due_at_ms = due_at_ms
        heappush(state.timers, (due_at_ms, step.key))


def postpone(state: State, step: StepState, due_at_ms: int) -> None:
    """Let a step that waits go on waiting, until another instant."""
    step.due_at_ms = due_at_ms
    heappush(state.timers, (due_at_ms, step.key))


def unbind(step: StepState) -> None:
    """Forget whose yes a call had, and by which key it would be known: it is another call now."""
    step.approved_for, step.idempotency_key, step.sought = "", "", False


def doubt(state: State, step: StepState) -> None:
    """Put a step in doubt."""
    _move(state, step, "in_doubt")
    _open_wait(state, step, "in_doubt")


def _open_wait(state: State, step: StepState, reason: str) -> None:
    step.reason = reason
    step.waits.append([reason, state.now_ms, None])
    state.waiting[step.key] = None


def begin_attempt(state: State, step: StepState, skill: str) -> int:
    """Count a further attempt and return its number."""
    step.attempt += 1
    if step.started_at_ms is None:
        step.started_at_ms = state.now_ms
    step.attempts.append(Attempt(step.attempt, skill, state.now_ms))
    return step.attempt


def end_attempt(
    state: State,
    step: StepState,
    status: str,
    *,
    code: str | None = None,
    message: str | None = None,
    cost_micro_usd: int = 0,
    latency_ms: int | None = None,
) -> None:
    """Write down how the latest attempt went."""
    latest = step.attempts[-1]
    latest.status, latest.finished_at_ms, latest.model = status, state.now_ms, step.model
    latest.code, latest.message = code, message
    latest.cost_micro_usd, latest.latency_ms = cost_micro_usd, latency_ms


def close(state: State, step: StepState, status: str, why: str = "") -> None:
    """End a step for good and let those that waited for it know."""
    _move(state, step, status)
    step.why, step.finished_at_ms = why, state.now_ms
    state.ended += 1
    if status == "failed":
        state.failed += 1
    if step.index is not None:
        _item_closed(state, state.steps[step.node])
    elif step.node in state.nodes:
        state.open_steps -= 1
        state.succeeded += status == "succeeded"
        _release_dependents(state, step.node)


def _release_dependents(state: State, step_id: str) -> None:
    for waiting in state.dependents[step_id]:
        state.unmet[waiting] -= 1
        if state.unmet[waiting] == 0:
            queue(state, state.steps[waiting])


def _item_closed(state: State, parent: StepState) -> None:
    parent.items_open -= 1
    if parent.items_open == 0 and not state.stopping:
        collect_items(state, parent)


def collect_items(state: State, parent: StepState) -> None:
    """End a for_each step: its result is the list of its items' results, None where an item has none."""
    items = [state.steps[f"{parent.key}#{index}"] for index in range(parent.items)]
    parent.result = [item.result for item in items]
    worked = not items or any(item.status in ("succeeded", "skipped") for item in items)
    if not worked:
        parent.failure = items[-1].failure
    close(state, parent, "succeeded" if worked else "failed", "items")


def unfold(state: State, step: StepState, items: list[Any]) -> None:
    """Give a for_each step its items; it runs until the last of them has ended."""
    _move(state, step, "running")
    step.started_at_ms = state.now_ms
    step.items = step.items_open = len(items)
    for index, item in enumerate(items):
        key = f"{step.key}#{index}"
        state.steps[key] = StepState(key, step.node, (step.order[0], index + 1), item=item, index=index)
        queue(state, state.steps[key])
    if not items:
        collect_items(state, step)


def cut_off(state: State, step: StepState) -> None:
    """End a step because its run has ended. What is in doubt stays in doubt: ending the run settles nothing."""
    _move(state, step, "cancelled")
    step.asked, step.why, step.finished_at_ms = "", "the run ended first", state.now_ms


def is_pseudo(step: StepState) -> bool:
    """Tell whether a step is one of the two a run does before those of its plan."""
    return step.node.startswith(PLAN[0])
