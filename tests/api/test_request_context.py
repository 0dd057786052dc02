"""Every request has an id and a trace of its own; what callers name is checked before it is used."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from aos_site.http.middleware import request_id_from
from skills.trace_ids import caller_span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_it_gives_the_callers_request_id_back() -> None:
    assert Client().get("/healthz", headers={"X-Request-Id": "order-17.a:b"}).headers["X-Request-Id"] == "order-17.a:b"


@pytest.mark.parametrize("sent", [None, "", "x" * 129, "two words", "line\nbreak", "<b>", "é"])
def test_it_makes_an_id_where_the_callers_could_not_stand_in_a_log(sent: str | None) -> None:
    made = request_id_from(sent)
    assert made != sent
    assert len(made) == 32


def test_it_gives_every_answer_an_id_errors_included() -> None:
    ids = {Client().get(path).headers["X-Request-Id"] for path in ("/healthz", "/api/v1/runs", "/nothing", "/errors")}
    assert len(ids) == 4


def test_it_starts_a_trace_of_its_own_whatever_the_caller_says() -> None:
    problem: Any = Client().get("/api/v1/nothing", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}).json()
    assert len(problem["trace_id"]) == 32
    assert problem["trace_id"] != TRACE


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-later-version", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("rubbish", None),
        ("", None),
        (None, None),
    ],
)
def test_it_reads_the_traceparent_of_callers(header: str | None, trace: str | None) -> None:
    found = caller_span(header)
    assert (found and found.trace_id) == trace
    assert found is None or found.header == f"00-{TRACE}-00f067aa0ba902b7-01"
