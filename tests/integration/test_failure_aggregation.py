"""Which groups of failures become candidates overnight, and what a night leaves alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Tenant
from catalog.learning import deciding
from catalog.learning.aggregation import why_harmful
from catalog.models import CatalogEntry, FailureMatch, RecoveryCandidate
from catalog.services import recovered_by
from runs.recovery import nightly
from tests.integration.recovering import fail
from tests.integration.workshop import as_person

pytestmark = pytest.mark.django_db
UNKNOWN: dict[str, Any] = {"code": "VENDOR_E7", "message": "ledger locked"}
GIVEN_UP: dict[str, Any] = {"decision": "abort", "mode": "ABORT"}


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival() -> Tenant:
    return Tenant.objects.create(slug="rival", name="Rival")


GROUPS = [
    pytest.param([None] * 3, UNKNOWN | GIVEN_UP, "ABORT", id="three that nothing matched"),
    pytest.param([None] * 2, UNKNOWN | GIVEN_UP, None, id="two are too few"),
    pytest.param([None] * 3, UNKNOWN | GIVEN_UP | {"days_ago": 8}, None, id="a week ago is too long ago"),
    pytest.param([None] * 3, UNKNOWN | GIVEN_UP | {"injected": True}, None, id="injected on purpose"),
    pytest.param([False] * 3, {}, "ESCALATE", id="what is tried keeps failing"),
    pytest.param([False] * 3 + [True] * 2, {}, "RETRY_EXPONENTIAL", id="fails more often than not, and nothing else is known"),
    pytest.param([False] * 3 + [True] * 3, {}, None, id="works half of the time"),
    pytest.param([True] * 9, {}, None, id="what helps needs nothing"),
    pytest.param([None] * 9, {"code": "NOT_FOUND"} | GIVEN_UP, None, id="given up as the catalog says"),
]


@pytest.mark.parametrize(("outcomes", "kind", "mode"), GROUPS)
def test_it_makes_candidates_of(outcomes: list[bool | None], kind: dict[str, Any], mode: str | None, acme: Tenant) -> None:
    fail(acme, *outcomes, **kind)
    nightly.learn()
    assert list(RecoveryCandidate.objects.values_list("mode", flat=True)) == ([] if mode is None else [mode])


def test_it_keeps_the_tenants_apart(acme: Tenant, rival: Tenant) -> None:
    fail(acme, None, None, **UNKNOWN, **GIVEN_UP)
    fail(rival, None, None, **UNKNOWN, **GIVEN_UP)
    nightly.learn()
    assert not RecoveryCandidate.objects.exists()
    fail(rival, None, **UNKNOWN, **GIVEN_UP)
    nightly.learn()
    row = RecoveryCandidate.objects.get()
    assert (row.tenant, row.occurrences) == (rival, 3)


def test_it_looks_at_one_tenant_when_told(acme: Tenant, rival: Tenant) -> None:
    for tenant in (acme, rival):
        fail(tenant, None, None, None, **UNKNOWN, **GIVEN_UP)
    nightly.learn(tenants=[rival])
    assert list(RecoveryCandidate.objects.values_list("tenant__slug", flat=True)) == ["rival"]


def test_it_leaves_what_was_decided(acme: Tenant) -> None:
    fail(acme, None, None, None, **UNKNOWN, **GIVEN_UP)
    nightly.learn()
    row = RecoveryCandidate.objects.get()
    deciding.reject(principal=as_person(acme, "bob"), candidate_id=row.public_id, reason="the vendor mends it")
    fail(acme, True, True, True, **UNKNOWN, decision="retry", mode="RETRY_IMMEDIATE")
    nightly.learn()
    row.refresh_from_db()
    assert (row.state, row.mode, row.occurrences) == ("rejected", "ABORT", 6)


def test_it_suggests_otherwise_while_a_candidate_is_open(acme: Tenant) -> None:
    fail(acme, None, None, None, **UNKNOWN, **GIVEN_UP)
    nightly.learn()
    fail(acme, True, True, True, **UNKNOWN, decision="retry", mode="RETRY_IMMEDIATE")
    nightly.learn()
    row = RecoveryCandidate.objects.get()
    assert (row.mode, row.applied, row.succeeded) == ("RETRY_IMMEDIATE", 3, 3)
    assert row.effect == "read"
    assert row.decisions.count() == 1


def test_it_stops_when_the_worker_is_told_to(acme: Tenant) -> None:
    fail(acme, None, None, None, **UNKNOWN, **GIVEN_UP)
    learned = nightly.learn(stopped=lambda: True)
    assert learned.stopped
    assert not RecoveryCandidate.objects.exists()


def test_it_measures_entries_by_what_they_did_alone(acme: Tenant) -> None:
    (match, *_) = fail(acme, True, True, True, False)
    fail(acme, True, True, decision="fallback", mode="FALLBACK")
    again = fail(acme, False, False)
    for each in again:
        recovered_by(each.run_id, {each.step_id: True}, "run_" + "2" * 32, timezone.now())
    nightly.learn()
    entry = CatalogEntry.objects.get(pk=match.entry_id)
    assert (entry.applied, entry.succeeded) == (6, 3)
    assert entry.measured_at is not None
    untried = CatalogEntry.objects.get(code="NOT_FOUND", skill="")
    assert (untried.applied, untried.confidence) == (0, None)


def test_it_takes_the_measure_of_what_is_gone_away(acme: Tenant) -> None:
    """Retention removed the failures: what is left is measured, not what once was."""
    (match, *_) = fail(acme, *(True,) * 5)
    nightly.learn()
    FailureMatch.objects.all().delete()
    nightly.learn()
    entry = CatalogEntry.objects.get(pk=match.entry_id)
    assert (entry.applied, entry.succeeded, entry.confidence) == (0, 0, None)


def test_it_looks_further_back_when_told(acme: Tenant) -> None:
    fail(acme, None, None, None, **UNKNOWN, **GIVEN_UP, days_ago=20)
    nightly.learn(since=timedelta(days=30))
    assert RecoveryCandidate.objects.count() == 1


HARM = [
    pytest.param({"applied": 10, "worked": 0, "upper": 0.28}, 0.9, True, id="surely worse"),
    pytest.param({"applied": 9, "worked": 0, "upper": 0.3}, 0.9, False, id="too few to judge"),
    pytest.param({"applied": 50, "worked": 20, "upper": 0.54}, 0.5, False, id="perhaps worse"),
    pytest.param({"applied": 50, "worked": 50, "upper": 1.0}, 1.0, False, id="as good as can be"),
    pytest.param({"applied": 50, "worked": 0, "upper": 0.07}, 0.0, False, id="nothing helped before either"),
    pytest.param({"applied": 50, "worked": 0, "upper": 0.07}, None, False, id="nobody knows how it went before"),
    pytest.param(None, 0.9, False, id="never applied"),
]


@pytest.mark.parametrize(("effect", "before", "is_harmful"), HARM)
def test_it_calls_harmful_only_what_is_surely_worse(effect: dict[str, Any] | None, before: float | None, is_harmful: bool) -> None:
    row = RecoveryCandidate(parts={"effect": effect} if effect else {}, baseline={"rate": before, "failures": 40})
    assert why_harmful(row).startswith("harmful: ") is is_harmful
