"""The routes of webhooks: endpoints and their secrets, deliveries, callbacks of runs, and signed answers that decide."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent, AuditEntry, Tenant
from agents.tenancy import SCOPES, revoke_key
from runs.models import Outbox, Run, Signal, WebhookDelivery, WebhookEndpoint
from runs.webhooks import dispatching, sending
from runs.webhooks.messages import headers_for
from tests.api.cast import Caller, make_caller
from tests.integration.workshop import a_worker, over, parked

pytestmark = pytest.mark.django_db

HOOKS = "/api/v1/webhooks"
URL = "https://hooks.example.com/aos"
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
GATED = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}, "approval": "always"}]}


@pytest.fixture
def hook(alice: Caller) -> dict[str, Any]:
    made = alice.post(HOOKS, {"url": URL, "may_answer": True})
    assert made.status_code == 201, made.json()
    told: dict[str, Any] = made.json()
    return told


def test_it_makes_shows_changes_and_removes_an_endpoint(alice: Caller) -> None:
    made = alice.post(HOOKS, {"url": URL, "event_types": ["run.failed", "run.failed"], "description": "pages us"})
    told = made.json()
    assert told["secret"].startswith("whsec_")
    one = made.headers["Location"]
    shown = alice.get(one).json()
    assert shown == {name: value for name, value in told.items() if name != "secret"}
    assert shown["event_types"] == ["run.failed"]
    assert alice.get(HOOKS).json()["data"] == [shown]
    changed = alice.send("PATCH", one, {"is_enabled": False, "event_types": []}).json()
    assert (changed["is_enabled"], changed["event_types"], changed["description"]) == (False, [], "pages us")
    assert alice.send("DELETE", one).status_code == 204
    assert alice.get(one).status_code == 404
    actions = AuditEntry.objects.filter(action__startswith="webhook.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["webhook.create", "webhook.update", "webhook.delete"]


def test_it_shows_the_secret_of_an_endpoint_once(alice: Caller, hook: dict[str, Any]) -> None:
    one = f"{HOOKS}/{hook['webhook_id']}"
    rotated = alice.post(f"{one}/rotate-secret").json()
    assert rotated["secret"] not in (None, hook["secret"])
    assert rotated["rotated_until"] is not None
    for said in (alice.get(one).content, alice.get(HOOKS).content, json.dumps(list(AuditEntry.objects.values("after"))).encode()):
        assert rotated["secret"].encode() not in said
        assert hook["secret"].encode() not in said


def test_a_repeated_request_makes_no_second_endpoint_and_shows_no_secret_again(alice: Caller) -> None:
    first, second = (alice.post(HOOKS, {"url": URL}, Idempotency_Key="k-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json() | {"secret": None}
    assert WebhookEndpoint.objects.count() == 1
    assert first.json()["secret"] not in json.dumps([str(row) for row in WebhookEndpoint.objects.values()])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "http://127.0.0.1/"}, "/url"),
        ({"url": "https://user:pw@example.com/"}, "/url"),
        ({"url": URL + "x" * 3_000}, "/url"),
        ({"url": URL, "event_types": ["run.exploded"]}, "/event_types/0"),
        ({"url": URL, "event_types": "run.failed"}, "/event_types"),
        ({"url": URL, "tenant": "rival"}, "/tenant"),
        ({"url": URL, "secrets": ["whsec_AAAA"]}, "/secrets"),
        ({"url": URL, "is_enabled": True}, "/is_enabled"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_it_says_what_is_wrong_with_an_endpoint(alice: Caller, assert_problem: Any, body: Any, pointer: str) -> None:
    answer = alice.post(HOOKS, body)
    problem = assert_problem(answer, 422, answer.json()["code"])
    assert problem["errors"][0]["pointer"] == pointer
    assert not WebhookEndpoint.objects.exists()


def test_a_tenant_has_so_many_endpoints_and_no_more(alice: Caller, assert_problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.webhooks.endpoints.MOST_ENDPOINTS", 1)
    assert alice.post(HOOKS, {"url": URL}).status_code == 201
    assert_problem(alice.post(HOOKS, {"url": URL}), 409, "QUOTA_EXHAUSTED")


def test_it_lists_deliveries_and_sends_one_again(alice: Caller, hook: dict[str, Any], assert_problem: Any) -> None:
    one = f"{HOOKS}/{hook['webhook_id']}"
    tried = alice.post(f"{one}/test")
    assert (tried.status_code, tried.json()["state"]) == (202, "pending")
    delivery = f"{one}/deliveries/{tried.json()['delivery_id']}"
    whole = alice.get(delivery).json()
    assert json.loads(whole["body"])["type"] == "webhook.test"
    assert alice.get(f"{one}/deliveries?state=pending").json()["data"][0]["delivery_id"] == whole["delivery_id"]
    assert alice.get(f"{one}/deliveries?state=failed").json()["data"] == []
    sending.write_down(WebhookDelivery.objects.select_related("endpoint__tenant").get(), sending.Answer(200, "", 3))
    assert alice.get(delivery).json()["state"] == "delivered"
    again = alice.post(f"{delivery}/redeliver")
    assert (again.status_code, again.json()["state"], again.json()["attempts_total"]) == (202, "pending", 1)
    alice.send("PATCH", one, {"is_enabled": False})
    assert_problem(alice.post(f"{delivery}/redeliver"), 409, "INVALID_INPUT")
    assert_problem(alice.post(f"{one}/test"), 409, "INVALID_INPUT")


def test_it_tells_another_tenant_nothing(alice: Caller, charlie: Caller, hook: dict[str, Any], assert_problem: Any) -> None:
    one = f"{HOOKS}/{hook['webhook_id']}"
    delivery = f"{one}/deliveries/{alice.post(f'{one}/test').json()['delivery_id']}"
    for method, path in (
        ("GET", one),
        ("PATCH", one),
        ("DELETE", one),
        ("POST", f"{one}/rotate-secret"),
        ("POST", f"{one}/test"),
        ("GET", f"{one}/deliveries"),
        ("GET", delivery),
        ("POST", f"{delivery}/redeliver"),
    ):
        assert_problem(charlie.send(method, path, {}), 404, "NOT_FOUND")
    assert charlie.get(HOOKS).json()["data"] == []
    assert WebhookEndpoint.objects.get().is_enabled


# Callbacks of runs


def test_a_run_tells_its_end_to_the_address_it_was_given(alice: Caller, agent: Agent) -> None:
    body = {"agent": "worker", "plan": PLAN, "callback_url": URL}
    first, second = (alice.post("/api/v1/runs", body, Idempotency_Key="k") for _ in range(2))
    callback = first.json()["callback"]
    assert (callback["url"], second.json()["callback"]) == (URL, callback)
    assert alice.get(f"/api/v1/runs/{first.json()['run_id']}").json().get("callback") is None, "the secret is shown to who submits alone"
    assert alice.get(HOOKS).json()["data"] == []
    run = Run.objects.get()
    other = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()
    assert "callback" not in other
    for topic, told in (("run.succeeded", run), ("run.succeeded", Run.objects.get(public_id=other["run_id"]))):
        Outbox.objects.create(tenant=run.tenant, run=told, topic=topic, data=json.dumps({"run_id": told.public_id, "status": "succeeded"}))
    dispatching.dispatch()
    (delivery,) = WebhookDelivery.objects.all()
    assert json.loads(delivery.body)["data"] == {
        "run_id": run.public_id,
        "status": "succeeded",
        "link": f"/api/v1/runs/{run.public_id}",
    }


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://localhost.:0/", "nonsense", "gopher://x/"])
def test_a_run_with_a_callback_inside_is_no_run(alice: Caller, agent: Agent, assert_problem: Any, url: str) -> None:
    answer = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN, "callback_url": url})
    problem = assert_problem(answer, 422, answer.json()["code"])
    assert problem["errors"][0]["pointer"] == "/callback_url"
    assert not Run.objects.exists()


# Signed answers


def signed(body: dict[str, Any], secret: str, *, message: str = "msg_1", at: float | None = None) -> Any:
    """Return what a receiver sends back: the raw body and its headers."""
    raw = json.dumps(body).encode()
    headers = headers_for(message, int(time.time() if at is None else at), raw, [secret])
    return raw, {name: value for name, value in headers.items() if name.startswith("webhook-")}


def post_signed(webhook_id: str, body: dict[str, Any], secret: str, **options: Any) -> Any:
    raw, headers = signed(body, secret, **options)
    return Client().generic("POST", f"{HOOKS}/{webhook_id}/answers", raw, content_type="application/json", headers=headers)


@pytest.fixture
def waiting(transactional_db: None) -> tuple[Caller, Caller, Run, dict[str, Any]]:
    """A run of Alice's that waits for an approval, and the endpoint Bob made: who asks and who answers are two."""
    acme = Tenant.objects.create(slug="acme", name="Acme")
    alice, bob = (make_caller(acme, name, SCOPES) for name in ("alice", "bob"))
    alice.post("/api/v1/agents", {"name": "worker"})
    hook = bob.post(HOOKS, {"url": URL, "may_answer": True}).json()
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": GATED}).json()["run_id"]
    with a_worker():
        run = parked(Run.objects.get(public_id=run_id), "approval")
    return alice, bob, run, hook


@pytest.mark.django_db(transaction=True)
def test_a_signed_answer_approves_once(waiting: Any, assert_problem: Any) -> None:
    _, _, run, hook = waiting
    dispatching.dispatch()
    told = json.loads(WebhookDelivery.objects.get().body)["data"]
    assert told["answer_to"] == f"{HOOKS}/{hook['webhook_id']}/answers"
    (ask,) = told["asks"]
    body = {"run_id": run.public_id, "step_id": ask["step_id"], "verdict": "approve", "action_hash": ask["action_hash"]}
    assert post_signed(hook["webhook_id"], body, hook["secret"]).status_code == 202
    assert Signal.objects.get().actor == f"webhook:{hook['webhook_id']}"
    assert AuditEntry.objects.filter(action="run.approval_decided", via="webhook").count() == 1
    assert_problem(post_signed(hook["webhook_id"], body, hook["secret"]), 409, "INVALID_INPUT")
    assert_problem(post_signed(hook["webhook_id"], body, hook["secret"], message="msg_2"), 409, "INVALID_INPUT")
    assert Signal.objects.count() == 1
    with a_worker():
        assert over(run).status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_a_signed_answer_answers_a_question_once(acme: Tenant, assert_problem: Any) -> None:
    form = {"type": "object", "properties": {"which": {"enum": ["red", "blue"]}}, "required": ["which"]}
    question = {"step_id": "ask", "skill": "ask_human", "params": {"question": "Which one?", "form": form}}
    alice = make_caller(acme, "alice", SCOPES)
    alice.post("/api/v1/agents", {"name": "worker"})
    hook = alice.post(HOOKS, {"url": URL, "may_answer": True}).json()
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": {"steps": [question]}}).json()["run_id"]
    with a_worker():
        run = parked(Run.objects.get(public_id=run_id), "input")
    dispatching.dispatch()
    told = json.loads(WebhookDelivery.objects.get().body)["data"]
    assert (told["waiting_for"], told["answer_to"]) == ("input", f"{HOOKS}/{hook['webhook_id']}/answers")
    word = {"run_id": run_id, "step_id": "ask", "verdict": "answer"}
    refused = post_signed(hook["webhook_id"], word | {"value": {"which": "green"}}, hook["secret"])
    assert_problem(refused, 422, refused.json()["code"])
    assert not Signal.objects.exists()
    for number, status in ((2, 202), (2, 409), (3, 409)):
        answer = post_signed(hook["webhook_id"], word | {"value": {"which": "blue"}}, hook["secret"], message=f"msg_{number}")
        assert answer.status_code == status, answer.json()
    with a_worker():
        assert over(run).status == "succeeded"
    trace = alice.get(f"/api/v1/runs/{run_id}/trace").json()
    assert next(step["result"] for step in trace["steps"] if step["step_id"] == "ask") == {"which": "blue"}


@pytest.mark.django_db(transaction=True)
def test_who_asked_approves_nothing_by_an_endpoint_of_its_own(waiting: Any, assert_problem: Any) -> None:
    alice, _, run, _ = waiting
    own = alice.post(HOOKS, {"url": URL, "may_answer": True}).json()
    body = {"run_id": run.public_id, "step_id": "a", "verdict": "approve", "action_hash": "0" * 64}
    assert_problem(post_signed(own["webhook_id"], body, own["secret"]), 403, "PERMISSION_DENIED")
    assert not Signal.objects.exists()


def test_it_hears_nobody_whose_signature_is_not_right(alice: Caller, charlie: Caller, hook: dict[str, Any], assert_problem: Any) -> None:
    body = {"run_id": "run_" + "0" * 32, "step_id": "a", "verdict": "approve"}
    silent = alice.post(HOOKS, {"url": URL}).json()
    theirs = charlie.post(HOOKS, {"url": URL, "may_answer": True}).json()
    attempts = {
        "another secret": (hook["webhook_id"], theirs["secret"], {}),
        "an old message": (hook["webhook_id"], hook["secret"], {"at": time.time() - 600}),
        "one who may not answer": (silent["webhook_id"], silent["secret"], {}),
        "nobody": ("whk_" + "0" * 32, hook["secret"], {}),
        "NUL": ("whk_%00", hook["secret"], {}),
    }
    told = []
    for to, secret, more in attempts.values():
        told.append(assert_problem(post_signed(to, body, secret, **more), 401, "PERMISSION_DENIED"))
    assert len({problem["detail"] for problem in told}) == 1
    unsigned = Client().post(f"{HOOKS}/{hook['webhook_id']}/answers", body, content_type="application/json")
    assert_problem(unsigned, 401, "PERMISSION_DENIED")
    # Signed well, but about a run of nobody, or of another tenant: the same 404.
    assert_problem(post_signed(hook["webhook_id"], body, hook["secret"]), 404, "NOT_FOUND")


def test_a_key_that_ended_leaves_its_endpoints(alice: Caller, hook: dict[str, Any], bob: Caller) -> None:
    assert alice.row is not None
    revoke_key(alice.row)
    assert alice.get(HOOKS).status_code == 401
    assert [row["webhook_id"] for row in bob.get(HOOKS).json()["data"]] == [hook["webhook_id"]]
