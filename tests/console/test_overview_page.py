"""The overview: one's own numbers, each leading to its list, red only for what is broken, and as few questions for many runs as for few."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents import ledger
from agents.models import Agent, Membership, Role, Tenant
from runs.console.operation import heartbeat
from runs.console.overview.overview_page import day_view
from runs.models import Outbox, Run, Session, WebhookEndpoint
from runs.shell.clock import now_ms
from skills.wording import money
from tests.console.conftest import CANARY, Cast, SignIn

MOST_QUESTIONS = 20


@pytest.fixture(autouse=True)
def no_runs(cast: Cast) -> Iterator[None]:
    Outbox.objects.all().delete()
    Run.objects.filter(tenant__in=[cast.acme, cast.rival]).update(created_at=timezone.now() - timedelta(days=3))
    yield
    heartbeat.watch.forget()


def overview(role: str) -> Any:
    return SignIn(role).get(reverse("admin:index"))


def tiles(role: str) -> dict[str, dict[str, Any]]:
    return {tile["title"]: tile for tile in overview(role).context["aos_tiles"]}


def a_run(tenant: Tenant, status: str, *, old: timedelta = timedelta(), **fields: Any) -> Run:
    run = Run.objects.create(tenant=tenant, agent=Agent.objects.filter(tenant=tenant).first(), status=status, goal=CANARY, **fields)
    Run.objects.filter(pk=run.pk).update(created_at=timezone.now() - old)
    return run


def populate(tenant: Tenant) -> None:
    worker = Session.objects.create(host="w", pid=2, started_at_ms=1, lease_until_ms=now_ms() + 3_600_000)
    for status, number in (("succeeded", 3), ("failed", 1), ("cancelled", 1), ("queued", 2), ("running", 1)):
        for place in range(number):
            a_run(tenant, status, old=timedelta(hours=place * 3, minutes=4), spent_micro_usd=250_000, session_id=worker.pk)
    in_an_hour = now_ms() + 3_600_000
    a_run(tenant, "waiting", waiting_for="approval", wake_at_ms=in_an_hour + 900_000)
    a_run(tenant, "waiting", waiting_for="input", wake_at_ms=in_an_hour)
    a_run(tenant, "waiting", waiting_for="in_doubt")
    a_run(tenant, "waiting", waiting_for="budget")


def test_the_numbers_are_ones_own_and_lead_to_lists_of_as_many(cast: Cast, settings: LazySettings) -> None:
    populate(cast.acme)
    for _ in range(2):
        populate(cast.rival)
    shown = {title: (tile["value"], tile["note"]) for title, tile in tiles("operator").items()}
    assert shown["Runs in 24 h"] == ("12", "75.0 % of 4 that ended succeeded, below the aim of 95 %")
    assert shown["Queued"] == ("2", "oldest 3 h 4 m")
    assert shown["Running"][0] == "1"
    assert shown["Waiting for a person"][0] == "2"
    assert shown["Waiting for a person"][1].startswith("soonest deadline in 59 m")
    assert shown["In doubt"][0] == shown["Waiting for money"][0] == "1"
    assert shown["Spent in 24 h"][0] == "$2.00"
    assert tiles("root")["Runs in 24 h"]["value"] == "36"
    for aim, told in ((0.75, ", as aimed at: 75 %"), (None, "")):
        settings.SUCCESS_OBJECTIVE = aim
        assert tiles("operator")["Runs in 24 h"]["note"] == f"75.0 % of 4 that ended succeeded{told}"
    for role in ("viewer", "operator", "root"):
        for title, tile in tiles(role).items():
            listed = SignIn(role).get(tile["link"]) if tile["link"] else None
            assert listed is None or listed.status_code == 200, (role, title)
            if listed is not None and listed.context.get("cl") is not None:
                found = listed.context["cl"].result_list
                told = money(sum(run.spent_micro_usd for run in found)) if title == "Spent in 24 h" else str(len(found))
                assert told == tile["value"], (role, title)


def test_the_chart_and_its_table_tell_the_same_with_links(cast: Cast) -> None:
    populate(cast.acme)
    page = overview("viewer")
    chart, hours = page.context["aos_chart"], page.context["aos_hours"]
    assert sum(row["total"] for row in hours["rows"]) == 12
    assert len(chart.bars) == len(hours["rows"])
    assert {look.word for look in hours["columns"]} == {"succeeded", "running", "waiting", "queued", "cancelled", "failed"}
    for row in hours["rows"]:
        assert sum(number for number, _ in row["cells"]) == row["total"]
        assert len(SignIn("viewer").get(row["link"]).context["cl"].result_list) == row["total"]
    number, link = next(cell for cell in hours["rows"][0]["cells"] if cell[0])
    assert len(SignIn("viewer").get(link).context["cl"].result_list) == number
    assert "As a table" in page.content.decode()


def test_costs_are_for_who_may_read_them(cast: Cast) -> None:
    populate(cast.acme)
    seen = {role for role in (*Role.values, "root") if "Spent in 24 h" in tiles(role)}
    assert seen == {"developer", "operator", "tenant_admin", "auditor", "root"}
    assert not [tile for tile in tiles("approver").values() if "$" in f"{tile['value']}{tile['note']}"]


def listed(role: str, link: str) -> list[Run]:
    """Return the runs of the list behind a number."""
    return list(SignIn(role).get(link).context["cl"].result_list)


def test_spending_is_drawn_by_the_hour_and_leads_to_the_runs_that_spent(cast: Cast) -> None:
    populate(cast.acme)
    page = overview("operator").context
    assert len(page["aos_spend_chart"].bars) == len(page["aos_spend_hours"]) == 3
    for row in page["aos_spend_hours"]:
        runs = listed("operator", row["link"])
        assert len(runs) == row["runs"]
        assert money(sum(run.spent_micro_usd for run in runs)) == row["spent"]
    assert "aos_spend_chart" not in overview("viewer").context


def test_the_codes_runs_failed_by_lead_to_those_runs(cast: Cast) -> None:
    for number, code in enumerate(("TIMEOUT", "NOT_FOUND", "HTTP_5XX"), start=1):
        for _ in range(number):
            a_run(cast.acme, "failed", failure_code=code)
    a_run(cast.rival, "failed", failure_code="TIMEOUT")
    rows = overview("viewer").context["aos_codes"]
    assert [(row["code"], row["number"], row["width"]) for row in rows] == [
        ("HTTP_5XX", 3, "100.00%"),
        ("NOT_FOUND", 2, "66.67%"),
        ("TIMEOUT", 1, "33.33%"),
    ]
    assert [len(listed("viewer", row["link"])) for row in rows] == [3, 2, 1]


@pytest.mark.parametrize("role", ["viewer", "operator", "root"])
def test_every_number_of_the_page_leads_to_as_many_rows(cast: Cast, role: str) -> None:
    populate(cast.acme)
    a_run(cast.acme, "failed", failure_code="TIMEOUT")
    Session.objects.create(host="w", pid=1, started_at_ms=1, lease_until_ms=now_ms() + 3_600_000)
    page = overview(role).content.decode()
    links = [
        (unescape(href), number) for href, number in re.findall(r'<a [^>]*href="(/admin/runs/run/\?[^"]*)"[^>]*>([^<]*?[\d,.]+)<', page)
    ]
    assert len(links) > 18
    for href, said in links:
        runs = listed(role, href)
        number = said.split()[-1]
        assert number in (f"{len(runs):,}", money(sum(run.spent_micro_usd for run in runs))), (href, said)


def test_budgets_say_how_long_they_last(cast: Cast) -> None:
    populate(cast.acme)
    ledger.set_budget(tenant=cast.acme, kind="tenant", key=None, period="total", limit_micro_usd=90_000_000)
    ledger.set_budget(tenant=cast.acme, kind="tenant", key=None, period="day", limit_micro_usd=20)
    told = {(row["whose"], row["each"]): (row["says"], row["lasts"]) for row in overview("operator").context["aos_budgets"]}
    assert told["Tenant", "today"] == ("$0.0000 of <$0.0001", "untouched")
    assert told["Tenant", "in all"] == ("$0.0000 of $90.00", "used up in 45 d at the pace of the last 24 hours"), "$2.00 in the last day"
    assert not overview("approver").context["aos_budgets"]
    assert not overview("root").context["aos_budgets"], "there is no limit over several tenants"


BUDGET = {"kind": "tenant", "key": "ten", "period": "day", "agent": None, "total_micro_usd": 1_000}


@pytest.mark.parametrize(
    ("spent", "told"),
    [(0, "untouched"), (100, "lasts the day"), (500, "used up in 6 h 0 m"), (800, "used up in 1 h 30 m"), (1_200, "used up")],
)
def test_a_days_budget_lasts_as_long_as_the_pace_of_the_day_lets_it(spent: int, told: str) -> None:
    six = day_view.Day(6 * 3_600_000, 0, 24 * 3_600_000)
    assert day_view.lasts({**BUDGET, "spent_micro_usd": spent}, six, 0) == told


def test_spend_stands_against_the_tightest_limit_of_the_tenant(cast: Cast) -> None:
    assert tiles("operator")["Spent in 24 h"]["note"] == "the tenant has no limit"
    ledger.set_budget(tenant=cast.acme, kind="tenant", key=None, period="total", limit_micro_usd=90_000_000)
    ledger.set_budget(tenant=cast.acme, kind="tenant", key=None, period="day", limit_micro_usd=20)
    agent = Agent.objects.get(tenant=cast.acme)
    ledger.RunPurse(cast.acme.pk, agent.pk, "run-a", None).draw(ledger.Amounts(5, {}), "run-a")
    assert tiles("operator")["Spent in 24 h"]["note"].endswith("of <$0.0001 today")
    assert tiles("root")["Spent in 24 h"]["note"] == "by runs created in that time", "there is no limit over several tenants"


def test_red_is_for_what_is_broken_and_for_whom(cast: Cast) -> None:
    populate(cast.acme)
    assert overview("operator").context["aos_broken"] == []
    Session.objects.all().delete()
    off = WebhookEndpoint.objects.create(tenant=cast.acme, url="https://a.example/", is_enabled=False, disabled_because="410 Gone")
    WebhookEndpoint.objects.create(tenant=cast.rival, url="https://a.example/", is_enabled=False, disabled_because=CANARY)
    lost = Session.objects.create(host="secret-host", pid=4, started_at_ms=1, lease_until_ms=now_ms() - 30_000)
    Run.objects.filter(tenant=cast.acme, status="running").update(session_id=lost.pk)
    row = Outbox.objects.create(tenant=cast.acme, topic="run.failed", data="{}")
    Outbox.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=5, seconds=5))
    told = {role: overview(role) for role in ("viewer", "operator", "root")}
    words = {role: [found.words.split(",")[0] for found in page.context["aos_broken"]] for role, page in told.items()}
    assert [text[:8] for text in words["operator"]] == ["A worker", "Events w", "Webhook "]
    assert off.public_id in told["operator"].content.decode()
    assert [text[:8] for text in words["viewer"]] == ["A worker", "Events w"], "webhooks are not a viewer's to see"
    assert reverse("admin:runs_outbox_changelist") not in told["viewer"].content.decode()
    assert "secret-host" in told["root"].content.decode()
    for role in ("viewer", "operator"):
        assert "secret-host" not in told[role].content.decode()
        assert CANARY not in told[role].content.decode()
    Outbox.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(minutes=4))
    assert len(overview("operator").context["aos_broken"]) == 2


def test_runs_nobody_takes_further_and_money_of_runs_that_are_over_are_broken(cast: Cast) -> None:
    populate(cast.acme)
    for tenant in (cast.acme, cast.rival):
        a_run(tenant, "running", session_id=10**9)
        a_run(tenant, "waiting", waiting_for="timer")
        a_run(tenant, "waiting", waiting_for="budget")
    over = a_run(cast.acme, "failed", finished_at=timezone.now())
    purse = ledger.RunPurse(cast.acme.pk, over.agent_id, over.public_id, None)
    purse.draw(ledger.Amounts(5_000_000), "a")
    told = {role: [found.words for found in overview(role).context["aos_broken"]] for role in ("viewer", "root", "stranger")}
    money_held = "Money is still reserved for 1 run that ended in the last hour."
    assert told["viewer"] == ["2 runs have no worker and no time to wake: nothing will take them further.", money_held]
    assert (told["root"][0], told["root"][-1]) == (told["viewer"][0].replace("2", "4"), money_held)
    assert told["stranger"] == []
    purse.give_back(ledger.Amounts(5_000_000))
    assert len(overview("viewer").context["aos_broken"]) == 1


def test_an_empty_one_tells_the_steps_to_the_first_run(cast: Cast) -> None:
    Run.objects.all().delete()
    Session.objects.all().delete()
    steps = overview("operator").context["aos_steps"]
    assert [step["is_done"] for step in steps] == [True, False, False]
    page = overview("operator").content.decode()
    for command in ("python manage.py work", "python manage.py run_goal"):
        assert command in page
    Session.objects.create(host="h", pid=1, started_at_ms=1, lease_until_ms=now_ms() + 20_000)
    assert [step["is_done"] for step in overview("operator").context["aos_steps"]] == [True, True, False]
    stranger = overview("stranger").content.decode()
    assert "You belong to no tenant yet" in stranger
    assert "run_goal" not in stranger


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_asks_no_more_for_many_runs_and_tenants_than_for_few(role: str, cast: Cast) -> None:
    populate(cast.acme)
    browser, user = SignIn(role), User.objects.get(username=role)
    browser.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        browser.get(reverse("admin:index"))
    for number in range(12):
        tenant = Tenant.objects.create(slug=f"tenant-{number}", name=f"tenant {number}")
        Agent.objects.create(tenant=tenant, name="agent")
        Membership.objects.create(user=user, tenant=tenant, role=role)
        populate(tenant)
    with CaptureQueriesContext(connection) as many:
        page = browser.get(reverse("admin:index"))
    assert {tile["title"]: tile["value"] for tile in page.context["aos_tiles"]}["Runs in 24 h"] == "156"
    assert len(many) <= len(few) <= MOST_QUESTIONS, "\n".join(query["sql"] for query in many)
