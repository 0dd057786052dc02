"""The published values of explanations: what keeps a run from going on, what was decided, and why it ended as it did."""

from __future__ import annotations

from typing import Any, Literal

from agents.contracts import WhoMay
from skills.contracts import Contract

What = Literal[
    "lease",
    "slot",
    "schedule",
    "paused",
    "frozen",
    "in_doubt",
    "approval",
    "input",
    "budget",
    "missing_version",
    "circuit",
    "rate",
    "retry",
    "dependency",
]


class Clearing(Contract):
    """What clears an obstacle. `api` is the request that does it and `body` what it takes, `command` the same at a shell;
    `who` null: nobody has to do anything, or nobody can."""

    detail: str
    who: WhoMay | None = None
    api: str | None = None
    body: dict[str, Any] | None = None
    command: str | None = None


class Obstacle(Contract):
    """Something that keeps a run, or one of its steps, from going on.

    `current` of `limit` is how full or far it is: runs, calls, attempts, micro-USD, needs that have ended. `holder` is who or
    what has it, `since_at` how long already, `eta_at` when it is gone by itself or is lost by waiting; null where nobody knows.
    """

    what: What
    step_id: str | None = None
    detail: str
    scope: str | None = None
    current: int | None = None
    limit: int | None = None
    holder: str | None = None
    since_at: str | None = None
    eta_at: str | None = None
    action: Clearing


class DecisionRecord(Contract):
    """What was decided about an event of a run, by which rule and on what grounds (docs/reference/decisions.md)."""

    seq: int
    at_ms: int
    event: str
    kind: str
    rule: str
    words: str
    step_id: str | None
    attempt: int | None
    because: dict[str, Any]
    alternatives: list[str]
    delay_ms: int | None
    due_at_ms: int | None
    due_at: str | None
    detail: dict[str, Any]


class Cause(Contract):
    """A link in the chain that led to the end of a run: the step, what it failed with, and what was decided about that.

    `root_step_id` is the step whose failure this one's follows from; itself where it is its own.
    """

    step_id: str | None
    root_step_id: str | None
    code: str
    message: str
    decisions: list[DecisionRecord]


class FailureTold(Contract):
    """One failure of a call, what the catalog advised, and what was decided about it."""

    seq: int
    step_id: str
    attempt: int
    code: str
    message: str
    phase: str
    advice: dict[str, Any] | None
    suggestions: list[str]
    decided: list[DecisionRecord]


class Explanation(Contract):
    """Why a run waits (`blocked_by`, what must be cleared first comes first), or why it ended as it did (`because`)."""

    run_id: str
    status: str
    summary: str
    blocked_by: list[Obstacle]
    because: list[Cause]
    failures: list[FailureTold]


class BlockedBy(Contract):
    """What keeps a run from going on; empty where nothing does, or it is over."""

    run_id: str
    blocked_by: list[Obstacle]


class DecisionPage(Contract):
    """Decisions after an event; an event's decisions are never parted. `next_after` null: these are the last so far."""

    data: list[DecisionRecord]
    next_after: int | None
