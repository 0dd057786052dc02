"""The pages of webhooks: endpoints, deliveries and their bodies, each role as it may; secrets in one answer alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents import audit
from agents.models import Role, Tenant
from agents.tenancy import operator_principal
from runs.models import WebhookDelivery, WebhookEndpoint
from runs.webhooks import endpoints
from runs.webhooks.endpoints import Wanted, disable, secrets_of
from runs.webhooks.sending import Answer, write_down
from tests.console.conftest import CANARY, Cast, SignIn

READS = ("developer", "operator", "auditor", "tenant_admin", "root")
CHANGES = ("tenant_admin",)
PAYLOADS = ("developer", "tenant_admin")
EVERYBODY = (*Role.values, "root", "stranger")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
NAUGHTY = "<script>alert('дверь')</script>{{ 7 }}"
LIST = "/admin/webhooks/"


@pytest.fixture
def door(cast: Cast) -> WebhookEndpoint:
    an_endpoint(cast.rival, f"https://{CANARY}.example/hook", CANARY)
    return an_endpoint(cast.acme, "https://hooks.example/acme?room=its-own-password", NAUGHTY)


def an_endpoint(tenant: Tenant, address: str, text: str) -> WebhookEndpoint:
    wanted = Wanted(url=address, description=text, event_types=["run.failed"])
    row, _ = endpoints.create_endpoint(principal=operator_principal(tenant, "maker"), wanted=wanted)
    a_delivery(row, text)
    return row


def a_delivery(row: WebhookEndpoint, text: str, **fields: Any) -> WebhookDelivery:
    body = '{"type":"run.failed","data":{"run_id":"run_%s","goal":"of %s"}}' % ("0" * 32, text)  # noqa: UP031 - braces
    made = {"event_type": "run.failed", "due_at": timezone.now(), "body": body, **fields}
    return WebhookDelivery.objects.create(tenant=row.tenant, endpoint=row, **made)


def one_url(row: WebhookEndpoint) -> str:
    return reverse("console-webhook", args=[row.public_id])


def delivery_url(row: WebhookDelivery) -> str:
    return reverse("console-delivery", args=[row.endpoint.public_id, row.public_id])


def sent_to(row: WebhookEndpoint) -> WebhookDelivery:
    return WebhookDelivery.objects.select_related("endpoint__tenant").get(endpoint=row)


def post(role: str, row: WebhookEndpoint, action: str, **form: Any) -> Any:
    return SignIn(role).post(one_url(row), {"action": action, **form})


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def make(browser: Client, cast: Cast, **form: Any) -> Any:
    return browser.post(LIST, {"tenant": cast.acme.slug, "once": "a" * 32, "url": "https://new.example/hook", **form})


def test_each_role_sees_and_is_offered_what_it_may(door: WebhookEndpoint) -> None:
    for role in EVERYBODY:
        browser, sent = SignIn(role), sent_to(door)
        pages = [browser.get(url) for url in (LIST, one_url(door), delivery_url(sent))]
        assert {page.status_code for page in pages} == {200 if role in READS else 403}
        assert (f'href="{LIST}"' in browser.get(reverse("admin:index")).content.decode()) == (role in READS)
        shown = [page.content.decode() for page in pages]
        assert [f'action="{LIST}"' in shown[0], 'value="rotate"' in shown[1], "Send it now" in shown[2]] == [role in CHANGES] * 3
        assert ("of &lt;script&gt;" in shown[2]) == (role in PAYLOADS), "bodies are payloads"
        assert any("its-own-password" in html for html in shown) == (role in PAYLOADS)
        assert not any(NAUGHTY in html or SECRET.search(html) for html in shown)


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, door: WebhookEndpoint) -> None:
    assert {client.get(url).status_code for url in (LIST, one_url(door), delivery_url(sent_to(door)))} == {302}


def test_another_tenants_endpoint_is_there_for_nobody(door: WebhookEndpoint, cast: Cast) -> None:
    rivals = WebhookEndpoint.objects.get(tenant=cast.rival)
    for role in ("developer", "operator", "auditor", "tenant_admin"):
        browser = SignIn(role)
        assert CANARY not in browser.get(LIST).content.decode()
        stray = reverse("console-delivery", args=[door.public_id, sent_to(rivals).public_id])
        missing = [reverse("console-webhook", args=[name]) for name in ("whk_" + "0" * 32, "nonsense", "a\x00b")]
        for url in (one_url(rivals), delivery_url(sent_to(rivals)), stray, *missing):
            assert browser.get(url).status_code == 404
            assert browser.post(url, {"action": "off"}).status_code == 404


def test_the_list_says_who_is_told_and_why_one_is_off(door: WebhookEndpoint) -> None:
    write_down(sent_to(door), Answer(503, "", 30))
    shown = SignIn("operator").get(LIST).content.decode()
    for text in (
        "1 endpoint is told of what happens.",
        "Told of run.failed",
        "being tried again (HTTP 503)",
        'aos-sign-check"></i></span> on',
    ):
        assert text in shown
    disable(door, "it answered 410 Gone")
    off = SignIn("operator").get(LIST + "?show=off").content.decode()
    for text in ("No endpoint is told of what happens; 1 is off and hears of nothing.", "Off: it answered 410 Gone", "given up"):
        assert text in off
    assert "No endpoint is on." in SignIn("operator").get(LIST + "?show=on").content.decode()


def test_a_new_endpoints_secret_is_shown_in_one_answer_and_kept_nowhere(cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    answer = make(browser, cast, event_types=["run.failed", "run.waiting"], description="ours", may_answer="1")
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]
    row = WebhookEndpoint.objects.get()
    assert secrets_of(row) == [secret]
    assert (row.tenant, row.event_types, row.may_answer, row.created_by) == (cast.acme, ["run.failed", "run.waiting"], True, "tenant_admin")
    kept = [*Session.objects.values_list("session_data", flat=True), *(cookie.value for cookie in browser.cookies.values())]
    kept += [entry.after for entry in audit.entries_of(cast.acme, action="webhook")]
    assert not [text for text in kept if secret in text]
    assert secret not in browser.get(one_url(row)).content.decode()
    again = make(browser, cast)
    assert again.status_code == 409
    assert "was sent before" in again.content.decode()
    assert WebhookEndpoint.objects.count() == 1


BAD = {
    "cloud metadata": ({"url": "http://169.254.169.254/"}, "never called"),
    "no address": ({"url": " "}, "Address"),
    "an event nobody knows": ({"event_types": ["run.exploded"]}, "no such event"),
}


def test_it_says_beside_the_form_what_is_wrong(cast: Cast, door: WebhookEndpoint) -> None:
    for what, (form, why) in BAD.items():
        whole = {"url": "https://new.example/", "description": "typed before", **form}
        for answer in (make(SignIn("tenant_admin"), cast, **whole), post("tenant_admin", door, "change", **whole)):
            assert answer.status_code == 422
            assert why in answer.content.decode(), what
            assert "typed before" in answer.content.decode()
        assert WebhookEndpoint.objects.filter(tenant=cast.acme).get().url == door.url


def test_an_endpoint_is_changed(door: WebhookEndpoint) -> None:
    form = {"url": door.url, "description": "on call", "event_types": ["run.waiting", "budget.alert"]}
    assert "Changed" in said(post("tenant_admin", door, "change", **form))
    door.refresh_from_db()
    assert (door.description, door.event_types) == ("on call", ["run.waiting", "budget.alert"])
    assert "nothing was changed" in said(post("tenant_admin", door, "change", **form))
    assert audit.entries_of(door.tenant, action="webhook.update", actor="tenant_admin").count() == 1


def test_an_endpoint_is_switched_off_and_on(door: WebhookEndpoint) -> None:
    assert "It is off" in said(post("tenant_admin", door, "off"))
    assert "off already" in said(post("tenant_admin", door, "off"))
    assert sent_to(door).state == "failed"
    assert "switched off" in said(post("tenant_admin", door, "test"))
    assert "somebody switched it off" in SignIn("auditor").get(one_url(door)).content.decode()
    assert "It is on" in said(post("tenant_admin", door, "on"))
    door.refresh_from_db()
    assert door.is_enabled
    assert audit.entries_of(door.tenant, action="webhook.update", actor="tenant_admin").count() == 2


def test_a_new_secret_is_made_once_per_form(door: WebhookEndpoint) -> None:
    old = secrets_of(door)
    answer = post("tenant_admin", door, "rotate", seen="")
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]
    again = post("tenant_admin", door, "rotate", seen="")
    assert "got a new secret since" in said(again)
    door.refresh_from_db()
    assert secrets_of(door) == [secret, *old], "what receivers know signs for a day"


def test_a_test_message_is_sent_and_followed(door: WebhookEndpoint) -> None:
    answer = post("tenant_admin", door, "test")
    sent = WebhookDelivery.objects.select_related("endpoint").get(event_type="webhook.test")
    assert answer["Location"] == delivery_url(sent)
    assert "On its way." in SignIn("auditor").get(answer["Location"]).content.decode()


def test_a_delivery_is_sent_again_once(door: WebhookEndpoint) -> None:
    write_down(sent_to(door), Answer(None, "TIMEOUT: nobody answered", 15_000))
    write_down(sent_to(door), Answer(204, "", 12))
    shown = SignIn("operator").get(delivery_url(sent_to(door))).content.decode()
    for text in (
        "after 2 attempts",
        "HTTP 204",
        "TIMEOUT: nobody answered",
        "15.0 s",
        f'href="{reverse("admin:runs_run_change", args=["run_" + "0" * 32])}"',
    ):
        assert text in shown
    browser = SignIn("tenant_admin")
    assert 'name="seen" value="delivered:2"' in browser.get(delivery_url(sent_to(door))).content.decode()
    assert "sent again" in said(browser.post(delivery_url(sent_to(door)), {"seen": "delivered:2"}))
    assert sent_to(door).state == "pending"
    assert "went on since" in said(browser.post(delivery_url(sent_to(door)), {"seen": "delivered:2"}))
    assert audit.entries_of(door.tenant, action="webhook.redeliver", actor="tenant_admin").count() == 1


def test_an_endpoint_is_removed(door: WebhookEndpoint) -> None:
    assert post("tenant_admin", door, "remove")["Location"] == LIST
    assert not WebhookEndpoint.objects.filter(pk=door.pk).exists()


def test_it_takes_no_change_from_others(door: WebhookEndpoint, cast: Cast) -> None:
    before = [*WebhookEndpoint.objects.values(), *WebhookDelivery.objects.values()]
    for role in (role for role in EVERYBODY if role not in CHANGES):
        for action in ("change", "rotate", "off", "on", "test", "remove"):
            assert post(role, door, action, url="https://new.example/", seen="").status_code == 403
        assert SignIn(role).post(delivery_url(sent_to(door)), {"seen": "pending:0"}).status_code == 403
        assert make(SignIn(role), cast).status_code == 403
        assert [*WebhookEndpoint.objects.values(), *WebhookDelivery.objects.values()] == before


def test_it_takes_no_endpoint_for_another_tenant_and_no_other_action(door: WebhookEndpoint, cast: Cast) -> None:
    assert make(SignIn("tenant_admin"), cast, tenant=cast.rival.slug).status_code == 404
    assert post("tenant_admin", door, "explode").status_code == 404


def test_forms_ask_for_their_own_token_and_nothing_changes_by_a_get(door: WebhookEndpoint, cast: Cast) -> None:
    before = [*WebhookEndpoint.objects.values(), *WebhookDelivery.objects.values()]
    browser: Any = SignIn("tenant_admin")
    for url in (LIST, one_url(door), delivery_url(sent_to(door))):
        browser.get(url, {"action": "off", "url": "https://new.example/", "seen": "pending:0"})
    browser.handler.enforce_csrf_checks = True
    assert make(browser, cast).status_code == browser.post(one_url(door), {"action": "off"}).status_code == 403
    assert browser.post(delivery_url(sent_to(door)), {"seen": "pending:0"}).status_code == 403
    assert [*WebhookEndpoint.objects.values(), *WebhookDelivery.objects.values()] == before


def test_long_lists_are_paged_and_ask_no_more_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    rows = [WebhookEndpoint.objects.create(tenant=cast.acme, url=f"https://h{n}.example/", created_by="maker") for n in range(30)]
    now = timezone.now()
    for row in rows:
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(tenant=cast.acme, endpoint=row, event_type="run.failed", body="not JSON", due_at=now + timedelta(seconds=n))
            for n in range(60 if row is rows[0] else 3)
        )
    browser = SignIn("auditor")
    with django_assert_max_num_queries(14):
        listed = browser.get(LIST)
    assert (len(listed.context["aos_lines"]), len(browser.get(LIST + "?page=2").context["aos_lines"])) == (25, 5)
    with django_assert_max_num_queries(14):
        first = browser.get(one_url(rows[0]))
    assert (len(first.context["aos_deliveries"]), first.context["aos_older"]) == (50, "?state=&page=2")
    assert "not JSON" in SignIn("developer").get(first.context["aos_deliveries"][0]["link"]).content.decode()
    assert "None of them" in browser.get(one_url(rows[0]) + "?state=failed").content.decode()


def test_empty_pages_say_what_would_stand_there(cast: Cast) -> None:
    shown = SignIn("tenant_admin").get(LIST).content.decode()
    assert "Nobody is told of anything yet." in shown
    assert "Make the first below" in shown
    row = WebhookEndpoint.objects.create(tenant=cast.acme, url="https://h.example/", created_by="maker")
    assert "Nothing was sent yet" in SignIn("auditor").get(one_url(row)).content.decode()
