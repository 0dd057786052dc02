"""Turns a trace into the rows of a waterfall: queue wait, plan, steps with their attempts, back-off gaps and waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from runs.console.run.folding import GRAVE, ROWS_SHOWN, Fold, Shown, base_of, folded, in_words
from skills.wording import Look, awaited, duration, look_of

NARROWEST_PERCENT = 0.4

Json = Mapping[str, Any]


class Row(NamedTuple):
    """One line. `start` and `width` are percentages ready for SVG; width empty: nothing to draw. One of kind `more` opens
    what it names, or folds everything where it names nothing; a step's leads to the step it `opens`, a called run's to its
    page; `is_place` is where one is then."""

    depth: int
    kind: str
    label: str
    note: str
    look: Look
    start: str
    width: str
    length: str
    is_open: bool = False
    opens: str = ""
    is_place: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time the whole picture covers."""

    from_ms: int
    until_ms: int

    def bar(self, from_ms: int | None, until_ms: int | None) -> dict[str, Any]:
        """Return the drawing of one stretch; one without an end runs to the edge."""
        if from_ms is None:
            return {"start": "0%", "width": "", "length": ""}
        end = self.until_ms if until_ms is None else until_ms
        whole = max(1, self.until_ms - self.from_ms)
        width = min(100.0, max(NARROWEST_PERCENT, (end - from_ms) * 100 / whole))
        start = min(100 - width, max(0.0, (from_ms - self.from_ms) * 100 / whole))
        return {"start": f"{start:.2f}%", "width": f"{width:.2f}%", "length": duration(end - from_ms), "is_open": until_ms is None}


class Child(NamedTuple):
    """A run this one called, and the address of its page."""

    run_id: str
    agent: str
    status: str
    from_ms: int
    until_ms: int | None
    address: str


def waterfall(trace: Json, now_ms: int, opened: str = "", span: Span | None = None, called: Sequence[Child] = ()) -> list[Row]:
    """Return the rows of a run from top to bottom; what has not ended runs up to now. Of a long run what is inside steps is
    folded, but for the step that was opened and for those an operator has to know of. Runs it `called` come last."""
    run, span = trace["run"], span or span_of(trace, now_ms)
    rows = [_queue_row(run, span), *_plan_rows(trace, span)]
    shown = list(folded(as_seen(run, trace["steps"]), opened))
    inside = [_count_inside(each.step) if isinstance(each, Shown) else 0 for each in shown]
    fits = len(shown) + sum(inside) <= ROWS_SHOWN
    for each, count in zip(shown, inside, strict=True):
        if isinstance(each, Fold):
            rows.append(_more_row(in_words(each), each.base if each.hidden else ""))
            continue
        step, is_opened = each.step, base_of(each.step) == opened
        rows.append(_step_row(step, span, is_place=each.is_first_opened))
        if fits or is_opened or (step["status"] in GRAVE and len(rows) < ROWS_SHOWN):
            rows += _inside(step, span)
        elif count:
            rows.append(_more_row(_inside_in_words(step, count), base_of(step), depth=1))
    return rows + [_child_row(child, span) for child in called]


def as_seen(run: Json, steps: Sequence[Json]) -> Sequence[Json]:
    """Return the steps; of a run no worker holds, what the machine has begun is still to be taken up."""
    if run["status"] != "queued":
        return steps
    return [{**step, "status": "pending", "started_at_ms": None} if step["status"] == "running" else step for step in steps]


def span_of(trace: Json, now_ms: int) -> Span:
    """Return from when to when the run took, up to now while it has not ended."""
    run = trace["run"]
    created = instant_ms(run["created_at"])
    finished = instant_ms(run["finished_at"])
    latest = max((event["at_ms"] for event in trace["events"]), default=created or now_ms)
    until = now_ms if finished is None else max(finished, latest)
    return Span(created if created is not None else latest, max(until, (created or 0) + 1))


def instant_ms(value: Any) -> int | None:
    """Return an instant (RFC 3339 text, datetime or milliseconds) as Unix milliseconds."""
    if value is None or isinstance(value, int):
        return value
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return round(at.timestamp() * 1_000)


def _queue_row(run: Json, span: Span) -> Row:
    # The machine plans from the moment it accepts; until a worker takes the run, all of it is queueing.
    started = None if run["status"] == "queued" else instant_ms(run["started_at"])
    until = started if started is not None else instant_ms(run["finished_at"])
    return Row(0, "queue", "Queue", "", look_of("queued"), **span.bar(span.from_ms, until))


def _plan_rows(trace: Json, span: Span) -> Iterator[Row]:
    """Yield a row per plan proposed, unless planning is a step of the trace with attempts of its own."""
    if any(step["step_id"] == "$plan" for step in trace["steps"]):
        return
    from_ms = instant_ms(trace["run"]["started_at"]) or span.from_ms
    for event in trace["events"]:
        if event["kind"] in ("plan_proposed", "plan_rejected"):
            look = look_of("succeeded" if event["kind"] == "plan_proposed" else "failed")
            yield Row(0, "plan", "Plan", trace["run"].get("planner") or "", look, **span.bar(from_ms, max(from_ms, event["at_ms"])))
            from_ms = event["at_ms"]


def _child_row(child: Child, span: Span) -> Row:
    bar = span.bar(child.from_ms, child.until_ms)
    return Row(0, "child", child.run_id, f"called, of {child.agent}", look_of(child.status), **bar, opens=child.address)


def _inside_in_words(step: Json, count: int) -> str:
    """Say what a step that is folded holds; that some of it went wrong is not hidden with it."""
    failed = sum(bool(attempt["code"]) for attempt in step["attempts"])
    return f"… {count} more inside" + (f", {failed} of them failed" if failed else "")


def _more_row(words: str, opens: str, depth: int = 0) -> Row:
    return Row(depth, "more", words, "", Look("", "", "grey"), "0%", "", "", opens=opens)


def _step_row(step: Json, span: Span, *, is_place: bool) -> Row:
    bar = span.bar(step["started_at_ms"], step["finished_at_ms"])
    own = "" if str(step["step_id"]).startswith("$") else str(step["step_id"])
    return Row(0, "step", name_of(step), step["skill"] or "", look_of(step["status"]), **bar, opens=own, is_place=is_place)


def name_of(step: Json) -> str:
    """Return what a step is called; those the machine adds itself (`$plan`, `$admit`) read as words."""
    step_id = str(step["step_id"])
    return step_id[1:].capitalize() if step_id.startswith("$") else step_id


def _count_inside(step: Json) -> int:
    """Return how many rows `_inside` makes of a step."""
    attempts = step["attempts"]
    told = 0 if _is_dull(attempts) else len(attempts)
    return told + len(gaps(attempts)) + sum(wait["for"] != "retry" for wait in step["waits"])


def _is_dull(attempts: Sequence[Json]) -> bool:
    return len(attempts) == 1 and not attempts[0]["code"]


def _inside(step: Json, span: Span) -> list[Row]:
    """Return what happened inside a step in the order it began; a single clean attempt would only repeat the step."""
    attempts = step["attempts"]
    parts = [] if _is_dull(attempts) else [(attempt["started_at_ms"], _attempt_row(attempt, span)) for attempt in attempts]
    parts += [(from_ms, _gap_row(from_ms, until_ms, span)) for from_ms, until_ms in gaps(attempts)]
    # A wait for the next attempt is the gap already told.
    parts += [(wait["from_ms"], _wait_row(wait, span)) for wait in step["waits"] if wait["for"] != "retry"]
    return [row for _, row in sorted(parts, key=lambda part: part[0])]


def gaps(attempts: Sequence[Json]) -> list[tuple[int, int | None]]:
    """Return the back-off after each failed attempt: until the next one began, or until it is due."""
    found: list[tuple[int, int | None]] = []
    for number, attempt in enumerate(attempts):
        following = attempts[number + 1]["started_at_ms"] if number + 1 < len(attempts) else None
        until = following if following is not None else attempt["retry_due_ms"]
        if attempt["finished_at_ms"] is not None and attempt["retry_due_ms"] is not None:
            found.append((attempt["finished_at_ms"], until))
    return found


def _attempt_row(attempt: Json, span: Span) -> Row:
    bar = span.bar(attempt["started_at_ms"], attempt["finished_at_ms"])
    return Row(1, "attempt", f"Attempt {attempt['attempt']}", attempt["code"] or attempt["skill"], look_of(attempt["status"]), **bar)


def _gap_row(from_ms: int, until_ms: int | None, span: Span) -> Row:
    return Row(1, "backoff", "Back-off", "", Look("…", "back-off", "grey"), **span.bar(from_ms, until_ms))


def _wait_row(wait: Json, span: Span) -> Row:
    return Row(1, "wait", f"Waiting for {awaited(str(wait['for']))}", "", look_of("waiting"), **span.bar(wait["from_ms"], wait["until_ms"]))
