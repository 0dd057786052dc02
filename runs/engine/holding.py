"""Calls that may not begin now: a rate is used up or a circuit open, and they wait until it is not; or their scope is frozen.

Nothing was sent, so nothing is counted: not as a try, not as a call of the run, not as money.
"""

from __future__ import annotations

from runs.engine.budget import settle
from runs.engine.decisions import Decision, HoldBack
from runs.engine.events import StartHeld
from runs.engine.moves import answer, close, end_attempt, is_pseudo, wait
from runs.engine.retry import fraction
from runs.engine.starting import deny
from runs.engine.state import State, StepState

SPREAD_MS = 1_000
"""Over how long those are spread at most that wait for the same rate: at once, all but a few would come in vain."""
SPREAD_PART = 4


def held_back(state: State, step: StepState, fact: StartHeld, out: list[Decision]) -> None:
    """Let a step wait that was not let through, or refuse it where its time would be over by then."""
    answer(state, step)
    settle(state, step, 0, out)
    end_attempt(state, step, "held", code=fact.code, message=fact.message)
    if not is_pseudo(step):
        state.calls -= 1
    if state.stopping:
        close(state, step, "cancelled", fact.code)
    elif fact.code == "FROZEN":
        out.append(HoldBack("frozen", step.key, attempt=fact.attempt, code=fact.code, scope=fact.scope))
        wait(state, step, "frozen")
        step.held_by = fact.scope
    else:
        _wait_for_turn(state, step, fact, out)


def _wait_for_turn(state: State, step: StepState, fact: StartHeld, out: list[Decision]) -> None:
    wished = max(1, fact.retry_after_ms or 0)
    delay = wished + round(fraction(f"{state.seed}:{step.key}:rate:{step.attempt}") * min(SPREAD_MS, wished // SPREAD_PART))
    due, deadline = state.now_ms + delay, state.terms.deadline_at_ms
    if deadline is not None and due >= deadline:
        deny(state, step, fact.code, f"{fact.message}; the run's deadline comes first", "deadline_too_near", out)
        return
    read = {"limit": fact.limit, "retry_after_ms": fact.retry_after_ms}
    rule, reason = ("rate_limit", "rate") if fact.code == "RATE_LIMITED" else ("circuit_open", "circuit")
    out.append(
        HoldBack(rule, step.key, read, ("deny",), attempt=fact.attempt, code=fact.code, scope=fact.scope, delay_ms=delay, due_at_ms=due)
    )
    wait(state, step, reason, due)
    step.held_by = fact.scope
