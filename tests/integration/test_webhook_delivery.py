"""From the outbox to somebody's door over a real socket: what is delivered, what is tried again, what is given up."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response

from agents.models import Tenant
from agents.tenancy import SCOPES, Principal
from runs.gauges import read_deliveries
from runs.models import DeliveryState, Outbox, WebhookDelivery, WebhookEndpoint
from runs.webhooks import deliveries, endpoints, sending
from runs.webhooks.endpoints import Wanted
from skills.refusal import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def alice(tenant: Tenant) -> Principal:
    return Principal(tenant=tenant, name="alice", scopes=frozenset(SCOPES))


class Door:
    """A receiver on a real socket that answers as it is told, and keeps what came."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.url = server.url_for("/hook")
        self.answers: list[Response] = []
        self.came: list[Request] = []
        server.expect_request("/hook").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        request.get_data(cache=True)
        self.came.append(request)
        return self.answers.pop(0) if self.answers else Response(status=204)


@pytest.fixture
def door(settings: Any) -> Iterator[Door]:
    with HTTPServer(threaded=True) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({f"{server.host}:{server.port}"})
        yield Door(server)


def tell(tenant: Tenant, topic: str = "budget.alert", **data: Any) -> Outbox:
    return Outbox.objects.create(tenant=tenant, topic=topic, data=json.dumps(data))


def due_now() -> None:
    """Let the time of every next attempt come."""
    WebhookDelivery.objects.filter(state="pending").update(due_at=timezone.now())


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.select_related("endpoint").get()


def test_it_delivers_an_event_once_signed_so_that_others_can_check_it(tenant: Tenant, alice: Principal, door: Door) -> None:
    _, secret = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    event = tell(tenant, scope="tenant:acme")
    assert sending.is_wanted()
    assert (sending.deliver(), sending.deliver()) == (1, 0)
    (request,) = door.came
    told = Webhook(secret).verify(request.get_data(), dict(request.headers))
    assert told["type"] == "budget.alert"
    assert told["data"] == {"scope": "tenant:acme"}
    delivery = only()
    assert (delivery.state, request.headers["webhook-id"]) == ("delivered", delivery.public_id)
    assert delivery.attempts[0]["status"] == 204
    event.refresh_from_db()
    assert event.delivered_at is not None
    assert not sending.is_wanted()


def test_it_tells_an_endpoint_what_it_wants_and_another_tenant_nothing(tenant: Tenant, alice: Principal, door: Door) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    theirs = Principal(tenant=rival, name="charlie", scopes=frozenset(SCOPES))
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url, event_types=["drift.detected"]))
    endpoints.create_endpoint(principal=theirs, wanted=Wanted(url=f"{door.url}?rival"))
    off, _ = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=f"{door.url}?off"))
    endpoints.update_endpoint(principal=alice, webhook_id=off.public_id, wanted=Wanted(is_enabled=False))
    tell(tenant, "budget.alert")
    tell(tenant, "drift.detected")
    sending.deliver()
    assert [(request.url, json.loads(request.get_data())["type"]) for request in door.came] == [(door.url, "drift.detected")]


def test_it_tries_again_with_the_same_id_and_body_and_a_new_time(tenant: Tenant, alice: Principal, door: Door) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    door.answers = [Response(status=500), Response(status=302, headers={"Location": door.url}), Response(status=200)]
    tell(tenant, run="x")
    sending.deliver()
    assert (only().state, only().attempts_total) == ("pending", 1)
    assert timedelta(seconds=3) < only().due_at - timezone.now() < timedelta(seconds=6)
    assert sending.deliver() == 0, "it is not due yet"
    due_now()
    time.sleep(1.01)
    sending.deliver()
    assert only().attempts[-1]["status"] == 302, "a redirect is a failure and is not followed"
    due_now()
    sending.deliver()
    assert (only().state, [attempt["status"] for attempt in only().attempts]) == ("delivered", [500, 302, 200])
    assert read_deliveries() == {"delivered": 1, "retried": 2}
    assert len({request.headers["webhook-id"] for request in door.came}) == 1
    assert len({request.get_data() for request in door.came}) == 1
    assert len({request.headers["webhook-timestamp"] for request in door.came}) > 1


def test_it_rests_as_long_as_it_is_asked(tenant: Tenant, alice: Principal, door: Door) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    door.answers = [Response(status=429, headers={"Retry-After": "600"})]
    tell(tenant)
    sending.deliver()
    assert timedelta(seconds=590) < only().due_at - timezone.now() < timedelta(seconds=601)


def test_it_signs_with_both_secrets_while_one_is_changed(tenant: Tenant, alice: Principal, door: Door) -> None:
    row, old = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    door.answers = [Response(status=503)]
    tell(tenant)
    sending.deliver()
    _, new = endpoints.rotate_secret(principal=alice, webhook_id=row.public_id)
    due_now()
    sending.deliver()
    request = door.came[-1]
    for secret in (old, new):
        assert Webhook(secret).verify(request.get_data(), dict(request.headers))
    WebhookEndpoint.objects.update(rotated_until=timezone.now())
    tell(tenant)
    sending.deliver()
    assert door.came[-1].headers["webhook-signature"].count("v1,") == 1
    assert old not in str(list(WebhookEndpoint.objects.values())), "secrets lie sealed in the database"
    assert new not in str(list(WebhookEndpoint.objects.values()))


def test_it_switches_off_an_endpoint_that_is_gone_and_tells_the_others(tenant: Tenant, alice: Principal, door: Door) -> None:
    gone, _ = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url, event_types=["budget.alert"]))
    door.answers = [Response(status=410)]
    tell(tenant)
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url, event_types=["webhook.disabled"]))
    sending.deliver()
    gone.refresh_from_db()
    assert (gone.is_enabled, gone.disabled_because) == (False, "it answered 410 Gone")
    assert json.loads(door.came[-1].get_data())["data"]["webhook_id"] == gone.public_id
    with pytest.raises(Refusal, match="switched off"):
        deliveries.send_test(principal=alice, webhook_id=gone.public_id)
    endpoints.update_endpoint(principal=alice, webhook_id=gone.public_id, wanted=Wanted(is_enabled=True))
    tell(tenant)
    sending.deliver()
    assert json.loads(door.came[-1].get_data())["type"] == "budget.alert"


def test_it_gives_up_after_the_last_try_and_switches_the_endpoint_off(tenant: Tenant, alice: Principal, door: Door) -> None:
    row, _ = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    tell(tenant)
    sending.deliver()
    door.answers = [Response(status=500) for _ in range(10)]
    tell(tenant, second=True)
    for _ in range(10):
        due_now()
        sending.deliver()
    failed = WebhookDelivery.objects.get(state=DeliveryState.FAILED)
    assert failed.attempts_total == 10
    row.refresh_from_db()
    assert not row.is_enabled
    assert "500" in row.disabled_because
    endpoints.update_endpoint(principal=alice, webhook_id=row.public_id, wanted=Wanted(is_enabled=True))
    again = deliveries.redeliver(principal=alice, webhook_id=row.public_id, delivery_id=failed.public_id)
    sending.deliver()
    again.refresh_from_db()
    assert (again.state, again.attempts_total) == ("delivered", 11)
    assert door.came[-1].headers["webhook-id"] == failed.public_id


def test_it_keeps_an_endpoint_that_takes_other_messages(tenant: Tenant, alice: Principal, door: Door) -> None:
    row, _ = endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    door.answers = [Response(status=500)]
    tell(tenant)
    sending.deliver()
    WebhookDelivery.objects.update(round_attempts=9)
    deliveries.send_test(principal=alice, webhook_id=row.public_id)
    sending.deliver()
    door.answers = [Response(status=500)]
    due_now()
    sending.deliver()
    row.refresh_from_db()
    assert sorted(WebhookDelivery.objects.values_list("event_type", "state")) == [("budget.alert", "failed"), ("webhook.test", "delivered")]
    assert row.is_enabled


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/hook",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://0x7f.1/",
        "ftp://x/",
        "nonsense",
    ],
)
def test_it_never_takes_an_address_inside(alice: Principal, url: str) -> None:
    with pytest.raises(Refusal) as refused:
        endpoints.create_endpoint(principal=alice, wanted=Wanted(url=url))
    assert refused.value.status == 422
    assert refused.value.errors[0]["pointer"] == "/url"
    assert not WebhookEndpoint.objects.exists()


def test_it_calls_no_name_that_leads_inside(tenant: Tenant, alice: Principal) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url="http://localhost:9/hook"))
    tell(tenant)
    sending.deliver()
    assert only().state == "pending"
    assert "BLOCKED_TARGET" in only().attempts[0]["error"]


def test_it_lets_one_endpoint_that_hangs_not_hold_up_the_others(
    tenant: Tenant, alice: Principal, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 1)
    door.server.expect_request("/slow").respond_with_handler(lambda request: (time.sleep(3), Response(status=200))[1])
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.server.url_for("/slow")))
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    for number in range(9):
        tell(tenant, number=number)
    began = time.monotonic()
    sending.deliver()
    assert time.monotonic() - began < 8, "they are offered at the same time"
    states = WebhookDelivery.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["delivered"] * 9 + ["pending"] * 9
    slow = WebhookDelivery.objects.filter(state="pending").first()
    assert slow is not None
    assert "TIMEOUT" in slow.attempts[0]["error"]


def test_it_looks_past_what_is_due_for_one_endpoint(tenant: Tenant, alice: Principal, door: Door) -> None:
    for name in ("much", "little"):
        endpoints.create_endpoint(principal=alice, wanted=Wanted(url=f"{door.url}?{name}"))
    for number in range(sending.AT_ONCE + 10):
        tell(tenant, number=number)
    sending.dispatch()
    little = WebhookDelivery.objects.filter(endpoint__url__endswith="little")
    little.filter(pk__in=list(little.values_list("pk", flat=True)[3:])).delete()
    little.update(due_at=timezone.now())
    assert Counter(each.endpoint.url for each in sending._claim()) == {
        f"{door.url}?much": sending.OF_ONE_ENDPOINT,
        f"{door.url}?little": 3,
    }


def test_it_sends_nothing_to_an_endpoint_that_was_switched_off_meanwhile(tenant: Tenant, alice: Principal, door: Door) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    tell(tenant)
    sending.dispatch()
    # As by somebody who did not see the delivery yet that was being made.
    WebhookEndpoint.objects.update(is_enabled=False)
    assert sending.deliver() == 0
    assert (only().state, only().attempts_total, door.came) == ("failed", 0, [])
    assert not sending.is_wanted()


def test_it_sends_again_what_a_dead_sender_had_claimed(tenant: Tenant, alice: Principal, door: Door) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    tell(tenant)
    sending.dispatch()
    assert len(sending._claim()) == 1
    assert sending.deliver() == 0, "claimed by somebody who has a minute to send it"
    due_now()
    assert sending.deliver() == 1
    assert only().state == "delivered"


def test_it_says_what_is_wrong_when_the_keys_of_the_house_are_lost(tenant: Tenant, alice: Principal, door: Door, settings: Any) -> None:
    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    settings.ENCRYPTION_KEYS = ["another key, that of nobody, of enough characters"]
    tell(tenant)
    sending.deliver()
    assert "AOS_ENCRYPTION_KEYS" in only().attempts[0]["error"]
    assert not door.came


@pytest.mark.django_db(transaction=True)
def test_two_who_deliver_at_once_deliver_each_message_once(tenant: Tenant, alice: Principal, door: Door) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one writer at a time: test_it_sends_again covers the claim")
    from threading import Thread  # noqa: PLC0415 - of this test alone

    def deliver() -> None:
        try:
            sending.deliver()
        finally:
            connection.close()

    endpoints.create_endpoint(principal=alice, wanted=Wanted(url=door.url))
    for number in range(60):
        tell(tenant, number=number)
    threads = [Thread(target=deliver) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [request.headers["webhook-id"] for request in door.came]
    assert len(ids) == len(set(ids)) == 60
