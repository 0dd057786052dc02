"""Kinds of records from QueryBody to QuestionView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Cause,
    )
    from aos_sdk.types.names_d import (
        DecisionRecord,
    )
    from aos_sdk.types.names_f import (
        FailureTold, FoundSkill,
    )
    from aos_sdk.types.names_o import (
        Obstacle,
    )
    from aos_sdk.types.names_r import (
        RateLimit, RunBudget, RunView,
    )
    from aos_sdk.types.names_s import (
        StructuredOutcome,
    )
    from aos_sdk.types.names_t import (
        ToldStep,
    )
    from aos_sdk.types.names_u import (
        UnreadableRun,
    )


class QueryBody(Record):
    """QueryBody."""

    what: str
    filters: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({"what", "filters"})


class QuestionAnswer(Record):
    """The answer to `what`; of the other fields only those of its question are there."""

    what: str | None
    query_type: str | None
    run_id: str | None
    step_id: str | None
    status: str | None
    summary: str | None
    agent: str | None
    budget: RunBudget | None
    remaining_budget_cents: float | None
    run: RunView | None
    runs: list[RunView] | None
    step: ToldStep | None
    steps: Record | list[Record] | None
    outcome: StructuredOutcome | None
    failures: list[FailureTold] | None
    decided: list[DecisionRecord] | None
    decisions: list[DecisionRecord] | None
    because: list[Cause] | None
    blocked_by: list[Obstacle] | None
    rate_limits: list[RateLimit] | None
    skills: list[str] | list[FoundSkill] | None
    memories: list[Any] | None
    why: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "what", "query_type", "run_id", "step_id", "status", "summary", "agent", "budget", "remaining_budget_cents", "run", "runs", "step",
        "steps", "outcome", "failures", "decided", "decisions", "because", "blocked_by", "rate_limits", "skills", "memories", "why",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "budget": "RunBudget", "run": "RunView", "runs": "RunView", "step": "ToldStep", "outcome": "StructuredOutcome",
        "failures": "FailureTold", "decided": "DecisionRecord", "decisions": "DecisionRecord", "because": "Cause", "blocked_by": "Obstacle",
        "rate_limits": "RateLimit", "skills": "FoundSkill",
    }


class QuestionPage(Record):
    """QuestionPage."""

    data: list[QuestionView]
    unreadable: list[UnreadableRun]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "unreadable", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "QuestionView", "unreadable": "UnreadableRun"}


class QuestionView(Record):
    """What a step asks a person. `waits_for`: `input` is a question of the plan, the others ask what becomes of a failure; `form` is the"""

    run_id: str
    step_id: str
    agent: str
    goal: str
    requested_by: str
    skill: str
    version: str
    waits_for: Literal["input", "escalation", "intervention"] | str
    question: str
    form: Any
    failure_code: str
    expires_at: str | None
    run_created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "step_id", "agent", "goal", "requested_by", "skill", "version", "waits_for", "question", "form", "failure_code",
        "expires_at", "run_created_at",
    })
