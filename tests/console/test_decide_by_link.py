"""Links that decide once: for one person, one action, one time; looking decides nothing, and a wrong one looks like any other wrong one."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import AuditEntry, Membership, Role, Tenant
from aos_site.http.access_log import with_access_log
from aos_site.logs import without_link_secrets
from runs import services
from runs.console.people import link_page
from runs.models import DecisionLink, Run, RunEvent, Signal
from runs.people import approvals, links
from skills.base import skill
from skills.contracts import Effect
from skills.refusal import Refusal
from skills.registry import registry
from tests.console.conftest import CANARY, SignIn
from tests.fakes.skills import ANY_FAILURE, Say
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, as_person, over, parked, step

WHY = "checked against the order"


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    shop = set_up(monkeypatch, settings)
    link_page.tries.clear()
    for name, role in (("bob", Role.APPROVER), ("carol", Role.APPROVER), ("vera", Role.VIEWER), ("alice", Role.TENANT_ADMIN)):
        Membership.objects.create(user=User.objects.create_user(name, is_staff=True), tenant=shop.tenant, role=role)
    return shop


def asking(shop: Workshop, kind: str = "say") -> Run:
    run = shop.submit(step("a", kind, said="hello", approval="always"))
    with a_worker():
        return parked(run, "approval")


def a_link(shop: Workshop, run: Run, made_for: str = "bob", ttl_s: int = 600) -> tuple[DecisionLink, str]:
    carol = as_person(shop.tenant, "carol")
    link, secret = links.make_link(principal=carol, run_id=run.public_id, step_id="a", made_for=made_for, ttl_s=ttl_s)
    return link, reverse("decide-by-link", args=[link.public_id, secret])


def text_of(response: Any) -> str:
    return response.content.decode()


def test_it_shows_the_call_and_decides_once_as_the_person(workshop: Workshop) -> None:
    run = asking(workshop)
    link, url = a_link(workshop, run)
    browser = Client(enforce_csrf_checks=True)
    for _ in range(3):  # scanners of mail look first, and more than once
        page = browser.get(url)
        assert page.status_code == 200 and "hello" in text_of(page) and "Your word, bob" in text_of(page)
    assert Client().head(url).status_code == 200
    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store", "strict-origin")
    assert "form-action 'self'" in page["Content-Security-Policy"] and "unsafe-eval" not in page["Content-Security-Policy"]
    assert not Signal.objects.exists() and DecisionLink.objects.get().used_at is None
    assert browser.post(url, {"verdict": "approve"}).status_code == 403, "no token of the form"
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    assert "10 characters" in text_of(browser.post(url, {"verdict": "reject", "reason": "no", **token}))
    assert browser.post(url, {"verdict": "maybe", **token}).status_code == 422
    assert not Signal.objects.exists() and DecisionLink.objects.get().used_at is None
    answered = browser.post(url, {"verdict": "approve", "reason": WHY, **token})
    assert answered.status_code == 200 and "Approved: a is called now" in text_of(answered)
    for again in (browser.get(url), browser.post(url, {"verdict": "reject", "reason": WHY, **token})):
        assert again.status_code in (409, 410) and "This link was used at" in text_of(again)
    (signal,) = Signal.objects.all()
    entry = AuditEntry.objects.get(action="run.approval_decided")
    assert (signal.actor, entry.actor, entry.via, entry.reason) == ("bob", "bob", "link", WHY)
    made = AuditEntry.objects.get(action="approval.link")
    assert made.actor == "carol" and '"bob"' in made.after and link.secret_hash not in made.after
    with a_worker():
        assert over(run).status == "succeeded"


def test_of_two_at_the_same_time_one_decides(workshop: Workshop) -> None:
    run = asking(workshop)
    _, url = a_link(workshop, run)
    other, other_url = a_link(workshop, run)

    def press(_: int) -> int:
        try:
            return Client().post(url, {"verdict": "approve", "reason": WHY}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(press, range(4)))
    assert statuses.count(200) == 1 and set(statuses) <= {200, 409}
    assert Client().post(other_url, {"verdict": "reject", "reason": WHY}).status_code == 409, (
        "another link for the same call finds it decided"
    )
    assert Signal.objects.count() == 1 and DecisionLink.objects.get(pk=other.pk).used_at is None


def test_each_thing_that_is_wrong_with_a_link_is_said(workshop: Workshop) -> None:
    run = asking(workshop)
    link, url = a_link(workshop, run)
    secret = url.rstrip("/").rpartition("/")[2]
    mine = DecisionLink.objects.filter(pk=link.pk)

    def said() -> str:
        page = Client().post(url, {"verdict": "approve", "reason": WHY})
        assert page.status_code == 409
        assert text_of(Client().get(url)).count("<form") == 0
        return text_of(page)

    mine.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "ran out" in said()
    mine.update(expires_at=timezone.now() + timedelta(hours=1), action_hash="0" * 64)
    assert "another action by now" in said()
    mine.update(action_hash=link.action_hash, made_for="vera")
    assert "vera may not decide here any more" in said()
    mine.update(made_for="alice")
    assert "alice may not decide here" in said(), "who asked for the run"
    mine.update(made_for="bob")
    first = RunEvent.objects.filter(run_id=run.pk, seq=1)
    kept = first.get()
    first._raw_delete("default")
    assert "journal of this run cannot be read" in said(), "it has not ended: nobody knows"
    RunEvent.objects.bulk_create([kept])
    Membership.objects.filter(user__username="bob").delete()
    assert "bob may not decide here any more" in said()
    assert not Signal.objects.exists()
    told = approvals.approval_json(tenant=run.tenant, run_id=run.public_id, step_id="a")
    approvals.decide(
        principal=as_person(run.tenant, "carol"),
        run_id=run.public_id,
        step_id="a",
        approve=False,
        action_hash=told["action_hash"],
        reason=WHY,
    )
    assert "already decided" in said()
    with a_worker():
        over(run)
    assert "already decided by carol: rejected" in said()
    User.objects.filter(username="bob").delete()
    wrong = [
        (link.public_id, "x" * 43),
        (link.public_id, secret + "x"),
        ("lnk_" + "0" * 32, secret),
        ("nonsense", secret),
        ("%00", "%00"),
        (link.public_id, "%F0%9F%98%80"),
    ]
    pages = {text_of(Client().get(f"/decide/{one}/{two}/")) for one, two in wrong}
    assert len(pages) == 1 and "There is no such link" in pages.pop()
    Tenant.objects.update(is_active=False)
    assert Client().get(url).status_code == 404


def test_who_may_make_one_and_for_whom(workshop: Workshop) -> None:
    run = asking(workshop)
    carol, alice = as_person(workshop.tenant, "carol"), as_person(workshop.tenant, "alice")
    ask = {"run_id": run.public_id, "step_id": "a"}
    for principal, made_for, status in (
        (alice, "bob", 403),
        (carol, "alice", 422),
        (carol, "vera", 422),
        (carol, "nobody", 422),
        (carol, "b\x00b", 422),
        (carol, "account:b\x00b", 422),
    ):
        with pytest.raises(Refusal) as refused:
            links.make_link(principal=principal, made_for=made_for, **ask)
        assert refused.value.status == status, made_for
    rival = Tenant.objects.create(slug="rival", name=CANARY)
    with pytest.raises(Refusal) as refused:
        links.make_link(principal=as_person(rival, "eve"), made_for="bob", **ask)
    assert refused.value.code == "NOT_FOUND"
    page = SignIn("carol").post(
        reverse("console-approval", args=[run.public_id, "a"]), {"action": "link", "for": "bob", "once": "form-1", "ttl_s": "60"}
    )
    secret = page.context["aos_secret"]
    assert "no-store" in page["Cache-Control"] and secret.startswith("http://testserver/decide/lnk_")
    again = {"action": "link", "for": "bob", "once": "form-1"}
    assert "sent before" in text_of(SignIn("carol").post(reverse("console-approval", args=[run.public_id, "a"]), again, follow=True))
    link = DecisionLink.objects.get()
    assert secret.rstrip("/").rpartition("/")[2] not in str(DecisionLink.objects.values().get())
    assert link.expires_at <= timezone.now() + timedelta(hours=1)
    page_of_call = reverse("console-approval", args=[run.public_id, "a"])
    take_back = {"action": "revoke-link", "link": link.public_id}
    assert "takes back no link" in text_of(SignIn("alice").post(page_of_call, take_back, follow=True)), "who asked for the run"
    assert SignIn("vera").post(page_of_call, take_back).status_code == 403
    assert "There is no such link" not in text_of(Client().get(secret)) and "Take back the link for bob" in text_of(
        SignIn("bob").get(page_of_call)
    )
    told = text_of(SignIn("bob").post(page_of_call, take_back, follow=True))
    assert "the link for bob decides nothing any more" in told and "Take back the link" not in told
    assert "already taken back by bob" in text_of(SignIn("carol").post(page_of_call, take_back, follow=True))
    assert "was taken back at" in text_of(Client().get(secret))


@skill(name="wipe_all", version="1.0.0", description="Cannot be undone.", effect=Effect.IRREVERSIBLE, failure_modes=ANY_FAILURE)
class WipeAll(Say):
    pass


def test_what_cannot_be_taken_back_is_decided_by_who_just_signed_in(workshop: Workshop) -> None:
    registry.add(WipeAll)
    bob = User.objects.get(username="bob")
    bob.set_password("pw-of-tests-1x")
    bob.save()
    run = asking(workshop, "wipe_all")
    _, url = a_link(workshop, run)
    # The link is the person's, whatever they are called by now.
    bob.username = "robert"
    bob.save()
    yes = {"verdict": "approve", "reason": WHY}
    assert "Sign in as robert" in text_of(Client().get(url)) and 'value="approve"' not in text_of(Client().get(url))
    assert Client().post(url, yes).status_code == 403
    assert SignIn("carol").post(url, yes).status_code == 403, "somebody else is signed in"
    browser = Client()
    away = browser.post(url, {"verdict": "sign-in"})
    assert away["Location"] == f"/admin/login/?next={quote(url, safe='')}"
    signed = browser.post(away["Location"], {"username": "robert", "password": "pw-of-tests-1x", "next": url})
    assert signed["Location"] == url
    assert 'value="approve"' in text_of(browser.get(url))
    assert "10 characters" in text_of(browser.post(url, {"verdict": "approve", "reason": "fine"}))
    User.objects.filter(username="robert").update(last_login=timezone.now() - timedelta(minutes=11))
    assert browser.post(url, yes).status_code == 403, "signed in too long ago"
    User.objects.filter(username="robert").update(last_login=timezone.now())
    assert not Signal.objects.exists()
    assert "Approved" in text_of(browser.post(url, yes))
    assert [signal.actor for signal in Signal.objects.all()] == ["robert"]


async def _answers_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Hang up."""


def test_guesses_are_slowed_and_secrets_stay_out_of_logs(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    statuses = [Client().get(f"/decide/lnk_{'0' * 32}/guess-{number}/").status_code for number in range(link_page.TRIES_A_MINUTE + 2)]
    assert statuses == [404] * link_page.TRIES_A_MINUTE + [429] * 2
    assert "guess-" not in without_link_secrets(" ".join(record.getMessage() for record in caplog.records))
    caplog.clear()
    scope = {"method": "GET", "path": "/decide/lnk_1/s3cret/", "http_version": "1.1"}
    asyncio.run(with_access_log(_answers_nothing)(scope, None, None))
    assert [record.__dict__["path"] for record in caplog.records if record.name == "aos.access"] == ["/decide/lnk_1/***/"]
    assert without_link_secrets("GET /decide/lnk_1/s3cret-_x/?a=1 /decide/lnk_2/") == "GET /decide/lnk_1/***/?a=1 /decide/lnk_2/"


def test_a_run_that_was_cancelled_says_so(workshop: Workshop) -> None:
    run = asking(workshop)
    _, url = a_link(workshop, run)
    with a_worker():
        services.cancel_run(principal=workshop.alice, run_id=run.public_id)
        over(run)
    page = Client().get(url)
    assert page.status_code == 410 and "waits for no approval any more" in text_of(page)
