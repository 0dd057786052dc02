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
 6. Money is held before a call starts and settled when it ends; spent + held never passes the reservation.
 7. What may have happened with nobody knowing is in doubt: never repeated in silence unless its effect is repeatable.
 8. Every failure is answered by a decision that names its rule, refusals to retry included.
 9. Statuses move along the tables of `state.py` and nowhere else (`moves.py`); the docs' diagrams are drawn from them.
10. Order is by plan position; nothing depends on the order of sets or on the hash seed.

A step's way: pending → (begin) → gates: dependencies, condition, items, references, allow-list, price, approval,
money → running → succeeded | failed | in doubt, with waits in between. `starting.py` is the way in, `outcomes.py`
the way out, `retry.py` and `effects.py` are its tables, `budget.py` the money, this file the run around them.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Any

from runs.engine import events as e
from runs.engine import outcomes
from runs.engine.budget import settle, wake_those_short_of_money
from runs.engine.decisions import (
    Abort,
    Cancel,
    Continue,
    Decision,
    Deny,
    Finish,
    Ignore,
    Pause,
    ProbeStep,
    Resume,
    Retry,
)
from runs.engine.digests import note_decisions, note_outcome
from runs.engine.events import ADMIT, PLAN, Fact
from runs.engine.graph import build, dependents
from runs.engine.moves import answer, close, cut_off, doubt, end_attempt, is_pseudo, queue
from runs.engine.outcomes import stop
from runs.engine.starting import begin, deny
from runs.engine.state import STEP_ENDED, Failure, State, StepState

REPAIR_ROUNDS = 1
"""How often a planner may mend a plan that was refused."""


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
    why = _HANDLERS[type(fact)](state, fact, out)
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
        limit_micro_usd=fact.terms.limit_micro_usd,
    )
    if fact.plan is None:
        _add_pseudo(state, PLAN, -2)
    else:
        _set_plan(state, fact.plan)
    return state


def _add_pseudo(state: State, key: str, position: int) -> None:
    state.steps[key] = StepState(key, key, (position, 0))
    queue(state, state.steps[key])


def _set_plan(state: State, plan: dict[str, Any]) -> None:
    state.plan = plan
    state.nodes = build(plan)
    state.dependents = dependents(state.nodes)
    _add_pseudo(state, ADMIT, -1)


def _under_way(state: State, key: str, attempt: int, *asked: str) -> StepState | None:
    """Return the step if exactly this wish for it is out, None where the fact is late or double."""
    found = state.steps.get(key)
    if found is None or found.asked not in asked:
        return None
    expected = found.attempt + 1 if found.asked == "bound" else found.attempt
    return found if attempt == expected else None


# Before the steps


def _on_plan_proposed(state: State, fact: e.PlanProposed, out: list[Decision]) -> str:
    planning = _under_way(state, PLAN, fact.attempt, "run")
    if planning is None:
        return "not_asked"
    answer(state, planning)
    settle(state, planning, fact.cost_micro_usd, out)
    end_attempt(state, planning, "succeeded", cost_micro_usd=fact.cost_micro_usd)
    close(state, planning, "succeeded")
    state.planner, state.planner_version = fact.planner, fact.planner_version
    if not state.stopping:
        _set_plan(state, fact.plan)
    return ""


def _on_plan_rejected(state: State, fact: e.PlanRejected, out: list[Decision]) -> str:
    planning = _under_way(state, PLAN, fact.attempt, "run")
    if planning is None:
        return "not_asked"
    answer(state, planning)
    settle(state, planning, fact.cost_micro_usd, out)
    end_attempt(state, planning, "failed", code="PLAN_INVALID", cost_micro_usd=fact.cost_micro_usd)
    state.faults, state.rejected = fact.faults, fact.rejected
    state.rounds += 1
    if state.stopping:
        close(state, planning, "cancelled", "PLAN_INVALID")
    elif state.rounds <= REPAIR_ROUNDS:
        planning.worst_micro_usd = None
        out.append(Retry("repair_plan", PLAN, {"faults": len(fact.faults)}, attempt=planning.attempt))
        queue(state, planning)
    else:
        words = "; ".join(f"{fault['pointer'] or '/'}: {fault['detail']}" for fault in fact.faults[:3])
        deny(state, planning, "PLAN_INVALID", f"the planner gave no valid plan: {words}", "repair_used_up", out)
    return ""


def _on_run_admitted(state: State, fact: e.RunAdmitted, out: list[Decision]) -> str:
    admitting = _under_way(state, ADMIT, fact.attempt, "run")
    if admitting is None:
        return "not_asked"
    answer(state, admitting)
    end_attempt(state, admitting, "succeeded")
    close(state, admitting, "succeeded")
    state.pins, state.plan_hash = fact.pins, fact.plan_hash
    state.worst_micro_usd, state.granted_micro_usd = fact.worst_micro_usd, fact.granted_micro_usd
    state.admitted, state.open_steps = True, len(state.nodes)
    for node in state.nodes.values():
        state.steps[node.step_id] = StepState(node.step_id, node.step_id, (node.position, 0))
        state.unmet[node.step_id] = len(node.needs)
        if not node.needs:
            queue(state, state.steps[node.step_id])
    return ""


# Money


def _on_cost_bounded(state: State, fact: e.CostBounded, out: list[Decision]) -> str:
    bounded = _under_way(state, fact.step, fact.attempt, "bound")
    if bounded is None:
        return "not_asked"
    answer(state, bounded)
    if state.stopping:
        close(state, bounded, "cancelled")
    elif fact.worst_micro_usd is None:
        deny(state, bounded, "PRICE_UNKNOWN", "no price is known for this call", "fail_closed", out)
    else:
        bounded.worst_micro_usd = fact.worst_micro_usd
        queue(state, bounded)
    return ""


def _on_reservation_extended(state: State, fact: e.ReservationExtended, out: list[Decision]) -> str:
    if not state.extending:
        return "not_asked"
    state.extending = state.ask_again = False
    state.granted_micro_usd, state.missing_micro_usd = fact.granted_micro_usd, 0
    wake_those_short_of_money(state)
    return ""


def _on_reservation_refused(state: State, fact: e.ReservationRefused, out: list[Decision]) -> str:
    if not state.extending:
        return "not_asked"
    state.extending, state.missing_micro_usd = False, fact.missing_micro_usd
    if state.ask_again:
        # The limit was raised while the ledger still answered by the old one.
        state.ask_again = False
        wake_those_short_of_money(state)
    return ""


def _on_topped_up(state: State, fact: e.ToppedUp, out: list[Decision]) -> str:
    state.limit_micro_usd, state.missing_micro_usd = fact.limit_micro_usd, 0
    state.ask_again = state.extending
    out.append(Resume("topped_up", because={"amount_micro_usd": fact.amount_micro_usd}, by=fact.by))
    wake_those_short_of_money(state)
    return ""


# Outcomes


def _on_step_succeeded(state: State, fact: e.StepSucceeded, out: list[Decision]) -> str:
    done = _under_way(state, fact.step, fact.attempt, "run")
    if done is None or is_pseudo(done):
        return "not_under_way"
    outcomes.succeeded(state, done, fact, out)
    return ""


def _on_step_failed(state: State, fact: e.StepFailed, out: list[Decision]) -> str:
    broken = _under_way(state, fact.step, fact.attempt, "run", "deny")
    if broken is None:
        return "not_under_way"
    outcomes.failed(state, broken, fact, out)
    return ""


def _on_step_interrupted(state: State, fact: e.StepInterrupted, out: list[Decision]) -> str:
    cut = _under_way(state, fact.step, fact.attempt, "run")
    if cut is None:
        return "not_under_way"
    outcomes.interrupted(state, cut, fact.phase, fact.cost_micro_usd, out)
    return ""


def _on_run_handed_back(state: State, fact: e.RunHandedBack, out: list[Decision]) -> str:
    if state.handed_back:
        return "already_handed_back"
    state.handed_back = True
    return ""


def _on_run_reclaimed(state: State, fact: e.RunReclaimed, out: list[Decision]) -> str:
    if not state.in_flight and not state.extending and not state.handed_back:
        return "nothing_under_way"
    state.handed_back = False
    for key in list(state.in_flight):
        _reclaim(state, state.steps[key], out)
    if state.extending:
        # The ledger may have answered with nobody listening; the same question again finds that entry by its reference.
        state.extending = state.ask_again = False
        wake_those_short_of_money(state)
    return ""


def _reclaim(state: State, lost: StepState, out: list[Decision]) -> None:
    if lost.asked == "run":
        # What a lost call cost nobody knows; counting its worst case keeps the cap true.
        outcomes.interrupted(state, lost, "maybe_sent", lost.held_micro_usd, out)
    elif lost.asked == "probe":
        out.append(ProbeStep("reclaimed", lost.key, attempt=lost.attempt))
    elif lost.asked == "deny":
        assert lost.failure is not None
        out.append(Deny("reclaimed", lost.key, attempt=lost.attempt, code=lost.failure.code, message=lost.failure.message))
    else:
        answer(state, lost)
        queue(state, lost)


# Doubt and people


def _on_probe_answered(state: State, fact: e.ProbeAnswered, out: list[Decision]) -> str:
    probed = _under_way(state, fact.step, fact.attempt, "probe")
    if probed is None:
        return "not_asked"
    answer(state, probed)
    if state.stopping and fact.answer == "did_not_happen":
        close(state, probed, "cancelled", "it had not happened")
    elif state.stopping and fact.answer == "unknown":
        doubt(state, probed)
    elif fact.answer == "unknown":
        outcomes.resolve_by_policy(state, probed, out)
    else:
        outcomes.resolve(state, probed, fact.answer, "the probe", "probe", None, out)
    return ""


def _on_verdict_given(state: State, fact: e.VerdictGiven, out: list[Decision]) -> str:
    doubted = state.steps.get(fact.step)
    if doubted is None or doubted.status != "in_doubt":
        return "not_in_doubt"
    if fact.verdict != "probe_again":
        outcomes.resolve(state, doubted, fact.verdict, fact.by, "verdict", fact.result, out)
        return ""
    if not outcomes.pin_of(state, doubted).probe:
        return "skill_has_no_probe"
    outcomes.probe(state, doubted, out)
    return ""


def _waiting_step(state: State, key: str, *reasons: str) -> StepState | None:
    found = state.steps.get(key)
    return found if found is not None and found.status == "waiting" and found.reason in reasons else None


def _on_approval_decided(state: State, fact: e.ApprovalDecided, out: list[Decision]) -> str:
    asked = _waiting_step(state, fact.step, "approval")
    if asked is None or asked.action_hash != fact.action_hash:
        return "not_asked"
    if fact.approved:
        asked.approved = True
        out.append(Resume("approved", asked.key, {"action_hash": fact.action_hash}, by=fact.by))
        queue(state, asked)
    else:
        deny(state, asked, "APPROVAL_REJECTED", fact.reason or "a person said no", "rejected", out)
    return ""


def _on_answer_given(state: State, fact: e.AnswerGiven, out: list[Decision]) -> str:
    asked = _waiting_step(state, fact.step, "input", "escalation")
    if asked is None:
        return "not_asked"
    if asked.reason == "input":
        asked.result = fact.value
        out.append(Resume("answered", asked.key, by=fact.by))
        close(state, asked, "succeeded", "answered")
        return ""
    action = fact.value.get("action") if isinstance(fact.value, dict) else None
    follow = _ESCALATION_ACTIONS.get(str(action))
    return follow(state, asked, fact, out) if follow else "unknown_action"


def _escalated_retry(state: State, asked: StepState, fact: e.AnswerGiven, out: list[Decision]) -> str:
    if fact.value["action"] == "modify":
        params = fact.value.get("params")
        if not isinstance(params, dict):
            return "modify_needs_params"
        asked.params, asked.worst_micro_usd = params, None
        asked.approved, asked.idempotency_key = False, ""
    out.append(Retry("person_says_so", asked.key, {"by": fact.by}, attempt=asked.attempt))
    state.retries += 1
    queue(state, asked)
    return ""


def _escalated_skip(state: State, asked: StepState, fact: e.AnswerGiven, out: list[Decision]) -> str:
    out.append(Continue("person_says_so", asked.key, {"by": fact.by}))
    close(state, asked, "failed", "given up by a person")
    return ""


def _escalated_abort(state: State, asked: StepState, fact: e.AnswerGiven, out: list[Decision]) -> str:
    outcomes.abort(state, asked, "person_says_so", out)
    return ""


_ESCALATION_ACTIONS: dict[str, Callable[[State, StepState, e.AnswerGiven, list[Decision]], str]] = {
    "retry": _escalated_retry,
    "modify": _escalated_retry,
    "skip": _escalated_skip,
    "abort": _escalated_abort,
}


# Stop, go, time


def _on_cancel_requested(state: State, fact: e.CancelRequested, out: list[Decision]) -> str:
    if state.stopping:
        return "already_stopping"
    out.append(Cancel("asked", because={"reason": fact.reason} if fact.reason else {}, by=fact.by))
    state.failure = Failure("CANCELLED", fact.reason or "the run was cancelled")
    stop(state, "cancelled", out)
    return ""


def _on_pause_requested(state: State, fact: e.PauseRequested, out: list[Decision]) -> str:
    if state.paused or state.stopping:
        return "already_paused" if state.paused else "already_stopping"
    state.paused = True
    out.append(Pause("asked", by=fact.by))
    return ""


def _on_resume_requested(state: State, fact: e.ResumeRequested, out: list[Decision]) -> str:
    if not state.paused:
        return "not_paused"
    state.paused = False
    out.append(Resume("asked", by=fact.by))
    return ""


def _on_time_came(state: State, fact: e.TimeCame, out: list[Decision]) -> str:
    deadline = state.terms.deadline_at_ms
    if deadline is not None and state.now_ms >= deadline and not state.stopping:
        state.failure = Failure("DEADLINE_EXCEEDED", "the run's deadline has passed")
        out.append(Abort("deadline", code="DEADLINE_EXCEEDED"))
        stop(state, "failed", out)
        return ""
    due = _due_steps(state)
    for step_ in due:
        _DUE[step_.reason](state, step_, out)
    return "" if due else "nothing_due"


def _due_steps(state: State) -> list[StepState]:
    due: list[StepState] = []
    while (wake := state.wake_at_ms()) is not None and state.timers and state.timers[0][0] == wake and wake <= state.now_ms:
        found = state.steps[heappop(state.timers)[1]]
        if found not in due:
            due.append(found)
    return due


def _due_retry(state: State, waited: StepState, out: list[Decision]) -> None:
    queue(state, waited)


def _due_expiry(state: State, waited: StepState, out: list[Decision]) -> None:
    deny(state, waited, "APPROVAL_EXPIRED", "nobody decided in time", "expired", out)


def _due_escalation(state: State, waited: StepState, out: list[Decision]) -> None:
    outcomes.abort(state, waited, "escalation_expired", out)


_DUE: dict[str, Callable[[State, StepState, list[Decision]], None]] = {
    "retry": _due_retry,
    "approval": _due_expiry,
    "input": _due_expiry,
    "escalation": _due_escalation,
}


def _on_run_poisoned(state: State, fact: e.RunPoisoned, out: list[Decision]) -> str:
    state.failure = Failure("LEASE_LOST", f"the run lost {fact.crash_count} workers and is not tried again")
    state.stopping = "dead_lettered"
    for key in list(state.in_flight):
        outcomes.given_up(state, state.steps[key], out)
    _finish(state, "dead_lettered", "poisoned", out)
    return ""


def _on_run_accepted(state: State, fact: e.RunAccepted, out: list[Decision]) -> str:
    return "already_accepted"


_HANDLERS: dict[type[Fact], Callable[[State, Any, list[Decision]], str]] = {
    e.RunAccepted: _on_run_accepted,
    e.PlanProposed: _on_plan_proposed,
    e.PlanRejected: _on_plan_rejected,
    e.RunAdmitted: _on_run_admitted,
    e.CostBounded: _on_cost_bounded,
    e.ReservationExtended: _on_reservation_extended,
    e.ReservationRefused: _on_reservation_refused,
    e.ToppedUp: _on_topped_up,
    e.StepSucceeded: _on_step_succeeded,
    e.StepFailed: _on_step_failed,
    e.StepInterrupted: _on_step_interrupted,
    e.RunHandedBack: _on_run_handed_back,
    e.RunReclaimed: _on_run_reclaimed,
    e.ProbeAnswered: _on_probe_answered,
    e.VerdictGiven: _on_verdict_given,
    e.ApprovalDecided: _on_approval_decided,
    e.AnswerGiven: _on_answer_given,
    e.CancelRequested: _on_cancel_requested,
    e.PauseRequested: _on_pause_requested,
    e.ResumeRequested: _on_resume_requested,
    e.TimeCame: _on_time_came,
    e.RunPoisoned: _on_run_poisoned,
}


# What follows


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
        _finish(state, state.stopping, "stopped", out)
    elif state.admitted and state.open_steps == 0:
        _finish(state, _natural_end(state), "all_steps_done", out)
    else:
        state.status, state.waiting_for = "waiting", _waiting_for(state)


def _start_ready(state: State, out: list[Decision]) -> None:
    while state.ready and not state.paused and not state.stopping and len(state.in_flight) < state.terms.max_parallel:
        ready = state.steps[heappop(state.ready)[1]]
        if ready.status == "pending":
            begin(state, ready, out)


_WAITS = (("in_doubt", "in_doubt"), ("approval", "approval"), ("input", "input"), ("escalation", "input"), ("budget", "budget"))


def _waiting_for(state: State) -> str:
    if state.paused:
        return "paused"
    reasons = {state.steps[key].reason for key in state.waiting}
    return next((name for reason, name in _WAITS if reason in reasons), "timer")


def _natural_end(state: State) -> str:
    if not state.failed:
        return "succeeded"
    return "partial" if state.succeeded else "failed"


def _finish(state: State, status: str, rule: str, out: list[Decision]) -> None:
    for left in state.steps.values():
        if left.status not in STEP_ENDED and left.status != "in_doubt":
            cut_off(state, left)
    if status == "failed" and state.failure is None:
        state.failure = next((s.failure for s in reversed(state.steps.values()) if s.status == "failed" and s.failure), None)
    state.ready.clear()
    state.timers.clear()
    state.status, state.waiting_for = status, ""
    failure = state.failure
    out.append(Finish(rule, status=status, code=failure.code if failure else "", message=failure.message if failure else ""))
