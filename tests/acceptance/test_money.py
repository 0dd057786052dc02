"""A run whose money is used up in the middle: everybody who asks hears the same, a top-up continues it, and usage adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.models import Tenant
from tests.acceptance.conftest import Site
from tests.acceptance.test_four_skins import Skins, same

pytestmark = pytest.mark.acceptance


def a_call(number: int) -> dict[str, Any]:
    params = {"worst": 40, "cost": 40 - number, "model": "large"}
    return {"step_id": f"s{number}", "skill": "costly", "params": params, "depends_on": [f"s{number - 1}"] if number else []}


STEPS = [a_call(number) for number in range(3)]


def but_for_the_time(contract: dict[str, Any]) -> dict[str, Any]:
    """Return a contract without what goes on while it is asked for, and without the skills this process does not know."""
    return {**contract, "time": None, "allowed_skills": None}


def test_it_says_to_all_what_is_missing_and_goes_on_when_it_is_given(
    site: Site, tenant: Tenant, environment: dict[str, str], tmp_path: Path
) -> None:
    skins = Skins(site, tenant, environment, tmp_path)
    run_id = site.submit(*STEPS, budget_micro_usd=100)
    site.until(run_id, "waiting")
    contracts = {
        "runtime": skins.own("get_resource_contract", run_id=run_id),
        "REST": skins.get(f"resource-contract/{run_id}"),
        "console": skins.console("get_resource_contract", run_id=run_id),
        "manage.py": skins.command("resource_contract", run_id),
    }
    contract = same(contracts, but_for_the_time)
    assert contract["blocked_by"] == contract["budget"]["shortage"]["scope"] == f"run:{run_id}"
    assert contract["budget"]["shortage"]["missing_micro_usd"] == 19
    assert [scope["kind"] for scope in contract["scopes"]] == ["tenant", "tenant", "agent", "agent", "model", "model", "run"]

    site.post(f"runs/{run_id}/top-up", {"amount_micro_usd": 19}, **{"Idempotency-Key": "one"})
    assert site.until(run_id, "succeeded")["cost"]["spent_micro_usd"] == 117
    assert [len(site.step(run_id, f"s{n}")["attempts"]) for n in range(3)] == [1, 1, 1], "no step was run again"
    site.assert_replays(run_id)

    used = {"REST": site.get(f"usage?group_by=model&run={run_id}"), "manage.py": skins.command("usage", "--by", "model", "--run", run_id)}
    assert [(row["model"], row["calls"], row["cost_micro_usd"]) for row in same(used)["data"]] == [("large", 3, 117)]
    skins.command("check_invariants")


def test_a_budget_stops_a_run_and_lets_it_go_on(site: Site, tenant: Tenant, environment: dict[str, str], tmp_path: Path) -> None:
    skins = Skins(site, tenant, environment, tmp_path)
    skins.command("budgets", "set", "tenant", "--period", "day", "--cents", "0.0050")
    run_id = site.submit(*STEPS)
    site.until(run_id, "waiting")
    (budget,) = same({"REST": site.get("budgets"), "manage.py": skins.command("budgets", "list")})["data"]
    assert (budget["runs_waiting"], budget["remaining_micro_usd"]) == (1, 10)
    site.post(f"budgets/{budget['budget_id']}/top-up", {"amount_cents": 0.01})
    assert site.until(run_id, "succeeded")["cost"]["spent_micro_usd"] == 117
    assert site.get("budgets")["data"][0]["spent_micro_usd"] == 117
