"""What the cost page draws and says: bars that add up to what was spent, a scale one can read, words for empty and for dear months."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from runs.console.amounts import micro_usd_of
from runs.console.money.cost_view import HEIGHT, Links, chart, groups, sentence, short
from skills.refusal import Refusal

FIRST = date(2026, 11, 1)
LINKS = Links("/charges/", {"day__gte": "2026-11-01"}, {"agt_1": "/agents/1/"})


def sums(cost: int, *, calls: int = 1, retry: int = 0, loop: int = 0, **keys: Any) -> dict[str, Any]:
    part = {"calls": 1, "cost_micro_usd": 0}
    tokens = {"input": 1_200, "output": 0, "cache_read": 0, "cache_write": 0}
    waste = {"retry_waste": {**part, "cost_micro_usd": retry}, "loop_waste": {"calls": bool(loop), "cost_micro_usd": loop}}
    return {"calls": calls, "cost_micro_usd": cost, "tokens": tokens, **waste, **keys}


def drawn(days: dict[int, dict[str, Any]], length: int = 30) -> Any:
    found = chart({FIRST + timedelta(days=day): row for day, row in days.items()}, FIRST, FIRST + timedelta(days=length - 1))
    assert found is not None
    return found


def test_it_draws_nothing_of_nothing() -> None:
    assert chart({}, FIRST, FIRST) is None
    assert chart({FIRST: sums(0)}, FIRST, FIRST) is None


def test_it_stacks_what_was_of_use_below_what_was_in_vain() -> None:
    (bar,) = drawn({3: sums(1_000, retry=250, loop=250)}).bars
    assert [part.kind for part in bar.parts] == ["used", "loop", "retry"]
    assert [part.height for part in bar.parts] == [HEIGHT / 2, HEIGHT / 4, HEIGHT / 4]
    assert [part.y for part in bar.parts] == [HEIGHT / 2, HEIGHT / 4, 0]
    assert bar.title == "4 Nov 2026: $0.0010, $0.0003 retried in vain, $0.0003 looped"


def test_it_places_days_where_they_are() -> None:
    first, last = drawn({0: sums(10), 9: sums(5)}, 10).bars
    assert (first.x, first.width) == ("1.000%", "8.000%")
    assert last.x == "91.000%"


def test_it_draws_long_times_by_weeks() -> None:
    found = drawn({0: sums(10), 6: sums(5), 7: sums(1)}, 200)
    assert [bar.title for bar in found.bars] == ["1 Nov 2026 to 7 Nov 2026: <$0.0001", "8 Nov 2026 to 14 Nov 2026: <$0.0001"]
    assert found.says.startswith("Spent by week")


@pytest.mark.parametrize("since", [date(1, 1, 1), date(1, 1, 5), date(2026, 11, 1)])
def test_it_draws_all_the_calendar_there_is(since: date) -> None:
    """Whatever stands in the address of the page: no more bars than can be seen, and none that ends after the last day there is."""
    found = chart({FIRST: sums(10), date.max: sums(5)}, since, date.max)
    assert found is not None and len(found.bars) == 2
    # A hundredth of the width, but for the room between two.
    assert min(float(bar.width.rstrip("%")) for bar in found.bars) >= 0.8


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (1, ["<$0.0001"]),
        (7, ["<$0.0001"] * 4),
        (1_000_000, ["$0.20", "$0.40", "$0.60", "$0.80", "$1.00"]),
        (1_000_001, ["$0.50", "$1.00", "$1.50"]),
        (3_700_000, ["$1.00", "$2.00", "$3.00", "$4.00"]),
        (980_000_000, ["$200.00", "$400.00", "$600.00", "$800.00", "$1,000.00"]),
    ],
)
def test_its_scale_is_made_of_round_numbers(top: int, ticks: list[str]) -> None:
    found = drawn({0: sums(top)})
    assert [tick.says for tick in found.ticks] == ticks
    assert all(0 <= tick.y < HEIGHT for tick in found.ticks)
    assert all(part.y >= 0 and part.y + part.height <= HEIGHT + 1 for bar in found.bars for part in bar.parts)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 30, 366])
def test_it_names_days_from_the_first_to_the_last(length: int) -> None:
    labels = drawn({0: sums(5)}, length).labels
    assert labels[0].says == "1 Nov 2026"
    assert len(labels) == (1 if length == 1 else 2 if length < 5 else 3)


def test_it_lists_groups_with_what_is_behind_them() -> None:
    rows = [sums(3_000_000, agent="worker", agent_id="agt_1", retry=1_000_000), sums(1_000, agent=None, agent_id="agt_2")]
    first, second = groups({"data": rows, "totals": sums(3_001_000)}, "agent", LINKS)
    assert (first.name, first.link, first.cost, first.share, first.width) == ("worker", "/agents/1/", "$3.00", "100 %", "100.00%")
    assert (first.tokens, first.retry, first.loop) == ("1.2 k", "$1.00", "")
    assert first.retry_charges == "/charges/?day__gte=2026-11-01&agent_public_id=agt_1&waste=retry"
    assert (second.name, second.note, second.link, second.share) == ("agt_2", "gone", "", "<1 %")


@pytest.mark.parametrize(("by", "name"), [("model", "no model"), ("skill", "not recorded")])
def test_it_says_what_has_no_name(by: str, name: str) -> None:
    (group,) = groups({"data": [sums(5, **{by: None})], "totals": sums(5)}, by, LINKS)
    assert group.name == name
    assert group.charges.endswith(f"&{by}__exact=")


@pytest.mark.parametrize(
    ("totals", "forecast", "says"),
    [
        (sums(0, calls=0), None, "Nothing was charged from 1 Nov 2026 to 3 Nov 2026."),
        (sums(2_500_000), None, "$2.50 for 1 call from 1 Nov 2026 to 3 Nov 2026, nothing of it in vain."),
        (
            sums(2_500_000, calls=1_200, retry=300_000, loop=200_000),
            {"expected_micro_usd": 9_000_000},
            "$2.50 for 1,200 calls from 1 Nov 2026 to 3 Nov 2026, $0.5000 of it in vain. This month will come to about $9.00.",
        ),
        (sums(5, calls=2), {"expected_micro_usd": None}, "<$0.0001 for 2 calls from 1 Nov 2026 to 3 Nov 2026, nothing of it in vain."),
    ],
    ids=["nothing", "one call", "waste", "no forecast"],
)
def test_it_says_in_words_what_was_spent(totals: Any, forecast: Any, says: str) -> None:
    assert sentence(totals, FIRST, date(2026, 11, 3), forecast) == says


@pytest.mark.parametrize(("number", "says"), [(0, "0"), (999, "999"), (1_250, "1.2 k"), (4_500_000, "4.5 M"), (7_000_000_000, "7.0 G")])
def test_it_says_large_numbers_in_few_signs(number: int, says: str) -> None:
    assert short(number) == says


# Amounts


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("2", 2_000_000), ("2.50", 2_500_000), (" $0.000001 ", 1), (".5", 500_000), ("0", 0), ("$ 12", 12_000_000), ("5.", 5_000_000)],
)
def test_it_reads_dollars(typed: str, amount: int) -> None:
    assert micro_usd_of(typed) == amount


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "say how much"),
        ("-1", "not below zero"),
        ("1,50", "without commas"),
        ("0.0000001", "six decimals"),
        ("1e9", "no amount"),
        ("NaN", "no amount"),
        ("٣", "no amount"),
        ("9" * 13, "more than can be said"),
        ("9999999999.5", "more than can be said"),
        ("two", "no amount"),
    ],
)
def test_it_says_why_an_amount_is_none(typed: str, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        micro_usd_of(typed)


def test_a_top_up_of_nothing_is_none() -> None:
    with pytest.raises(Refusal, match="nothing"):
        micro_usd_of("0.00", least=1)
