"""The recovery review: seen by every role of its tenant, decided by three, by POST alone, what failures said kept from viewers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from agents.models import Role, Tenant
from catalog.learning import deciding
from catalog.learning.candidates import suggest_for_match
from catalog.models import RecoveryCandidate
from runs.console.failures import recovery_view as view
from tests.console.conftest import CANARY, Cast, SignIn
from tests.integration.recovering import fail
from tests.integration.workshop import as_person

DECIDE = ("operator", "approver", "tenant_admin", "root")
CAUSE = "the-cause-of-it"
NO_CANDIDATE = "rec_" + "0" * 32


def a_candidate(tenant: Tenant, cause: str = CAUSE) -> RecoveryCandidate:
    match = fail(tenant, True, True, False, message=f"{cause} after 31 s", target="https://api.example:8443/")[0]
    found = suggest_for_match(principal=as_person(tenant, "alice"), match_id=match.public_id).candidate
    assert found is not None
    return found


@pytest.fixture
def candidate(cast: Cast) -> RecoveryCandidate:
    return a_candidate(cast.acme)


def page(role: str, row: RecoveryCandidate | None = None, query: str = "") -> Any:
    address = reverse("console-recovery-candidate", args=[row.public_id]) if row else reverse("console-recovery")
    return SignIn(role).get(address + query)


def posted(role: str, row: RecoveryCandidate, action: str, reason: str = "") -> Any:
    return SignIn(role).post(reverse("console-recovery-candidate", args=[row.public_id]), {"action": action, "reason": reason})


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def standing(row: RecoveryCandidate) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.policy


@pytest.mark.parametrize(("role", "status"), [*((role, 200) for role in (*Role.values, "root")), ("stranger", 403)])
def test_it_is_for_everybody_in_a_tenant(role: str, status: int, candidate: RecoveryCandidate) -> None:
    assert page(role).status_code == status
    assert (reverse("console-recovery") in SignIn(role).get(reverse("admin:index")).content.decode()) == (status == 200)
    assert page(role, candidate).status_code in (status, 403)


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_shows_what_failures_said_to_all_but_viewers_and_the_platform(role: str, candidate: RecoveryCandidate) -> None:
    for shown in (page(role), page(role, candidate)):
        assert (CAUSE in shown.content.decode()) == (role not in ("viewer", "root"))


@pytest.mark.parametrize("role", Role.values)
def test_it_shows_nothing_of_another_tenant(role: str, cast: Cast, candidate: RecoveryCandidate) -> None:
    other = a_candidate(cast.rival, CANARY)
    shown = page(role, query="?show=all").content.decode()
    assert CANARY not in shown
    assert other.public_id not in shown
    assert page(role, other).status_code == 404
    assert posted(role, other, "reject", "because I can do it").status_code == 404
    assert standing(other) == ("open", "none")


def test_it_knows_no_candidate_that_is_not_there(cast: Cast) -> None:
    browser = SignIn("operator")
    for name in (NO_CANDIDATE, "rec_1", "x" * 300, "rec_%00"):
        assert browser.get(f"{reverse('console-recovery')}{name}/").status_code == 404


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_is_decided_by_who_decides(role: str, candidate: RecoveryCandidate) -> None:
    shown = page(role, candidate).content.decode()
    answer = posted(role, candidate, "approve")
    assert (answer.status_code == 302) == ('value="approve"' in shown) == (role in DECIDE)
    assert standing(candidate) == (("approved", "shadow") if role in DECIDE else ("open", "none"))


def test_it_changes_nothing_by_looking(candidate: RecoveryCandidate) -> None:
    before = RecoveryCandidate.objects.values().get(pk=candidate.pk)
    for query in ("", "?action=approve", "?show=open&page=2", "?page=99999999999", "?show=nonsense"):
        assert page("tenant_admin", candidate, query).status_code == 200
        assert page("tenant_admin", None, query).status_code == 200
    assert RecoveryCandidate.objects.values().get(pk=candidate.pk) == before


def test_it_goes_all_the_way(candidate: RecoveryCandidate) -> None:
    assert "in shadow now" in said(posted("approver", candidate, "approve"))
    shown = page("operator", candidate)
    assert shown.context["aos_one"]["report"]["gone"] == 3
    assert [form["action"] for form in shown.context["aos_forms"]] == ["activate", "withdraw"]
    assert "active now" in said(posted("operator", candidate, "activate"))
    assert "Applied 0, helped 0" in page("operator", candidate).content.decode()
    assert "10 characters" in said(posted("operator", candidate, "withdraw", "no"))
    assert "withdrawn now" in said(posted("operator", candidate, "withdraw", "it does not help"))
    assert "open now" in said(posted("operator", candidate, "reopen"))
    assert standing(candidate) == ("open", "none")


def test_it_says_who_was_quicker(candidate: RecoveryCandidate) -> None:
    posted("approver", candidate, "approve")
    assert "already approved by approver" in said(posted("operator", candidate, "approve"))
    assert posted("operator", candidate, "delete").status_code == 404


def test_it_suggests_for_a_failure_and_lets_somebody_else_approve(cast: Cast) -> None:
    match = fail(cast.acme, True, False, message="something else")[0]
    foreign = fail(cast.rival, True, message=CANARY)[0]
    browser, address = SignIn("operator"), reverse("console-recovery")
    answer = browser.post(address, {"match_id": match.public_id})
    row = RecoveryCandidate.objects.get(signature=match.signature, tenant=cast.acme)
    assert answer.url == reverse("console-recovery-candidate", args=[row.public_id])
    assert "may not approve" in said(posted("operator", row, "approve"))
    assert "in shadow now" in said(posted("approver", row, "approve"))
    for text in (foreign.public_id, "nonsense", ""):
        assert browser.post(address, {"match_id": text}).status_code == 302
    assert not RecoveryCandidate.objects.filter(tenant=cast.rival).exists()
    assert SignIn("viewer").post(address, {"match_id": match.public_id}).status_code == 403


def test_it_filters_and_turns_pages(cast: Cast) -> None:
    for number in range(27):
        a_candidate(cast.acme, "cause " + "abcdefghijklmnopqrstuvwxyz+"[number])
    first = page("operator")
    assert len(first.context["aos_lines"]) == 25
    assert first.context["aos_older"].endswith("show=open&page=2")
    assert len(page("operator", None, "?show=open&page=2").context["aos_lines"]) == 2
    assert page("operator", None, "?show=active").context["aos_lines"] == []
    assert "aggregate_failures" in page("operator", None, "?show=active").content.decode()


def test_it_asks_the_database_no_more_for_many_than_for_few(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        a_candidate(cast.acme, "cause " + "abcdefghijklmnopqrst"[number])
    browser = SignIn("operator")
    browser.get(reverse("console-recovery"))
    with django_assert_max_num_queries(16):
        browser.get(reverse("console-recovery"))


def test_it_links_every_case_to_its_run(candidate: RecoveryCandidate) -> None:
    shown = page("operator", candidate)
    links = re.findall(r'href="(/admin/runs/run/run_[0-9a-f]{32}/change/)"', shown.content.decode())
    assert len(links) >= 3
    assert [case["look"].word for case in shown.context["aos_one"]["cases"]] == ["did not help", "came through", "came through"]
    assert len(shown.context["aos_one"]["counter"]) == 1


def test_it_draws_the_interval(candidate: RecoveryCandidate) -> None:
    bar = page("operator", candidate).context["aos_one"]["interval"]
    assert (bar["rate"], bar["lower"]) == ("67 %", "21 %")
    # Cases are weighed by their day: from noon on those of today weigh less and less.
    assert 20.5 < float(bar["x"].rstrip("%")) < 20.8


def test_it_shows_in_the_way_of_the_table_how_a_candidate_stands(cast: Cast) -> None:
    row = a_candidate(cast.acme)
    deciding.reject(principal=as_person(cast.acme, "bob"), candidate_id=row.public_id, reason="nobody needs it")
    assert {each["look"].word for each in page("auditor", None, "?show=rejected").context["aos_lines"]} == {"rejected"}
    assert len({look.word for look in view.LOOKS.values()}) == 5
