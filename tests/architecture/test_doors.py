"""Each risky thing stands behind one door, and some have none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.architecture.source_tree import APPS, files, imports, label, parsed

# library → the only files that may import it
DOORS = [
    pytest.param("django_q", ("runs/shell/processes/doorbell*.py", "runs/shell/processes/cluster.py"), id="the-queue-is-a-bell"),
    pytest.param("redis", ("runs/shell/processes/doorbell_redis.py",), id="redis-is-one-broker"),
    pytest.param("anthropic", ("skills/adapters/*.py",), id="a-vendor-has-one-adapter"),
    pytest.param("jsonpath", ("skills/library/json_*.py",), id="json-paths"),
    pytest.param("selectolax", ("skills/library/*.py", "skills/adapters/*.py"), id="html"),
    pytest.param("environ", ("aos_site/settings.py",), id="the-environment-is-read-once"),
]
NEVER_IMPORTED = frozenset({"pickle", "cloudpickle", "dill", "shelve", "marshal"})
NEVER_CALLED = frozenset({"eval", "exec", "compile", "__import__", "mark_safe", "SafeString"})
UNSAFE_IN_TEMPLATES = re.compile(r"\|\s*safe(seq)?\b|\{%\s*autoescape\s+off")


@pytest.mark.parametrize(("library", "door"), DOORS)
def test_it_imports_a_library_behind_its_door_only(library: str, door: tuple[str, ...]) -> None:
    importers = [label(path) for path in files(*APPS) if any(_is_in(library, name) for name in imports(path))]
    assert [path for path in importers if not any(fnmatch(path, allowed) for allowed in door)] == []


def test_it_unpickles_nothing() -> None:
    assert [label(path) for path in files(*APPS) if not NEVER_IMPORTED.isdisjoint(imports(path))] == []


def test_it_turns_no_text_into_code_and_no_data_into_markup() -> None:
    assert [f"{label(path)}:{line} {name}" for path in files(*APPS) for name, line in _calls(path) if name in NEVER_CALLED] == []


def test_it_escapes_everything_in_templates() -> None:
    pages = files("templates", *APPS, suffix=".html")
    assert [label(path) for path in pages if UNSAFE_IN_TEMPLATES.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("markup", "unsafe"),
    [
        pytest.param("{{ run.goal|safe }}", True, id="safe"),
        pytest.param("{{ run.goal | safeseq }}", True, id="safeseq"),
        pytest.param("{% autoescape off %}", True, id="autoescape-off"),
        pytest.param("{{ run.goal }} is safe", False, id="escaped"),
        pytest.param("{{ value|safe_name }}", False, id="another-filter"),
    ],
)
def test_it_tells_unescaped_markup(markup: str, unsafe: bool) -> None:
    assert bool(UNSAFE_IN_TEMPLATES.search(markup)) is unsafe


def _is_in(library: str, module: str) -> bool:
    return module == library or module.startswith(library + ".")


def _calls(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            # `re.compile` and the like have an owner; the built-in has none.
            if isinstance(node.func, ast.Name):
                yield node.func.id, node.lineno
            elif isinstance(node.func, ast.Attribute) and node.func.attr in ("mark_safe", "SafeString"):
                yield node.func.attr, node.lineno
