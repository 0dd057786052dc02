"""Catalog entries in the console: overridden, edited, removed and brought back by operators; failures say why they are grouped."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from agents.models import Role
from catalog.entries import create_entry, update_entry
from catalog.models import CatalogEntry, EntryVersion, FailureMatch
from tests.console.conftest import CANARY, Cast, SignIn

LIST = "admin:catalog_catalogentry_changelist"
OPERATORS = {"operator", "tenant_admin"}


def url(name: str, row: Any | None = None) -> str:
    return reverse(f"admin:catalog_catalogentry_{name}", args=[] if row is None else [row.pk])


def an_override(cast: Cast, **changes: Any) -> dict[str, Any]:
    base = {
        "tenant": cast.acme.pk,
        "code": "TLS_FAILURE",
        "skill": "mine",
        "mode": "SKIP",
        "parameters": "",
        "suggestions": "Ask Bob.\n\nAsk Ann.",
    }
    return {**base, "doc_url": "", "prior_confidence": "0.4", "reason": "the night of the outage", **changes}


def own(cast: Cast) -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=cast.acme, code="TIMEOUT")


def made(cast: Cast) -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=cast.acme, code="TLS_FAILURE")


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


# Making and editing


def test_an_operator_makes_an_override(cast: Cast) -> None:
    assert SignIn("operator").post(url("add"), an_override(cast)).status_code == 302
    row = made(cast)
    assert (row.mode, row.suggestions, row.doc_url, row.version) == ("SKIP", ["Ask Bob.", "Ask Ann."], "/errors/TLS_FAILURE", 1)
    version = EntryVersion.objects.get(entry=row)
    assert (version.action, version.by, version.reason) == ("created", "operator", "the night of the outage")


def test_it_leaves_open_what_is_left_empty(cast: Cast) -> None:
    SignIn("operator").post(url("add"), an_override(cast, mode="", suggestions=""))
    assert (made(cast).mode, made(cast).suggestions) == ("ABORT", [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"code": "TIMEOUT", "skill": ""}, "already", id="an entry there is already"),
        pytest.param({"parameters": '{"max_attempts": 0}'}, "/parameters/max_attempts", id="no attempt"),
        pytest.param({"parameters": '{"fallback_params": {"a": "\\u0000"}}'}, "this cannot be read", id="what no database takes"),
        pytest.param({"skill": "No Skill"}, "/skill", id="no name of a skill"),
        pytest.param({"code": "TLS"}, "valid choice", id="an unknown code"),
        pytest.param({"tenant": ""}, "required", id="for all tenants"),
        pytest.param({"reason": ""}, "required", id="no reason"),
    ],
)
def test_it_says_what_is_wrong_with_an_override(cast: Cast, changes: dict[str, str], said: str) -> None:
    before = CatalogEntry.objects.count()
    assert said in text(SignIn("operator").post(url("add"), an_override(cast, **changes)))
    assert CatalogEntry.objects.count() == before


def test_it_makes_an_entry_anew_that_was_removed(cast: Cast) -> None:
    browser = SignIn("operator")
    browser.post(url("add"), an_override(cast))
    browser.post(url("remove", made(cast)), {"reason": "of no use"})
    assert browser.post(url("add"), an_override(cast, mode="ABORT")).status_code == 302
    assert (made(cast).mode, made(cast).removed_at, made(cast).version) == ("ABORT", None, 3)


def test_it_offers_no_other_tenant(cast: Cast) -> None:
    assert "valid choice" in text(SignIn("operator").post(url("add"), an_override(cast, tenant=cast.rival.pk)))
    assert CANARY not in text(SignIn("operator").get(url("add")))


def test_who_runs_the_installation_makes_entries_for_all(cast: Cast) -> None:
    assert SignIn("root").post(url("add"), an_override(cast, tenant="")).status_code == 302
    assert CatalogEntry.objects.filter(tenant=None, code="TLS_FAILURE", skill="mine").exists()


def test_it_keeps_what_was_not_touched(cast: Cast) -> None:
    SignIn("operator").post(url("add"), an_override(cast, parameters='{"max_attempts": 4}', mode="RETRY_IMMEDIATE"))
    browser, row = SignIn("operator"), made(cast)
    form = browser.get(url("change", row)).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    shown = {
        name: form.fields[name].prepare_value(value) if hasattr(form.fields[name], "prepare_value") else value
        for name, value in values.items()
    }
    assert browser.post(url("change", row), {**shown, "reason": "only looked"}).status_code == 302
    assert EntryVersion.objects.filter(entry=row).count() == 1


def test_of_two_people_the_second_is_told(cast: Cast) -> None:
    row, browser = own(cast), SignIn("operator")
    form = {"mode": "SKIP", "parameters": "{}", "suggestions": "", "doc_url": "", "prior_confidence": "0.5", "reason": "I was first"}
    assert browser.post(url("change", row), {**form, "expected_version": "1"}).status_code == 302
    assert "Somebody changed the entry" in text(browser.post(url("change", row), {**form, "mode": "ABORT", "expected_version": "1"}))
    assert own(cast).mode == "SKIP"


# History


def test_it_shows_every_version_with_what_it_changed(cast: Cast) -> None:
    row = create_entry(tenant=cast.acme, document={"code": "TLS_FAILURE", "mode": "SKIP"}, by="ann", reason="at <b>first</b>")
    update_entry(entry_id=row.pk, changes={"mode": "ABORT"}, by="bob", reason="SKIP hid it", tenant=cast.acme)
    page = text(SignIn("viewer").get(url("history", row)))
    assert page.index("Version 2: edited") < page.index("Version 1: created")
    assert "SKIP hid it" in page
    assert "at &lt;b&gt;first&lt;/b&gt;" in page
    assert "Go back to this version" not in page
    assert "Go back to this version" in text(SignIn("operator").get(url("history", row)))


def test_it_removes_and_goes_back(cast: Cast) -> None:
    browser, row = SignIn("operator"), own(cast)
    update_entry(entry_id=row.pk, changes={"mode": "SKIP"}, by="bob", reason="to try", tenant=cast.acme)
    browser.post(url("remove", row), {"version": "2", "reason": "of no use"})
    assert own(cast).removed_at is not None
    assert 'name="_save"' not in text(browser.get(url("change", row)))
    browser.post(url("restore", row), {"version": "3", "reason": "of use after all"})
    browser.post(url("restore", row), {"version": "4", "to_version": "1", "reason": "as it was"})
    assert (own(cast).removed_at, own(cast).version, own(cast).mode) == (
        None,
        5,
        EntryVersion.objects.get(entry=row, version=1).document["mode"],
    )
    assert set(EntryVersion.objects.filter(entry=row, version__gt=2).values_list("by", flat=True)) == {"operator"}


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "no"}, {"reason": "of no use", "version": "9"}, {"reason": "\x00\x00\x00\x00"}],
    ids=["empty", "short", "stale", "NUL"],
)
def test_it_removes_nothing_without_a_reason_or_by_an_old_page(cast: Cast, body: dict[str, str]) -> None:
    answer = SignIn("operator").post(url("remove", own(cast)), body, follow=True)
    assert own(cast).removed_at is None
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


@pytest.mark.parametrize("name", ["remove", "restore"])
def test_it_changes_nothing_by_a_get(cast: Cast, name: str) -> None:
    assert SignIn("operator").get(url(name, own(cast))).status_code == 405
    assert own(cast).version == 1


# Who may


@pytest.mark.parametrize("role", Role.values)
def test_operators_alone_write(cast: Cast, role: str) -> None:
    browser, shared = SignIn(role), CatalogEntry.objects.get(tenant=None, code="TIMEOUT", skill="")
    assert browser.post(url("remove", shared), {"reason": "of no use"}).status_code == 403
    assert (browser.get(url("add")).status_code == 200) == (role in OPERATORS)
    assert (browser.post(url("remove", own(cast)), {"reason": "of no use"}).status_code == 302) == (role in OPERATORS)
    assert (own(cast).removed_at is not None) == (role in OPERATORS)
    assert text(browser.get(url("history", shared)))


@pytest.mark.parametrize("name", ["change", "history", "remove", "restore"])
def test_another_tenants_entry_is_not_there(cast: Cast, name: str) -> None:
    theirs = CatalogEntry.objects.get(tenant=cast.rival)
    browser = SignIn("operator")
    ask = browser.get if name in ("change", "history") else browser.post
    assert ask(url(name, theirs)).status_code == 404
    theirs.refresh_from_db()
    assert theirs.removed_at is None


def test_who_runs_the_installation_is_named_to_nobody_else(cast: Cast) -> None:
    shared = CatalogEntry.objects.get(tenant=None, code="TIMEOUT", skill="")
    update_entry(entry_id=shared.pk, changes={"mode": "ABORT"}, by="root-of-all", reason="for all", tenant=None)
    assert "root-of-all" not in text(SignIn("tenant_admin").get(url("history", shared)))
    assert "root-of-all" in text(SignIn("root").get(url("history", shared)))


def test_it_shows_what_was_measured_beside_what_was_assumed(cast: Cast) -> None:
    CatalogEntry.objects.filter(tenant=cast.acme).update(confidence=0.83, applied=40, succeeded=37)
    page = text(SignIn("viewer").get(reverse(LIST)))
    assert "0.83" in page
    assert "37 of 40 worked, 0.50 assumed" in page
    assert "assumed, never tried" in page


# Failures


def a_failure(cast: Cast) -> str:
    match = FailureMatch.objects.get(tenant=cast.acme)
    FailureMatch.objects.filter(pk=match.pk).update(host="db.example", cause="no room for the-secret-cause", cost_micro_usd=123_456)
    return reverse("admin:catalog_failurematch_change", args=[match.pk])


@pytest.mark.parametrize("role", Role.values)
def test_a_failure_says_why_it_is_grouped_as_it_is(cast: Cast, role: str) -> None:
    page = text(SignIn(role).get(a_failure(cast)))
    assert ("db.example" in page) == (role != "viewer"), "who is not told the cause is not told where the call went"
    assert ("the-secret-cause" in page) == (role != "viewer")
    assert ("not shown to your role" in page) == (role == "viewer")


@pytest.mark.parametrize("role", Role.values)
def test_a_failure_tells_its_cost_to_who_sees_costs(cast: Cast, role: str) -> None:
    page = text(SignIn(role).get(a_failure(cast)))
    assert ("$0.1235" in page) == (role in ("developer", "operator", "tenant_admin", "auditor"))
