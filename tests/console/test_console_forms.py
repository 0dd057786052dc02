"""What may be edited in the console goes through the same services as the API, and says what is wrong at the field."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from catalog.models import CatalogEntry
from tests.console.conftest import Cast, SignIn


def change_url(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def an_entry(**changes: Any) -> dict[str, Any]:
    base = {"mode": "ABORT", "parameters": "{}", "suggestions": "Ask Bob.", "doc_url": "/errors/TIMEOUT", "prior_confidence": "0.5"}
    return {**base, "reason": "the night of the outage", **changes}


def own_entry(cast: Cast) -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=cast.acme)


def test_it_edits_a_tenants_entry_through_the_service(cast: Cast) -> None:
    assert SignIn("operator").post(change_url(own_entry(cast)), an_entry()).status_code == 302
    entry = own_entry(cast)
    assert (entry.mode, entry.suggestions, entry.version) == ("ABORT", ["Ask Bob."], 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"parameters": '{"max_attempts": 0}'}, "/parameters/max_attempts", id="no attempt"),
        pytest.param({"parameters": "[" * 5_000}, "this cannot be read", id="parameters nobody can read"),
        pytest.param({"suggestions": "x\n" * 11}, "/suggestions", id="too many suggestions"),
        pytest.param({"reason": "no"}, "at least 3 characters", id="no reason"),
        pytest.param({"expected_version": "7"}, "Somebody changed the entry", id="another version than was looked at"),
        pytest.param({"doc_url": "javascript:alert(1)"}, "/doc_url", id="a link that runs a script"),
        pytest.param({"prior_confidence": "2"}, "/prior_confidence", id="confidence above one"),
        pytest.param({"mode": "PRAY"}, "valid choice", id="an unknown mode"),
    ],
)
def test_it_says_what_is_wrong_with_an_entry(changes: dict[str, str], said: str, cast: Cast) -> None:
    answer = SignIn("operator").post(change_url(own_entry(cast)), an_entry(**changes))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert own_entry(cast).version == 1


def test_it_leaves_shared_entries_to_the_platform(cast: Cast) -> None:
    shared = CatalogEntry.objects.get(tenant=None, code="TIMEOUT", skill="")
    assert SignIn("tenant_admin").post(change_url(shared), an_entry()).status_code == 403
    assert SignIn("root").post(change_url(shared), an_entry()).status_code == 302


@pytest.mark.parametrize("role", ["viewer", "developer", "approver", "auditor"])
def test_it_lets_only_operators_change_entries(role: str, cast: Cast) -> None:
    assert SignIn(role).post(change_url(own_entry(cast)), an_entry()).status_code == 403
