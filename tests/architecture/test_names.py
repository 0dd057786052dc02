"""A name is a place: where things are, and that there is one of each."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.source_tree import APPS, SOURCES, contract, dotted, files, imports, label, parsed

NO_PLACE = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "managers", "signals_handlers"})


def test_it_has_no_module_whose_name_says_nothing() -> None:
    assert [label(path) for path in files(*SOURCES) if not NO_PLACE.isdisjoint({path.stem, *path.parent.parts})] == []


def test_it_opens_every_file_with_what_it_is_for() -> None:
    silent = [label(path) for path in files(*SOURCES) if path.stat().st_size and not ast.get_docstring(parsed(path))]
    assert silent == [], "the first line of a file says what it is for"


def test_it_defines_canonical_json_once() -> None:
    assert [label(path) for path in files(*APPS) if "rfc8785" in imports(path)] == ["skills/canonical.py"]


def test_it_lists_every_skill_in_the_contract_of_independence() -> None:
    skills = [dotted(path) for path in files("skills/library") if _declares_skill(path)]
    assert skills == sorted(contract("skills-independent")["modules"])


def _declares_skill(path: Path) -> bool:
    classes = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef))
    return any(_name(decorator) == "skill" for node in classes for decorator in node.decorator_list)


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""
