"""The request of a run, written for a shell, for Python and for the command: each sends the very same again."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
from itertools import pairwise
from typing import Any

import pytest

from agents.plan.validation import validate_plan
from runs.console.run.request_view import LONGEST, as_written, request_of
from skills.registry import registry
from tests.console.traces import T0, a_trace

SITE = "https://aos.example"
NASTY = 'it\'s $HOME `id` "x" !! \\ \n JSON\nJSON -- <script> é'
PLAN: dict[str, Any] = {
    "goal": NASTY,
    "steps": [
        {"step_id": "copy", "skill": "json_transform", "params": {"input": {"a": NASTY, "b": [1, None, True, {}]}}},
        {"step_id": "again", "skill": "json_transform", "params": {"input": "${steps.copy.result}"}, "depends_on": ["copy"]},
    ],
}


def made_by(*, plan: dict[str, Any] | None = None, run: dict[str, Any] | None = None, **fact: Any) -> dict[str, Any]:
    """Return the trace of a run whose first event says what it was accepted with."""
    trace = a_trace(**{"goal": NASTY, "parent_run_id": None, **(run or {})})
    terms = {"limit_micro_usd": 25_000, "deadline_at_ms": T0 + 60_000}
    trace["events"][0]["data"] = {"terms": terms, "inputs": {}, "plan": plan, **fact}
    return trace


def ways(trace: dict[str, Any], **more: Any) -> dict[str, str]:
    return dict(request_of(trace, SITE, **more)["ways"])


def words_of(command: str) -> tuple[list[str], str]:
    """Run what a shell would, with programs that only say what they were given; return the words and what was sent in."""
    says = 'import json, sys; print(json.dumps([sys.argv[1:], sys.stdin.read() if "-" in sys.argv or "@-" in sys.argv else ""]))'
    shell = "\n".join(f'{name}() {{ python3 -c {shlex.quote(says)} "$@"; }}' for name in ("curl", "aos"))
    done = subprocess.run(["bash", "-c", f"{shell}\n{command}"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    words, sent = json.loads(done.stdout)
    return words, sent


@pytest.mark.parametrize("plan", [None, PLAN], ids=["goal", "plan"])
def test_a_shell_sends_the_very_request(plan: dict[str, Any] | None) -> None:
    words, sent = words_of(ways(made_by(plan=plan, inputs={"n": [1, "é"]}))["curl"])
    assert f"{SITE}/api/v1/runs" in words
    task = {"goal": NASTY} if plan is None else {"plan": plan}
    assert json.loads(sent) == {"agent": "researcher", **task, "inputs": {"n": [1, "é"]}, "budget_micro_usd": 25_000, "deadline_ms": 60_000}


def test_a_shell_gives_the_command_the_very_goal() -> None:
    words, _ = words_of(ways(made_by(inputs={"n": "1", "text": NASTY}))["aos"])
    given = dict(each.split("=", 1) for each in words if each.startswith(("n=", "text=")))
    assert {name: json.loads(value) for name, value in given.items()} == {"n": "1", "text": NASTY}
    assert words[-2:] == ["--", NASTY]
    assert ("--budget-cents", "2.5") in pairwise(words)
    assert ("--deadline", "60000ms") in pairwise(words)


def test_a_shell_gives_the_command_the_very_plan() -> None:
    words, sent = words_of(ways(made_by(plan=PLAN))["aos"])
    assert words[-2:] == ["--plan", "-"]
    assert json.loads(sent) == PLAN


@pytest.mark.parametrize("plan", [None, PLAN], ids=["goal", "plan"])
def test_python_sends_the_very_request(plan: dict[str, Any] | None) -> None:
    text = ways(made_by(plan=plan, inputs={"n": [1, None, {}]}), priority=5)["Python"]
    (call,) = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "client.runs.submit")
    sent = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    task = {"goal": NASTY} if plan is None else {"plan": plan}
    limits = {"budget_micro_usd": 25_000, "deadline_ms": 60_000, "priority": 5}
    assert sent == {"agent": "researcher", **task, "inputs": {"n": [1, None, {}]}, **limits}


def test_it_leaves_out_of_a_plan_only_what_is_so_anyway() -> None:
    whole = validate_plan(PLAN, registry.metadata)
    short = as_written(whole.model_dump(mode="json"))
    assert short == PLAN
    assert validate_plan(short, registry.metadata) == whole


@pytest.mark.parametrize(
    ("trace", "note"),
    [
        pytest.param(made_by(inputs={"a=b": 1}), "aos run has no option for inputs of such names.", id="name with ="),
        pytest.param(made_by(run={"relation": "child", "parent_run_id": "run_1"}), "aos run has no option for called_by.", id="called"),
        pytest.param({**made_by(), "faults": [{"kind": "timeout"}]}, "aos run has no option for faults.", id="faults"),
    ],
)
def test_it_says_what_the_command_cannot(trace: dict[str, Any], note: str) -> None:
    found = request_of(trace, SITE)
    assert [name for name, _ in found["ways"]] == ["curl", "Python"]
    assert found["note"] == note


def test_a_called_run_names_its_caller_and_no_deadline() -> None:
    text = ways(made_by(run={"relation": "child", "parent_run_id": "run_1"}))["curl"]
    _, sent = words_of(text)
    assert json.loads(sent) == {"agent": "researcher", "goal": NASTY, "budget_micro_usd": 25_000, "called_by": "run_1"}


@pytest.mark.parametrize("relation", ["rerun", "requeue", "replay", "undo"])
def test_a_run_made_from_another_has_no_request_of_its_own(relation: str) -> None:
    found = request_of(made_by(run={"relation": relation, "parent_run_id": "run_1"}), SITE)
    assert found == {"ways": [], "note": f"No request of its own made this run: it came from run_1 ({relation})."}


def test_it_shows_nothing_of_what_retention_took() -> None:
    assert request_of({**made_by(), "removed": "its payload"}, SITE) == {}
    assert request_of({**made_by(), "events": []}, SITE) == {}


def test_it_copies_no_plan_too_long_for_a_page() -> None:
    found = request_of(made_by(plan={**PLAN, "metadata": {"text": "x" * LONGEST}}), SITE)
    assert found["ways"] == []
    assert "too long" in found["note"]
