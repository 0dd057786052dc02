"""Failures of every category through real processes: each leaves a structured failure, a match and a run that has ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from catalog.models import FailureMatch
from tests.acceptance.conftest import Site
from tests.fakes.raw_server import RawServer, answer
from tests.processes import a_held_port

pytestmark = pytest.mark.acceptance


@pytest.fixture
def missing() -> Iterator[RawServer]:
    with RawServer(answer(status="404 Not Found")) as server:
        yield server


@pytest.fixture
def busy() -> Iterator[RawServer]:
    with RawServer(answer(status="429 Too Many Requests")) as server:
        yield server


@pytest.fixture
def silent() -> Iterator[RawServer]:
    over = threading.Event()
    with RawServer(lambda _: over.wait(20) and None) as server:
        yield server
        over.set()


@pytest.fixture
def refusing_port() -> Iterator[int]:
    with a_held_port() as port:
        yield port


@pytest.fixture
def local_targets(missing: RawServer, busy: RawServer, silent: RawServer, refusing_port: int) -> list[str]:
    return [missing.authority, busy.authority, silent.authority, f"127.0.0.1:{refusing_port}"]


ONCE = {"retry": {"max_attempts": 1}}


def call(url: str, **more: Any) -> dict[str, Any]:
    return {"step_id": "call", "skill": "http_call", "params": {"url": url}, **ONCE, **more}


def do(skill: str, params: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"step_id": "call", "skill": skill, "params": params or {}, **ONCE, **more}


def test_it_gives_every_category_a_structured_end(
    site: Site, missing: RawServer, busy: RawServer, silent: RawServer, refusing_port: int
) -> None:
    cases: dict[str, tuple[dict[str, Any], str, str]] = {
        "no answer": (call(silent.url, timeout_ms=300), "TIMEOUT", "transient"),
        "refused": (call(f"http://127.0.0.1:{refusing_port}"), "CONNECTION_REFUSED", "transient"),
        "missing": (call(missing.url), "NOT_FOUND", "permanent"),
        "too many": (call(busy.url), "RATE_LIMITED", "resource"),
        "guarded": (call("http://localhost:9"), "BLOCKED_TARGET", "permission"),
        "no such path": (do("json_transform", {"input": {"a": 1}, "path": "$["}), "INVALID_INPUT", "validation"),
        "raises": (do("raises"), "INTERNAL_ERROR", "permanent"),
        "hangs": (do("hangs", timeout_ms=300), "TIMEOUT", "transient"),
        "bad result": (do("bad_result"), "INVALID_RESPONSE", "permanent"),
    }
    runs = {name: site.submit(step) for name, (step, _, _) in cases.items()}
    for name, run_id in runs.items():
        _, code, category = cases[name]
        run = site.until(run_id)
        assert (run["status"], run["failure_code"]) == ("failed", code), name
        match = FailureMatch.objects.get(run_public_id=run_id)
        assert (match.code, match.category, match.step_id, match.match_type) == (code, category, "call", match.match_type), name
        failed = site.step(run_id, "call")
        assert (failed["status"], failed["failure"]["code"]) == ("failed", code), name
        [told] = site.get(f"runs/{run_id}/explain")["failures"]
        assert [decision["kind"] for decision in told["decided"]][-1] == "abort", name
        site.assert_replays(run_id)


def test_it_ends_a_run_at_its_deadline(site: Site) -> None:
    run_id = site.submit(do("hangs", timeout_ms=60_000), deadline_ms=700)
    assert site.until(run_id)["failure_code"] == "DEADLINE_EXCEEDED"
    site.assert_replays(run_id)


def test_it_gives_up_a_run_that_kills_its_workers_and_drives_the_others(site: Site) -> None:
    killer, other = site.submit(do("kills_worker", {"before_ms": 100})), site.submit(do("say", {"said": "still here"}))
    run = site.until(killer)
    assert (run["status"], run["failure_code"]) == ("dead_lettered", "LEASE_LOST")
    assert site.until(other)["status"] == "succeeded"
    assert set(FailureMatch.objects.filter(run_public_id=killer).values_list("code", flat=True)) == {"LEASE_LOST"}
    site.assert_replays(killer)
