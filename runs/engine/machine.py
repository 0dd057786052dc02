"""The rules of a run. Everything that decides what happens stands in this ring; everything else answers its wishes.

    step(state, fact) → (state, decisions)

Rules of this file and the ring around it:

 1. Pure: no clock, no dice, no network, no database, no Django. Time comes in facts (`at_ms`), jitter is a hash of
    run, step and attempt, money is integers.
 2. Facts are in the past tense, decisions in the imperative. Planner and catalog answers arrive as facts, so a
    replay never plans again and never looks anything up.
 3. A fact that no longer fits (late, double, for another attempt) changes nothing, raises nothing, and says so (Ignore).
 4. One start per attempt; an attempt has at most one outcome that counts; a run finishes once.
 5. Never more steps under way than `max_parallel`, approved and retried ones included: all go through `ready`.
 6. Money is held before a call starts and settled when it ends; spent + held never passes the reservation, in all and
    for each model. Whoever owes, because a call cost more than it could, starts nothing before the ledger agrees.
 7. What may have happened with nobody knowing is in doubt: never repeated in silence unless its effect is repeatable.
 8. Every failure is answered by a decision that names its rule, refusals to retry included.
 9. Statuses move along the tables of `state.py` and nowhere else (`moves.py`); the docs' diagrams are drawn from them.
10. Order is by plan position; nothing depends on the order of sets or on the hash seed.

A step's way: pending → (begin) → gates: dependencies, condition, items, references, allow-list, price, approval,
money → running → succeeded | failed | in doubt, with waits in between. `starting.py` is the way in, `outcomes.py`
the way out, `retry.py` and `effects.py` are its tables, `budget.py` the money and `exhaustion.py` its end, `holding.py`
and `repetition.py` what may not begin, `facts.py` what each fact changes, `ending.py` the end, this file the turn
around them.
"""

from __future__ import annotations

from heapq import heappop

from runs.engine import events as e
from runs.engine.budget import pays_its_debt
from runs.engine.decisions import Decision, Ignore
from runs.engine.digests import note_decisions, note_outcome
from runs.engine.ending import finish, natural_end
from runs.engine.events import PLAN, Fact
from runs.engine.facts import HANDLERS, add_pseudo, set_plan
from runs.engine.starting import begin
from runs.engine.state import State


class NotARun(ValueError):
    """A journal must begin with RunAccepted."""


def step(state: State | None, fact: Fact) -> tuple[State, tuple[Decision, ...]]:
    """Take in one fact; return the state after it and what was decided.

    The state given is changed in place and must not be used again. Raises NotARun where the first fact is
    not RunAccepted; no fact after that raises.
    """
    out: list[Decision] = []
    if state is None:
        if not isinstance(fact, e.RunAccepted):
            raise NotARun(f"a run begins with run_accepted, not with {type(fact).__name__}")
        state = _accept(fact)
    else:
        why = _take_in(state, fact, out)
        if why:
            return state, (Ignore(why, getattr(fact, "step", "")),)
        note_outcome(state, fact)
    _advance(state, out)
    decisions = tuple(out)
    note_decisions(state, decisions)
    return state, decisions


def _take_in(state: State, fact: Fact, out: list[Decision]) -> str:
    """Apply a fact; return why it does not fit, or nothing."""
    if state.finished:
        return "run_is_over"
    before, state.now_ms = state.now_ms, max(state.now_ms, fact.at_ms)
    why = HANDLERS[type(fact)](state, fact, out)
    if why:
        state.now_ms = before
    return why


def _accept(fact: e.RunAccepted) -> State:
    state = State(
        run_id=fact.run_id,
        seed=fact.seed or fact.run_id,
        terms=fact.terms,
        accepted_at_ms=fact.at_ms,
        now_ms=fact.at_ms,
        goal=fact.goal,
        inputs=fact.inputs,
        memory=fact.memory,
        planner=fact.planner,
        planner_free=fact.planner_free,
        simulated=fact.simulated,
        means=fact.means,
        versions=fact.versions,
        carried=fact.carried,
        rejected=fact.rejected,
        faults=fact.faults,
        limit_micro_usd=fact.terms.limit_micro_usd,
    )
    if fact.plan is None:
        add_pseudo(state, PLAN, -2)
    else:
        set_plan(state, fact.plan)
    return state


def _advance(state: State, out: list[Decision]) -> None:
    """Start what may start, end what is done, and say where the run stands."""
    if state.finished:
        return
    if not state.stopping and not state.handed_back:
        _start_ready(state, out)
    if state.in_flight or state.extending or (state.handed_back and not state.stopping):
        state.status, state.waiting_for = "running", ""
    elif state.stopping:
        assert state.failure is not None
        finish(state, state.stopping, "stopped", out)
    elif state.admitted and state.open_steps == 0:
        finish(state, natural_end(state), "all_steps_done", out)
    else:
        state.status, state.waiting_for = "waiting", _waiting_for(state)


def _start_ready(state: State, out: list[Decision]) -> None:
    while state.ready and not state.paused and not state.stopping and len(state.in_flight) < state.terms.max_parallel:
        if not pays_its_debt(state, out):
            return
        ready = state.steps[heappop(state.ready)[1]]
        if ready.status == "pending":
            begin(state, ready, out)


_WAITS = (
    ("in_doubt", "in_doubt"),
    ("approval", "approval"),
    ("input", "input"),
    ("escalation", "input"),
    ("intervention", "input"),
    ("frozen", "paused"),
    ("budget", "budget"),
)


def _waiting_for(state: State) -> str:
    if state.paused:
        return "paused"
    reasons = {state.steps[key].reason for key in state.waiting}
    if state.debt_refused:
        reasons.add("budget")
    return next((name for reason, name in _WAITS if reason in reasons), "timer")
