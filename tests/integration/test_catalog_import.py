"""Entries go out as JSON and come in again, all or none; a dry run says what would change and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from agents.models import Tenant
from catalog.entries import create_entry, export_documents, import_entries, remove_entry
from catalog.models import CatalogEntry, EntryVersion
from skills.refusal import Refusal

pytestmark = pytest.mark.django_db
WHY = {"by": "alice", "reason": "moved from staging"}


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def rows(tenant: Tenant | None) -> list[dict[str, Any]]:
    return list(CatalogEntry.objects.filter(tenant=tenant).order_by("code", "skill").values())


def test_it_imports_what_it_exported(acme: Tenant) -> None:
    documents = json.loads(json.dumps(export_documents(None)))
    assert {change.action for change in import_entries(None, documents, **WHY)} == {"unchanged"}
    assert {change.action for change in import_entries(acme, documents, **WHY)} == {"created"}
    assert export_documents(acme) == documents
    assert EntryVersion.objects.filter(entry__tenant=acme, action="imported", by="alice", version=1).count() == len(documents)


def test_it_changes_what_differs_and_says_in_which_fields(acme: Tenant) -> None:
    import_entries(acme, [{"code": "TIMEOUT", "mode": "ABORT"}, {"code": "TLS_FAILURE"}, {"code": "HTTP_5XX"}], **WHY)
    remove_entry(entry_id=CatalogEntry.objects.get(tenant=acme, code="HTTP_5XX").pk, tenant=acme, **WHY)
    document = [{"code": "TIMEOUT", "mode": "SKIP", "parameters": {"max_attempts": 2}}, {"code": "TLS_FAILURE"}, {"code": "HTTP_5XX"}]
    changes = {change.code: change for change in import_entries(acme, document, **WHY)}
    assert {code: change.action for code, change in changes.items()} == {
        "TIMEOUT": "edited",
        "TLS_FAILURE": "unchanged",
        "HTTP_5XX": "restored",
    }
    assert [tuple(each) for each in changes["TIMEOUT"].differences] == [("/mode", "ABORT", "SKIP"), ("/parameters/max_attempts", None, 2)]
    versions = {row.code: (row.version, row.removed_at) for row in CatalogEntry.objects.filter(tenant=acme)}
    assert versions == {"TIMEOUT": (2, None), "TLS_FAILURE": (1, None), "HTTP_5XX": (3, None)}


def test_a_dry_run_says_the_same_and_changes_nothing(acme: Tenant) -> None:
    import_entries(acme, [{"code": "TIMEOUT", "mode": "ABORT"}], **WHY)
    document = [{"code": "TIMEOUT", "mode": "SKIP"}, {"code": "TLS_FAILURE"}]
    before, versions = rows(acme), EntryVersion.objects.count()
    foretold = import_entries(acme, document, dry_run=True, **WHY)
    assert (rows(acme), EntryVersion.objects.count()) == (before, versions)
    assert import_entries(acme, document, **WHY) == foretold


def test_it_leaves_alone_what_the_document_does_not_name(acme: Tenant) -> None:
    create_entry(tenant=acme, document={"code": "TIMEOUT"}, **WHY)
    import_entries(acme, [{"code": "TLS_FAILURE"}], **WHY)
    assert CatalogEntry.objects.get(tenant=acme, code="TIMEOUT").version == 1


FAULTY = [
    pytest.param([{"code": "TIMEOUT"}, {"code": "NO_SUCH"}], "/1/code", id="an unknown code"),
    pytest.param([{"code": "TIMEOUT"}, {"code": "TIMEOUT", "mode": "SKIP"}], "/1", id="the same entry twice"),
    pytest.param([{"code": "TIMEOUT", "parameters": {"first_ms": 9, "cap_ms": 1}}], "/0/parameters", id="parameters that disagree"),
    pytest.param({"code": "TIMEOUT"}, "", id="one entry that is no list"),
    pytest.param([7], "/0", id="a number"),
    pytest.param(None, "", id="nothing"),
    pytest.param([{"code": "TIMEOUT", "skill": f"s{n}"} for n in range(1_001)], "", id="too many"),
]


@pytest.mark.parametrize(("given", "pointer"), FAULTY)
def test_it_imports_all_or_nothing(acme: Tenant, given: Any, pointer: str) -> None:
    with pytest.raises(Refusal) as refused:
        import_entries(acme, given, **WHY)
    assert refused.value.errors[0]["pointer"] == pointer
    assert rows(acme) == []


def test_it_keeps_tenants_apart(acme: Tenant) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    before = rows(None)
    import_entries(rival, [{"code": "TIMEOUT", "suggestions": ["Only for the rival."]}], **WHY)
    assert rows(acme) == []
    assert rows(None) == before
    assert "Only for the rival." not in str(export_documents(acme) + export_documents(None))


def test_it_writes_many_entries_in_a_handful_of_statements(
    acme: Tenant, django_assert_max_num_queries: Callable[..., CaptureQueriesContext]
) -> None:
    document = [{"code": "TIMEOUT", "skill": f"s{n}"} for n in range(200)]
    # Six of them keep who did it.
    with django_assert_max_num_queries(18):
        import_entries(acme, document, **WHY)
    with django_assert_max_num_queries(20):
        import_entries(acme, [{**each, "mode": "SKIP"} for each in document], **WHY)
    assert CatalogEntry.objects.filter(tenant=acme, mode="SKIP", version=2).count() == 200
