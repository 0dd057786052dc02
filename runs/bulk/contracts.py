"""What callers send to the routes of bulk operations, and how those look in answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.pagination import PageQuery
from agents.reasons import Why
from runs.requests import AgentRef, Status
from runs.responses import Answer
from skills.requests import Instant, RequestModel

ActionName = Literal["cancel", "pause", "resume", "rerun"]
State = Literal["running", "finished", "aborted"]
BulkReason = Annotated[Why, Field(description="Why, for the audit log and for each run.")]
RunId = Annotated[str, Field(pattern=r"^run_[0-9a-f]{32}$")]


class BulkFilter(RequestModel):
    """Which runs: those that meet all that is given. Something other than `created_before` must be."""

    status: Status | None = None
    agent: AgentRef | None = None
    waiting_for: Annotated[str, Field(pattern=r"^[a-z_]{1,10}$")] | None = None
    failure_code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")] | None = None
    created_after: Instant | None = None
    created_before: Annotated[Instant, Field(description="Later runs are left alone.")] | None = None
    run_ids: Annotated[list[RunId], Field(min_length=1, max_length=1_000)] | None = None


class BulkOptions(RequestModel):
    """How it is done; for `rerun` alone."""

    versions: Literal["current", "pinned"] = "current"
    repeat_effects: Annotated[bool, Field(description="Agree to effects that happened already and would be made again.")] = False


class BulkPreviewBody(RequestModel):
    action: ActionName
    filter: BulkFilter
    options: BulkOptions = BulkOptions()


class BulkBody(BulkPreviewBody):
    """An operation to begin. `expected` is the `total` of the preview: where more runs are found by now it is refused."""

    reason: BulkReason
    expected: Annotated[int, Field(ge=1, description="How many runs the preview found; required above 20.")] | None = None


class BulkQuery(PageQuery):
    state: State | None = None


class BulkCount(Answer):
    name: str
    runs: int


class BulkMoney(Answer):
    spent_micro_usd: int
    reserved_micro_usd: int


class BulkEffect(Answer):
    """An effect that may still land though its run is stopped, or that would be made once more."""

    run_id: str
    step_id: str
    effect: str
    detail: str


class BulkFault(Answer):
    """A run for which it was refused, and why."""

    run_id: str
    code: str
    detail: str


class BulkFirst(Answer):
    """One of the first runs, and what would become of it."""

    run_id: str
    status: str
    agent: str
    is_refused: bool
    detail: str


class BulkPreview(Answer):
    """What an operation would do. `filter` is to be sent back as it is: later runs are left out of it.

    `effects` are of so many of the runs as were looked into; `not_looked_into` says how many more might have some.
    """

    action: ActionName
    filter: dict[str, Any]
    total: int
    refused: int
    needs_expected: bool
    by_status: list[BulkCount]
    by_agent: list[BulkCount]
    money: BulkMoney
    effects: list[BulkEffect]
    not_looked_into: int
    first: list[BulkFirst]


class BulkView(Answer):
    """An operation as lists show it. `left` are the runs nobody has come to yet, or never will where it was aborted."""

    bulk_id: str
    action: ActionName
    filter: dict[str, Any]
    options: dict[str, Any]
    reason: str
    state: State
    total: int
    succeeded: int
    refused: int
    left: int
    abort_asked_by: str | None
    remark: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class WholeBulk(BulkView):
    """An operation with why runs were refused: how many for which code, and the first of them."""

    refused_by_code: dict[str, int]
    faults: list[BulkFault]


class BulkPage(Answer):
    data: list[BulkView]
    next_cursor: str | None
