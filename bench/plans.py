"""The plans workloads submit: chains and fans of one skill."""

from __future__ import annotations

from typing import Any

Plan = dict[str, Any]


def chain(steps: int, skill: str, **params: Any) -> Plan:
    """Return a plan whose steps run one after the other."""
    return {"steps": [_step(n, skill, params) | {"depends_on": [f"s{n - 1}"] if n else []} for n in range(steps)]}


def fan(steps: int, skill: str, **params: Any) -> Plan:
    """Return a plan whose steps depend on nothing."""
    return {"steps": [_step(n, skill, params) for n in range(steps)]}


def over_items(nodes: int, skill: str) -> Plan:
    """Return a chain whose steps each stand for one call per item of the input `items`."""
    plan = chain(nodes, skill)
    return {"steps": [step | {"for_each": "${inputs.items}", "max_items": 1_000} for step in plan["steps"]]}


def _step(number: int, skill: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"step_id": f"s{number}", "skill": skill, "params": params}
