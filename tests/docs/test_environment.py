"""The environment is documented: what settings read and what .env.example names are the same variables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
READERS = frozenset({"_required_in_production"})


def read_by_settings() -> set[str]:
    tree = ast.parse((PROJECT / "aos_site/settings.py").read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    names = {node.args[0].value for node in calls if _reads_environment(node.func) and isinstance(node.args[0], ast.Constant)}
    return {str(name) for name in names}


def _reads_environment(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Name) and called.value.id == "env"
    return isinstance(called, ast.Name) and called.id in READERS


def test_it_documents_every_variable_and_no_other() -> None:
    documented = LINE.findall((PROJECT / ".env.example").read_text(encoding="utf-8"))
    assert len(documented) == len(set(documented)), "each variable stands there once"
    assert set(documented) == read_by_settings()
