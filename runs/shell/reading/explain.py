"""Says why a run waits or why it failed, from its state and journal. Pure over what it is given."""

from __future__ import annotations

from typing import Any

from runs.engine.decisions import Abort, Continue, Escalate, Fallback, HoldDoubt, NoRetry, Retry
from runs.engine.events import StepFailed
from runs.engine.state import State, StepState
from runs.engine.virtual import Entry
from runs.shell.codec import kind_of, plain
from runs.shell.sentence import scope_in_words, sentence
from runs.shell.summaries import standing_of

_ACTIONS = {
    "approval": "approve or reject the step",
    "input": "answer the question",
    "escalation": "say retry, modify, skip or abort",
    "frozen": "lift the freeze",
    "rate": "wait: the call is made when the rate allows it",
    "in_doubt": "say whether it happened, did not, or probe again",
    "retry": "wait: the next attempt is scheduled",
}
_ANSWERS = (Retry, NoRetry, Fallback, Continue, Escalate, Abort, HoldDoubt)


def explanation(run: dict[str, Any], state: State, history: list[Entry]) -> dict[str, Any]:
    """Return the sentence, what blocks the run in order, and every failure with the decisions it led to."""
    return {
        "run_id": run["run_id"],
        "status": run["status"],
        "summary": sentence(standing_of(state), shows_costs=True) if run["status"] != "queued" else "Queued: no worker has taken it yet.",
        "blocked_by": blocked_by(run, state),
        "failures": failures(history),
    }


def blocked_by(run: dict[str, Any], state: State) -> list[dict[str, Any]]:
    """Return what keeps a run from going on, each with what would clear it; empty where it goes on or is over."""
    found: list[dict[str, Any]] = []
    if state.finished:
        return found
    if run["status"] == "queued":
        found.append(
            {"what": "slot", "step_id": None, "detail": "no worker has claimed the run yet", "action": "start a worker: manage.py work"}
        )
    if state.paused:
        found.append({"what": "paused", "step_id": None, "detail": "somebody paused the run", "action": "resume the run"})
    if state.debt_refused:
        found.append({"what": "budget", "step_id": None} | _short(state, state.asked_micro_usd))
    found += [_blocker(state, state.steps[key]) for key in state.waiting]
    return found


def _blocker(state: State, step: StepState) -> dict[str, Any]:
    blocker: dict[str, Any] = {
        "what": step.reason,
        "step_id": step.key,
        "action": _ACTIONS.get(step.reason, "wait"),
        "until_ms": step.due_at_ms,
    }
    if step.reason == "budget":
        blocker |= _short(state, step.worst_micro_usd)
    elif step.reason in ("frozen", "rate"):
        blocker["scope"] = step.held_by
        latest = step.attempts[-1] if step.attempts else None
        blocker["detail"] = (latest.message if latest else "") or f"{scope_in_words(step.held_by)} is {step.reason}"
    elif step.reason == "approval":
        blocker["detail"], blocker["action_hash"] = "waits for a person to approve exactly this action", step.action_hash
    elif step.failure is not None:
        blocker["detail"] = f"{step.failure.code}: {step.failure.message}"
    return blocker


def _short(state: State, needs_micro_usd: int | None) -> dict[str, Any]:
    """Say which scope is short by how much, and who can do something about it."""
    scope = state.short_scope or f"run:{state.run_id}"
    is_its_own = scope.startswith("run:")
    return {
        "detail": f"needs {needs_micro_usd} micro-USD, {state.missing_micro_usd} more than {scope_in_words(scope)} has left",
        "scope": scope,
        "current": state.spent_micro_usd + state.held_micro_usd,
        "limit": state.limit_micro_usd,
        "until_ms": state.funds_due_ms,
        "action": "top up the run" if is_its_own else f"raise the budget of {scope_in_words(scope)}, or wait until others give back",
        "who": ["operator", "tenant_admin"] if is_its_own else ["tenant_admin"],
    }


def failures(history: list[Entry], step: str | None = None) -> list[dict[str, Any]]:
    """Return the failures of a run, or of one step, each with its advice and what was decided."""
    return [
        {
            "seq": seq,
            "step_id": entry.fact.step,
            "attempt": entry.fact.attempt,
            "code": entry.fact.code,
            "message": entry.fact.message,
            "phase": entry.fact.phase,
            "advice": entry.fact.advice,
            "suggestions": entry.fact.suggestions,
            "decided": [{"kind": kind_of(d)} | plain(d) for d in entry.decisions if isinstance(d, _ANSWERS)],
        }
        for seq, entry in enumerate(history, start=1)
        if isinstance(entry.fact, StepFailed) and (step is None or entry.fact.step == step)
    ]
