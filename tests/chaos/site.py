"""An installation that things are done to: its hosts as real processes, a load, and what must hold whatever happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import Error, connection

from runs.engine.events import StepSucceeded, VerdictGiven
from runs.invariants import check_all
from runs.models import TERMINAL_STATUSES, Run, RunEvent, Session
from runs.shell.codec import decode
from tests.chaos.load import Crowd, Plan, plans
from tests.chaos.witness import Line, Step, begun_after_success, changed_twice, lines_of
from tests.integration.workshop import Workshop, assert_is_whole
from tests.processes import Family, Known, Worker, a_worker_process, eventually

LEASE_MS = 3_000
RUNS = 36
PATIENCE_SECONDS = 60.0
SUCCESSES = ("step_succeeded", "verdict_given")


@dataclass
class Site:
    """One installation and what is known of it."""

    workshop: Workshop
    environment: Mapping[str, str]
    folder: Path
    tell: Callable[[str], None]
    title: str = field(default="", init=False)
    recovered_seconds: float | None = field(default=None, init=False)

    @property
    def witness(self) -> Path:
        return self.folder / "witness"

    @contextmanager
    def host(self, name: str = "one", **more: str) -> Iterator[Worker]:
        """Run a supervised worker as a host of this name while the block lasts."""
        environment = {**self.environment, "AOS_HOST_NAME": name, **more}
        with a_worker_process(environment, self.folder / f"{name}.log") as worker:
            worker.family()
            yield worker

    def logs(self) -> str:
        return "\n".join(f"{log.name}:\n{log.read_text()[-3_000:]}" for log in sorted(self.folder.glob("*.log")))

    @contextmanager
    def crowd(self, runs: int = RUNS, kinds: dict[str, Plan] | None = None) -> Iterator[Crowd]:
        """Let a crowd use the installation while the block lasts."""
        with Crowd(self.workshop, kinds or plans(str(self.witness)), runs).at_work() as crowd:
            yield crowd

    # What can be seen

    def lines(self) -> list[Line]:
        return lines_of(self.witness)

    def until(self, holds: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Return the first true answer; a database that gives none is asked again."""
        return eventually(lambda: answer_of(holds), f"{what}\n{self.logs()}", seconds)

    def until_busy(self, crowd: Crowd, calls: int = 25) -> None:
        """Wait until the load is under way: calls were made, and more are in flight."""
        self.until(lambda: crowd.is_well() and len(self.lines()) >= calls and self.busy_worker(), "a load under way")

    def busy_worker(self) -> int | None:
        """Return the process of a live session that drives runs."""
        held = Run.objects.filter(status="running").values("session_id")
        return Session.objects.filter(pk__in=held, state="live").values_list("pid", flat=True).first()

    def until_over(self, crowd: Crowd, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until everything was submitted and every run that was promised is over."""
        self.until(lambda: crowd.is_well() and crowd.has_submitted_all and not self._unfinished(crowd), "the end of all runs", seconds)

    def _unfinished(self, crowd: Crowd) -> bool:
        return Run.objects.filter(public_id__in=crowd.accepted.values()).exclude(status__in=TERMINAL_STATUSES).exists()

    # What is done, and how long it takes to get over it

    @contextmanager
    def fault(self, title: str, *, sessions_are_lost: bool = True) -> Iterator[None]:
        """Do what the block does; measure until an event is written by a session begun later, or by any where sessions live on.

        The clock starts with the block where sessions are lost, else with its end: then the block lasts as long as the fault.
        """
        self.title, began = title, time.monotonic()
        last = Session.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        yield
        if sessions_are_lost:
            self.until(RunEvent.objects.filter(session_id__gt=last).exists, "an event of a new session")
        else:
            began, before = time.monotonic(), self.until(self._events, "an answer of the database")
            self.until(lambda: self._events() > before, "an event")
        self.recovered_seconds = time.monotonic() - began

    def _events(self) -> int:
        return RunEvent.objects.count()

    # What must hold

    def assert_unharmed(self, crowd: Crowd) -> None:
        """Check that every promise was kept: nothing lost, nothing done again, every invariant holds, every replay matches."""
        self.assert_sound(crowd)
        runs = list(Run.objects.filter(public_id__in=crowd.accepted.values()))
        assert {run.public_id: run.status for run in runs if run.status != "succeeded"} == {}
        for run in runs:
            assert_is_whole(self.workshop, run)

    def assert_sound(self, crowd: Crowd) -> None:
        """Tell what was found, and check what holds of runs however they ended."""
        lines = self.lines()
        promised = set(crowd.accepted.values())
        lost = promised - set(Run.objects.filter(public_id__in=promised).values_list("public_id", flat=True))
        again = begun_after_success(lines, successes())
        twice = changed_twice(lines, crowd.denied)
        self._tell(f"{len(promised)} runs, {crowd.doubts} in doubt, lost {len(lost)}, run again {len(again)}, changed twice {len(twice)}")
        assert lost == set(), "runs that were accepted are gone"
        assert again == [], "committed steps were executed again"
        assert twice == [], "effects happened twice"
        assert {checked.name: checked.broken for checked in check_all() if checked.broken} == {}

    def _tell(self, found: str) -> None:
        recovered = "" if self.recovered_seconds is None else f"went on after {self.recovered_seconds:4.1f} s, "
        self.tell(f"{connection.vendor:10} {self.title:48} {recovered}{found}")


def answer_of(ask: Callable[[], Any]) -> Any:
    """Ask the database; None where it does not answer."""
    try:
        return ask()
    except Error:
        connection.close()
        return None


def successes() -> dict[Step, str]:
    """Return the call each step that succeeded owes its result to, by the journals."""
    names = dict(Run.objects.values_list("pk", "public_id"))
    found: dict[Step, str] = {}
    for row in RunEvent.objects.filter(kind__in=SUCCESSES).order_by("run_id", "seq"):
        fact = decode(row.data, seq=row.seq).fact
        if isinstance(fact, StepSucceeded | VerdictGiven) and isinstance(fact.result, dict) and "call" in fact.result:
            found[names[row.run_id], fact.step] = fact.result["call"]
    return found


def member(family: Family, role: str, site: Site) -> Known:
    """Return the process of a cluster that plays a role: the busy worker, an idle one, or one by its name."""
    busy = site.busy_worker()
    if role == "busy worker":
        return next(worker for worker in family.workers if worker.pid == busy)
    if role == "idle worker":
        return next(worker for worker in family.workers if worker.pid != busy)
    found: Known = getattr(family, role)
    return found
