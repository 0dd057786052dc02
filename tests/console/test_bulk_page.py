"""Operations over many runs on the console: chosen on the list, looked at, begun with a reason and a number, followed, stopped."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents import audit
from agents.models import Agent, Membership, Role, Tenant
from agents.tenancy import operator_principal
from runs.bulk.beginning import begin
from runs.bulk.carrying_on import carry_on
from runs.bulk.choosing import chosen_by
from runs.bulk.contracts import BulkFilter
from runs.console.runs.runs_list import PRESERVED
from runs.models import BulkOperation, Run, Signal
from runs.services import submit
from tests.console.conftest import CANARY, Cast, SignIn

LIST, ALL, NEW = "/admin/runs/run/", "/admin/bulk/", "/admin/bulk/new/"
OPERATES = ("operator", "tenant_admin")
WATCHES = (*OPERATES, "auditor", "root")
EVERYBODY = (*Role.values, "root", "stranger")
WHY = "they hang since the deploy"
NAUGHTY = "<script>alert('дверь')</script>{{ 7 }} \u202e🐘"
QUEUED = urlencode({"status__exact": "queued"})


def submitted(tenant: Tenant, number: int = 1, goal: str = "a goal") -> list[Run]:
    agent, person = Agent.objects.get(tenant=tenant), operator_principal(tenant, "alice")
    return [submit(principal=person, agent_ref=agent.name, goal=goal)[0] for _ in range(number)]


def new_url(filters: str = QUEUED, action: str = "cancel", **more: str) -> str:
    return f"{NEW}?{urlencode({'action': action, PRESERVED: filters, **more})}"


def form_of(page: str) -> dict[str, str]:
    """Return what the form of a preview would send, nothing typed yet."""
    return dict(re.findall(r'<input type="hidden" name="((?!csrf)\w+)" value="([^"]*)"', page.partition('id="aos-begin"')[2]))


def filled(browser: Client, url: str, **typed: str) -> Any:
    """Look at a preview, type this, and send the form."""
    form = {name: value.replace("&amp;", "&") for name, value in form_of(browser.get(url).content.decode()).items()}
    return browser.post(NEW, {**form, "reason": WHY, **typed})


def an_operation(tenant: Tenant, who: str = "operator", reason: str = WHY) -> BulkOperation:
    chosen = chosen_by(tenant, BulkFilter(status="queued"))
    return begin(principal=operator_principal(tenant, who), action="cancel", chosen=chosen, reason=reason, expected=1_000)


def one_url(row: BulkOperation) -> str:
    return reverse("console-bulk-one", args=[row.public_id])


def told() -> set[int]:
    return set(Signal.objects.values_list("run_id", flat=True))


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_sees_and_does_what_it_may(role: str, cast: Cast) -> None:
    submitted(cast.acme)
    row, browser = an_operation(cast.acme), SignIn(role)
    watches = 200 if role in WATCHES else 403
    assert [browser.get(url).status_code for url in (ALL, one_url(row))] == [watches, watches if role in WATCHES else one_of(role)]
    assert browser.get(new_url()).status_code == (200 if role in OPERATES else 403)
    assert (f'href="{ALL}"' in browser.get(reverse("admin:index")).content.decode()) == (role in WATCHES)
    if role in WATCHES:
        assert ("Stop it…" in browser.get(one_url(row)).content.decode()) == (role in OPERATES)
    shown = browser.get(LIST).content.decode() if role != "stranger" else ""
    assert [mark in shown for mark in ('class="aos-pick"', 'id="aos-picked"')] == [role in OPERATES] * 2
    status = browser.post(one_url(row), {}).status_code
    assert status == (302 if role in OPERATES else 403 if role in WATCHES else 404)
    assert browser.post(NEW, {"action": "cancel", PRESERVED: QUEUED}).status_code == (422 if role in OPERATES else 403)
    assert (BulkOperation.objects.get().state == "aborted") == (role in OPERATES)


def one_of(role: str) -> int:
    """Return the answer of another tenant's operation, and of one whose tenants one may not watch: it is not there."""
    assert role not in WATCHES
    return 404


def test_it_shows_no_page_to_who_is_not_signed_in(client: Client, cast: Cast) -> None:
    submitted(cast.acme)
    assert {client.get(url).status_code for url in (ALL, one_url(an_operation(cast.acme)), new_url())} == {302}


def test_a_rivals_runs_and_operations_are_there_for_nobody(cast: Cast) -> None:
    theirs, mine = submitted(cast.rival, 2, CANARY), submitted(cast.acme, 2)
    row = an_operation(cast.rival, CANARY, f"{CANARY} wants it")
    missing = reverse("console-bulk-one", args=["blk_" + "0" * 32])
    for role in ("operator", "tenant_admin", "auditor"):
        browser = SignIn(role)
        assert CANARY not in browser.get(ALL).content.decode()
        for url in (one_url(row), missing, "/admin/bulk/nonsense/"):
            assert (browser.get(url).status_code, browser.post(url).status_code) == (404, 404)
    browser = SignIn("operator")
    both = urlencode({"id__in": ",".join(str(run.pk) for run in [*theirs, *mine])})
    shown = browser.get(new_url(both)).content.decode()
    assert "Cancel 2 runs?" in shown
    assert theirs[0].public_id not in shown
    assert filled(browser, new_url(both), tenant=cast.rival.slug).status_code == 302
    assert set(BulkOperation.objects.get(tenant=cast.acme).run_ids) == {run.pk for run in mine}
    assert browser.get(new_url(urlencode({"id__in": str(theirs[0].pk)}))).status_code == 422


def test_the_list_leads_to_all_of_its_filter_and_counts_it(cast: Cast, settings: Any) -> None:
    submitted(cast.acme, 3)
    submitted(cast.rival, 2)
    many = SignIn("operator").get(LIST, {"status__exact": "queued"}).context["aos_many"]
    assert many["found"] == "3"
    assert [title for title, _ in many["links"]] == ["Cancel", "Pause", "Resume", "Do again"]
    assert "Cancel 3 runs?" in SignIn("operator").get(many["links"][0][1]).content.decode()
    settings.BULK_MOST_RUNS = 2
    assert SignIn("operator").get(LIST, {"status__exact": "queued"}).context["aos_many"]["found"] == "more than 2"
    assert "links" not in SignIn("operator").get(LIST).context["aos_many"], "nothing is offered for all runs there are"


EMPTY = ["", "stage=nonsense", "status__exact=", "q=%20", "o=1", "p=3", "e=1"]


@pytest.mark.parametrize("filters", EMPTY)
def test_an_empty_filter_is_refused_with_a_hint(filters: str, cast: Cast) -> None:
    submitted(cast.acme)
    answer = SignIn("operator").get(new_url(filters))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "The filter is empty" in shown
    assert "Narrow it" in shown
    assert SignIn("operator").post(NEW, {"action": "cancel", PRESERVED: filters, "reason": WHY, "shown": "1"}).status_code == 422
    assert not BulkOperation.objects.exists()


@pytest.mark.parametrize("filters", ["goal__regex=(", "agent__tenant__name=x", "id__in=abc", "created_at__year=0", "nonsense=1", "%00=%00"])
def test_what_is_no_filter_is_refused_and_means_not_all(filters: str, cast: Cast) -> None:
    submitted(cast.acme)
    assert SignIn("operator").get(new_url(filters)).status_code == 422


def test_looking_writes_nothing(cast: Cast) -> None:
    submitted(cast.acme, 2)
    browser = SignIn("operator")
    for action in ("cancel", "pause", "resume", "rerun"):
        assert browser.get(new_url(action=action)).status_code == 200
    assert browser.get(new_url(action="delete")).status_code == 404
    assert browser.get(ALL).status_code == 200
    assert (BulkOperation.objects.count(), Signal.objects.count()) == (0, 0)
    assert not audit.entries_of(cast.acme, action="bulk").exists()


def test_a_preview_says_what_becomes_of_each(cast: Cast) -> None:
    runs = submitted(cast.acme, 12)
    Run.objects.filter(pk=runs[0].pk).update(status="succeeded", spent_micro_usd=2_000_000)
    agent = Agent.objects.get(tenant=cast.acme)
    shown = SignIn("operator").get(new_url(urlencode({"agent__id__exact": agent.pk}))).content.decode()
    for text in (
        "Cancel 13 runs? 2 of them would be refused.",
        "The first 10 of 13, in the order they are taken",
        "a run that has ended never changes",
        "stops for good",
        "$2.00 spent",
        "an effect that was sent may still land",
    ):
        assert text in shown
    assert 'name="count"' not in shown


def test_it_is_begun_worked_off_by_a_worker_and_followed(cast: Cast) -> None:
    runs = submitted(cast.acme, 2)
    browser = SignIn("operator")
    answer = filled(browser, new_url())
    row = BulkOperation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, one_url(row))
    assert (row.created_by, row.reason, set(row.run_ids)) == ("operator", WHY, {run.pk for run in runs})
    assert not told(), "nothing is done in the web's request"
    shown = browser.get(one_url(row)).content.decode()
    assert "Cancel 2 runs: 0 told to stop, 2 left." in shown
    assert "data-aos-unfinished" in shown
    Run.objects.filter(pk=runs[0].pk).update(status="succeeded")
    carry_on()
    shown = browser.get(one_url(row)).content.decode()
    assert "Cancel 2 runs: 1 told to stop, 1 refused." in shown
    assert "data-aos-unfinished" not in shown
    assert 'href="/errors/INVALID_INPUT"' in shown
    assert reverse("admin:runs_run_change", args=[runs[0].public_id]) in shown
    assert told() == {runs[1].pk}
    entry = audit.entries_of(cast.acme, action="bulk.begin").get()
    assert (entry.actor, entry.via, entry.reason) == ("operator", "console", WHY)
    assert "finished, some refused" in SignIn("auditor").get(ALL).content.decode()


def test_what_is_refused_is_told_by_code_and_folded(cast: Cast) -> None:
    submitted(cast.acme, 13)
    row = an_operation(cast.acme)
    Run.objects.filter(status="queued").update(status="succeeded")
    carry_on()
    answer = SignIn("auditor").get(one_url(row))
    (group,) = answer.context["aos_faults"]
    assert (group["code"], group["runs"], len(group["first"]), len(group["rest"]), group["left_off"]) == ("INVALID_INPUT", 13, 10, 3, 0)
    assert "<summary>3 more</summary>" in answer.content.decode()


def test_runs_that_are_picked_become_one(cast: Cast) -> None:
    runs = submitted(cast.acme, 3)
    browser = SignIn("operator")
    picked = f"{NEW}?{urlencode({'action': 'cancel', 'pick': [runs[0].pk, runs[2].pk]}, doseq=True)}"
    shown = browser.get(picked).content.decode()
    assert "Cancel 2 runs?" in shown
    assert "Picked</dt><dd>2 runs" in shown
    filled(browser, picked)
    assert BulkOperation.objects.get().run_ids == [runs[0].pk, runs[2].pk]
    nothing = browser.get(f"{NEW}?action=cancel")
    assert nothing.status_code == 422


@pytest.mark.parametrize(("typed", "said"), [("", "say so to begin"), ("20", "you typed 20, and they are 21"), ("all", "you typed all")])
def test_above_twenty_their_number_is_typed(typed: str, said: str, cast: Cast) -> None:
    submitted(cast.acme, 21)
    browser = SignIn("operator")
    answer = filled(browser, new_url(), count=typed)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert said in shown
    assert WHY in shown, "what was typed is still there"
    assert "Type how many they are: 21" in shown
    assert not BulkOperation.objects.exists()
    assert filled(browser, new_url(), count="21").status_code == 302


def test_more_than_were_shown_are_not_touched_unseen(cast: Cast) -> None:
    runs = submitted(cast.acme, 3)
    Run.objects.filter(pk=runs[0].pk).update(status="waiting")
    browser = SignIn("operator")
    form = form_of(browser.get(new_url()).content.decode())
    Run.objects.filter(pk=runs[0].pk).update(status="queued")
    submitted(cast.acme)
    answer = browser.post(NEW, {**form, "reason": WHY})
    assert answer.status_code == 409
    assert "3 runs meet the filter by now, not 2" in answer.content.decode()
    again = browser.post(NEW, {**form_of(answer.content.decode()), "reason": WHY})
    assert again.status_code == 302
    assert BulkOperation.objects.get().total == 3, "a run made since is none of them"


def test_the_form_sent_twice_begins_one(cast: Cast) -> None:
    submitted(cast.acme)
    browser = SignIn("operator")
    form = {**form_of(browser.get(new_url()).content.decode()), "reason": WHY}
    first, again = (browser.post(NEW, form) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert BulkOperation.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "too short", "x" * 501])
def test_it_asks_why(reason: str, cast: Cast) -> None:
    submitted(cast.acme)
    answer = filled(SignIn("operator"), new_url(), reason=reason)
    assert answer.status_code == 422
    assert "say why in 10 to 500 characters" in answer.content.decode()
    assert not BulkOperation.objects.exists()


def test_too_many_are_refused_with_a_way_to_narrow(cast: Cast, settings: Any) -> None:
    submitted(cast.acme, 3)
    settings.BULK_MOST_RUNS = 2
    answer = SignIn("operator").get(new_url())
    assert answer.status_code == 422
    assert "More than 2 runs meet the filter" in answer.content.decode()
    assert "Narrow it" in answer.content.decode()


def test_it_is_stopped_once(cast: Cast) -> None:
    submitted(cast.acme, 2)
    row, browser = an_operation(cast.acme), SignIn("tenant_admin")
    assert browser.post(one_url(row)).status_code == 302
    assert browser.post(one_url(row)).status_code == 302
    shown = browser.get(one_url(row)).content.decode()
    assert "It was stopped, and 2 were left alone." in shown
    assert "Stopped by tenant_admin" in shown
    assert "Stop it…" not in shown
    assert audit.entries_of(cast.acme, action="bulk.abort").count() == 1


def test_a_role_revoked_in_an_open_session_begins_nothing(cast: Cast) -> None:
    submitted(cast.acme)
    browser = SignIn("operator")
    form = {**form_of(browser.get(new_url()).content.decode()), "reason": WHY}
    Membership.objects.filter(user__username="operator").update(role=Role.VIEWER)
    assert browser.post(NEW, form).status_code == 403
    assert not BulkOperation.objects.exists()


def test_a_role_revoked_meanwhile_stops_it_and_the_page_says_so(cast: Cast) -> None:
    submitted(cast.acme)
    filled(SignIn("operator"), new_url())
    Membership.objects.filter(user__username="operator").update(role=Role.VIEWER)
    carry_on()
    assert not told()
    assert "Operator may not do this any more." in SignIn("auditor").get(one_url(BulkOperation.objects.get())).content.decode()


def test_it_asks_for_the_forms_own_token(cast: Cast) -> None:
    submitted(cast.acme)
    row = an_operation(cast.acme)
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = SignIn("operator").cookies
    assert [browser.post(url, {"action": "cancel"}).status_code for url in (NEW, one_url(row), "/admin/runs-export/")] == [403] * 3
    assert BulkOperation.objects.get().state == "running"


def test_naughty_texts_are_text(cast: Cast) -> None:
    submitted(cast.acme, goal=NAUGHTY)
    browser = SignIn("operator")
    shown = [browser.get(new_url(urlencode({"status__exact": "queued", "q": NAUGHTY}))).content.decode()]
    answer = filled(browser, new_url(), reason=f"{NAUGHTY}{'x' * 300}")
    shown += [browser.get(url).content.decode() for url in (answer["Location"], ALL)]
    assert all("<script>alert" not in page for page in shown)
    assert all("&lt;script&gt;alert" in page for page in shown[1:])


def test_it_says_what_the_page_is_for_while_there_is_nothing(cast: Cast) -> None:
    shown = SignIn("operator").get(ALL).content.decode()
    assert "Nothing was done to many runs at once yet." in shown
    assert "aos bulk preview" in shown
    assert "An operator or a tenant admin does it" in SignIn("auditor").get(ALL).content.decode()


def test_a_long_list_asks_as_little_as_a_short_one(cast: Cast) -> None:
    submitted(cast.acme)
    an_operation(cast.acme)
    browser = SignIn("operator")
    browser.get(ALL)
    counts = []
    for more in (0, 40):
        for _ in range(more):
            an_operation(cast.acme)
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(ALL)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert len(answer.context["aos_lines"]) == 25
    assert 'href="?page=2"' in answer.content.decode()
    assert len(browser.get(f"{ALL}?page=2").context["aos_lines"]) == 16
