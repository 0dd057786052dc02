"""Writes the price rows from the facts of the installed genai-prices: `python -m skills.adapters.price_rows`. Offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers
from genai_prices.types import ClauseOr, ConditionalPrice, ModelPrice, StartDateConstraint, TieredPrices

from skills.adapters.price_table import ROWS_FILE

# Who the source says bills, and what we call the provider. A model behind an OpenAI-compatible endpoint is priced by its
# name; where that is wrong, the operator adds a row.
PROVIDERS = {"anthropic": "anthropic", "openai": "openai_compatible"}
# Open weights cost what their host asks, so a name alone says nothing about the price; the others are billed by
# more than text tokens, so a cost from four token buckets would be too low.
_NO_TOKEN_PRICE = ("gpt-oss", "audio", "image", "realtime", "search", "transcribe", "tts")
_BUCKETS = {"input": "input_mtok", "output": "output_mtok", "cache_read": "cache_read_mtok", "cache_write": "cache_write_mtok"}


def build() -> dict[str, Any]:
    """Return the content of the rows file."""
    rows = [row for provider in providers if provider.id in PROVIDERS for model in provider.models for row in _rows(provider.id, model)]
    return {"version": f"genai-prices-{version('genai-prices')}", "unit": "micro-USD per million tokens", "rows": rows}


def _rows(provider: str, model: Any) -> Iterator[dict[str, Any]]:
    if any(word in model.id for word in _NO_TOKEN_PRICE):
        return
    for start, price in _dated(model.prices):
        if price.input_mtok is not None and price.output_mtok is not None:
            yield {
                "provider": PROVIDERS[provider],
                "model": model.id,
                "match": _clauses(model.match),
                "from": start,
                "tiers": _tiers(price),
            }


def _dated(prices: ModelPrice | list[ConditionalPrice]) -> list[tuple[str | None, ModelPrice]]:
    if isinstance(prices, ModelPrice):
        return [(None, prices)]
    dated: list[tuple[str | None, ModelPrice]] = []
    for entry in prices:
        if entry.constraint is not None and not isinstance(entry.constraint, StartDateConstraint):
            raise TypeError(f"a price that depends on {type(entry.constraint).__name__} has no row")
        dated.append((None if entry.constraint is None else entry.constraint.start_date.isoformat(), entry.prices))
    return sorted(dated, key=lambda pair: pair[0] or "")


def _clauses(match: Any) -> list[dict[str, str]]:
    if isinstance(match, ClauseOr):
        return [clause for inner in match.or_ for clause in _clauses(inner)]
    return [dict(vars(match))]


def _tiers(price: ModelPrice) -> list[dict[str, int]]:
    quoted = {bucket: getattr(price, field) for bucket, field in _BUCKETS.items()}
    starts = {tier.start for value in quoted.values() if isinstance(value, TieredPrices) for tier in value.tiers}
    return [_tier(quoted, above) for above in sorted({0, *starts})]


def _tier(quoted: dict[str, Any], above: int) -> dict[str, int]:
    prices = {bucket: _micro_usd(value, above) for bucket, value in quoted.items() if value is not None}
    # A bucket without a price of its own is billed as plain input.
    return {"above_input_tokens": above, "cache_read": prices["input"], "cache_write": prices["input"], **prices}


def _micro_usd(value: Decimal | TieredPrices, above: int) -> int:
    if isinstance(value, TieredPrices):
        value = next((tier.price for tier in reversed(value.tiers) if tier.start <= above), value.base)
    scaled = value * 1_000_000
    if scaled != int(scaled):
        raise ValueError(f"{value} USD per million tokens is no whole number of micro-USD")
    return int(scaled)


def as_text(table: dict[str, Any]) -> str:
    """Return the file's text: one row per line, so that a change of price reads as one line."""
    rows = ",\n".join(json.dumps(row) for row in table["rows"])
    return f'{{"version": {json.dumps(table["version"])}, "unit": {json.dumps(table["unit"])}, "rows": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    ROWS_FILE.write_text(as_text(build()), encoding="utf-8")
