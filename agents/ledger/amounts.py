"""What callers of the ledger say and hear: amounts by model, drawn or short, crossed, raised. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST = 2**53 - 1
"""The largest amount: what JSON says exactly."""

LONGEST_MODEL = 160

EXCEEDED, DAY_EXCEEDED = "BUDGET_EXCEEDED", "DAILY_LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Money in all, and how much of it on which model. Raises ValueError for what is no amount of money."""

    total: int = 0
    by_model: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for amount in (self.total, *self.by_model.values()):
            if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= LARGEST:
                raise ValueError(f"an amount is a whole number of micro-USD from 0 to {LARGEST}, got {amount!r}")

    def parts(self) -> dict[str, int]:
        """Return what is not nothing by model, in all under the empty name."""
        parts = {"": self.total} if self.total else {}
        for model, amount in self.by_model.items():
            if model and amount:
                key = model_key(model)
                parts[key] = parts.get(key, 0) + amount
        return parts


def amounts_of(parts: Mapping[str, int]) -> Amounts:
    """Return parts as amounts again."""
    return Amounts(parts.get("", 0), {model: amount for model, amount in sorted(parts.items()) if model and amount})


def model_key(model: str) -> str:
    """Return the name under which the money of a model is counted: its own, unless no scope can be called so."""
    if len(model) <= LONGEST_MODEL and model.isprintable():
        return model
    seal = hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return "".join(sign for sign in model if sign.isprintable())[: LONGEST_MODEL - 17] + "~" + seal


@dataclass(frozen=True, slots=True)
class Drawn:
    """It is drawn. `held` is all the run has drawn and not given back, what it has spent included."""

    held: Amounts


@dataclass(frozen=True, slots=True)
class Short:
    """Nothing was drawn: `scope`, by its label, lacks `missing_micro_usd`.

    Of several that are short it is one that no other day will help, and of those the one that lacks most. `until_ms` is
    when a day's scope will have room by itself: the next day. None where it never will, because a whole day has less.
    """

    missing_micro_usd: int
    scope: str
    code: str = EXCEEDED
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """A scope has just spent four fifths of its limit; told once for a limit."""

    scope: str
    spent_micro_usd: int
    limit_micro_usd: int


@dataclass(frozen=True, slots=True)
class Raised:
    """The limit after a top-up. `repeated`: this top-up was made before."""

    limit_micro_usd: int | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of one scope now."""

    scope: str
    kind: str
    key: str
    day: str | None
    limit_micro_usd: int | None
    reserved_micro_usd: int = 0
    spent_micro_usd: int = 0

    @property
    def remaining_micro_usd(self) -> int | None:
        """Return what may still be drawn, below zero where more was spent than there is; None is unlimited."""
        if self.limit_micro_usd is None:
            return None
        return self.limit_micro_usd - self.spent_micro_usd - self.reserved_micro_usd
