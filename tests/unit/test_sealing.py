"""What data brought in never becomes part of a plan, whatever it reads like; what the plan wrote stays what it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.plan.references import Reference, render, secret_pointers
from runs.effects.sealing import NotTold, Seal

WORD = "qWORD"
TOKEN = "${secrets.TOKEN}"


def round_trip(raw: Any, rendered: Any) -> Any:
    """Return what comes of parameters that a skill passes on as they are."""
    seal = Seal(WORD)
    return seal.opened(seal.planned(rendered, raw, frozenset(secret_pointers(raw))))


KEPT: dict[str, tuple[Any, Any, Any]] = {
    "plain text": ("a", "a", "a"),
    "a secret the plan names": (f"Bearer {TOKEN}", f"Bearer {TOKEN}", f"Bearer {TOKEN}"),
    "a secret that is all of it": (TOKEN, TOKEN, TOKEN),
    "a place to fill in that the plan wrote": ("{result.id}", "{result.id}", "{result.id}"),
    "a place to fill in that data brought": ("${inputs.x}", "{result.id}", "{result.id}"),
    "a secret that data reads like": ("${inputs.x}", TOKEN, "$" + TOKEN),
    "a reference that data reads like": ("${inputs.x}", "${steps.a.result}", "$${steps.a.result}"),
    "below what a reference brought": ({"a": "${inputs.x}"}, {"a": {"b": [TOKEN]}}, {"a": {"b": ["$" + TOKEN]}}),
    "an escape of the plan's own": ("$${inputs.x}", "${inputs.x}", "$${inputs.x}"),
    "what is no text": ({"n": 1, "l": [None, True]}, {"n": 1, "l": [None, True]}, {"n": 1, "l": [None, True]}),
    "what a person gave instead": ({}, {"a": "{result.id} " + TOKEN}, {"a": "{result.id} $" + TOKEN}),
}


@pytest.mark.parametrize(("raw", "rendered", "expected"), KEPT.values(), ids=KEPT.keys())
def test_it_keeps(raw: Any, rendered: Any, expected: Any) -> None:
    assert round_trip(raw, rendered) == expected


@pytest.mark.parametrize("data", ["${secrets.OTHER}", "x ${secrets.A.B} y"])
def test_it_refuses_a_secret_beside_data_that_reads_like_another(data: str) -> None:
    with pytest.raises(NotTold, match="beside data"):
        round_trip(f"{TOKEN}/${{inputs.x}}", f"{TOKEN}/{data}")


def test_sealed_data_offers_nothing_to_fill_in_and_comes_out_as_it_was() -> None:
    seal = Seal(WORD)
    sealed = seal.data({"a": ["{result.id}", TOKEN]})
    assert "{" not in str(sealed["a"])
    assert seal.opened(sealed) == {"a": ["{result.id}", "$" + TOKEN]}


TEXTS = st.text(alphabet='${}.secrtinpuTOKEN[]"$1 ', max_size=30)


@given(st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("k"), inner, max_size=1), max_leaves=6))
def test_whatever_data_reads_like_a_plan_that_holds_it_renders_to_the_same(data: Any) -> None:
    def nothing(reference: Reference) -> Any:
        raise AssertionError(f"{reference.text} became a reference")

    opened = round_trip("${inputs.x}", data)
    assert secret_pointers(opened) == ()
    assert render(opened, nothing) == data
