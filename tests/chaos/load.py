"""The load that runs while something breaks: plans of every kind of step, and the crowd that submits and decides."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import Error, connection

from runs.models import Run
from runs.shell.reading.history import read_state
from skills.refusal import Refusal
from tests.chaos.witness import Step, lines_of
from tests.integration.workshop import Workshop, chain, step

log = logging.getLogger(__name__)

LONG_WAIT_MS = 5_500
"""Longer than a worker naps: such a run is parked and wakes by its row alone."""
PAUSE_SECONDS = 0.03

Plan = list[dict[str, Any]]


def plans(witness: str) -> dict[str, Plan]:
    """Return one plan of each kind."""
    seen: dict[str, Any] = {"witness": witness}
    return {
        "reads": chain(step("a", "look", ms=30, **seen), step("b", "look", ms=120, **seen), step("c", "look", ms=60, **seen)),
        "writes": chain(step("a", "look", ms=60, **seen), step("b", "change", ms=150, **seen), step("c", "look", ms=30, **seen)),
        "fans out": [step(name, skill, ms=90, **seen) for name, skill in (("a", "look"), ("b", "change"), ("c", "look"), ("d", "change"))],
        "retries": chain(step("a", "falter", **seen), step("b", "change", ms=60, **seen), step("c", "falter", failures=1, **seen)),
        "asks": chain(step("a", "look", ms=30, **seen), step("b", "change", approval="always", **seen), step("c", "look", **seen)),
        "waits long": chain(step("a", "falter", failures=1, retry_after_ms=LONG_WAIT_MS, **seen), step("b", "change", **seen)),
    }


class Crowd:
    """People and programs that go on using an installation whatever happens to it.

    One of them submits, and asks again with the same key where no answer came. Another approves what asks for it and
    looks at the world when an effect is in doubt.
    """

    def __init__(self, workshop: Workshop, kinds: dict[str, Plan], count: int) -> None:
        self._workshop = workshop
        self._wanted = {f"{n}": list(kinds.values())[n % len(kinds)] for n in range(count)}
        self._witness = Path(next(iter(kinds.values()))[0]["params"]["witness"])
        self.accepted: dict[str, str] = {}
        """What was promised: the key of each accepted run, and its id."""
        self.doubts = 0
        self.denied: set[Step] = set()
        """Effects in doubt of which somebody said that they had not happened."""
        self.unanswered = 0
        self._defect: BaseException | None = None
        self._leave = threading.Event()

    @contextmanager
    def at_work(self) -> Iterator[Crowd]:
        threads = [threading.Thread(target=self._live, args=(live,), name=live.__name__) for live in (self._submit_next, self._decide_all)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._leave.set()
            for thread in threads:
                thread.join(60)
                assert not thread.is_alive(), f"{thread.name} hangs"

    def is_well(self) -> bool:
        """Raise what stopped the crowd, if something did."""
        if self._defect is not None:
            raise AssertionError("the crowd gave up") from self._defect
        return True

    @property
    def has_submitted_all(self) -> bool:
        return not self._wanted.keys() - self.accepted.keys()

    def _live(self, act: Callable[[], None]) -> None:
        try:
            while not self._leave.wait(PAUSE_SECONDS):
                self._try(act)
        except BaseException as defect:  # noqa: BLE001 - told by the test, which asks how far the crowd is
            self._defect = defect
        finally:
            connection.close()

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Error as error:
            # Whoever gets no answer does not know whether it was done, and asks again.
            log.info("crowd.no_answer", extra={"error": str(error)})
            self.unanswered += 1
            connection.close()

    def _submit_next(self) -> None:
        key = next((key for key in self._wanted if key not in self.accepted), None)
        if key is not None:
            run = self._workshop.submit(*self._wanted[key], idempotency_key=key)
            self.accepted[key] = run.public_id

    def _decide_all(self) -> None:
        for run in Run.objects.filter(status="waiting", waiting_for__in=("approval", "in_doubt")).order_by("id"):
            for found in read_state(run).steps.values():
                if found.reason == "approval":
                    self._decide(run, found.key, "approve", action_hash=found.action_hash)
                elif found.status == "in_doubt":
                    self._look_what_happened(run, found.key)

    def _look_what_happened(self, run: Run, key: str) -> None:
        self.doubts += 1
        calls = [line.call for line in lines_of(self._witness) if (line.what, line.run, line.step) == ("changed", run.public_id, key)]
        if calls:
            self._decide(run, key, "happened", value={"call": calls[-1]})
        else:
            self.denied.add((run.public_id, key))
            self._decide(run, key, "did_not_happen")

    def _decide(self, run: Run, key: str, verdict: str, **more: Any) -> None:
        try:
            self._workshop.decide(run, key, verdict, **more)
        except Refusal as refused:
            # Decided a moment ago: the run has not taken it in yet, or has gone on already.
            log.info("crowd.refused", extra={"run_id": run.public_id, "why": str(refused)})
