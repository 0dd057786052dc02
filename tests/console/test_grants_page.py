"""The pages of standing grants and of editing before approving: who sees and does what, by POST alone, and nothing typed is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from agents.models import Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import operator_principal
from runs.console.people.editing_view import editable, typed_params
from runs.models import Grant, GrantUse, KnownHost, Run, Signal
from runs.people import approvals, grants
from runs.people.grants import Limits
from tests.console.conftest import CANARY, Cast, SignIn
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, over, parked, step, step_of

EVERYBODY = [*Role.values, "root", "stranger"]
GIVES = {"approver", "tenant_admin"}
SEES = GIVES | {"auditor"}
PAGE = "/admin/grants/"
WHY = "agreed with those who answer for it"
NAUGHTY = "<script>alert(1)</script> {{ aos }} \u202egpj.exe \"'&"


def given(tenant: Tenant, by: str = "somebody", **limits: Any) -> Grant:
    principal = operator_principal(tenant, by)
    return grants.give(
        principal=principal, skill="http_call", agent_ref=None, host="", limits=Limits(**limits or {"max_uses": 5}), reason=WHY
    )


def form(cast: Cast, **fields: str) -> dict[str, str]:
    blank = {"skill": "http_call", "agent": "", "host": "", "max_uses": "", "dollars": "", "until": "", "reason": WHY, "once": "x"}
    return blank | {"tenant": cast.acme.slug} | fields


@pytest.mark.parametrize("role", EVERYBODY)
def test_it_is_seen_by_who_decides_and_who_audits(role: str, cast: Cast) -> None:
    own, rival = given(cast.acme), given(cast.rival)
    Grant.objects.filter(pk=rival.pk).update(reason=CANARY)
    KnownHost.objects.create(
        tenant=cast.acme, agent=cast.acme.agents.get(), host="pay.example:443", approved_by="bob", run_public_id="run_1"
    )
    page = SignIn(role).get(PAGE)
    assert page.status_code == (200 if role in SEES else 403)
    assert SignIn(role).get(f"{PAGE}{own.public_id}/").status_code == (200 if role in SEES else 403)
    if role in SEES:
        assert CANARY not in page.content.decode()
        assert SignIn(role).get(f"{PAGE}{rival.public_id}/").status_code == 404
        assert ("Give a grant" in page.content.decode()) is (role in GIVES)


@pytest.mark.parametrize("role", EVERYBODY)
def test_it_is_given_and_taken_back_by_who_decides(role: str, cast: Cast) -> None:
    browser = SignIn(role)
    answered = browser.post(PAGE, form(cast, max_uses="3", dollars="1.50", until=(timezone.now() + timedelta(days=3)).date().isoformat()))
    assert answered.status_code == (302 if role in GIVES else 403)
    if role not in GIVES:
        assert not Grant.objects.exists()
        return
    row = Grant.objects.get()
    assert (row.granted_by, row.max_uses, row.max_total_micro_usd, row.tenant) == (role, 3, 1_500_000, cast.acme)
    # The same form again gives no second one.
    assert browser.post(PAGE, form(cast, max_uses="3")).status_code == 409
    one = f"{PAGE}{row.public_id}/"
    assert b"say why" in browser.post(one, {"reason": "no"}, follow=True).content
    assert b"Taken back" in browser.post(one, {"reason": WHY}, follow=True).content
    assert b"already taken back" in browser.post(one, {"reason": WHY}, follow=True).content
    row.refresh_from_db()
    assert row.revoked_by == role


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "say when it ends"),
        ({"max_uses": "many"}, "Calls"),
        ({"max_uses": "0"}, "Calls"),
        ({"max_uses": "1", "host": "http://x/"}, "Host"),
        ({"dollars": "NaN"}, "Dollars in all"),
        ({"dollars": "-1"}, "Dollars in all"),
        ({"max_uses": "1", "skill": "nobody"}, "Skill"),
        ({"max_uses": "1", "agent": "nobody"}, "there is no such agent"),
        ({"until": "yesterday"}, "Until"),
        ({"max_uses": "1", "reason": "short"}, "Why"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_what_was_typed(fields: dict[str, str], told: str, cast: Cast) -> None:
    page = SignIn("approver").post(
        PAGE, form(cast, host=fields.get("host", "kept.example"), **{k: v for k, v in fields.items() if k != "host"})
    )
    text = page.content.decode()
    assert 400 <= page.status_code < 500
    assert told in text
    assert fields.get("host", "kept.example") in text
    assert not Grant.objects.exists()


def test_it_writes_nothing_without_a_token_or_by_get(cast: Cast) -> None:
    row = given(cast.acme)
    careful = SignIn("approver")
    careful.handler.enforce_csrf_checks = True
    assert careful.post(PAGE, form(cast, max_uses="1")).status_code == 403
    assert careful.post(f"{PAGE}{row.public_id}/", {"reason": WHY}).status_code == 403
    SignIn("approver").get(PAGE, {"skill": "http_call", "max_uses": "1", "reason": WHY})
    assert Grant.objects.count() == 1


def test_a_host_is_forgotten_by_who_decides_there(cast: Cast) -> None:
    agent, theirs = cast.acme.agents.get(), cast.rival.agents.get()
    for one in (agent, theirs):
        KnownHost.objects.create(tenant=one.tenant, agent=one, host="pay.example:443", approved_by="bob", run_public_id="run_1")
    forget = {"verb": "forget", "host": "pay.example:443"}
    assert SignIn("auditor").post(PAGE, forget | {"agent": agent.public_id}).status_code == 403
    assert SignIn("approver").post(PAGE, forget | {"agent": theirs.public_id}).status_code == 404
    assert b"is asked about again" in SignIn("approver").post(PAGE, forget | {"agent": agent.public_id}, follow=True).content
    assert list(KnownHost.objects.values_list("agent_id", flat=True)) == [theirs.pk]


def test_it_asks_the_database_as_often_for_many_as_for_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    run = cast.run_of(cast.acme)
    for number in range(30):
        row = given(cast.acme, max_uses=50)
        GrantUse.objects.create(grant=row, run=run, step=f"s{number}", action_hash="0" * 64, worst_micro_usd=5)
    browser = SignIn("approver")
    browser.get(PAGE)
    with django_assert_max_num_queries(24):
        browser.get(PAGE)
    with django_assert_max_num_queries(20):
        browser.get(f"{PAGE}{row.public_id}/")


# Editing before approving


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    shop = set_up(monkeypatch, settings)
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=shop.tenant, role=role)
    User.objects.create_user("stranger", is_staff=True)
    User.objects.create_superuser("root")
    return shop


def asking(workshop: Workshop, said: Any = "hello") -> tuple[Run, str, str]:
    """Return a run that waits for a yes, its page for editing, and the action's hash."""
    run = workshop.submit(step("a", "say", said=said, approval="always"), goal="anything")
    with a_worker():
        parked(run, "approval")
    shown = approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id="a")
    return run, reverse("console-approval-edit", args=[run.public_id, "a"]), shown["action_hash"]


def test_it_is_edited_looked_at_and_approved_as_it_was_looked_at(workshop: Workshop) -> None:
    run, page, action = asking(workshop)
    for role in EVERYBODY:
        assert SignIn(role).get(page).status_code == (200 if role in GIVES else 403)
    browser = SignIn("approver")
    typed = {"action_hash": action, "params": '{"said": "good bye"}'}
    shown = browser.post(page, typed | {"verb": "check"})
    assert b"good bye" in shown.content
    assert not Signal.objects.exists()
    edited = shown.context["aos_call"]["action_hash"]
    approve = typed | {"verb": "approve", "edited_hash": edited, "reason": WHY}
    # Neither without a reason, nor as something that was not shown.
    assert browser.post(page, approve | {"reason": ""}).status_code == 422
    assert browser.post(page, approve | {"params": '{"said": "other"}'}).status_code == 409
    assert browser.post(page, approve).status_code == 302
    # Decided once; the second is sent to what was decided.
    assert browser.post(page, approve).status_code == 302
    assert Signal.objects.count() == 1
    with a_worker():
        assert over(run).status == "succeeded"
    assert step_of(run, "a")["result"] == {"said": "good bye"}


@pytest.mark.parametrize("text", ["{", '{"said": 1, "said": 2}', '{"more": 1}', "[]", '{"said": NaN}', "x" * 10_000, ""])
def test_it_keeps_what_was_typed_and_says_what_is_wrong(text: str, workshop: Workshop) -> None:
    _, page, action = asking(workshop, NAUGHTY)
    answered = SignIn("approver").post(page, {"verb": "check", "action_hash": action, "params": text})
    assert answered.status_code in (400, 422)
    assert "<script>alert" not in answered.content.decode()
    assert answered.context["aos_text"] == text


def test_who_asked_does_not_edit_and_another_action_is_shown_anew(workshop: Workshop) -> None:
    _, page, _ = asking(workshop)
    moved = SignIn("approver").post(page, {"verb": "check", "action_hash": "0" * 64, "params": "{}"}, follow=True)
    assert b"asks for another action by now" in moved.content
    stranger = create_agent(tenant=Tenant.objects.create(slug="rival", name="Rival"), name="other")
    Membership.objects.create(user=User.objects.get(username="stranger"), tenant=stranger.tenant, role=Role.TENANT_ADMIN)
    assert SignIn("stranger").get(page).status_code == 404


def test_it_puts_back_what_was_masked_and_left_alone() -> None:
    params = {"url": "https://example.com/?token=abcdef1234567890abcdef", "headers": [{"authorization": "Bearer abcdef1234567890"}], "n": 1}
    shown = editable(params)
    assert "abcdef1234567890" not in shown
    typed = json.loads(shown) | {"n": 2}
    assert typed_params(json.dumps(typed), params) == params | {"n": 2}
