"""The list of runs: its tabs, what is to be decided, the way to the next run of the same list, and what it costs to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, Role, Tenant
from agents.tenancy import operator_principal
from runs.console.runs.runs_list import PRESERVED, decision_needed
from runs.models import Run
from runs.services import submit
from tests.console.conftest import CANARY, Cast, SignIn

LIST = "/admin/runs/run/"
TABS = ("All", "Active", "Waiting", "In doubt", "Failed", "Dead letter")


def runs_of(tenant: Tenant, *statuses: str, **fields: Any) -> list[Run]:
    """Make a run per status, each a minute older than the one before it."""
    agent, begun = Agent.objects.get(tenant=tenant), timezone.now() - timedelta(hours=1)
    made = Run.objects.bulk_create(Run(tenant=tenant, agent=agent, goal="g", status=status, **fields) for status in statuses)
    for age, run in enumerate(made):
        Run.objects.filter(pk=run.pk).update(created_at=begun - timedelta(minutes=age))
    return made


def submitted(tenant: Tenant) -> Run:
    agent = Agent.objects.get(tenant=tenant)
    return submit(principal=operator_principal(tenant, "alice"), agent_ref=agent.name, goal="a goal of Acme")[0]


def page(run: Run, filters: str = "") -> str:
    kept = f"?{urlencode({PRESERVED: filters})}" if filters else ""
    return reverse("admin:runs_run_change", args=[run.public_id]) + kept


def gone_to(browser: SignIn, run: Run, which: str, filters: str = "") -> str:
    kept = f"?{urlencode({PRESERVED: filters})}" if filters else ""
    answer = browser.get(reverse("admin:runs_run_neighbour", args=[run.public_id, which]) + kept)
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_has_a_tab_per_question_with_the_filter_in_the_address(role: str, cast: Cast) -> None:
    answer = SignIn(role).get(LIST, {"stage": "failed", "q": "TIMEOUT", "p": "2"})
    assert [title for title, _, _ in answer.context["aos_tabs"]] == list(TABS)
    assert [title for title, _, chosen in answer.context["aos_tabs"] if chosen] == ["Failed"]
    assert answer.context["aos_tabs"][2][1] == "?q=TIMEOUT&stage=waiting"
    assert answer.context["aos_tabs"][0][1] == "?q=TIMEOUT"
    assert 'aria-current="page">Failed</a>' in answer.content.decode()


@pytest.mark.parametrize("stage", ["", "nonsense"])
def test_it_shows_all_where_no_tab_is_chosen(stage: str, cast: Cast) -> None:
    tabs = SignIn("viewer").get(LIST, {"stage": stage} if stage else {}).context["aos_tabs"]
    assert [title for title, _, chosen in tabs if chosen] == ["All"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "waiting", "waiting_for": "approval"}, "approve or reject"),
        ({"status": "waiting", "waiting_for": "input"}, "answer"),
        ({"status": "waiting", "waiting_for": "in_doubt"}, "say what happened"),
        ({"status": "waiting", "waiting_for": "budget"}, "top up or cancel"),
        ({"status": "waiting", "waiting_for": "paused"}, "resume or cancel"),
        ({"status": "waiting", "waiting_for": "paused", "blocked_by": "skill:http_call"}, "lift the freeze"),
        ({"status": "waiting", "waiting_for": "timer"}, ""),
        ({"status": "running"}, ""),
        ({"status": "failed", "waiting_for": "approval"}, ""),
    ],
)
def test_it_says_what_somebody_has_to_decide(fields: dict[str, str], said: str) -> None:
    assert decision_needed(Run(**fields)) == said


def test_it_shows_progress_and_what_is_to_be_decided(cast: Cast) -> None:
    runs_of(cast.acme, "waiting", waiting_for="approval", steps_done=4, steps_total=6)
    shown = SignIn("viewer").get(LIST, {"stage": "waiting"}).content.decode()
    assert ">4/6<" in shown
    assert "approve or reject" in shown
    assert "column-cost" not in shown


def test_it_is_sorted_by_nothing_its_heads_do_not_offer(cast: Cast) -> None:
    runs_of(cast.acme, "waiting", "succeeded")

    def order(column: int) -> str:
        return str(SignIn("operator").get(LIST, {"o": str(column)}).context["cl"].queryset.query.order_by[0])

    columns = SignIn("operator").get(LIST).context["cl"].list_display
    sorted_by = {name: order(number) for number, name in enumerate(columns)}
    assert sorted_by.pop("created") == "created_at"
    assert set(sorted_by.values()) == {"-created_at"}


def test_it_asks_the_same_however_long_the_list_is(cast: Cast) -> None:
    browser = SignIn("operator")

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST).status_code == 200
        return len(captured)

    asked()  # what is asked once for all is asked now
    few = asked()
    runs_of(cast.acme, *["waiting"] * 40, waiting_for="approval")
    assert asked() == few


def test_it_goes_down_and_up_the_list_as_filtered(cast: Cast) -> None:
    Run.objects.all().delete()
    newest, middle, oldest, _ = runs_of(cast.acme, "failed", "succeeded", "failed", "succeeded")
    browser = SignIn("viewer")
    assert gone_to(browser, newest, "next") == page(middle)
    assert gone_to(browser, newest, "next", "stage=failed") == page(oldest, "stage=failed")
    assert gone_to(browser, oldest, "previous", "stage=failed&p=3") == page(newest, "stage=failed&p=3")
    assert gone_to(browser, oldest, "previous") == page(middle)


def test_it_follows_the_order_of_the_list(cast: Cast) -> None:
    Run.objects.all().delete()
    newest, middle, _ = runs_of(cast.acme, "failed", "failed", "failed")
    browser = SignIn("viewer")
    columns = list(browser.get(LIST).context["cl"].list_display)
    oldest_first = f"o={columns.index('created')}"
    assert gone_to(browser, middle, "previous", f"o=-{columns.index('created')}") == page(newest, f"o=-{columns.index('created')}")
    assert gone_to(browser, middle, "next", oldest_first) == page(newest, oldest_first)


def test_runs_of_one_instant_come_each_once(cast: Cast) -> None:
    Run.objects.all().delete()
    made = runs_of(cast.acme, *["failed"] * 4)
    Run.objects.update(created_at=timezone.now())
    browser, at = SignIn("viewer"), made[-1]
    seen = [at.pk]
    while (address := gone_to(browser, at, "next")) != page(at):
        at = next(run for run in made if address == page(run))
        seen.append(at.pk)
    assert seen == sorted((run.pk for run in made), reverse=True)


@pytest.mark.parametrize("filters", ["stage=failed", "goal__regex=(", "status__exact=nonsense", "%00=%00&o=99.x", CANARY])
def test_it_stays_where_there_is_no_neighbour(filters: str, cast: Cast) -> None:
    run = submitted(cast.acme)
    Run.objects.exclude(pk=run.pk).filter(tenant=cast.acme).delete()
    answer = SignIn("tenant_admin").get(
        reverse("admin:runs_run_neighbour", args=[run.public_id, "next"]), {PRESERVED: filters}, follow=True
    )
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].startswith(page(run))


@pytest.mark.parametrize("pattern", ["(", "(a+)+$"])
def test_it_takes_no_pattern_out_of_an_address(pattern: str, cast: Cast) -> None:
    assert SignIn("root").get(reverse("admin:runs_run_changelist"), {"goal__regex": pattern}).status_code == 400


@pytest.mark.parametrize("role", [*Role.values, "stranger"])
def test_it_never_leads_to_another_tenants_run(role: str, cast: Cast) -> None:
    run, rivals = cast.run_of(cast.acme), cast.run_of(cast.rival)
    Run.objects.filter(pk=rivals.pk).update(created_at=run.created_at - timedelta(minutes=1))
    browser = SignIn(role)
    answer = browser.get(reverse("admin:runs_run_neighbour", args=[run.public_id, "next"]))
    assert answer.status_code == (404 if role == "stranger" else 302)
    assert rivals.public_id not in answer.get("Location", "")
    assert browser.get(reverse("admin:runs_run_neighbour", args=[rivals.public_id, "next"])).status_code == 404


def test_it_only_reads(cast: Cast) -> None:
    run = cast.run_of(cast.acme)
    before = list(Run.objects.order_by("pk").values())
    browser = SignIn("tenant_admin")
    assert browser.post(reverse("admin:runs_run_neighbour", args=[run.public_id, "next"])).status_code == 405
    assert browser.get(reverse("admin:runs_run_neighbour", args=[run.public_id, "sideways"])).status_code == 404
    gone_to(browser, run, "next")
    assert list(Run.objects.order_by("pk").values()) == before


def test_the_runs_page_leads_back_to_its_list(cast: Cast) -> None:
    run = submitted(cast.acme)
    shown = SignIn("viewer").get(page(run, "stage=failed&q=<b>")).content.decode()
    assert f'href="{LIST}?stage=failed&amp;q=%3Cb%3E">Runs · Failed</a>' in shown
    assert 'data-aos-key="["' in shown
    assert 'data-aos-key="]"' in shown


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_shows_the_request_to_who_may_read_payloads(role: str, cast: Cast) -> None:
    run = submitted(cast.acme)
    shown = SignIn(role).get(page(run)).content.decode()
    assert ("http://testserver/api/v1/runs" in shown) == (role in ("developer", "tenant_admin"))
    assert ("a goal of Acme" in shown) == (role in ("developer", "tenant_admin"))
    assert f"data-aos-copy>{run.public_id}<" in shown
