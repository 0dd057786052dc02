"""Canonical JSON gives the check vectors of the contract, whatever order the keys came in."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

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


def json_values() -> st.SearchStrategy[Any]:
    number = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    leaf = st.none() | st.booleans() | number | st.text()
    return st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(json_values())
def test_it_writes_what_the_reference_implementation_writes(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("code", [*range(0x20), 0x22, 0x2F, 0x5C, 0x7F, 0x80, 0x2028, 0xFFFF, 0x1F600], ids=hex)
def test_it_escapes_like_the_reference_implementation(code: int) -> None:
    assert canonical_json({chr(code): chr(code)}) == rfc8785.dumps({chr(code): chr(code)})
    assert canonical_json([chr(code)]) == rfc8785.dumps([chr(code)])
