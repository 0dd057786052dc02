"""The catalog's rows: seeded, edited, looked up, and one match written per failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from agents.models import Tenant
from catalog.entries import import_entries, update_entry
from catalog.lookup import Lookup
from catalog.models import CatalogEntry, FailureMatch
from catalog.selectors import catalog_json, list_matches, match_json, match_stats
from catalog.services import MatchRow, record_matches, resolve_matches

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival() -> Tenant:
    return Tenant.objects.create(slug="rival", name="Rival")


def shared(code: str, skill: str = "") -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=None, code=code, skill=skill)


def a_match(tenant: Tenant, **changes: Any) -> MatchRow:
    row = MatchRow(
        tenant_id=tenant.pk,
        run_id=7,
        run_public_id="run_7",
        seq=3,
        step_id="fetch",
        attempt=1,
        skill="http_call",
        skill_version="1.0.0",
        code="TIMEOUT",
        category="transient",
        message="no answer",
        signature="ab" * 32,
        match_type="code",
        entry_id=shared("TIMEOUT").pk,
        confidence=0.5,
        decision="retry",
        mode="RETRY_EXPONENTIAL",
    )
    return replace(row, **changes)


def test_it_advises_from_memory(acme: Tenant, rival: Tenant, django_assert_num_queries: Callable[..., CaptureQueriesContext]) -> None:
    import_entries(acme, [{"code": "TIMEOUT", "skill": "http_call", "mode": "ABORT"}], by="alice", reason="of its own")
    snapshot = Lookup.load()
    with django_assert_num_queries(0):
        own = snapshot.advise(acme.pk, "http_call", "TIMEOUT", "no answer in 5 ms", "https://a.example/")
        other = snapshot.fresh().advise(rival.pk, "http_call", "TIMEOUT", "no answer in 9 ms", "https://a.example/")
    assert (own.source, own.mode) == ("tenant", "ABORT")
    assert (other.source, other.mode) == ("code+skill", "RETRY_EXPONENTIAL")
    assert own.signature == other.signature


def test_it_sees_an_edit_once_its_snapshot_is_old() -> None:
    snapshot = Lookup.load()
    update_entry(entry_id=shared("TIMEOUT").pk, changes={"mode": "ABORT"}, by="root", reason="of no use", tenant=None)
    assert snapshot.fresh() is snapshot
    assert snapshot.fresh(max_age_seconds=0).advise(None, "", "TIMEOUT", "").mode == "ABORT"


def test_it_records_a_failure_once_however_often_it_is_told(acme: Tenant) -> None:
    rows = [a_match(acme), a_match(acme, step_id="other")]
    record_matches(rows)
    record_matches(rows)
    record_matches([])
    assert FailureMatch.objects.count() == 2


def test_it_records_what_no_database_would_take_as_it_stands(acme: Tenant) -> None:
    record_matches([a_match(acme, message="a\x00b\ud800" + "x" * 900, skill="s" * 200)])
    row = FailureMatch.objects.get()
    assert row.message.startswith("a\N{REPLACEMENT CHARACTER}b?")
    assert (len(row.message), len(row.skill)) == (500, 64)


def test_it_writes_back_what_became_of_a_recovery(acme: Tenant) -> None:
    record_matches([a_match(acme, seq=1), a_match(acme, seq=2, decision="no_retry"), a_match(acme, seq=3, step_id="other")])
    assert resolve_matches(7, "fetch", succeeded=False, at=AT) == 2
    assert resolve_matches(7, "fetch", succeeded=True, at=AT) == 0
    tried, given_up, other = FailureMatch.objects.order_by("seq")
    assert (tried.recovery_attempted, tried.recovery_succeeded, tried.resolved_at) == (True, False, AT)
    assert (given_up.recovery_attempted, given_up.recovery_succeeded, given_up.resolved_at) == (False, None, AT)
    assert other.resolved_at is None


def test_it_counts_how_often_recovery_worked(acme: Tenant, rival: Tenant) -> None:
    record_matches([a_match(acme, seq=1), a_match(acme, seq=2, run_id=8), a_match(rival, run_id=9)])
    resolve_matches(7, "fetch", succeeded=True, at=AT)
    resolve_matches(8, "fetch", succeeded=False, at=AT)
    (row,) = match_stats(tenant=acme)["data"]
    assert (row["code"], row["failures"], row["attempted"], row["succeeded"], row["recovery_success_rate"]) == ("TIMEOUT", 2, 2, 1, 0.5)
    assert match_stats(tenant=rival)["data"][0]["recovery_success_rate"] is None


def test_it_shows_a_tenant_the_shared_entries_and_its_own(acme: Tenant, rival: Tenant) -> None:
    import_entries(acme, [{"code": "TIMEOUT", "suggestions": ["Only for Acme."]}], by="alice", reason="of its own")
    own = catalog_json(tenant=acme, code="TIMEOUT", skill="http_call")["data"]
    assert [(entry["skill"], entry["scope"]) for entry in own] == [(None, "shared"), (None, "tenant"), ("http_call", "shared")]
    assert "Only for Acme." not in json.dumps(catalog_json(tenant=rival))
    assert "Only for Acme." not in json.dumps(catalog_json(tenant=None))


def test_it_shows_a_tenant_only_its_own_failures(acme: Tenant, rival: Tenant) -> None:
    record_matches([a_match(acme, message="mine"), a_match(rival, run_id=8, message="theirs")])
    shown = [match_json(row) for row in list_matches(tenant=acme, code="TIMEOUT", skill="http_call", run_id="run_7")]
    assert [row["message"] for row in shown] == ["mine"]
    assert json.loads(json.dumps(shown)) == shown
