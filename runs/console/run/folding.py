"""What the page of a long run leaves out until somebody opens it: items of a loop beyond the first, and what went on inside steps. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

Json = Mapping[str, Any]

SIBLINGS_SHOWN = 20
"""Of a loop over hundreds of items the first say enough, and those an operator has to know of."""
FEWEST_SHOWN = 3
ROWS_SHOWN = 600
"""Beyond so many rows what went on inside a step is one row, which opens."""
STEPS_IN_DETAIL = 60
"""Of more steps than these the table tells what was decided and what came out only where somebody opens it."""
GRAVE = frozenset({"failed", "in_doubt", "waiting", "running"})


OPEN = "open"
"""The parameter of the address that says which step is opened."""


class Fold(NamedTuple):
    """So many siblings that are not shown, and how many of them failed; none where all are, and may be folded again."""

    base: str
    hidden: int
    failed: int = 0


class Shown(NamedTuple):
    """A step that is shown; `is_first_opened`: it is where somebody who opened its siblings wants to be."""

    step: Json
    is_first_opened: bool


class Ways(NamedTuple):
    """The addresses of the page with something opened, and with nothing."""

    address: str = "?open="
    place: str = "aos-opened"
    back: str = "aos-waterfall-title"

    def to(self, base: str) -> str:
        return f"{self.address}{quote(base, safe='')}#{self.place if base else self.back}"


def address_to_open(asked: Mapping[str, str]) -> str:
    """Return the address of the page as it was asked for, up to where the step to open is named."""
    kept = {name: value for name, value in asked.items() if name != OPEN}
    return f"?{urlencode({**kept, OPEN: ''})}"


def base_of(step: Json) -> str:
    """Return the step of the plan that a step belongs to: for an item of a for_each (`each#3`) that is `each`."""
    return str(step["step_id"]).partition("#")[0]


def is_item(step: Json) -> bool:
    return "#" in str(step["step_id"])


def folded(steps: Sequence[Json], opened: str = "") -> Iterator[Shown | Fold]:
    """Yield the steps, of each loop only the first ones and the grave, then how many more there are; of an opened one all."""
    totals = Counter(base_of(step) for step in steps if is_item(step))
    first = _first_shown(totals)
    seen: Counter[str] = Counter()
    graves: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for step in steps:
        base = base_of(step)
        if not is_item(step):
            yield Shown(step, base == opened and not totals[base])
            continue
        seen[base] += 1
        is_beyond = seen[base] > first
        if is_beyond and step["status"] in GRAVE:
            graves[base] += 1
        is_grave = is_beyond and step["status"] in GRAVE and graves[base] <= SIBLINGS_SHOWN
        if not is_beyond or base == opened or is_grave:
            shown[base] += 1
            yield Shown(step, base == opened and seen[base] == (first + 1 if totals[base] > first else 1))
        else:
            failed[base] += step["status"] == "failed"
        if seen[base] == totals[base] > first and (base == opened or shown[base] < totals[base]):
            yield Fold(base, totals[base] - shown[base], failed[base])


def _first_shown(totals: Counter[str]) -> int:
    """Return how many items of a loop are shown: fewer where there are many long loops."""
    loops = sum(total > SIBLINGS_SHOWN for total in totals.values())
    return max(FEWEST_SHOWN, min(SIBLINGS_SHOWN, ROWS_SHOWN // max(1, loops)))


def in_words(fold: Fold) -> str:
    """Say what a fold leads to."""
    failed = f", {fold.failed:,} of them failed" if fold.failed else ""
    return f"… {fold.hidden:,} more of {fold.base}{failed}" if fold.hidden else f"Fold {fold.base} again"
