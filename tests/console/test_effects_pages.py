"""The pages of effects: what is in doubt with its evidence, dead letters, and undoing from a run's page; each role as it may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse

from agents.models import Membership, Role
from runs.models import Run, Signal, UndoneEffect
from skills import plugins
from skills.registry import registry
from tests.console.conftest import SignIn
from tests.fakes.raw_server import RawServer, answer
from tests.integration.conftest import set_up
from tests.integration.test_dead_letters import given_up, slow
from tests.integration.workshop import Workshop, a_worker, over, parked, step

DECIDES = frozenset({"operator", "approver", "tenant_admin", "root"})
OPERATES = frozenset({"operator", "tenant_admin"})
EVERYBODY = [*Role.values, "root", "stranger"]
HERE = answer(b'{"id": 7}', content_type="application/json")


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Workshop:
    """Return the workshop of the integration tests: pages are looked at while a worker works."""
    return set_up(monkeypatch, settings)


@pytest.fixture(autouse=True)
def people(workshop: Workshop) -> None:
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=workshop.tenant, role=role)
    User.objects.create_user("stranger", is_staff=True)
    User.objects.create_superuser("root")


@pytest.fixture
def server(settings: LazySettings) -> Iterator[RawServer]:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    with RawServer(lambda connection: connection.recv(1), HERE, answer(status="204 No Content")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        yield server


def order(server: RawServer) -> dict[str, Any]:
    undo = {"url": server.url + "/{result.body.id}"}
    return step("order", "http_call", url=server.url + "/orders", method="POST", timeout_ms=250, undo=undo)


@pytest.fixture
def doubted(workshop: Workshop, server: RawServer) -> Run:
    with a_worker():
        return parked(workshop.submit(order(server), goal="a goal nobody else reads"), "in_doubt")


def one_url(run: Run) -> str:
    return reverse("console-in-doubt-one", args=[run.public_id, "order"])


def test_each_role_sees_and_decides_what_it_may(doubted: Run) -> None:
    for role in EVERYBODY:
        browser = SignIn(role)
        status = 200 if role in DECIDES else 403
        assert browser.get(reverse("console-in-doubt")).status_code == status, role
        assert browser.get(one_url(doubted)).status_code == status, role
        assert (reverse("console-in-doubt") in browser.get(reverse("admin:index")).content.decode()) == (status == 200), role
        if role not in DECIDES:
            assert browser.post(one_url(doubted), {"verdict": "happened", "reason": "it is in their list"}).status_code == 403, role
    assert not Signal.objects.exists()


def test_the_evidence_stands_side_by_side_with_what_each_verdict_leads_to(doubted: Run, server: RawServer) -> None:
    assert doubted.public_id in SignIn("operator").get(reverse("console-in-doubt")).content.decode()
    page = SignIn("operator").get(one_url(doubted)).content.decode()
    for text in (
        f"POST {server.url}/orders",
        "it may have been sent",
        "TIMEOUT",
        "250 ms",
        "made again, as attempt 2",
        "nothing else waits for it",
    ):
        assert text in page
    assert "Probe again" not in page, "the call says not how to find out"
    assert "a goal nobody else reads" not in page


def test_a_verdict_is_taken_down_once(doubted: Run, workshop: Workshop) -> None:
    given = {"verdict": "happened", "reason": "it is in their list", "result": '{"id": 7}'}
    answered = SignIn("approver").post(one_url(doubted), given, follow=True)
    assert "Taken down" in answered.content.decode()
    second = SignIn("operator").post(one_url(doubted), {**given, "verdict": "did_not_happen", "result": ""}, follow=True)
    assert "already decided by approver" in second.content.decode()
    assert Signal.objects.count() == 1
    with a_worker():
        over(doubted)
    settled = SignIn("operator").get(one_url(doubted)).content.decode()
    assert "nothing left to decide" in settled
    assert "it is in their list" in settled


BAD = {
    "a short reason": {"verdict": "happened", "reason": "sure"},
    "no such verdict": {"verdict": "maybe", "reason": "it is in their list"},
    "a result that is no JSON": {"verdict": "happened", "reason": "it is in their list", "result": "{"},
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD.keys())
def test_it_says_what_is_wrong_with(given: dict[str, str], doubted: Run) -> None:
    answered = SignIn("operator").post(one_url(doubted), given, follow=True)
    assert (answered.status_code, answered.redirect_chain[-1][0]) == (200, one_url(doubted))
    assert not Signal.objects.exists()


def test_what_is_not_there_or_not_in_doubt_is_404(doubted: Run, workshop: Workshop) -> None:
    fine = workshop.submit(step("order", "say"))
    for run_id, step_id in ((fine.public_id, "order"), (doubted.public_id, "no_such"), ("run_" + "0" * 32, "order"), ("nonsense", "order")):
        assert SignIn("operator").get(reverse("console-in-doubt-one", args=[run_id, step_id])).status_code == 404


def test_nothing_changes_by_a_get(doubted: Run) -> None:
    for name, arguments in (("console-undo", [doubted.public_id, "order"]), ("console-dead-letter-requeue", [doubted.public_id])):
        assert SignIn("root").get(reverse(name, args=arguments)).status_code == 405


def test_forms_ask_for_their_own_token(doubted: Run) -> None:
    browser: Any = SignIn("operator")
    browser.handler.enforce_csrf_checks = True
    assert browser.post(one_url(doubted), {"verdict": "happened", "reason": "it is in their list"}).status_code == 403
    assert browser.post(reverse("console-undo", args=[doubted.public_id, "order"])).status_code == 403


# Undoing


def test_an_effect_is_taken_back_from_the_runs_page(doubted: Run, workshop: Workshop, server: RawServer) -> None:
    page_url, undo_url = (
        reverse("admin:runs_run_change", args=[doubted.public_id]),
        reverse("console-undo", args=[doubted.public_id, "order"]),
    )
    assert undo_url not in SignIn("operator").get(page_url).content.decode(), "it is in doubt"
    with a_worker():
        workshop.decide(doubted, "order", "did_not_happen")
        over(doubted)
        for role in EVERYBODY[:-1]:
            assert (undo_url in SignIn(role).get(page_url).content.decode()) == (role in OPERATES), role
            if role not in OPERATES:
                assert SignIn(role).post(undo_url).status_code == 403, role
        assert SignIn("stranger").post(undo_url).status_code == 404
        answered = SignIn("operator").post(undo_url, {"reason": "by mistake"})
        child = over(UndoneEffect.objects.get().child)
    assert answered["Location"] == reverse("admin:runs_run_change", args=[child.public_id])
    parents = SignIn("viewer").get(page_url).content.decode()
    assert f'taken back (succeeded) by <a class="aos-id" href="{answered["Location"]}"' in parents
    assert "asked for by operator: by mistake" in parents
    assert undo_url not in SignIn("operator").get(page_url).content.decode()
    assert page_url in SignIn("viewer").get(answered["Location"]).content.decode()
    assert server.requests[-1].startswith(b"DELETE /7 ")


def test_an_undo_that_cannot_be_says_why(doubted: Run) -> None:
    answered = SignIn("operator").post(reverse("console-undo", args=[doubted.public_id, "order"]), follow=True)
    assert "in doubt; settle that first" in answered.content.decode()
    assert not UndoneEffect.objects.exists()


# Dead letters


def test_dead_letters_are_shown_and_queued_again(workshop: Workshop, settings: LazySettings, tmp_path: Path) -> None:
    harmless = given_up(workshop, settings, slow(ms=600), at="slow", goal="a goal nobody else reads")
    write = step("write", "append_line", witness=str(tmp_path / "witness"), after_ms=900)
    doubtful = given_up(workshop, settings, write, at="write")
    pages = {role: SignIn(role).get(reverse("console-dead-letters")) for role in EVERYBODY}
    again = reverse("console-dead-letter-requeue", args=[harmless.public_id])
    for role, page in pages.items():
        shown = page.content.decode()
        assert page.status_code == (403 if role == "stranger" else 200), role
        assert (harmless.public_id in shown) == (role != "stranger"), role
        assert (again in shown) == (role in OPERATES), role
        assert (f"{settings.HOST_NAME}, process" in shown) == (role == "root"), role
        assert ("a goal nobody else reads" in shown) == (role in ("developer", "tenant_admin")), role
        if role not in OPERATES:
            assert SignIn(role).post(again, {"reason": "mended"}).status_code == (404 if role == "stranger" else 403), role
    assert "may have happened" in pages["viewer"].content.decode()
    answered = SignIn("operator").post(again, {"reason": "mended"}, follow=True)
    child = Run.objects.get(parent=harmless)
    assert f"Queued again as {child.public_id}" in answered.content.decode()
    listed = SignIn("operator").get(reverse("console-dead-letters")).content.decode()
    assert again not in listed
    assert child.public_id in listed
    unsure = reverse("console-dead-letter-requeue", args=[doubtful.public_id])
    assert "is in doubt" in SignIn("operator").post(unsure, {"reason": "mended"}, follow=True).content.decode()
    SignIn("operator").post(unsure, {"reason": "mended", "accept_doubt": "yes"})
    assert Run.objects.filter(parent=doubtful, relation="requeue").exists()


@pytest.mark.parametrize("page", ["console-in-doubt", "console-dead-letters"])
def test_an_empty_page_says_what_would_stand_there(page: str) -> None:
    assert "aos-dim" in SignIn("operator").get(reverse(page)).content.decode()
    assert SignIn("operator").post(reverse(page)).status_code == 405
