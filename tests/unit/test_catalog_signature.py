"""Failures that are the same in kind get the same signature, and others do not."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import timeit
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.signature import _VARYING, KEPT_CHARACTERS, grouped_by, host_of, normalise, signature_of

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
    pytest.param("no answer from db-1.example:5432", "no answer from db-1.example:6432", id="the port of a host"),
    pytest.param("no answer from 10.0.0.1:80", "no answer from [2001:db8::1]:443", id="addresses of both kinds"),
    pytest.param("no route to fe80::1%eth0", "no route to 2001:db8:0:0:0:0:0:1", id="long and short addresses"),
    pytest.param("GET https://a.example:8443/v1/users/77?t=1 failed", "GET https://a.example/v1/users/a8f#x failed", id="urls"),
    pytest.param("see https://a.example/x?token=1.", "see https://bob:pw@a.example/x.", id="the end of a sentence is no url"),
    pytest.param("http://10.0.0.1/a", "http://[::1]:80/a", id="urls of addresses"),
    pytest.param("since Fri, 20 Nov 2026 10:00:00 GMT", "since Mon, 2 Mar 2025 01:02:03 GMT", id="dates of mail"),
    pytest.param("Nov 20 10:00:00 sshd gone", "Mar  2 01:02:03 sshd gone", id="dates of logs"),
    pytest.param("card 00:1a:2b:3c:4d:5e is down", "card ff:ff:ff:00:00:01 is down", id="hardware addresses"),
    pytest.param("no mail to bob@example.com", "no mail to ann.b@mail.example.org", id="mail addresses"),
    pytest.param("request 01ARZ3NDEKTSV4RRFFQ69G5FAV", "request 01BX5ZZKBKACTAV9WEVGEMMVRZ", id="letters and digits by turns"),
    pytest.param("field “name” is wrong", "field “street” is wrong", id="typographic quotes"),
    pytest.param(f'it said "{"a" * 3_000}" and left', f'it said "{"b" * 4_000}" and left', id="a quotation longer than what is read"),
]
DIFFERENT = [
    pytest.param("connection refused", "connection reset", id="other words"),
    pytest.param("can't read it, don't know", "can't read it, won't know", id="apostrophes are no quotes"),
    pytest.param("facade is down", "decade is down", id="words that look like hex"),
    pytest.param("https://a.example/x failed", "https://b.example/x failed", id="hosts of urls"),
    pytest.param("https://a.example/users failed", "https://a.example/orders failed", id="words of a path"),
    pytest.param("db.example:5432 is down", "mq.example:5432 is down", id="hosts before a port"),
    pytest.param("std::bad_alloc", "std::length_error", id="names of programs are no addresses"),
    pytest.param("market 12 is shut", "mayor 12 is shut", id="words that begin like months"),
    pytest.param("sha256withrsa is unknown", "sha256withdsa is unknown", id="words with a number in them"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_it_ignores_what_varies_from_case_to_case(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_it_keeps_what_tells_causes_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


COLLIDING = [
    pytest.param("no answer within <n> ms", "no answer within 5 ms", id="a number"),
    pytest.param("row <id> is gone", "row 550e8400-e29b-41d4-a716-446655440000 is gone", id="an id"),
    pytest.param("field <quoted> is wrong", 'field "name" is wrong', id="a quotation"),
    pytest.param("since <date>", "since 2026-11-20", id="a date"),
    pytest.param("no route to <ip>", "no route to 10.0.0.1", id="an address"),
    pytest.param("within <\\n> ms", "within <n> ms", id="what keeps a name apart"),
    pytest.param("<<n>", "<5", id="a bracket before a name"),
]


@pytest.mark.parametrize(("built", "imitated"), COLLIDING)
def test_it_never_takes_a_name_for_what_it_stands_for(built: str, imitated: str) -> None:
    assert normalise(built) != normalise(imitated)
    assert signature_of(skill="s", code="TIMEOUT", target="", message=built) != signature_of(
        skill="s", code="TIMEOUT", target="", message=imitated
    )


_PIECES = st.sampled_from(
    ["<n>", "<id>", "<", "\\", "5", '"a"', "2026-11-20", "10.0.0.1:80", "https://a.example:1/x/7?q", " ", "word", "[::1]"]
)
_TEXTS = st.one_of(st.text(alphabet=st.characters(), max_size=200), st.lists(_PIECES, max_size=20).map("".join))


@given(_TEXTS)
def test_it_groups_no_text_with_the_cause_it_spells_out(text: str) -> None:
    cause = normalise(text)
    if re.search(r"<(quoted|date|ip|id|n)>", cause):
        assert normalise(cause) != cause


@given(_TEXTS)
def test_it_leaves_alone_what_varies_in_nothing(text: str) -> None:
    cause = normalise(text)
    if "<" not in cause and len(cause) < KEPT_CHARACTERS:
        assert normalise(cause) == cause


@given(_TEXTS, _TEXTS)
def test_it_names_alike_exactly_what_it_groups_alike(one: str, other: str) -> None:
    fields = [grouped_by(skill="s", code="TIMEOUT", target="", message=text) for text in (one, other)]
    signatures = [signature_of(skill="s", code="TIMEOUT", target="", message=text) for text in (one, other)]
    assert (fields[0] == fields[1]) == (signatures[0] == signatures[1])


def test_it_names_alike_in_every_process() -> None:
    asked = "skill='s', code='TIMEOUT', target='a:1', message=sys.argv[1]"
    program = f"import sys; from catalog.signature import signature_of; print(signature_of({asked}))"
    told = {
        subprocess.run(
            [sys.executable, "-c", program, 'at 2026-11-20 "x" from 10.0.0.1:80 <n> https://a.example:1/7'],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(told) == 1


@given(st.text(alphabet=st.characters(), max_size=3_000))
def test_it_takes_any_text_and_stays_short(text: str) -> None:
    assert len(normalise(text)) <= KEPT_CHARACTERS
    assert len(signature_of(skill="s", code="TIMEOUT", target=text, message=text)) == 64


EVIL = [
    '"',
    "'a ",
    "1.",
    "a",
    "0x",
    "12:",
    "a.",
    "a-",
    "<\\",
    "::1",
    "[a:",
    "a:b:",
    "“",
    "http://",
    "x@",
    "1/",
    "jan 1 ",
    "ab.cd:",
    "a1b2",
    "\u2028",
]


@pytest.mark.parametrize("piece", EVIL, ids=repr)
def test_it_stays_fast_on_a_mebibyte_of_evil_text(piece: str) -> None:
    evil = piece * (2**20 // len(piece))
    assert spent(lambda: normalise(evil)) < 0.1


@pytest.mark.parametrize("piece", EVIL, ids=repr)
def test_it_looks_at_a_character_a_bounded_number_of_times(piece: str) -> None:
    """Four times the text may take four times the time, not sixteen times: measured on lengths normalise would never read."""
    short, long = (spent(lambda text=text: _VARYING.sub("", text)) for text in (piece * 4_000, piece * 16_000))
    assert long < 10 * short + 0.005


def spent(act: Callable[[], object]) -> float:
    """Return the processor's time for an act, whatever else this machine does meanwhile."""
    return min(timeit.repeat(act, number=1, repeat=5, timer=time.thread_time))


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
