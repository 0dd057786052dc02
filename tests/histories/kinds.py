"""The kinds of runs whose histories are kept: how each is asked for, and what is done to it while a worker drives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings

from agents import freezes
from runs import services
from runs.again import Wanted
from runs.faults.contracts import Fault
from runs.models import Run
from tests.integration.workshop import Workshop, chain, now, over, parked, started, step, step_of, wait_for

NOWHERE = "/dev/null"


class Kind(NamedTuple):
    """What it shows, how it is submitted, and what somebody does about it then; nothing by default."""

    words: str
    submit: Callable[[Workshop], Run]
    act: Callable[[Workshop, Run], Run | None] = lambda workshop, run: None


def _steps(*steps: dict[str, Any], **options: Any) -> Callable[[Workshop], Run]:
    return lambda workshop: workshop.submit(*steps, **options)


def _decides(step_id: str, waiting: str, verdict: str, **more: Any) -> Callable[[Workshop, Run], None]:
    def act(workshop: Workshop, run: Run) -> None:
        parked(run, waiting)
        hashed = {"action_hash": step_of(run, step_id)["action_hash"]} if waiting == "approval" else {}
        workshop.decide(run, step_id, verdict, **hashed, **more)

    return act


def _topped_up(workshop: Workshop, run: Run) -> None:
    parked(run, "budget")
    services.top_up_run(principal=workshop.alice, run_id=run.public_id, amount_micro_usd=100)


def _cancelled(workshop: Workshop, run: Run) -> None:
    wait_for(lambda: now(run).status == "running" or now(run).last_seq > 2, "a start")
    services.cancel_run(principal=workshop.alice, run_id=run.public_id, reason="not needed any more")


def _paused(workshop: Workshop, run: Run) -> None:
    started(run, "one")
    services.pause_run(principal=workshop.alice, run_id=run.public_id)
    parked(run, "paused")
    services.resume_run(principal=workshop.alice, run_id=run.public_id)


def _frozen(workshop: Workshop, run: Run) -> None:
    started(run, "one")
    found, _ = freezes.freeze(tenant=workshop.tenant, kind="skill", key="append_line", reason="it misbehaves", by="bob")
    parked(run, "paused")
    freezes.lift(found, reason="mended again", by="bob")


def _poisoned(workshop: Workshop) -> Run:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(crash_count=settings.MAX_CRASHES + 1)
    return run


def _with_fault(kind: str, **more: Any) -> Callable[[Workshop], Run]:
    def submit(workshop: Workshop) -> Run:
        workshop.tenant.allow_faults = True
        workshop.tenant.save(update_fields=["allow_faults"])
        faults = [Fault(kind=kind, step="b", **more)]
        return workshop.submit(*chain(step("a", "say", said=1), step("b", "sleepy", ms=20), step("c", "say", said=3)), faults=faults)

    return submit


def _rerun(workshop: Workshop, run: Run) -> Run:
    over(run)
    mended = {"b": {"code": "NOT_FOUND", "until_attempt": 1}}
    again, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(from_step="b", params=mended))
    return again


def _called(workshop: Workshop, run: Run) -> Run:
    child = workshop.submit(step("called", "costly", worst=40, cost=30), called_by=run.public_id)
    over(child)
    return child


COSTLY = chain(*(step(f"s{n}", "costly", worst=40, cost=40) for n in range(3)))
WRITES = step("write", "append_line", witness=NOWHERE, approval="always")
DOUBT = step("pay", "fails", code="TIMEOUT", effect="write", phase="maybe_sent", until_attempt=2)
LOOP = [step("list", "say", said=[1, 2, 3]), step("each", "say", "list", said="${item}", for_each="${steps.list.result.said}")]

KINDS: dict[str, Kind] = {
    "plain": Kind("Five steps, each after the other.", _steps(*chain(*(step(f"s{n}", "say", said=n) for n in range(5))))),
    "parallel": Kind(
        "Steps that wait for nobody.", _steps(*(step(f"p{n}", "sleepy", ms=5 * (5 - n)) for n in range(5)), step("end", "say", "p0", "p4"))
    ),
    "retried": Kind(
        "Fails twice, is tried again with back-off, works.",
        _steps(step("try", "fails", code="TIMEOUT", until_attempt=3, retry={"max_attempts": 4, "backoff_ms": 20})),
    ),
    "retried_by_advice": Kind(
        "Tried again as the catalog advises.", _steps(step("try", "fails", code="CONNECTION_RESET", until_attempt=2))
    ),
    "given_up": Kind(
        "Fails as often as it may, then for good.",
        _steps(step("try", "fails", code="HTTP_5XX", retry={"max_attempts": 2, "backoff_ms": 10}), step("after", "say", "try")),
    ),
    "fallback": Kind(
        "Falls back to another skill.",
        _steps(step("try", "fails", code="NOT_FOUND", on_error="fallback", fallback_skill="say", fallback_params={"said": "instead"})),
    ),
    "partial": Kind(
        "Goes on without a step that failed.", _steps(step("try", "fails", code="NOT_FOUND", on_error="continue"), step("on", "say"))
    ),
    "skipped": Kind(
        "Leaves out a step whose condition does not hold.",
        _steps(
            step("a", "say", said=1), step("b", "say", "a", condition="steps.a.result.said == 2", said=2), step("c", "say", "a", said=3)
        ),
    ),
    "for_each": Kind("Takes each item of a list.", _steps(*LOOP)),
    "approved": Kind(
        "Waits for an approval and gets it.", _steps(WRITES, step("after", "say", "write")), _decides("write", "approval", "approve")
    ),
    "rejected": Kind(
        "Waits for an approval and is refused.",
        _steps(WRITES),
        _decides("write", "approval", "reject", reason="not today, ask again tomorrow"),
    ),
    "answered": Kind(
        "Asks a question, and works with the answer.",
        _steps(step("ask", "asks", question="Which?"), step("use", "say", "ask", said="${steps.ask.result.which}")),
        _decides("ask", "input", "answer", value={"which": "this"}),
    ),
    "escalated": Kind(
        "Asks a person about a failure, who has it tried again.",
        _steps(step("try", "fails", code="NOT_FOUND", until_attempt=2, on_error="escalate")),
        _decides("try", "input", "retry"),
    ),
    "topped_up": Kind("Uses up its budget, waits, and finishes after a top-up.", _steps(*COSTLY, budget_micro_usd=100), _topped_up),
    "overrun": Kind("Costs more than its worst case.", _steps(step("dear", "costly", worst=10, cost=25), budget_micro_usd=20)),
    "cancelled": Kind(
        "Is cancelled while a call is under way.", _steps(step("slow", "sleepy", ms=2_000), step("after", "say", "slow")), _cancelled
    ),
    "paused": Kind("Is paused and resumed.", _steps(*chain(step("one", "sleepy", ms=400), step("two", "say"))), _paused),
    "held_back": Kind(
        "Is held back by a freeze before its second call, until that is lifted.",
        _steps(*chain(step("one", "sleepy", ms=600), step("two", "append_line", witness=NOWHERE))),
        _frozen,
    ),
    "deadline": Kind("Does not finish in time.", _steps(step("slow", "hangs", timeout_ms=60_000), deadline_ms=200)),
    "in_doubt_happened": Kind(
        "An effect in doubt did happen, a person says.",
        _steps(DOUBT, step("after", "say", "pay", said=1)),
        _decides("pay", "in_doubt", "happened", value={"said": "paid"}, reason="it is in the books"),
    ),
    "in_doubt_again": Kind(
        "An effect in doubt did not happen, and is done again.",
        _steps(DOUBT, step("after", "say", "pay", said=1)),
        _decides("pay", "in_doubt", "did_not_happen", reason="it is not in the books"),
    ),
    "lost_lease": Kind("Loses its lease during a call; another session takes it over.", _with_fault("lost_lease")),
    "told_twice": Kind("Hears of an outcome twice.", _with_fault("duplicate_delivery")),
    "timed_out": Kind("A call gives no result in time, on purpose.", _with_fault("timeout", after_ms=20)),
    "poisoned": Kind("Killed its workers too often, and is given up.", _poisoned),
    "called": Kind(
        "Was called by another run, whose money it spends.", _steps(step("wait", "sleepy", ms=1_500), budget_micro_usd=200), _called
    ),
    "rerun": Kind(
        "Does a run again from its second step, keeping the first result.",
        _steps(*chain(step("a", "say", said=1), step("b", "fails", code="NOT_FOUND"), step("c", "say", said=3))),
        _rerun,
    ),
}


def played(workshop: Workshop, kinds: dict[str, Kind], times: int = 1) -> dict[str, list[Run]]:
    """Submit so many runs of each kind and see them to their end, while a worker drives; return those the kind is about."""
    asked = [(name, kind.submit(workshop)) for _ in range(times) for name, kind in kinds.items()]
    found: dict[str, list[Run]] = {name: [] for name in kinds}
    for name, run in asked:
        found[name].append(kinds[name].act(workshop, run) or run)
    return {name: [over(run) for run in runs] for name, runs in found.items()}
