"""Money inside a run: hold a step's worst case before it starts, settle the truth after, ask for more when short.

The run's reservation (`granted`, and of it so much for each model) is drawn from the scopes by the ledger; in here it
is only divided. At every position of the journal, in all and for each model: spent + held ≤ granted, unless a call
cost more than its worst case (an Overrun). What a run owes after that is asked for before anything further starts.
"""

from __future__ import annotations

from typing import Any

from runs.engine.decisions import Alert, Decision, ExtendReservation, Overrun, Wait
from runs.engine.moves import queue, wait
from runs.engine.state import State, StepState

ALERT_PERCENT = 80
"""How much of its limit a run may have spent before somebody is told."""


def headroom(state: State) -> int | None:
    """Return what of the reservation is neither spent nor held, below zero what the run owes; None asks no ledger."""
    if state.granted_micro_usd is None:
        return None
    return state.granted_micro_usd - state.spent_micro_usd - state.held_micro_usd


def headroom_on(state: State, model: str) -> int | None:
    """Return what of the reservation may yet be spent on a model."""
    if state.granted_micro_usd is None:
        return None
    return state.granted_by_model.get(model, 0) - state.spent_by_model.get(model, 0) - state.held_by_model.get(model, 0)


def lacks(state: State, step: StepState) -> tuple[int, int]:
    """Return what is missing to hold the step's worst case: in all, and on its model."""
    worst = step.worst_micro_usd or 0
    room = headroom(state)
    on_model = headroom_on(state, step.model) if step.model else None
    return (0 if room is None else max(0, worst - room)), (0 if on_model is None else max(0, worst - on_model))


def hold(state: State, step: StepState, out: list[Decision]) -> bool:
    """Hold the step's worst case. Where it does not fit, let the step wait for money and ask for it."""
    worst = step.worst_micro_usd or 0
    missing, missing_on_model = lacks(state, step)
    if missing or missing_on_model:
        wait(state, step, "budget")
        read: dict[str, Any] = {"worst_micro_usd": worst, "headroom_micro_usd": headroom(state)}
        if missing_on_model:
            read |= {"model": step.model, "headroom_on_model_micro_usd": headroom_on(state, step.model)}
        out.append(Wait("reservation_short", step.key, read, reason="budget"))
        _ask_for_more(state, "reservation_short", step.key, missing, step.model, missing_on_model, out)
        return False
    state.held_micro_usd += worst
    step.held_micro_usd = worst
    if step.model:
        state.held_by_model[step.model] = state.held_by_model.get(step.model, 0) + worst
    return True


def _ask_for_more(state: State, rule: str, asker: str, by: int, model: str, by_model: int, out: list[Decision]) -> None:
    if state.extending:
        return
    state.extending, state.asker = True, asker
    state.asked_micro_usd, state.asked_on_model_micro_usd = by, by_model
    out.append(
        ExtendReservation(
            rule,
            by_micro_usd=by,
            granted_micro_usd=state.granted_micro_usd or 0,
            model=model if by_model else "",
            by_model_micro_usd=by_model,
            number=state.questions + 1,
        )
    )


def answered(state: State) -> None:
    """Note that the ledger has answered; whoever asks next asks another question."""
    state.extending = state.ask_again = False
    state.questions += 1


def pays_its_debt(state: State, out: list[Decision]) -> bool:
    """Tell whether the run owes nothing, so that a step may start; where it does, ask for what it owes."""
    room = headroom(state)
    if room is None or room >= 0:
        return True
    if state.debt_refused:
        # Finishing cheaply goes on with what costs nothing; whatever does is refused once more where it holds its money.
        return state.terms.on_exhausted == "finish_cheap"
    _ask_for_more(state, "overdrawn", "", -room, "", 0, out)
    return False


def settle(state: State, step: StepState, cost_micro_usd: int, out: list[Decision]) -> None:
    """Replace what was held for a call by what it cost, and let a step that now fits try again."""
    held, step.held_micro_usd = step.held_micro_usd, 0
    if not held and not cost_micro_usd:
        return
    state.held_micro_usd -= held
    state.spent_micro_usd += cost_micro_usd
    step.cost_micro_usd += cost_micro_usd
    if step.model:
        state.held_by_model[step.model] = state.held_by_model.get(step.model, 0) - held
        state.spent_by_model[step.model] = state.spent_by_model.get(step.model, 0) + cost_micro_usd
    if cost_micro_usd > held:
        out.append(Overrun("cost_above_worst_case", step.key, worst_micro_usd=held, cost_micro_usd=cost_micro_usd))
    _alert(state, out)
    wake_those_short_of_money(state, only_if_fitting=True)


def _alert(state: State, out: list[Decision]) -> None:
    limit = state.limit_micro_usd
    if limit is None or limit == state.alerted_micro_usd or state.spent_micro_usd * 100 < limit * ALERT_PERCENT:
        return
    state.alerted_micro_usd = limit
    out.append(Alert("most_of_limit_spent", spent_micro_usd=state.spent_micro_usd, limit_micro_usd=limit))


def short_steps(state: State) -> list[StepState]:
    """Return the steps that wait for money."""
    return [state.steps[key] for key in state.waiting if state.steps[key].reason == "budget"]


def wake_those_short_of_money(state: State, *, only_if_fitting: bool = False) -> bool:
    """Queue the steps that wait for money; tell whether there was one."""
    woken = [step for step in short_steps(state) if not only_if_fitting or lacks(state, step) == (0, 0)]
    for step in woken:
        queue(state, step)
    return bool(woken)


def forget_refusal(state: State) -> None:
    """Ask again for what was refused: a limit was raised, money was given back, or another day has begun."""
    state.missing_micro_usd, state.short_scope, state.funds_due_ms = 0, "", None
    state.debt_refused = False
    wake_those_short_of_money(state)


def spare(state: State) -> bool:
    """Tell whether the run holds money of its scopes that it does not need while it waits. One that owes has none to spare."""
    room = headroom(state)
    if room is None or room < 0 or state.held_micro_usd:
        return False
    return room > 0 or any(headroom_on(state, model) for model in state.granted_by_model)


def give_back(state: State) -> None:
    """Keep of the reservation only what is spent. What was refused a step it will have to ask for with the rest it gave back."""
    state.granted_micro_usd = state.spent_micro_usd
    state.granted_by_model = {model: spent for model, spent in state.spent_by_model.items() if spent}
    asker = state.steps.get(state.asker)
    if state.short_scope and asker is not None and asker.reason == "budget":
        state.asked_micro_usd, state.asked_on_model_micro_usd = lacks(state, asker)
