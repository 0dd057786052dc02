"""What the pages of failure analytics draw and say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs.console.failures.failures_view import LEVELS, MOST_CODES, Links, growth, heat, level, percent, sentence, state_sentence
from skills.instants import instant

FIRST = datetime(2026, 11, 20, tzinfo=UTC)
LINKS = Links("/list", {"created_at__gte": instant(FIRST + timedelta(minutes=20)), "created_at__lt": "2026-11-21T00:10:00.000Z"})


def answer(cells: list[tuple[str, int, int]], columns: int = 25, hours: int = 1) -> dict[str, Any]:
    sums: dict[str, int] = {}
    for code, _, failures in cells:
        sums[code] = sums.get(code, 0) + failures
    codes = sorted(sums, key=lambda code: (-sums[code], code))
    drawn = [{"code": code, "column": column, "failures": failures} for code, column, failures in cells]
    return {
        "by_code": [{"code": code} for code in codes],
        "heat_map": {"from": instant(FIRST), "hours": hours, "columns": columns, "cells": drawn},
    }


def totals(**changes: Any) -> dict[str, Any]:
    numbers = {"failures": 4, "trend": None, "match_rate": 0.75, "tried": 0, "worked": 0, "wasted_micro_usd": 0}
    return {**numbers, **changes}


SENTENCES = {
    "nothing": (totals(failures=0), "Nothing failed in the last 7 days."),
    "the first time": (totals(), "4 failures in the last 7 days. The catalog knew 75 % of them."),
    "more": (totals(trend=0.5), "4 failures in the last 7 days, 50 % more than in the time before. The catalog knew 75 % of them."),
    "many more": (
        totals(trend=243.0),
        "4 failures in the last 7 days, 244 times as many as in the time before. The catalog knew 75 % of them.",
    ),
    "not so many more": (
        totals(trend=3.5),
        "4 failures in the last 7 days, 350 % more than in the time before. The catalog knew 75 % of them.",
    ),
    "fewer": (totals(trend=-0.25), "4 failures in the last 7 days, 25 % fewer than in the time before. The catalog knew 75 % of them."),
    "as many": (totals(trend=0.0), "4 failures in the last 7 days, as many as in the time before. The catalog knew 75 % of them."),
    "tried": (
        totals(failures=1, tried=2, worked=1, match_rate=1.0),
        "1 failure in the last 7 days. The catalog knew 100 % of them; recovery was tried 2 times and worked 1 time.",
    ),
    "dear": (
        totals(wasted_micro_usd=1_500_000),
        "4 failures in the last 7 days. The catalog knew 75 % of them. $1.50 went into attempts that failed.",
    ),
}


@pytest.mark.parametrize(("numbers", "said"), SENTENCES.values(), ids=SENTENCES.keys())
def test_it_says_in_words_how_much_failed(numbers: dict[str, Any], said: str) -> None:
    assert sentence(numbers, "7d", shows_costs=True) == said


def test_it_keeps_money_from_who_may_not_see_it() -> None:
    assert "$" not in sentence(totals(wasted_micro_usd=1_500_000), "7d", shows_costs=False)


@pytest.mark.parametrize(
    ("part", "said"), [(None, "—"), (0, "0 %"), (1, "100 %"), (0.5, "50 %"), (0.004, "0.4 %"), (0.999, "99.9 %"), (0.01, "1 %")]
)
def test_it_says_parts(part: float | None, said: str) -> None:
    assert percent(part) == said


@pytest.mark.parametrize(("trend", "said"), [(None, "—"), (0.0, "+0 %"), (2.5, "+250 %"), (-0.5, "−50 %")])
def test_it_says_growth(trend: float | None, said: str) -> None:
    assert growth(trend) == said


def test_it_draws_nothing_where_nothing_failed() -> None:
    assert heat(answer([]), LINKS) is None


def test_it_draws_a_row_for_each_code_those_with_most_failures_first() -> None:
    drawn = heat(answer([("TIMEOUT", 0, 1), ("NOT_FOUND", 24, 5)]), LINKS)
    assert drawn is not None
    assert [(row.code, row.failures, row.y) for row in drawn.rows] == [("NOT_FOUND", 5, 1), ("TIMEOUT", 1, 27)]
    first, last = drawn.cells
    assert (first.x, first.y, first.level, first.title) == ("0.000%", 28, 1, "TIMEOUT, 20 Nov 00:00 to 01:00: 1")
    assert (last.level, last.title) == (LEVELS, "NOT_FOUND, 21 Nov 00:00 to 01:00: 5")
    assert drawn.height == 52


def test_its_table_links_to_the_part_of_each_stretch_that_lies_in_the_window() -> None:
    drawn = heat(answer([("TIMEOUT", 0, 1), ("TIMEOUT", 5, 2), ("TIMEOUT", 24, 5)]), LINKS)
    assert drawn is not None
    assert [line.when for line in drawn.lines] == ["21 Nov 00:00 to 01:00", "20 Nov 05:00 to 06:00", "20 Nov 00:00 to 01:00"]
    links = [line.cells[0].link for line in drawn.lines if line.cells[0]]
    assert "created_at__lt=2026-11-21T00%3A10" in links[0]
    assert "created_at__gte=2026-11-20T05%3A00" in links[1]
    assert "created_at__lt=2026-11-20T06%3A00" in links[1]
    assert "created_at__gte=2026-11-20T00%3A20" in links[2]


def test_codes_beyond_a_dozen_share_a_row() -> None:
    drawn = heat(answer([(f"CODE_{n:02}", 0, 50 - n) for n in range(20)]), LINKS)
    assert drawn is not None
    assert len(drawn.rows) == MOST_CODES
    assert (drawn.rows[-1].code, drawn.rows[-1].failures) == ("other codes", sum(50 - n for n in range(11, 20)))
    assert "code__exact" not in drawn.rows[-1].link


@pytest.mark.parametrize(
    ("failures", "most", "expected"), [(1, 1, 5), (1, 10, 1), (10, 10, 5), (3, 10, 2), (1, 10_000, 1), (100, 10_000, 3)]
)
def test_it_darkens_by_orders(failures: int, most: int, expected: int) -> None:
    assert level(failures, most) == expected


def test_it_says_how_a_group_stands() -> None:
    row = {"failures": 2, "first_seen_at": "2026-11-20T10:00:00.000Z", "last_seen_at": "2026-11-21T10:00:00.000Z", "regressed_on": None}
    mark = {"fixed_in": "1.2.0", "muted_until": "2026-12-01T00:00:00.000Z"}
    back = {"skill_version": "1.3.0", "at": "2026-11-21T10:00:00.000Z"}
    said = {
        state: state_sentence({**row, "state": state, "mark": mark, "regressed_on": back if state == "regressed" else None}, "24h")
        for state in ("new", "muted", "fixed", "regressed")
    }
    assert said == {
        "new": "New: 2 times in the last 24 hours, for the first time 2026-11-20 10:00, last 2026-11-21 10:00.",
        "muted": "Muted until 2026-12-01 00:00; it came up 2 times in the last 24 hours.",
        "fixed": "Fixed in 1.2.0 and not seen on it since; before, and on earlier versions, 2 times in the last 24 hours.",
        "regressed": "It came back: seen on 1.3.0, fixed in 1.2.0; 2 times in the last 24 hours.",
    }
