"""What a call costs: the price table in force in this process, four token buckets, whole micro-USD rounded up. Integers only.

The table is the one AOS comes with until `skills.prices` has read the rows of the database; asking it does no I/O, so
that skills may, in the middle of a worker's loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from skills.adapters.price_table import Price, PriceTable, Tier, shipped_table
from skills.base import SkillFailure
from skills.contracts import Contract, Usage

PER_TOKENS = 1_000_000

PricePerMillion = Annotated[int, Field(strict=True, ge=0, le=10**12)]

_in_force: PriceTable | None = None


def price_table() -> PriceTable:
    """Return the table in force in this process."""
    return _in_force or shipped_table()


def put_in_force(table: PriceTable | None) -> None:
    """Let a table be in force in this process from now on; None: the one AOS comes with."""
    global _in_force
    _in_force = table


def price_of(provider: str, model: str, on: date) -> Price | None:
    """Return the price in force on a day, None where no row knows the model."""
    return price_table().price_of(provider, model, on)


def one_name(model: str) -> str:
    """Return the name charges, scopes and budgets know a model by, whatever else it is called."""
    return price_table().one_name(model, today())


def today() -> date:
    """Return the day prices are asked for: days begin at midnight UTC."""
    return datetime.now(UTC).date()


def days_of_a_call() -> tuple[date, date]:
    """Return the days a call that is bounded now may be charged on: a price may change at midnight, before it is sent."""
    now = today()
    return now, now + timedelta(days=1)


@dataclass(frozen=True)
class Quote:
    """What one call can cost at most, fixed before it is sent. Without a price the worst case is the operator's cap."""

    price: Price | None
    worst_micro_usd: int
    input_tokens: int
    output_tokens: int


class StatedPrice(Contract):
    """A price the operator states for a model no row knows, in micro-USD per million tokens; zeros for one's own hardware."""

    input: PricePerMillion
    output: PricePerMillion
    cache_read: PricePerMillion | None = None
    cache_write: PricePerMillion | None = None

    def as_price(self) -> Price:
        """Return it as a price; a cache bucket left out costs like input. Its version says all of it: no row does."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        version = f"stated/{self.input}/{self.output}/{read}/{write}"
        return Price(version, (Tier(0, self.input, self.output, read, write),))


def cost_micro_usd(price: Price, usage: Usage) -> int:
    """Return what a call cost."""
    input_tokens = usage.input + usage.cache_read + usage.cache_write
    tier = [tier for tier in price.tiers if tier.above_input_tokens == 0 or input_tokens > tier.above_input_tokens][-1]
    return _whole_micro_usd(
        usage.input * tier.input + usage.output * tier.output + usage.cache_read * tier.cache_read + usage.cache_write * tier.cache_write
    )


def worst_case_micro_usd(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Return the most a call within these bounds can cost: every input token in its dearest bucket, in the dearest
    tier the input can reach."""
    reachable = [tier for tier in price.tiers if tier.above_input_tokens == 0 or input_tokens > tier.above_input_tokens]
    return _whole_micro_usd(max([input_tokens * tier.dearest_input + output_tokens * tier.output for tier in reachable]))


def most_micro_usd(prices: Sequence[Price | None], input_tokens: int, output_tokens: int, cap_micro_usd: int | None) -> int | None:
    """Return the most a call within these bounds can cost by any of these prices; None where one is not known and no cap
    is set. A call above the cap is refused before it is sent, so it cannot cost more."""
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return cap_micro_usd
    # Few prices change overnight: the two days of a call mostly share one.
    different = {id(price): price for price in known}.values()
    worst = max([worst_case_micro_usd(price, input_tokens, output_tokens) for price in different])
    return worst if cap_micro_usd is None else min(worst, cap_micro_usd)


def _whole_micro_usd(scaled: int) -> int:
    return -(-scaled // PER_TOKENS)


def quote(model: str, price: Price | None, input_tokens: int, output_tokens: int, cap_micro_usd: int | None) -> Quote:
    """Return the quote of a call. Raises SkillFailure: PRICE_UNKNOWN without price and cap, BUDGET_EXCEEDED above the cap."""
    if price is None:
        if cap_micro_usd is None:
            raise SkillFailure(
                "PRICE_UNKNOWN",
                f"no price is known for the model '{model}'",
                suggestions=[
                    "Have its price added: manage.py prices set, or the console.",
                    "Set max_cost_per_call_micro_usd in the configuration.",
                    "Choose a model with a known price.",
                ],
            )
        return Quote(None, cap_micro_usd, input_tokens, output_tokens)
    worst = worst_case_micro_usd(price, input_tokens, output_tokens)
    if cap_micro_usd is not None and worst > cap_micro_usd:
        raise SkillFailure(
            "BUDGET_EXCEEDED",
            f"the call can cost {worst} micro-USD, at most {cap_micro_usd} are allowed per call",
            suggestions=["Shorten the input or lower max_tokens.", "Raise max_cost_per_call_micro_usd."],
        )
    return Quote(price, worst, input_tokens, output_tokens)


def settled_micro_usd(quoted: Quote, usage: Usage | None, *, final: bool) -> int | None:
    """Return what to charge for a call that is over, None where no price is known.

    `final` says that the provider bills `usage` and no more; nothing used means turned away, and free. Where it never
    said what it will bill (a cut stream), the charge is the most it can be: a bill that comes in lower is better than
    a cap that was passed.
    """
    if final and usage is None:
        return 0
    if quoted.price is None:
        return None
    if final and usage is not None:
        return cost_micro_usd(quoted.price, usage)
    seen = usage or Usage()
    input_tokens = seen.input + seen.cache_read + seen.cache_write
    return worst_case_micro_usd(quoted.price, input_tokens or quoted.input_tokens, max(seen.output, quoted.output_tokens))
