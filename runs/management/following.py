"""Follows a run: tells what happens as it happens, until it ends, waits for a person, or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runs import selectors
from runs.gauges import count_live_sessions
from runs.management.narration import Said, told
from runs.management.printing import Paper, clean
from runs.models import Run, RunStatus
from skills.wording import UNKNOWN, money

if TYPE_CHECKING:
    from agents.models import Tenant

LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.05, 0.25
"""How long after a look the next one comes: soon after news, later where there was none."""
PAGE = 200
# An idle worker holds no session, so that there is none says something only when a run was due for a while.
UNCLAIMED_SECONDS = 3.0
NO_WORKER = "no worker has taken the run yet; start one in another terminal: manage.py work"


class Follower:
    """Reads a run's journal on, from an event on, and tells what is new in it: on paper, unless somebody else is to `tell` it."""

    def __init__(
        self,
        tenant: Tenant,
        run_id: str,
        paper: Paper,
        *,
        expects_worker: bool = False,
        after: int = 0,
        tell: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._tenant = tenant
        self._run_id = run_id
        self._paper = paper
        self.after = after
        """The last event that was told."""
        self._tell = tell or self._print
        self._first_at_ms: int | None = None
        self._begun = time.monotonic()
        # Who has just started a worker knows that it comes.
        self._warned = expects_worker

    def follow(self, seconds: float, until: Callable[[Run], bool] | None = None) -> dict[str, Any]:
        """Tell the run until it is as wanted (unless told: until nothing more is to come by itself) or the time is over; return
        it as JSON."""
        until, rest = until or is_settled, LOOK_SECONDS
        while True:
            before = self.after
            run = self._look()
            if until(run) or time.monotonic() - self._begun >= seconds:
                return selectors.run_json(run)
            rest = LOOK_SECONDS if self.after > before else min(2 * rest, LONGEST_LOOK_SECONDS)
            time.sleep(rest)

    def _look(self) -> Run:
        # The row first: what its last change put into the journal is then there to be read.
        run = selectors.get_run(tenant=self._tenant, run_id=self._run_id)
        self._tell_news()
        self._warn_once(run)
        return run

    def _tell_news(self) -> None:
        more = True
        while more:
            page = selectors.events_json(tenant=self._tenant, run_id=self._run_id, after=self.after, limit=PAGE)
            for event in page["data"]:
                self._tell(event)
                # Each by itself: who is stopped in the midst of a page goes on where it was.
                self.after = event["seq"]
            self.after = page["next_after"]
            more = len(page["data"]) == PAGE

    def _print(self, event: dict[str, Any]) -> None:
        if self._first_at_ms is None:
            self._first_at_ms = event["at_ms"]
        since = (event["at_ms"] - self._first_at_ms) / 1_000
        for said in _told(event):
            self._paper.line(f"{since:7.2f} s  {_line(said)}", said.colour)

    def _warn_once(self, run: Run) -> None:
        waited = time.monotonic() - self._begun
        if self._warned or run.status != RunStatus.QUEUED or waited < UNCLAIMED_SECONDS:
            return
        self._warned = True
        if count_live_sessions(now_ms=time.time_ns() // 1_000_000) == 0:
            self._paper.line(NO_WORKER, "amber")


def is_settled(run: Run) -> bool:
    """Tell whether the run will not go on by itself."""
    return run.is_terminal or (run.status == RunStatus.WAITING and run.waiting_for != "timer")


def has_ended(run: Run) -> bool:
    return run.is_terminal


def _told(event: dict[str, Any]) -> list[Said]:
    if event["removed"] is None:
        return told(event)
    step = f" {event['step_id']}" if event["step_id"] else ""
    return [Said("·", f"{event['kind'].replace('_', ' ')}{step}; what it said was removed", "grey")]


def _line(said: Said) -> str:
    return "   " * said.indent + f"{said.icon} {clean(said.words)}"


def tell_end(run: dict[str, Any], paper: Paper) -> None:
    """Print how a run stands at the end of following it, and what to do next."""
    limit = run["cost"]["limit_micro_usd"]
    spent = f"{money(run['cost']['spent_micro_usd'])} of {UNKNOWN if limit is None else money(limit)}"
    paper.status(run["status"], run["summary"])
    paper.line(f"run {run['run_id']}, spent {spent}", "grey")
    if run["status"] == "waiting":
        paper.line(f"try: manage.py query blocked_by --filter run_id={run['run_id']}")
    elif run["status"] in ("queued", "running"):
        paper.line(f"it goes on; look again: manage.py trace {run['run_id']}, stop it: manage.py cancel {run['run_id']}")
