"""The catalog's routes: filtered lists of entries and failures, each for its tenant only."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from rest_framework.test import APIRequestFactory, force_authenticate

from agents.models import Tenant
from agents.tenancy import Principal
from catalog.api.catalog import Catalog, CatalogView, CodeCount, Failures, FailureStats, MatchPage
from catalog.entries import import_entries
from catalog.services import MatchRow, record_matches
from skills.refusal import Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    acme, rival = (Tenant.objects.create(slug=slug, name=slug) for slug in ("acme", "rival"))
    for number, tenant in enumerate((acme, acme, acme, rival)):
        record_matches([failure(tenant, number)])
    import_entries(rival, [{"code": "TIMEOUT", "suggestions": ["Only for the rival."]}], by="bob", reason="of their own")
    return acme


def failure(tenant: Tenant, number: int) -> MatchRow:
    code = "TIMEOUT" if number else "NOT_FOUND"
    place = {"tenant_id": tenant.pk, "run_id": number, "run_public_id": f"run_{number:032x}", "seq": 3, "step_id": "fetch", "attempt": 1}
    what = {"skill": "http_call", "skill_version": "1.0.0", "code": code, "category": "transient", "message": tenant.slug}
    found = {
        "signature": f"{number:064x}",
        "match_type": "miss",
        "entry_id": None,
        "confidence": None,
        "decision": "retry",
        "mode": "ABORT",
    }
    return MatchRow(**place, **what, **found)


def get(view: Any, tenant: Tenant, scopes: str = "catalog:read", **query: str) -> Any:
    request = APIRequestFactory().get("/", query)
    force_authenticate(request, user=Principal(tenant=tenant, name="alice", scopes=frozenset({scopes})))
    return view.as_view()(request)


def test_it_lists_the_entries_of_a_code(acme: Tenant) -> None:
    body = get(Catalog, acme, code="TIMEOUT", skill="http_call").data
    shown = TypeAdapter(CatalogView).validate_python(body)
    assert [(entry.skill, entry.scope) for entry in shown.data] == [(None, "shared"), ("http_call", "shared")]


def test_it_pages_through_a_tenants_own_failures(acme: Tenant) -> None:
    first = get(Failures, acme, limit="2").data
    second = get(Failures, acme, limit="2", cursor=first["next_cursor"]).data
    MatchPage.model_validate(first)
    assert [row["message"] for row in first["data"] + second["data"]] == ["acme"] * 3
    assert second["next_cursor"] is None


def test_it_filters_failures(acme: Tenant) -> None:
    assert len(get(Failures, acme, code="NOT_FOUND").data["data"]) == 1
    assert len(get(Failures, acme, run_id=f"run_{1:032x}").data["data"]) == 1
    assert get(Failures, acme, run_id=f"run_{3:032x}").data["data"] == []


def test_it_counts_failures_by_code(acme: Tenant) -> None:
    rows = [CodeCount.model_validate(row) for row in get(FailureStats, acme).data["data"]]
    assert [(row.code, row.failures) for row in rows] == [("TIMEOUT", 2), ("NOT_FOUND", 1)]


@pytest.mark.parametrize("query", [{"code": "no code"}, {"skill": "A B"}, {"run_id": "7"}, {"colour": "red"}, {"limit": "0"}], ids=str)
def test_it_refuses_a_filter_that_makes_no_sense(acme: Tenant, query: dict[str, str]) -> None:
    try:
        status = get(Failures, acme, **query).status_code
    except Refusal as refusal:
        status = refusal.status
    assert status == 400


@pytest.mark.parametrize("view", [Catalog, Failures, FailureStats])
def test_it_asks_for_the_scope(acme: Tenant, view: Any) -> None:
    assert get(view, acme, scopes="runs:read").status_code == 403
