"""What the command line says to try next: a verb that was meant, what settles a run that waits, where a server is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aos_sdk.cli import exits
from aos_sdk.cli.refusals import plain
from pytest_httpserver import HTTPServer

from tests.sdk.python.conftest import RUN, Told, problem
from tests.sdk.python.test_retries import Answering

Aos = Callable[..., Told]


@pytest.mark.parametrize("words", [(), ("runs",), ("config",)])
def test_a_group_without_a_verb_shows_its_help_as_help(words: tuple[str, ...], aos: Aos) -> None:
    told = aos(*words)
    shown = (told.out + told.err).splitlines()
    assert shown[0] == f"Usage: {' '.join(('aos', *words))} [OPTIONS] COMMAND [ARGS]..."
    assert "Commands:" in shown
    assert "·" not in "".join(shown)


@pytest.mark.parametrize(("words", "meant"), [(("runn",), "aos run"), (("runs", "lst"), "aos runs list")])
def test_a_mistyped_verb_is_told_with_the_one_that_was_meant(words: tuple[str, ...], meant: str, aos: Aos) -> None:
    told = aos(*words)
    assert told.code == exits.USAGE
    assert f"try: {meant}" in told.err.splitlines()


def test_choices_are_told_in_one_line(aos: Aos) -> None:
    told = aos("in-doubt", "verdict", "run_1", "pay", "--reason", "seen")
    assert told.code == exits.USAGE
    assert "·" not in told.err
    assert "did-not-happen" in told.err.splitlines()[0]


@pytest.mark.parametrize(("status", "body"), [(302, {}), (404, {}), (405, {"detail": "no"})])
def test_what_is_no_aos_is_told_as_such(status: int, body: dict[str, Any], aos: Aos, answering: Answering) -> None:
    answering((status, body))
    told = aos("runs", "list")
    assert told.code == exits.SERVER
    assert told.err.startswith(f"error[NOT_AOS]: status {status} ")
    assert "try: aos doctor" in told.err


def test_an_address_that_is_none_is_told_before_the_missing_key(aos: Aos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AOS_API_KEY")
    told = aos("--url", "nonsense", "whoami")
    assert told.code == exits.USAGE
    assert "is no address" in told.err


def test_suggestions_that_are_sentences_stand_in_lines_of_their_own(aos: Aos, answering: Answering) -> None:
    ways = [f"Try: fetch {each}" for each in range(6)]
    answering((422, problem(422, "PLAN_INVALID", suggestions=ways)))
    told = aos("simulate", "--goal", "x", "--agent", "a")
    assert [line for line in told.err.splitlines() if line.startswith("try")] == [f"try: fetch {each}" for each in range(6)]


def test_a_what_if_without_changes_is_told_before_it_is_asked(aos: Aos, answering: Answering) -> None:
    answers = answering((200, {}))
    told = aos("replay", "run_1", "--mode", "what-if")
    assert (told.code, answers.asked) == (exits.USAGE, [])
    assert "--changes" in told.err


def obstacle(what: str, **more: Any) -> dict[str, Any]:
    return {"what": what, "step_id": "pay", "detail": "it waits", "scope": None, "action": {"detail": "do it"}, **more}


@pytest.mark.parametrize(
    ("held", "command"),
    [
        (obstacle("approval"), "aos approvals get run_1 pay"),
        (obstacle("in_doubt"), "aos in-doubt get run_1 pay"),
        (obstacle("budget", scope="run:run_1"), "aos runs top-up run_1 CENTS"),
        (obstacle("budget", scope="tenant:t"), None),
        (obstacle("paused", step_id=None), "aos runs resume run_1"),
    ],
)
def test_what_holds_a_run_up_is_told_with_the_command_for_it(
    held: dict[str, Any], command: str | None, aos: Aos, answering: Answering
) -> None:
    answering((200, {**RUN, "status": "waiting", "blocked_by": [held], "because": [], "failures": []}))
    told = aos("explain", "run_1").out.splitlines()
    assert [line.partition("\t")[2] for line in told if line.startswith("try")] == ([command] if command else [])


def test_why_a_run_failed_is_told_with_what_to_try(aos: Aos, answering: Answering) -> None:
    failure = {"step_id": "$plan", "code": "PLAN_INVALID", "suggestions": ["Try: Fetch <URL>", "Give a plan."]}
    because = {"step_id": "$plan", "code": "PLAN_INVALID", "message": "no rule fits"}
    answering((200, {**RUN, "status": "failed", "blocked_by": [], "because": [because], "failures": [failure]}))
    assert aos("explain", "run_1").out.splitlines()[-3:] == [
        "because\tPLAN_INVALID $plan: no rule fits",
        "try\tFetch <URL>",
        "try\tGive a plan.",
    ]


def test_who_wants_ids_alone_is_told_nothing_else(aos: Aos, httpserver: HTTPServer) -> None:
    event = {"seq": 1, "kind": "run_accepted", "at_ms": 5, "step_id": None, "data": {}}
    httpserver.expect_request("/api/v1/runs", method="POST").respond_with_json({**RUN, "status": "queued"}, status=202)
    httpserver.expect_request("/api/v1/runs/run_1").respond_with_json(RUN)
    httpserver.expect_request("/api/v1/runs/run_1/events").respond_with_json({"data": [event], "next_after": 1, "terminal": True})
    told = aos("run", "x", "--agent", "a", "-q")
    assert (told.code, told.out, told.err) == (exits.OK, "run_1\n", "")


def test_runs_that_differ_name_in_what(aos: Aos, answering: Answering) -> None:
    invariants = [{"name": "codes", "held": False, "detail": "first {}, second {'a': [[1, 'X']]}"}, {"name": "cost", "held": True}]
    steps = [{"step_id": "pay", "within": "first", "same": False, "aspects": []}]
    found = {"run_id": "run_1", "other_run_id": "run_2", "same": False, "divergence": None, "made_of": []}
    answering((200, {**found, "invariants": invariants, "steps": steps}))
    told = aos("diff", "run_1", "run_2")
    assert told.code == exits.RUN_FAILED
    assert told.out.splitlines() == ["same\tno", "differ in\tcodes", "step pay\tonly in the first run"]


def test_the_system_reasons_are_told_without_their_numbers() -> None:
    assert plain(FileNotFoundError(2, "No such file or directory", "plan.json")) == "No such file or directory"
    assert plain("no answer: [Errno 111] Connection refused") == "no answer: Connection refused"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("run", " ", "--agent", "a"), "GOAL is empty"),
        (("run", "Fetch it", "--agent", ""), "--agent is empty"),
        (("run", "plan.json", "--agent", "a"), "'plan.json' is the name of a file"),
        (("trace", ""), "RUN is empty"),
        (("agents", "create", ""), "NAME is empty"),
        (("config", "set", "url", "nonsense"), "'nonsense' is no address"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_sent(words: tuple[str, ...], why: str, aos: Aos, answering: Answering) -> None:
    answers = answering((200, {}))
    told = aos(*words)
    assert (told.code, answers.asked) == (exits.USAGE, [])
    assert told.err.startswith(f"error[USAGE]: {why}")


@pytest.mark.parametrize(("what", "way"), [("run", "aos runs list"), ("agent", "aos agents list"), ("door", "aos doctor")])
def test_what_is_not_there_is_told_with_what_lists_what_is(what: str, way: str, aos: Aos, answering: Answering) -> None:
    answering((404, problem(404, "NOT_FOUND", detail=f"there is no such {what}")))
    told = aos("explain", "run_1")
    assert told.code == exits.NOT_FOUND
    assert f"try: {way}" in told.err.splitlines()
