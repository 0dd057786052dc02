"""The source files of this repository, as the architecture tests look at them."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("aos_site", "runs", "catalog", "agents", "skills")
SOURCES = (*APPS, "bench", "sdk", "ops", "tests", "examples")
_NOT_OURS = frozenset({".venv", "__pycache__", "node_modules", "migrations", "build", "dist"})


def files(*roots: str, suffix: str = ".py") -> list[Path]:
    """Return the files below these folders, without what tools generate."""
    found = (path for root in roots for path in (PROJECT / root).rglob(f"*{suffix}"))
    return sorted(path for path in found if _NOT_OURS.isdisjoint(path.relative_to(PROJECT).parts))


def label(path: Path) -> str:
    """Return the path as a reader of the repository knows it."""
    return path.relative_to(PROJECT).as_posix()


def dotted(path: Path) -> str:
    """Return the name by which the module is imported."""
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; not to be kept, for to hold the trees of all files costs more than to read them again."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def functions(path: Path) -> list[tuple[str, int]]:
    """Return the name and the number of lines of each function, from `def` to its last line."""
    defined = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, node.end_lineno - node.lineno + 1) for node in defined if node.end_lineno is not None]


@cache
def imports(path: Path) -> set[str]:
    """Return every module a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
    return found


def configuration() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(contract_id: str) -> dict[str, Any]:
    """Return the import contract with this id."""
    contracts: list[dict[str, Any]] = configuration()["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["id"] == contract_id)
