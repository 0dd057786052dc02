"""Request bodies at the edge: size, type, charset and strictness, each answered by a problem and never by a 5xx."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from aos_site.http.rest import body_refusal

pytestmark = pytest.mark.django_db

MIB = 1_048_576

BODIES: dict[str, tuple[bytes, int, str]] = {
    "5,000 nested arrays": (b"[" * 5_000 + b"]" * 5_000, 400, "INVALID_INPUT"),
    "100,000 open brackets": (b"[" * 100_000, 400, "INVALID_INPUT"),
    "NUL": (b'{"name":"a\\u0000"}', 400, "INVALID_INPUT"),
    "a lone surrogate": (b'{"name":"\\ud800"}', 400, "INVALID_INPUT"),
    "a surrogate in a name": (b'{"\\ud800":1}', 400, "INVALID_INPUT"),
    "NaN": (b'{"name":NaN}', 400, "INVALID_INPUT"),
    "a name given twice": (b'{"name":"a","name":"b"}', 400, "INVALID_INPUT"),
    "an integer beyond 64 bits": (b'{"name":99999999999999999999}', 400, "INVALID_INPUT"),
    "no JSON": (b"hello", 400, "INVALID_INPUT"),
    "2 MiB": (b'{"name":"' + b"x" * 2 * MIB + b'"}', 413, "CONTENT_TOO_LARGE"),
    "5 MB": (b"[" * 5_000_000, 413, "CONTENT_TOO_LARGE"),
    "a list where an object is meant": (b"[]", 422, "SCHEMA_VALIDATION_FAILED"),
    "a text where an object is meant": (b'"x"', 422, "SCHEMA_VALIDATION_FAILED"),
    "nothing": (b"", 422, "MISSING_REQUIRED_FIELD"),
    "an unknown field": (b'{"name":"a","nmae":"b"}', 422, "SCHEMA_VALIDATION_FAILED"),
}


@pytest.mark.parametrize(("raw", "status", "code"), BODIES.values(), ids=BODIES.keys())
def test_it_refuses_a_bad_body_and_changes_nothing(alice: Any, assert_problem: Any, raw: bytes, status: int, code: str) -> None:
    problem = assert_problem(alice.post("/api/v1/agents", raw=raw), status, code)
    if status != 413:
        assert problem["errors"]
    assert Agent.objects.count() == 0


def test_it_points_at_the_fault(alice: Any, assert_problem: Any) -> None:
    problem = assert_problem(alice.post("/api/v1/agents", raw=b'{"profile":{"budget":[1,NaN]}}'), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/profile/budget/1"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "x" * 10_000,
    ],
)
def test_it_refuses_another_type_or_charset(alice: Any, assert_problem: Any, kind: str) -> None:
    assert_problem(alice.post("/api/v1/agents", raw=b'{"name":"a"}', **{"Content-Type": kind}), 415, "INVALID_INPUT")
    assert Agent.objects.count() == 0


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", 'application/json;charset="UTF-8"', "APPLICATION/JSON"]
)
def test_it_takes_json_in_utf8(alice: Any, kind: str) -> None:
    assert alice.post("/api/v1/agents", raw='{"name":"a","description":"é"}'.encode(), **{"Content-Type": kind}).status_code == 201


GATE: dict[str, tuple[dict[bytes, bytes], int | None]] = {
    "no body": ({}, None),
    "exactly the limit": ({b"content-length": str(MIB).encode()}, None),
    "one byte more": ({b"content-length": str(MIB + 1).encode()}, 413),
    "a length beyond belief": ({b"content-length": b"9" * 18}, 413),
    "chunks of unknown length": ({b"transfer-encoding": b"chunked"}, 411),
}


@pytest.mark.parametrize(("headers", "status"), GATE.values(), ids=GATE.keys())
def test_it_decides_by_the_headers_whether_a_body_is_read(headers: dict[bytes, bytes], status: int | None) -> None:
    refusal = body_refusal(headers)
    assert (refusal and refusal.status) == status
