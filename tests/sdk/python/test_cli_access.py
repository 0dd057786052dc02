"""Who may do what, from the command line: service accounts, keys of theirs, endpoints whose answers count, and what waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.python.conftest import Told
from tests.sdk.python.test_retries import Answering

Aos = Callable[..., Told]
ACCOUNT = {"service_account_id": "sva_1", "name": "nightly", "role": "developer", "is_active": True, "created_at": "2026-01-01T00:00:00Z"}
HOOK = {"webhook_id": "whk_1", "url": "https://example.org/", "secret": "whsec_AAAA"}
URL = "https://example.org/"
SEEN = {
    "action": "cancel",
    "total": 1,
    "refused": 0,
    "by_status": [{"name": "queued", "runs": 1}],
    "by_agent": [{"name": "scout", "runs": 1}],
    "effects": [],
    "not_looked_into": 0,
    "first": [{"run_id": "run_1", "status": "queued", "agent": "scout", "is_refused": False, "detail": "stops for good"}],
}

# What is asked for, and what is sent: a body, or for a list what its query says.
SENT: dict[str, tuple[dict[str, Any], str, dict[str, Any] | None]] = {
    "service-accounts get sva_1": (ACCOUNT, "GET service-accounts/sva_1", None),
    "service-accounts create nightly --role developer": (
        ACCOUNT,
        "POST service-accounts",
        {"name": "nightly", "role": "developer"},
    ),
    "service-accounts update sva_1 --role viewer --deactivate": (
        ACCOUNT,
        "PATCH service-accounts/sva_1",
        {"role": "viewer", "is_active": False},
    ),
    "keys create k --scope runs:read --service-account sva_1": (
        {"key_id": "key_1", "key": "aos_…"},
        "POST api-keys",
        {"name": "k", "scopes": ["runs:read"], "service_account_id": "sva_1"},
    ),
    "agents update agt_1 --status paused --expect 3 --reason rest": (
        {"agent_id": "agt_1"},
        "PATCH agents/agt_1",
        {"status": "paused", "expected_version": 3, "reason": "rest"},
    ),
    "agents versions scout 2": ({"version": 2, "profile": {}}, "GET agents/scout/versions/2", None),
    "bulk preview cancel --status queued --run run_1 --run run_2": (
        SEEN,
        "POST bulk-operations/preview",
        {"action": "cancel", "filter": {"status": "queued", "run_ids": ["run_1", "run_2"]}},
    ),
    "bulk begin rerun --failure-code TIMEOUT --reason mended --expected 21 --versions pinned --repeat-effects": (
        {"bulk_id": "blk_1"},
        "POST bulk-operations",
        {
            "action": "rerun",
            "filter": {"failure_code": "TIMEOUT"},
            "reason": "mended",
            "expected": 21,
            "options": {"versions": "pinned", "repeat_effects": True},
        },
    ),
    "bulk begin pause --agent scout --reason slow": (
        {"bulk_id": "blk_1"},
        "POST bulk-operations",
        {"action": "pause", "filter": {"agent": "scout"}, "reason": "slow"},
    ),
    "bulk get blk_1": ({"bulk_id": "blk_1"}, "GET bulk-operations/blk_1", None),
    "bulk abort blk_1": ({"bulk_id": "blk_1"}, "POST bulk-operations/blk_1/abort", {}),
    f"webhooks create {URL}": (HOOK, "POST webhooks", {"url": URL}),
    f"webhooks create {URL} --may-answer": (HOOK, "POST webhooks", {"url": URL, "may_answer": True}),
    "webhooks update whk_1 --may-not-answer --event run.ended": (
        HOOK,
        "PATCH webhooks/whk_1",
        {"may_answer": False, "event_types": ["run.ended"]},
    ),
}


@pytest.mark.parametrize("words", SENT)
def test_it_sends_what_was_given_and_no_more(words: str, aos: Aos, answering: Answering) -> None:
    answer, asked, body = SENT[words]
    answers = answering((200, answer))
    told = aos(*words.split(), "--json")
    assert (told.code, json.loads(told.out)) == (0, answer)
    (request,) = answers.asked
    assert f"{request.method} {request.path.removeprefix('/api/v1/')}" == asked
    assert (json.loads(request.get_data()) if body is not None else None) == body


LISTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "service-accounts": (ACCOUNT, ["sva_1", "nightly", "developer"]),
    "in-doubt": (
        {"run_id": "run_1", "step_id": "pay", "skill": "http_call", "failure_code": "TIMEOUT", "started_at": "2026-01-01T00:00:00Z"},
        ["run_1", "pay", "http_call", "TIMEOUT"],
    ),
    "approvals": (
        {"run_id": "run_1", "step_id": "pay", "agent": "scout", "skill": "http_call", "effect": "write", "requested_by": "key:alice"},
        ["run_1", "pay", "scout", "http_call", "write", "key:alice"],
    ),
}


@pytest.mark.parametrize("group", LISTS)
def test_a_list_shows_what_one_decides_by(group: str, aos: Aos, answering: Answering) -> None:
    row, cells = LISTS[group]
    answers = answering((200, {"data": [row], "next_cursor": None}))
    assert aos(group, "list").out.splitlines()[0].split("\t")[: len(cells)] == cells
    assert answers.asked[0].path == f"/api/v1/{group}"


def test_a_role_nobody_knows_is_told_before_anything_is_sent(aos: Aos, answering: Answering) -> None:
    answers = answering((200, ACCOUNT))
    told = aos("service-accounts", "create", "nightly", "--role", "king")
    assert (told.code, answers.asked) == (2, [])
    assert "'king' is not one of" in told.err


SAYING_WHY = (
    ("approvals", "reject", "run_1", "pay", "--action-hash", "0" * 64),
    ("approvals", "approve", "run_1", "pay", "--action-hash", "0" * 64, "--params", "params.json"),
    ("runs", "decide", "run_1", "pay", "reject"),
    ("in-doubt", "verdict", "run_1", "pay", "happened"),
)


@pytest.mark.parametrize("words", SAYING_WHY, ids=" ".join)
def test_a_script_that_does_not_say_why_is_told_before_anything_is_sent(
    words: tuple[str, ...], aos: Aos, answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.json").write_text("{}")
    answers = answering((202, {"run_id": "run_1"}))
    for reason in ((), ("--reason", "too short"), ("--reason", " " * 20)):
        told = aos(*words, *reason)
        assert (told.code, answers.asked) == (2, [])
        assert "error[REASON_TOO_SHORT]: say why, in 10 characters at least" in told.err and "--reason WHY" in told.err
