"""`manage.py usage` and `manage.py budgets`: the same answers as the API's, and tables for people."""

from __future__ import annotations

import json

import pytest

from agents.models import Agent, Budget, Tenant
from agents.services import create_agent
from runs.money import budgets
from runs.money.usage import UsageQuery, today_of, usage, usage_forecast
from tests.integration.charging import a_charge
from tests.integration.test_commands_on_runs import told

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def agent(tenant: Tenant) -> Agent:
    return create_agent(tenant=tenant, name="worker")


# Usage


def test_it_prints_a_table_with_waste_apart_and_the_sum_below(agent: Agent) -> None:
    a_charge(agent, 1_230_000, input_tokens=12_000, output_tokens=34)
    a_charge(agent, 40_000, day="2026-11-12", waste="retry", pricing_status="estimated")
    out, _ = told("usage", *NOVEMBER)
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["2026-11-01", "to", "2026-11-30,", "days", "of", "UTC"]
    assert ["2026-11-10", "1", "$1.23", "12,000", "34"] in lines
    assert ["2026-11-12", "1", "$0.0400", "$0.0400"] in lines
    assert ["all", "2", "$1.27", "12,000", "34", "$0.0400"] in lines
    assert "of it $0.0400 at worst: of 1 calls the worker was lost" in out


def test_it_prints_json_as_the_api_answers(tenant: Tenant, agent: Agent) -> None:
    a_charge(agent, 5)
    out, _ = told("usage", "--by", "agent,day", "--agent", "worker", *NOVEMBER, "--json")
    query = UsageQuery.model_validate({"group_by": "agent,day", "agent": "worker", "from": "2026-11-01", "to": "2026-11-30"})
    assert json.loads(out) == usage(tenants=[tenant], query=query)
    out, _ = told("usage", "--forecast", "--json")
    assert json.loads(out) == usage_forecast(tenant=tenant)


def test_it_adds_tenants_up_for_who_runs_the_installation(tenant: Tenant, agent: Agent) -> None:
    rival = create_agent(tenant=Tenant.objects.create(slug="rival", name="Rival"), name="worker")
    a_charge(agent, 5)
    a_charge(rival, 7)
    answer = json.loads(told("usage", "--by", "tenant", "--all-tenants", *NOVEMBER, "--json")[0])
    assert [(row["tenant"], row["cost_micro_usd"]) for row in answer["data"]] == [("rival", 7), ("acme", 5)]
    assert "there are several tenants" in told("usage", expect=2)[1]


def test_it_says_that_nothing_was_charged(tenant: Tenant) -> None:
    assert "nothing was charged in this time" in told("usage")[0]


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [(("--by", "colour"), "/group_by/0"), (("--from", "yesterday"), "/from"), (("--limit", "many"), "/limit"), (("--run", "r"), "/run")],
    ids=lambda value: str(value[0]),
)
def test_it_refuses(tenant: Tenant, arguments: tuple[str, ...], pointer: str) -> None:
    assert pointer in told("usage", *arguments, expect=2)[1]


def test_it_prints_the_forecast(tenant: Tenant, agent: Agent) -> None:
    today = today_of([tenant])
    a_charge(agent, 5_000, day=today)
    out, _ = told("usage", "--forecast")
    assert ["worker", "$0.0050", "—", "—", "0", "days"] in [line.split() for line in out.splitlines()]


# Budgets


def test_it_sets_tops_up_lists_and_removes(tenant: Tenant, agent: Agent) -> None:
    assert "there is no budget" in told("budgets", "list")[0]
    assert told("budgets", "set", "agent", "worker", "--period", "day", "--cents", "150")[0] == "agent worker may spend $1.50 a day\n"
    assert told("budgets", "top-up", "agent", "worker", "--period", "day", "--cents", "50")[0] == "agent worker may today spend $2.00\n"
    assert told("budgets", "set", "tenant", "--unlimited")[0] == "the tenant may spend without limit\n"
    lines = [line.split() for line in told("budgets", "list")[0].splitlines()]
    assert ["agent", "worker", "each", "day", "$2.00", "$0.0000", "$0.0000", "$2.00"] in lines
    assert ["tenant", "in", "all", "unlimited", "$0.0000", "$0.0000", "—"] in lines
    assert "has no limit any more" in told("budgets", "remove", "agent", "worker", "--period", "day")[0]
    assert Budget.objects.get().kind == "tenant"


def test_it_prints_budgets_as_the_api_answers(tenant: Tenant) -> None:
    done = json.loads(told("budgets", "set", "model", "large", "--cents", "0.0001", "--json")[0])
    assert done["limit_micro_usd"] == 1
    assert json.loads(told("budgets", "list", "--json")[0]) == {"data": budgets.list_budgets(tenant=tenant)}


def test_it_tops_up_once_per_word(tenant: Tenant) -> None:
    told("budgets", "set", "tenant", "--cents", "100")
    for _ in range(2):
        told("budgets", "top-up", "tenant", "--cents", "10", "--key", "friday")
    assert Budget.objects.get().limit_micro_usd == 1_100_000


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("set", "tenant", "--cents", "-1"), 2, "/limit_cents"),
        (("set", "tenant", "--cents", "much"), 2, "/limit_cents"),
        (("set", "agent", "nobody", "--cents", "1"), 3, "no such agent"),
        (("set", "agent", "--cents", "1"), 2, "which agent?"),
        (("top-up", "tenant", "--cents", "1"), 3, "no such budget"),
        (("top-up", "tenant", "--cents", "0"), 2, "/amount_cents"),
        (("remove", "model", "large"), 3, "no such budget"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_refuses_what_makes_no_sense(tenant: Tenant, arguments: tuple[str, ...], code: int, says: str) -> None:
    assert says in told("budgets", *arguments, expect=code)[1]
