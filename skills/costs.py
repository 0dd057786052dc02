"""The one door to what a call can cost at most."""
from __future__ import annotations
from typing import Any
def worst_case_of(skill: Any, params: Any, config: Any) -> int | None:
    return skill.worst_case_micro_usd(params, config)
