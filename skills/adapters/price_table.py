"""The dated prices: what a row says, and the table that tells which row is in force for a name on a day. Pure.

A price is micro-USD per million tokens, in four buckets. The rows AOS comes with stand in `skills/data/prices.json`,
which `python -m skills.adapters.price_rows` writes; nothing is looked up over the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

ROWS_FILE = Path(__file__).parent.parent / "data" / "prices.json"

PER_CALL = "skill"
"""The provider of rows that price a call of a skill, whatever it does; their model is the name of the skill."""

CLAUSES = ("contains", "starts_with", "regex", "equals")
"""How a row may name models; of two rows that both fit a name, the one whose clause stands further down here counts."""

BUCKETS = ("input", "output", "cache_read", "cache_write")


class Clause(NamedTuple):
    """One way a row fits a name."""

    how: str
    text: str

    def fits(self, name: str) -> bool:
        if self.how == "equals":
            return name == self.text
        if self.how == "starts_with":
            return name.startswith(self.text)
        return re.search(self.text, name) is not None if self.how == "regex" else self.text in name

    @property
    def closeness(self) -> tuple[int, int]:
        """Return how narrowly the clause names what it fits."""
        return CLAUSES.index(self.how), len(self.text)


@dataclass(frozen=True)
class Tier:
    """Prices that hold for the whole call once its input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int

    @cached_property
    def dearest_input(self) -> int:
        """Return what an input token costs at most, in whatever bucket."""
        return max(self.input, self.cache_read, self.cache_write)


@dataclass(frozen=True)
class Price:
    """The prices of one model from one day on. `version` is stored with every cost computed from it."""

    version: str
    tiers: tuple[Tier, ...]


class PerCall(NamedTuple):
    """What one call of a skill costs, whatever it does."""

    version: str
    micro_usd: int


@dataclass(frozen=True)
class DatedPrice:
    """A row: what a model, or a call of a skill, costs from a day on (None: ever since). `version` names it for good."""

    provider: str
    model: str
    match: tuple[Clause, ...]
    valid_from: date | None
    version: str
    tiers: tuple[Tier, ...] = ()
    per_call_micro_usd: int | None = None
    by_operator: bool = False

    @property
    def begins(self) -> date:
        return self.valid_from or date.min

    @cached_property
    def price(self) -> Price:
        return Price(self.version, self.tiers)

    @property
    def content(self) -> tuple[Any, ...]:
        """Return all that a row says but since when."""
        return self.match, self.tiers, self.per_call_micro_usd

    def closeness(self, name: str) -> tuple[int, int] | None:
        """Return how narrowly the row names this model, None where it does not."""
        return max((clause.closeness for clause in self.match if clause.fits(name)), default=None)


class PriceTable:
    """Rows that never change; asking them does no I/O.

    A row replaces the earlier rows of its provider and model from its day on, its ways to name them included. Where rows of
    several models fit a name, one an operator added goes before all that AOS came with, then the one that names it most
    narrowly, then the latest, then the one added last.
    """

    def __init__(self, rows: Iterable[DatedPrice]) -> None:
        self.rows = tuple(rows)
        self._added = {id(row): position for position, row in enumerate(self.rows)}
        self._series: dict[str, list[list[DatedPrice]]] = {}
        for (provider, _, _), series in _by_model(self.rows).items():
            self._series.setdefault(provider, []).append(series)
        # Names come from plans: only so many are kept.
        self._row_of = lru_cache(maxsize=1_024)(self._find)
        self._one_name = lru_cache(maxsize=1_024)(self._find_one_name)

    def row_of(self, provider: str, name: str, on: date) -> DatedPrice | None:
        """Return the row in force for a name on a day, None where no row knows it."""
        return self._row_of(provider, name, on)

    def price_of(self, provider: str, name: str, on: date) -> Price | None:
        """Return the price in force for a model on a day, None where no row knows it."""
        row = self.row_of(provider, name, on)
        return None if row is None or provider == PER_CALL else row.price

    @property
    def has_calls(self) -> bool:
        """Tell whether any row prices a call of a skill."""
        return PER_CALL in self._series

    def per_call(self, skill: str, on: date) -> PerCall | None:
        """Return what a call of a skill costs on a day, None where no row says so."""
        if not self.has_calls:
            return None
        row = self.row_of(PER_CALL, skill, on)
        return None if row is None or row.per_call_micro_usd is None else PerCall(row.version, row.per_call_micro_usd)

    def model_named(self, provider: str, name: str, on: date) -> str:
        """Return the one name of a model that is known by several, itself where no row knows it."""
        row = self.row_of(provider, name, on)
        return name if row is None else row.model

    def one_name(self, name: str, on: date) -> str:
        """Return the one name of a model, whoever provides it; itself where no row knows it, or rows of several do."""
        return self._one_name(name, on)

    def _find_one_name(self, name: str, on: date) -> str:
        found = {self.model_named(provider, name, on) for provider in self._series if provider != PER_CALL} - {name}
        return found.pop() if len(found) == 1 else name

    def current(self, on: date) -> Iterator[DatedPrice]:
        """Yield the rows in force on a day: of each model the last that has begun, but none of ours whose names an
        operator's row has all taken over."""
        for provider in self._series:
            rows = list(self._last_begun(provider, on))
            taken = {row.model: set(row.match) for row in rows if row.by_operator}
            yield from (row for row in rows if row.by_operator or not set(row.match) <= taken.get(row.model, set()))

    def _last_begun(self, provider: str, on: date) -> Iterator[DatedPrice]:
        found = (_begun(series, on) for series in self._series.get(provider, ()))
        yield from (row for row in found if row is not None)

    def _find(self, provider: str, name: str, on: date) -> DatedPrice | None:
        fitting = [(row, row.closeness(name)) for row in self._last_begun(provider, on)]
        ranked = [(row.by_operator, close, row.begins, self._added[id(row)]) for row, close in fitting if close is not None]
        return self.rows[max(ranked)[-1]] if ranked else None


def _by_model(rows: Iterable[DatedPrice]) -> dict[tuple[str, bool, str], list[DatedPrice]]:
    found: dict[tuple[str, bool, str], list[DatedPrice]] = {}
    for row in rows:
        found.setdefault((row.provider, row.by_operator, row.model), []).append(row)
    return found


def additions(shipped: Iterable[DatedPrice], have: Iterable[DatedPrice], today: date) -> list[DatedPrice]:
    """Return the rows to add to those of earlier releases, so that from today on they say what this release ships.

    What it says about days before is not taken over: nobody was charged by it. Only the first release's rows are taken as
    they stand. A model that is shipped no more keeps its price.
    """
    shipped, added = list(shipped), _by_model(have)
    if not added:
        return shipped
    return [row for key, wanted in _by_model(shipped).items() for row in _caught_up(wanted, added.get(key, []), today)]


def _caught_up(wanted: list[DatedPrice], have: list[DatedPrice], today: date) -> Iterator[DatedPrice]:
    series = list(have)
    for day in sorted({today, *(row.begins for row in (*wanted, *have) if row.begins > today)}):
        right, standing = _begun(wanted, day), _begun(series, day)
        if right is not None and (standing is None or standing.content != right.content):
            release = right.version.partition("/")[0]
            series.append(replace(right, valid_from=day, version=version_of(release, right.model, day)))
            yield series[-1]


def _begun(series: Iterable[DatedPrice], on: date) -> DatedPrice | None:
    """Return the row of one model that is in force on a day: of two from the same day the one added later."""
    begun = sorted((row for row in series if row.begins <= on), key=lambda row: row.begins)
    return begun[-1] if begun else None


def version_of(source: str, model: str, valid_from: date | None) -> str:
    """Return the words a row is named by, in every charge it was used for."""
    return f"{source}/{model}/{valid_from or 'start'}"


def clauses_of(written: Iterable[dict[str, str]]) -> tuple[Clause, ...]:
    """Return clauses as they are written in JSON: `[{"equals": "o3"}, …]`."""
    return tuple(Clause(how, text) for clause in written for how, text in clause.items())


def tiers_of(written: Iterable[dict[str, int]]) -> tuple[Tier, ...]:
    return tuple(Tier(**tier) for tier in written)


def shipped_rows() -> Iterator[DatedPrice]:
    """Yield the rows AOS comes with."""
    written = json.loads(ROWS_FILE.read_text(encoding="utf-8"))
    for row in written["rows"]:
        begins = None if row["from"] is None else date.fromisoformat(row["from"])
        version = version_of(written["version"], row["model"], begins)
        yield DatedPrice(row["provider"], row["model"], clauses_of(row["match"]), begins, version, tiers_of(row["tiers"]))


@lru_cache(maxsize=1)
def shipped_table() -> PriceTable:
    """Return the table of the rows AOS comes with: what is in force where no database was read."""
    return PriceTable(shipped_rows())
