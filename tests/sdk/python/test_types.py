"""Answers are records: typed as the OpenAPI document says, and open for what a newer server says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from aos_sdk import Record, types

from tests.conftest import PROJECT

GENERATOR = PROJECT / "sdk" / "python" / "generate_types.py"


def test_it_has_the_types_of_the_openapi_document() -> None:
    done = subprocess.run([sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_check_notices_a_schema_that_changed(tmp_path: Path) -> None:
    document = json.loads((PROJECT / "docs/reference/openapi.json").read_text())
    document["components"]["schemas"]["RunView"]["properties"]["mood"] = {"type": "string"}
    changed = tmp_path / "openapi.json"
    changed.write_text(json.dumps(document))
    command = [sys.executable, str(GENERATOR), "--check", "--document", str(changed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "names_r" in done.stderr


def test_members_are_attributes_and_objects_inside_are_typed() -> None:
    run = types.RunView({"run_id": "run_1", "status": "running", "cost": {"spent_micro_usd": 5}})
    assert run.run_id == run["run_id"] == "run_1"
    assert isinstance(run.cost, types.RunCost)
    assert run.cost.spent_micro_usd == 5
    assert json.loads(json.dumps(run))["cost"] == {"spent_micro_usd": 5}


def test_lists_of_objects_are_typed() -> None:
    page = types.RunPage({"data": [{"run_id": "run_1"}], "next_cursor": None})
    assert [type(each) for each in page.data] == [types.RunView]


def test_it_takes_what_a_newer_server_says() -> None:
    run = types.RunView({"status": "levitating", "aura": {"colour": "blue"}})
    assert run.status == "levitating"
    assert run.aura.colour == "blue"


def test_a_known_member_that_was_left_out_is_none_and_an_unknown_one_is_told() -> None:
    run = types.RunView({"run_id": "run_1"})
    assert run.waiting_for is None
    with pytest.raises(AttributeError, match="RunView has no member 'colour'"):
        _ = run.colour
    assert not hasattr(run, "colour")


def test_a_member_named_like_a_keyword_takes_an_underscore() -> None:
    answer = types.UsageAnswer({"from": "2026-01-01"})
    assert answer.from_ == answer["from"] == "2026-01-01"


def test_a_record_can_be_written_to() -> None:
    record = Record({"a": 1})
    record.b = 2
    assert record == {"a": 1, "b": 2}
    assert "b" in dir(record)
