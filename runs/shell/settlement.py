"""What is written beside a journal's events, in their transaction: failure matches, what became of them, the outbox, the inbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import connection

from catalog.services import MatchRow, record_matches, recovered_by, resolve_matches
from catalog.signature import grouped_by
from runs import lineage
from runs.engine.decisions import Abort, Continue, Decision, Escalate, Fallback, Finish, HoldDoubt, Ignore, Lost, NoRetry, Restore, Retry
from runs.engine.events import PLAN, AnswerGiven, Fact, PlanRejected, ProbeAnswered, StepFailed, StepSucceeded, VerdictGiven
from runs.engine.state import State
from runs.shell.claims import Claimed
from runs.shell.clock import as_datetime
from skills.taxonomy import RETRY_MODES, RecoveryMode, spec_of

Advise = Callable[[str, str, str], dict[str, Any]]
"""What the catalog says about (skill, code, message)."""

LOST = "the worker was lost during the call"

_ANSWERS_TO_FAILURE = (Retry, Restore, Fallback, Continue, Escalate, Abort, HoldDoubt, NoRetry)


class _Failed(NamedTuple):
    """A failure as an event reports it, before the catalog is asked about those that bring no advice along."""

    step: str
    attempt: int
    code: str
    message: str
    decision: str
    advice: dict[str, Any] | None = None
    target: str = ""
    phase: str = ""
    cost_micro_usd: int = 0


def matches_of(run: Claimed, seq: int, fact: Fact, decisions: tuple[Decision, ...], state: State, advise: Advise) -> list[MatchRow]:
    """Return the failures an event reports, each once: failed calls, lost calls, refused plans, and an end that no step failed into.

    A failed call brings its advice along; about the others the catalog is asked here, so that none goes unmatched.
    """
    return [_match(run, seq, state, advise, found) for found in _failures(fact, decisions, state)]


def _failures(fact: Fact, decisions: tuple[Decision, ...], state: State) -> Iterator[_Failed]:
    if any(isinstance(decision, Ignore) for decision in decisions):
        return  # told late or twice
    if isinstance(fact, StepFailed):
        yield _Failed(
            fact.step,
            fact.attempt,
            fact.code,
            fact.message,
            _answer(decisions, fact.step),
            fact.advice,
            target_of(fact),
            fact.phase,
            fact.cost_micro_usd,
        )
    elif isinstance(fact, PlanRejected):
        words = "; ".join(f"{fault['pointer'] or '/'}: {fault['detail']}" for fault in fact.faults[:3])
        decided = "retry" if any(isinstance(d, Retry) for d in decisions) else "deny"
        # Where the repair is used up, the refusal that follows reports the failure.
        if decided == "retry" or state.stopping:
            yield _Failed(PLAN, fact.attempt, "PLAN_INVALID", words, decided, phase="acked", cost_micro_usd=fact.cost_micro_usd)
    for decision in decisions:
        if isinstance(decision, Lost):
            cost = int(decision.because.get("settled_micro_usd", 0))
            yield _Failed(decision.step, decision.attempt, "LEASE_LOST", LOST, "lost", phase="maybe_sent", cost_micro_usd=cost)
        elif isinstance(decision, HoldDoubt) and not isinstance(fact, StepFailed):
            yield _Failed(decision.step, decision.attempt, "OUTCOME_UNKNOWN", LOST, "hold_doubt", phase="maybe_sent")
        elif isinstance(decision, Finish) and decision.rule in ("stopped", "poisoned") and _is_news(decision, state):
            yield _Failed("", 0, decision.code, decision.message, decision.status)


def target_of(fact: StepFailed) -> str:
    """Return where a failed call went, as far as it says."""
    return fact.details.get("target") or (fact.side_effects[-1].get("target", "") if fact.side_effects else "")


def _is_news(finish: Finish, state: State) -> bool:
    """Tell whether the run ended by a failure that is no step's."""
    return all(step.failure is None or step.failure.code != finish.code for step in state.steps.values())


def _answer(decisions: tuple[Decision, ...], step: str) -> str:
    found = next((d for d in decisions if isinstance(d, _ANSWERS_TO_FAILURE) and d.step == step and not isinstance(d, NoRetry)), None)
    return str(found.__struct_config__.tag) if found else "none"


def _match(run: Claimed, seq: int, state: State, advise: Advise, failed: _Failed) -> MatchRow:
    step = state.steps.get(failed.step)
    # By its number: the same turn may have begun the next one, of another skill.
    skill = next((each.skill for each in step.attempts if each.attempt == failed.attempt), "") if step else ""
    pin = (
        next((p for p in (state.pins.get(step.node), state.pins.get(f"{step.node}!fallback")) if p and p.skill == skill), None)
        if step
        else None
    )
    said = failed.advice or advise(skill, failed.code, failed.message)
    grouped = grouped_by(skill=skill, code=failed.code, target=failed.target, message=failed.message)
    return MatchRow(
        tenant_id=run.tenant_id,
        run_id=run.id,
        run_public_id=run.public_id,
        agent_id=run.agent_id,
        seq=seq,
        step_id=failed.step,
        attempt=failed.attempt,
        skill=skill,
        skill_version=pin.version if pin else "",
        code=failed.code,
        category=str(spec_of(failed.code).category),
        message=failed.message,
        host=grouped["host"],
        cause=grouped["cause"],
        effect=pin.effect if pin else "",
        phase=failed.phase,
        cost_micro_usd=failed.cost_micro_usd,
        signature=said["signature"],
        match_type=said["match_type"],
        entry_id=said["entry"],
        confidence=said["confidence"],
        decision=failed.decision,
        mode=_mode_of(failed.decision, said["mode"]),
        candidate=said.get("candidate"),
        shadow_mode=said.get("shadow_mode") or "",
        injected=bool(state.means.get("faults")),
    )


def _mode_of(decision: str, advised: str) -> str:
    """Return the recovery mode a decision comes to, which is not always the advised one: the step's own word goes first."""
    if decision == "retry":
        return advised if advised in RETRY_MODES else RecoveryMode.RETRY_EXPONENTIAL
    if decision == "escalate" and advised == RecoveryMode.MANUAL_INTERVENTION:
        return advised
    return _MODES.get(decision, advised)


_MODES: dict[str, str] = {
    "restore": RecoveryMode.CHECKPOINT_RESTORE,
    "fallback": RecoveryMode.FALLBACK,
    "continue": RecoveryMode.SKIP,
    "escalate": RecoveryMode.ESCALATE,
    "abort": RecoveryMode.ABORT,
}


def write_matches(rows: list[MatchRow]) -> None:
    record_matches(rows)


def resolve_step(run_id: int, step: str, succeeded: bool, at_ms: int) -> None:
    """Write back to a step's failures whether what was tried against them worked."""
    resolve_matches(run_id, step, succeeded, as_datetime(at_ms))


def resolved_steps(fact: Fact, state: State) -> list[tuple[str, bool]]:
    """Return the steps an event ended that had failed before, or were lost, and whether they came through."""
    if not isinstance(fact, StepSucceeded | StepFailed | VerdictGiven | ProbeAnswered | AnswerGiven):
        return []
    step = state.steps.get(fact.step)
    if step is None or step.finished_at_ms is None:
        return []
    troubled = step.failure is not None or any(attempt.status == "lost" for attempt in step.attempts)
    return [(step.key, step.status == "succeeded")] if troubled else []


def recoveries_of(run: Claimed, state: State) -> list[Callable[[], None]]:
    """Return what an ended run has to write back to the one it did again, and to that one's own."""
    if "again_of" not in state.means:
        return []
    ended = {key: step.status == "succeeded" for key, step in state.steps.items() if step.status in ("succeeded", "failed")}
    return [partial(_write_back, run, ended | {"": state.status == "succeeded"}, as_datetime(state.now_ms))]


def _write_back(run: Claimed, ended: dict[str, bool], at: datetime) -> None:
    for earlier in lineage.done_again_by(run.id):
        recovered_by(earlier, ended, run.public_id, at)


def requeue_if_signalled(run_id: int) -> None:
    """Queue a run again that parks while a signal for it came in.

    The signal's transaction locks the run row before it inserts, so it is either seen here or sees the parked row.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_run SET status = 'queued' WHERE id = %s AND status = 'waiting'"
            " AND EXISTS (SELECT 1 FROM runs_signal WHERE run_id = %s AND consumed_seq IS NULL)",
            (run_id, run_id),
        )


def consume_signal(signal_id: int, seq: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE runs_signal SET consumed_seq = %s WHERE id = %s", (seq, signal_id))
