"""`manage.py simulate_plan`, `run_goal --simulation`, `learn_history` and `calibration`, as people and scripts use them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from agents.ledger import set_budget
from agents.services import create_agent
from runs.models import Run, StoredSimulation
from tests.integration.test_learning import ended
from tests.integration.workshop import Workshop, step

PLAN = {"goal": "spend", "steps": [step("a", "costly", worst=40_000, cost=3), step("b", "say", "a", said=1, approval="always")]}


def command(*words: str) -> tuple[int, str, str]:
    """Return a command's exit code and what it printed on stdout and stderr."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command(*words, stdout=out, stderr=errors)
    except SystemExit as stopped:
        return int(str(stopped.code)), out.getvalue(), errors.getvalue()
    return 0, out.getvalue(), errors.getvalue()


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    return str(path)


def test_it_prints_the_verdict_first_then_ranges_with_their_sources(quiet_workshop: Workshop, plan: str) -> None:
    code, out, _ = command("simulate_plan", plan)
    assert code == 0
    first, *lines = out.splitlines()
    assert first.startswith("✓ would run: $0.0200 expected, never more than $0.1200; takes about ")
    assert first.endswith("; 1 step will ask a person first.")
    assert next(line for line in lines if line.startswith("a ")).endswith("static")
    assert any(line.startswith("whole plan") for line in lines)
    assert "✋ b will ask somebody with runs:write who did not ask for the run: the plan asks for it" in out
    assert "verdict: feasible, $0.8800 of the budget left after the worst case" in out


def test_it_prints_what_blocks_by_which_rule_and_other_ways(quiet_workshop: Workshop, plan: str) -> None:
    set_budget(tenant=quiet_workshop.tenant, kind="tenant", period="day", limit_micro_usd=50_000)
    code, out, _ = command("simulate_plan", plan, "--budget-cents", "1", "--deadline", "0.001")
    assert code == 5
    assert out.startswith("✕ would not run: the money does not suffice; 3 things in the way.")
    assert "✕ the run: BUDGET_EXCEEDED, the worst case is $0.1200, the budget $0.0100 (run_budget)" in out
    assert "DAILY_LIMIT_EXCEEDED, of $0.0500 there is $0.0500 left, the worst case takes $0.1200 (tenant_day_budget)" in out
    assert "(run_duration)" in out
    assert "≈ larger budget: $0.1100 more for the run" in out
    assert "the tenant on 20" in out
    assert "run exactly this" not in out


def test_it_colours_what_matters_on_a_terminal_only(quiet_workshop: Workshop, plan: str) -> None:
    assert "\x1b[" not in command("simulate_plan", plan)[1]
    assert "\x1b[32m✓ would run" in command("simulate_plan", plan, "--force-color")[1]


def test_it_says_what_history_says(quiet_workshop: Workshop, plan: str) -> None:
    for _ in range(30):
        ended(quiet_workshop.agent, {"skill": "costly", "took": 250, "cost_micro_usd": 900})
    assert command("learn_history")[1] == "learned from 30 runs\n"
    assert command("learn_history")[1] == "learned from 0 runs\n"
    out = command("simulate_plan", plan)[1]
    assert next(line for line in out.splitlines() if line.startswith("a ")).endswith("history(30)")
    assert "$0.0009 expected, never more than $0.1200" in out


def test_it_runs_what_was_simulated(quiet_workshop: Workshop, plan: str) -> None:
    create_agent(tenant=quiet_workshop.tenant, name="another")
    out = command("simulate_plan", plan, "--agent", "another")[1]
    simulation_id = out.rsplit(" ", 1)[-1].strip()
    code, ran, _ = command("run_goal", "--simulation", simulation_id, "--detach", "--json")
    assert code == 0
    run = Run.objects.get(public_id=json.loads(ran)["run_id"])
    assert (run.agent.name, run.goal) == ("another", "spend"), "the agent is the one it was simulated for"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["run_goal", "--simulation", "sim_" + "0" * 32], 3, "there is no such simulation", id="no such simulation"),
        pytest.param(
            ["run_goal", "a goal", "--simulation", "SIMULATED"], 2, "give exactly one of plan, goal and simulation_id", id="and a goal"
        ),
        pytest.param(["run_goal", "--simulation", "SIMULATED", "--budget-cents", "5"], 5, "/budget_micro_usd", id="another budget"),
        pytest.param(["run_goal", "--simulation", "SIMULATED", "--input", "x=1"], 5, "/inputs", id="other inputs"),
        pytest.param(["simulate_plan", "PLAN", "--deadline", "-1"], 2, "/deadline_ms", id="no deadline"),
        pytest.param(["simulate_plan", "PLAN", "--deadline", "nan"], 2, "--deadline takes a number of seconds", id="no number"),
        pytest.param(["run_goal", "a goal", "--timeout", "nan"], 2, "--timeout takes a number of seconds", id="no patience"),
        pytest.param(["simulate_plan", "PLAN", "--budget-cents", "0.00001"], 2, "/budget_cents", id="no amount"),
    ],
)
def test_it_says_in_a_line_what_is_wrong(quiet_workshop: Workshop, plan: str, words: list[str], code: int, said: str) -> None:
    command("simulate_plan", plan)
    simulation_id = StoredSimulation.objects.get().simulation_id
    found, out, errors = command(*(word.replace("SIMULATED", simulation_id).replace("PLAN", plan) for word in words))
    assert (found, out) == (code, "")
    assert said in errors
    assert "Traceback" not in errors


def test_it_says_that_nothing_is_known_yet(quiet_workshop: Workshop) -> None:
    code, out, _ = command("calibration")
    assert (code, out) == (0, "nothing is known yet: no run that is over has been looked at\n")
    assert json.loads(command("calibration", "--json")[1]) == {"data": []}


@pytest.mark.parametrize(("skill", "rows"), [("costly", 1), ("nobody", 0)])
def test_it_prints_one_skill_where_one_is_named(quiet_workshop: Workshop, skill: str, rows: int) -> None:
    ended(quiet_workshop.agent, {"skill": "costly"}, {"skill": "say"})
    command("learn_history")
    found: dict[str, Any] = json.loads(command("calibration", "--skill", skill, "--json")[1])
    assert len(found["data"]) == rows
