"""Puts what it reads from standard input between the demo marks of README.md; `make readme` calls it."""

from __future__ import annotations

import sys
from pathlib import Path

BEGIN = "<!-- demo:begin -->\n<!-- written by `make readme`, which runs `make demo` and puts what it printed here -->\n"
END = "<!-- demo:end -->\n"


def with_section(page: str, transcript: str) -> str:
    """Return the page with the transcript between its marks. Raises ValueError when a mark is missing."""
    before, opened, rest = page.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not opened or not closed:
        raise ValueError("README.md has no demo marks")
    return f"{before}{BEGIN}\n```\n$ make demo\n{transcript.strip()}\n```\n\n{END}{after}"


if __name__ == "__main__":
    readme = Path(__file__).resolve().parent.parent / "README.md"
    printed = sys.stdin.read()
    if not printed.strip():
        sys.exit("the demo printed nothing; README.md stays as it is")
    readme.write_text(with_section(readme.read_text(encoding="utf-8"), printed), encoding="utf-8")
