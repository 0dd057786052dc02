"""The scope rows of one movement: locked in one order, opened where they are missing, moved by entries alone.

The order is tenant, agent, model, run; in each the row for good before those of days, an older run (which may be the
caller) before a younger one. The tenant's own row comes first, so whoever holds it is alone in the tenant's books: no
two movements wait for each other, and a limit cannot change between being read and being kept to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from django.db import transaction

from agents.days import day_of
from agents.ledger import statements
from agents.ledger.lots import Move
from agents.ledger.statements import Entry, Name, Row
from agents.models import Budget, BudgetPeriod, EntryKind, LedgerEntry, ScopeKind


class ScopeMissing(LookupError):
    """A movement names a tenant or an agent that is not there."""


class Owner(NamedTuple):
    """Whose money moves, by public ids, and where its days begin."""

    tenant_id: int
    tenant: str
    time_zone: str
    agent: str

    def today(self, at_ms: int) -> date:
        return day_of(at_ms, self.time_zone)


def owner_of(tenant_id: int, agent_id: int | None = None) -> Owner:
    """Return a tenant, with one of its agents. Raises ScopeMissing."""
    found = statements.read_owner(tenant_id, agent_id)
    if found is None or (agent_id is not None and found[2] is None):
        raise ScopeMissing(f"there is no tenant {tenant_id}" + ("" if agent_id is None else f" with an agent {agent_id}"))
    return Owner(tenant_id, found[0], found[1], found[2] or "")


@contextmanager
def opened(tenant_id: int, agent_id: int | None = None) -> Iterator[Books]:
    """Open the books of a tenant for one movement, in a transaction. Raises ScopeMissing."""
    owner = owner_of(tenant_id, agent_id)
    # Everything is decided before anything is written, so there is nothing a savepoint would save.
    with transaction.atomic(savepoint=False):
        books = Books(owner)
        yield books
        books.write()


class Books:
    """The scope rows of a tenant that this transaction has locked, and the entries it will write of them."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.rows: dict[Name, Row] = {}
        self.fresh: set[Name] = set()
        self._entries: list[Entry] = []
        self._mine = Name(ScopeKind.TENANT, owner.tenant)

    def lock(self, names: Iterable[Name]) -> None:
        """Lock these rows, the tenant's own before all, and make those that are missing."""
        wanted = {self._mine, *names} - self.rows.keys()
        self._keep(statements.read_scopes(self.owner.tenant_id, wanted, lock=True))
        if self._mine not in self.rows:
            self._insert({self._mine})
        missing = wanted - self.rows.keys()
        if missing:
            self._insert(missing)

    def _insert(self, names: set[Name]) -> None:
        """Insert the rows, with the limits of their budgets."""
        inserted = statements.insert_scopes(self.owner.tenant_id, sorted(names, key=_place))
        self._keep(inserted)
        if names - self.rows.keys():
            # Others made them while this transaction waited for the tenant's row.
            self._keep(statements.read_scopes(self.owner.tenant_id, names - self.rows.keys(), lock=True))
        fresh = {row.name for row in inserted}
        self.fresh |= fresh
        for name, limit in budgets_of(self.owner.tenant_id, fresh).items():
            self.adjust(name, limit, "opened")

    def _keep(self, rows: Iterable[Row]) -> None:
        self.rows |= {row.name: row for row in rows}

    def descend(self, runs: Sequence[Name]) -> None:
        """Note of each run that the one before it called it."""
        for above, below in pairwise(self.rows[name] for name in runs):
            if below.parent is None:
                below.parent = above.pk
                statements.set_parent(below.pk, above.pk)

    def was_limited(self, name: Name) -> bool:
        """Tell whether anybody has set the limit of this row."""
        return LedgerEntry.objects.filter(scope=self.rows[name].pk, kind=EntryKind.ADJUST).exists()

    def adjust(self, name: Name, limit: int | None, reference: str) -> None:
        """Set the limit of a row that is locked, if it is another."""
        row = self.rows[name]
        if row.limit != limit:
            self._entries.append(Entry(row.pk, EntryKind.ADJUST, (limit or 0) - (row.limit or 0), limit, reference))
            row.limit = limit

    def top_up(self, name: Name, amount: int, reference: str) -> None:
        """Raise the limit of a row that is locked; an unlimited one stays so and keeps the entry."""
        row = self.rows[name]
        self._entries.append(Entry(row.pk, EntryKind.TOP_UP, amount, None, reference))
        row.limit = None if row.limit is None else row.limit + amount

    def topped_up(self, name: Name, reference: str) -> int | None:
        """Return the amount a scope was topped up by under this reference, None where it was not."""
        entries = LedgerEntry.objects.filter(scope=self.rows[name].pk, kind=EntryKind.TOP_UP, reference=reference)
        return entries.values_list("amount_micro_usd", flat=True).first()

    def move(self, moves: Mapping[Name, Mapping[str, int]], reference: str) -> None:
        """Move so much of each kind in each scope."""
        for name, by_kind in moves.items():
            row = self.rows[name]
            for kind, amount in by_kind.items():
                # A reserve says by which limit it was let through; the database refuses one that is wrong about it.
                self._entries.append(Entry(row.pk, kind, amount, row.limit if kind == EntryKind.RESERVE else None, reference))

    def write(self) -> None:
        """Write the entries. Limits and sums of the rows follow, in the database."""
        statements.insert_entries(self._entries)
        self._entries = []


def _place(name: Name) -> tuple[int, str, date]:
    return ScopeKind.values.index(name.kind), name.key, name.day or date.min


def budgets_of(tenant_id: int, names: Iterable[Name]) -> dict[Name, int]:
    """Return the limits the tenant's budgets give these scopes; one that is not named is unlimited."""
    wanted = [name for name in names if name.kind != ScopeKind.RUN]
    if not wanted:
        return {}
    rows = Budget.objects.filter(tenant_id=tenant_id, key__in={name.key for name in wanted}, limit_micro_usd__isnull=False)
    limits = {(kind, key, period): limit for kind, key, period, limit in rows.values_list("kind", "key", "period", "limit_micro_usd")}
    periods = {name: BudgetPeriod.DAY if name.day else BudgetPeriod.TOTAL for name in wanted}
    return {name: limit for name, period in periods.items() if (limit := limits.get((name.kind, name.key, period))) is not None}


def scopes_of(owner: Owner, model: str, days: Iterable[date], runs: Sequence[str]) -> list[Name]:
    """Return the scopes that money moves in, in the order they are locked in: those of a model, or, without one, of all."""
    if model:
        return _with_days(ScopeKind.MODEL, model, days)
    return [
        *_with_days(ScopeKind.TENANT, owner.tenant, days),
        *_with_days(ScopeKind.AGENT, owner.agent, days),
        *(Name(ScopeKind.RUN, run) for run in runs),
    ]


def _with_days(kind: str, key: str, days: Iterable[date]) -> list[Name]:
    return [Name(kind, key), *(Name(kind, key, day) for day in days)]


def by_scope(moves: Iterable[Move], scopes: Mapping[str, Sequence[Name]]) -> dict[Name, dict[str, int]]:
    """Return how much of each kind moves in each scope: `scopes` of the whole under "", of a model's part under its name."""
    sums: dict[Name, dict[str, int]] = {}
    for move in moves:
        for name in scopes[move.model]:
            if name.day in (None, move.day):
                by_kind = sums.setdefault(name, {})
                by_kind[move.kind] = by_kind.get(move.kind, 0) + move.amount
    return sums
