"""The snapshot of entries and policies: what is in it, what is left out, and that one bad row spoils nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Tenant
from catalog.lookup import Lookup
from catalog.models import CatalogEntry, RecoveryCandidate
from catalog.signature import signature_of

pytestmark = pytest.mark.django_db
FAILED = {"skill": "http_call", "code": "TIMEOUT", "message": "no answer"}


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def a_candidate(tenant: Tenant, **changes: Any) -> RecoveryCandidate:
    fields = {"signature": signature_of(target="", **FAILED), "code": "TIMEOUT", "mode": "SKIP", "state": "approved", "policy": "active"}
    return RecoveryCandidate.objects.create(tenant=tenant, **{**fields, **changes})


def advice_for(tenant: Tenant) -> Any:
    return Lookup.load().advise(tenant.pk, **FAILED)


def test_it_takes_two_queries_however_much_there_is(acme: Tenant, django_assert_num_queries: Callable[..., CaptureQueriesContext]) -> None:
    for number in range(5):
        a_candidate(acme, signature=f"{number:064x}")
    with django_assert_num_queries(2):
        snapshot = Lookup.load()
    with django_assert_num_queries(0):
        snapshot.advise(acme.pk, **FAILED)


STATES = [
    pytest.param("none", None, "code+skill", None, id="no policy yet"),
    pytest.param("shadow", "shown", "code+skill", "SKIP", id="in shadow"),
    pytest.param("active", "shown", "policy", None, id="active"),
]


@pytest.mark.parametrize(("state", "candidate", "source", "shadow_mode"), STATES)
def test_it_holds_policies_in_shadow_and_active(
    acme: Tenant, state: str, candidate: str | None, source: str, shadow_mode: str | None
) -> None:
    row = a_candidate(acme, policy=state)
    advice = advice_for(acme)
    assert (advice.source, advice.shadow_mode) == (source, shadow_mode)
    assert advice.candidate == (row.public_id if candidate else None)


def test_it_says_what_a_policy_has_measured(acme: Tenant) -> None:
    row = a_candidate(acme, prior_confidence=0.3)
    assert (advice_for(acme).confidence, advice_for(acme).confidence_label) == (0.3, "prior")
    RecoveryCandidate.objects.filter(pk=row.pk).update(confidence=0.8)
    assert (advice_for(acme).confidence, advice_for(acme).confidence_label) == (0.8, "measured")


def test_it_says_what_an_entry_has_measured(acme: Tenant) -> None:
    CatalogEntry.objects.filter(code="TIMEOUT", skill="http_call").update(confidence=0.9)
    assert (advice_for(acme).confidence, advice_for(acme).confidence_label) == (0.9, "measured")


def test_a_removed_entry_advises_nothing(acme: Tenant) -> None:
    CatalogEntry.objects.filter(code="TIMEOUT", skill="http_call").update(removed_at=timezone.now())
    assert advice_for(acme).source == "code"
    CatalogEntry.objects.filter(code="TIMEOUT").update(removed_at=timezone.now())
    assert (advice_for(acme).source, advice_for(acme).match_type) == ("category", "miss")


BAD_POLICIES = [
    pytest.param({"parameters": {"max_attempts": 0}}, id="parameters out of bounds"),
    pytest.param({"parameters": {"sideways": 1}}, id="a parameter nobody knows"),
    pytest.param({"parameters": []}, id="parameters that are no object"),
    pytest.param({"mode": "PRAY"}, id="a mode nobody knows"),
]


@pytest.mark.parametrize("changes", BAD_POLICIES)
def test_a_policy_that_makes_no_sense_is_left_out_and_logged(acme: Tenant, changes: Any, caplog: pytest.LogCaptureFixture) -> None:
    bad = a_candidate(acme, **changes)
    good = a_candidate(Tenant.objects.create(slug="rival", name="Rival"))
    assert advice_for(acme).source == "code+skill"
    assert advice_for(good.tenant).source == "policy"
    assert bad.public_id in {getattr(record, "candidate", None) for record in caplog.records}


BAD_ENTRIES = [
    pytest.param({"parameters": {"max_attempts": 0}}, id="parameters out of bounds"),
    pytest.param({"mode": "PRAY"}, id="a mode nobody knows"),
    pytest.param({"suggestions": [7]}, id="a suggestion that is no text"),
    pytest.param({"suggestions": 7}, id="suggestions that are no list"),
]


@pytest.mark.parametrize("changes", BAD_ENTRIES)
def test_an_entry_that_makes_no_sense_is_left_out_and_logged(acme: Tenant, changes: Any, caplog: pytest.LogCaptureFixture) -> None:
    rows = CatalogEntry.objects.filter(code="TIMEOUT", skill="http_call")
    rows.update(**changes)
    assert advice_for(acme).source == "code"
    assert rows.get().pk in {getattr(record, "entry", None) for record in caplog.records}


def test_it_holds_what_one_tenant_sees_where_only_that_is_asked(acme: Tenant) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    a_candidate(rival)
    a_candidate(acme)
    snapshot = Lookup.load(acme.pk)
    assert snapshot.advise(acme.pk, **FAILED).source == "policy"
    assert snapshot.advise(rival.pk, **FAILED).source == "code+skill"
