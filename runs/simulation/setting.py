"""What a plan is simulated under: who would run it, with which means, and how everything stands that could stop it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.contracts import AgentProfile
from agents.freezes import Frozen
from agents.ledger import Standing
from runs.history.measured import Measured
from runs.shell.admission import Advise

SkillVersion = tuple[str, str]


def _no_scopes(models: Collection[str], limit_micro_usd: int | None) -> Sequence[Standing]:
    return ()


def _no_history(skills: Collection[str]) -> Mapping[SkillVersion, Measured]:
    return {}


def _nothing_frozen(skills: Collection[str]) -> Sequence[Frozen]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Values, and the questions that only the database can answer: each is asked once a simulation.

    `scopes` says how the scopes stand that a run with this limit would draw on, those of `models` too; `history` what is
    known of skills, by version; `frozen` what is frozen of the tenant, the agent and these skills. A run that does another
    one again has its `versions` of skills and results `carried` over.
    """

    profile: AgentProfile
    inputs: dict[str, Any] = field(default_factory=dict)
    budget_micro_usd: int | None = None
    deadline_ms: int | None = None
    agent_id: str = ""
    agent_version: int = 0
    agent_status: str = "active"
    versions: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, Any] = field(default_factory=dict)
    advise: Advise | None = None
    scopes: Callable[[Collection[str], int | None], Sequence[Standing]] = _no_scopes
    history: Callable[[Collection[str]], Mapping[SkillVersion, Measured]] = _no_history
    frozen: Callable[[Collection[str]], Sequence[Frozen]] = _nothing_frozen
