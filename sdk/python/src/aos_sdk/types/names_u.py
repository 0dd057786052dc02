"""Kinds of records from UndoBody to UsageSums. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_p import (
        Part,
    )


class UndoBody(Record):
    """UndoBody."""

    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class Undoes(Record):
    """The effect this run takes back."""

    run_id: str
    step_id: str
    by: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "by", "reason"})


class UnmuteBody(Record):
    """UnmuteBody."""

    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class UnreadableRun(Record):
    """A run of this page whose journal is damaged: nobody can say what these steps of it ask, or whether they do. `code` and `detail` sa"""

    run_id: str
    step_ids: list[str]
    agent: str
    requested_by: str
    code: str
    detail: str
    run_created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_ids", "agent", "requested_by", "code", "detail", "run_created_at"})


class Usage(Record):
    """Tokens of one LLM call, in the four buckets prices are made of."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"input", "output", "cache_read", "cache_write"})


class UsageAnswer(Record):
    """UsageAnswer."""

    from_: str
    to: str
    time_zone: str | None
    group_by: list[str]
    data: list[UsageRow]
    totals: UsageSums
    left_off: int

    _fields: ClassVar[frozenset[str]] = frozenset({"from", "to", "time_zone", "group_by", "data", "totals", "left_off"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "UsageRow", "totals": "UsageSums"}


class UsageRow(Record):
    """A group; of the names those stand here that were grouped by. Null: the call had none, or who had it is gone."""

    calls: int
    cost_micro_usd: int
    cost_cents: float
    tokens: Usage
    retry_waste: Part
    loop_waste: Part
    unpriced: Part
    estimated: Part
    tenant: str | None
    agent: str | None
    agent_id: str | None
    run_id: str | None
    skill: str | None
    model: str | None
    day: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "calls", "cost_micro_usd", "cost_cents", "tokens", "retry_waste", "loop_waste", "unpriced", "estimated", "tenant", "agent",
        "agent_id", "run_id", "skill", "model", "day",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "tokens": "Usage", "retry_waste": "Part", "loop_waste": "Part", "unpriced": "Part", "estimated": "Part",
    }


class UsageSums(Record):
    """What calls add up to. The parts are contained in `cost_micro_usd`: what was tried in vain, what repeated an earlier call,"""

    calls: int
    cost_micro_usd: int
    cost_cents: float
    tokens: Usage
    retry_waste: Part
    loop_waste: Part
    unpriced: Part
    estimated: Part

    _fields: ClassVar[frozenset[str]] = frozenset({
        "calls", "cost_micro_usd", "cost_cents", "tokens", "retry_waste", "loop_waste", "unpriced", "estimated",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "tokens": "Usage", "retry_waste": "Part", "loop_waste": "Part", "unpriced": "Part", "estimated": "Part",
    }
