"""Strict JSON: what the one parser refuses, with which code and pointer."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.refusal import Refusal
from skills.strict_json import MAX_FAULTS, NotStrictJson, parse_strict, read_strict

REFUSED: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "SYNTAX", ""),
    "half an object": (b'{"a":', "SYNTAX", ""),
    "trailing text": (b"{} {}", "SYNTAX", ""),
    "single quotes": (b"{'a':1}", "SYNTAX", ""),
    "an unterminated string": (b'{"a":"b', "SYNTAX", ""),
    "a byte order mark": (b"\xef\xbb\xbf{}", "SYNTAX", ""),
    "a raw control character": (b'{"a":"\n"}', "SYNTAX", ""),
    "latin-1": (b'{"a":"\xe9"}', "NOT_UTF8", ""),
    "65 levels": (b"[" * 65 + b"]" * 65, "TOO_DEEP", ""),
    "100,000 open brackets": (b"[" * 100_000, "TOO_DEEP", ""),
    "5,000 nested objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "TOO_DEEP", ""),
    "NUL in a value": (b'{"a":"x\\u0000"}', "NUL_CHARACTER", "/a"),
    "NUL in a name": (b'{"a\\u0000":1}', "NUL_CHARACTER", "/a\ufffd"),
    "a lone high surrogate": (b'["\\ud800"]', "LONE_SURROGATE", "/0"),
    "a lone low surrogate": (b'"\\udc00"', "LONE_SURROGATE", ""),
    "a surrogate in a name": (b'{"\\ud800":1}', "LONE_SURROGATE", "/\ufffd"),
    "NaN": (b'{"a":{"b":[0,NaN]}}', "NOT_A_NUMBER", "/a/b/1"),
    "Infinity": (b'{"a":Infinity}', "NOT_A_NUMBER", "/a"),
    "-Infinity": (b"[-Infinity]", "NOT_A_NUMBER", "/0"),
    "a float beyond range": (b'{"a":1e999}', "NOT_A_NUMBER", "/a"),
    "2^63": (b'{"a":9223372036854775808}', "INTEGER_TOO_LARGE", "/a"),
    "-2^63 - 1": (b'{"a":-9223372036854775809}', "INTEGER_TOO_LARGE", "/a"),
    "a million digits": (b'{"a":' + b"9" * 1_000_000 + b"}", "INTEGER_TOO_LARGE", "/a"),
    "a name given twice": (b'{"x":{"a":1,"a":2}}', "DUPLICATE_KEY", "/x/a"),
    "a name to escape, twice": (b'{"a/b~":1,"a/b~":2}', "DUPLICATE_KEY", "/a~1b~0"),
}

TAKEN: dict[str, tuple[bytes, Any]] = {
    "64 levels": (b"[" * 64 + b"]" * 64, None),
    "brackets inside text": (b'{"a":"' + b"[" * 1_000 + b'"}', {"a": "[" * 1_000}),
    "an escaped quote before brackets": (b'["\\"' + b"[" * 100 + b'"]', ['"' + "[" * 100]),
    "a whole surrogate pair": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "2^63 - 1": (b"9223372036854775807", 2**63 - 1),
    "-2^63": (b"-9223372036854775808", -(2**63)),
    "the same name in two objects": (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
}


@pytest.mark.parametrize(("raw", "code", "pointer"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(raw: bytes, code: str, pointer: str) -> None:
    with pytest.raises(NotStrictJson) as caught:
        parse_strict(raw)
    assert [(fault.code, fault.pointer) for fault in caught.value.faults] == [(code, pointer)]


@pytest.mark.parametrize(("raw", "value"), TAKEN.values(), ids=TAKEN.keys())
def test_it_takes(raw: bytes, value: Any) -> None:
    parsed = parse_strict(raw)
    assert value is None or parsed == value


def test_it_says_what_it_was_that_could_not_be_read() -> None:
    with pytest.raises(Refusal, match=r"^plan\.json cannot be read: ") as refused:
        read_strict(b'{"a":NaN,"b":"\\u0000"}', "plan.json")
    assert [(fault["pointer"], fault["code"]) for fault in refused.value.errors] == [("/a", "NOT_A_NUMBER"), ("/b", "NUL_CHARACTER")]


def test_it_names_every_fault_up_to_a_bound() -> None:
    with pytest.raises(NotStrictJson) as caught:
        parse_strict(b'{"a":NaN,"b":"\\u0000","c":[' + b"NaN," * 50 + b"1]}")
    assert len(caught.value.faults) == MAX_FAULTS
    assert [fault.pointer for fault in caught.value.faults[:3]] == ["/a", "/b", "/c/0"]


@pytest.mark.parametrize(
    "raw", [b'"' + b'\\"' * 500_000, b'["' + b"\\" * 999_999, b'"' * 999_999], ids=["escaped quotes", "backslashes", "quotes"]
)
def test_it_reads_hostile_text_in_linear_time(raw: bytes) -> None:
    started = time.process_time()
    with pytest.raises(NotStrictJson):
        parse_strict(raw)
    assert time.process_time() - started < 5


STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_it_gives_back_every_value_json_can_say(value: Any, ascii_only: bool) -> None:
    assert parse_strict(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=64) | st.text('[]{}",:\\u0d8cN1e-. ', max_size=64).map(str.encode))
def test_it_answers_any_bytes_with_a_value_or_with_faults(raw: bytes) -> None:
    try:
        answer = json.dumps(parse_strict(raw), allow_nan=False)
    except NotStrictJson as refused:
        answer = str(refused.faults[0].code)
    assert answer
