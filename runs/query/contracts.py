"""The published answer to a named question: which fields it has, the question says."""

from __future__ import annotations

from typing import Any

from agents.contracts import RateLimit, RunBudget
from runs.contracts.explanation import Cause, DecisionRecord, FailureTold, Obstacle
from runs.responses import Answer, RunView
from runs.tracing.contracts import ToldStep
from skills.contracts import StructuredOutcome


class FoundSkill(Answer):
    """A skill that may serve a goal, with the words they share."""

    skill: str
    description: str
    shared_words: list[str]


class QuestionAnswer(Answer):
    """The answer to `what`; of the other fields only those of its question are there.

    remaining_budget: budget · state: run, steps by their status · history: runs · rate_limits: agent, rate_limits ·
    what_did_i_try_already: step, failures, decided · last_step_outcome: outcome · why_did_step_fail: step_id, status, failures,
    decided, because · decisions: run_id, decisions · allowed_skills: agent, skills · skills_available_for_goal: skills ·
    relevant_memories: memories, why · blocked_by: run_id, blocked_by · explain: run_id, status, summary, blocked_by, because,
    failures. `query_type` and `remaining_budget_cents` answer who asks as aos-sdk 0.1.0 does.
    """

    what: str | None = None
    query_type: str | None = None
    run_id: str | None = None
    step_id: str | None = None
    status: str | None = None
    summary: str | None = None
    agent: str | None = None
    budget: RunBudget | None = None
    remaining_budget_cents: float | None = None
    run: RunView | None = None
    runs: list[RunView] | None = None
    step: ToldStep | None = None
    steps: dict[str, str] | list[dict[str, Any]] | None = None
    outcome: StructuredOutcome | None = None
    failures: list[FailureTold] | None = None
    decided: list[DecisionRecord] | None = None
    decisions: list[DecisionRecord] | None = None
    because: list[Cause] | None = None
    blocked_by: list[Obstacle] | None = None
    rate_limits: list[RateLimit] | None = None
    skills: list[str] | list[FoundSkill] | None = None
    memories: list[Any] | None = None
    why: str | None = None
