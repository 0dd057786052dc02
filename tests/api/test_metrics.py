"""Metrics are for who may read them, and count over all tenants without naming one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from aos_site.metrics import may_read_metrics
from runs.gauges import MoneyReader
from runs.models import BudgetAlert, Run, TallyMark
from runs.shell import tally
from tests.integration.charging import a_charge

METRICS: dict[str, tuple[dict[str, str], str, bool]] = {
    "this machine": ({"REMOTE_ADDR": "127.0.0.1"}, "", True),
    "this machine, IPv6": ({"REMOTE_ADDR": "::1"}, "", True),
    "another machine": ({"REMOTE_ADDR": "10.0.0.9"}, "", False),
    "no address": ({"REMOTE_ADDR": ""}, "", False),
    "a stranger through a proxy here": ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, "", False),
    "the token": ({"REMOTE_ADDR": "10.0.0.9", "HTTP_AUTHORIZATION": "Bearer right"}, "right", True),
    "a wrong token": ({"REMOTE_ADDR": "10.0.0.9", "HTTP_AUTHORIZATION": "Bearer wrong"}, "right", False),
    "no token, though from here": ({"REMOTE_ADDR": "127.0.0.1"}, "right", False),
    "a token in odd letters": ({"HTTP_AUTHORIZATION": "Bearer \u00e9"}, "right", False),
}


@pytest.mark.parametrize(("headers", "token", "allowed"), METRICS.values(), ids=METRICS.keys())
def test_it_lets_read_metrics(headers: dict[str, str], token: str, allowed: bool) -> None:
    assert may_read_metrics(headers, token) is allowed


@pytest.mark.django_db
def test_it_counts_what_waits_for_what(agent: Agent) -> None:
    for status, waiting_for in (
        ("queued", ""),
        ("queued", ""),
        ("running", ""),
        ("waiting", "approval"),
        ("waiting", "in_doubt"),
        ("failed", ""),
    ):
        Run.objects.create(tenant=agent.tenant, agent=agent, status=status, waiting_for=waiting_for)
    response = Client().get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    lines = response.content.decode().splitlines()
    for line in (
        "nova_runs_queued 2.0",
        "nova_runs_running 1.0",
        "nova_approvals_pending 1.0",
        "nova_in_doubt 1.0",
        "nova_worker_pool_size 0.0",
        "nova_circuits_open 0.0",
    ):
        assert line in lines
    assert any(line.startswith("nova_build_info{") for line in lines)


@pytest.mark.django_db
def test_it_names_no_tenant_in_a_label(agent: Agent) -> None:
    Run.objects.create(tenant=agent.tenant, agent=agent, goal="the goal of acme")
    assert b"acme" not in Client().get("/metrics").content


def test_it_refuses_metrics_with_a_problem(assert_problem: Any) -> None:
    assert_problem(Client(REMOTE_ADDR="10.0.0.9").get("/metrics"), 403, "PERMISSION_DENIED")


@pytest.mark.django_db
def test_it_counts_what_was_spent_and_who_was_told(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    a_charge(agent, 100, model="large", input_tokens=10, cache_read_tokens=4)
    a_charge(agent, 20, model="large", skill="planner:claude", input_tokens=5)
    a_charge(agent, 3, skill="http_call")
    alert = {"run_public_id": "run_1", "scope": "run:run_1", "spent_micro_usd": 8, "limit_micro_usd": 10, "at_ms": 1}
    for kind in ("run", "run", "tenant"):
        BudgetAlert.objects.create(tenant=agent.tenant, scope_kind=kind, **alert)
    reader = MoneyReader()
    told = reader.read()
    assert told.cost_micro_usd == {("llm_invoke", "large"): 100, ("planner:claude", "large"): 20, ("http_call", ""): 3}
    assert {labels: count for labels, count in told.tokens.items() if count} == {("large", "input"): 15, ("large", "cache_read"): 4}
    assert told.alerts == {"run": 2, "tenant": 1}
    # Whatever of it is in the sums by now, and asked again later, it is the same, and more where there is more.
    monkeypatch.setattr("runs.gauges.MONEY_SECONDS", 0.0)
    for _ in range(3):
        assert reader.read() == told
        tally.add_up()
        TallyMark.objects.update(noted_at_ms=0)
    a_charge(agent, 7, skill="http_call")
    assert reader.read().cost_micro_usd["http_call", ""] == 10


@pytest.mark.django_db
def test_it_says_what_was_spent_as_counters(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.gauges.MONEY_SECONDS", 0.0)
    a_charge(agent, 100, model="large", output_tokens=10)
    told = {"scope": "run:run_1", "scope_kind": "run", "spent_micro_usd": 8, "limit_micro_usd": 10}
    BudgetAlert.objects.create(tenant=agent.tenant, run_public_id="run_1", at_ms=1, **told)
    lines = Client().get("/metrics").content.decode().splitlines()
    assert 'nova_cost_micro_usd_total{model="large",skill="llm_invoke"} 100.0' in lines
    assert 'nova_llm_tokens_total{model="large",type="output"} 10.0' in lines
    assert 'nova_budget_alerts_total{scope_kind="run"} 1.0' in lines
