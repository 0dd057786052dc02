"""The exit codes scripts rely on, one by one, and what is told beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aos_sdk.cli import exits
from aos_sdk.cli.app import run
from pytest_httpserver import HTTPServer

from tests.sdk.python.conftest import RUN, Told, problem
from tests.sdk.python.test_retries import Answering
from tests.sdk.python.wire import Wire, json_answer

Aos = Callable[..., Told]
ENDED = {"data": [], "next_after": 1, "terminal": True}


@pytest.fixture
def settles(httpserver: HTTPServer) -> Callable[..., None]:
    """Return what makes every run end in this way."""

    def settle(**run: Any) -> None:
        told = {**RUN, **run}
        ended = told["status"] not in ("running", "queued", "waiting")
        httpserver.expect_request("/api/v1/runs", method="POST").respond_with_json({**RUN, "status": "queued"}, status=202)
        httpserver.expect_request("/api/v1/runs/run_1").respond_with_json(told)
        httpserver.expect_request("/api/v1/runs/run_1/events").respond_with_json({**ENDED, "terminal": ended})
        httpserver.expect_request("/api/v1/runs/run_1/trace").respond_with_json({"run": {**told, "result": {"value": 7}}})

    return settle


@pytest.mark.parametrize(
    ("run", "code"),
    [
        ({"status": "succeeded"}, exits.OK),
        ({"status": "failed", "failure_code": "UPSTREAM_ERROR"}, exits.RUN_FAILED),
        ({"status": "partial"}, exits.RUN_FAILED),
        ({"status": "cancelled", "failure_code": "CANCELLED"}, exits.RUN_FAILED),
        ({"status": "failed", "failure_code": "BLOCKED_TARGET"}, exits.REFUSED),
        ({"status": "failed", "failure_code": "BUDGET_EXCEEDED"}, exits.REFUSED),
        ({"status": "waiting", "waiting_for": "approval"}, exits.WAITING),
        ({"status": "failed", "failure_code": "OUTCOME_UNKNOWN"}, exits.OUTCOME_UNKNOWN),
    ],
)
def test_a_run_leaves_by_how_it_ended(run: dict[str, Any], code: int, aos: Aos, settles: Callable[..., None]) -> None:
    settles(**run)
    told = aos("run", "do it", "--agent", "scout", "--json")
    assert told.code == code, told
    assert json.loads(told.out)["status"] == run["status"]
    assert "run run_1" in told.err


def test_a_detached_run_is_begun_once_and_left_alone(aos: Aos, answering: Answering, tmp_path: Path) -> None:
    answers = answering((202, {**RUN, "status": "queued"}))
    (tmp_path / "inputs.json").write_text('{"page": 7}')
    words = ("--detach", "--idempotency-key", "mine", "--input", f"@{tmp_path / 'inputs.json'}", "--input", "who=ada")
    told = aos("run", "do it", "--agent", "scout", "-q", *words)
    assert (told.code, told.out, len(answers.asked)) == (exits.OK, "run_1\n", 1)
    assert answers.asked[0].headers["Idempotency-Key"] == "mine"
    assert answers.asked[0].json["inputs"] == {"page": 7, "who": "ada"}


@pytest.mark.parametrize("run", [{"status": "running"}, {"status": "waiting", "waiting_for": "timer"}])
def test_a_run_that_goes_on_is_a_time_out(run: dict[str, Any], aos: Aos, settles: Callable[..., None]) -> None:
    settles(**run)
    told = aos("run", "do it", "--agent", "scout", "--timeout", "100ms")
    assert told.code == exits.TIMED_OUT == 124
    assert ("aos runs cancel run_1" in told.err) == (run["status"] == "running")


@pytest.mark.parametrize(
    ("status", "code_of_problem", "code"),
    [
        (400, "INVALID_INPUT", 2),
        (404, "NOT_FOUND", 3),
        (401, "PERMISSION_DENIED", 4),
        (403, "PERMISSION_DENIED", 4),
        (409, "INVALID_INPUT", 5),
        (422, "PLAN_INVALID", 5),
        (429, "CONCURRENCY_LIMITED", 5),
        (409, "OUTCOME_UNKNOWN", 8),
        (429, "RATE_LIMITED", 7),
        (500, "INTERNAL", 7),
        (503, "STORE_UNAVAILABLE", 7),
    ],
)
def test_a_refusal_leaves_by_its_kind(status: int, code_of_problem: str, code: int, aos: Aos, answering: Answering) -> None:
    more = {"suggestions": ["read the manual"], "trace_id": "t-1", "errors": [{"pointer": "/plan", "detail": "is bad"}]}
    answering((status, problem(status, code_of_problem, retryable=False, **more)))
    told = aos("runs", "get", "run_1")
    assert told.code == code
    assert told.out == ""
    lines = told.err.splitlines()
    assert lines[:3] == [f"error[{code_of_problem}]: no: {code_of_problem}", "  /plan: is bad", "try: read the manual"]
    assert lines[-1] == "trace t-1"
    assert "Traceback" not in told.err


def test_no_answer_is_told_with_what_to_try(aos: Aos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOS_API_URL", "http://127.0.0.1:1")
    told = aos("runs", "list")
    assert told.code == exits.SERVER == 7
    assert told.err.startswith("error[NO_ANSWER]: no answer from http://127.0.0.1:1")
    assert "try: aos doctor" in told.err


def test_without_a_key_nothing_is_sent(aos: Aos, monkeypatch: pytest.MonkeyPatch, answering: Answering) -> None:
    answers = answering((200, RUN))
    monkeypatch.delenv("AOS_API_KEY")
    told = aos("runs", "list")
    assert (told.code, answers.asked) == (exits.NOT_ALLOWED, [])
    assert "try: aos login" in told.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("nonsense",), "No such command 'nonsense'"),
        (("runs", "get"), "Missing argument 'RUN'"),
        (("runs", "list", "--limit", "0"), "0 is not in the range"),
        (("runs", "list", "--limit", "9" * 30), "is not in the range"),
        (("run",), "give a goal or --plan"),
        (("run", "x", "--plan", "p.json"), "give a goal or --plan"),
        (("run", "x", "--agent", "a", "--timeout", "soon"), "is no duration"),
        (("run", "x", "--agent", "a", "--input", "novalue"), "--input takes NAME=VALUE"),
        (("run", "x", "--agent", "a", "--input", "@nofile.json"), "cannot be read"),
        (("run", "--agent", "a", "--plan", "nofile.json"), "cannot be read"),
        (("run", "x", "--agent", "a", "--input", 'a={"b":1,"b":2}'), "'b' is given more than once"),
        (("run", "x", "--agent", "a", "--idempotency-key", "schlüssel"), "visible ASCII"),
        (("simulate", "--agent", "a"), "give a plan or --goal"),
        (("recovery", "suggest"), "give a code or --match"),
        (("replay", "run_1", "--mode", "sideways"), "is not one of"),
        (("completion", "tcsh"), "is not one of"),
        (("--profile", "nobody", "runs", "list"), "there is no profile 'nobody'"),
        (("--profile", "a b", "runs", "list"), "cannot be the name of a profile"),
        (("--url", "no address", "runs", "list"), "is no address"),
        (("config", "set", "key", "x"), "is not one of"),
        (("config", "use", "nobody"), "there is no profile"),
    ],
)
def test_wrong_input_is_told_without_a_traceback(words: tuple[str, ...], why: str, aos: Aos) -> None:
    told = aos(*words)
    assert told.code == exits.USAGE == 2, told
    assert told.err.startswith("error[")
    assert why in told.err
    assert "Traceback" not in told.err


NO_PLANS = ["", "[]", "{", '"x"', "[" * 5_000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
UNSAYABLE = ['{"steps": NaN}', '{"steps": 1e999}', '{"steps": %s}' % ("9" * 5_000), '{"steps": [], "steps": [1]}']


@pytest.mark.parametrize("content", [*NO_PLANS, *UNSAYABLE])
def test_a_plan_that_is_none_is_told(content: str, aos: Aos, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(content, encoding="latin-1")
    told = aos("simulate", str(tmp_path / "plan.json"), "--agent", "a")
    assert told.code == exits.USAGE
    assert "plan.json" in told.err


@pytest.mark.usefixtures("aos")
def test_what_cannot_be_printed_and_streams_that_are_closed_are_told(
    monkeypatch: pytest.MonkeyPatch, answering: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    answering((200, {"data": [RUN], "next_cursor": None}))
    with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        assert run(["runs", "list"]) == exits.USAGE
    assert "error[USAGE]: standard output cannot be written: No space left on device" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        for name in ("stdin", "stdout", "stderr"):
            patched.setattr(f"sys.{name}", None)
        assert run(["runs", "list"]) == exits.OK
        assert run(["login"]) == exits.USAGE
        for nowhere in (sys.stdin, sys.stdout, sys.stderr):
            nowhere.close()


def test_several_agents_are_named_where_one_is_needed(aos: Aos, answering: Answering) -> None:
    answering((200, {"data": [{"name": "a"}, {"name": "b"}], "next_cursor": None}))
    told = aos("run", "x")
    assert told.code == exits.USAGE
    assert "try: --agent a" in told.err


def test_an_interrupted_watch_says_how_to_cancel(aos: Aos, settles: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    settles(status="running")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aos_sdk.cli.following.Follower._look", interrupt)
    for words in (("run", "x", "--agent", "a"), ("trace", "run_1", "--follow"), ("trace", "run_1", "--follow", "--jsonl")):
        told = aos(*words)
        assert told.code == exits.INTERRUPTED == 130
        assert "stop it: aos runs cancel run_1" in told.err


@pytest.mark.parametrize(
    ("report", "code"),
    [({"matched": True}, 0), ({"matched": False}, 1), ({"matched": None, "status": "running"}, 124)],
)
def test_a_replay_leaves_by_what_it_proved(report: dict[str, Any], code: int, aos: Aos, answering: Answering) -> None:
    answering((200, {"run_id": "run_1", "mode": "verify", "divergence": None, "invariants": [{"name": "codes", "held": True}], **report}))
    assert aos("replay", "run_1").code == code


def test_a_plan_that_is_not_feasible_is_refused(aos: Aos, answering: Answering, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"steps": []}')
    blocker = {"code": "BUDGET_EXCEEDED", "step_id": "pay", "detail": "too dear"}
    money = {"low_micro_usd": 1, "expected_micro_usd": 2, "worst_micro_usd": None}
    time = {"low_ms": 1, "expected_ms": 2, "worst_ms": 3}
    told = {
        "simulation_id": "sim_1",
        "verdict": "budget_insufficient",
        "cost": money,
        "duration": time,
        "blockers": [blocker],
        "approvals": [],
    }
    answering((200, {**told, "blockers": [blocker], "approvals": [], "feasible": False}))
    found = aos("simulate", str(tmp_path / "plan.json"), "--agent", "a")
    assert found.code == exits.REFUSED
    assert "BUDGET_EXCEEDED pay: too dear" in found.out


def test_a_broken_connection_is_taken_up_again(aos: Aos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aos_sdk.cli.following.REST_SECONDS", 0.01)
    event = {"seq": 1, "kind": "step_succeeded", "at_ms": 5, "step_id": "fetch", "data": {"latency_ms": 7, "cost_micro_usd": 9}}
    first = json.dumps({"data": [event], "next_after": 1, "terminal": False})
    running, ended = json.dumps({**RUN, "status": "running"}), json.dumps(RUN)
    last = json.dumps({"data": [{**event, "seq": 2, "step_id": "sum"}], "next_after": 2, "terminal": True})
    answers = [first, running, "", "", "", "", "", "", last, ended]
    with Wire([json_answer(each.encode()) if each else b"" for each in answers]).serving() as wire:
        monkeypatch.setenv("AOS_API_URL", wire.url)
        told = aos("trace", "run_1", "--follow")
    assert told.code == exits.OK
    assert "the connection is lost" in told.err
    assert "connected again" in told.err
    assert [line.split()[3] for line in told.err.splitlines() if "✓" in line] == ["fetch:", "sum:"]
    assert "after=1" in wire.requests[8]
