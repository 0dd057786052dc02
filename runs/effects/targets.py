"""Where the effect of a step went, or would go: as its call reported it, else as its skill reads its parameters."""

from __future__ import annotations

import logging

from runs.engine.events import Pin
from runs.engine.state import StepState
from skills.registry import registry

log = logging.getLogger(__name__)


def target_of(step: StepState, pin: Pin) -> str | None:
    """Return the target in words; None where nobody can say."""
    if step.side_effects:
        return str(step.side_effects[-1]["target"])
    skill = registry.resolve(pin.skill, pin.version)
    try:
        return None if skill is None else skill.target_of(step.params or {})
    except Exception:
        log.exception("skill.target.defect", extra={"skill": pin.skill})
        return None
