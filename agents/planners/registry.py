"""Which planners there are, and the one way to ask one: `propose(name, request, means)`, which never raises."""

from __future__ import annotations

import logging

from agents.planners.claude import CLAUDE
from agents.planners.interface import Planner, PlannerFailure, PlannerMeans, PlanRequest, Proposal, failed
from agents.planners.openai_compatible import OPENAI_COMPATIBLE
from agents.planners.stub import STUB
from skills.base import SkillFailure

log = logging.getLogger(__name__)

PLANNERS: dict[str, Planner] = {planner.name: planner for planner in (STUB, CLAUDE, OPENAI_COMPATIBLE)}


def get_planner(name: str) -> Planner | None:
    """Return the planner of a name, None where there is none."""
    return PLANNERS.get(name)


async def propose(name: str, request: PlanRequest, means: PlannerMeans) -> Proposal | PlannerFailure:
    """Ask a planner. A defect of the planner becomes INTERNAL_ERROR and is loud in the log."""
    planner = get_planner(name)
    if planner is None:
        known = ", ".join(sorted(PLANNERS))
        return failed(SkillFailure("INVALID_INPUT", f"there is no planner '{name}'", suggestions=[f"Known planners: {known}."]))
    try:
        return await planner.propose(request, means)
    except Exception as defect:
        log.exception("planner.propose.defect", extra={"planner": name})
        return failed(SkillFailure("INTERNAL_ERROR", f"the planner '{name}' raised {type(defect).__name__}"))
