"""Dead letters: runs that were given up because their workers died with them, what they leave behind, and another chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, QuerySet

from agents.access.operating import refuse_stranger
from agents.tenancy import Principal
from runs import selectors, services
from runs.effects.targets import target_of
from runs.engine.effects import is_repeatable
from runs.engine.events import Pin, RunAccepted
from runs.engine.moves import is_pseudo
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.engine.virtual import state_after
from runs.lineage import REQUEUED
from runs.models import IN_VAIN, Run, RunEvent, RunStatus, Session
from runs.shell.clock import as_datetime
from runs.shell.reading.history import read_history, read_states
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
WORKERS_SHOWN = 5


def list_dead_letters(*, tenant: Tenant) -> QuerySet[Run]:
    """Return a tenant's runs that were given up, newest first."""
    return selectors.list_runs(tenant=tenant, status=RunStatus.DEAD_LETTERED)


def dead_letters_in(tenants: QuerySet[Tenant]) -> QuerySet[Run]:
    """Return the same over several tenants."""
    rows = Run.objects.filter(tenant__in=tenants, status=RunStatus.DEAD_LETTERED)
    return rows.select_related("agent", "tenant").order_by("-created_at", "-pk")


def dead_letters_json(runs: Sequence[Run]) -> list[Json]:
    """Return runs that were given up with what is known of each; their journals are read at once."""
    numbers = [run.pk for run in runs]
    states = read_states(runs)
    workers, requeued = _last_workers(numbers), _requeued_as(numbers)
    return [_letter(run, states[run.pk], workers.get(run.pk, []), requeued.get(run.pk)) for run in runs]


def _letter(run: Run, read: State | Refusal, workers: list[Json], requeued: Run | None) -> Json:
    state = None if isinstance(read, Refusal) else read
    return {
        "run_id": run.public_id,
        "goal": run.goal,
        "agent": run.agent.name,
        "code": run.failure_code or None,
        "summary": run.summary,
        "crash_count": run.crash_count,
        "created_at": instant(run.created_at),
        "given_up_at": instant_or_none(run.finished_at),
        "last_in_flight": None if state is None else _last_in_flight(state),
        "effects": [] if state is None else effects_of(state),
        "journal_readable": state is not None,
        "last_workers": workers,
        "requeued_as": None if requeued is None else {"run_id": requeued.public_id, "status": requeued.status},
    }


def _last_in_flight(state: State) -> Json | None:
    """Return the call that was under way when the last worker died."""
    lost = [(step.attempts[-1], step) for step in state.steps.values() if step.attempts and step.attempts[-1].status == "lost"]
    if not lost:
        return None
    attempt, step = max(lost, key=lambda found: found[0].started_at_ms)
    started = instant(as_datetime(attempt.started_at_ms))
    return {"step_id": step.key, "skill": attempt.skill, "attempt": attempt.attempt, "started_at": started}


def effects_of(state: State) -> list[Json]:
    """Return the effects a second try would make again: those that happened, and those in doubt."""
    return [_effect(step, pin_of(state, step)) for step in state.steps.values() if _has_effect(state, step)]


def _has_effect(state: State, step: StepState) -> bool:
    if is_pseudo(step) or not step.attempts or not state.pins or step.status not in ("in_doubt", "succeeded"):
        return False
    return not is_repeatable(pin_of(state, step).effect)


def _effect(step: StepState, pin: Pin) -> Json:
    return {
        "step_id": step.key,
        "skill": pin.skill,
        "effect": pin.effect,
        "state": "in_doubt" if step.status == "in_doubt" else "happened",
        "target": target_of(step, pin),
        "idempotency_key": step.idempotency_key or None,
    }


def _last_workers(numbers: Iterable[int]) -> dict[int, list[Json]]:
    """Return the sessions that wrote to each run last, the latest first."""
    rows = RunEvent.objects.filter(run_id__in=list(numbers), session_id__isnull=False)
    wrote = rows.values("run_id", "session_id").annotate(last=Max("at_ms")).order_by("run_id", "-last")
    found: dict[int, list[Json]] = {}
    seen = list(wrote)
    sessions = Session.objects.in_bulk({row["session_id"] for row in seen})
    for row in seen:
        number = row["session_id"]
        assert number is not None
        held = found.setdefault(row["run_id"], [])
        if len(held) < WORKERS_SHOWN:
            held.append(_worker(number, sessions.get(number), row["last"]))
    return found


def _worker(number: int, session: Session | None, last_ms: int) -> Json:
    known = {} if session is None else {"host": session.host, "pid": session.pid, "state": session.state}
    return {"session": number, "host": None, "pid": None, "state": None, "last_event_at": instant(as_datetime(last_ms))} | known


def _requeued_as(numbers: Iterable[int]) -> dict[int, Run]:
    children = Run.objects.filter(parent__in=list(numbers), relation=REQUEUED).order_by("pk")
    return {child.parent_id: child for child in children if child.parent_id is not None}


def dead_letter(*, tenant: Tenant, run_id: str) -> Json:
    """Return one run that was given up. Raises Refusal (409) for a run that was not."""
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    _refuse_unless_dead(run)
    return dead_letters_json([run])[0]


def _refuse_unless_dead(run: Run) -> None:
    if run.status != RunStatus.DEAD_LETTERED:
        raise Refusal("INVALID_INPUT", f"the run is {run.status}; only one that was given up can be queued again", status=409)


def requeue(
    *,
    principal: Principal,
    run_id: str,
    reason: str,
    accept_doubt: bool = False,
    idempotency_key: str | None = None,
    fingerprint: str = "",
) -> tuple[Run, bool]:
    """Start a run that was given up once more, as a child with its plan, inputs and limit; return it and whether it is new.

    Asked again, it answers the first child, unless that one ended in vain. Raises Refusal (409) naming every effect the child
    would make again, because it happened or may have, unless the caller accepts that.
    """
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        refuse_stranger(principal, run.agent)
        _refuse_unless_dead(run)
        before = _requeued_as([run.pk]).get(run.pk)
        if before is not None and before.status not in IN_VAIN:
            return selectors.get_run(tenant=principal.tenant, run_id=before.public_id), False
        entries = read_history(run)
        state, accepted = state_after(entry.fact for entry in entries), entries[0].fact
        assert isinstance(accepted, RunAccepted)
        if not accept_doubt:
            _refuse_doubtful(run, state)
        child, created = services.submit(
            principal=principal,
            agent_ref=run.agent.public_id,
            goal=run.goal,
            plan=state.plan,
            inputs=accepted.inputs,
            budget_micro_usd=run.limit_micro_usd,
            priority=run.priority,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
            trace_id=run.trace_id or None,
            parent=run,
            relation=REQUEUED,
            because=reason,
        )
    return child, created


def _refuse_doubtful(run: Run, state: State) -> None:
    found = effects_of(state)
    if not found:
        return
    errors = [{"pointer": "/accept_doubt", "code": effect["state"].upper(), "detail": _said(effect)} for effect in found]
    doubted = [effect["step_id"] for effect in found if effect["state"] == "in_doubt"]
    if doubted:
        said = f"whether {', '.join(doubted)} happened is in doubt, and the run would do it again: find that out first"
    else:
        said = f"{', '.join(effect['step_id'] for effect in found)} happened, and the run would do it again"
    suggestions = [
        "Look at the target, by the idempotency key where it keeps one. Then requeue with accept_doubt, or make a run of what is left."
    ]
    raise Refusal("OUTCOME_UNKNOWN", said, status=409, errors=errors, suggestions=suggestions, run_id=run.public_id)


def _said(effect: Json) -> str:
    happened = "may have happened" if effect["state"] == "in_doubt" else "happened"
    where = f" ({effect['target']})" if effect["target"] else ""
    key = f", key {effect['idempotency_key']}" if effect["idempotency_key"] else ""
    return f"{effect['step_id']}: {effect['skill']}{where} {happened}{key}"
