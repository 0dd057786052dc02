"""Each dependency has its reason: what requirements/*.in ask for and what the page explains are the same packages."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENT = re.compile(r"^([A-Za-z][\w.-]*)", re.MULTILINE)


def asked_for() -> set[str]:
    found = (REQUIREMENT.findall((PROJECT / f"requirements/{name}.in").read_text(encoding="utf-8")) for name in ("base", "dev"))
    return {name.lower() for names in found for name in names}


def test_it_explains_every_dependency() -> None:
    rows = (PROJECT / "docs/reference/dependencies.md").read_text(encoding="utf-8").splitlines()
    explained = " ".join(row.split("|")[1] for row in rows if row.startswith("| ")).lower()
    assert sorted(name for name in asked_for() if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", explained)) == []
