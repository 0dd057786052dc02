"""Nobody sets what is not theirs to set: each operation that takes a body refuses the house's own fields, and writes nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from agents.models import Agent, ServiceAccount
from aos_site.openapi_examples import BODIES, PLACES
from runs.models import Run, WebhookEndpoint
from runs.webhooks.messages import headers_for
from tests.api.cast import Caller
from tests.conftest import PROJECT

pytestmark = pytest.mark.django_db
OPENAPI = json.loads((PROJECT / "docs/reference/openapi.json").read_text())
OURS: dict[str, Any] = {
    "tenant": "rival",
    "tenant_id": 1,
    "status": "succeeded",
    "cost": 0,
    "spent_micro_usd": 0,
    "is_staff": True,
    "created_by": "somebody else",
    "public_id": "run_" + "0" * 32,
}


def operations() -> Iterator[Any]:
    """Yield method, path and operation of whatever takes a body."""
    for path, methods in OPENAPI["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation:
                yield pytest.param(method.upper(), path, operation, id=operation["operationId"])


def properties_of(operation: dict[str, Any]) -> set[str]:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return set(OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"])


@pytest.fixture
def places(alice: Caller, agent: Agent) -> dict[str, str]:
    """Return what stands in the path: things that are there, wherever a route looks for them before it reads the body."""
    hook = alice.post("/api/v1/webhooks", {"url": "https://hooks.example.com/aos", "may_answer": True}).json()
    account = ServiceAccount.objects.create(tenant=alice.tenant, name="one", role="viewer")
    run = Run.objects.create(tenant=alice.tenant, agent=agent, created_by="somebody")
    there = {"agent_id": agent.public_id, "webhook_id": hook["webhook_id"], "account_id": account.public_id, "run_id": run.public_id}
    return PLACES | {"secret": hook["secret"]} | there


def sent(caller: Caller, method: str, path: str, body: dict[str, Any], places: dict[str, str], number: int) -> Any:
    for name, value in places.items():
        path = path.replace("{" + name + "}", value)
    path = path.replace("{entry_id}", "none").replace("{drift_id}", "none").replace("{budget_id}", "none").replace("{candidate_id}", "none")
    path = path.replace("{signature}", "0" * 64)
    if not path.endswith("/answers"):
        return caller.send(method, path, body)
    raw = json.dumps(body).encode()
    signed = headers_for(f"msg_{number}", int(time.time()), raw, [places["secret"]])
    headers = {name: value for name, value in signed.items() if name.startswith("webhook-")}
    return Client().generic(method, path, raw, content_type="application/json", headers=headers)


def everything() -> dict[str, list[Any]]:
    """Return all rows there are."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()}


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_no_operation_takes_a_field_of_the_house(
    alice: Caller, places: dict[str, str], assert_problem: Any, method: str, path: str, operation: dict[str, Any]
) -> None:
    alice.get("/api/v1/whoami")
    body, taken = BODIES[operation["operationId"]], properties_of(operation)
    before = everything()
    for number, (name, value) in enumerate(OURS.items()):
        if name in taken:
            continue
        answer = sent(alice, method, path, body | {name: value}, places, number)
        problem = assert_problem(answer, 422, answer.json()["code"])
        assert f"/{name}" in [fault["pointer"] for fault in problem["errors"]], (name, problem)
    assert everything() == before


def test_every_operation_with_a_body_is_among_them() -> None:
    named = {operation.id for operation in operations()}
    assert named == set(BODIES)
    assert not {"tenant", "tenant_id", "is_staff", "created_by", "public_id"} & {
        name for found in operations() for name in properties_of(found.values[2])
    }


def test_a_nested_field_of_the_house_is_no_way_in(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    answer = alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {"profile": {"tenant": "rival"}})
    problem = assert_problem(answer, 422, answer.json()["code"])
    assert problem["errors"][0]["pointer"] == "/profile/tenant"
    step = {"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}, "tenant": "rival"}
    answer = alice.post("/api/v1/runs", {"agent": "worker", "plan": {"steps": [step]}})
    assert assert_problem(answer, 422, answer.json()["code"])["errors"][0]["pointer"] == "/plan/steps/0/tenant"
    assert not Run.objects.exists()
    assert not WebhookEndpoint.objects.exists()
