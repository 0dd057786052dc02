"""The commands people work on runs with, on runs no worker has taken: each translates in, makes one call, translates out."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.models import Tenant
from agents.services import create_agent
from agents.tenancy import operator_principal
from runs import runtime, selectors
from runs.management.base import json_text, operator_name
from runs.models import Run, Signal

NO_RUN = "run_" + "0" * 32
PLAN = {"goal": "double", "steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": [1]}, "path": "$.x"}}]}


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    create_agent(tenant=tenant, name="default")
    return tenant


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    return str(path)


def told(*arguments: str, expect: int = 0) -> tuple[str, str]:
    """Return what a command printed on stdout and stderr, and check its exit code."""
    out, errors = io.StringIO(), io.StringIO()
    code: Any = 0
    try:
        call_command(*arguments, stdout=out, stderr=errors)
    except SystemExit as stopped:
        code = stopped.code
    assert code == expect, errors.getvalue()
    return out.getvalue(), errors.getvalue()


def submitted(plan: str) -> str:
    return told("run_goal", "--plan", plan, "--detach")[0].strip()


def test_it_submits_and_leaves(tenant: Tenant, plan: str) -> None:
    run = Run.objects.get(public_id=submitted(plan))
    assert (run.status, run.goal, run.created_by) == ("queued", "double", operator_name())


def test_it_passes_goal_inputs_and_budget_on(tenant: Tenant) -> None:
    out, _ = told(
        "run_goal", "Fetch x", "--input", "url=http://x.example/", "--budget-cents", "0.5", "--agent", "default", "--detach", "--json"
    )
    answer = json.loads(out)
    assert (answer["goal"], answer["cost"]["limit_micro_usd"]) == ("Fetch x", 5_000)
    trace = selectors.trace_json(tenant=tenant, run_id=answer["run_id"])
    assert trace["events"][0]["data"]["inputs"] == {"url": "http://x.example/"}


def test_it_stops_following_after_the_time_and_says_that_no_worker_is_there(tenant: Tenant, plan: str) -> None:
    out, notes = told("run_goal", "--plan", plan, "--timeout", "3.3", expect=124)
    assert "no worker has taken the run yet; start one in another terminal: manage.py work" in notes
    assert "it goes on; look again: manage.py trace run_" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["run_goal", "g", "--agent", "nobody"], 3, "error[NOT_FOUND]: there is no such agent", id="no-such-agent"),
        pytest.param(["run_goal"], 2, "give exactly one of plan, goal and simulation_id", id="nothing-to-do"),
        pytest.param(["run_goal", "g", "--plan", "/nowhere.json"], 2, "cannot be read: No such file", id="no-such-file"),
        pytest.param(["run_goal", "g", "--budget-cents", "much"], 2, "/budget_cents", id="no-amount"),
        pytest.param(["run_goal", "g", "--input", "x"], 2, "--input takes name=value", id="no-pair"),
        pytest.param(["run_goal", "g\udcff"], 2, "an argument is no UTF-8", id="no-utf-8"),
        pytest.param(["run_goal", "g", "--tenant", "nobody"], 3, "there is no tenant 'nobody'", id="no-such-tenant"),
        pytest.param(["trace", "run_1"], 3, "error[NOT_FOUND]: there is no such run", id="trace-of-no-id"),
        pytest.param(["trace", NO_RUN], 3, "there is no such run", id="trace-of-no-run"),
        pytest.param(["replay", NO_RUN], 3, "there is no such run", id="replay"),
        pytest.param(["cancel", NO_RUN], 3, "there is no such run", id="cancel"),
        pytest.param(["pause", NO_RUN], 3, "there is no such run", id="pause"),
        pytest.param(["resume", NO_RUN], 3, "there is no such run", id="resume"),
        pytest.param(["top_up", NO_RUN, "--cents", "5"], 3, "there is no such run", id="top-up"),
        pytest.param(["top_up", NO_RUN, "--cents", "-5"], 2, "/amount_cents", id="top-up-by-less-than-nothing"),
        pytest.param(["top_up", NO_RUN, "--cents", "many"], 2, "/amount_cents", id="top-up-by-no-number"),
        pytest.param(["run_goal", "g", "--deadline", "-1"], 2, "/deadline_ms", id="no-deadline"),
        pytest.param(["rerun", NO_RUN], 3, "there is no such run", id="rerun"),
        pytest.param(["query", "nonsense"], 2, "try: allowed_skills", id="no-such-question"),
        pytest.param(["query", "state"], 2, "the filter run_id is missing", id="no-filter"),
        pytest.param(["describe_skill", "nope"], 3, "Registered are", id="no-such-skill"),
        pytest.param(["describe_skill", "http_call", "--range", "x"], 2, "is no version range", id="no-range"),
        pytest.param(["simulate_plan"], 2, "give exactly one of plan and goal", id="nothing-to-simulate"),
        pytest.param(["simulate_plan", "--goal", "Make me happy"], 5, "error[PLAN_INVALID]", id="no-plan-for-the-goal"),
    ],
)
def test_it_says_what_is_wrong_in_a_line_and_by_its_code(tenant: Tenant, arguments: list[str], code: int, said: str) -> None:
    out, notes = told(*arguments, expect=code)
    assert said in notes
    assert out == ""
    assert "Traceback" not in notes


def test_it_points_at_each_fault_of_a_plan(tenant: Tenant, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"steps": [{"step_id": "a", "skill": "nope"}]}')
    _, notes = told("run_goal", "--plan", str(tmp_path / "p.json"), expect=5)
    assert "error[PLAN_INVALID]" in notes
    assert "/plan/steps/0/skill: no skill 'nope' is registered (SKILL_NOT_FOUND)" in notes


@pytest.mark.parametrize("command", [["query", "history"], ["trace", NO_RUN], ["list_failed"], ["run_goal", "g"]], ids=lambda c: c[0])
def test_it_says_how_to_begin_where_there_is_no_tenant(db: None, command: list[str]) -> None:
    assert "manage.py bootstrap" in told(*command, expect=3)[1]


def test_it_asks_which_tenant_where_there_are_several(tenant: Tenant) -> None:
    Tenant.objects.create(slug="rival", name="Rival")
    assert "--tenant acme | rival" in told("query", "history", expect=2)[1]
    assert told("query", "history", "--tenant", "rival")[0]


def test_it_shows_no_run_of_another_tenant(tenant: Tenant, plan: str) -> None:
    run_id = submitted(plan)
    Tenant.objects.create(slug="rival", name="Rival")
    assert "there is no such run" in told("trace", run_id, "--tenant", "rival", expect=3)[1]


def test_it_prints_the_very_json_of_the_selectors(tenant: Tenant, plan: str) -> None:
    run_id = submitted(plan)
    principal = operator_principal(tenant, operator_name())
    same = {
        ("trace", run_id): selectors.trace_json(tenant=tenant, run_id=run_id),
        ("query", "state", "--filter", f"run_id={run_id}"): runtime.query(tenant=tenant, what="state", filters={"run_id": run_id}),
        ("describe_skill",): runtime.describe_skill(),
        ("describe_skill", "http_call"): runtime.describe_skill(name="http_call"),
        ("simulate_plan", plan): runtime.simulate(principal=principal, plan=PLAN),
    }
    for command, value in same.items():
        assert told(*command, "--json")[0] == json_text(value) + "\n", command


def test_it_simulates_for_people_and_says_by_its_code_whether_it_would_run(tenant: Tenant, plan: str, tmp_path: Path) -> None:
    assert "verdict: feasible" in told("simulate_plan", plan)[0]
    (tmp_path / "p.json").write_text('{"steps": [{"step_id": "a", "skill": "nope"}]}')
    out, _ = told("simulate_plan", str(tmp_path / "p.json"), expect=5)
    assert "/steps/0/skill: SKILL_NOT_FOUND" in out
    assert "verdict: skill unavailable" in out


def test_it_never_expects_a_step_to_take_longer_than_its_time_out(tenant: Tenant, tmp_path: Path) -> None:
    step = {"step_id": "a", "skill": "http_call", "params": {"url": "http://x.example/"}, "timeout_ms": 50}
    (tmp_path / "p.json").write_text(json.dumps({"steps": [step], "goal": "g"}))
    took = json.loads(told("simulate_plan", str(tmp_path / "p.json"), "--json")[0])["steps"][0]["duration"]
    assert took["expected_ms"] <= 50
    assert took["worst_ms"] <= 50 * 3


def test_it_shows_the_trace_of_a_run_nobody_has_taken(tenant: Tenant, plan: str) -> None:
    out, _ = told("trace", submitted(plan))
    assert "queued" in out
    assert "Waterfall" in out


def test_it_cancels_and_says_what_may_still_land(tenant: Tenant, plan: str) -> None:
    run_id = submitted(plan)
    assert f"cancel requested for {run_id}" in told("cancel", run_id, "--reason", "late")[0]
    assert json.loads(told("cancel", run_id, "--json")[0])["requested"] == "cancel"


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_it_pauses_and_resumes_by_a_signal(tenant: Tenant, plan: str, command: str) -> None:
    run_id = submitted(plan)
    assert f"{command} requested for {run_id}" in told(command, run_id, "--reason", "late")[0]
    assert json.loads(told(command, run_id, "--json")[0]) == {"run_id": run_id, "requested": command}
    kinds = Signal.objects.filter(run__public_id=run_id).values_list("kind", flat=True)
    assert set(kinds) == {f"{command}_requested"}


def test_it_raises_the_limit_once_for_one_key(tenant: Tenant, plan: str) -> None:
    run_id = submitted(plan)
    before = Run.objects.get(public_id=run_id).limit_micro_usd
    for _ in range(2):
        said = json.loads(told("top_up", run_id, "--cents", "12.5", "--key", "k", "--json")[0])
    assert said["limit_micro_usd"] == before + 125_000
    assert "may now spend" in told("top_up", run_id, "--cents", "1", "--key", "k2")[0]


def test_it_does_not_cancel_what_is_over(tenant: Tenant, plan: str) -> None:
    run_id = submitted(plan)
    Run.objects.filter(public_id=run_id).update(status="succeeded")
    assert "a run that has ended never changes" in told("cancel", run_id, expect=5)[1]


def test_it_lists_what_failed_lately(tenant: Tenant, plan: str) -> None:
    run_id, old = submitted(plan), submitted(plan)
    assert told("list_failed")[0] == "no run failed in this time\n"
    failed = {"status": "failed", "failure_code": "TIMEOUT"}
    Run.objects.filter(public_id=run_id).update(**failed, finished_at=timezone.now())
    Run.objects.filter(public_id=old).update(**failed, finished_at=timezone.now() - timedelta(hours=30))
    listed = json.loads(told("list_failed", "--json")[0])["data"]
    assert [run["run_id"] for run in listed] == [run_id]
    assert old in told("list_failed", "--since", "2d")[0]


def test_it_takes_no_time_it_cannot_read(tenant: Tenant) -> None:
    with pytest.raises(CommandError, match="no time such as 90m"):
        call_command("list_failed", "--since", "yesterday")
