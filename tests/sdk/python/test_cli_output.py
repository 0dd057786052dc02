"""Results go to standard output in the form that was asked for; nothing a server says can steer a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from aos_sdk.cli.app import VERBS
from aos_sdk.cli.looking import branches
from aos_sdk.types import TracedStep

from tests.conftest import PROJECT
from tests.sdk.python.conftest import RUN, Told
from tests.sdk.python.test_retries import Answering

Aos = Callable[..., Told]
RUNS = {"data": [RUN, {**RUN, "run_id": "run_2", "status": "failed", "summary": "bad\x1b[2J\u202eluck\n"}], "next_cursor": "c1"}


def on_a_terminal(*words: str, **environment: str) -> str:
    """Return what a command shows on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "aos_sdk.cli", *words]
    settings = {**os.environ, "PYTHONPATH": str(PROJECT / "sdk/python/src"), "TERM": "xterm", **environment}
    subprocess.run(command, stdin=theirs, stdout=theirs, stderr=theirs, env=settings, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as shown:
        return shown.read(65_536).decode()


def test_json_is_one_document(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    told = aos("runs", "list", "--json", "--limit", "2")
    assert json.loads(told.out) == RUNS
    assert told.err == ""


def test_jsonl_is_a_document_a_line(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    assert [json.loads(line)["run_id"] for line in aos("runs", "list", "--jsonl", "--limit", "2").out.splitlines()] == ["run_1", "run_2"]


def test_quiet_is_ids(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    assert aos("runs", "list", "-q", "--limit", "2").out == "run_1\nrun_2\n"


def test_all_follows_the_pages_and_a_limit_ends_them(aos: Aos, answering: Answering) -> None:
    answers = answering((200, RUNS), (200, {**RUNS, "next_cursor": None}))
    assert aos("runs", "list", "-q", "--all").out.splitlines() == ["run_1", "run_2"] * 2
    assert answers.asked[1].args["cursor"] == "c1"
    answers = answering((200, RUNS))
    assert aos("runs", "list", "-q", "--limit", "1").out == "run_1\n"


def test_a_list_says_what_could_not_be_read(aos: Aos, answering: Answering) -> None:
    lost = {"run_id": "run_9", "step_ids": ["a", "b"], "detail": "event 1 is missing\x1b"}
    answering((200, {"data": [], "unreadable": [lost], "next_cursor": "c1"}), (200, {"data": [RUN], "unreadable": [], "next_cursor": None}))
    told = aos("approvals", "list", "-q", "--all")
    assert told.out == "run_1\n", "a page may hold nothing that can be read, and others follow"
    assert told.err == "left out run_9 (a, b), whose journal cannot be read: event 1 is missing·\n"


def test_off_a_terminal_cells_are_separated_by_tabs_and_plain(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    told = aos("runs", "list", "--limit", "2")
    assert told.out.splitlines()[0].split("\t")[:4] == ["run_1", "succeeded", "scout", "$0.0123"]
    assert "\x1b" not in told.out
    assert "bad·[2J·luck·" in told.out


def test_on_a_terminal_there_is_a_table_in_colours(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    told = on_a_terminal("runs", "list", "--limit", "2")
    assert "\x1b[31mfailed\x1b[0m" in told
    assert "run id" in told
    assert "bad·[2J·luck·" in told
    assert "there are more" in told


def test_no_color_is_honoured(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    told = on_a_terminal("runs", "list", "--limit", "2", NO_COLOR="1")
    assert "run id" in told
    assert "\x1b" not in told


def test_a_long_table_is_shown_by_the_pager_that_is_wanted(aos: Aos, answering: Answering) -> None:
    answering((200, RUNS))
    # This terminal has no lines at all: any table is longer.
    told = on_a_terminal("runs", "list", "--limit", "2", PAGER="sed s/^/paged:/").splitlines()
    assert [line.startswith("paged:") for line in told[:3]] == [True] * 3, told


def test_a_trace_is_told_as_a_table_and_as_a_tree(aos: Aos, answering: Answering) -> None:
    step: dict[str, Any] = {"skill": "http_call", "status": "succeeded", "attempts": [{}], "cost_micro_usd": 0, "failure": None}
    steps = [
        {**step, "step_id": "fetch", "depends_on": [], "started_at_ms": 0, "finished_at_ms": 1_500},
        {**step, "step_id": "sum", "depends_on": ["fetch"], "failure": {"code": "TIMEOUT", "message": "too slow"}},
        {**step, "step_id": "other", "depends_on": []},
    ]
    answering((200, {"run": {**RUN, "result": {"value": 7}}, "steps": steps}))
    told = aos("trace", "run_1")
    assert "fetch\thttp_call\tsucceeded\t1\t1.5 s\t$0.0000" in told.out.splitlines()
    assert "sum: TIMEOUT: too slow" in told.out
    assert 'result\t{"value": 7}' in told.out
    assert list(branches([TracedStep(each) for each in steps])) == aos("trace", "run_1", "--tree").out.splitlines()
    assert aos("trace", "run_1", "--tree").out.splitlines()[1] == "│  └─ sum  http_call  succeeded"


JSON_VALUE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Any"}}]}
PARAMS: dict[str, Any] = {
    "$defs": {
        "Any": JSON_VALUE,
        "Probe": {"properties": {"url": {"type": "string", "description": "Where\x1b[2J"}}, "required": ["url"]},
        "Drop": {"properties": {"op": {"const": "drop"}, "keys": True}, "required": ["op"], "description": "Leave out."},
        "Keep": {"properties": {"op": {"const": "keep"}, "most": {"type": "integer", "minimum": 1}}, "required": ["op", "most"]},
    },
    "properties": {
        "url": {"type": "string", "description": "Where to."},
        "method": {"enum": ["GET", "POST"], "default": "GET"},
        "size": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 9}, {"type": "null"}], "default": None},
        "probe": {"anyOf": [{"$ref": "#/$defs/Probe"}, {"type": "null"}]},
        "then": {"type": "array", "items": {"oneOf": [{"$ref": "#/$defs/Drop"}, {"$ref": "#/$defs/Keep"}]}, "default": []},
        "data": {"$ref": "#/$defs/Any"},
        "rest": True,
        "lost": {"$ref": "#/$defs/Nowhere"},
    },
    "required": ["url"],
}
TOLD = """
url|string|yes||Where to.
method|one of GET, POST|no|GET|
size|integer 1…9 or null|no||
probe|object Probe or null|no||
probe.url|string|yes||Where·[2J
then|list of objects|no|[]|
then[]|{op: drop, keys?: any}|||Leave out.
then[]|{op: keep, most: integer 1…}|||
data|string or list of object Any|no||
rest|any|no||
lost|object Nowhere|no||
"""


def test_a_skill_is_told_with_the_types_and_defaults_of_what_goes_in(aos: Aos, answering: Answering) -> None:
    mode = {"code": "TIMEOUT", "category": "transient", "retryable": True, "typical_cause": "It is slow."}
    skill = {"name": "call", "version": "1.0.0", "effect": "read", "output_schema": {}, "failure_modes": [mode]}
    answering((200, {**skill, "input_schema": PARAMS, "cost_model": {"base_micro_usd": 5}, "constraints": {"timeout_ms": 1_500}}))
    told = aos("describe-skill", "call")
    _, input_, failing = told.out.split("\n\n")
    assert input_.splitlines() == ["input", *(line.replace("|", "\t") for line in TOLD.split("\n")[1:-1])]
    assert failing.splitlines() == ["may fail", "TIMEOUT\ttransient\tyes\tIt is slow."]
    assert aos("describe-skill", "call", "-q").out == "call\n"
    assert json.loads(aos("skills", "get", "call", "--json").out)["input_schema"] == PARAMS


def test_every_verb_says_what_it_does(aos: Aos) -> None:
    told = aos("--help")
    assert told.code == 0
    for name, verb in VERBS.items():
        assert name in told.out
        assert aos(name, "--help").out.startswith(f"Usage: aos {name}"), verb


def test_a_defect_is_told_and_shown_with_debug(aos: Aos, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("aos_sdk.cli.runs.page_size", fail)
    told = aos("runs", "list")
    assert told.code == 7
    assert "error[INTERNAL]: ZeroDivisionError" in told.err or told.err.startswith("error[INTERNAL]")
    with pytest.raises((ZeroDivisionError, TypeError)):
        aos("--debug", "runs", "list")
