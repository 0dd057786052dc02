"""What one tenant made is nothing to another: cursors, places in feeds, idempotency keys, answers that are kept, and who ended."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import connection

from agents.models import Agent, ApiKey, StoredAnswer, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, revoke_key
from runs import waiting
from runs.models import Outbox, Run, WebhookEndpoint
from tests.api.cast import Caller, make_caller, told_to_all

pytestmark = pytest.mark.django_db
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
URL = "https://hooks.example.com/aos"


def page_of(caller: Caller, path: str) -> str:
    cursor: str = caller.get(f"{path}?limit=1").json()["next_cursor"]
    assert cursor
    return cursor


def test_a_cursor_is_good_for_its_tenant_and_list_alone(alice: Caller, bob: Caller, charlie: Caller, assert_problem: Any) -> None:
    for caller in (alice, charlie):
        for number in range(2):
            caller.post("/api/v1/agents", {"name": f"agent-{number}"})
            caller.post("/api/v1/webhooks", {"url": URL})
            caller.post("/api/v1/service-accounts", {"name": f"account-{number}", "role": "viewer"})
            caller.post("/api/v1/api-keys", {"name": f"key-{number}", "scopes": ["runs:read"]})
    paths = [f"/api/v1/{name}" for name in ("agents", "webhooks", "service-accounts", "api-keys")]
    cursors = {path: page_of(alice, path) for path in paths}
    for path, cursor in cursors.items():
        assert alice.get(f"{path}?cursor={cursor}").status_code == 200
        for other in paths:
            asked = charlie if other == path else alice
            problem = assert_problem(asked.get(f"{other}?cursor={cursor}"), 400, "INVALID_INPUT")
            assert problem["errors"][0]["code"] == "INVALID_CURSOR"
    assert bob.get(f"/api/v1/agents?cursor={cursors['/api/v1/agents']}").status_code == 200, "a place in a list is its tenant's"


def test_a_cursor_of_one_endpoints_deliveries_shows_no_others(alice: Caller, assert_problem: Any) -> None:
    one, other = (alice.post("/api/v1/webhooks", {"url": URL}).json()["webhook_id"] for _ in range(2))
    for _ in range(2):
        alice.post(f"/api/v1/webhooks/{one}/test")
    cursor = page_of(alice, f"/api/v1/webhooks/{one}/deliveries")
    assert_problem(alice.get(f"/api/v1/webhooks/{other}/deliveries?cursor={cursor}"), 400, "INVALID_INPUT")


@pytest.mark.django_db(transaction=True)
def test_a_place_of_anothers_feed_tells_nothing_of_it(alice: Caller, charlie: Caller) -> None:
    for number in range(3):
        Outbox.objects.create(tenant=alice.tenant, topic="budget.alert", data=json.dumps({"secret": f"of acme {number}"}))
        Outbox.objects.create(tenant=charlie.tenant, topic="budget.alert", data=json.dumps({"number": number}))
    told_to_all()
    places = ["", "latest", *(event["cursor"] for event in alice.get("/api/v1/events").json()["data"])]
    assert len(places) == 5
    for place in places:
        page = charlie.get(f"/api/v1/events?after={place}")
        assert page.status_code == 200
        assert b"acme" not in page.content
        assert [event["data"] for event in page.json()["data"]] in (
            [{"number": number} for number in range(first, 3)] for first in range(4)
        )


MADE = [
    ("/api/v1/agents", {"name": "twin"}),
    ("/api/v1/webhooks", {"url": URL}),
    ("/api/v1/api-keys", {"name": "twin", "scopes": ["runs:read"]}),
    ("/api/v1/service-accounts", {"name": "twin", "role": "viewer"}),
    ("/api/v1/freezes", {"kind": "agent", "key": "worker", "reason": "to try"}),
    ("/api/v1/runs", {"agent": "worker", "plan": PLAN}),
    ("/api/v1/goals", {"agent": "worker", "goal": "say hello"}),
]


@pytest.mark.parametrize(("path", "body"), MADE, ids=[path for path, _ in MADE])
def test_an_idempotency_key_of_another_tenant_is_another_key(
    alice: Caller, charlie: Caller, agent: Agent, path: str, body: dict[str, Any]
) -> None:
    create_agent(tenant=charlie.tenant, name="worker")
    ours, theirs = (caller.post(path, body, Idempotency_Key="the-same") for caller in (alice, charlie))
    assert (ours.status_code, theirs.status_code) in ((201, 201), (202, 202)), (ours.json(), theirs.json())
    assert "Idempotency-Replayed" not in theirs.headers
    ids = [{value for name, value in answer.json().items() if name.endswith("_id") and value} for answer in (ours, theirs)]
    assert not ids[0] & ids[1]
    again = charlie.post(path, body, Idempotency_Key="the-same")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert {value for name, value in again.json().items() if name.endswith("_id") and value} == ids[1]


def test_two_keys_of_one_account_have_idempotency_keys_of_their_own(alice: Caller) -> None:
    account = alice.post("/api/v1/service-accounts", {"name": "ci", "role": "developer"}).json()["service_account_id"]
    asked = {"scopes": ["agents:write", "webhooks:write", "webhooks:read"], "service_account_id": account}
    made = [alice.post("/api/v1/api-keys", asked | {"name": name}).json() for name in ("one", "other")]
    one, other = (Caller(each["key"], None, alice.tenant) for each in made)
    first, second = (caller.post("/api/v1/webhooks", {"url": URL}, Idempotency_Key="k") for caller in (one, other))
    assert first.json()["webhook_id"] != second.json()["webhook_id"]
    assert second.json()["secret"] is not None, "it is the first time this key asks"
    alice.post(f"/api/v1/api-keys/{made[0]['key_id']}/revoke")
    assert one.post("/api/v1/webhooks", {"url": URL}, Idempotency_Key="k").status_code == 401, "nothing is said again to a key that ended"
    ApiKey.objects.filter(public_id=made[1]["key_id"]).update(scopes=["agents:write"])
    assert other.post("/api/v1/webhooks", {"url": URL}, Idempotency_Key="k").status_code == 403, "nor to one that lost the scope"
    assert WebhookEndpoint.objects.count() == 2


def test_answers_that_are_kept_hold_no_secret(alice: Caller, agent: Agent) -> None:
    secrets = [
        alice.post("/api/v1/api-keys", {"name": "ci", "scopes": ["runs:read"]}, Idempotency_Key="a").json()["key"],
        (hook := alice.post("/api/v1/webhooks", {"url": URL, "may_answer": True}, Idempotency_Key="b").json())["secret"],
        alice.post(f"/api/v1/webhooks/{hook['webhook_id']}/rotate-secret", Idempotency_Key="c").json()["secret"],
    ]
    body = {"agent": "worker", "plan": PLAN, "callback_url": URL}
    secrets.append(alice.post("/api/v1/runs", body, Idempotency_Key="d").json()["callback"]["secret"])
    assert all(secrets)
    assert StoredAnswer.objects.count() == 3
    kept = json.dumps([list(model.objects.values()) for model in (StoredAnswer, WebhookEndpoint, Run, Outbox)], default=str)
    for secret in secrets:
        assert secret not in kept
        assert secret.rpartition("_")[2][:40] not in kept


def test_a_refused_request_keeps_no_answer(alice: Caller, agent: Agent) -> None:
    for path, body in (
        ("/api/v1/agents", {"name": ""}),
        ("/api/v1/agents", {"name": "worker"}),
        ("/api/v1/webhooks", {"url": "http://[::1]/"}),
    ):
        assert alice.post(path, body, Idempotency_Key="k").status_code >= 400
    assert not StoredAnswer.objects.exists()
    assert alice.post("/api/v1/agents", {"name": "second"}, Idempotency_Key="k").status_code == 201


# Who ends while waiting


@pytest.mark.django_db(transaction=True)
def test_a_key_that_ends_while_it_waits_is_told_nothing_more(assert_problem: Any) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    alice = make_caller(tenant, "alice", SCOPES)
    assert alice.row is not None
    row = alice.row

    def end_and_tell() -> None:
        try:
            revoke_key(row)
            Outbox.objects.create(tenant=tenant, topic="budget.alert", data="{}")
        finally:
            connection.close()

    soon = threading.Timer(0.4, end_and_tell)
    soon.start()
    answer = alice.get("/api/v1/events?wait=10")
    soon.join()
    assert_problem(answer, 401, "PERMISSION_DENIED")


def test_so_many_wait_and_others_are_answered_at_once(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_places", threading.BoundedSemaphore(1))
    asked: list[float] = []

    def read() -> int:
        asked.append(time.monotonic())
        return len(asked)

    with waiting._places:
        assert waiting.wait_until(read, lambda count: count > 1, seconds=30) == 1
        assert alice.get("/api/v1/events?wait=30").json()["data"] == []
    for _ in range(3):
        # A wait that ended gave its place back.
        before = len(asked)
        assert waiting.wait_until(read, (before + 2).__eq__, seconds=30) == before + 2
