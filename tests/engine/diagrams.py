"""Draws the state diagrams of docs/explanation/machine.md from the tables. `python -m tests.engine.diagrams` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from runs.engine.state import RUN_TRANSITIONS, STEP_TRANSITIONS

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/machine.md"
DIAGRAMS = {"step": (STEP_TRANSITIONS, "pending"), "run": (RUN_TRANSITIONS, "queued")}


def drawn(table: Mapping[str, frozenset[str]], begins: str) -> str:
    """Return a table as a mermaid state diagram, in an order that depends on the table alone."""
    lines = ["stateDiagram-v2", f"    [*] --> {begins}"]
    for status, following in table.items():
        lines += [f"    {status} --> {end}" for end in table if end in following]
    lines += [f"    {status} --> [*]" for status, following in table.items() if not following]
    return "\n".join(lines)


def with_diagrams(page: str) -> str:
    """Return the page with every diagram drawn anew between its marks."""
    for name, (table, begins) in DIAGRAMS.items():
        block = f"<!-- {name} -->\n```mermaid\n{drawn(table, begins)}\n```\n<!-- /{name} -->"
        page, count = re.subn(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, page, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"the page has {count} places for '{name}'")
    return page


if __name__ == "__main__":
    PAGE.write_text(with_diagrams(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
