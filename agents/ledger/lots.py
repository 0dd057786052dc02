"""How what a run spent, and what it gives back, falls on what it drew day by day: the oldest lot is spent first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agents.ledger.amounts import Amounts, amounts_of


@dataclass(slots=True)
class Lot:
    """What was drawn by one reference on one day, in all or (`model`) on a model: spent, given back, or still open."""

    reference: str
    model: str
    day: date
    amount: int
    open: int
    spent: int = 0
    pk: int = 0

    @property
    def kept(self) -> int:
        return self.open + self.spent


@dataclass(frozen=True, slots=True)
class Move:
    """A movement of what was drawn in all, or on a model, on a day."""

    kind: str
    model: str
    day: date
    amount: int


def held_in(lots: Iterable[Lot]) -> Amounts:
    """Return what was drawn and not given back, what is spent included."""
    return amounts_of(_sums((lot.model, lot.kept) for lot in lots))


def spent_in(lots: Iterable[Lot]) -> Amounts:
    return amounts_of(_sums((lot.model, lot.spent) for lot in lots))


def drawn(parts: Mapping[str, int], reference: str, today: date) -> list[Lot]:
    """Return the lots of a draw."""
    return [Lot(reference, model, today, amount, amount) for model, amount in parts.items()]


def absorbed(moves: Iterable[Move], reference: str) -> list[Lot]:
    """Return what was spent beyond all lots as lots of its own."""
    return [Lot(reference, move.model, move.day, move.amount, 0, move.amount) for move in moves if move.kind == "absorb"]


def settled(lots: Sequence[Lot], spent: Amounts, today: date) -> list[Move]:
    """Change the lots so that so much is spent in all, and on each model, and nothing is open; return the movements.

    What is spent already stays so, whatever is said later. What was spent beyond all that was drawn is absorbed today.
    """
    parts = spent.parts()
    models = sorted({lot.model for lot in lots} | parts.keys())
    return [move for model in models for move in _settled([lot for lot in lots if lot.model == model], model, parts.get(model, 0), today)]


def _settled(lots: list[Lot], model: str, spent: int, today: date) -> list[Move]:
    due = spent - sum(lot.spent for lot in lots)
    moves = []
    for lot in lots:
        taken = max(0, min(lot.open, due))
        due -= taken
        moves += [Move("settle", model, lot.day, taken), Move("release", model, lot.day, lot.open - taken)]
        lot.spent, lot.open = lot.spent + taken, 0
    moves.append(Move("absorb", model, today, max(0, due)))
    return [move for move in moves if move.amount]


def _sums(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for model, amount in parts:
        sums[model] = sums.get(model, 0) + amount
    return sums
