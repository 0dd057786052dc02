"""What was spent falls on the oldest lot first, what is given back on the newest; beyond all lots it is absorbed today."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger.amounts import LARGEST, Amounts, model_key
from agents.ledger.lots import Lot, Move, absorbed, drawn, held_in, settled, spent_in

MONDAY, TUESDAY, TODAY = date(2026, 6, 8), date(2026, 6, 9), date(2026, 6, 10)


def lots() -> list[Lot]:
    return [*drawn({"": 60, "m": 20}, "first", MONDAY), *drawn({"": 40}, "second", TUESDAY)]


@pytest.mark.parametrize(
    ("spent", "moves"),
    [
        pytest.param(Amounts(), [("release", "", MONDAY, 60), ("release", "", TUESDAY, 40), ("release", "m", MONDAY, 20)], id="nothing"),
        pytest.param(
            Amounts(50, {"m": 20}),
            [("settle", "", MONDAY, 50), ("release", "", MONDAY, 10), ("release", "", TUESDAY, 40), ("settle", "m", MONDAY, 20)],
            id="part-of-the-oldest",
        ),
        pytest.param(
            Amounts(75, {"m": 5}),
            [
                ("settle", "", MONDAY, 60),
                ("settle", "", TUESDAY, 15),
                ("release", "", TUESDAY, 25),
                ("settle", "m", MONDAY, 5),
                ("release", "m", MONDAY, 15),
            ],
            id="into-the-newer",
        ),
        pytest.param(
            Amounts(107, {"m": 23, "n": 4}),
            [
                ("settle", "", MONDAY, 60),
                ("settle", "", TUESDAY, 40),
                ("absorb", "", TODAY, 7),
                ("settle", "m", MONDAY, 20),
                ("absorb", "m", TODAY, 3),
                ("absorb", "n", TODAY, 4),
            ],
            id="beyond-all",
        ),
    ],
)
def test_it_settles_the_oldest_first(spent: Amounts, moves: list[tuple[Any, ...]]) -> None:
    held = lots()
    found = settled(held, spent, TODAY)
    assert found == [Move(*move) for move in moves]
    held += absorbed(found, "absorbed")
    assert spent_in(held) == held_in(held) == spent
    assert settled(held, spent, TODAY) == []


def test_it_takes_nothing_back_that_is_spent() -> None:
    held = lots()
    settled(held, Amounts(50, {"m": 20}), TODAY)
    assert settled(held, Amounts(49), TODAY) == []
    assert spent_in(held) == Amounts(50, {"m": 20})


PARTS = st.dictionaries(st.sampled_from(["", "m", "n"]), st.integers(1, 99))


@given(draws=st.lists(PARTS, max_size=5), spent=PARTS)
def test_it_neither_makes_nor_loses_money(draws: list[dict[str, int]], spent: dict[str, int]) -> None:
    held = [lot for number, parts in enumerate(draws) for lot in drawn(parts, str(number), MONDAY)]
    before = held_in(held).parts()
    moves = settled(held, Amounts(spent.get("", 0), {model: amount for model, amount in spent.items() if model}), TODAY)
    for model in ("", "m", "n"):
        moved = {kind: sum(m.amount for m in moves if (m.kind, m.model) == (kind, model)) for kind in ("settle", "release", "absorb")}
        assert moved["settle"] + moved["release"] == before.get(model, 0)
        assert moved["settle"] + moved["absorb"] == spent.get(model, 0)
        assert moved["absorb"] == max(0, spent.get(model, 0) - before.get(model, 0))
    assert all(move.amount > 0 for move in moves)
    assert all(lot.open == 0 <= lot.spent <= lot.amount for lot in held)


@pytest.mark.parametrize("amount", [-1, 1.0, 0.5, "1", None, True, LARGEST + 1], ids=repr)
def test_it_refuses_what_is_no_amount(amount: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Amounts(amount)
    with pytest.raises(ValueError, match="whole number"):
        Amounts(0, {"m": amount})


def test_it_takes_the_largest_amount_there_is() -> None:
    assert Amounts(LARGEST, {"m": LARGEST}).parts() == {"": LARGEST, "m": LARGEST}


@pytest.mark.parametrize("name", ["claude-opus-4", "qwen2.5:7b", "org/model@2026-01-01", "größer als nötig", "m" * 160])
def test_it_counts_a_model_under_its_name(name: str) -> None:
    assert model_key(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("m" * 161, "m" * 162), ("a\x00b", "a\x01b"), ("a\nb", "ab"), ("\ud800", "\ud801")],
    ids=["long", "nul", "line", "half"],
)
def test_it_finds_a_name_of_its_own_for_one_no_scope_can_have(one: str, other: str) -> None:
    assert model_key(one) != model_key(other)
    assert len(model_key(one)) <= 160
    assert model_key(one).isprintable()
    assert Amounts(5, {one: 3, other: 2}).parts() == {"": 5, model_key(one): 3, model_key(other): 2}
