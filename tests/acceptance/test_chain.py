"""The whole chain over HTTP: simulate → submit → plan → a failure, its match and its retry → events, cost, proof by replay."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from catalog.models import FailureMatch
from runs.models import Run, StepSummary
from tests.acceptance.conftest import Site
from tests.fakes.raw_server import RawServer, answer

pytestmark = pytest.mark.acceptance

GOAL = "Fetch Bitcoin price and summarize"
PRICE = json.dumps({"data": {"base": "BTC", "currency": "USD", "amount": "67000.12"}}).encode()


@pytest.fixture
def exchange() -> Iterator[RawServer]:
    """Return an exchange whose gateway times out on the first question."""
    with RawServer(answer(status="504 Gateway Timeout"), answer(PRICE, content_type="application/json")) as server:
        yield server


@pytest.fixture
def local_targets(exchange: RawServer) -> list[str]:
    return [exchange.authority]


def events_of(site: Site, run_id: str) -> list[dict[str, object]]:
    """Follow a run by polling, as a client does, page by page until the last event."""
    seen: list[dict[str, object]] = []
    terminal = False
    while not terminal:
        page = site.get(f"runs/{run_id}/events?after={len(seen)}&wait=5&limit=3")
        seen += page["data"]
        terminal = page["terminal"]
    return seen


def test_it_takes_a_goal_from_simulation_to_proof(site: Site, exchange: RawServer) -> None:
    inputs = {"url": f"{exchange.url}/price"}
    simulation = site.post("runtime/simulate", {"goal": GOAL, "agent": "worker", "inputs": inputs})
    assert (simulation["feasible"], simulation["verdict"]) == (True, "feasible")
    assert [step["skill"] for step in simulation["steps"]] == ["http_call", "json_transform", "llm_invoke"]
    assert exchange.connections == 0, "a simulation calls nobody"

    accepted = site.post("goals", {"agent": "worker", "goal": GOAL, "inputs": inputs}, **{"Idempotency-Key": "once"})
    run_id = accepted["run_id"]
    assert accepted["status"] in ("queued", "running")
    assert site.post("goals", {"agent": "worker", "goal": GOAL, "inputs": inputs}, **{"Idempotency-Key": "once"})["run_id"] == run_id

    events = events_of(site, run_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [event["kind"] for event in events]
    assert kinds == ["run_accepted", "plan_proposed", "run_admitted", "step_failed", "time_came", *["step_succeeded"] * 3]

    run = site.run(run_id)
    assert (run["status"], run["planner"], run["retries"], run["steps_done"], run["failure_code"]) == ("succeeded", "stub", 1, 3, None)
    assert exchange.connections == 2
    _check_the_failure(site, run_id)
    _check_the_money(site, run_id)
    _check_the_rows(run_id)
    trace = site.trace(run_id)
    assert "67000.12" in str(trace["run"]["result"])
    assert [s["status"] for s in trace["steps"]] == ["succeeded"] * 5
    assert trace["side_effects"]
    assert site.get(f"runs/{run_id}/explain")["blocked_by"] == []
    site.assert_replays(run_id)


def _check_the_failure(site: Site, run_id: str) -> None:
    [failed] = site.get(f"runs/{run_id}/explain")["failures"]
    [retry] = failed["decided"]
    assert (failed["step_id"], failed["code"], failed["advice"]["match_type"]) == ("fetch", "TIMEOUT", "code+skill")
    assert (retry["kind"], retry["detail"]["mode"]) == ("retry", "RETRY_EXPONENTIAL")
    first, second = site.step(run_id, "fetch")["attempts"]
    assert (first["code"], second["status"]) == ("TIMEOUT", "succeeded")
    assert second["started_at_ms"] - first["finished_at_ms"] >= retry["delay_ms"] > 0
    match = FailureMatch.objects.get(run_public_id=run_id)
    assert match.entry is not None
    assert (match.code, match.skill, match.decision, match.recovery_attempted) == ("TIMEOUT", "http_call", "retry", True)
    assert match.recovery_succeeded is True


def _check_the_money(site: Site, run_id: str) -> None:
    cost = site.run(run_id)["cost"]
    contract = site.get(f"runs/{run_id}/contract")
    assert (cost["reserved_micro_usd"], contract["budget"]["total_micro_usd"]) == (0, 500_000)
    assert cost["spent_micro_usd"] == contract["budget"]["spent_micro_usd"]
    assert cost["spent_micro_usd"] == sum(step["cost_micro_usd"] for step in site.trace(run_id)["steps"])


def _check_the_rows(run_id: str) -> None:
    run = Run.objects.get(public_id=run_id)
    assert (run.session_id, run.crash_count) == (None, 0)
    assert run.behaviour_hash
    rows = StepSummary.objects.filter(run=run).order_by("position").values_list("key", "status", "attempts")
    assert list(rows) == [("fetch", "succeeded", 2), ("price", "succeeded", 1), ("summarize", "succeeded", 1)]
