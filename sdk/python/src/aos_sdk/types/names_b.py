"""Kinds of records from BlockedAction to BulkView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from aos_sdk._record import Record


class BlockedAction(Record):
    """A skill that cannot be called now, and why."""

    skill: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "reason"})


class Blocker(Record):
    """Something that would stop the run, and the rule that says so. `scope` is what is short or frozen, `pointer` where in"""

    step_id: str | None
    code: str
    rule: str
    detail: str
    pointer: str | None
    scope: str | None
    missing_micro_usd: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "code", "rule", "detail", "pointer", "scope", "missing_micro_usd"})


class Bom(Record):
    """A run's bill of materials: all it was made with. Runs made of the same have the same `bom_hash`, whatever their ids."""

    run_id: str
    parent_run_id: str | None
    relation: str | None
    release: str | None
    plan_hash: str | None
    planner: BomPlanner
    skills: list[BomSkill]
    policies: Record
    policies_hash: str
    advice: list[BomAdvice]
    prices: list[BomPrice]
    memory: None
    inputs_hash: str
    faults: list[Record]
    carried: list[str]
    bom_hash: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "parent_run_id", "relation", "release", "plan_hash", "planner", "skills", "policies", "policies_hash", "advice", "prices",
        "memory", "inputs_hash", "faults", "carried", "bom_hash",
    })
    _nested: ClassVar[Mapping[str, str]] = {"planner": "BomPlanner", "skills": "BomSkill", "advice": "BomAdvice", "prices": "BomPrice"}


class BomAdvice(Record):
    """What the catalog advised about a failure, and by what: an entry, an approved recovery, or the taxonomy's own rule."""

    step_id: str
    attempt: int
    code: str
    mode: str
    source: str
    entry: int | None
    candidate: str | None
    signature: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "attempt", "code", "mode", "source", "entry", "candidate", "signature"})


class BomChange(Record):
    """Something two runs were not made alike of."""

    what: str
    before: Any
    after: Any
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"what", "before", "after", "detail"})


class BomComparison(Record):
    """What changed between another run and this one. `found_by` says how the other was chosen."""

    run_id: str
    found_by: Literal["named", "same_plan", "same_goal"] | str
    finished_at: str | None
    changes: list[BomChange]
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "found_by", "finished_at", "changes", "detail"})
    _nested: ClassVar[Mapping[str, str]] = {"changes": "BomChange"}


class BomPlanner(Record):
    """Who made the plan. `model` is the language model that was asked, if any."""

    name: str
    version: str | None
    model: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "version", "model"})


class BomPrice(Record):
    """A row of the price table that calls were charged by; `model` is null where a skill has a price of its own."""

    pricing_version: str
    model: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"pricing_version", "model"})


class BomReport(Record):
    """BomReport."""

    bom: Bom
    against: BomComparison | None
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"bom", "against", "detail"})
    _nested: ClassVar[Mapping[str, str]] = {"bom": "Bom", "against": "BomComparison"}


class BomSkill(Record):
    """A skill version fixed at admission, and what is registered under its name and version today."""

    step_id: str
    skill: str
    version: str
    digest: str
    effect: str
    now: Literal["same", "changed", "not_registered"] | str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "version", "digest", "effect", "now"})


class Budget(Record):
    """What a run may spend; null is unlimited. What the agent may spend in all, or in a day, is its tenant's to say."""

    per_run_micro_usd: int | None
    per_step_max_micro_usd: int | None
    on_exhausted: Literal["pause", "fail", "finish_cheap"] | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"per_run_micro_usd", "per_step_max_micro_usd", "on_exhausted"})


class BudgetAfter(Record):
    """What the worst case leaves of the run's budget; below zero it is what is missing."""

    remaining_micro_usd: int
    remaining_cents: float | None

    _fields: ClassVar[frozenset[str]] = frozenset({"remaining_micro_usd", "remaining_cents"})


class BudgetBody(Record):
    """A limit in micro-USD or cents; null is unlimited."""

    kind: Literal["tenant", "agent", "model"] | str
    key: str | None
    period: Literal["total", "day"] | str
    limit_micro_usd: int | None
    limit_cents: float | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "key", "period", "limit_micro_usd", "limit_cents"})


class BudgetList(Record):
    """BudgetList."""

    data: list[BudgetView]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "BudgetView"}


class BudgetView(Record):
    """A budget with the numbers of its scope now, of a day's budget today's. `agent` is what the agent is called."""

    total_micro_usd: int | None
    spent_micro_usd: int
    reserved_micro_usd: int
    budget_id: str
    scope: str
    kind: Literal["tenant", "agent", "model"] | str
    key: str
    period: Literal["total", "day"] | str
    agent: str | None
    limit_micro_usd: int | None
    runs_waiting: int
    remaining_micro_usd: int | None
    cents: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "total_micro_usd", "spent_micro_usd", "reserved_micro_usd", "budget_id", "scope", "kind", "key", "period", "agent",
        "limit_micro_usd", "runs_waiting", "remaining_micro_usd", "cents",
    })


class BulkBody(Record):
    """An operation to begin. `expected` is the `total` of the preview: where more runs are found by now it is refused."""

    action: Literal["cancel", "pause", "resume", "rerun"] | str
    filter: BulkFilter
    options: BulkOptions | None
    reason: str
    expected: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"action", "filter", "options", "reason", "expected"})
    _nested: ClassVar[Mapping[str, str]] = {"filter": "BulkFilter", "options": "BulkOptions"}


class BulkCount(Record):
    """BulkCount."""

    name: str
    runs: int

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "runs"})


class BulkEffect(Record):
    """An effect that may still land though its run is stopped, or that would be made once more."""

    run_id: str
    step_id: str
    effect: str
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "effect", "detail"})


class BulkFault(Record):
    """A run for which it was refused, and why."""

    run_id: str
    code: str
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "code", "detail"})


class BulkFilter(Record):
    """Which runs: those that meet all that is given. Something other than `created_before` must be."""

    status: Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"] | str | None
    agent: str | None
    waiting_for: str | None
    failure_code: str | None
    created_after: str | None
    created_before: str | None
    run_ids: list[str] | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "status", "agent", "waiting_for", "failure_code", "created_after", "created_before", "run_ids",
    })


class BulkFirst(Record):
    """One of the first runs, and what would become of it."""

    run_id: str
    status: str
    agent: str
    is_refused: bool
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "status", "agent", "is_refused", "detail"})


class BulkMoney(Record):
    """BulkMoney."""

    spent_micro_usd: int
    reserved_micro_usd: int

    _fields: ClassVar[frozenset[str]] = frozenset({"spent_micro_usd", "reserved_micro_usd"})


class BulkOptions(Record):
    """How it is done; for `rerun` alone."""

    versions: Literal["current", "pinned"] | str | None
    repeat_effects: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({"versions", "repeat_effects"})


class BulkPage(Record):
    """BulkPage."""

    data: list[BulkView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "BulkView"}


class BulkPreview(Record):
    """What an operation would do. `filter` is to be sent back as it is: later runs are left out of it."""

    action: Literal["cancel", "pause", "resume", "rerun"] | str
    filter: Record
    total: int
    refused: int
    needs_expected: bool
    by_status: list[BulkCount]
    by_agent: list[BulkCount]
    money: BulkMoney
    effects: list[BulkEffect]
    not_looked_into: int
    first: list[BulkFirst]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "action", "filter", "total", "refused", "needs_expected", "by_status", "by_agent", "money", "effects", "not_looked_into", "first",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "by_status": "BulkCount", "by_agent": "BulkCount", "money": "BulkMoney", "effects": "BulkEffect", "first": "BulkFirst",
    }


class BulkPreviewBody(Record):
    """BulkPreviewBody."""

    action: Literal["cancel", "pause", "resume", "rerun"] | str
    filter: BulkFilter
    options: BulkOptions | None

    _fields: ClassVar[frozenset[str]] = frozenset({"action", "filter", "options"})
    _nested: ClassVar[Mapping[str, str]] = {"filter": "BulkFilter", "options": "BulkOptions"}


class BulkView(Record):
    """An operation as lists show it. `left` are the runs nobody has come to yet, or never will where it was aborted."""

    bulk_id: str
    action: Literal["cancel", "pause", "resume", "rerun"] | str
    filter: Record
    options: Record
    reason: str
    state: Literal["running", "finished", "aborted"] | str
    total: int
    succeeded: int
    refused: int
    left: int
    abort_asked_by: str | None
    remark: str
    created_by: str
    created_at: str
    finished_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "bulk_id", "action", "filter", "options", "reason", "state", "total", "succeeded", "refused", "left", "abort_asked_by", "remark",
        "created_by", "created_at", "finished_at",
    })
