"""Failures that are the same in kind get the same signature, and others do not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.signature import KEPT_CHARACTERS, grouped_by, host_of, normalise, signature_of

SAME = [
    pytest.param("no answer within 30000 ms", "no answer within 5 ms", id="numbers"),
    pytest.param("took 1.5 s", "took 12,000.25 s", id="decimals"),
    pytest.param("connect to 10.0.0.1:8080 failed", "connect to 10.2.33.4:443 failed", id="addresses and ports"),
    pytest.param("row 550e8400-e29b-41d4-a716-446655440000", "row 650E8400-E29B-41D4-A716-446655440001", id="uuids"),
    pytest.param("object deadbeef0 gone", "object 0123abcd99 gone", id="hex"),
    pytest.param(f"run_{'0a' * 16} lost", f"run_{'1b' * 16} lost", id="our own ids"),
    pytest.param("at 2026-11-20T10:00:00Z", "at 2025-01-02 03:04:05.678+02:00", id="instants"),
    pytest.param("since 2026-11-20", "since 2025-01-02", id="dates"),
    pytest.param('field "name" is wrong', 'field "street address" is wrong', id="double quotes"),
    pytest.param("field 'name' is wrong", "field 'a b' is wrong", id="single quotes"),
    pytest.param("field `x` is wrong", "field `y z` is wrong", id="backticks"),
    pytest.param("Too  many\nrequests", "too many requests", id="space and case"),
]
DIFFERENT = [
    pytest.param("connection refused", "connection reset", id="other words"),
    pytest.param("can't read it, don't know", "can't read it, won't know", id="apostrophes are no quotes"),
    pytest.param("facade is down", "decade is down", id="words that look like hex"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_it_ignores_what_varies_from_case_to_case(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_it_keeps_what_tells_causes_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text(alphabet=st.characters(), max_size=3_000))
def test_it_takes_any_text_and_stays_short(text: str) -> None:
    assert len(normalise(text)) <= KEPT_CHARACTERS
    assert len(signature_of(skill="s", code="TIMEOUT", target=text, message=text)) == 64


@pytest.mark.parametrize(
    "evil", ['"' * 100_000, "'a " * 50_000, "1." * 50_000, "a" * 100_000, "0x" * 50_000, "12:" * 50_000], ids=lambda text: text[:3]
)
def test_it_stays_fast_on_evil_text(evil: str) -> None:
    started = time.perf_counter()
    normalise(evil)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("https://Example.com:8443/a/b", "example.com"),
        ("GET https://example.com/a", "example.com"),
        ("example.com:443", "example.com"),
        ("example.com", "example.com"),
        ("http://[::1]:80/", "::1"),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_it_reads_the_host_of_a_target(target: str, host: str) -> None:
    assert host_of(target) == host


@pytest.mark.parametrize("field", ["skill", "code", "target", "message"])
def test_it_tells_failures_apart_by_each_field(field: str) -> None:
    base = {"skill": "http_call", "code": "TIMEOUT", "target": "https://a.example/x", "message": "no answer"}
    assert signature_of(**base) != signature_of(**{**base, field: "other.example"})


def test_it_groups_one_host_whatever_the_path_and_port() -> None:
    one = grouped_by(skill="s", code="TIMEOUT", target="https://a.example:1/x", message="m")
    assert one == grouped_by(skill="s", code="TIMEOUT", target="GET http://a.example/y", message="m")
    assert one == {"skill": "s", "code": "TIMEOUT", "host": "a.example", "cause": "m"}
