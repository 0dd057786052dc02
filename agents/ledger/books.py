"""The scope rows of one movement: opened where they are missing, locked in one order, written to by entries alone.

The order is tenant, agent, model, run; in each the row for good before those of days, an older run (which may be the
caller) before a younger one. The tenant's own row comes first, so whoever holds it is alone in the tenant's books: no
two movements wait for each other, and a limit cannot change between being read and being kept to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from django.db.models import Case, F, IntegerField, Q, Value, When

from agents.days import day_of
from agents.ledger.lots import Move
from agents.models import Budget, BudgetPeriod, EntryKind, LedgerEntry, LedgerScope, ScopeKind, Tenant

_LOCK_ORDER = (
    Case(*(When(kind=kind, then=Value(place)) for place, kind in enumerate(ScopeKind.values)), output_field=IntegerField()),
    "key",
    F("day").asc(nulls_first=True),
)


class ScopeMissing(LookupError):
    """A movement names a tenant or an agent that is not there."""


class Name(NamedTuple):
    """What a scope is called; its label is `kind:key`, and of a day `kind:key@2026-11-28`."""

    kind: str
    key: str
    day: date | None = None

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.key}" + (f"@{self.day}" if self.day else "")


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
    rows = Tenant.objects.filter(pk=tenant_id)
    if agent_id is None:
        found = rows.values_list("public_id", "time_zone", Value("")).first()
    else:
        found = rows.filter(agents__pk=agent_id).values_list("public_id", "time_zone", "agents__public_id").first()
    if found is None:
        raise ScopeMissing(f"there is no tenant {tenant_id}" + ("" if agent_id is None else f" with an agent {agent_id}"))
    return Owner(tenant_id, *found)


class Books:
    """The scope rows of a tenant that this transaction has locked. Every use begins with the tenant's own row."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.rows: dict[Name, LedgerScope] = {}
        self._mine = Name(ScopeKind.TENANT, owner.tenant)

    def lock(self, names: Iterable[Name], limits: Mapping[Name, int | None] | None = None) -> None:
        """Lock these rows, and make those that are missing: with their budgets' limits, and runs with those given."""
        wanted = {self._mine, *names} - self.rows.keys()
        self._read(wanted)
        if wanted <= self.rows.keys():
            return
        if self._mine not in self.rows:
            self._insert([self._mine])
            self._read({self._mine})
        # Again, now that nobody else makes rows: one may have been made while this transaction waited for the tenant's.
        self._read(wanted - self.rows.keys())
        missing = sorted(wanted - self.rows.keys(), key=lambda name: (ScopeKind.values.index(name.kind), name.key, name.day or date.min))
        if missing:
            self._open(missing, limits or {})

    def _read(self, names: Collection[Name]) -> None:
        for row in rows_of(self.owner, names, locked=True):
            self.rows[Name(row.kind, row.key, row.day)] = row

    def _open(self, names: Sequence[Name], limits: Mapping[Name, int | None]) -> None:
        self._insert(names)
        self._read(names)
        found = {**budgets_of(self.owner, names), **{name: limits[name] for name in names if name in limits}}
        self.adjust({name: limit for name, limit in found.items() if limit is not None}, "opened")

    def _insert(self, names: Sequence[Name]) -> None:
        LedgerScope.objects.bulk_create(
            [LedgerScope(tenant_id=self.owner.tenant_id, kind=name.kind, key=name.key, day=name.day) for name in names],
            ignore_conflicts=True,
        )

    def descend(self, runs: Sequence[Name]) -> None:
        """Note of each run that the one before it called it."""
        for above, below in pairwise(runs):
            row = self.rows[below]
            if row.parent_id is None:
                row.parent_id = self.rows[above].pk
                LedgerScope.objects.filter(pk=row.pk).update(parent_id=row.parent_id)

    def was_limited(self, name: Name) -> bool:
        """Tell whether anybody has set the limit of this row."""
        return LedgerEntry.objects.filter(scope=self.rows[name], kind=EntryKind.ADJUST).exists()

    def adjust(self, limits: Mapping[Name, int | None], reference: str) -> None:
        """Set the limits of rows that are locked, where they differ."""
        changed = {name: limit for name, limit in limits.items() if self.rows[name].limit_micro_usd != limit}
        self._write(
            LedgerEntry(
                scope=self.rows[name],
                kind=EntryKind.ADJUST,
                amount_micro_usd=(limit or 0) - (self.rows[name].limit_micro_usd or 0),
                limit_micro_usd=limit,
                reference=reference,
            )
            for name, limit in changed.items()
        )
        for name, limit in changed.items():
            self.rows[name].limit_micro_usd = limit

    def top_up(self, name: Name, amount: int, reference: str) -> None:
        """Raise the limit of a row that is locked; an unlimited one stays so and keeps the entry."""
        row = self.rows[name]
        self._write([LedgerEntry(scope=row, kind=EntryKind.TOP_UP, amount_micro_usd=amount, reference=reference)])
        if row.limit_micro_usd is not None:
            row.limit_micro_usd += amount

    def topped_up(self, name: Name, reference: str) -> int | None:
        """Return the amount a scope was topped up by under this reference, None where it was not."""
        entries = LedgerEntry.objects.filter(scope=self.rows[name], kind=EntryKind.TOP_UP, reference=reference)
        return entries.values_list("amount_micro_usd", flat=True).first()

    def move(self, moves: Mapping[Name, Mapping[str, int]], reference: str) -> None:
        """Write the entries of a movement: so much of each kind in each scope. The database keeps the sums by them."""
        self._write(
            LedgerEntry(scope=self.rows[name], kind=kind, amount_micro_usd=amount, reference=reference)
            for name, by_kind in moves.items()
            for kind, amount in by_kind.items()
        )

    def _write(self, entries: Iterable[LedgerEntry]) -> None:
        LedgerEntry.objects.bulk_create(list(entries))


def rows_of(owner: Owner, names: Collection[Name], *, locked: bool = False) -> list[LedgerScope]:
    """Return the rows of these scopes that are there, in the order they are locked in."""
    if not names:
        return []
    days = {name.day for name in names if name.day}
    on_day = Q(day__isnull=True) | Q(day__in=days) if days else Q(day__isnull=True)
    rows = LedgerScope.objects.filter(on_day, tenant_id=owner.tenant_id, key__in={name.key for name in names})
    if locked:
        rows = rows.select_for_update(no_key=True)
    return [row for row in rows.order_by(*_LOCK_ORDER) if (row.kind, row.key, row.day) in names]


def budgets_of(owner: Owner, names: Iterable[Name]) -> dict[Name, int | None]:
    """Return the limits the tenant's budgets give these scopes; one that is not named is unlimited."""
    wanted = {name for name in names if name.kind != ScopeKind.RUN}
    if not wanted:
        return {}
    rows = Budget.objects.filter(tenant_id=owner.tenant_id, key__in={name.key for name in wanted})
    limits = {(kind, key, period): limit for kind, key, period, limit in rows.values_list("kind", "key", "period", "limit_micro_usd")}
    periods = {name: BudgetPeriod.DAY if name.day else BudgetPeriod.TOTAL for name in wanted}
    return {name: limits[asked] for name, period in periods.items() if (asked := (name.kind, name.key, period)) in limits}


def by_scope(moves: Iterable[Move], scopes: Mapping[str, Sequence[Name]]) -> dict[Name, dict[str, int]]:
    """Return how much of each kind moves in each scope: `scopes` of the whole under "", of a model's part under its name."""
    sums: dict[Name, dict[str, int]] = {}
    for move in moves:
        for name in scopes[move.model]:
            if name.day in (None, move.day):
                by_kind = sums.setdefault(name, {})
                by_kind[move.kind] = by_kind.get(move.kind, 0) + move.amount
    return sums


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
