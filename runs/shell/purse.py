"""The money of a run in the live world: drawn when it is admitted or short, given back while it waits, settled at its end.

All functions run on the database thread. Where money is drawn the session is fenced first: a run that has ended
meanwhile would never give back what is drawn for it.
"""

from __future__ import annotations

from django.db import transaction

from agents.ledger import Amounts, RunPurse, Short
from runs.engine.decisions import ExtendReservation
from runs.engine.events import Fact, ReservationExtended, ReservationRefused
from runs.engine.state import State
from runs.shell.alerts import alerts_of_crossings, write_alerts
from runs.shell.claims import Claimed
from runs.shell.clock import now_ms
from runs.shell.sessions import fence


def purse_of(run: Claimed, state: State) -> RunPurse:
    """Return the purse of a run: its own scope, and the scopes of the runs it was called by."""
    return RunPurse(run.tenant_id, run.agent_id, run.public_id, state.limit_micro_usd, tuple(state.means.get("ancestors") or ()))


def held_by(state: State) -> Amounts:
    """Return what the run knows to have drawn."""
    return Amounts(state.granted_micro_usd or 0, state.granted_by_model)


def spent_by(state: State) -> Amounts:
    """Return what the run has spent."""
    return Amounts(state.spent_micro_usd, state.spent_by_model)


def reserve(session_id: int, run: Claimed, state: State, worst: Amounts, attempt: int) -> Amounts:
    """Draw the worst case, or what the run's own budget allows of it; return what the run holds then.

    A scope that has not so much room gives nothing now: steps ask for what they need one by one.
    """
    wanted = _within_limit(state, worst)
    if not wanted.total:
        return held_by(state)
    purse = purse_of(run, state)
    with transaction.atomic():
        fence(session_id)
        answer = purse.draw(wanted, f"admit:{attempt}", at_ms=now_ms())
    return purse.held() if isinstance(answer, Short) else answer.held


def _within_limit(state: State, worst: Amounts) -> Amounts:
    if state.limit_micro_usd is None:
        return worst
    total = min(worst.total, max(0, state.limit_micro_usd - (state.granted_micro_usd or 0)))
    return Amounts(total, {model: min(part, total) for model, part in worst.by_model.items()})


def extend(session_id: int, wish: ExtendReservation, run: Claimed, state: State) -> Fact:
    """Draw more. The question's number is its reference, so that a repeated question finds its answer."""
    by_model = {wish.model: wish.by_model_micro_usd} if wish.model else {}
    with transaction.atomic():
        fence(session_id)
        answer = purse_of(run, state).draw(Amounts(wish.by_micro_usd, by_model), f"extend:{wish.number}", at_ms=now_ms())
    if isinstance(answer, Short):
        return ReservationRefused(now_ms(), answer.missing_micro_usd, answer.scope, answer.code, answer.until_ms)
    return ReservationExtended(now_ms(), answer.held.total, dict(answer.held.by_model))


def give_back(run: Claimed, state: State) -> None:
    """Settle what the run has spent so far and give the rest back, in the transaction that parks it."""
    write_alerts(alerts_of_crossings(run, purse_of(run, state).give_back(spent_by(state), at_ms=now_ms())))


def settle_run(run: Claimed, state: State) -> None:
    """Settle what the run spent, more than it drew too, and give the rest back, in the transaction that ends it."""
    write_alerts(alerts_of_crossings(run, purse_of(run, state).close(spent_by(state), at_ms=now_ms())))


def settle_unreadable(run: Claimed) -> None:
    """Settle what the row of a run says was spent, where its journal can tell no more."""
    purse = RunPurse(run.tenant_id, run.agent_id, run.public_id, None)
    write_alerts(alerts_of_crossings(run, purse.close(Amounts(run.spent_micro_usd), at_ms=now_ms())))


def may_hold_money(state: State) -> bool:
    """Tell whether anything can have been drawn for a run. One that was not admitted may have drawn with nobody hearing of it."""
    free = state.admitted and state.planner_free and all(pin.free for pin in state.pins.values())
    return not free or bool(state.spent_micro_usd or state.granted_micro_usd)
