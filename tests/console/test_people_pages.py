"""What people do around approvals on the console: hand on, ask, reply, decide alike calls together, see what differs and what ran out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse

from agents.models import Membership, Role, Tenant
from agents.services import create_agent
from runs.models import ApprovalNote, Run, Signal, StepSummary
from runs.people import approvals, similar
from tests.console.conftest import CANARY, SignIn
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, as_person, over, parked, step

LIST = "/admin/approvals/"
NAUGHTY = "<script>alert(1)</script> \"'&"
WHY = "checked against the order"


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    """Return the workshop with people: `developer` asks for its runs."""
    shop = set_up(monkeypatch, settings)
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=shop.tenant, role=role)
    return Workshop(shop.tenant, shop.agent, as_person(shop.tenant, "developer"), shop.bob)


def asking(shop: Workshop, *said: Any) -> Run:
    """Return a run with a call for each of these that waits for a yes."""
    run = shop.submit(*(step(f"s{at}", "say", said=each, approval="always") for at, each in enumerate(said)))
    with a_worker():
        return parked(run, "approval")


def url(run: Run, step_id: str = "s0") -> str:
    return reverse("console-approval", args=[run.public_id, step_id])


def seen(role: str, at: str) -> str:
    page = SignIn(role).get(at)
    assert page.status_code == 200
    return page.content.decode()


def note(role: str, run: Run, kind: str, **more: str) -> str:
    return SignIn(role).post(url(run), {"action": "note", "kind": kind, **more}, follow=True).content.decode()


def test_a_call_is_handed_on_and_talked_about(workshop: Workshop) -> None:
    run = asking(workshop, "hello")
    assert run.public_id in seen("approver", f"{LIST}?show=mine") and run.public_id in seen("tenant_admin", f"{LIST}?show=mine")
    assert "tenant_admin&#x27;s to decide now" in note("approver", run, "assign", to="tenant_admin", text=NAUGHTY)
    assert run.public_id not in seen("approver", f"{LIST}?show=mine") and "Handed to" in seen("approver", LIST)
    assert run.public_id in seen("tenant_admin", f"{LIST}?show=mine") and "Handed to you to decide" in seen("tenant_admin", url(run))
    assert "no member of this name" in note("approver", run, "assign", to="viewer")
    assert "say something" in note("approver", run, "ask", text=" ")
    assert "2000 characters" in note("approver", run, "ask", text="x" * 2_001)
    assert SignIn("developer").get(LIST).status_code == 403
    assert SignIn("operator").get(url(run)).status_code == 403
    note("approver", run, "ask", text=NAUGHTY)
    asked = seen("developer", "/admin/questions/")
    assert "approver asks about s0" in asked and "<script>alert" not in asked and "&lt;script&gt;alert(1)" in asked
    page = seen("developer", url(run))
    assert "Your reply" in page and 'name="verdict"' not in page and "Ask developer" not in page and "hello" not in page
    assert SignIn("developer").post(url(run), {"verdict": "approve", "action_hash": "0" * 64}).status_code == 403
    assert "approver reads it here" in note("developer", run, "reply", text="The one of May")
    assert "approver asks about" not in seen("developer", "/admin/questions/")
    thread = seen("tenant_admin", url(run))
    assert "The one of May" in thread and "<script>alert" not in thread
    assert ApprovalNote.objects.count() == 3 and not Signal.objects.exists()
    browser: Any = SignIn("approver")
    browser.handler.enforce_csrf_checks = True
    assert browser.post(url(run), {"action": "note", "kind": "ask", "text": "x"}).status_code == 403
    for role in ("viewer", "auditor", "operator"):
        assert SignIn(role).post(url(run), {"action": "note", "kind": "ask", "text": "x"}).status_code == 403


def test_alike_calls_are_decided_by_one_form(workshop: Workshop) -> None:
    run, other = asking(workshop, {"n": 1, "to": NAUGHTY}, {"n": 2, "to": NAUGHTY}), asking(workshop, {"n": 3, "to": NAUGHTY})
    own = asking(Workshop(workshop.tenant, workshop.agent, as_person(workshop.tenant, "approver"), workshop.bob), {"n": 4})
    pending = seen("approver", LIST)
    link = re.search(r'href="(/admin/approvals/together/[^"]+)"', pending)
    assert link is not None and "3 calls of say 1.0.0" in pending
    at = link[1].replace("&amp;", "&")
    page = SignIn("approver").get(at)
    text = page.content.decode()
    assert text.count('name="decisions"') == 3 and own.public_id not in text
    assert "<script>alert" not in text and text.count('<mark class="aos-differs">') == 3, "what is the same is said once"
    values = re.findall(r'name="decisions" value="([^"]+)"', text)
    tell = {"decisions": values, "verdict": "approve", "reason": WHY}
    assert "10 characters" in SignIn("approver").post(at, {**tell, "reason": "short"}, follow=True).content.decode()
    assert "Tick at least one" in SignIn("approver").post(at, {**tell, "decisions": []}, follow=True).content.decode()
    assert SignIn("approver").post(at, {**tell, "decisions": ["nonsense", *values]}, follow=True).status_code == 200
    assert not Signal.objects.exists()
    told = approvals.approval_json(tenant=other.tenant, run_id=other.public_id, step_id="s0")
    approvals.decide(
        principal=workshop.bob, run_id=other.public_id, step_id="s0", approve=False, action_hash=told["action_hash"], reason=WHY
    )
    done = SignIn("approver").post(at, tell).content.decode()
    assert (done.count("decided</span> approved"), done.count("already decided by bob")) == (2, 1)
    with a_worker():
        assert over(run).status == "succeeded" and over(other).failure_code == "APPROVAL_REJECTED"
    assert SignIn("operator").get(at).status_code == 403 and SignIn("developer").get(at).status_code == 403
    for query in ("", "?tenant=rival", at.removeprefix("/admin/approvals/together/").replace("effect=none", "effect=irreversible")):
        assert SignIn("approver").get(f"/admin/approvals/together/{query}").status_code == 404, query


def test_it_shows_what_differs_from_the_last_one_that_was_approved(workshop: Workshop) -> None:
    first = asking(workshop, {"account": "DE01", "n": 1, "password": "hunter2hunter2"})
    assert "No call of say by worker was approved before" in seen("approver", url(first))
    told = approvals.approval_json(tenant=first.tenant, run_id=first.public_id, step_id="s0")
    approvals.decide(
        principal=workshop.bob, run_id=first.public_id, step_id="s0", approve=True, action_hash=told["action_hash"], reason=WHY
    )
    with a_worker():
        over(first)
    rival = Tenant.objects.create(slug="rival", name=CANARY)
    eve = Workshop(rival, create_agent(tenant=rival, name="worker"), as_person(rival, "eve"), as_person(rival, "mallory"))
    theirs = asking(eve, {"account": CANARY})
    hash_ = approvals.approval_json(tenant=rival, run_id=theirs.public_id, step_id="s0")["action_hash"]
    approvals.decide(principal=eve.bob, run_id=theirs.public_id, step_id="s0", approve=True, action_hash=hash_, reason=CANARY)
    second = asking(workshop, {"account": "GB99", "n": 1, "password": "another2another2"})
    page = seen("approver", url(second))
    assert "bob approved" in page and "said.account" in page and "DE01" in page and '<mark class="aos-differs">GB99' in page
    assert "said.n" not in page.partition("aos-similar")[2] and CANARY not in page
    assert "hunter2" not in page and "another2" not in page
    same = asking(workshop, {"account": "DE01", "n": 1, "password": "hunter2hunter2"})
    assert "Nothing differs" in seen("approver", url(same))


def test_differences_are_by_place() -> None:
    found = similar.differences({"a": 1, "b": [1, {"c": "x"}], "gone": {}}, {"a": 1, "b": [1, {"c": "y"}, 3], "": None})
    assert found == [("b[1].c", "x", "y"), ("b[2]", None, "3"), ("", None, "null"), ("gone", "{}", None)]


def test_what_nobody_decided_stands_under_expired(workshop: Workshop, django_assert_max_num_queries: Any) -> None:
    assert "nothing ran out of time" in seen("approver", f"{LIST}?show=expired")
    run = asking(workshop, "hello")
    StepSummary.objects.filter(run=run).update(failure_code="APPROVAL_EXPIRED", status="failed", finished_at_ms=1_700_000_000_000)
    browser = SignIn("approver")
    browser.get(f"{LIST}?show=expired")
    with django_assert_max_num_queries(14):
        page = browser.get(f"{LIST}?show=expired").content.decode()
    assert run.public_id in page and "2023-11-14 22:13:20" in page
    rival = Tenant.objects.create(slug="rival", name="Rival")
    Run.objects.filter(pk=run.pk).update(tenant=rival)
    assert run.public_id not in seen("approver", f"{LIST}?show=expired")


def test_the_sidebar_counts_what_waits_for_whom(workshop: Workshop) -> None:
    asking(workshop, "hello")
    badge = re.compile(r"Approvals\s*</span>.*?In doubt", re.DOTALL)
    counted = {role: badge.search(seen(role, "/admin/")) for role in ("approver", "operator", "viewer")}
    assert counted["approver"] is not None and re.search(r">\s*1\s*<", counted["approver"][0])
    assert counted["operator"] is None and "Waiting for you" in seen("operator", "/admin/")
    assert "Waiting for you" not in seen("viewer", "/admin/")
