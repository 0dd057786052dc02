"""Metrics of failures: counted since the beginning in closed labels, and never backwards, whatever retention removes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Tenant
from catalog.models import FailureSum, RecoveryCandidate, RecoveryDecision
from catalog.services import forget_matches
from runs.gauges import FailureReader
from tests.integration.failures import a_failure

pytestmark = pytest.mark.django_db
TRIED = {"recovery_attempted": True}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.gauges.FAILURE_SECONDS", 0.0)


def failed(tenant: Tenant) -> list[int]:
    """Store failures of every kind that is told apart; return the row ids of their runs."""
    at = timezone.now() - timedelta(hours=1)
    rows = [
        a_failure(tenant, at=at, **TRIED, recovery_succeeded=True),
        a_failure(tenant, at=at, **TRIED, recovery_succeeded=False),
        a_failure(tenant, at=at, **TRIED),
        a_failure(tenant, at=at, code="NOT_FOUND", match_type="miss"),
        a_failure(tenant, at=at, skill="skill_of_acme", code="NOT_FOUND"),
        a_failure(tenant, at=at, skill="", code="CANCELLED"),
        a_failure(tenant, at=at, injected=True, match_type="miss"),
    ]
    return [row.run_id for row in rows]


def test_it_counts_failures_by_what_the_catalog_knew_and_what_helped(acme: Tenant) -> None:
    failed(acme)
    lines = Client().get("/metrics").content.decode().splitlines()
    for line in (
        'nova_failure_catalog_matches_total{result="hit"} 5.0',
        'nova_failure_catalog_matches_total{result="miss"} 1.0',
        'nova_recovery_applied_total{result="worked"} 1.0',
        'nova_recovery_applied_total{result="failed"} 1.0',
        'nova_skill_errors_total{category="transient",code="TIMEOUT",skill="http_call"} 3.0',
        'nova_skill_errors_total{category="permanent",code="NOT_FOUND",skill="http_call"} 1.0',
        'nova_skill_errors_total{category="permanent",code="NOT_FOUND",skill="other"} 1.0',
        'nova_skill_errors_total{category="permanent",code="CANCELLED",skill="none"} 1.0',
    ):
        assert line in lines
    assert not any("acme" in line for line in lines)


def test_it_never_counts_backwards(acme: Tenant) -> None:
    runs, reader = failed(acme), FailureReader()
    before = reader.read()
    assert forget_matches(runs[:3], 2) == 2
    assert forget_matches(runs, 100) == 5
    assert reader.read() == before
    assert FailureSum.objects.count() >= 5
    more = failed(acme)
    twice = reader.read()
    assert twice.matches == {name: 2 * count for name, count in before.matches.items()}
    forget_matches(more, 100)
    assert reader.read() == twice


def test_it_counts_what_was_decided_about_recoveries(acme: Tenant) -> None:
    candidate = RecoveryCandidate.objects.create(tenant=acme, signature="a" * 64, code="TIMEOUT", mode="ABORT", origin="nightly")
    for action in ("suggest", "approve", "withdraw", "reopen", "approve"):
        RecoveryDecision.objects.create(candidate=candidate, action=action, by="ann")
    lines = Client().get("/metrics").content.decode().splitlines()
    assert 'nova_recovery_suggestions_total{decision="approve"} 2.0' in lines
    assert 'nova_recovery_suggestions_total{decision="suggest"} 1.0' in lines


def test_it_looks_once_a_minute(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.gauges.FAILURE_SECONDS", 60.0)
    reader = FailureReader()
    before = reader.read()
    failed(acme)
    assert reader.read() is before
