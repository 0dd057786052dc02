"""The cost page: one's own numbers, each with the list behind it, waste apart, every choice in the address."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from agents.models import Agent, AuditEntry, Membership, Tenant
from runs.models import Charge
from runs.money.usage import today_of
from skills.table_files import CUT_OFF
from tests.console.conftest import CANARY, Cast, SignIn
from tests.integration.charging import a_charge

COSTS = ("developer", "operator", "tenant_admin", "auditor")


def page(role: str, query: str = "") -> Any:
    return SignIn(role).get(reverse("console-cost") + query)


@pytest.fixture
def agent(cast: Cast) -> Agent:
    return Agent.objects.get(tenant=cast.acme)


@pytest.mark.parametrize(
    ("role", "status"), [*((role, 200) for role in (*COSTS, "root")), ("viewer", 403), ("approver", 403), ("stranger", 403)]
)
def test_it_is_for_who_may_see_costs(role: str, status: int, cast: Cast) -> None:
    assert page(role).status_code == status
    assert (reverse("console-cost") in SignIn(role).get(reverse("admin:index")).content.decode()) == (status == 200)


def test_it_is_for_nobody_who_is_not_signed_in(client: Any, db: None) -> None:
    assert client.get(reverse("console-cost")).status_code == 302


@pytest.mark.parametrize("query", ["", "?tenant=rival-canary-of-the-rival", "?tenant=all"])
def test_it_shows_nothing_of_another_tenant(query: str, cast: Cast) -> None:
    for role in COSTS:
        shown = page(role, query).content.decode()
        assert CANARY not in shown
        assert cast.run_of(cast.rival).public_id not in shown


def test_what_only_another_tenant_used_cost_nothing(cast: Cast) -> None:
    assert page("auditor", f"?model={CANARY}").context["aos_sentence"].startswith("Nothing was charged")


def test_it_tells_what_was_spent_and_what_of_it_in_vain(cast: Cast, agent: Agent) -> None:
    today = today_of([cast.acme])
    a_charge(agent, 2_000_000, day=today, waste="retry")
    a_charge(agent, 500_000, day=today, waste="loop", pricing_status="estimated")
    shown = page("auditor")
    assert "$2.50 for 3 calls" in shown.context["aos_sentence"]
    assert [(tile["title"], tile["value"]) for tile in shown.context["aos_tiles"]] == [
        ("Spent", "$2.50"),
        ("Retried in vain", "$2.00"),
        ("Looped", "$0.5000"),
        ("Nobody knows exactly", "$0.5000"),
        ("Expected this month", "—"),
    ]
    assert '<rect class="aos-retry"' in shown.content.decode()


def test_every_number_leads_to_the_charges_behind_it(cast: Cast, agent: Agent) -> None:
    today = today_of([cast.acme])
    a_charge(agent, 70, day=today, model="large", skill="planner:claude", waste="retry")
    a_charge(agent, 50, day=today, model="large", waste="loop", pricing_status="unpriced")
    a_charge(agent, 30, day=today - timedelta(days=400), model="large")
    browser = SignIn("auditor")
    shown = browser.get(reverse("console-cost")).content.decode()
    links = {unescape(found) for found in re.findall(r'href="([^"]*/charge/\?[^"]*)"', shown)}
    assert len(links) >= 8
    listed = {link: set(re.findall(r"/charge/(\d+)/change/", browser.get(link).content.decode())) for link in links}
    assert all(listed.values()), "a number leads to an empty list"
    pks = {charge.cost_micro_usd: str(charge.pk) for charge in Charge.objects.filter(tenant=cast.acme)}
    assert {pks[70], pks[50], pks[5]} in listed.values()
    assert {pks[70]} in listed.values()
    assert not any(pks[30] in found for found in listed.values())


def test_it_narrows_to_an_agent_a_skill_or_a_model_and_back(cast: Cast, agent: Agent) -> None:
    a_charge(agent, 1_000_000, day=today_of([cast.acme]), model="large")
    shown = page("auditor", "?model=large")
    assert "$1.00 for 1 call" in shown.context["aos_sentence"]
    assert [(each["name"], each["value"], each["clear"]) for each in shown.context["aos_filters"]] == [
        ("model", "large", f"?tenant={cast.acme.slug}")
    ]


@pytest.mark.parametrize("query", ["?from=yesterday", "?from=2026-11-02&to=2026-11-01", "?agent=nobody", "?skill=%00"])
def test_it_says_what_makes_no_sense_and_shows_this_month(query: str, cast: Cast) -> None:
    shown = page("auditor", query)
    assert shown.status_code == 200
    assert 'role="alert"' in shown.content.decode()
    assert shown.context["aos_since"] == today_of([cast.acme]).replace(day=1).isoformat()


def test_it_says_that_nothing_was_spent(cast: Cast) -> None:
    shown = page("auditor", "?from=2001-01-01&to=2001-01-31").content.decode()
    assert "Nothing was charged from 1 Jan 2001 to 31 Jan 2001." in shown
    assert "No call cost anything in this time" in shown
    assert '<svg class="aos-chart"' not in shown


def test_it_shows_all_tenants_to_who_runs_the_installation(cast: Cast) -> None:
    shown = page("root", "?tenant=all")
    assert {row.name for row in shown.context["aos_panels"][0]["rows"]} == {cast.acme.slug, cast.rival.slug}
    assert shown.context["aos_forecast"] is None


def test_it_lets_choose_among_ones_own_tenants_only(cast: Cast) -> None:
    person = Membership.objects.get(tenant=cast.acme, role="auditor").user
    third = Tenant.objects.create(slug="third", name="Third")
    Membership.objects.create(user=person, tenant=third, role="viewer")
    assert page("auditor").context["aos_tenants"] == []
    Membership.objects.filter(tenant=third).update(role="operator")
    assert {each["slug"] for each in page("auditor").context["aos_tenants"]} == {cast.acme.slug, "third"}


def test_it_asks_a_bounded_number_of_questions(cast: Cast, agent: Agent, django_assert_max_num_queries: Any) -> None:
    for n in range(40):
        a_charge(agent, 5, day=today_of([cast.acme]), model=f"m{n}", skill=f"s{n}")
    browser = SignIn("auditor")
    with django_assert_max_num_queries(25):
        browser.get(reverse("console-cost"))


def test_it_tells_who_installed_it_what_to_do_first(db: None) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    User.objects.create_superuser("root")
    assert "No tenant yet" in page("root").content.decode()


@pytest.mark.parametrize("role", ["viewer", "developer", "operator", "approver", "tenant_admin", "auditor", "root", "stranger"])
def test_it_is_taken_as_a_file_by_who_may_see_costs_and_the_log_says_so(role: str, cast: Cast, agent: Agent) -> None:
    a_charge(agent, 1_000_000, day=today_of([cast.acme]), model="=large()", skill="work")
    asked = {"tenant": cast.acme.slug, "format": "csv"}
    answer = SignIn(role).post(reverse("console-cost-export"), asked)
    if role in ("viewer", "approver", "stranger"):
        assert answer.status_code == 403
        return
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert {row["by"] for row in rows} == {"day", "agent", "skill", "model"}
    # A name a spreadsheet would reckon with is a text there.
    assert [row["cost_micro_usd"] for row in rows if row["name"] == "'=large()"] == ["1000000"]
    assert CANARY not in str(rows)
    entry = AuditEntry.objects.get(action="cost.export")
    assert (entry.actor, json.loads(entry.after)["rows"]) == (role, len(rows))
    if role != "root":
        assert SignIn(role).post(reverse("console-cost-export"), asked | {"tenant": cast.rival.slug}).status_code == 404


def test_it_is_no_file_of_what_makes_no_sense_and_none_by_get(cast: Cast) -> None:
    export, asked = reverse("console-cost-export"), {"tenant": cast.acme.slug, "format": "csv"}
    assert SignIn("auditor").get(export, asked).status_code == 405
    for wrong in ({"format": "xls"}, {"from": "yesterday"}, {"agent": "nobody"}):
        assert SignIn("auditor").post(export, asked | wrong).status_code == 404
    assert not AuditEntry.objects.filter(action="cost.export").exists()


def test_it_says_so_where_a_file_holds_less_than_all(cast: Cast, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.console.money.cost_export.MOST_ROWS", 2)
    asked = {"tenant": cast.acme.slug, "format": "jsonl", "from": "2020-01-01", "to": "2020-01-31"}
    for models, is_cut_off in ((("a", "b"), False), (("c",), True)):
        for model in models:
            a_charge(agent, 5, day="2020-01-05", model=model)
        answer = SignIn("auditor").post(reverse("console-cost-export"), asked)
        assert (CUT_OFF in answer, "-first-2-" in answer["Content-Disposition"]) == (is_cut_off, is_cut_off)
        assert json.loads(AuditEntry.objects.filter(action="cost.export").latest("pk").after)["cut_off"] == is_cut_off
