"""Metrics are for who may read them, and count over all tenants without naming one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from aos_site.metrics import may_read_metrics
from runs.models import Run

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
    ):
        assert line in lines
    assert any(line.startswith("nova_build_info{") for line in lines)


@pytest.mark.django_db
def test_it_names_no_tenant_in_a_label(agent: Agent) -> None:
    Run.objects.create(tenant=agent.tenant, agent=agent, goal="the goal of acme")
    assert b"acme" not in Client().get("/metrics").content


def test_it_refuses_metrics_with_a_problem(assert_problem: Any) -> None:
    assert_problem(Client(REMOTE_ADDR="10.0.0.9").get("/metrics"), 403, "PERMISSION_DENIED")
