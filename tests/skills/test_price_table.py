"""Which of the dated prices is in force for a name on a day, and how a new release's prices come beside the old ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.adapters.price_table import (
    PER_CALL,
    Clause,
    DatedPrice,
    PriceTable,
    Tier,
    additions,
    shipped_rows,
    shipped_table,
    version_of,
)

DAY = date(2026, 11, 20)
EQUALS, STARTS, CONTAINS = (Clause("equals", "m"),), (Clause("starts_with", "m"),), (Clause("contains", "m"),)


def a_row(price: int = 1, begins: date | None = None, model: str = "m", **more: Any) -> DatedPrice:
    tiers = (Tier(0, price, price, price, price),)
    version = version_of(f"r{price}", model, begins)
    return DatedPrice("anthropic", model, more.pop("match", EQUALS), begins, version, more.pop("tiers", tiers), **more)


def in_force(rows: Iterable[DatedPrice], name: str = "m", on: date = DAY) -> int | None:
    row = PriceTable(rows).row_of("anthropic", name, on)
    return None if row is None else row.tiers[0].input


def days(number: int) -> date:
    return DAY + timedelta(days=number)


THEIRS = {"by_operator": True}
CONTESTS = {
    "the later day": ([a_row(1), a_row(2, days(0)), a_row(3, days(-1))], 2),
    "none whose day has not come": ([a_row(1), a_row(2, days(1))], 1),
    "the one added last of two from one day": ([a_row(1, days(0)), a_row(2, days(0))], 2),
    "the operator's before ours": ([a_row(1, days(0), **THEIRS), a_row(2, days(0))], 1),
    "the operator's before a later one of ours": ([a_row(1, days(-9), **THEIRS), a_row(2, days(0))], 1),
    "ours until the operator's begins": ([a_row(1, days(1), **THEIRS), a_row(2)], 2),
    "the one that names it most narrowly": ([a_row(1, model="a", match=EQUALS), a_row(2, days(0), model="b", match=STARTS)], 1),
    "a beginning before a part": ([a_row(1, model="a", match=CONTAINS), a_row(2, model="b", match=STARTS)], 2),
    "the longer beginning": (
        [a_row(1, model="a", match=(Clause("starts_with", ""),)), a_row(2, model="b", match=STARTS)],
        2,
    ),
    "the later of two that name it alike": ([a_row(1, days(-1), model="a"), a_row(2, model="b")], 1),
    "none that was replaced by one that names others": ([a_row(1), a_row(2, days(0), match=(Clause("equals", "other"),))], None),
    "nothing where nothing fits": ([a_row(1, match=(Clause("equals", "n"),))], None),
    "nothing before the first day": ([a_row(1, days(1))], None),
}


@pytest.mark.parametrize(("rows", "price"), CONTESTS.values(), ids=CONTESTS)
def test_it_takes(rows: list[DatedPrice], price: int | None) -> None:
    assert in_force(rows) == price


def test_it_names_a_model_by_one_name_whatever_it_is_called() -> None:
    table = shipped_table()
    assert table.model_named("openai_compatible", "gpt-5.6", DAY) == "gpt-5.6-sol"
    assert table.model_named("anthropic", "claude-haiku-5-5-20261001", DAY) == "claude-haiku-5-5"
    assert table.model_named("openai_compatible", "llama3", DAY) == "llama3"


def test_it_finds_the_one_name_whoever_provides_the_model() -> None:
    table = shipped_table()
    names = [table.one_name(name, DAY) for name in ("gpt-5.6", "claude-haiku-5-5-20261001", "llama3", "")]
    assert names == ["gpt-5.6-sol", "claude-haiku-5-5", "llama3", ""]
    both = [a_row(1, model="a", match=EQUALS), replace(a_row(2, model="b", match=EQUALS), provider="openai_compatible")]
    assert PriceTable(both).one_name("m", DAY) == "m"


def test_it_fits_no_name_by_two_of_the_shipped_models() -> None:
    """What goes before what would be a matter of the order in a file otherwise."""
    rows = list(shipped_rows())
    names = {
        clause.text + end for row in rows for clause in row.match if clause.how != "regex" for end in ("", "-latest", "-2026-01-01", "x")
    }
    fitting = {(row.provider, name): set() for row in rows for name in names}
    for row in rows:
        for name in names:
            if row.closeness(name) is not None:
                fitting[row.provider, name].add(row.model)
    assert [(name, models) for name, models in fitting.items() if len(models) > 1] == []


def test_it_prices_calls_of_skills_apart_from_models() -> None:
    row = DatedPrice(PER_CALL, "http_call", (Clause("equals", "http_call"),), DAY, "operator/…", per_call_micro_usd=70, by_operator=True)
    table = PriceTable([row, a_row(1, model="http_call", match=(Clause("equals", "http_call"),))])
    assert table.per_call("http_call", DAY) == ("operator/…", 70)
    assert table.per_call("http_call", days(-1)) is None
    assert table.per_call("json_transform", DAY) is None
    assert table.price_of(PER_CALL, "http_call", DAY) is None
    price = table.price_of("anthropic", "http_call", DAY)
    assert price is not None and price.version == "r1/http_call/start"


def test_it_tells_which_rows_are_current() -> None:
    other = (Clause("equals", "n"),)
    rows = [
        a_row(1),
        a_row(2, days(0)),
        a_row(3, days(1)),
        a_row(4, model="n", match=other),
        a_row(5, days(0), model="n", match=other, **THEIRS),
    ]
    assert {row.tiers[0].input for row in PriceTable(rows).current(DAY)} == {2, 5}
    narrow = [a_row(1, match=(*EQUALS, *STARTS)), a_row(2, days(0), match=EQUALS, **THEIRS)]
    assert {row.tiers[0].input for row in PriceTable(narrow).current(DAY)} == {1, 2}


# What a new release brings

SERIES = st.lists(
    st.builds(a_row, st.integers(1, 4), st.none() | st.integers(-3, 3).map(days), st.sampled_from(["m", "n"])),
    max_size=6,
    unique_by=lambda row: (row.model, row.begins),
)


def of_model(rows: Iterable[DatedPrice], model: str, on: date) -> int | None:
    series = [row for row in rows if row.model == model]
    return in_force([replace(row, match=EQUALS) for row in series], on=on)


@given(first=SERIES, second=SERIES, third=SERIES)
def test_it_says_what_the_release_says_from_today_on_and_never_what_was_otherwise(
    first: list[DatedPrice], second: list[DatedPrice], third: list[DatedPrice]
) -> None:
    have = additions(first, [], DAY)
    assert have == first
    for release, today in ((second, DAY), (third, days(1))):
        before = list(have)
        have += additions(release, have, today)
        assert have[: len(before)] == before
        assert not additions(release, have, today), "twice is once"
        for model in ("m", "n"):
            if before:
                for number in range(-4, (today - DAY).days):
                    assert of_model(have, model, days(number)) == of_model(before, model, days(number))
            shipped = [row for row in release if row.model == model]
            for number in range((today - DAY).days, 5):
                wanted = of_model(shipped or before, model, days(number))
                assert of_model(have, model, days(number)) == (wanted if wanted is not None else of_model(before, model, days(number)))


def test_it_dates_what_a_release_brings_by_the_day_it_comes() -> None:
    have = [a_row(1)]
    added = additions([replace(a_row(2, days(-30)), version="r2/m/x"), a_row(3, days(9))], have, DAY)
    assert [(row.valid_from, row.version) for row in added] == [(DAY, f"r2/m/{DAY}"), (days(9), f"r3/m/{days(9)}")]
