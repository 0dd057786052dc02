"""What a planner is asked: goal, inputs, the schemas of the skills the agent may use. The same for runs and simulation."""

from __future__ import annotations

import asyncio
from typing import Any

from django.conf import settings

from agents.contracts import AgentProfile
from agents.planners.interface import PlannerFailure, PlannerMeans, PlanRequest, Proposal
from agents.planners.registry import propose
from runs.engine.state import State
from runs.shell.operator_means import OperatorSecrets
from skills.contracts import FaultDetail
from skills.net.client import GuardedHttp
from skills.registry import registry

PLANNER_TIMEOUT_MS = 60_000
OFFLINE = "stub"
"""The planner that costs nothing and needs no network."""


class _NoSecrets:
    """The secrets of a planner that needs none."""

    def reveal(self, name: str) -> str:
        raise KeyError(name)


def request_for_run(state: State, trace_id: str) -> PlanRequest:
    """Return what the planner gets to see of a run, the refused plan and its faults included in the repair round."""
    terms = state.terms
    allowed = None if terms.allowed_skills is None else list(terms.allowed_skills)
    return PlanRequest(
        goal=state.goal,
        inputs=state.inputs,
        skills=_metadata(AgentProfile(allowed_skills=allowed, blocked_skills=list(terms.blocked_skills))),
        options=_options(state.planner, state.means.get("planner_options") or {}),
        timeout_ms=PLANNER_TIMEOUT_MS,
        rejected=state.rejected,
        faults=[FaultDetail(**fault) for fault in state.faults],
        trace_id=trace_id or None,
    )


def _metadata(profile: AgentProfile) -> list[Any]:
    return [registry.metadata(name) for name in registry.names() if profile.allows(name)]


def _options(planner: str, own: dict[str, Any]) -> dict[str, Any]:
    return {"price_url": settings.PRICE_URL, **own} if planner == OFFLINE else own


def propose_offline(goal: str, profile: AgentProfile, inputs: dict[str, Any]) -> Proposal | PlannerFailure:
    """Ask the planner that costs nothing, from outside a worker."""
    request = PlanRequest(
        goal=goal,
        inputs=inputs,
        skills=_metadata(profile),
        options=_options(OFFLINE, profile.planner.options),
        timeout_ms=PLANNER_TIMEOUT_MS,
    )
    means = PlannerMeans(http=GuardedHttp(), secrets=OperatorSecrets(_NoSecrets()), providers={})
    return asyncio.run(propose(OFFLINE, request, means))
