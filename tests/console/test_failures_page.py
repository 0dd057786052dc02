"""Failure analytics on the console: one's own numbers, each with the list behind it; groups marked by who may, told by one's role."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Membership, Role, Tenant
from catalog.models import FailureGroup, FailureMatch
from tests.console.conftest import CANARY, Cast, SignIn
from tests.integration.failures import a_failure

HOUR = timedelta(hours=1)
DECIDING = ("operator", "approver", "tenant_admin")
CAUSE = "the words of a cause"


def page(role: str, query: str = "") -> Any:
    return SignIn(role).get(reverse("console-failures") + query)


def group(role: str, signature: str, query: str = "") -> Any:
    return SignIn(role).get(reverse("console-failure-group", args=[signature]) + query)


@pytest.fixture
def failed(cast: Cast) -> FailureMatch:
    """Failures of one signature beside the one everybody of the cast has."""
    FailureMatch.objects.filter(tenant=cast.acme).update(cause="other words")
    agent, at = Agent.objects.get(tenant=cast.acme), timezone.now() - HOUR
    a_failure(
        cast.acme, at=at, code="DNS_FAILURE", cause=CAUSE, recovery_attempted=True, recovery_succeeded=True, resolved_at=at + HOUR / 2
    )
    a_failure(cast.acme, at=at, code="DNS_FAILURE", cause=CAUSE, injected=True)
    return a_failure(cast.acme, at=at, code="DNS_FAILURE", cause=CAUSE, agent=agent, cost_micro_usd=12_345, match_type="code")


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_shows_every_role_of_a_tenant_how_it_fails(role: str, failed: FailureMatch, cast: Cast) -> None:
    shown = page(role, f"?tenant={cast.acme.slug}")
    assert shown.status_code == 200
    assert shown.context["aos_sentence"].startswith("3 failures in the last 7 days")
    assert reverse("console-failures") in SignIn(role).get(reverse("admin:index")).content.decode()


def test_it_is_for_members_only(client: Any, failed: FailureMatch) -> None:
    for address in (reverse("console-failures"), reverse("console-failure-group", args=[failed.signature]), reverse("console-drift")):
        assert client.get(address).status_code == 302
        assert SignIn("stranger").get(address).status_code == 403


@pytest.mark.parametrize("role", Role.values)
def test_it_shows_nothing_of_another_tenant(role: str, failed: FailureMatch, cast: Cast) -> None:
    FailureMatch.objects.filter(tenant=cast.rival).update(cause=CANARY, host=CANARY, signature="cd" * 32)
    for query in ("", f"?tenant={cast.rival.slug}"):
        assert CANARY not in page(role, query).content.decode()
    # Who is not told a host does not choose by it.
    assert (page(role, f"?host={CANARY}").context["aos_sentence"] == "Nothing failed in the last 7 days.") == (role != "viewer")
    assert group(role, "cd" * 32).status_code == 404
    assert group(role, "cd" * 32, f"?tenant={cast.rival.slug}").status_code == 404


@pytest.mark.parametrize("role", Role.values)
def test_it_shows_money_messages_and_causes_to_their_roles_alone(role: str, failed: FailureMatch) -> None:
    FailureMatch.objects.filter(pk=failed.pk).update(message="the message itself")
    both = page(role).content.decode() + group(role, failed.signature).content.decode()
    assert ("$0.0123" in both) == (role in ("developer", "operator", "tenant_admin", "auditor"))
    assert ("in vain" in both.lower()) == (role in ("developer", "operator", "tenant_admin", "auditor"))
    assert (CAUSE in both) == (role != "viewer")
    assert ("the message itself" in both) == (role in ("developer", "tenant_admin"))


def test_every_number_leads_to_the_failures_it_counts(failed: FailureMatch, cast: Cast) -> None:
    browser = SignIn("auditor")
    shown = browser.get(reverse("console-failures")).content.decode()
    links = {unescape(found) for found in re.findall(r'href="([^"]*/failurematch/\?[^"]*)"', shown)}
    assert len(links) >= 12
    listed = {link: set(re.findall(r"/failurematch/(\d+)/change/", browser.get(link).content.decode())) for link in links}
    own = {str(pk) for pk in FailureMatch.objects.filter(tenant=cast.acme, injected=False).values_list("pk", flat=True)}
    assert own in listed.values()
    assert all(found <= own for found in listed.values()), "an injected failure, or another tenant's"
    assert {str(failed.pk)} in listed.values(), "of the one agent, of what cost something"


def test_it_draws_codes_by_time_and_says_the_same_as_a_table(failed: FailureMatch) -> None:
    shown = page("auditor")
    drawn = shown.context["aos_heat"]
    assert [(row.code, row.failures) for row in drawn.rows] == [("DNS_FAILURE", 2), ("TIMEOUT", 1)]
    assert sum(cell.failures for line in drawn.lines for cell in line.cells if cell) == 3
    text = shown.content.decode()
    assert 'role="img"' in text
    assert "As a table" in text


def test_it_narrows_and_lets_go_again(failed: FailureMatch, cast: Cast) -> None:
    shown = page("auditor", "?code=DNS_FAILURE&since=24h")
    assert shown.context["aos_sentence"].startswith("2 failures in the last 24 hours")
    assert [(each["name"], each["value"], each["clear"]) for each in shown.context["aos_filters"]] == [
        ("code", "DNS_FAILURE", f"?tenant={cast.acme.slug}&since=24h")
    ]
    assert page("auditor", "?agent=agent-of-acme").context["aos_sentence"].startswith("1 failure ")


@pytest.mark.parametrize("query", ["?since=yesterday", "?agent=nobody", "?skill=%00", "?state=lost", "?sort=colour", "?code=a"])
def test_it_says_what_makes_no_sense_and_shows_a_week(query: str, failed: FailureMatch) -> None:
    shown = page("auditor", query)
    assert shown.status_code == 200
    assert 'role="alert"' in shown.content.decode()
    assert shown.context["aos_sentence"].startswith("3 failures in the last 7 days")


def test_it_says_that_nothing_failed(cast: Cast) -> None:
    FailureMatch.objects.all().delete()
    shown = page("auditor").content.decode()
    assert "Nothing failed in the last 7 days." in shown
    assert "Nothing failed in this time" in shown
    assert "manage.py chaos" in shown


def test_it_lets_choose_among_ones_own_tenants_only(failed: FailureMatch, cast: Cast) -> None:
    person = Membership.objects.get(tenant=cast.acme, role="auditor").user
    third = Tenant.objects.create(slug="third", name="Third")
    assert page("auditor").context["aos_tenants"] == []
    Membership.objects.create(user=person, tenant=third, role="viewer")
    assert {each["slug"] for each in page("auditor").context["aos_tenants"]} == {cast.acme.slug, "third"}
    assert page("auditor", "?tenant=third").context["aos_sentence"] == "Nothing failed in the last 7 days."


def test_it_asks_a_bounded_number_of_questions(failed: FailureMatch, cast: Cast, django_assert_max_num_queries: Any) -> None:
    for n in range(60):
        a_failure(cast.acme, at=timezone.now() - HOUR, cause=f"cause of {n}")
    browser = SignIn("auditor")
    with django_assert_max_num_queries(30):
        browser.get(reverse("console-failures"))


# One group


def test_it_says_why_grouped_with_what_was_decided(failed: FailureMatch) -> None:
    shown = group("operator", failed.signature)
    assert shown.context["aos_why"] == [("Skill", "http_call"), ("Code", "DNS_FAILURE"), ("Host", "api.example"), ("Cause", CAUSE)]
    assert [(row["done"], row["advised"], row["failures"], row["worked"]) for row in shown.context["aos_decisions"]] == [
        ("retry", "Retry with jitter", 2, 1)
    ]
    assert [row["name"] for row in shown.context["aos_versions"]] == ["1.0.0"]
    assert failed.run_public_id in shown.content.decode()


@pytest.mark.parametrize("signature", ["ab" * 31, "nothing", "%00", "ef" * 32])
def test_a_group_nobody_saw_is_missing(signature: str, failed: FailureMatch) -> None:
    assert SignIn("operator").get(f"/admin/failure-analytics/{signature}/").status_code == 404


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_who_decides_marks_a_group_and_nobody_else(role: str, failed: FailureMatch, cast: Cast) -> None:
    address = reverse("console-failure-group", args=[failed.signature]) + f"?tenant={cast.acme.slug}"
    browser, allowed = SignIn(role), role in (*DECIDING, "root")
    assert ("Call it fixed" in browser.get(address).content.decode()) == allowed
    response = browser.post(address, {"action": "fixed", "version": "2.0.0", "reason": "rewritten"})
    assert response.status_code == (302 if allowed else 403)
    assert FailureGroup.objects.filter(fixed_in="2.0.0", by=role, reason="rewritten").count() == int(allowed)


def test_it_mutes_and_unmutes(failed: FailureMatch) -> None:
    address, browser = reverse("console-failure-group", args=[failed.signature]), SignIn("operator")
    browser.post(address, {"action": "mute", "days": "3", "reason": "known"})
    assert browser.get(address).context["aos_sentence"].startswith("Muted until ")
    assert [row["look"].word for row in page("operator", "?state=muted").context["aos_groups"]] == ["muted"]
    browser.post(address, {"action": "unmute", "reason": "worse"})
    assert FailureGroup.objects.get().muted_until is None


@pytest.mark.parametrize(
    "form",
    [
        {"action": "fixed", "reason": ""},
        {"action": "fixed", "reason": "because", "version": "next"},
        {"action": "fixed", "reason": "because", "version": "1.0.0"},
        {"action": "mute", "reason": "because", "days": ""},
        {"action": "mute", "reason": "because", "days": "9999"},
        {"action": "mute", "reason": "because", "days": "-1"},
        {"action": "unmute", "reason": "x" * 501},
    ],
)
def test_it_says_what_is_wrong_and_changes_nothing(form: dict[str, str], failed: FailureMatch) -> None:
    browser = SignIn("operator")
    shown = browser.post(reverse("console-failure-group", args=[failed.signature]), form, follow=True)
    assert shown.status_code == 200
    assert [message.level_tag for message in shown.context["messages"]] == ["error"]
    assert not FailureGroup.objects.exists()


def test_it_does_nothing_of_another_kind_nor_to_another_tenants_group(failed: FailureMatch, cast: Cast) -> None:
    browser = SignIn("operator")
    assert browser.post(reverse("console-failure-group", args=[failed.signature]), {"action": "burn"}).status_code == 404
    FailureMatch.objects.filter(tenant=cast.rival).update(signature="cd" * 32)
    address = reverse("console-failure-group", args=["cd" * 32])
    assert browser.post(address, {"action": "fixed", "reason": "because"}).status_code == 404
    assert not FailureGroup.objects.exists()


def test_every_number_of_a_group_leads_to_failures_of_it(failed: FailureMatch) -> None:
    a_failure(
        failed.tenant,
        at=failed.created_at,
        code="DNS_FAILURE",
        cause=CAUSE,
        recovery_attempted=True,
        recovery_succeeded=False,
        recovered_by="run_" + "1" * 32,
    )
    browser = SignIn("auditor")
    shown = browser.get(reverse("console-failure-group", args=[failed.signature])).content.decode()
    links = {unescape(found) for found in re.findall(r'href="([^"]*/failurematch/\?[^"]*)"', shown)}
    listed = {link: set(re.findall(r"/failurematch/(\d+)/change/", browser.get(link).content.decode())) for link in links}
    assert all(listed.values()), "a number leads to an empty list"
    assert [len(found) for link, found in listed.items() if "recovered_by" in link] == [1]
    assert [len(found) for link, found in listed.items() if "recovery_succeeded__exact=1" in link] == [1]
