"""A worker in this process for tests of the shell: submit, let a drain work, look at rows and journal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection

from agents.models import Agent, LedgerEntry, LedgerScope, Tenant
from agents.tenancy import SCOPES, Principal
from catalog.models import FailureMatch
from runs import selectors, services
from runs.models import Charge, Outbox, Run, RunEvent, Session, StepSummary
from runs.shell.drain import drain
from runs.shell.journal import Entry, Row
from runs.shell.store import RunRow

WAIT_SECONDS = 40.0


def step(step_id: str, skill: str, *needs: str, **more: Any) -> dict[str, Any]:
    """Return a plan's step; what is no field of a step is a parameter of its skill."""
    fields = {"condition", "for_each", "on_error", "retry", "timeout_ms", "approval", "output_key", "fallback_skill", "fallback_params"}
    params = {name: value for name, value in more.items() if name not in fields}
    own = {name: value for name, value in more.items() if name in fields}
    return {"step_id": step_id, "skill": skill, "params": params, "depends_on": list(needs), **own}


def chain(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps so that each waits for the one before it."""
    return [{**each, "depends_on": [steps[place - 1]["step_id"]] if place else []} for place, each in enumerate(steps)]


def wait_for(holds: Callable[[], Any], what: str = "what the test waits for", seconds: float = WAIT_SECONDS) -> Any:
    """Return the first true answer; fail after a time that only a defect takes."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.01)
    return found


@contextmanager
def a_worker() -> Iterator[Callable[[], None]]:
    """Let a drain work on a thread of its own while the block lasts; yields what tells it to stop and waits for it."""
    stop = threading.Event()
    thread = threading.Thread(target=drain, args=(stop.is_set,), name="test-drain")
    thread.start()

    def leave() -> None:
        stop.set()
        thread.join(30)
        assert not thread.is_alive(), "the drain did not leave"

    try:
        yield leave
    finally:
        leave()


SAID_WHY = "looked into it first"


@dataclass(frozen=True)
class Workshop:
    """A tenant with one agent, who asks for runs and who decides about them."""

    tenant: Tenant
    agent: Agent
    alice: Principal
    bob: Principal

    def submit(self, *steps: dict[str, Any], agent: Agent | None = None, **options: Any) -> Run:
        """Submit a plan of these steps, or the goal among the options."""
        plan = {"plan": {"steps": list(steps)}} if steps else {}
        run, _ = services.submit(principal=self.alice, agent_ref=(agent or self.agent).public_id, **plan, **options)
        return run

    def decide(self, run: Run, step_id: str, verdict: str, **more: Any) -> None:
        """Say what becomes of a step that waits, and why, as somebody else than who asked."""
        word = {"step_id": step_id, "verdict": verdict, "reason": SAID_WHY, **more}
        services.decide_step(principal=self.bob, run_id=run.public_id, **word)

    def replay(self, run: Run, mode: str) -> dict[str, Any]:
        return services.replay_run(principal=self.alice, run_id=run.public_id, mode=mode)


def as_person(tenant: Tenant, name: str) -> Principal:
    return Principal(tenant=tenant, name=name, scopes=frozenset(SCOPES))


def now(run: Run) -> Run:
    """Return the run as its row is now."""
    return Run.objects.select_related("agent", "parent", "tenant").get(pk=run.pk)


def over(run: Run) -> Run:
    """Wait until a run has ended; return it."""
    wait_for(lambda: now(run).is_terminal, f"the end of {run.public_id} ({now(run).status} {now(run).waiting_for})")
    return now(run)


def driven(workshop: Workshop, *steps: dict[str, Any], **options: Any) -> Run:
    """Submit and let a worker drive the run to its end; return it whole."""
    run = workshop.submit(*steps, **options)
    with a_worker():
        run = over(run)
    assert_is_whole(workshop, run)
    return run


def parked(run: Run, waiting_for: str) -> Run:
    """Wait until a run is parked for this reason; return it."""
    wait_for(lambda: (now(run).status, now(run).waiting_for) == ("waiting", waiting_for), f"waiting({waiting_for})")
    return now(run)


def started(run: Run, step_id: str, attempt: int = 1) -> None:
    """Wait until the journal says that a call was started."""

    def has_started() -> bool:
        return any(d["kind"] == "start" and d.get("attempt", 1) == attempt for d in decisions(run, step_id))

    wait_for(has_started, f"the start of {step_id}")


def trace(run: Run) -> dict[str, Any]:
    return selectors.trace_json(tenant=run.tenant, run_id=run.public_id)


def step_of(run: Run, step_id: str) -> dict[str, Any]:
    """Return a step of the trace."""
    return next(found for found in trace(run)["steps"] if found["step_id"] == step_id)


def kinds(run: Run) -> list[str]:
    return list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values_list("kind", flat=True))


def decisions(run: Run, step_id: str | None = None) -> list[dict[str, Any]]:
    """Return the decisions of a run, or of one of its steps, in order, as plain values."""
    found = trace(run)["decisions"]
    return [{**d, **d["detail"]} for d in found if step_id is None or d["step_id"] == step_id]


def decided(run: Run, step_id: str | None = None) -> list[str]:
    return [d["kind"] for d in decisions(run, step_id)]


def matches(run: Run) -> list[FailureMatch]:
    return list(FailureMatch.objects.filter(run_id=run.pk).order_by("seq", "step_id"))


def assert_is_whole(workshop: Workshop, run: Run) -> None:
    """Check what holds of every run that has ended: journal, columns, money, matches, outbox, summaries, replay."""
    run = now(run)
    told = trace(run)
    seqs = list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, run.last_seq + 1)), "the journal has a gap"
    assert decided(run).count("finish") == 1
    assert (run.session_id, run.waiting_for, run.wake_at_ms) == (None, "", None)
    assert run.finished_at is not None
    _assert_money_adds_up(run, told)
    news = Outbox.objects.filter(run=run).exclude(topic__in=("budget.alert", "run.waiting"))
    assert news.values_list("topic", flat=True).get() == f"run.{run.status}"
    shown = {s["step_id"]: s["status"] for s in told["steps"] if not s["step_id"].startswith("$")}
    assert dict(StepSummary.objects.filter(run=run).values_list("key", "status")) == shown
    failed = [e for e in told["events"] if e["kind"] == "step_failed" and "ignore" not in e["decisions"]]
    assert {(e["seq"], e["step_id"]) for e in failed} <= {(m.seq, m.step_id) for m in matches(run)}, "a failure without a match"
    for mode in ("verify", "tape"):
        report = workshop.replay(run, mode)
        assert report["matched"], report


def _assert_money_adds_up(run: Run, told: dict[str, Any]) -> None:
    costs = sum(s["cost_micro_usd"] for s in told["steps"])
    assert (run.spent_micro_usd, run.reserved_micro_usd) == (costs, 0)
    assert sum(Charge.objects.filter(run_public_id=run.public_id).values_list("cost_micro_usd", flat=True)) == costs
    scope = LedgerScope.objects.filter(kind="run", key=run.public_id).first()
    if scope is None:
        assert costs == 0
        return
    settled = sum(LedgerEntry.objects.filter(scope=scope, kind__in=("settle", "absorb")).values_list("amount_micro_usd", flat=True))
    assert (scope.spent_micro_usd, settled, scope.reserved_micro_usd) == (costs, costs, 0)


# For the journal's writer


def a_claimed_run(workshop: Workshop, session_id: int) -> Run:
    """Return a run this session holds, with nothing in its journal but the first event."""
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="running", session_id=session_id)
    return now(run)


def an_entry(run: Run, *seqs: int, data: str = "{}", **columns: Any) -> Entry:
    """Return an entry of these events; with columns, one that writes the run's row too."""
    rows = tuple(Row(seq, "time_came", "", 0, 1, data) for seq in seqs)
    return Entry(run.pk, seqs[0] - 1, rows, a_row(run, seqs[-1], **columns) if columns else None)


def a_row(run: Run, last_seq: int, **columns: Any) -> RunRow:
    """Return the row of a run that goes on, changed in these columns."""
    kept = {field.name: getattr(run, field.name, None) for field in msgspec.structs.fields(RunRow)}
    return RunRow(**{**kept, "held": True, "last_seq": last_seq, **columns})


def in_another_thread(do: Callable[[], Any]) -> threading.Thread:
    """Start a function on a thread with a database connection of its own."""

    def run() -> None:
        try:
            do()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def hand_back(session_id: int, run: Run) -> None:
    """Queue a run again that a session holds, as the last entry of a driver does that hands it back."""
    held = Run.objects.filter(pk=run.pk, session_id=session_id, status="running")
    held.update(status="queued", session_id=None, wake_at_ms=None)


def a_session_of(process_id: int, *, lease_until_ms: int = 2**52) -> Session:
    """Return a live session that claims to belong to a process of this host."""
    return Session.objects.create(host=settings.HOST_NAME, pid=process_id, started_at_ms=1, lease_until_ms=lease_until_ms)
