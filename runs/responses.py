"""How runs look in answers, for the published description of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from runs.requests import Status
from skills.contracts import Effect, StructuredOutcome


class Answer(BaseModel):
    """Base of answers: more fields may come, and readers must bear that."""

    model_config = ConfigDict(extra="allow")


class RunCost(Answer):
    """`subtree_spent_micro_usd`: what the run and all runs it called have spent."""

    spent_micro_usd: int
    subtree_spent_micro_usd: int
    reserved_micro_usd: int
    limit_micro_usd: int | None
    worst_to_finish_micro_usd: int | None


class RunView(Answer):
    """A run as lists and pages show it."""

    run_id: str
    status: Status
    waiting_for: str | None
    goal: str
    agent: str
    planner: str
    summary: str
    failure_code: str | None
    cost: RunCost
    steps_total: int
    steps_done: int
    retries: int
    faults: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    behaviour_hash: str
    content_hash: str
    journal_head: str
    parent_run_id: str | None
    relation: str | None
    blocked_by: str | None
    trace_id: str | None
    kept: Literal["everything", "events", "parts", "effects", "row"]
    removed_at: datetime | None


class Callback(Answer):
    """Where a run's waits and its end are told, and the secret these messages are signed with."""

    url: str
    webhook_id: str
    secret: str


class AcceptedRun(RunView):
    """A run that was accepted; `callback` where one was asked for."""

    callback: Callback | None = None


class RunPage(BaseModel):
    data: list[RunView]
    next_cursor: str | None


class Requested(Answer):
    """A wish for a run that was taken down; the run meets it as soon as it can."""

    run_id: str
    requested: str


class Decided(Requested):
    """A word on a step that waits, taken down."""

    step_id: str


class UnreadableRun(Answer):
    """A run of this page whose journal is damaged: nobody can say what these steps of it ask, or whether they do. `code` and `detail` say
    why; all others are listed as ever."""

    run_id: str
    step_ids: list[str]
    agent: str
    requested_by: str
    code: str
    detail: str
    run_created_at: datetime


class ToppedUpRun(Requested):
    """What a run's limit was raised by, and to what."""

    amount_micro_usd: int
    limit_micro_usd: int | None


class CallInFlight(Answer):
    """A call under way when the run was told to stop."""

    step_id: str
    attempt: int
    effect: Effect


class CancelledRun(Requested):
    """What a cancellation stops (`stopped`), what is in flight, and the steps whose effect `may_still_land`."""

    stopped: list[str]
    in_flight: list[CallInFlight]
    may_still_land: list[str]


class RunEventView(Answer):
    seq: int
    kind: str
    at_ms: int
    step_id: str | None = None
    attempt: int | None = None
    data: dict[str, Any]


class EventPage(BaseModel):
    """Events after a sequence number. `terminal` says that no more will come, `removed` that retention took some of them."""

    data: list[RunEventView]
    next_after: int
    terminal: bool
    removed: bool


class ExecutedOutcome(StructuredOutcome):
    """The outcome of a call by `execute`, with the run that recorded it."""

    run_id: str


class PlanVerdict(BaseModel):
    valid: bool
    plan_hash: str


class SchemaNames(BaseModel):
    data: list[str]


class Capabilities(BaseModel):
    """What this installation offers, for programs that find their way by asking."""

    version: str
    interfaces: list[str]
    skills: list[str]
    planners: list[str]
    failure_codes: list[str]
    limits: dict[str, int]
    retention_days: dict[str, int | None]
