"""A host that fails so often in a row is called no more, by any worker, until one call tries; nobody's run fails of that."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Circuit
from runs.models import RunEvent
from tests.fakes.raw_server import RawServer, answer
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    decisions,
    now,
    over,
    step,
    wait_for,
)
from tests.processes import a_worker_process, eventually

DOWN, UP = answer(b"broken", status="500 Internal Server Error"), answer(b"well")
OPEN_SECONDS = 2


def call(server: RawServer, **more: Any) -> dict[str, Any]:
    return step("call", "http_call", url=f"{server.url}/", **{"retry": {"max_attempts": 9, "backoff_ms": 10, "factor": 1}, **more})


@pytest.fixture
def own_host(settings: Any) -> Any:
    """Return what lets workers call a server of the test, from their start on."""
    settings.CIRCUIT_FAILURES, settings.CIRCUIT_SECONDS = 5, OPEN_SECONDS

    def let(server: RawServer) -> RawServer:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        return server

    return let


def test_a_host_is_left_alone_after_five_failures_and_the_step_succeeds_when_it_is_back(workshop: Workshop, own_host: Any) -> None:
    with own_host(RawServer(*[DOWN] * 5, UP)) as server, a_worker():
        run = workshop.submit(call(server))
        wait_for(lambda: any(d["kind"] == "hold_back" for d in decisions(run, "call")), "the first call held back")
        opened_at = time.monotonic()
        assert server.connections == 5
        assert over(run).status == "succeeded"
        assert time.monotonic() - opened_at > OPEN_SECONDS / 2
        assert server.connections == 6
    told = decisions(run, "call")
    scope = f"circuit:http_call@{server.authority}"
    (opened,) = [d for d in told if d["kind"] == "open_circuit"]
    held = [d for d in told if d["kind"] == "hold_back"]
    assert (opened["rule"], opened["scope"], opened["because"]) == ("circuit_threshold", scope, {"code": "HTTP_5XX"})
    assert {(d["rule"], d["code"], d["scope"]) for d in held} == {("circuit_open", "UPSTREAM_UNAVAILABLE", scope)}
    assert now(run).retries == 5, "what is held back is no retry"
    row = Circuit.objects.get()
    assert (row.open_until_ms, row.failures, row.openings) == (None, 0, 1)
    assert_is_whole(workshop, run)


def test_a_trial_that_fails_opens_it_again(workshop: Workshop, own_host: Any) -> None:
    with own_host(RawServer(*[DOWN] * 6, UP)) as server, a_worker():
        run = workshop.submit(call(server))
        assert over(run).status == "succeeded"
        assert server.connections == 7
    assert [d["attempt"] for d in decisions(run, "call") if d["kind"] == "open_circuit"] == [5, 7]


def test_what_tells_nothing_of_a_host_opens_nothing(workshop: Workshop, own_host: Any) -> None:
    with own_host(RawServer(answer(status="404 Not Found"))) as server, a_worker():
        runs = [workshop.submit(call(server)) for _ in range(6)]
        assert {over(run).failure_code for run in runs} == {"NOT_FOUND"}
        assert server.connections == 6
    assert not Circuit.objects.exists()


@pytest.mark.slow
def test_another_worker_process_knows_of_it(workshop: Workshop, own_host: Any, live_environment: dict[str, str], tmp_path: Path) -> None:
    def held(run: Any) -> bool:
        return RunEvent.objects.filter(run_id=run.pk, kind="start_held").exists()

    with own_host(RawServer(*[DOWN] * 5, UP)) as server:
        environment = {
            **live_environment,
            "AOS_ALLOW_LOCAL_TARGETS": server.authority,
            "AOS_CIRCUIT_FAILURES": "5",
            "AOS_CIRCUIT_SECONDS": "12",
        }
        with a_worker_process({**environment, "AOS_HOST_NAME": "one"}, tmp_path / "one.log"):
            first = workshop.submit(call(server))
            eventually(lambda: Circuit.objects.filter(open_until_ms__isnull=False).exists(), "the circuit opened")
        with a_worker_process({**environment, "AOS_HOST_NAME": "two"}, tmp_path / "two.log"):
            others = [workshop.submit(call(server)) for _ in range(16)]
            eventually(lambda: server.connections >= 5 and all(held(run) for run in others), "all of them held back")
            assert all(held(run) for run in others) and Circuit.objects.get().openings == 1, "one circuit, and nobody got past it"
            assert {over(run).status for run in (first, *others)} == {"succeeded"}
            assert server.connections == 22
    asked = set(RunEvent.objects.filter(run_id__in=[run.pk for run in others], kind="start_held").values_list("session_id", flat=True))
    failed = set(RunEvent.objects.filter(run_id=first.pk, kind="step_failed").values_list("session_id", flat=True))
    assert asked
    assert not asked & failed, "who held them back had seen none of the failures"
