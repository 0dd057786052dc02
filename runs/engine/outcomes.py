"""What follows from the way a call ended: success, failure, interruption, doubt. Every failure leaves a decision."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.plan.references import size_of
from runs.engine.budget import settle
from runs.engine.decisions import (
    Abort,
    AskPerson,
    CancelStep,
    Continue,
    Decision,
    Escalate,
    Fallback,
    HoldDoubt,
    Lost,
    NoRetry,
    OpenCircuit,
    ProbeStep,
    Resolve,
    Restore,
    Retry,
)
from runs.engine.effects import is_doubtful, is_repeatable
from runs.engine.events import StepFailed, StepSucceeded
from runs.engine.graph import Node
from runs.engine.moves import answer, ask, close, doubt, end_attempt, is_pseudo, queue, unbind, wait
from runs.engine.repetition import note_success
from runs.engine.retry import Disposition, backoff_for, decide, delay_ms, disposition, restores_of
from runs.engine.starting import pin_of
from runs.engine.state import Failure, State, StepState
from skills.taxonomy import RETRY_MODES, RecoveryMode, spec_of


def _form(*actions: str) -> dict[str, Any]:
    """Return the form in which a person says what to do about a failure."""
    params = {"type": "object", "description": "The parameters to go on with, for modify."}
    return {"type": "object", "properties": {"action": {"enum": list(actions)}, "params": params}, "required": ["action"]}


# By what the step waits for. Who escalates leaves open whether the step is needed; who calls for intervention needs it done.
FORMS = {"escalation": _form("retry", "modify", "skip", "abort"), "intervention": _form("approve", "modify", "abort")}


def succeeded(state: State, step: StepState, fact: StepSucceeded, out: list[Decision]) -> None:
    """Take in a result."""
    answer(state, step)
    settle(state, step, fact.cost_micro_usd, out)
    step.side_effects.extend(fact.side_effects)
    step.result, step.degraded = fact.result, fact.degraded
    state.size += size_of(fact.result)
    end_attempt(state, step, "succeeded", cost_micro_usd=fact.cost_micro_usd, latency_ms=fact.latency_ms)
    close(state, step, "succeeded")
    note_success(state, step, pin_of(state, step))


def failed(state: State, step: StepState, fact: StepFailed, out: list[Decision]) -> None:
    """Take in a failure and decide: in doubt, again, or what the step and the catalog say for the end."""
    answer(state, step)
    settle(state, step, fact.cost_micro_usd, out)
    step.side_effects.extend(fact.side_effects)
    step.failure = Failure(
        fact.code,
        fact.message,
        fact.phase,
        fact.retry_after_ms,
        fact.details,
        fact.suggestions,
        fact.advice,
        fact.fallback,
        fact.circuit_until_ms,
    )
    if fact.circuit:
        due = fact.circuit_until_ms or 0
        out.append(OpenCircuit("circuit_threshold", step.key, {"code": fact.code}, attempt=step.attempt, scope=fact.circuit, due_at_ms=due))
    end_attempt(state, step, "failed", code=fact.code, message=fact.message, cost_micro_usd=fact.cost_micro_usd, latency_ms=fact.latency_ms)
    effect = effect_of(state, step)
    if is_doubtful(effect, fact.phase):
        _hold_doubt(state, step, effect, fact.code, out)
    elif state.stopping:
        close(state, step, "cancelled" if fact.code == "CANCELLED" else "failed", fact.code)
    else:
        _retry_or_give_up(state, step, effect, out)


def effect_of(state: State, step: StepState) -> str:
    return "read" if is_pseudo(step) or not state.pins else pin_of(state, step).effect


def _node_of(state: State, step: StepState) -> Node | None:
    return None if is_pseudo(step) else state.nodes[step.node]


def _retry_or_give_up(state: State, step: StepState, effect: str, out: list[Decision]) -> None:
    assert step.failure is not None
    # What cost something counts as a try, however far it says it came: so a step pays for no more calls than it has tries.
    if step.failure.phase == "not_sent" and effect != "none" and not step.attempts[-1].cost_micro_usd:
        step.unsent += 1
    else:
        step.burned += 1
    decision = decide(
        step.failure,
        node=_node_of(state, step),
        effect=effect,
        burned=step.burned,
        unsent=step.unsent,
        now_ms=state.now_ms,
        deadline_at_ms=state.terms.deadline_at_ms,
        seed=state.seed,
        key=step.key,
    )
    step.attempts[-1].rule = decision.rule
    if decision.delay_ms is None:
        out.append(NoRetry(decision.rule, step.key, decision.because, attempt=step.attempt, alternatives=_other_modes(decision.mode)))
        if decision.rule == "attempts_exhausted" and _may_restore(state, step, decision.mode):
            _restore(state, step, out)
        else:
            _give_up(state, step, decision.mode, out)
        return
    due = state.now_ms + decision.delay_ms
    step.attempts[-1].retry_due_ms = due
    state.retries += 1
    out.append(
        Retry(
            decision.rule,
            step.key,
            decision.because,
            attempt=step.attempt,
            delay_ms=decision.delay_ms,
            due_at_ms=due,
            alternatives=("give_up",),
            mode=decision.mode,
        )
    )
    if decision.delay_ms:
        wait(state, step, "retry", due)
    else:
        queue(state, step)


def _other_modes(mode: str) -> tuple[str, ...]:
    return ("retry",) if mode in RETRY_MODES else ()


def _may_restore(state: State, step: StepState, mode: str) -> bool:
    assert step.failure is not None
    return not is_pseudo(step) and step.restores < restores_of(mode, step.failure.advice or {})


def _restore(state: State, step: StepState, out: list[Decision]) -> None:
    """Go back to what is committed before the step, and begin it afresh: as the plan has it, its attempts counted anew."""
    assert step.failure is not None
    node = state.nodes[step.node]
    backoff = backoff_for(spec_of(step.failure.code), step.failure.advice or {}, node.retry, insist=node.on_error == "retry")
    step.restores += 1
    wished = delay_ms(backoff, 1, "", step.failure.retry_after_ms, f"{state.seed}:{step.key}:restore:{step.restores}")
    due, deadline = state.now_ms + wished, state.terms.deadline_at_ms
    if deadline is not None and due >= deadline:
        _give_up(state, step, RecoveryMode.ABORT, out)
        return
    step.burned = step.unsent = 0
    if step.on_fallback or step.overlay is not None:
        step.on_fallback, step.overlay = False, None
        _forget_action(step)
    read = {"code": step.failure.code, "committed": [needed for needed in node.needs if state.steps[needed].status == "succeeded"]}
    out.append(
        Restore("catalog", step.key, read, ("give_up",), attempt=step.attempt, restores=step.restores, delay_ms=wished, due_at_ms=due)
    )
    state.retries += 1
    if wished:
        wait(state, step, "retry", due)
    else:
        queue(state, step)


def _give_up(state: State, step: StepState, mode: str, out: list[Decision]) -> None:
    assert step.failure is not None
    node = _node_of(state, step)
    if step.exhausted == "finish_cheap" and node is not None:
        chosen = Disposition("continue", "on_exhausted")
    else:
        chosen = disposition(
            node.on_error if node else "abort",
            # Who said that a used-up budget fails the step has said what the catalog would ask a person.
            RecoveryMode.ABORT if step.exhausted else mode,
            planned_fallback=node is not None and node.fallback_skill is not None and not step.on_fallback,
            advised_fallback=_has_advised_fallback(step),
        )
    if state.simulated and chosen.what in ("abort", "escalate", "intervene"):
        # What comes after it is to be seen too: in a run it may not come to this.
        chosen = Disposition("continue", "simulation")
    read = {"code": step.failure.code, "mode": mode}
    if chosen.what == "fallback":
        assert node is not None
        skill = _fall_back_as_advised(state, step) if chosen.rule == "catalog" else node.fallback_skill or ""
        out.append(Fallback(chosen.rule, step.key, read, chosen.alternatives, skill=skill))
        fall_back(state, step)
    elif chosen.what == "continue":
        out.append(Continue(chosen.rule, step.key, read, chosen.alternatives))
        close(state, step, "failed", step.failure.code)
    elif chosen.what in ("escalate", "intervene"):
        out.append(Escalate(chosen.rule, step.key, read, chosen.alternatives, code=step.failure.code))
        _ask_what_to_do(state, step, "escalation" if chosen.what == "escalate" else "intervention", out)
    else:
        abort(state, step, chosen.rule, out, chosen.alternatives)


def _has_advised_fallback(step: StepState) -> bool:
    """Tell whether the catalog's fallback names a way the step has not gone yet."""
    assert step.failure is not None
    advice = step.failure.advice or {}
    # Parameters meant for another skill are none for this one, should no worker know the other.
    own = bool(advice.get("fallback_params")) and not advice.get("fallback_skill")
    named = step.failure.fallback is not None or own
    return named and not step.on_fallback and step.overlay is None


def _fall_back_as_advised(state: State, step: StepState) -> str:
    """Lay the advised parameters over the step's own, which another skill may take; return the skill."""
    assert step.failure is not None
    # The items of a loop share their fallback: whoever comes first says which.
    pin = state.pins.setdefault(step.node + "!fallback", step.failure.fallback or pin_of(state, step))
    step.overlay = dict((step.failure.advice or {}).get("fallback_params") or {})
    return pin.skill


def fall_back(state: State, step: StepState) -> None:
    """Go on with the step's fallback, from its first try."""
    step.on_fallback, step.cheapened = True, False
    step.burned = step.unsent = 0
    _forget_action(step)
    queue(state, step)


def _forget_action(step: StepState) -> None:
    """Forget what exactly was to be called: the parameters are made, priced and approved anew."""
    step.params, step.worst_micro_usd, step.model, step.target = None, None, "", None
    unbind(step)


def _ask_what_to_do(state: State, step: StepState, waits_for: str, out: list[Decision]) -> None:
    assert step.failure is not None
    expires = state.now_ms + state.terms.approval_ttl_ms
    wait(state, step, waits_for, expires)
    question = f"{step.key} failed: {step.failure.code}. {step.failure.message}".strip()
    out.append(AskPerson(waits_for, step.key, question=question, form=FORMS[waits_for], expires_at_ms=expires))


def abort(state: State, step: StepState, rule: str, out: list[Decision], alternatives: tuple[str, ...] = ()) -> None:
    """End the step as failed and the run with it; what is finished stays."""
    assert step.failure is not None
    out.append(Abort(rule, step.key, alternatives=alternatives, code=step.failure.code))
    if not state.stopping:
        state.failure = step.failure
        stop(state, "failed", out)
    close(state, step, "failed", step.failure.code)
    if step.index is not None and state.steps[step.node].status == "running":
        state.steps[step.node].failure = step.failure
        close(state, state.steps[step.node], "failed", step.failure.code)


def stop(state: State, how: str, out: list[Decision]) -> None:
    """Start nothing more and call back what is under way; the run ends when all of it has answered."""
    state.stopping = how
    out.extend(
        CancelStep(f"run_{how}", key, attempt=state.steps[key].attempt) for key in state.in_flight if state.steps[key].asked == "run"
    )


# Interruption and doubt


def interrupted(state: State, step: StepState, phase: str, cost_micro_usd: int, out: list[Decision]) -> None:
    """Take in that nobody will report an outcome: repeat what may be repeated, hold the rest in doubt."""
    answer(state, step)
    settle(state, step, cost_micro_usd, out)
    end_attempt(state, step, "lost", cost_micro_usd=cost_micro_usd)
    effect = effect_of(state, step)
    if phase != "not_sent" and not is_repeatable(effect):
        # Acknowledged or not: what it answered is lost, and doing it again would be doing it twice.
        _hold_doubt(state, step, effect, "LEASE_LOST", out)
    elif state.stopping:
        close(state, step, "cancelled", "LEASE_LOST")
    else:
        rule = "repeatable_effect" if is_repeatable(effect) else "not_sent"
        out.append(Lost(rule, step.key, {"settled_micro_usd": cost_micro_usd}, attempt=step.attempt, effect=effect))
        queue(state, step)


def given_up(state: State, step: StepState, out: list[Decision]) -> None:
    """Take in that a wish will never be answered, because the run ends here; what may have happened stays in doubt."""
    if step.asked == "run":
        interrupted(state, step, "maybe_sent", step.held_micro_usd, out)
        return
    probed = step.asked == "probe"
    answer(state, step)
    if probed:
        doubt(state, step)


def _hold_doubt(state: State, step: StepState, effect: str, code: str, out: list[Decision]) -> None:
    read = {"code": code, "probe": pin_of(state, step).probe}
    out.append(HoldDoubt("maybe_sent", step.key, read, ("retry",), attempt=step.attempt, effect=effect))
    if state.stopping:
        doubt(state, step)
    elif pin_of(state, step).probe:
        probe(state, step, out)
    else:
        resolve_by_policy(state, step, out)


def probe(state: State, step: StepState, out: list[Decision]) -> None:
    """Ask the skill to find out."""
    ask(state, step, "probe")
    out.append(ProbeStep("skill_declares_probe", step.key, attempt=step.attempt))


def resolve_by_policy(state: State, step: StepState, out: list[Decision]) -> None:
    """Settle a doubt as the agent's policy says; `ask` leaves it to a person."""
    if step.status != "in_doubt":
        doubt(state, step)
    policy = state.terms.in_doubt_policy
    if policy == "assume_happened":
        resolve(state, step, "happened", "policy", "in_doubt_policy", None, out)
    elif policy == "assume_not":
        resolve(state, step, "did_not_happen", "policy", "in_doubt_policy", None, out)


def resolve(state: State, step: StepState, answer_: str, by: str, rule: str, result: object, out: list[Decision]) -> None:
    """Settle a doubt: it happened and the step is done, or it did not and the call is made (again)."""
    other = "did_not_happen" if answer_ == "happened" else "happened"
    out.append(Resolve(rule, step.key, {}, (other,), answer=answer_, by=by))
    if answer_ == "happened":
        step.result = result
        close(state, step, "succeeded", f"it happened, says {by}")
    elif rule == "verdict" or step.attempts[-1].status == "lost" or step.failure is None:
        queue(state, step)
    else:
        # Known not to have happened, it is a failure like any other: counted, and tried again only where that could help.
        step.failure = msgspec.structs.replace(step.failure, phase="not_sent")
        _retry_or_give_up(state, step, effect_of(state, step), out)
