"""What follows when a scope has no room for what a run needs: it waits, fails, or finishes by cheaper means.

The agent's profile says which (`on_exhausted`). The refusal comes before the step, so nothing under way is touched: it
finishes and is settled, and what is done stays.
"""

from __future__ import annotations

from runs.engine.budget import headroom, wake_those_short_of_money
from runs.engine.decisions import Abort, Decision, Downgrade
from runs.engine.events import ReservationRefused
from runs.engine.moves import is_pseudo, queue, unbind
from runs.engine.outcomes import fall_back, stop
from runs.engine.starting import deny, pin_of
from runs.engine.state import Failure, State, StepState


def refused(state: State, fact: ReservationRefused, out: list[Decision]) -> None:
    """Answer a refusal of the ledger."""
    state.missing_micro_usd, state.short_scope = fact.missing_micro_usd, fact.scope
    room, asker = headroom(state), state.steps.get(state.asker)
    if room is not None and room < 0:
        state.debt_refused = True
    if state.stopping:
        return
    if state.terms.on_exhausted == "pause":
        # An instant that is over is none to wait for: the ledger would be asked again and again.
        state.funds_due_ms = fact.retry_at_ms if fact.retry_at_ms and fact.retry_at_ms > state.now_ms else None
        return
    if asker is None or asker.reason != "budget":
        _no_step_asked(state, fact, out)
        return
    if state.terms.on_exhausted == "fail":
        _refuse(state, asker, fact, "fail", out)
    else:
        _cheapen(state, asker, fact, out)
    # The others ask for themselves: what they need may be less.
    wake_those_short_of_money(state)


def _no_step_asked(state: State, fact: ReservationRefused, out: list[Decision]) -> None:
    """The run asked, for what it owes: whoever finishes cheaply goes on with what costs nothing, all others end."""
    if state.terms.on_exhausted == "fail":
        state.failure = Failure(fact.code, _words(fact))
        out.append(Abort("on_exhausted", code=fact.code))
        stop(state, "failed", out)


def _words(fact: ReservationRefused) -> str:
    return f"{fact.scope} lacks {fact.missing_micro_usd} micro-USD"


def _refuse(state: State, step: StepState, fact: ReservationRefused, how: str, out: list[Decision]) -> None:
    step.exhausted = how
    deny(state, step, fact.code, _words(fact), f"on_exhausted_{how}", out)


def _cheapen(state: State, step: StepState, fact: ReservationRefused, out: list[Decision]) -> None:
    """Do a step by its skill's cheaper parameters, else by its fallback, else not at all."""
    pin = None if is_pseudo(step) else pin_of(state, step)
    if pin is not None and pin.cheaper and not step.cheapened and isinstance(step.params, dict):
        out.append(Downgrade("on_exhausted_finish_cheap", step.key, {"parameters": sorted(pin.cheaper)}, way="cheaper_parameters"))
        step.cheapened = True
        step.params = step.params | pin.cheaper
        step.worst_micro_usd, step.model, step.target = None, "", None
        unbind(step)
        queue(state, step)
    elif pin is not None and state.nodes[step.node].fallback_skill is not None and not step.on_fallback:
        out.append(Downgrade("on_exhausted_finish_cheap", step.key, way="fallback"))
        fall_back(state, step)
    else:
        out.append(Downgrade("on_exhausted_finish_cheap", step.key, way="left_out"))
        _refuse(state, step, fact, "finish_cheap", out)
