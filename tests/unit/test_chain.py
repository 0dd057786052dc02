"""The chain through a journal: every change, gap, addition and swap of events is found, at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.engine.events import StepSucceeded
from runs.shell.chain import first_break, link_of
from runs.shell.codec import encode
from runs.shell.journal import Row
from runs.shell.tombstones import bury


def journal(length: int = 5) -> list[Row]:
    rows: list[Row] = []
    for seq in range(1, length + 1):
        prev = link_of(rows[-1]) if rows else ""
        rows.append(Row(seq, "step_succeeded", "a", 1, seq, encode(StepSucceeded(seq, "a", 1, f"result {seq}"), (), prev)))
    return rows


def changed(rows: list[Row], at: int) -> list[Row]:
    row = rows[at]
    return [*rows[:at], row._replace(data=row.data.replace("result", "Result")), *rows[at + 1 :]]


HEAD = link_of(journal()[-1])
HARMS: dict[str, tuple[Callable[[list[Row]], list[Row]], int]] = {
    "changed first": (lambda rows: changed(rows, 0), 2),
    "changed in the middle": (lambda rows: changed(rows, 2), 4),
    "changed last": (lambda rows: changed(rows, 4), 5),
    "removed": (lambda rows: [*rows[:2], *rows[3:]], 4),
    "first removed": (lambda rows: rows[1:], 2),
    "last removed": (lambda rows: rows[:-1], 4),
    "all removed": (lambda rows: [], 0),
    "swapped": (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], 3),
    "told twice": (lambda rows: [*rows[:3], rows[2], *rows[3:]], 3),
    "no event at all": (lambda rows: [rows[0], rows[1]._replace(data="gone"), *rows[2:]], 2),
}


def test_it_holds_where_nothing_was_touched() -> None:
    assert first_break(journal(), HEAD) is None
    assert first_break(journal(1), link_of(journal(1)[0])) is None


@pytest.mark.parametrize(("harm", "seq"), HARMS.values(), ids=HARMS.keys())
def test_it_finds_what_was_done_to_a_journal(harm: Callable[[list[Row]], list[Row]], seq: int) -> None:
    found = first_break(harm(journal()), HEAD)
    assert found is not None and found.seq == seq
    assert f"event {seq}" in found.words


@pytest.mark.parametrize("buried", [{1}, {3}, {5}, {2, 3}, {1, 2, 3, 4, 5}], ids=str)
def test_it_holds_over_payloads_that_were_removed(buried: set[int]) -> None:
    rows = [row._replace(data=bury(row.data, at_ms=9, rule="payload")) if row.seq in buried else row for row in journal()]
    assert first_break(rows, HEAD) is None
    swapped = [rows[1], rows[0], *rows[2:]]
    assert first_break(swapped, HEAD) is not None
