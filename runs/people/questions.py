"""Questions that wait for somebody's answer: a step that asks one, a failure somebody must say what to do about. And the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet

from agents.tenancy import Principal, not_found
from runs import selectors
from runs.engine.events import AnswerGiven
from runs.engine.outcomes import FORMS
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.models import Run, RunStatus, Signal, StepSummary
from runs.people.answer_forms import checked_answer
from runs.people.deciding import decide_step
from runs.people.waiting_steps import read_steps
from runs.shell.clock import as_datetime
from runs.shell.codec import decode_fact
from runs.shell.reading.history import read_state
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

ASKING = ("input", *FORMS)
"""What a step waits for that asks a question: `input` is the plan's own, the others are about a failure."""

_MAY_HIDE_ONE = ("input", "approval", "in_doubt", "paused")
"""What a run is said to wait for, of several things; a question is among them or stands behind the other three."""


def questions_in(tenants: Sequence[Tenant] | QuerySet[Tenant]) -> QuerySet[StepSummary]:
    """Return the steps of these tenants that may wait for an answer: which really do, `questions_json` says."""
    runs = Run.objects.filter(tenant__in=tenants, status=RunStatus.WAITING, waiting_for__in=_MAY_HIDE_ONE)
    rows = StepSummary.objects.filter(run__in=runs, status="waiting")
    return rows.select_related("run__agent", "run__tenant").annotate(created_at=F("run__created_at"))


def questions_json(rows: Sequence[StepSummary]) -> tuple[list[Json], list[Json]]:
    """Return those of these steps that ask something, and what is known of the runs whose journals cannot be read."""
    found = read_steps(rows)
    return [_told(run, state, step) for run, state, step in found.steps if _is_open(state, step)], found.unreadable


def question_json(*, tenant: Tenant, run_id: str, step_id: str) -> Json:
    """Return what a step asks. Raises Refusal NOT_FOUND for one that asks nothing, or does no longer."""
    run, state, step = _found(tenant, run_id, step_id)
    return _told(run, state, step)


def params_of(*, tenant: Tenant, run_id: str, step_id: str) -> Json:
    """Return what a step that failed was called with, to be changed by who answers. Raises Refusal as `question_json` does."""
    params = _found(tenant, run_id, step_id)[2].params
    return params if isinstance(params, dict) else {}


def answer(*, principal: Principal, run_id: str, step_id: str, value: Any) -> Json:
    """Answer a question: once, and by its form. What is to become of a failure is an answer too: `{"action": "retry"}`."""
    told = question_json(tenant=principal.tenant, run_id=run_id, step_id=step_id)
    if told["waits_for"] == "input":
        return decide_step(principal=principal, run_id=run_id, step_id=step_id, verdict="answer", value=value)
    given = checked_answer(told["form"], value)
    what, params = given["action"], given.get("params")
    more = {"params": params} if what == "modify" else None
    return decide_step(principal=principal, run_id=run_id, step_id=step_id, verdict=what, value=more)


def is_answered(*, tenant: Tenant, run_id: str, step_id: str) -> str:
    """Return who gave an answer that is on its way into the journal, which does not know it yet; "" for nobody."""
    given = Signal.objects.filter(run__tenant=tenant, run__public_id=run_id, consumed_seq__isnull=True)
    facts = ((decode_fact(data), actor) for data, actor in given.values_list("data", "actor"))
    return next((actor for fact, actor in facts if isinstance(fact, AnswerGiven) and fact.step == step_id), "")


def _found(tenant: Tenant, run_id: str, step_id: str) -> tuple[Run, State, StepState]:
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    state = read_state(run)
    step = state.steps.get(step_id)
    if step is None or not _is_open(state, step):
        raise not_found("question")
    return run, state, step


def _is_open(state: State, step: StepState) -> bool:
    return step.status == "waiting" and step.reason in ASKING and not state.finished


def _told(run: Run, state: State, step: StepState) -> Json:
    pin, params = pin_of(state, step), step.params if isinstance(step.params, dict) else {}
    # Between now and its end it may be told to others, which is what it is due for first. Of a failure that end is of an approval before.
    ends = step.expires_at_ms if step.reason == "input" and step.expires_at_ms is not None else step.due_at_ms
    failure = step.failure if step.reason in FORMS else None
    if failure is None:
        question, form = str(params.get("question", "")), params.get("form") or {}
    else:
        question, form = f"{step.key} failed: {failure.code}. {failure.message}".strip(), FORMS[step.reason]
    return {
        "run_id": run.public_id,
        "step_id": step.key,
        "agent": run.agent.name,
        "goal": run.goal,
        "requested_by": run.created_by,
        "skill": pin.skill,
        "version": pin.version,
        "waits_for": step.reason,
        "question": question,
        "form": form,
        "failure_code": "" if failure is None else failure.code,
        "expires_at": None if ends is None else instant(as_datetime(ends)),
        "run_created_at": instant(run.created_at),
    }
