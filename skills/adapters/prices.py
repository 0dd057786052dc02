"""What a model call costs: dated price rows, four token buckets, whole micro-USD rounded up. Integers only. Pure.

A price is micro-USD per million tokens. The rows stand in `skills/data/prices.json`, which
`python -m skills.adapters.price_rows` writes; nothing is looked up over the network.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from skills.base import SkillFailure
from skills.contracts import Contract, Usage

ROWS_FILE = Path(__file__).parent.parent / "data" / "prices.json"
PER_TOKENS = 1_000_000

PricePerMillion = Annotated[int, Field(ge=0, le=10**12)]

# A model behind an OpenAI-compatible endpoint is priced by its name; where that is wrong, the operator states a price.
_ROWS_OF_PROVIDER = {"anthropic": "anthropic", "openai_compatible": "openai"}


@dataclass(frozen=True)
class Tier:
    """Prices that hold for the whole call once its input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int


@dataclass(frozen=True)
class Price:
    """The prices of one model from one day on. `version` is stored with every cost computed from it."""

    version: str
    tiers: tuple[Tier, ...]


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
        """Return it as a price; a cache bucket left out costs like input."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        return Price("stated", (Tier(0, self.input, self.output, read, write),))


@lru_cache(maxsize=1)
def price_rows() -> dict[str, Any]:
    """Return the content of the rows file."""
    rows: dict[str, Any] = json.loads(ROWS_FILE.read_text(encoding="utf-8"))
    return rows


@lru_cache(maxsize=1_024)
def price_of(provider: str, model: str, on: date) -> Price | None:
    """Return the price in force on a day, None where no row knows the model."""
    table = price_rows()
    in_force: dict[str, Any] | None = None
    for row in table["rows"]:
        if row["provider"] != _ROWS_OF_PROVIDER.get(provider) or not _matches(model, row["match"]):
            continue
        if in_force is not None and row["model"] != in_force["model"]:
            break
        if row["from"] is None or date.fromisoformat(row["from"]) <= on:
            in_force = row
    if in_force is None:
        return None
    version = f"{table['version']}/{in_force['model']}/{in_force['from'] or 'start'}"
    return Price(version, tuple(Tier(**tier) for tier in in_force["tiers"]))


def _matches(model: str, clauses: list[dict[str, str]]) -> bool:
    return any(_holds(how, text, model) for clause in clauses for how, text in clause.items())


def _holds(how: str, text: str, model: str) -> bool:
    if how == "equals":
        return model == text
    if how == "starts_with":
        return model.startswith(text)
    return re.search(text, model) is not None if how == "regex" else text in model


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
    return max(
        _whole_micro_usd(input_tokens * max(tier.input, tier.cache_read, tier.cache_write) + output_tokens * tier.output)
        for tier in reachable
    )


def _whole_micro_usd(scaled: int) -> int:
    return -(-scaled // PER_TOKENS)


def quote(model: str, price: Price | None, input_tokens: int, output_tokens: int, cap_micro_usd: int | None) -> Quote:
    """Return the quote of a call. Raises SkillFailure: PRICE_UNKNOWN without price and cap, BUDGET_EXCEEDED above the cap."""
    if price is None:
        if cap_micro_usd is None:
            raise SkillFailure(
                "PRICE_UNKNOWN",
                f"no price is known for the model '{model}'",
                suggestions=["State a price or max_cost_per_call_micro_usd in the configuration.", "Choose a model with a known price."],
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
    seen = 0 if usage is None else usage.input + usage.cache_read + usage.cache_write
    return worst_case_micro_usd(quoted.price, seen or quoted.input_tokens, quoted.output_tokens)
