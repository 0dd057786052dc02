"""Prices: which row is in force, what a call costs, and that no call costs more than its worst case."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.adapters.price_rows import as_text, build
from skills.adapters.price_table import ROWS_FILE, Price, shipped_rows
from skills.adapters.prices import (
    Quote,
    StatedPrice,
    cost_micro_usd,
    price_of,
    quote,
    settled_micro_usd,
    worst_case_micro_usd,
)
from skills.base import SkillFailure
from skills.contracts import Usage

TODAY = date(2026, 11, 20)


def known(provider: str, model: str, on: date = TODAY) -> Price:
    price = price_of(provider, model, on)
    assert price is not None
    return price


def test_it_keeps_the_rows_file_equal_to_its_source() -> None:
    assert ROWS_FILE.read_text(encoding="utf-8") == as_text(build())


@pytest.mark.parametrize(
    ("provider", "model", "input_price"),
    [
        ("anthropic", "claude-haiku-5-5", 100_000),
        ("anthropic", "claude-haiku-5-5-20261001", 100_000),
        ("anthropic", "claude-opus-5", 5_000_000),
        ("openai_compatible", "gpt-5.6", 4_000_000),
        ("openai_compatible", "gpt-5.6-sol-2026-08-01", 4_000_000),
    ],
)
def test_it_finds_a_model_by_name_and_dated_name(provider: str, model: str, input_price: int) -> None:
    assert known(provider, model).tiers[0].input == input_price


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "gpt-5.6"),
        ("openai_compatible", "claude-haiku-5-5"),
        ("openai_compatible", "llama3"),
        ("openai_compatible", "gpt-oss-20b"),
        ("extractive", "gpt-5.6"),
        ("anthropic", ""),
    ],
)
def test_it_knows_no_price_rather_than_a_wrong_one(provider: str, model: str) -> None:
    assert price_of(provider, model, TODAY) is None


def test_it_takes_the_row_in_force_on_the_day() -> None:
    before, after = known("openai_compatible", "gpt-5.6", date(2026, 8, 20)), known("openai_compatible", "gpt-5.6", date(2026, 8, 21))
    assert (before.tiers[0].output, after.tiers[0].output) == (30_000_000, 20_000_000)
    assert before.version != after.version and after.version.endswith("2026-08-21")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), 0),
        (Usage(input=1), 1),
        (Usage(input=10), 1),
        (Usage(input=11), 2),
        (Usage(output=2), 1),
        (Usage(input=1_000, output=101), 151),
        (Usage(input=100, output=10, cache_read=900), 24),
        (Usage(cache_write=8), 1),
        (Usage(input=100_000), 10_000),
        (Usage(input=100_001), 50_001),
        (Usage(input=1, cache_read=100_000, output=1), 5_003),
    ],
    ids=["nothing", "one_in", "exact", "rounded_up", "out", "mixed", "cached", "written", "below_tier", "above_tier", "tier_by_all_input"],
)
def test_it_rounds_up_to_whole_micro_usd(usage: Usage, cost: int) -> None:
    assert cost_micro_usd(known("anthropic", "claude-haiku-5-5"), usage) == cost


MODELS = sorted({(row.provider, row.match[0].text if row.match[0].how == "equals" else row.model) for row in shipped_rows()})
TOKENS = st.integers(0, 600_000)


@given(model=st.sampled_from(MODELS), buckets=st.tuples(TOKENS, TOKENS, TOKENS, TOKENS), slack=st.integers(0, 300_000))
def test_its_worst_case_is_never_below_a_cost_within_the_bounds(
    model: tuple[str, str], buckets: tuple[int, int, int, int], slack: int
) -> None:
    price = price_of(*model, TODAY)
    if price is None:
        return
    plain, output, read, write = buckets
    usage = Usage(input=plain, output=output, cache_read=read, cache_write=write)
    assert worst_case_micro_usd(price, plain + read + write + slack, output + slack) >= cost_micro_usd(price, usage)


def test_it_refuses_an_unknown_price_without_a_cap() -> None:
    with pytest.raises(SkillFailure) as refused:
        quote("llama3", None, 10, 10, None)
    assert refused.value.code == "PRICE_UNKNOWN"


def test_it_quotes_the_cap_for_an_unknown_price() -> None:
    assert quote("llama3", None, 10, 10, 500) == Quote(None, 500, 10, 10)


def test_it_refuses_a_call_that_may_pass_the_cap() -> None:
    price = StatedPrice(input=1_000_000, output=1_000_000).as_price()
    assert quote("m", price, 60, 40, 100).worst_micro_usd == 100
    with pytest.raises(SkillFailure) as refused:
        quote("m", price, 60, 41, 100)
    assert refused.value.code == "BUDGET_EXCEEDED"


PRICED = Quote(StatedPrice(input=1_000_000, output=2_000_000, cache_read=0).as_price(), 700, 100, 300)
UNPRICED = Quote(None, 500, 100, 300)


@pytest.mark.parametrize(
    ("quoted", "usage", "final", "charge"),
    [
        (PRICED, Usage(input=50, output=10), True, 70),
        (PRICED, None, True, 0),
        (PRICED, None, False, 700),
        (PRICED, Usage(input=50, output=1), False, 650),
        (UNPRICED, Usage(input=50, output=10), True, None),
        (UNPRICED, None, True, 0),
        (UNPRICED, None, False, None),
    ],
    ids=["told", "turned_away", "nobody_said", "cut", "unpriced", "unpriced_turned_away", "unpriced_cut"],
)
def test_it_charges_what_was_told_and_the_most_it_can_be_where_nobody_said(
    quoted: Quote, usage: Usage | None, final: bool, charge: int | None
) -> None:
    assert settled_micro_usd(quoted, usage, final=final) == charge
