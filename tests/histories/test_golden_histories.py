"""Recorded runs of every kind behave today as they did when they were recorded, and none was touched since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs.engine import outcomes, retry
from runs.proof.histories import read_file, read_history_document, replay_history, text_of
from skills.canonical import canonical_json
from skills.refusal import Refusal
from skills.registry import registry
from skills.signing import is_signed, sign
from tests.histories.kinds import KINDS
from tests.histories.record import HERE, SUMS

FILES = sorted(HERE.glob("*.json"))
KEY, OTHER_KEY = "k" * 32, "o" * 32


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("mode", ["verify", "tape"])
def test_it_behaves_as_it_did(file: Path, mode: Any) -> None:
    report = replay_history(read_file(file), mode)
    assert report.matched, report
    assert (report.behaviour_hash, report.content_hash) == (report.recorded_behaviour_hash, report.recorded_content_hash)


def test_it_needs_none_of_the_skills_and_says_which_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_skills", {})
    report = replay_history(read_file(HERE / "fallback.json"), "tape")
    assert report.matched
    assert [(gap.step_id, gap.skill, gap.why) for gap in report.missing] == [
        ("try", "fails", "not_registered"),
        ("try!fallback", "say", "not_registered"),
    ]


def test_there_is_one_of_every_kind() -> None:
    assert {file.stem for file in FILES} == set(KINDS)


def test_files_are_added_and_never_edited() -> None:
    kept = dict(reversed(line.split("  ")) for line in SUMS.read_text().splitlines())
    assert kept == {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES}


def test_another_back_off_is_caught_at_the_step_that_backs_off(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = retry.delay_ms
    for module in (retry, outcomes):
        monkeypatch.setattr(module, "delay_ms", lambda *given, **more: as_it_is(*given, **more) + 1)
    caught = {file.stem: report for file in FILES if not (report := replay_history(read_file(file), "tape")).matched}
    assert {"retried", "retried_by_advice", "given_up"} <= set(caught)
    assert "plain" not in caught
    found = caught["retried"].divergence
    assert found is not None and (found.step_id, found.seq) == ("try", 3)
    assert "retry" in found.detail


# What cannot be trusted


def plain() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "plain.json").read_text())
    return found


def event(document: dict[str, Any], seq: int, edit: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    told = json.loads(document["events"][seq - 1])
    edit(told)
    return document | {"events": [*document["events"][: seq - 1], json.dumps(told), *document["events"][seq:]]}


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "a later format": (lambda d: d | {"format": 2}, "REPLAY_DIVERGED", "format 2; this version reads 1"),
    "a field nobody knows": (lambda d: d | {"author": "me"}, "SCHEMA_VALIDATION_FAILED", "is no history"),
    "no events": (lambda d: d | {"events": []}, "SCHEMA_VALIDATION_FAILED", "is no history"),
    "no object": (lambda d: [d], "SCHEMA_VALIDATION_FAILED", "is no history"),
    "a gap": (lambda d: d | {"events": [*d["events"][:2], *d["events"][3:]]}, "REPLAY_DIVERGED", "event 3 does not follow"),
    "another order": (
        lambda d: d | {"events": [d["events"][0], d["events"][2], d["events"][1], *d["events"][3:]]},
        "REPLAY_DIVERGED",
        "event 2",
    ),
    "no end": (lambda d: d | {"events": d["events"][:-1]}, "REPLAY_DIVERGED", "does not end as"),
    "an unknown event": (lambda d: event(d, 3, lambda e: e["fact"].update(kind="dreamt")), "REPLAY_DIVERGED", "event 3 cannot be read"),
    "an event of a later format": (lambda d: event(d, 3, lambda e: e.update(v=7)), "REPLAY_DIVERGED", "event 3 has format 7"),
    "a result that was changed": (
        lambda d: event(d, 3, lambda e: e["fact"].update(result=0)),
        "REPLAY_DIVERGED",
        "event 4 does not follow",
    ),
    "an event that is no JSON": (lambda d: d | {"events": ["{", *d["events"][1:]]}, "REPLAY_DIVERGED", "event 1 cannot be read"),
    "a payload that was removed": (
        lambda d: d | {"events": ['{"v":0,"prev":"","removed":{}}', *d["events"][1:]]},
        "REPLAY_DIVERGED",
        "event 1 was removed",
    ),
}


@pytest.mark.parametrize(("harm", "code", "words"), BAD.values(), ids=BAD.keys())
def test_it_refuses_what_cannot_be_trusted(harm: Callable[[dict[str, Any]], Any], code: str, words: str) -> None:
    with pytest.raises(Refusal, match=words) as refused:
        read_history_document(harm(plain()), "plain.json")
    assert refused.value.code == code


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 5_000], ids=repr)
def test_it_refuses_a_file_that_is_no_json(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "h.json").write_bytes(raw)
    with pytest.raises(Refusal, match=r"h\.json cannot be read"):
        read_file(tmp_path / "h.json")


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        read_file(tmp_path / "h.json")


def test_hashes_that_do_not_fit_are_a_replay_that_differs() -> None:
    report = replay_history(read_history_document(plain() | {"behaviour_hash": "0" * 64}, "plain.json"), "verify")
    assert not report.matched
    assert [each.name for each in report.invariants if not each.held] == ["hashes"]


MISNAMED = {"status": "failed", "plan_hash": "0" * 64}


@pytest.mark.parametrize(("field", "value"), MISNAMED.items(), ids=MISNAMED.keys())
def test_what_a_history_says_of_its_end_is_held_against_its_events(field: str, value: str) -> None:
    report = replay_history(read_history_document(plain() | {field: value}, "plain.json"), "tape")
    assert not report.matched
    assert [each.name for each in report.invariants if not each.held] == ["end"]


def test_it_refuses_events_of_another_run() -> None:
    with pytest.raises(Refusal, match="event 1 does not accept"):
        read_history_document(plain() | {"run_id": "run_" + "0" * 32}, "plain.json")


@pytest.mark.parametrize("number", [0, -1, True, "1", None], ids=repr)
def test_it_refuses_a_format_there_never_was(number: Any) -> None:
    with pytest.raises(Refusal) as refused:
        read_history_document(plain() | {"format": number}, "plain.json")
    assert refused.value.errors[0]["pointer"] == "/format"


# Signed


def signed(document: dict[str, Any], key: str) -> dict[str, Any]:
    return document | {"signature": sign(canonical_json({k: v for k, v in document.items() if k != "signature"}), [key])}


def test_it_believes_what_a_known_key_signed(settings: Any, tmp_path: Path) -> None:
    settings.SIGNING_KEYS = [OTHER_KEY, KEY]
    (tmp_path / "h.json").write_text(text_of(signed(plain(), KEY)))
    assert read_file(tmp_path / "h.json", must_be_signed=True).is_signed


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "not signed": lambda d: d,
    "signed by somebody else": lambda d: signed(d, "x" * 32),
    "changed since": lambda d: signed(d, KEY) | {"description": "another"},
    "signed in another way": lambda d: d | {"signature": "v0,AAAA"},
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_it_refuses_what_no_known_key_signed(settings: Any, forge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    settings.SIGNING_KEYS = [KEY]
    with pytest.raises(Refusal) as refused:
        read_history_document(forge(plain()), "plain.json", must_be_signed=True)
    assert refused.value.errors[0]["pointer"] == "/signature"


def test_two_keys_sign_while_one_replaces_the_other() -> None:
    both = sign(b"content", [KEY, OTHER_KEY])
    assert is_signed(b"content", both, [KEY]) and is_signed(b"content", both, [OTHER_KEY])
    assert not is_signed(b"content", both, ["x" * 32]) and not is_signed(b"Content", both, [KEY])
    assert both.count("v1,") == 2
