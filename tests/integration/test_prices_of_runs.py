"""Prices in the life of runs: calls of any skill cost money once an operator says so, and every process hears of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection

from agents import ledger
from agents.services import create_agent
from runs.models import Charge
from skills import prices
from skills.adapters.prices import price_table, today
from skills.costs import model_of
from skills.library.llm_invoke import LlmInvoke
from skills.models import PriceOrigin, PriceRow
from skills.registry import registry
from skills.services import add_price
from tests.conftest import PROJECT
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, chain, decided, over, parked, step, step_of

pytestmark = pytest.mark.usefixtures("own_prices")


@pytest.fixture
def own_prices(transactional_db: None) -> Iterator[None]:
    """Leave no price behind: where there is no TRUNCATE, the database keeps what a test has added."""
    prices.forget()
    yield
    prices.forget()
    if connection.vendor == "sqlite":
        stay = import_module("skills.migrations.0002_guards").SQLITE[-1]
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER price_stay")
            cursor.execute("DELETE FROM skills_pricerow WHERE origin = %s", [PriceOrigin.OPERATOR])
            cursor.execute(stay)


@pytest.mark.parametrize("name", ["gpt-5.6", "gpt-5.6-sol"])
def test_a_budget_of_a_model_holds_it_by_all_its_names(workshop: Workshop, name: str) -> None:
    asked = {"tenant": workshop.tenant, "kind": "model", "period": "total"}
    assert ledger.set_budget(**asked, key=name, limit_micro_usd=5)["scope"] == "model:gpt-5.6-sol"
    config = {"provider": "openai_compatible", "model": "gpt-5.6-sol-2026-08-01"}
    assert model_of(LlmInvoke(), {"prompt": "x"}, config) == "gpt-5.6-sol"
    ledger.remove_budget(**asked, key=name)
    assert ledger.list_budgets(tenant=workshop.tenant) == []


def price(skill: str, micro_usd: int) -> str:
    row = add_price(by="root", provider="skill", model=skill, per_call_micro_usd=micro_usd)
    prices.refresh()
    return row.version


def test_a_call_costs_what_the_operator_says_and_names_the_row(workshop: Workshop) -> None:
    version = price("say", 40)
    run = workshop.submit(step("a", "say", said=1), step("b", "say", said=2))
    with a_worker():
        done = over(run)
    assert (done.status, done.spent_micro_usd) == ("succeeded", 80)
    assert_is_whole(workshop, run)
    assert step_of(run, "a")["cost_micro_usd"] == 40
    charges = Charge.objects.filter(run_public_id=run.public_id)
    assert {(charge.cost_micro_usd, charge.pricing_version, charge.pricing_status) for charge in charges} == {(40, version, "priced")}


def test_an_old_charge_keeps_its_price_when_it_changes(workshop: Workshop) -> None:
    first = price("say", 40)
    old = workshop.submit(step("a", "say", said=1))
    with a_worker():
        over(old)
    second = price("say", 7)
    new = workshop.submit(step("a", "say", said=1))
    with a_worker():
        over(new)
    told = Charge.objects.order_by("run_public_id").values_list("cost_micro_usd", "pricing_version")
    assert list(told) == [(40, first), (7, second)]
    rows = {row.version: row.per_call_micro_usd for row in PriceRow.objects.filter(provider="skill")}
    assert all(rows[version] == cost for cost, version in told)


def test_what_costs_by_the_call_stops_at_the_budget_before_the_call(workshop: Workshop) -> None:
    price("say", 40)
    run = workshop.submit(*chain(*(step(f"s{n}", "say", said=n) for n in range(5))), budget_micro_usd=100)
    with a_worker():
        waiting = parked(run, "budget")
    assert (waiting.spent_micro_usd, waiting.steps_done) == (80, 2)


def test_who_finishes_cheaply_is_answered_by_the_built_in_model_once_the_money_is_used_up(workshop: Workshop) -> None:
    registry.add(LlmInvoke)
    config = {"llm_invoke": {"provider": "anthropic", "model": "claude-opus-4-5"}}
    profile = {"skill_config": config, "budget": {"per_run_micro_usd": 10, "on_exhausted": "finish_cheap"}}
    agent = create_agent(tenant=workshop.tenant, name="thrifty", profile=profile)
    run = workshop.submit(step("ask", "llm_invoke", prompt="Sum up.", input="The price rose. It fell."), agent=agent)
    with a_worker():
        run = over(run)
    assert (run.status, run.spent_micro_usd) == ("succeeded", 0)
    assert "downgrade" in decided(run, "ask")
    assert "rose" in step_of(run, "ask")["result"]["text"]
    assert_is_whole(workshop, run)


@pytest.mark.slow
def test_another_process_is_heard_without_a_restart(live_environment: dict[str, str], own_prices: None, tmp_path: Path) -> None:
    prices.refresh()
    assert price_table().price_of("openai_compatible", "llama3", today()) is None
    command = [sys.executable, "manage.py", "prices", "set", "openai_compatible", "llama3", "--input", "5", "--output", "6"]
    done = subprocess.run(command, cwd=PROJECT, env=live_environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    prices.refresh_if_old(0)
    found = price_table().price_of("openai_compatible", "llama3", today())
    assert found is not None and (found.tiers[0].input, found.tiers[0].output) == (5, 6)
