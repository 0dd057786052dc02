"""The witness: a file every call appends a line to, and what its lines say about calls that should not have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import astuple, dataclass
from pathlib import Path

Step = tuple[str, str]
"""Run and step."""


@dataclass(frozen=True)
class Line:
    """What a call did: it `began`, or it `changed` the world. The order of the file is the order of time."""

    what: str
    run: str
    step: str
    attempt: int
    pid: int
    call: str

    def __str__(self) -> str:
        return " ".join(map(str, astuple(self)))


def lines_of(witness: Path) -> list[Line]:
    """Return what was witnessed so far."""
    if not witness.exists():
        return []
    words = (line.split() for line in witness.read_text().splitlines())
    return [Line(what, run, step, int(attempt), int(pid), call) for what, run, step, attempt, pid, call in words]


def begun_after_success(lines: Iterable[Line], succeeded: Mapping[Step, str]) -> list[Line]:
    """Return the calls that began after the call of the same step whose result the journal holds."""
    over: set[Step] = set()
    found = []
    for line in lines:
        step = (line.run, line.step)
        if line.what != "began":
            continue
        if step in over:
            found.append(line)
        elif succeeded.get(step) == line.call:
            over.add(step)
    return found


def changed_twice(lines: Iterable[Line], doubted: Set[Step]) -> list[Step]:
    """Return the steps that changed the world more than once although nobody ever doubted whether they had."""
    changes = Counter((line.run, line.step) for line in lines if line.what == "changed")
    return sorted(step for step, times in changes.items() if times > 1 and step not in doubted)
