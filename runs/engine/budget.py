"""Money inside a run: hold a step's worst case before it starts, settle the truth after, ask for more when short.

The run's reservation (`granted`) is drawn from the scopes by the ledger; in here it is only divided. At every
position of the journal: spent + held ≤ granted, unless a call cost more than its worst case (an Overrun).
"""

from __future__ import annotations

from runs.engine.decisions import Decision, ExtendReservation, Overrun, Wait
from runs.engine.moves import queue, wait
from runs.engine.state import State, StepState


def headroom(state: State) -> int | None:
    """Return what of the reservation is neither spent nor held; None is unlimited."""
    if state.granted_micro_usd is None:
        return None
    return state.granted_micro_usd - state.spent_micro_usd - state.held_micro_usd


def hold(state: State, step: StepState, out: list[Decision]) -> bool:
    """Hold the step's worst case. Where it does not fit, let the step wait for money and ask for it."""
    worst = step.worst_micro_usd or 0
    room = headroom(state)
    if room is not None and worst > room:
        wait(state, step, "budget")
        out.append(Wait("reservation_short", step.key, {"worst_micro_usd": worst, "headroom_micro_usd": room}, reason="budget"))
        _ask_for_more(state, worst - room, out)
        return False
    state.held_micro_usd += worst
    step.held_micro_usd = worst
    return True


def _ask_for_more(state: State, by_micro_usd: int, out: list[Decision]) -> None:
    if not state.extending:
        state.extending = True
        granted = state.granted_micro_usd or 0
        out.append(ExtendReservation("reservation_short", by_micro_usd=by_micro_usd, granted_micro_usd=granted))


def settle(state: State, step: StepState, cost_micro_usd: int, out: list[Decision]) -> None:
    """Replace what was held for a call by what it cost, and let a step that now fits try again."""
    held, step.held_micro_usd = step.held_micro_usd, 0
    if not held and not cost_micro_usd:
        return
    state.held_micro_usd -= held
    state.spent_micro_usd += cost_micro_usd
    step.cost_micro_usd += cost_micro_usd
    if cost_micro_usd > held:
        out.append(Overrun("cost_above_worst_case", step.key, worst_micro_usd=held, cost_micro_usd=cost_micro_usd))
    wake_those_short_of_money(state, only_if_fitting=True)


def wake_those_short_of_money(state: State, *, only_if_fitting: bool = False) -> bool:
    """Queue the steps that wait for money; tell whether there was one."""
    room = headroom(state)
    short = [state.steps[key] for key in state.waiting if state.steps[key].reason == "budget"]
    woken = [step for step in short if not only_if_fitting or room is None or (step.worst_micro_usd or 0) <= room]
    for step in woken:
        queue(state, step)
    return bool(woken)
