"""Webhooks as somebody would turn them against the house: addresses inside, receivers that misbehave, secrets that lend rights."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from agents.models import Tenant
from agents.tenancy import SCOPES, Principal
from runs.models import Outbox, Run, Signal, WebhookDelivery, WebhookEndpoint
from runs.webhooks import endpoints, sending
from runs.webhooks.endpoints import Wanted
from runs.webhooks.messages import headers_for
from skills.net.client import GuardedHttp
from tests.api.cast import Caller, make_caller
from tests.integration.workshop import a_worker, parked

pytestmark = pytest.mark.django_db
HOOKS, URL = "/api/v1/webhooks", "https://hooks.example.com/aos"
GATED = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}, "approval": "always"}]}


class Receiver:
    """A server that answers each connection with bytes as they stand here, and may do something first."""

    def __init__(self, answer: bytes, first: Callable[[], None] = lambda: None) -> None:
        self._answer, self._first = answer, first
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.url = f"http://{self.address}/hook"
        self.came = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            with connected:
                connected.recv(65_536)
                self.came += 1
                self._first()
                try:
                    connected.sendall(self._answer)
                except OSError:
                    continue

    def close(self) -> None:
        # Wakes who waits in accept, which closing alone does not.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(answer: bytes = OK, first: Callable[[], None] = lambda: None) -> Receiver:
        made.append(Receiver(answer, first))
        settings.ALLOW_LOCAL_TARGETS = settings.ALLOW_LOCAL_TARGETS | {made[-1].address}
        return made[-1]

    settings.ALLOW_LOCAL_TARGETS = frozenset()
    yield make
    for each in made:
        each.close()


def owner(tenant: Tenant, name: str = "owner", scopes: tuple[str, ...] = SCOPES) -> Principal:
    return Principal(tenant=tenant, name=name, scopes=frozenset(scopes))


def an_event(tenant: Tenant) -> None:
    Outbox.objects.create(tenant=tenant, topic="budget.alert", data="{}")


def state_at(url: str) -> tuple[str, str]:
    delivery = WebhookDelivery.objects.get(endpoint__url=url)
    return delivery.state, str(delivery.attempts[-1]["error"]) if delivery.attempts else ""


# Addresses

INSIDE = [
    "https://[::ffff:127.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fec0::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[::]/",
    "https://0.0.0.0/",
    "https://127.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://127\u30020\u30020\u30021/",
    "https://\u2460\u2461\u2466.0.0.1/",
    "https://127.0.0.1./",
    "https://100.64.0.1/",
    "https://192.0.0.192/",
    "https://224.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://user@hooks.example.com/",
    "https://:@hooks.example.com/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:65536/",
    "https://hooks.example.com/\r\nX-Evil: 1",
    "https://hooks.example.com\t/",
    "https://hooks..example.com/",
    "file:///etc/passwd",
    "//hooks.example.com/",
]


@pytest.mark.parametrize("url", INSIDE, ids=ascii)
def test_no_spelling_of_an_address_inside_is_taken(alice: Caller, assert_problem: Any, url: str) -> None:
    made = alice.post(HOOKS, {"url": URL}).json()["webhook_id"]
    for answer in (alice.post(HOOKS, {"url": url}), alice.send("PATCH", f"{HOOKS}/{made}", {"url": url})):
        assert assert_problem(answer, 422, answer.json()["code"])["errors"][0]["pointer"] == "/url"
    assert WebhookEndpoint.objects.get().url == URL


def test_in_production_nothing_is_told_in_clear(alice: Caller, settings: Any, assert_problem: Any) -> None:
    settings.IS_PRODUCTION = True
    answer = alice.post(HOOKS, {"url": "http://hooks.example.com/"})
    assert assert_problem(answer, 422, "INVALID_INPUT")["errors"][0]["pointer"] == "/url"


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:169.254.169.254"], ["fd00::1"]], ids=str)
def test_a_name_that_leads_inside_by_now_is_not_called(answers: list[str]) -> None:
    """Good when it was registered, and another answer of the name server when it is called."""

    async def offered() -> sending.Answer:
        async def resolve(host: str, port: int) -> list[str]:
            return answers

        async with GuardedHttp(resolve=resolve) as http:
            return await sending._offer(http, URL, b"{}", {"webhook-id": "msg_1"})

    answer = asyncio.run(offered())
    assert (answer.status, answer.error.partition(":")[0]) == (None, "BLOCKED_TARGET")


# Receivers


def test_a_redirect_inside_is_not_followed(acme: Tenant, receiver: Any) -> None:
    inside = receiver()
    for status in ("301 Moved Permanently", "307 Temporary Redirect", "308 Permanent Redirect"):
        away = receiver(f"HTTP/1.1 {status}\r\nLocation: {inside.url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        endpoints.create_endpoint(principal=owner(acme), wanted=Wanted(url=away.url))
    an_event(acme)
    assert sending.deliver() == 3
    assert inside.came == 0
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"pending"}


def test_an_endless_answer_is_cut_off(acme: Tenant, receiver: Any) -> None:
    announced = receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 10_000_000)
    endless = receiver(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 10_000_000)
    for each in (announced, endless):
        endpoints.create_endpoint(principal=owner(acme), wanted=Wanted(url=each.url))
    an_event(acme)
    began = time.monotonic()
    assert sending.deliver() == 2
    assert time.monotonic() - began < sending.TIMEOUT_SECONDS
    for each in (announced, endless):
        state, error = state_at(each.url)
        assert (state, error.partition(":")[0]) == ("pending", "CONTENT_TOO_LARGE"), error


def test_an_answer_drop_by_drop_ends_at_the_deadline(acme: Tenant, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 1)
    over = threading.Event()
    slow = receiver(OK, lambda: bool(over.wait(10)) and None)
    endpoints.create_endpoint(principal=owner(acme), wanted=Wanted(url=slow.url))
    an_event(acme)
    began = time.monotonic()
    sending.deliver()
    over.set()
    assert time.monotonic() - began < 9, "the answer takes ten seconds"
    assert state_at(slow.url)[1].startswith("TIMEOUT")


def later(retry_after: str, date: str = "Mon, 01 Jan 2026 00:00:00 GMT") -> bytes:
    """Return an answer that asks to be left alone for a while."""
    return f"HTTP/1.1 503 No\r\nDate: {date}\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n".encode()


RUDE = {
    "a year of fourteen digits": later("Mon, 01 Jan 99999999999999 00:00:00 GMT"),
    "a day of fourteen digits": later("Mon, 99999999999999 Jan 2026 00:00:00 GMT"),
    "an endless zone": later("Mon, 01 Jan 2026 00:00:00 +99999999999999999999"),
    "an odd date": later("Tue, 02 Jan 2026 00:00:00 GMT", date="Mon, 01 Jan 99999999999999 00:00:00 GMT"),
    "a number of ten digits": later("9999999999"),
    "a length beyond belief": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "no HTTP": b"\x00\x01\x02\r\n\r\n",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    "a bomb that is none": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    "nothing": b"",
}


@pytest.mark.parametrize("answer", RUDE.values(), ids=RUDE.keys())
def test_one_rude_receiver_keeps_nothing_from_other_tenants(acme: Tenant, rival: Tenant, receiver: Any, answer: bytes) -> None:
    rude, kind = receiver(answer), receiver()
    endpoints.create_endpoint(principal=owner(rival), wanted=Wanted(url=rude.url))
    endpoints.create_endpoint(principal=owner(acme), wanted=Wanted(url=kind.url))
    an_event(rival)
    an_event(acme)
    assert sending.deliver() == 2
    assert state_at(kind.url) == ("delivered", "")
    assert state_at(rude.url)[0] == "pending"


def test_what_nobody_foresaw_is_an_attempt_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    async def offered() -> sending.Answer:
        async def resolve(host: str, port: int) -> list[str]:
            raise RuntimeError("the resolver broke")

        async with GuardedHttp(resolve=resolve) as http:
            return await sending._offer(http, URL, b"{}", {"webhook-id": "msg_1"})

    answer = asyncio.run(offered())
    assert (answer.status, answer.error.partition(":")[0]) == (None, "INTERNAL_ERROR")
    assert "webhook.attempt_broke" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_endpoint_removed_while_it_is_called_keeps_nothing_from_other_tenants(acme: Tenant, rival: Tenant, receiver: Any) -> None:
    def remove() -> None:
        WebhookEndpoint.objects.filter(tenant=rival).delete()
        connection.close()

    leaving, kind = receiver(OK, remove), receiver()
    endpoints.create_endpoint(principal=owner(rival), wanted=Wanted(url=leaving.url))
    endpoints.create_endpoint(principal=owner(acme), wanted=Wanted(url=kind.url))
    an_event(rival)
    an_event(acme)
    assert sending.deliver() == 2
    assert state_at(kind.url) == ("delivered", "")
    assert WebhookDelivery.objects.count() == 1


def test_nothing_is_sent_to_an_endpoint_that_was_switched_off(alice: Caller, receiver: Any) -> None:
    gone = receiver(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    hook = alice.post(HOOKS, {"url": gone.url}).json()["webhook_id"]
    an_event(alice.tenant)
    sending.deliver()
    alice.send("PATCH", f"{HOOKS}/{hook}", {"is_enabled": False})
    WebhookDelivery.objects.update(due_at="2020-01-01T00:00:00Z")
    an_event(alice.tenant)
    assert sending.deliver() == 0
    assert gone.came == 1
    assert state_at(gone.url)[0] == "failed"
    assert WebhookEndpoint.objects.get().disabled_because == "", "it is off because somebody said so"


# Secrets that lend rights


def test_a_secret_that_answers_takes_the_right_to_decide(acme: Tenant, alice: Caller, assert_problem: Any) -> None:
    hooks_alone = make_caller(acme, "hooks", ("webhooks:read", "webhooks:write"))
    answering = alice.post(HOOKS, {"url": URL, "may_answer": True}).json()["webhook_id"]
    silent = hooks_alone.post(HOOKS, {"url": URL}).json()["webhook_id"]
    for refused in (
        hooks_alone.post(HOOKS, {"url": URL, "may_answer": True}),
        hooks_alone.send("PATCH", f"{HOOKS}/{silent}", {"may_answer": True}),
        hooks_alone.post(f"{HOOKS}/{answering}/rotate-secret"),
    ):
        assert assert_problem(refused, 403, "PERMISSION_DENIED")["errors"][0]["pointer"] == "/may_answer"
    assert hooks_alone.post(f"{HOOKS}/{silent}/rotate-secret").status_code == 200
    assert hooks_alone.send("PATCH", f"{HOOKS}/{answering}", {"may_answer": False}).json()["may_answer"] is False
    assert WebhookEndpoint.objects.filter(may_answer=True).count() == 0


@pytest.mark.django_db(transaction=True)
def test_who_asked_approves_nothing_by_the_new_secret_of_anothers_endpoint(assert_problem: Any) -> None:
    acme = Tenant.objects.create(slug="acme", name="Acme")
    alice, bob = (make_caller(acme, name, SCOPES) for name in ("alice", "bob"))
    alice.post("/api/v1/agents", {"name": "worker"})
    hook = bob.post(HOOKS, {"url": URL, "may_answer": True}).json()
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": GATED}).json()["run_id"]
    with a_worker():
        parked(Run.objects.get(public_id=run_id), "approval")
    ask = alice.get(f"/api/v1/approvals/{run_id}/a").json()
    secret = alice.post(f"{HOOKS}/{hook['webhook_id']}/rotate-secret").json()["secret"]
    raw = json.dumps({"run_id": run_id, "step_id": "a", "verdict": "approve", "action_hash": ask["action_hash"]}).encode()
    signed = headers_for("msg_1", int(time.time()), raw, [secret])
    headers = {name: value for name, value in signed.items() if name.startswith("webhook-")}
    answer = Client().generic("POST", f"{HOOKS}/{hook['webhook_id']}/answers", raw, content_type="application/json", headers=headers)
    assert_problem(answer, 403, "PERMISSION_DENIED")
    assert not Signal.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_new_secrets_at_the_same_moment_both_sign() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    row, _ = endpoints.create_endpoint(principal=owner(tenant), wanted=Wanted(url=URL))
    together, given = threading.Barrier(2), []

    def rotate() -> None:
        try:
            together.wait(10)
            given.append(endpoints.rotate_secret(principal=owner(tenant), webhook_id=row.public_id)[1])
        finally:
            connection.close()

    threads = [threading.Thread(target=rotate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row.refresh_from_db()
    assert set(endpoints.secrets_of(row)) == set(given)
    assert len(given) == 2
