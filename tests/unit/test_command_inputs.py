"""What people type: pairs and JSON files, and one clear line for what cannot be read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from runs.management.inputs import json_object, pairs, plan_in
from skills.refusal import Refusal
from skills.strict_json import MAX_BYTES


def test_it_reads_pairs_and_files_of_which_the_last_wins(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"n": 1, "x": "file"}')
    assert pairs(["x=1", f"@{tmp_path / 'f.json'}", "y=a=b", "z="], option="--input") == {"x": "file", "n": 1, "y": "a=b", "z": ""}


@pytest.mark.parametrize("text", ["plain", "=value", ""])
def test_it_refuses_what_is_no_pair(text: str) -> None:
    with pytest.raises(Refusal, match="--input takes name=value"):
        pairs([text], option="--input")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"{", r"f\.json cannot be read: line 1", id="broken"),
        pytest.param(b"", r"f\.json cannot be read: line 1", id="empty"),
        pytest.param(b"\xff", "is not UTF-8", id="not-utf-8"),
        pytest.param(b'{"a": NaN}', "NaN is no number", id="not-a-number"),
        pytest.param(b'{"a": 9223372036854775808}', "is no number", id="a-number-too-large"),
        pytest.param(b'{"a": "\\ud800"}', "half a surrogate pair", id="half-a-surrogate-pair"),
        pytest.param(b'{"a": "\\u0000"}', "holds a NUL", id="nul"),
        pytest.param(b'{"a": 1, "a": 2}', "more than once", id="a-name-given-twice"),
        pytest.param(b"[" * 100_000, "nested deeper", id="too-deep"),
        pytest.param(b"[]", "holds no JSON object", id="a-list"),
    ],
)
def test_it_says_why_a_file_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(Refusal, match=said):
        json_object(str(tmp_path / "f.json"))


def test_it_says_which_file_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"none\.json cannot be read: No such file"):
        json_object(str(tmp_path / "none.json"))


def test_it_takes_no_file_without_end(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(" " * (MAX_BYTES + 1))
    with pytest.raises(Refusal) as refused:
        json_object(str(tmp_path / "f.json"))
    assert refused.value.code == "CONTENT_TOO_LARGE"


def test_it_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))
    assert json_object("-") == {"a": 1}


def test_it_finds_the_plan_in_a_request_body() -> None:
    assert plan_in({"plan": {"steps": []}, "agent": "a"}) == {"steps": []}
    assert plan_in({"steps": [], "goal": "g"}) == {"steps": [], "goal": "g"}
