"""Kinds of records from CodeView to CostRange. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Category, Cents,
    )
    from aos_sdk.types.names_r import (
        RunsNow,
    )


class CodeView(Record):
    """CodeView."""

    failures: int
    hits: int
    misses: int
    match_rate: float | None
    followed: int
    acceptance_rate: float | None
    tried: int
    worked: int
    success_rate: float | None
    rerun: int
    wasted_micro_usd: int | None
    before: int
    trend: float | None
    code: str
    category: Category

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "before", "trend", "code", "category",
    })


class CompositionHints(Record):
    """What planners should know about where the skill fits."""

    often_followed_by: list[str] | None
    often_preceded_by: list[str] | None
    anti_patterns: list[str] | None

    _fields: ClassVar[frozenset[str]] = frozenset({"often_followed_by", "often_preceded_by", "anti_patterns"})


class Concurrency(Record):
    """Steps of the run that run now and how many may, and the runs of its agent and its tenant beside it."""

    max_parallel_steps: int
    running: int
    agent_runs: RunsNow
    tenant_runs: RunsNow

    _fields: ClassVar[frozenset[str]] = frozenset({"max_parallel_steps", "running", "agent_runs", "tenant_runs"})
    _nested: ClassVar[Mapping[str, str]] = {"agent_runs": "RunsNow", "tenant_runs": "RunsNow"}


class Constraints(Record):
    """Bounds the runtime holds a skill to. `max_concurrency`: so many calls at once over all workers; null is unlimited."""

    max_input_size_bytes: int | None
    max_output_size_bytes: int | None
    timeout_ms: int | None
    rate_limit_per_minute: int | None
    max_concurrency: int | None
    blocked_patterns: list[str] | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "max_input_size_bytes", "max_output_size_bytes", "timeout_ms", "rate_limit_per_minute", "max_concurrency", "blocked_patterns",
    })


class CostModel(Record):
    """What a call costs: a base, charged by the runtime for every call that counts, and a price per unit, which the skill"""

    base_micro_usd: int | None
    per_unit: str | None
    per_unit_micro_usd: int | None
    worst_case_micro_usd: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"base_micro_usd", "per_unit", "per_unit_micro_usd", "worst_case_micro_usd"})


class CostRange(Record):
    """What something costs at least, probably and at most; null where nobody knows the price."""

    low_micro_usd: int | None
    expected_micro_usd: int | None
    worst_micro_usd: int | None
    cents: Cents

    _fields: ClassVar[frozenset[str]] = frozenset({"low_micro_usd", "expected_micro_usd", "worst_micro_usd", "cents"})
    _nested: ClassVar[Mapping[str, str]] = {"cents": "Cents"}
