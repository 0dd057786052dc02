"""What a month will have cost: nothing without history, the days of the week where they are known, and one odd day no matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from runs.money.forecast import Forecast, first_day_needed, forecast, month_of

TODAY = date(2026, 11, 18)  # a Wednesday; 13 days are left of the month, this one included


def days(number: int, cost: Callable[[date], int], *, until: date = TODAY) -> dict[date, int]:
    """Return the costs of so many days before a day."""
    past = [until - timedelta(days=n) for n in range(1, number + 1)]
    return {day: cost(day) for day in past}


def of(costs: dict[date, int], first_day: date | None = None, today: date = TODAY) -> Forecast:
    return forecast(costs, today, first_day or min(costs))


def spent_in_month(costs: dict[date, int]) -> int:
    return sum(cost for day, cost in costs.items() if day.month == TODAY.month)


def test_it_says_nothing_without_a_day_that_is_over() -> None:
    assert forecast({}, TODAY, None) == Forecast(0)
    assert forecast({TODAY: 70}, TODAY, TODAY) == Forecast(70)


def test_it_gives_no_range_from_one_day() -> None:
    told = of(days(1, lambda day: 100))
    assert (told.expected_micro_usd, told.low_micro_usd, told.high_micro_usd, told.days) == (100 + 13 * 100, None, None, 1)


def test_it_expects_the_same_of_every_day_that_is_left_where_all_cost_the_same() -> None:
    costs = days(10, lambda day: 100)
    assert of(costs) == Forecast(1_000, 2_300, 2_300, 2_300, 10, "mean")


@pytest.mark.parametrize(
    ("today", "expected"),
    [pytest.param(0, 1_000 + 1_300, id="nothing yet"), pytest.param(30, 1_000 + 1_300, id="a part"), pytest.param(250, 2_450, id="more")],
)
def test_it_counts_what_today_cost_already_as_a_part_of_what_it_usually_does(today: int, expected: int) -> None:
    told = of({**days(10, lambda day: 100), TODAY: today})
    assert (told.spent_micro_usd, told.expected_micro_usd) == (1_000 + today, expected)


def test_it_counts_days_without_a_cost_once_there_was_one() -> None:
    told = of({TODAY - timedelta(days=4): 100, TODAY - timedelta(days=2): 100}, TODAY - timedelta(days=4))
    assert (told.days, told.expected_micro_usd) == (4, 200 + 13 * 50)


def test_it_knows_the_days_of_the_week_after_three_weeks() -> None:
    def work_days(day: date) -> int:
        return 1_000 if day.weekday() < 5 else 0

    few, many = days(20, work_days), days(21, work_days)
    assert of(few).method == "mean"
    told = of(many)
    # From Wednesday the 18th to Monday the 30th there are nine days of work.
    assert (told.method, told.days, told.expected_micro_usd) == ("weekday", 21, spent_in_month(many) + 9_000)
    assert told.low_micro_usd == told.expected_micro_usd == told.high_micro_usd


@pytest.mark.parametrize("number", [10, 28])
def test_one_odd_day_does_not_make_a_month(number: int) -> None:
    usual, odd = days(number, lambda day: 100), days(number, lambda day: 100)
    odd[TODAY - timedelta(days=3)] = 50_000
    more = spent_in_month(odd) - spent_in_month(usual)
    told = of(odd)
    assert told.expected_micro_usd == of(usual).expected_micro_usd + more
    assert told.high_micro_usd > told.expected_micro_usd, "it happened once, so it may again"


def test_its_range_holds_what_is_expected_and_never_less_than_is_spent() -> None:
    told = of(days(14, lambda day: 500 if day.day % 5 == 0 else 10))
    assert told.spent_micro_usd <= told.low_micro_usd <= told.expected_micro_usd <= told.high_micro_usd


def test_it_reads_no_further_back_than_eight_weeks() -> None:
    costs = days(56, lambda day: 100) | {TODAY - timedelta(days=57): 10**9}
    assert of(costs) == of(days(56, lambda day: 100))
    assert first_day_needed(TODAY) == TODAY - timedelta(days=56)


def test_on_the_last_day_little_is_left_to_expect() -> None:
    last = date(2026, 11, 30)
    told = of({**days(29, lambda day: 100, until=last), last: 100}, today=last)
    assert told.spent_micro_usd == told.expected_micro_usd == 3_000


@pytest.mark.parametrize(
    ("today", "last"), [(date(2026, 2, 3), 28), (date(2028, 2, 29), 29), (date(2026, 12, 31), 31)], ids=["february", "leap", "december"]
)
def test_it_knows_how_long_months_are(today: date, last: int) -> None:
    assert month_of(today) == (today.replace(day=1), today.replace(day=last))
