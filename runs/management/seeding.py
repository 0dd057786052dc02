"""Runs to look at in an empty installation: one of each kind a newcomer meets, none of which needs a network."""

from __future__ import annotations

from typing import Any

from agents.bootstrap import AGENT_NAME
from agents.selectors import tenant_for
from agents.tenancy import Principal, operator_principal
from runs import services
from skills.requests import fingerprint_of

ORDER = {"order": {"id": 4711, "lines": [{"sku": "tea", "n": 2, "price": 4.5}, {"sku": "cup", "n": 1, "price": 12.0}]}}


def _step(step_id: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"step_id": step_id, "skill": "json_transform", "params": params, **more}


PLANS: dict[str, dict[str, Any]] = {
    "succeeds": {
        "goal": "Read an order and list what is in it",
        "steps": [
            _step("order", {"input": ORDER, "path": "$.order"}),
            _step("skus", {"input": "${steps.order.result}", "path": "$.lines[*].sku"}, depends_on=["order"]),
        ],
    },
    "fails": {
        "goal": "Read a field the order does not have, and do not hide it",
        "steps": [_step("customer", {"input": ORDER, "path": "$.order.customer"})],
    },
    "waits": {
        "goal": "Release an order when somebody has looked at it",
        "steps": [
            _step("order", {"input": ORDER, "path": "$.order.id"}),
            _step("release", {"input": "${steps.order.result}"}, depends_on=["order"], approval="always"),
        ],
    },
}


def seed_demo(slug: str) -> int:
    """Submit those of the runs a tenant does not have yet; return how many that were."""
    principal = operator_principal(tenant_for(slug), "demo")
    return sum(_submitted(principal, name, plan) for name, plan in PLANS.items())


def _submitted(principal: Principal, name: str, plan: dict[str, Any]) -> bool:
    key = f"demo:{name}"
    _, created = services.submit(
        principal=principal, agent_ref=AGENT_NAME, plan=plan, idempotency_key=key, fingerprint=fingerprint_of(key, plan)
    )
    return created
