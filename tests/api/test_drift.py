"""Drift over the API: listed by page, told one by one, acknowledged and resolved by who may; another tenant's is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Tenant
from catalog.api.drift import DriftPage, DriftView
from catalog.models import DriftAlert
from tests.api.cast import Caller

HOUR = timedelta(hours=1)


def an_alert(tenant: Tenant, **fields: Any) -> DriftAlert:
    at = timezone.now() - HOUR
    values = {"subject_kind": "skill", "subject": "http_call@1.0.0", "measure": "failure_rate", "score": 7.5, "threshold": 5.0}
    sides = {"baseline": {"n": 200, "value": 0.1, "of": "itself"}, "recent": {"n": 40, "value": 0.5, "days": 1}}
    return DriftAlert.objects.create(tenant=tenant, first_seen_at=at, last_seen_at=at, **{**values, **sides, **fields})


@pytest.fixture
def alert(acme: Tenant, rival: Tenant) -> DriftAlert:
    an_alert(rival, subject="canary@1.0.0")
    return an_alert(acme)


def test_it_lists_alerts_by_page(bob: Caller, acme: Tenant, alert: DriftAlert) -> None:
    other = an_alert(acme, subject_kind="agent", subject="agt_" + "1" * 32, measure="cost", score=-9.0, state="resolved")
    DriftAlert.objects.filter(pk=other.pk).update(first_seen_at=timezone.now())
    first = bob.get("/api/v1/drift?limit=1").json()
    assert DriftPage.model_validate(first).data[0].drift_id == other.public_id
    assert (first["data"][0]["direction"], first["data"][0]["state"]) == ("down", "resolved")
    second = bob.get(f"/api/v1/drift?limit=1&cursor={first['next_cursor']}").json()
    assert ([each["drift_id"] for each in second["data"]], second["next_cursor"]) == ([alert.public_id], None)
    assert [each["subject"] for each in bob.get("/api/v1/drift?state=open").json()["data"]] == ["http_call@1.0.0"]
    assert [each["measure"] for each in bob.get("/api/v1/drift?subject_kind=agent").json()["data"]] == ["cost"]


def test_it_takes_what_somebody_says_about_it(alice: Caller, alert: DriftAlert, assert_problem: Any) -> None:
    path = f"/api/v1/drift/{alert.public_id}"
    seen = alice.post(f"{path}/acknowledge", {"reason": "looking"}).json()
    assert (DriftView.model_validate(seen).state, seen["reason"]) == ("acknowledged", "looking")
    assert_problem(alice.post(f"{path}/acknowledge", {"reason": "again"}), 409, "INVALID_INPUT")
    closed = alice.post(f"{path}/resolve", {"reason": "the upstream was slow"}).json()
    assert (closed["state"], closed["closed_at"] is None) == ("resolved", False)
    assert_problem(alice.post(f"{path}/resolve", {"reason": "again"}), 409, "INVALID_INPUT")
    assert alice.get(path).json() == closed


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "no"}, {"reason": "x" * 501}, {"reason": "because", "colour": "red"}])
def test_it_refuses_what_says_nothing(alice: Caller, alert: DriftAlert, body: Any) -> None:
    for action in ("acknowledge", "resolve"):
        assert alice.post(f"/api/v1/drift/{alert.public_id}/{action}", body).status_code == 422
    assert DriftAlert.objects.get(pk=alert.pk).state == "open"


@pytest.mark.parametrize("query", ["state=lost", "subject_kind=moon", "limit=0", "cursor=nonsense", "colour=red"])
def test_it_refuses_a_query(alice: Caller, assert_problem: Any, query: str) -> None:
    assert_problem(alice.get(f"/api/v1/drift?{query}"), 400, "INVALID_INPUT")


def test_another_tenants_is_missing_and_a_reader_decides_nothing(
    bob: Caller, charlie: Caller, alert: DriftAlert, assert_problem: Any
) -> None:
    for drift_id in (alert.public_id, "drf_" + "0" * 32, "%00"):
        assert_problem(charlie.get(f"/api/v1/drift/{drift_id}"), 404, "NOT_FOUND")
        assert_problem(charlie.post(f"/api/v1/drift/{drift_id}/resolve", {"reason": "mine"}), 404, "NOT_FOUND")
    assert_problem(bob.post(f"/api/v1/drift/{alert.public_id}/resolve", {"reason": "mine"}), 403, "PERMISSION_DENIED")
