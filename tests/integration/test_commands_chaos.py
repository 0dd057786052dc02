"""`manage.py chaos` and `run_goal --fault`, as people and build servers use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from agents.models import Tenant
from runs.faults.kinds import FaultKind
from runs.models import Run
from tests.integration.test_commands_simulation import command
from tests.integration.workshop import Workshop, step

PLAN = {
    "steps": [
        step("look", "sleepy"),
        step("pay", "append_line", "look", witness="/nowhere"),
        step("each", "sleepy", for_each="${inputs.rows}", said="${item}"),
    ]
}


@pytest.fixture
def plan(tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    return str(path)


def chaos(plan: str, *words: str) -> tuple[int, str, str]:
    rows = Path(plan).parent / "rows.json"
    rows.write_text('{"rows": [1, 2, 3]}')
    return command("chaos", plan, "--input", f"@{rows}", *words)


def trusting(workshop: Workshop, policy: str) -> None:
    workshop.agent.profile = {**workshop.agent.profile, "in_doubt_policy": policy}
    workshop.agent.save()


def test_it_says_first_whether_the_plan_bears_its_faults_then_a_row_a_fault(quiet_workshop: Workshop, plan: str) -> None:
    code, out, errors = chaos(plan)
    assert (code, errors) == (0, "")
    first, _, head, _, *lines = out.splitlines()
    assert first == "✓ bears it: This plan duplicates its effect in 0 of 10 faults."
    assert head.split("  ")[0] == "fault"
    assert [line[2:].split("  ")[0] for line in lines[:10]] == [kind.replace("_", " ") for kind in FaultKind]
    timeout = lines[0]
    assert timeout.startswith("✋ timeout") and timeout.endswith("somebody with a verdict on pay: did it happen?")
    assert "taken for granted: of the 3 items of 'each' 2 are played" in out
    assert not Run.objects.exists()


def test_it_exits_with_1_where_an_effect_is_duplicated_and_says_where(quiet_workshop: Workshop, plan: str) -> None:
    trusting(quiet_workshop, "assume_not")
    code, out, _ = chaos(plan, "--no-pairs")
    assert code == 1
    assert out.startswith("✕ does not bear it: This plan duplicates its effect in 3 of 10 faults.")
    wrong = out.partition("What went wrong")[2]
    assert "timeout, the call arrived" in wrong and "1 too many" in wrong and "never arrived" not in wrong


def test_it_exits_with_1_where_an_effect_is_claimed_that_never_happened(quiet_workshop: Workshop, plan: str) -> None:
    trusting(quiet_workshop, "assume_happened")
    code, out, _ = chaos(plan, "--faults", "timeout", "--no-pairs", "--step", "pay")
    assert code == 1
    assert "claims an effect that never happened" in out.splitlines()[0]
    assert "claimed, never done" in out


def test_its_json_is_the_report_and_the_same_every_time(quiet_workshop: Workshop, plan: str) -> None:
    code, out, _ = chaos(plan, "--json", "--seed", "s")
    report = json.loads(out)
    assert (code, report["passed"], report["schema_version"], report["seed"]) == (0, True, "1", "s")
    assert chaos(plan, "--json", "--seed", "s")[1] == out


def test_a_terminal_gets_colour_and_a_pipe_gets_none(quiet_workshop: Workshop, plan: str) -> None:
    assert "\x1b[" not in chaos(plan)[1]
    coloured = chaos(plan, "--force-color")[1]
    assert coloured.startswith("\x1b[32m✓ bears it")
    assert "\x1b[33m✋ timeout" in coloured


def test_a_plan_too_large_is_cut_short_with_a_word_on_stderr(
    quiet_workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"steps": [step(f"s{number}", "append_line", witness="/nowhere") for number in range(200)]}))
    monkeypatch.setattr("runs.management.commands.chaos.MOST_CALLS_BY_COMMAND", 8_000)
    code, out, errors = command("chaos", str(path))
    assert code == 0
    said = errors.splitlines()[-1]
    assert said.endswith("cases were played, steps with effects first; name a step or fewer faults to have all of them")
    played, _, planned = said.partition(" of at least ")
    assert 10 <= int(played) <= 40 < 2_600 <= int(planned.split()[0])
    assert f"! {said}" in out


def test_it_says_on_stderr_how_far_it_has_come(quiet_workshop: Workshop, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.management.commands.chaos.SECONDS_BETWEEN_NEWS", 0)
    errors = chaos(plan, "--faults", "dns", "--json")[2]
    assert errors.splitlines()[-1] == "6 of 6 cases played"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--faults", "meteor"], 2, "/faults/0: Input should be 'timeout'"),
        (["--faults", ""], 2, "/faults/0"),
        (["--step", "nowhere"], 2, "the plan has no step 'nowhere'"),
        (["--ignoring-keys", "http_call"], 2, "the plan does not call 'http_call'"),
        (["--agent", "nobody"], 3, "there is no such agent"),
        (["--goal", "and a goal"], 2, "give exactly one of plan and goal"),
        (["--seed", ""], 2, "/seed"),
        (["--budget-cents", "x"], 2, "/budget_cents"),
        (["--deadline", "nan"], 2, "--deadline takes a number of seconds, not nan"),
        (["--deadline", "inf"], 2, "--deadline takes a number of seconds"),
        (["--deadline", "0"], 2, "/deadline_ms"),
        (["--input", "x"], 2, "--input takes name=value"),
        (["--tenant", "nobody"], 3, "there is no tenant 'nobody'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_it_says_clearly_what_makes_no_sense(quiet_workshop: Workshop, plan: str, words: list[str], code: int, said: str) -> None:
    got, out, errors = chaos(plan, *words)
    assert (got, out) == (code, "")
    assert errors.startswith("error[") and said in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", 2, "cannot be read"),
        ("[]", 2, "holds no JSON object"),
        ('{"steps": [{"step_id": "a", "skill": "nope"}]}', 5, "/plan/steps/0/skill"),
        ('{"steps": []}', 5, "/plan/steps"),
    ],
    ids=["no json", "no object", "no such skill", "no steps"],
)
def test_it_refuses_what_is_no_plan(quiet_workshop: Workshop, tmp_path: Path, text: str, code: int, said: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    got, _, errors = command("chaos", str(path))
    assert got == code
    assert said in errors


def test_it_needs_a_plan_that_is_there(quiet_workshop: Workshop) -> None:
    assert command("chaos", "/no/such/plan.json")[0] == 2
    assert command("chaos")[0] == 2
    with pytest.raises(CommandError, match="unrecognized arguments"):
        command("chaos", "--nothing-like-it")


# On a run


def goal(*words: str) -> tuple[int, str, str]:
    return command("run_goal", "--detach", "--json", *words)


def test_run_goal_injects_the_faults_it_is_told(quiet_workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "say.json"
    path.write_text(json.dumps({"steps": [step("a", "say"), step("b", "say")]}))
    Tenant.objects.update(allow_faults=True)
    code, out, _ = goal("--plan", str(path), "--fault", "dns@a", "--fault", "slow")
    made: dict[str, Any] = json.loads(out)
    assert (code, made["faults"], Run.objects.get().faults) == (0, 2, 2)


@pytest.mark.parametrize(
    ("fault", "allowed", "code", "said"),
    [
        ("dns@a", False, 4, "does not allow faults"),
        ("meteor@a", True, 2, "/faults/0/kind"),
        ("dns@nowhere", True, 2, "/faults/0/step: the plan has no step 'nowhere'"),
        ("dns@", True, 2, "/faults/0/step"),
        ("", True, 2, "/faults/0/kind"),
    ],
    ids=["not allowed", "no such kind", "no such step", "an empty step", "nothing"],
)
def test_run_goal_refuses_faults_it_may_not_or_cannot_inject(
    quiet_workshop: Workshop, tmp_path: Path, fault: str, allowed: bool, code: int, said: str
) -> None:
    path = tmp_path / "say.json"
    path.write_text(json.dumps({"steps": [step("a", "say")]}))
    Tenant.objects.update(allow_faults=allowed)
    got, _, errors = goal("--plan", str(path), "--fault", fault)
    assert got == code
    assert said in errors
    assert not Run.objects.exists()


def test_bootstrap_allows_faults_only_when_told(db: None) -> None:
    command("bootstrap", "--tenant", "fresh")
    assert not Tenant.objects.get().allow_faults
    assert "allow faults" in command("bootstrap", "--tenant", "fresh", "--allow-faults")[1]
    assert Tenant.objects.get().allow_faults
    assert "nothing to make" in command("bootstrap", "--tenant", "fresh")[1]
    assert Tenant.objects.get().allow_faults, "what is there stays as it is"
