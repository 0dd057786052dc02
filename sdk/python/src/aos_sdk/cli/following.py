"""Follows a run: tells what happens as it happens, over broken connections too, until it settles or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aos_sdk import AOS, APIConnectionError, ServerError
from aos_sdk.cli import exits
from aos_sdk.cli.printing import Paper, clean, duration, money
from aos_sdk.resources.runs import TERMINAL, is_settled

WAIT_SECONDS = 2
REST_SECONDS, LONGEST_REST_SECONDS = 0.5, 8.0
GIVE_UP_SECONDS = 120.0


class Follower:
    """Reads a run's events on, from one on."""

    def __init__(self, client: AOS, run_id: str, paper: Paper, *, after: int = 0, tell: Callable[[Mapping[str, Any]], None] | None = None):
        self._client = client
        self._run_id = run_id
        self._paper = paper
        self.after = after
        # Who wants ids alone is not told a story.
        self._tell = tell or (self._narrate if paper.form != "ids" else lambda event: None)
        self._begun_ms: int | None = None
        self._lost_at: float | None = None
        self._rest = REST_SECONDS

    def follow(self, seconds: float | None, until: Callable[[Mapping[str, Any]], bool] = is_settled) -> Mapping[str, Any]:
        """Tell events until the run is as wanted or the time is over; return the run."""
        due = None if seconds is None else time.monotonic() + seconds
        while True:
            left = float(WAIT_SECONDS) if due is None else max(0.0, due - time.monotonic())
            try:
                run = self._look(left)
            except (APIConnectionError, ServerError) as error:
                self._lost(error)
                continue
            if until(run) or (due is not None and time.monotonic() >= due):
                return run

    def _look(self, left: float) -> Mapping[str, Any]:
        page = self._client.runs.event_page(self._run_id, after=self.after, limit=200, wait=int(min(WAIT_SECONDS, left)))
        if self._lost_at is not None:
            self._paper.note("connected again", "green")
        self._lost_at, self._rest = None, REST_SECONDS
        for event in page.data:
            self._tell(event)
            # Each by itself: who is stopped in the midst of a page goes on where it was.
            self.after = event.seq
        self.after = page.next_after
        run = self._client.runs.get(self._run_id)
        # A full page, or one from before the end: there is more to tell first.
        return run if page.terminal or run.status not in TERMINAL else self._look(left)

    def _lost(self, error: Exception) -> None:
        now = time.monotonic()
        if self._lost_at is None:
            self._lost_at = now
            self._paper.note("the connection is lost; the run goes on, and so does this once it is back", "yellow")
        elif now - self._lost_at > GIVE_UP_SECONDS:
            raise error
        time.sleep(self._rest)
        self._rest = min(LONGEST_REST_SECONDS, 2 * self._rest)

    def _narrate(self, event: Mapping[str, Any]) -> None:
        self._begun_ms = event["at_ms"] if self._begun_ms is None else self._begun_ms
        icon, words, colour = sentence(event)
        self._paper.note(f"{(event['at_ms'] - self._begun_ms) / 1_000:7.2f} s  {icon} {words}", colour)


_ICONS = (
    ("succeeded", "✓", "green"),
    ("admitted", "✓", "green"),
    ("failed", "✕", "red"),
    ("rejected", "✕", "red"),
    ("cancel", "✕", "red"),
    ("in_doubt", "?", "yellow"),
    ("short", "✋", "yellow"),
    ("approval", "✋", "yellow"),
    ("proposed", "✎", None),
)


def sentence(event: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """Return an event as a line: icon, words, colour."""
    kind, fact = str(event["kind"]), event.get("data") or {}
    icon, colour = next(((icon, colour) for part, icon, colour in _ICONS if part in kind), ("·", "bright_black"))
    words = kind.replace("_", " ")
    if event.get("step_id"):
        words = f"{event['step_id']}: {words.removeprefix('step ')}"
    if fact.get("code"):
        words += f" with {fact['code']}: {fact.get('message', '')}"
    elif fact.get("latency_ms") is not None:
        words += f" in {duration(fact['latency_ms'])}, cost {money(fact.get('cost_micro_usd') or 0)}"
    return icon, clean(words), colour


def interrupted(paper: Paper, run_id: str, after: int) -> int:
    """Say after Ctrl-C that only the watching has stopped, and how to stop the run."""
    paper.note(f"stopped watching; the run goes on. Watch on: aos trace {run_id} --follow --after {after}")
    paper.note(f"stop it: aos runs cancel {run_id}")
    return exits.INTERRUPTED


def tell_end(paper: Paper, run: Mapping[str, Any], more: Sequence[tuple[str, Any]] = ()) -> None:
    """Print how a run stands at the end of following it, `more` of it after that, and what to do next."""
    cost = run["cost"]
    rows = [("run", run["run_id"]), ("status", run["status"]), ("summary", run["summary"]), ("spent", money(cost["spent_micro_usd"]))]
    paper.one(run, name="run_id", rows=[*rows, *more])
    if run["status"] == "waiting":
        paper.note(f"it waits for {run.get('waiting_for')}; try: aos explain {run['run_id']}", "yellow")
    elif run["status"] in ("failed", "partial", "dead_lettered"):
        paper.note(f"why, and what to try: aos explain {run['run_id']}", "yellow")
    elif run["status"] in ("queued", "running"):
        paper.note(f"it goes on; look again: aos trace {run['run_id']}, stop it: aos runs cancel {run['run_id']}", "yellow")
