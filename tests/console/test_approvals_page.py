"""The pages of approvals: seen and decided by approvers and tenant admins, by POST alone, once, and only the action that was shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse

from agents import audit
from agents.models import Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs import services
from runs.console.people import approvals_page
from runs.console.people import approvals_view as view
from runs.models import Run, RunEvent, Signal
from runs.people import approvals
from runs.shell.reading import history
from skills import plugins
from skills.base import skill
from skills.contracts import Effect
from skills.registry import registry
from tests.api.cast import make_caller
from tests.api.described import described
from tests.console.conftest import CANARY, SignIn
from tests.fakes.raw_server import RawServer, answer
from tests.fakes.skills import ANY_FAILURE, Say
from tests.integration.conftest import set_up
from tests.integration.workshop import Workshop, a_worker, as_person, over, parked, step

DECIDES = frozenset({"approver", "tenant_admin"})
EVERYBODY = [*Role.values, "root", "stranger"]
OTHER_QUESTIONS = 16
PENDING, DECIDED = "/admin/approvals/", "/admin/approvals/?show=decided"
NAUGHTY = "<script>alert(1)</script> {{ aos_one }} \u202egpj.exe \u200b 田中 \"'&"


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    """Return the workshop of the integration tests with people in it: pages are looked at while a worker works."""
    shop = set_up(monkeypatch, settings)
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=shop.tenant, role=role)
    User.objects.create_user("stranger", is_staff=True)
    User.objects.create_superuser("root")
    return shop


@pytest.fixture
def server(settings: LazySettings) -> Iterator[RawServer]:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    with RawServer(answer(b'{"id": 7}', content_type="application/json")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        yield server


@pytest.fixture
def asked(workshop: Workshop) -> Run:
    return asking(workshop)


def asking(workshop: Workshop, said: Any = "hello", **options: Any) -> Run:
    """Return a run that waits for a yes to its one step."""
    run = workshop.submit(step("a", "say", said=said, approval="always"), goal="a goal nobody else reads", **options)
    with a_worker():
        return parked(run, "approval")


def one_url(run: Run) -> str:
    return reverse("console-approval", args=[run.public_id, "a"])


def seen(role: str, url: str) -> str:
    page = SignIn(role).get(url)
    assert page.status_code == 200
    return page.content.decode()


def word(run: Run, verdict: str = "approve", **more: str) -> dict[str, str]:
    """Return what the form sends."""
    told = approvals.approval_json(tenant=run.tenant, run_id=run.public_id, step_id="a")
    return {"verdict": verdict, "action_hash": told["action_hash"], "reason": "", **more}


def say(role: str, run: Run, given: dict[str, str]) -> str:
    return SignIn(role).post(one_url(run), given, follow=True).content.decode()


def test_each_role_sees_and_decides_what_it_may(asked: Run) -> None:
    given = word(asked)
    for role in EVERYBODY:
        browser, status = SignIn(role), 200 if role in DECIDES else 403
        for url in (PENDING, DECIDED, one_url(asked)):
            assert browser.get(url).status_code == status, role
        assert (f'href="{PENDING}"' in browser.get(reverse("admin:index")).content.decode()) == (status == 200), role
        if role not in DECIDES:
            assert browser.post(one_url(asked), given).status_code == 403, role
    assert not Signal.objects.exists()


def test_nothing_of_another_tenant_is_seen_or_decided(asked: Run) -> None:
    rival = Tenant.objects.create(slug="rival", name=CANARY)
    shop = Workshop(rival, create_agent(tenant=rival, name=CANARY), as_person(rival, CANARY), as_person(rival, "eve"))
    first, second = asking(shop, CANARY), asking(shop, CANARY)
    approvals.decide(
        principal=shop.bob, run_id=first.public_id, step_id="a", approve=False, action_hash=word(first)["action_hash"], reason=CANARY
    )
    for role in ("approver", "tenant_admin"):
        for url in (PENDING, DECIDED):
            assert CANARY not in seen(role, url)
        for run in (first, second):
            assert SignIn(role).get(one_url(run)).status_code == 404
            assert SignIn(role).post(one_url(run), word(second)).status_code == 404
    assert Signal.objects.count() == 1


def test_it_shows_a_call_as_it_would_be_made(workshop: Workshop, server: RawServer) -> None:
    undo = {"url": server.url + "/{result.body.id}"}
    order = step("a", "http_call", url=server.url + "/orders", method="POST", body={"cups": 3}, undo=undo, approval="always")
    run = workshop.submit(order, goal="a goal nobody else reads")
    with a_worker():
        parked(run, "approval")
        for url in (PENDING, one_url(run)):
            page = seen("approver", url)
            for text in (
                f"POST {server.url}/orders",
                "made twice, it happens twice",
                f"yes, by DELETE {server.url}/",
                "http_call",
                "nothing",
                "alice",
                "left",
            ):
                assert text in page, text
            assert "&quot;cups&quot;: 3" in page
            assert "a goal nobody else reads" not in page
        assert server.authority in page
        assert not server.requests
        assert "Approved" in say("approver", run, word(run))
        over(run)
    assert len(server.requests) == 1


def test_a_word_is_given_once(asked: Run) -> None:
    assert "Approved: a is called now" in say("approver", asked, word(asked, reason="it was agreed upon"))
    late = word(asked, "reject", reason="it is far too dear")
    assert "already decided by approver" in say("tenant_admin", asked, late)
    assert 'name="verdict"' not in seen("tenant_admin", one_url(asked)), "the word is on its way"
    assert asked.public_id not in seen("approver", PENDING)
    with a_worker():
        assert over(asked).status == "succeeded"
    assert "already decided by approver: approved" in say("tenant_admin", asked, late)
    page = seen("tenant_admin", one_url(asked))
    assert "it was agreed upon" in page and 'name="verdict"' not in page
    assert Signal.objects.count() == 1


def test_a_no_ends_the_step_and_stands_among_the_decided(asked: Run) -> None:
    assert "Rejected" in say("approver", asked, word(asked, "reject", reason="it is far too dear"))
    with a_worker():
        assert over(asked).failure_code == "APPROVAL_REJECTED"
    page = seen("tenant_admin", DECIDED)
    for text in (asked.public_id, "rejected", "it is far too dear", ">approver", "say"):
        assert text in page, text
    assert "Nothing was decided yet" not in page


BAD = {
    "a no without a reason": ({"verdict": "reject"}, "10 characters"),
    "a no with a short one": ({"verdict": "reject", "reason": " no        "}, "10 characters"),
    "another action": ({"action_hash": "0" * 64}, "another action"),
    "no action": ({"action_hash": ""}, "64 digits of hex"),
    "no such verdict": ({"verdict": "maybe"}, "approve"),
    "a reason without end": ({"reason": "x" * 501}, "500 characters"),
}


@pytest.mark.parametrize(("given", "says"), BAD.values(), ids=BAD.keys())
def test_it_says_what_is_wrong_with(given: dict[str, str], says: str, asked: Run) -> None:
    answered = SignIn("approver").post(one_url(asked), word(asked) | given, follow=True)
    assert answered.redirect_chain[-1][0] == one_url(asked)
    assert says in answered.content.decode()
    assert not Signal.objects.exists()


@skill(name="wipe", version="1.0.0", description="Cannot be undone.", effect=Effect.IRREVERSIBLE, failure_modes=ANY_FAILURE)
class Wipe(Say):
    pass


def test_what_cannot_be_taken_back_needs_a_reason(workshop: Workshop) -> None:
    registry.add(Wipe)
    run = workshop.submit(step("a", "wipe"))
    with a_worker():
        parked(run, "approval")
        page = seen("approver", one_url(run))
        assert "cannot be taken back" in page and page.count('minlength="10"') == 2
        assert "10 characters" in say("approver", run, word(run, reason="go on"))
        assert not Signal.objects.exists()
        assert "Approved" in say("approver", run, word(run, reason="the customer asked for it"))


def test_who_asked_does_not_decide(workshop: Workshop) -> None:
    run = asking(Workshop(workshop.tenant, workshop.agent, as_person(workshop.tenant, "approver"), workshop.bob))
    page = seen("approver", one_url(run))
    assert "somebody else decides" in seen("approver", PENDING) and "somebody else decides" not in seen("tenant_admin", PENDING)
    assert "You asked for this run" in page and 'name="verdict"' not in page
    assert "may not approve" in say("approver", run, word(run))
    assert not Signal.objects.exists()
    assert 'name="verdict"' in seen("tenant_admin", one_url(run))


def test_looking_changes_nothing_and_forms_ask_for_their_token(asked: Run) -> None:
    before = Run.objects.values().get(pk=asked.pk)
    given = word(asked)
    for query in (
        "?verdict=approve",
        f"?verdict=approve&action_hash={given['action_hash']}",
        "?show=nonsense",
        "?page=99999999999",
        "?page=-1",
    ):
        assert SignIn("tenant_admin").get(one_url(asked) + query).status_code == 200
        assert SignIn("tenant_admin").get(PENDING + query).status_code == 200
    assert SignIn("approver").post(PENDING).status_code == 405
    browser: Any = SignIn("approver")
    browser.handler.enforce_csrf_checks = True
    assert browser.post(one_url(asked), given).status_code == 403
    assert Run.objects.values().get(pk=asked.pk) == before
    assert not Signal.objects.exists()


def test_odd_text_is_shown_as_text(workshop: Workshop) -> None:
    run = asking(workshop, {"note": NAUGHTY, "api_key": "hunter2hunter2"})
    for url in (PENDING, one_url(run)):
        page = seen("approver", url)
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
        assert "\u202e" not in page and "\\u202egpj.exe \\u200b 田中" in page
        assert "hunter2" not in page
    say("approver", run, word(run, "reject", reason=NAUGHTY + "\x00"))
    page = seen("approver", DECIDED)
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


def test_what_is_not_there_or_waits_no_more_is_not_found(asked: Run, workshop: Workshop) -> None:
    fine = workshop.submit(step("a", "say"))
    missing = [(fine.public_id, "a"), (asked.public_id, "no_such"), (asked.public_id, "N O"), ("run_" + "0" * 32, "a"), ("nonsense", "a")]
    for run_id, step_id in missing:
        assert SignIn("approver").get(reverse("console-approval", args=[run_id, step_id])).status_code == 404
    given = word(asked)
    with a_worker():
        services.cancel_run(principal=workshop.alice, run_id=asked.public_id)
        over(asked)
    answered = SignIn("approver").post(one_url(asked), given, follow=True)
    assert (answered.redirect_chain[-1][0], "waits for no approval any more" in answered.content.decode()) == (PENDING, True)


def test_an_empty_page_says_what_would_stand_there(workshop: Workshop) -> None:
    assert "Nothing waits for an approval" in seen("approver", PENDING)
    assert "Nothing was decided yet" in seen("approver", DECIDED)


def test_the_first_to_run_out_comes_first_and_many_runs_cost_one_question(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(approvals_page, "A_PAGE", 5)
    runs = [asking(workshop) for _ in range(6)]
    items = workshop.submit(step("a", "say", said="${item}", for_each="${inputs.all}", approval="always"), inputs={"all": list(range(4))})
    with a_worker():
        parked(items, "approval")
    browser = SignIn("approver")
    browser.get(PENDING)
    with django_assert_max_num_queries(OTHER_QUESTIONS + 1):
        first = browser.get(PENDING)
    assert [card["run_id"] for card in first.context["aos_cards"]] == [run.public_id for run in runs[:5]]
    assert first.context["aos_later"] == "?page=2"
    with monkeypatch.context() as patch:
        patch.setattr(history, "EVENTS_AT_ONCE", 1)
        assert [card["run_id"] for card in browser.get(PENDING).context["aos_cards"]] == [run.public_id for run in runs[:5]]
    with django_assert_max_num_queries(OTHER_QUESTIONS + 1):
        second = browser.get(PENDING + "?page=2")
    assert [card["step_id"] for card in second.context["aos_cards"]] == ["a", "a#0", "a#1", "a#2", "a#3"]
    assert (second.context["aos_sooner"], second.context["aos_later"]) == ("?page=1", "")
    link = reverse("console-approval", args=[items.public_id, "a#3"])
    assert link in second.content.decode()
    assert browser.get(link).status_code == 200


def test_the_decided_cost_no_more_questions_for_many(workshop: Workshop, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        after = {"step": f"a{number}", "approved": number % 2 == 0, "action_hash": "ab" * 32}
        audit.record(workshop.tenant, "run.approval_decided", "run_" + "0" * 32, by="bob", after=after)
    browser = SignIn("approver")
    browser.get(DECIDED)
    with django_assert_max_num_queries(12):
        page = browser.get(DECIDED)
    assert [each["step_id"] for each in page.context["aos_decisions"]][:2] == ["a59", "a58"]
    assert len(page.context["aos_decisions"]) == 50


def test_one_damaged_journal_keeps_no_other_from_being_decided(asked: Run, workshop: Workshop, django_assert_max_num_queries: Any) -> None:
    broken = asking(workshop)
    RunEvent.objects.filter(run_id=broken.pk, seq=1)._raw_delete("default")
    page = seen("approver", PENDING)
    assert one_url(asked) in page and one_url(broken) not in page
    for name in ("console-approval", "console-approval-edit"):
        led = SignIn("approver").get(reverse(name, args=[broken.public_id, "a"]), follow=True)
        assert led.redirect_chain == [(reverse("admin:runs_run_change", args=[broken.public_id]), 302)]
        assert "nobody can say what a waits for" in led.content.decode()
    assert SignIn("approver").post(reverse("console-approval", args=[asked.public_id, "a\0"])).status_code == 404
    assert "cannot be read" in page and "event 1 is missing" in page
    # What a page tells of the others a program is told, too.
    program = make_caller(workshop.tenant, "program", SCOPES)
    assert program.get(f"/api/v1/runs/{asked.public_id}").status_code == 200, "that the key is used is noted once a minute"
    with django_assert_max_num_queries(3):
        told = described("approvals_list", program.get("/api/v1/approvals"))
    assert [each["run_id"] for each in told["data"]] == [asked.public_id]
    (lost,) = told["unreadable"]
    assert (lost["run_id"], lost["step_ids"], lost["agent"], lost["code"]) == (broken.public_id, ["a"], "worker", "REPLAY_DIVERGED")
    assert "event 1 is missing" in lost["detail"]
    assert "goal" not in lost, "it may wait for money or time alone, and then it is not for who approves calls to read"


LEFT = {999: "time is up", 59_000: "59 s left", 90_000: "1 m 30 s left", 86_400_000 + 3_600_000: "1 d 1 h left"}


@pytest.mark.parametrize(("ms", "says"), LEFT.items())
def test_it_counts_down(ms: int, says: str) -> None:
    assert view.left("1970-01-02T00:00:00Z", 86_400_000 - ms) == says
    assert view.left(None, ms) == "no end"


def test_a_target_is_where_it_goes_or_the_main_parameter() -> None:
    assert view.target({"url": "https://a.example/x?token=abcdef123456789", "method": "PUT"}, None).startswith("PUT https://a.example/x")
    assert view.target({"input": {"x": 1}}, None) == 'input: {"x":1}'
    assert view.target({}, None) == "—"
    assert len(view.target({"text": "x" * 9_000}, None)) == 300


def test_a_request_too_long_to_show_says_so() -> None:
    shown = view.request({"text": "x" * 200_000}, view.WHOLE)
    assert (len(shown["text"]), shown["left_out"]) == (view.WHOLE, len(json.dumps({"text": "x" * 200_000}, indent=2)) - view.WHOLE)


def test_only_what_has_an_undo_can_be_taken_back() -> None:
    assert view.taken_back("read", {}, None) == "nothing to take back"
    assert view.taken_back("irreversible", {"undo": {"url": "https://a.example"}}, None) == "no, never"
    assert view.taken_back("write", {}, None).startswith("no;")
