"""What each fact changes: one small handler per kind, in the order a run meets them.

A handler applies a fact that fits and returns nothing; of one that does not fit (late, double, for another attempt)
it returns why, having changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop
from typing import Any

from runs.engine import events as e
from runs.engine import exhaustion, gates, holding, outcomes
from runs.engine.budget import answered, forget_refusal, give_back, settle, spare, wake_those_short_of_money
from runs.engine.decisions import Abort, Cancel, Continue, Decision, Deny, Pause, ProbeStep, Resume, Retry
from runs.engine.ending import finish
from runs.engine.events import ADMIT, PLAN, Fact
from runs.engine.graph import build, dependents
from runs.engine.moves import answer, close, doubt, end_attempt, is_pseudo, queue, unbind
from runs.engine.outcomes import stop
from runs.engine.starting import deny, pin_of
from runs.engine.state import Failure, State, StepState

REPAIR_ROUNDS = 1
"""How often a planner may mend a plan that was refused."""

NOBODY = "nobody decided in time"

Handler = Callable[[State, Any, list[Decision]], str]


def add_pseudo(state: State, key: str, position: int) -> None:
    """Queue planning or admission, which go before all steps."""
    state.steps[key] = StepState(key, key, (position, 0))
    queue(state, state.steps[key])


def set_plan(state: State, plan: dict[str, Any]) -> None:
    """Take a valid plan and let its admission be next."""
    state.plan = plan
    state.nodes = build(plan)
    state.dependents = dependents(state.nodes)
    add_pseudo(state, ADMIT, -1)


def _under_way(state: State, key: str, attempt: int, *asked: str) -> StepState | None:
    """Return the step if exactly this wish for it is out, None where the fact is late or double."""
    found = state.steps.get(key)
    if found is None or found.asked not in asked:
        return None
    # Price and grant are asked about before the attempt they are about.
    expected = found.attempt + 1 if found.asked in ("bound", "grant") else found.attempt
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
        set_plan(state, fact.plan)
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
    state.granted_by_model = dict(fact.granted_by_model)
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
        bounded.worst_micro_usd, bounded.model, bounded.target = fact.worst_micro_usd, fact.model, fact.target
        queue(state, bounded)
    return ""


def _on_grant_answered(state: State, fact: e.GrantAnswered, out: list[Decision]) -> str:
    sought = _under_way(state, fact.step, fact.attempt, "grant")
    if sought is None or sought.action_hash != fact.action_hash:
        return "not_asked"
    gates.on_grant_answered(state, fact, sought, out)
    return ""


def _on_reservation_extended(state: State, fact: e.ReservationExtended, out: list[Decision]) -> str:
    if not state.extending:
        return "not_asked"
    answered(state)
    state.granted_micro_usd, state.granted_by_model = fact.granted_micro_usd, dict(fact.granted_by_model)
    forget_refusal(state)
    return ""


def _on_reservation_refused(state: State, fact: e.ReservationRefused, out: list[Decision]) -> str:
    if not state.extending:
        return "not_asked"
    again = state.ask_again
    answered(state)
    if again:
        # The limit was raised while the ledger still answered by the old one.
        forget_refusal(state)
    else:
        exhaustion.refused(state, fact, out)
    return ""


def _on_reservation_returned(state: State, fact: e.ReservationReturned, out: list[Decision]) -> str:
    if state.extending or not spare(state):
        return "nothing_to_return"
    give_back(state)
    return ""


def _on_funds_freed(state: State, fact: e.FundsFreed, out: list[Decision]) -> str:
    if state.extending:
        state.ask_again = True
        return ""
    if not state.short_scope:
        return "nothing_short"
    out.append(Resume("funds_freed", because={"scope": fact.scope}))
    forget_refusal(state)
    return ""


def _on_topped_up(state: State, fact: e.ToppedUp, out: list[Decision]) -> str:
    state.limit_micro_usd = fact.limit_micro_usd
    state.ask_again = state.extending
    out.append(Resume("topped_up", because={"amount_micro_usd": fact.amount_micro_usd}, by=fact.by))
    forget_refusal(state)
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


def _on_start_held(state: State, fact: e.StartHeld, out: list[Decision]) -> str:
    held = _under_way(state, fact.step, fact.attempt, "run")
    if held is None:
        return "not_under_way"
    holding.held_back(state, held, fact, out)
    return ""


def _on_freeze_lifted(state: State, fact: e.FreezeLifted, out: list[Decision]) -> str:
    frozen = [state.steps[key] for key in state.waiting if state.steps[key].reason == "frozen"]
    thawed = [step for step in frozen if step.held_by == fact.scope]
    if not thawed:
        return "nothing_frozen"
    out.append(Resume("freeze_lifted", because={"scope": fact.scope}, by=fact.by))
    for step in thawed:
        queue(state, step)
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
        # The ledger may have answered with nobody listening; the question of the same number finds that answer.
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
    if not pin_of(state, doubted).probe:
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
        gates.on_approved(state, fact, asked, out)
    else:
        deny(state, asked, "APPROVAL_REJECTED", fact.reason or "a person said no", "rejected", out)
    return ""


def _on_answer_given(state: State, fact: e.AnswerGiven, out: list[Decision]) -> str:
    asked = _waiting_step(state, fact.step, "input", "escalation", "intervention")
    if asked is None:
        return "not_asked"
    if asked.reason == "input":
        asked.result = fact.value
        out.append(Resume("answered", asked.key, by=fact.by))
        close(state, asked, "succeeded", "answered")
        return ""
    action = fact.value.get("action") if isinstance(fact.value, dict) else None
    follow = _ACTIONS[asked.reason].get(str(action))
    return follow(state, asked, fact, out) if follow else "unknown_action"


def _escalated_retry(state: State, asked: StepState, fact: e.AnswerGiven, out: list[Decision]) -> str:
    if fact.value["action"] == "modify":
        params = fact.value.get("params")
        if not isinstance(params, dict):
            return "modify_needs_params"
        asked.params, asked.worst_micro_usd, asked.target = params, None, None
        unbind(asked)
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


_Follow = Callable[[State, StepState, e.AnswerGiven, list[Decision]], str]
_ACTIONS: dict[str, dict[str, _Follow]] = {
    "escalation": {"retry": _escalated_retry, "modify": _escalated_retry, "skip": _escalated_skip, "abort": _escalated_abort},
    "intervention": {"approve": _escalated_retry, "modify": _escalated_retry, "abort": _escalated_abort},
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
    funds_are_due = state.funds_due_ms is not None and state.funds_due_ms <= state.now_ms
    if funds_are_due:
        out.append(Resume("funds_due", because={"scope": state.short_scope}))
        forget_refusal(state)
    return "" if due or funds_are_due else "nothing_due"


def _due_steps(state: State) -> list[StepState]:
    due: list[StepState] = []
    while (next_at := state.next_timer_ms()) is not None and next_at <= state.now_ms:
        found = state.steps[heappop(state.timers)[1]]
        if found not in due:
            due.append(found)
    return due


def _due_retry(state: State, waited: StepState, out: list[Decision]) -> None:
    queue(state, waited)


def _due_expiry(state: State, waited: StepState, out: list[Decision]) -> None:
    if gates.escalates(state, waited, out):
        return
    match state.terms.approval_on_expiry:
        case "skip":
            gates.skip_unanswered(state, waited, out)
        case "abort":
            waited.failure = Failure("APPROVAL_EXPIRED", NOBODY)
            outcomes.abort(state, waited, "expired_aborts", out)
        case _:
            deny(state, waited, "APPROVAL_EXPIRED", NOBODY, "expired", out)


def _due_escalation(state: State, waited: StepState, out: list[Decision]) -> None:
    outcomes.abort(state, waited, f"{waited.reason}_expired", out)


_DUE: dict[str, Callable[[State, StepState, list[Decision]], None]] = {
    "retry": _due_retry,
    "rate": _due_retry,
    "circuit": _due_retry,
    "approval": _due_expiry,
    "input": _due_expiry,
    "escalation": _due_escalation,
    "intervention": _due_escalation,
}


def _on_run_poisoned(state: State, fact: e.RunPoisoned, out: list[Decision]) -> str:
    state.failure = Failure("LEASE_LOST", f"the run lost {fact.crash_count} workers and is not tried again")
    state.stopping = "dead_lettered"
    for key in list(state.in_flight):
        outcomes.given_up(state, state.steps[key], out)
    finish(state, "dead_lettered", "poisoned", out)
    return ""


def _on_run_accepted(state: State, fact: e.RunAccepted, out: list[Decision]) -> str:
    return "already_accepted"


HANDLERS: dict[type[Fact], Handler] = {
    e.RunAccepted: _on_run_accepted,
    e.PlanProposed: _on_plan_proposed,
    e.PlanRejected: _on_plan_rejected,
    e.RunAdmitted: _on_run_admitted,
    e.CostBounded: _on_cost_bounded,
    e.GrantAnswered: _on_grant_answered,
    e.ReservationExtended: _on_reservation_extended,
    e.ReservationRefused: _on_reservation_refused,
    e.ReservationReturned: _on_reservation_returned,
    e.FundsFreed: _on_funds_freed,
    e.ToppedUp: _on_topped_up,
    e.StepSucceeded: _on_step_succeeded,
    e.StepFailed: _on_step_failed,
    e.StartHeld: _on_start_held,
    e.FreezeLifted: _on_freeze_lifted,
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
