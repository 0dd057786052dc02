"""The money of one run: drawn from all its scopes or from none, given back when it parks, settled when it ends."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from agents.days import next_day_ms
from agents.ledger.amounts import DAY_EXCEEDED, EXCEEDED, Amounts, Crossing, Drawn, Raised, Short
from agents.ledger.books import Books, Name, by_scope, owner_of, scopes_of
from agents.ledger.lots import Lot, Move, held_in, settled, spent_in
from agents.models import EntryKind, LedgerLot, LedgerScope, ScopeKind

ALERT_PERCENT = 80
"""How much of its limit a scope may have spent before somebody is told."""


class ReferenceReused(ValueError):
    """A reference came again with another amount; the first one stands."""


@dataclass(frozen=True)
class RunPurse:
    """The money of one run. `limit_micro_usd` is what its scope is opened with; one that is open keeps its own.

    `ancestors` are the runs it was called by, outermost first: what it draws and spends, it does in their scopes too.
    Every call is one transaction, or part of the caller's. `at_ms` says when it happens, now where it is not said: money
    belongs to the day it was drawn on.
    """

    tenant_id: int
    agent_id: int
    run_id: str
    limit_micro_usd: int | None
    ancestors: tuple[str, ...] = ()

    def open(self) -> None:
        """Open the run's scope, so that what it calls may not spend more than its limit before it draws anything itself."""
        with self._books() as books:
            self._lock(books, {})

    def draw(self, wanted: Amounts, what_for: str, *, at_ms: int | None = None) -> Drawn | Short:
        """Draw from every scope, or from none. Asked again, it answers what is held now and draws nothing more."""
        parts = wanted.parts()
        with self._books() as books:
            today = books.owner.today(_now_ms() if at_ms is None else at_ms)
            scopes = self._lock(books, {model: {today} for model in parts})
            rows = _lots_of(books.rows[self._own])
            if not parts or any(row.reference == what_for for row in rows):
                return Drawn(held_in(map(_lot, rows)))
            moves = [Move(EntryKind.RESERVE, model, today, amount) for model, amount in parts.items()]
            sums = by_scope(moves, scopes)
            short = self._short(books, {name: by_kind[EntryKind.RESERVE] for name, by_kind in sums.items()})
            if short is not None:
                return short
            rows += _insert_lots(books.rows[self._own], moves, what_for)
            books.move(sums, f"{self.run_id}:{what_for}")
            return Drawn(held_in(map(_lot, rows)))

    def held(self) -> Amounts:
        """Return all the run has drawn and not given back, what it has spent included."""
        return held_in(self._lots())

    def spent(self) -> Amounts:
        """Return what is settled of the run itself; its scope holds what the runs it called spent beside that."""
        return spent_in(self._lots())

    def give_back(self, spent: Amounts, *, at_ms: int | None = None) -> list[Crossing]:
        """Settle what was spent so far, and give back all that is drawn beyond it."""
        return self._settle(spent, "park", at_ms, is_end=False)

    def close(self, spent: Amounts, *, at_ms: int | None = None) -> list[Crossing]:
        """Settle all that was spent, more than was drawn too, give back the rest, and let nothing be drawn any more."""
        return self._settle(spent, "end", at_ms, is_end=True)

    def raise_limit(self, by_micro_usd: int, reference: str) -> Raised:
        """Top up the run. Raises ReferenceReused where another amount came under this reference."""
        Amounts(by_micro_usd)
        with self._books() as books:
            self._lock(books, {})
            before = books.topped_up(self._own, reference)
            if before is None and by_micro_usd:
                books.top_up(self._own, by_micro_usd, reference)
            limit = books.rows[self._own].limit_micro_usd
        if before not in (None, by_micro_usd):
            raise ReferenceReused(f"{reference} was {before} µ$ and is now {by_micro_usd} µ$")
        return Raised(limit, repeated=before is not None)

    @property
    def _own(self) -> Name:
        return Name(ScopeKind.RUN, self.run_id)

    @contextmanager
    def _books(self) -> Iterator[Books]:
        # Everything is decided before anything is written, so there is nothing a savepoint would save.
        with transaction.atomic(savepoint=False):
            yield Books(owner_of(self.tenant_id, self.agent_id))

    def _lots(self) -> list[Lot]:
        rows = LedgerLot.objects.filter(scope__tenant_id=self.tenant_id, scope__kind=ScopeKind.RUN, scope__key=self.run_id)
        return [_lot(row) for row in rows.order_by("pk")]

    def _lock(self, books: Books, days: dict[str, set[date]]) -> dict[str, list[Name]]:
        """Lock the rows that money of these days moves in, by model; return their names."""
        scopes = {model: scopes_of(books.owner, model, sorted(days[model]), (*self.ancestors, self.run_id)) for model in days}
        runs = [Name(ScopeKind.RUN, run) for run in (*self.ancestors, self.run_id)]
        books.lock({*runs, *(name for names in scopes.values() for name in names)}, {self._own: self.limit_micro_usd})
        books.descend(runs)
        if self.limit_micro_usd is not None and books.rows[self._own].limit_micro_usd is None and not books.was_limited(self._own):
            # What this run called drew before it did, and opened its scope without knowing its limit.
            books.adjust({self._own: self.limit_micro_usd}, "opened")
        return scopes

    def _short(self, books: Books, wanted: dict[Name, int]) -> Short | None:
        own = books.rows[self._own]
        if own.is_closed:
            return Short(max(wanted.values()), self._own.label)
        lacks = [(name, _lack(books.rows[name], amount)) for name, amount in wanted.items()]
        short = [(name.day is None, lack, name) for name, lack in lacks if lack > 0]
        if not short:
            return None
        is_for_good, lack, name = max(short, key=lambda found: found[:2])
        if is_for_good or name.day is None:
            return Short(lack, name.label, EXCEEDED)
        fits_a_day = wanted[name] <= (books.rows[name].limit_micro_usd or 0)
        return Short(lack, name.label, DAY_EXCEEDED, next_day_ms(name.day, books.owner.time_zone) if fits_a_day else None)

    def _settle(self, spent: Amounts, reference: str, at_ms: int | None, *, is_end: bool) -> list[Crossing]:
        with self._books() as books:
            today = books.owner.today(_now_ms() if at_ms is None else at_ms)
            self._lock(books, {})
            own = books.rows[self._own]
            if own.is_closed:
                return []
            lots = [_lot(row) for row in _lots_of(own)]
            moves = settled(lots, spent, today)
            _save_lots(own, lots, moves)
            days: dict[str, set[date]] = {}
            for move in moves:
                days.setdefault(move.model, set()).add(move.day)
            sums = by_scope(moves, self._lock(books, days))
            books.move(sums, f"{self.run_id}:{reference}")
            if is_end:
                LedgerScope.objects.filter(pk=own.pk).update(is_closed=True)
            return _crossed(books, sums)


def _lack(row: LedgerScope, amount: int) -> int:
    if row.limit_micro_usd is None:
        return 0
    return row.spent_micro_usd + row.reserved_micro_usd + amount - row.limit_micro_usd


def _crossed(books: Books, sums: dict[Name, dict[str, int]]) -> list[Crossing]:
    """Return the scopes that have now spent most of their limit, and note that it was told."""
    crossed = []
    for name, by_kind in sums.items():
        row, grown = books.rows[name], by_kind.get(EntryKind.SETTLE, 0) + by_kind.get(EntryKind.ABSORB, 0)
        limit, spent = row.limit_micro_usd, row.spent_micro_usd + grown
        if grown and limit is not None and limit != row.alerted_limit_micro_usd and spent * 100 >= limit * ALERT_PERCENT:
            LedgerScope.objects.filter(pk=row.pk).update(alerted_limit_micro_usd=limit)
            crossed.append(Crossing(name.label, spent, limit))
    return crossed


def _lots_of(scope: LedgerScope) -> list[LedgerLot]:
    return list(LedgerLot.objects.filter(scope=scope).order_by("pk"))


def _lot(row: LedgerLot) -> Lot:
    return Lot(row.model, row.day, row.amount_micro_usd, row.open_micro_usd, row.spent_micro_usd, row.pk)


def _insert_lots(scope: LedgerScope, moves: Iterable[Move], reference: str) -> list[LedgerLot]:
    """Write down what was drawn by a reference."""
    return LedgerLot.objects.bulk_create(
        LedgerLot(
            scope=scope, reference=reference, model=move.model, day=move.day, amount_micro_usd=move.amount, open_micro_usd=move.amount
        )
        for move in moves
    )


def _save_lots(scope: LedgerScope, lots: Sequence[Lot], moves: Sequence[Move]) -> None:
    """Write what became of the lots, and what was absorbed as lots of its own."""
    rows = [LedgerLot(pk=lot.pk, open_micro_usd=lot.open, spent_micro_usd=lot.spent) for lot in lots]
    LedgerLot.objects.bulk_update(rows, ["open_micro_usd", "spent_micro_usd"])
    LedgerLot.objects.bulk_create(
        LedgerLot(
            scope=scope,
            reference=f"absorbed:{len(lots)}",
            model=move.model,
            day=move.day,
            amount_micro_usd=move.amount,
            open_micro_usd=0,
            spent_micro_usd=move.amount,
        )
        for move in moves
        if move.kind == EntryKind.ABSORB
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
