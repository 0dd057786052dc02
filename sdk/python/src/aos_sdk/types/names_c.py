"""Kinds of records from Calibration to CodeCount. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        AdviceChange,
    )
    from aos_sdk.types.names_d import (
        DecisionRecord,
    )
    from aos_sdk.types.names_e import (
        Effect, EntryView,
    )
    from aos_sdk.types.names_f import (
        Fault, FaultKind, FaultReport,
    )
    from aos_sdk.types.names_l import (
        Limits,
    )
    from aos_sdk.types.names_o import (
        OutcomeChange,
    )
    from aos_sdk.types.names_p import (
        PairReport, Policies,
    )
    from aos_sdk.types.names_r import (
        RateLimit, RecoveryMode,
    )
    from aos_sdk.types.names_w import (
        WhoMay,
    )


class Calibration(Record):
    """Predicted against actual: of n times so many were `inside` the range told before; actual by expected, in the mean and"""

    n: int
    inside: float | None
    mean_ratio: float | None
    largest_ratio: float | None
    widening: float

    _fields: ClassVar[frozenset[str]] = frozenset({"n", "inside", "mean_ratio", "largest_ratio", "widening"})


class CallFailure(Record):
    """What the call in doubt ended with."""

    code: str
    message: str
    upstream_status: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"code", "message", "upstream_status"})


class CallInFlight(Record):
    """A call under way when the run was told to stop."""

    step_id: str
    attempt: int
    effect: Effect

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "attempt", "effect"})


class Callback(Record):
    """Where a run's waits and its end are told, and the secret these messages are signed with."""

    url: str
    webhook_id: str
    secret: str

    _fields: ClassVar[frozenset[str]] = frozenset({"url", "webhook_id", "secret"})


class CallerCapabilities(Record):
    """What this installation offers, and what the caller's agent may do with it. Money and rates need the scope runs:read."""

    version: str
    interfaces: list[str]
    skills: list[str]
    planners: list[str]
    failure_codes: list[str]
    limits: Record
    retention_days: Record
    agent: str | None
    skills_available: list[str]
    permissions: list[str]
    budget_remaining_cents: float | None
    rate_limits: list[RateLimit] | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "version", "interfaces", "skills", "planners", "failure_codes", "limits", "retention_days", "agent", "skills_available",
        "permissions", "budget_remaining_cents", "rate_limits",
    })
    _nested: ClassVar[Mapping[str, str]] = {"rate_limits": "RateLimit"}


class CancelledRun(Record):
    """What a cancellation stops (`stopped`), what is in flight, and the steps whose effect `may_still_land`."""

    run_id: str
    requested: str
    stopped: list[str]
    in_flight: list[CallInFlight]
    may_still_land: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "requested", "stopped", "in_flight", "may_still_land"})
    _nested: ClassVar[Mapping[str, str]] = {"in_flight": "CallInFlight"}


class CandidateDecisionBody(Record):
    """CandidateDecisionBody."""

    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class CandidateDetail(Record):
    """A candidate with what speaks for and against it, what it changes, and what was decided."""

    id: str
    signature: str
    skill: str | None
    code: str
    host: str | None
    cause: str | None
    effect: str | None
    entry: int | None
    mode: RecoveryMode
    parameters: Record
    because: str | None
    origin: str
    occurrences: int
    first_seen_at: str | None
    last_seen_at: str | None
    confidence: float
    confidence_label: Literal["prior", "measured"] | str
    confidence_parts: Record
    applied: int
    succeeded: int
    baseline: Record | None
    measured_effect: Record | None
    state: Literal["open", "approved", "rejected", "withdrawn"] | str
    policy: Literal["none", "shadow", "active"] | str
    may: list[str]
    decided_by: str | None
    reason: str | None
    decided_at: str | None
    activated_at: str | None
    created_by: str | None
    created_at: str
    updated_at: str
    evidence: Record
    last_cases: list[Record]
    counter_cases: list[Record]
    modes: list[Record]
    agents: list[Record]
    advice_now: Record
    advice_then: Record
    alternatives: list[Record]
    policy_matches: Record
    shadow_report: Record | None
    decisions: list[Record]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "id", "signature", "skill", "code", "host", "cause", "effect", "entry", "mode", "parameters", "because", "origin", "occurrences",
        "first_seen_at", "last_seen_at", "confidence", "confidence_label", "confidence_parts", "applied", "succeeded", "baseline",
        "measured_effect", "state", "policy", "may", "decided_by", "reason", "decided_at", "activated_at", "created_by", "created_at",
        "updated_at", "evidence", "last_cases", "counter_cases", "modes", "agents", "advice_now", "advice_then", "alternatives",
        "policy_matches", "shadow_report", "decisions",
    })


class CandidateDocuments(Record):
    """CandidateDocuments."""

    data: list[Record]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})


class CandidateImportBody(Record):
    """Candidates as the export gives them."""

    data: list[Any]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})


class CandidatePage(Record):
    """CandidatePage."""

    data: list[CandidateView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "CandidateView"}


class CandidateView(Record):
    """A recovery candidate: for the failures of one signature, what would be done, how sure that is, where its decision stands."""

    id: str
    signature: str
    skill: str | None
    code: str
    host: str | None
    cause: str | None
    effect: str | None
    entry: int | None
    mode: RecoveryMode
    parameters: Record
    because: str | None
    origin: str
    occurrences: int
    first_seen_at: str | None
    last_seen_at: str | None
    confidence: float
    confidence_label: Literal["prior", "measured"] | str
    confidence_parts: Record
    applied: int
    succeeded: int
    baseline: Record | None
    measured_effect: Record | None
    state: Literal["open", "approved", "rejected", "withdrawn"] | str
    policy: Literal["none", "shadow", "active"] | str
    may: list[str]
    decided_by: str | None
    reason: str | None
    decided_at: str | None
    activated_at: str | None
    created_by: str | None
    created_at: str
    updated_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "id", "signature", "skill", "code", "host", "cause", "effect", "entry", "mode", "parameters", "because", "origin", "occurrences",
        "first_seen_at", "last_seen_at", "confidence", "confidence_label", "confidence_parts", "applied", "succeeded", "baseline",
        "measured_effect", "state", "policy", "may", "decided_by", "reason", "decided_at", "activated_at", "created_by", "created_at",
        "updated_at",
    })


class CatalogView(Record):
    """CatalogView."""

    data: list[EntryView]
    next_cursor: None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "EntryView"}


Category = Literal["transient", "permanent", "resource", "permission", "validation"] | str


class Cause(Record):
    """A link in the chain that led to the end of a run: the step, what it failed with, and what was decided about that."""

    step_id: str | None
    root_step_id: str | None
    code: str
    message: str
    decisions: list[DecisionRecord]

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "root_step_id", "code", "message", "decisions"})
    _nested: ClassVar[Mapping[str, str]] = {"decisions": "DecisionRecord"}


class Cell(Record):
    """Cell."""

    code: str
    column: int
    from_: str
    failures: int

    _fields: ClassVar[frozenset[str]] = frozenset({"code", "column", "from", "failures"})


class Cents(Record):
    """A range of costs in cents with four decimals, derived from micro-USD for people."""

    low: float | None
    expected: float | None
    worst: float | None

    _fields: ClassVar[frozenset[str]] = frozenset({"low", "expected", "worst"})


class Chain(Record):
    """What came of following the tenant's chain from its beginning: `problem` says where it breaks first."""

    chain: str
    entries: int
    holds: bool
    seq: int | None
    problem: str

    _fields: ClassVar[frozenset[str]] = frozenset({"chain", "entries", "holds", "seq", "problem"})


class Changes(Record):
    """What is changed; at least one thing. `recovery` is a candidate whose advice is tried; `prices` are percent of what was charged,"""

    limits: Limits | None
    policies: Policies | None
    steps: Record | None
    advice: list[AdviceChange] | None
    recovery: str | None
    prices: Record | None
    faults: list[Fault] | None
    outcomes: list[OutcomeChange] | None

    _fields: ClassVar[frozenset[str]] = frozenset({"limits", "policies", "steps", "advice", "recovery", "prices", "faults", "outcomes"})
    _nested: ClassVar[Mapping[str, str]] = {
        "limits": "Limits", "policies": "Policies", "advice": "AdviceChange", "faults": "Fault", "outcomes": "OutcomeChange",
    }


class ChaosBody(Record):
    """A plan or a goal, and which faults to try on it: all of them unless some are named, on every step unless one is."""

    budget_micro_usd: int | None
    budget_cents: float | str | None
    plan: Record | None
    goal: str | None
    agent: str | None
    inputs: Record | None
    deadline_ms: int | None
    faults: list[FaultKind] | None
    pairs: bool | None
    step: str | None
    ignoring_keys: list[str] | None
    seed: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "budget_micro_usd", "budget_cents", "plan", "goal", "agent", "inputs", "deadline_ms", "faults", "pairs", "step", "ignoring_keys",
        "seed",
    })


class ChaosCase(Record):
    """One run of the plan with faults. `arrived` says whether the other side got the call where nobody in the run could know."""

    faults: list[FaultKind]
    step_id: str
    skill: str
    effect: str
    arrived: bool | None
    end: ChaosEnd
    calls: int
    effects: int
    duplicates: int
    missing: int
    honest: bool

    _fields: ClassVar[frozenset[str]] = frozenset({
        "faults", "step_id", "skill", "effect", "arrived", "end", "calls", "effects", "duplicates", "missing", "honest",
    })
    _nested: ClassVar[Mapping[str, str]] = {"end": "ChaosEnd"}


class ChaosEnd(Record):
    """How a run came out: `must_act` says who has to do something for it to go on, None where nobody has to."""

    status: str
    waiting_for: str | None
    code: str | None
    must_act: str | None
    cost_micro_usd: int
    duration_ms: int

    _fields: ClassVar[frozenset[str]] = frozenset({"status", "waiting_for", "code", "must_act", "cost_micro_usd", "duration_ms"})


class ChaosLimits(Record):
    """What was left out because there was too much to play."""

    cases: int
    played: int
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"cases", "played", "detail"})


class ChaosReport(Record):
    """What faults make of a plan. `passed`: no effect happens twice, none is claimed that did not happen, no run hangs."""

    schema_version: Literal["1"] | str | None
    passed: bool
    sentence: str
    plan_hash: str
    agent: str
    seed: str
    without_faults: ChaosEnd
    faults: list[FaultReport]
    pairs: PairReport | None
    cases: list[ChaosCase]
    unreached: list[str]
    assumed: list[str]
    limited: ChaosLimits | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "schema_version", "passed", "sentence", "plan_hash", "agent", "seed", "without_faults", "faults", "pairs", "cases", "unreached",
        "assumed", "limited",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "without_faults": "ChaosEnd", "faults": "FaultReport", "pairs": "PairReport", "cases": "ChaosCase", "limited": "ChaosLimits",
    }


class CircuitList(Record):
    """Those that are not closed first; one at rest for a day is forgotten."""

    data: list[CircuitView]
    next_cursor: None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "CircuitView"}


class CircuitView(Record):
    """A circuit: `failures` in a row of the `limit` that opens it; open, it lets nothing through before `open_until_at`."""

    scope: str | None
    skill: str
    host: str | None
    state: Literal["closed", "open", "half_open"] | str
    failures: int
    limit: int
    openings: int
    open_until_at: str | None
    trial_until_at: str | None
    last_code: str | None
    changed_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "scope", "skill", "host", "state", "failures", "limit", "openings", "open_until_at", "trial_until_at", "last_code", "changed_at",
    })


class Clearing(Record):
    """What clears an obstacle. `api` is the request that does it and `body` what it takes, `command` the same at a shell;"""

    detail: str
    who: WhoMay | None
    api: str | None
    body: Record | None
    command: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"detail", "who", "api", "body", "command"})
    _nested: ClassVar[Mapping[str, str]] = {"who": "WhoMay"}


class CodeCount(Record):
    """How often a code came up, and how often recovering from it was tried and worked."""

    code: str
    category: Category
    failures: int
    missed: int
    attempted: int
    succeeded: int
    recovery_success_rate: float | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "category", "failures", "missed", "attempted", "succeeded", "recovery_success_rate",
    })
