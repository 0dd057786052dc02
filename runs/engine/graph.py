"""A plan as the machine walks it: nodes with their dependencies both ways, made once when a plan is proposed."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from agents.plan.graph import dependencies, referenced_steps
from agents.plan.references import secret_pointers

# Not after a dot or a quote: `inputs.index` and `inputs["item"]` are the same for every item.
_PER_ITEM = re.compile(r"(?<![\w.\"'])(item|index)\b")


class Retrying(msgspec.Struct, frozen=True):
    """A step's own retry policy; what is None comes from the catalog's advice."""

    max_attempts: int = 3
    backoff_ms: int | None = None
    factor: float | None = None
    max_backoff_ms: int | None = None


class Node(msgspec.Struct, frozen=True):
    """One step of the plan. `needs` must be resolved before it; `reads` are those whose results it uses."""

    step_id: str
    position: int
    skill: str
    params: dict[str, Any]
    needs: tuple[str, ...]
    reads: frozenset[str]
    condition: str | None = None
    condition_per_item: bool = False
    for_each: str | None = None
    max_items: int = 100
    on_error: str | None = None
    retry: Retrying | None = None
    fallback_skill: str | None = None
    fallback_params: dict[str, Any] | None = None
    timeout_ms: int | None = None
    approval: str = "policy"
    output_key: str | None = None
    secrets: tuple[str, ...] = ()


_latest: tuple[list[Any], dict[str, Node]] = ([], {})


def build(plan: dict[str, Any]) -> dict[str, Node]:
    """Return the nodes of a validated plan by step id, in plan order.

    Plans never change, and a simulation plays one several times: the steps that were built last are not built again.
    """
    global _latest
    steps, nodes = _latest
    if len(steps) != len(plan["steps"]) or any(mine is not given for mine, given in zip(steps, plan["steps"], strict=True)):
        nodes = {step["step_id"]: _node(position, step) for position, step in enumerate(plan["steps"])}
        _latest = list(plan["steps"]), nodes
    return dict(nodes)


def _node(position: int, step: dict[str, Any]) -> Node:
    retry = step.get("retry")
    condition, for_each = step.get("condition"), step.get("for_each")
    reads = referenced_steps(step.get("params"), for_each)
    return Node(
        step_id=step["step_id"],
        position=position,
        skill=step["skill"],
        params=step.get("params") or {},
        needs=tuple(dependencies(step, reads=reads)),
        reads=frozenset(reads),
        condition=condition,
        condition_per_item=bool(condition and for_each and _PER_ITEM.search(condition)),
        for_each=for_each,
        max_items=step.get("max_items", 100),
        on_error=step.get("on_error"),
        retry=None if retry is None else msgspec.convert(retry, Retrying),
        fallback_skill=step.get("fallback_skill"),
        fallback_params=step.get("fallback_params"),
        timeout_ms=step.get("timeout_ms"),
        approval=step.get("approval", "policy"),
        output_key=step.get("output_key"),
        secrets=secret_pointers(step.get("params")),
    )


def dependents(nodes: dict[str, Node]) -> dict[str, list[str]]:
    """Return who waits for whom, the other way round."""
    waiting: dict[str, list[str]] = {step_id: [] for step_id in nodes}
    for node in nodes.values():
        for needed in node.needs:
            waiting[needed].append(node.step_id)
    return waiting
