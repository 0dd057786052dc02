"""The money of one run: drawn from all its scopes or from none, given back when it parks, settled when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from agents.days import next_day_ms, now_ms
from agents.ledger import statements
from agents.ledger.amounts import DAY_EXCEEDED, Amounts, Crossing, Drawn, Raised, Short
from agents.ledger.books import Books, by_scope, opened, scopes_of
from agents.ledger.lots import Lot, Move, absorbed, drawn, held_in, settled, spent_in
from agents.ledger.statements import Name, Row
from agents.models import EntryKind, ScopeKind

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
        with opened(self.tenant_id, self.agent_id) as books:
            self._lock(books, {})

    def draw(self, wanted: Amounts, what_for: str, *, at_ms: int | None = None) -> Drawn | Short:
        """Draw from every scope, or from none. Asked again, it answers what is held now and draws nothing more."""
        parts = wanted.parts()
        if not parts:
            return Drawn(self.held())
        with opened(self.tenant_id, self.agent_id) as books:
            today = books.owner.today(now_ms() if at_ms is None else at_ms)
            scopes = self._lock(books, {model: {today} for model in parts})
            lots = self._lots_in(books)
            if any(lot.reference == what_for for lot in lots):
                return Drawn(held_in(lots))
            fresh = drawn(parts, what_for, today)
            sums = by_scope((Move(EntryKind.RESERVE, lot.model, today, lot.amount) for lot in fresh), scopes)
            short = self._short(books, {name: by_kind[EntryKind.RESERVE] for name, by_kind in sums.items()})
            if short is not None:
                return short
            statements.insert_lots(books.rows[self._own].pk, fresh)
            books.move(sums, f"{self.run_id}:{what_for}")
            return Drawn(held_in([*lots, *fresh]))

    def held(self) -> Amounts:
        """Return all the run has drawn and not given back, what it has spent included."""
        return held_in(statements.read_lots_of_run(self.tenant_id, self.run_id))

    def spent(self) -> Amounts:
        """Return what is settled of the run itself; its scope holds what the runs it called spent beside that."""
        return spent_in(statements.read_lots_of_run(self.tenant_id, self.run_id))

    def give_back(self, spent: Amounts, *, at_ms: int | None = None) -> list[Crossing]:
        """Settle what was spent so far, and give back all that is drawn beyond it."""
        return self._settle(spent, "park", at_ms, is_end=False)

    def close(self, spent: Amounts, *, at_ms: int | None = None) -> list[Crossing]:
        """Settle all that was spent, more than was drawn too, give back the rest, and let nothing be drawn any more."""
        return self._settle(spent, "end", at_ms, is_end=True)

    def raise_limit(self, by_micro_usd: int, reference: str) -> Raised:
        """Top up the run. Raises ReferenceReused where another amount came under this reference."""
        Amounts(by_micro_usd)
        with opened(self.tenant_id, self.agent_id) as books:
            self._lock(books, {})
            before = books.topped_up(self._own, reference)
            if before is None and by_micro_usd:
                books.top_up(self._own, by_micro_usd, reference)
            limit = books.rows[self._own].limit
        if before not in (None, by_micro_usd):
            raise ReferenceReused(f"{reference} was {before} µ$ and is now {by_micro_usd} µ$")
        return Raised(limit, repeated=before is not None)

    @property
    def _own(self) -> Name:
        return Name(ScopeKind.RUN, self.run_id)

    def _lots_in(self, books: Books) -> list[Lot]:
        return [] if self._own in books.fresh else statements.read_lots(books.rows[self._own].pk)

    def _lock(self, books: Books, days: Mapping[str, Iterable[date]]) -> dict[str, list[Name]]:
        """Lock the rows that money of these days moves in, by model; return their names."""
        scopes = self._lock_with(books, days, self.ancestors)
        parent = books.rows[self._own].parent
        if parent is not None and not self.ancestors:
            # Who settles a run for somebody else may not know who called it.
            scopes = self._lock_with(books, days, statements.read_callers(parent))
        self._limit(books)
        return scopes

    def _lock_with(self, books: Books, days: Mapping[str, Iterable[date]], callers: tuple[str, ...]) -> dict[str, list[Name]]:
        runs = [*callers, self.run_id]
        scopes = {model: scopes_of(books.owner, model, sorted(days[model]), runs) for model in days}
        names = [Name(ScopeKind.RUN, run) for run in runs]
        books.lock({*names, *(name for each in scopes.values() for name in each)})
        books.descend(names)
        return scopes

    def _limit(self, books: Books) -> None:
        """Set the limit of the run's row if nobody has: it may be new, or opened by a run this one called, which did not know it."""
        if self.limit_micro_usd is None or books.rows[self._own].limit is not None:
            return
        if self._own in books.fresh or not books.was_limited(self._own):
            books.adjust(self._own, self.limit_micro_usd, "opened")

    def _short(self, books: Books, wanted: Mapping[Name, int]) -> Short | None:
        """Return which scope has no room for what is wanted, if one has not."""
        if books.rows[self._own].is_closed:
            return Short(max(wanted.values()), self._own.label)
        lacks = ((name, _lack(books.rows[name], amount)) for name, amount in wanted.items())
        short = [(name.day is None, lack, name) for name, lack in lacks if lack > 0]
        if not short:
            return None
        _, lack, name = max(short, key=lambda found: found[:2])
        if name.day is None:
            return Short(lack, name.label)
        fits_a_day = wanted[name] <= (books.rows[name].limit or 0)
        return Short(lack, name.label, DAY_EXCEEDED, next_day_ms(name.day, books.owner.time_zone) if fits_a_day else None)

    def _settle(self, spent: Amounts, reference: str, at_ms: int | None, *, is_end: bool) -> list[Crossing]:
        with opened(self.tenant_id, self.agent_id) as books:
            today = books.owner.today(now_ms() if at_ms is None else at_ms)
            self._lock(books, {})
            own = books.rows[self._own]
            if own.is_closed:
                return []
            lots = self._lots_in(books)
            moves = settled(lots, spent, today)
            statements.update_lots(lots)
            statements.insert_lots(own.pk, absorbed(moves, f"absorbed:{len(lots)}"))
            sums = by_scope(moves, self._lock(books, _days_of(moves)))
            books.move(sums, f"{self.run_id}:{reference}")
            if is_end:
                statements.set_closed(own.pk)
            return _crossed(books, sums)


def _days_of(moves: Iterable[Move]) -> dict[str, set[date]]:
    days: dict[str, set[date]] = {}
    for move in moves:
        days.setdefault(move.model, set()).add(move.day)
    return days


def _lack(row: Row, amount: int) -> int:
    return 0 if row.limit is None else row.spent + row.reserved + amount - row.limit


def _crossed(books: Books, sums: Mapping[Name, Mapping[str, int]]) -> list[Crossing]:
    """Return the scopes that have now spent most of their limit, and note that it was told."""
    crossed = []
    for name, by_kind in sums.items():
        row, grown = books.rows[name], by_kind.get(EntryKind.SETTLE, 0) + by_kind.get(EntryKind.ABSORB, 0)
        spent = row.spent + grown
        if grown and row.limit is not None and row.limit != row.alerted_limit and spent * 100 >= row.limit * ALERT_PERCENT:
            statements.set_alerted(row.pk, row.limit)
            crossed.append(Crossing(name.label, spent, row.limit))
    return crossed
