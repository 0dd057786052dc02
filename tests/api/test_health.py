"""Probes say whether the process lives and whether it can serve."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from runs.models import Session, SessionState


def test_it_lives_without_asking_the_database() -> None:
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_when_the_database_answers_and_says_that_no_worker_is_there() -> None:
    response = Client().get("/readyz")
    checks = response.json()["checks"]
    assert (response.status_code, checks["database"], checks["migrations"]) == (200, "ok", "ok")
    assert checks["worker"].startswith("none alive")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "lease_ms", "alive"),
    [
        (SessionState.LIVE, 10_000, True),
        (SessionState.LIVE, -1, False),
        (SessionState.ENDED, 10_000, False),
        (SessionState.DEAD, 10_000, False),
    ],
)
def test_it_counts_a_worker_only_while_its_lease_runs(state: str, lease_ms: int, alive: bool) -> None:
    now_ms = time.time_ns() // 1_000_000
    Session.objects.create(host="h", pid=1, state=state, started_at_ms=now_ms, lease_until_ms=now_ms + lease_ms)
    assert (Client().get("/readyz").json()["checks"]["worker"] == "ok") is alive
