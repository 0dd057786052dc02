"""One way to compile a JSON Schema: nothing is fetched, no pattern hangs, and what is none is said to be none."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from skills.contracts import json_pointer
from skills.json_schema import SchemaInvalid, compile_schema
from tests.architecture.source_tree import APPS, files, label


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "nonsense"}, id="an unknown type"),
        pytest.param({"pattern": "("}, id="a broken pattern"),
        pytest.param({"$ref": "http://127.0.0.1:9/schema.json"}, id="a page"),
        pytest.param({"$ref": "file:///etc/hostname"}, id="a file"),
    ],
)
def test_it_refuses(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaInvalid):
        compile_schema(schema)


def test_it_reads_no_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SchemaInvalid):
        compile_schema({"$ref": (tmp_path / "schema.json").as_uri()})


def test_it_follows_references_within_a_schema() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}}
    assert (compile_schema(schema).is_valid([1]), compile_schema(schema).is_valid(["x"])) == (True, False)


def test_it_checks_formats() -> None:
    assert not compile_schema({"format": "date"}).is_valid("yesterday")


def test_it_is_not_hung_by_a_pattern() -> None:
    begun = time.process_time()
    assert not compile_schema({"pattern": "^(a|aa)+$"}).is_valid("a" * 5_000 + "b")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(("path", "pointer"), [([], ""), (["a", 0], "/a/0"), (["a/b~c"], "/a~1b~0c")])
def test_it_points(path: list[Any], pointer: str) -> None:
    assert json_pointer(path) == pointer


def test_nobody_else_compiles_one() -> None:
    callers = [label(path) for path in files(*APPS) if "Draft202012Validator(" in path.read_text(encoding="utf-8")]
    assert callers == ["skills/json_schema.py"]
