"""Effects in doubt: which there are, what is known of each, and what a person says became of it.

A verdict is a fact in the journal like any other; what follows from it, the machine decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, QuerySet

from agents.plan.references import UnresolvedReference, references_in, references_of
from agents.tenancy import Principal, not_found
from runs import selectors, services
from runs.effects.targets import target_of
from runs.engine.decisions import HoldDoubt, StartStep
from runs.engine.events import ProbeAnswered, StepFailed, StepInterrupted, VerdictGiven
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.engine.virtual import Entry, state_after
from runs.models import Run, RunStatus, StepSummary
from runs.shell.clock import as_datetime
from runs.shell.reading.history import read_history
from skills.instants import instant
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
VERDICTS = ("happened", "did_not_happen", "probe_again")


def list_doubts(*, tenant: Tenant) -> QuerySet[StepSummary]:
    """Return a tenant's steps in doubt that wait for a verdict, those of the newest runs first."""
    return doubts_in([tenant])


def doubts_in(tenants: Sequence[Tenant] | QuerySet[Tenant]) -> QuerySet[StepSummary]:
    """Return the same over several tenants."""
    rows = StepSummary.objects.filter(run__tenant__in=tenants, run__status=RunStatus.WAITING, status="in_doubt")
    return rows.select_related("run__agent", "run__tenant").annotate(created_at=F("run__created_at"))


def tenant_of(run_id: str, tenants: QuerySet[Tenant]) -> Tenant | None:
    """Return which of these tenants a run belongs to, None where it is none of theirs."""
    return tenants.filter(pk__in=Run.objects.filter(public_id=run_id).values("tenant_id")).first()


def doubt_json(row: StepSummary) -> Json:
    """Return a step in doubt as lists show it, from its rows alone."""
    return {
        "run_id": row.run.public_id,
        "step_id": row.key,
        "skill": row.skill,
        "version": row.skill_version,
        "agent": row.run.agent.name,
        "attempts": row.attempts,
        "failure_code": row.failure_code or None,
        "started_at": _when(row.started_at_ms),
        "run_created_at": instant(row.run.created_at),
        "run_waiting_for": row.run.waiting_for,
    }


def _when(at_ms: int | None) -> str | None:
    return None if at_ms is None else instant(as_datetime(at_ms))


# What is known


def evidence(*, tenant: Tenant, run_id: str, step_id: str) -> Json:
    """Return what is known of an effect that is in doubt, or was. Raises Refusal NOT_FOUND for one that never was."""
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    return _Evidence(run, read_history(run), step_id).told()


class _Evidence:
    """What a journal says about one step in doubt."""

    def __init__(self, run: Run, entries: list[Entry], step_id: str) -> None:
        self.run, self.entries, self.step_id = run, entries, step_id
        self.state: State = state_after(entry.fact for entry in entries)
        step = self.state.steps.get(step_id)
        held = [entry.fact.at_ms for entry, decision in self._decisions() if isinstance(decision, HoldDoubt)]
        if step is None or not held:
            raise not_found("effect in doubt")
        self.step: StepState = step
        self.since_ms = held[-1]

    def _decisions(self) -> list[tuple[Entry, Any]]:
        return [(entry, decision) for entry in self.entries for decision in entry.decisions if decision.step == self.step_id]

    def facts(self, *kinds: type) -> list[Any]:
        return [entry.fact for entry in self.entries if isinstance(entry.fact, kinds) and getattr(entry.fact, "step", "") == self.step_id]

    def told(self) -> Json:
        pin = pin_of(self.state, self.step)
        in_doubt = self.step.status == "in_doubt"
        return {
            "run_id": self.run.public_id,
            "step_id": self.step_id,
            "status": "in_doubt" if in_doubt else "settled",
            "run_status": self.run.status,
            "since": _when(self.since_ms),
            "agent": self.run.agent.name,
            "skill": pin.skill,
            "version": pin.version,
            "effect": pin.effect,
            "why": self._why(),
            "sent": self._sent(),
            "failure": self._failure(),
            "probe": {"possible": pin.probe, "how": self._how_to_probe(), "answers": self._answers()},
            "verdicts": self._verdicts(),
            "choices": choices(self.state, self.step) if in_doubt and not self.state.finished else {},
        }

    def _last_call(self) -> tuple[int, StartStep]:
        """Return when and how the call in doubt was started."""
        started = [(entry.fact.at_ms, decision) for entry, decision in self._decisions() if isinstance(decision, StartStep)]
        return next(each for each in reversed(started) if each[0] <= self.since_ms)

    def _ending(self) -> StepFailed | StepInterrupted | None:
        """Return how the call ended, None where nobody lived to tell."""
        ended = self.facts(StepFailed, StepInterrupted)
        return next((fact for fact in reversed(ended) if fact.attempt == self._last_call()[1].attempt), None)

    def _sent(self) -> Json:
        at_ms, call = self._last_call()
        ending = self._ending()
        effects = ending.side_effects if isinstance(ending, StepFailed) else []
        return {
            "attempt": call.attempt,
            "at": _when(at_ms),
            "ended_at": None if ending is None else _when(ending.at_ms),
            "timeout_ms": call.timeout_ms,
            "phase": "maybe_sent" if ending is None else ending.phase,
            "target": target_of(self.step, pin_of(self.state, self.step)),
            "idempotency_key": call.idempotency_key or self.step.idempotency_key or None,
            # How many bytes the other side acknowledged, no library tells; its own name for the call came with no answer.
            "bytes_acknowledged": None,
            "provider_reference": (ending.details or {}).get("provider") if isinstance(ending, StepFailed) else None,
            "side_effects": effects,
        }

    def _failure(self) -> Json | None:
        ending = self._ending()
        if not isinstance(ending, StepFailed):
            return None
        return {"code": ending.code, "message": ending.message, "upstream_status": (ending.details or {}).get("upstream_status")}

    def _why(self) -> str:
        ending = self._ending()
        if ending is None:
            return "The worker that made the call was lost before it could report what came of it."
        if isinstance(ending, StepInterrupted):
            return "The call was called back by its worker; the request may have left before."
        return f"The call ended with {ending.code}; the request may have left before, and no answer came."

    def _how_to_probe(self) -> str | None:
        pin = pin_of(self.state, self.step)
        skill = registry.resolve(pin.skill, pin.version)
        return skill.probe_description if skill is not None and pin.probe else None

    def _answers(self) -> list[Json]:
        return [{"at": _when(fact.at_ms), "attempt": fact.attempt, "answer": fact.answer} for fact in self.facts(ProbeAnswered)]

    def _verdicts(self) -> list[Json]:
        return [
            {"at": _when(fact.at_ms), "verdict": fact.verdict, "by": fact.by, "reason": fact.reason} for fact in self.facts(VerdictGiven)
        ]


def choices(state: State, step: StepState) -> dict[str, str]:
    """Say what each verdict leads to. `probe_again` is there only where the call says how to find out."""
    waiting = [key for key in state.dependents.get(step.node, ()) if key in state.steps]
    reading = [key for key in waiting if _reads(state, key, step.node)]
    goes_on = f"{', '.join(waiting)} can go on" if waiting else "nothing else waits for it"
    needs = f"; {', '.join(reading)} will read the result you give" if reading else ""
    found = {
        "happened": f"The step counts as done and is not made again; {goes_on}{needs}.",
        "did_not_happen": (
            f"The call is made again, as attempt {step.attempt + 1}, with the same idempotency key. "
            "If it happened after all, it will have happened twice, unless the other side honours the key."
        ),
    }
    if pin_of(state, step).probe:
        found["probe_again"] = "The skill looks once more. Finding out nothing, it comes back here."
    return found


def _reads(state: State, key: str, node: str) -> bool:
    for _, text in references_of(state.nodes[key].params):
        try:
            if any(reference.step_id == node for reference in references_in(text)):
                return True
        except UnresolvedReference:
            continue
    return False


# What a person says


def give_verdict(*, principal: Principal, run_id: str, step_id: str, verdict: str, reason: str, result: Any = None) -> Json:
    """Take down what a person says became of an effect in doubt. The second to decide is told who was first (409)."""
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        found = _Evidence(run, read_history(run), step_id)
        if found.step.status != "in_doubt":
            raise _settled(found)
        leads_to = choices(found.state, found.step)
        if verdict not in leads_to:
            said = "the call says not how to find out, so it cannot be probed"
            raise Refusal("INVALID_INPUT", said, status=409, errors=[_fault("/verdict", said)], run_id=run_id)
        if result is not None and verdict != "happened":
            said = "a result is given only with what happened"
            raise Refusal("INVALID_INPUT", said, status=422, errors=[_fault("/result", said)], run_id=run_id)
        services.decide_step(principal=principal, run_id=run_id, step_id=step_id, verdict=verdict, value=result, reason=reason)
    return {"run_id": run_id, "step_id": step_id, "verdict": verdict, "by": principal.name, "leads_to": leads_to[verdict]}


def _settled(found: _Evidence) -> Refusal:
    given = [fact for fact in found.facts(VerdictGiven) if fact.verdict != "probe_again"]
    if given:
        last = given[-1]
        said = f"already decided by {last.by}: {last.verdict.replace('_', ' ')}, at {_when(last.at_ms)}"
    else:
        said = f"{found.step_id} is in doubt no more: {found.step.why or found.step.status}"
    return Refusal("INVALID_INPUT", said, status=409, run_id=found.run.public_id)


def _fault(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}
