"""Canonical JSON gives the check vectors of the contract, whatever order the keys came in."""

from __future__ import annotations

from typing import Any

import pytest

from skills.canonical import canonical_json, digest

VECTORS: list[tuple[Any, str]] = [
    ({"x": 1}, "5041bf1f713df204"),
    ({}, "44136fa355b3678a"),
    ([], "4f53cda18c2baa0c"),
    (None, "74234e98afe7498f"),
    ({"a": None, "b": [3, 1, 2]}, "1bf301b6badd0993"),
    ({"b": 2, "a": 1, "c": {"z": 26, "y": 25}}, "5f3dc65844e1d651"),
    ({"k": "é"}, "0ca09f1dffb485d2"),
]


@pytest.mark.parametrize(("value", "prefix"), VECTORS, ids=[str(value) for value, _ in VECTORS])
def test_it_gives_the_vector(value: Any, prefix: str) -> None:
    assert digest(value)[:16] == prefix


def test_it_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1}) == b'{"a":2,"b":1}'


def test_it_writes_what_json_cannot_carry_exactly_as_text() -> None:
    assert canonical_json({"n": 2**53, "x": [float("nan")]}) == b'{"n":"9007199254740992","x":["nan"]}'


def test_it_refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="set"):
        canonical_json({1, 2})
