"""Entries of the catalog: seeded, created, edited, removed, restored; every change is kept with who made it, when and why."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from agents.models import Tenant
from catalog.entries import create_entry, remove_entry, restore_entry, seed_catalog, shipped_documents, update_entry
from catalog.lookup import Lookup
from catalog.models import CatalogEntry, EntryVersion
from skills.refusal import Refusal
from skills.taxonomy import CODES

WHY = {"by": "alice", "reason": "the night of the outage"}


@pytest.fixture
def acme(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival(db: None) -> Tenant:
    return Tenant.objects.create(slug="rival", name="Rival")


def shared(code: str, skill: str = "") -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=None, code=code, skill=skill)


def an_override(tenant: Tenant | None, **document: Any) -> CatalogEntry:
    return create_entry(tenant=tenant, document={"code": "TIMEOUT", "skill": "mine", **document}, **WHY)


def kept(row: CatalogEntry) -> list[tuple[int, str]]:
    return [(found.version, found.action) for found in EntryVersion.objects.filter(entry=row).order_by("version")]


def refused(call: Callable[..., Any], *given: Any, **named: Any) -> Refusal:
    with pytest.raises(Refusal) as found:
        call(*given, **named)
    return found.value


# Seeding


def test_it_seeds_every_shipped_entry_once_with_its_first_version(acme: Tenant) -> None:
    assert CatalogEntry.objects.count() == len(shipped_documents()) > len(CODES)
    assert seed_catalog() == 0
    assert EntryVersion.objects.count() == CatalogEntry.objects.count()
    assert kept(shared("TIMEOUT")) == [(1, "seeded")]


def test_it_brings_an_untouched_entry_to_what_is_shipped_and_keeps_that(acme: Tenant) -> None:
    CatalogEntry.objects.filter(code="TIMEOUT", skill="").update(suggestions=["An older text."])
    assert seed_catalog() == 1
    assert shared("TIMEOUT").suggestions != ["An older text."]
    assert kept(shared("TIMEOUT")) == [(1, "seeded"), (2, "seeded")]
    assert seed_catalog() == 0


@pytest.mark.parametrize("change", ["edit", "remove", "there and back"])
def test_it_leaves_an_entry_alone_that_somebody_changed(acme: Tenant, change: str) -> None:
    row = shared("TIMEOUT")
    if change == "remove":
        remove_entry(entry_id=row.pk, tenant=None, **WHY)
    else:
        update_entry(entry_id=row.pk, changes={"suggestions": ["Ask Bob."]}, tenant=None, **WHY)
    if change == "there and back":
        restore_entry(entry_id=row.pk, to_version=1, tenant=None, **WHY)
    before = CatalogEntry.objects.values().get(pk=row.pk)
    assert seed_catalog() == 0
    assert CatalogEntry.objects.values().get(pk=row.pk) == before


# Creating


def test_it_makes_an_override_that_is_advised_to_its_tenant_alone(acme: Tenant, rival: Tenant) -> None:
    row = an_override(acme, mode="FALLBACK", parameters={"fallback_skill": "cache_read"}, suggestions=["Look at the cache."])
    assert (row.version, row.category, row.doc_url) == (1, "transient", "/errors/TIMEOUT")
    assert kept(row) == [(1, "created")]
    snapshot = Lookup.load()
    assert snapshot.advise(acme.pk, "mine", "TIMEOUT", "").fallback_skill == "cache_read"
    assert snapshot.advise(rival.pk, "mine", "TIMEOUT", "").source == "code"


def test_it_keeps_who_made_a_change_when_and_why(acme: Tenant) -> None:
    version = EntryVersion.objects.get(entry=an_override(acme, mode="ABORT"))
    assert (version.by, version.reason, version.document["mode"]) == ("alice", "the night of the outage", "ABORT")
    assert version.at is not None


def test_it_makes_no_entry_twice(acme: Tenant) -> None:
    an_override(acme)
    refusal = refused(an_override, acme)
    assert (refusal.status, refusal.errors[0]["pointer"], refusal.errors[0]["code"]) == (409, "/code", "taken")
    assert an_override(None).tenant is None
    assert refused(an_override, None).status == 409


def test_it_makes_a_removed_entry_anew(acme: Tenant) -> None:
    row = an_override(acme, mode="ABORT")
    remove_entry(entry_id=row.pk, tenant=acme, **WHY)
    again = an_override(acme, mode="SKIP")
    assert (again.pk, again.version, again.mode, again.removed_at) == (row.pk, 3, "SKIP", None)
    assert kept(row) == [(1, "created"), (2, "removed"), (3, "created")]


BAD = [
    pytest.param({"code": "TIMEOT"}, "/code", "unknown_code", id="a code that is misspelt"),
    pytest.param({"code": "?" * 2**20}, "/code", "unknown_code", id="a code of a mebibyte"),
    pytest.param({"code": 7}, "/code", "string_type", id="a code that is a number"),
    pytest.param({"mode": "PRAY"}, "/mode", "enum", id="a mode nobody knows"),
    pytest.param({"parameters": {"max_attempts": 0}}, "/parameters/max_attempts", "greater_than_equal", id="no attempt"),
    pytest.param({"parameters": {"fallback_params": {"a": "x" * 9_000}}}, "/parameters/fallback_params", "value_error", id="large"),
    pytest.param({"colour": "red"}, "/colour", "extra_forbidden", id="a field nobody knows"),
    pytest.param({"suggestions": ["x"] * 11}, "/suggestions", "too_long", id="too many suggestions"),
]


@pytest.mark.parametrize(("document", "pointer", "code"), BAD)
def test_it_refuses_a_document_with_a_pointer(acme: Tenant, document: dict[str, Any], pointer: str, code: str) -> None:
    refusal = refused(an_override, acme, **document)
    assert (refusal.errors[0]["pointer"], refusal.errors[0]["code"]) == (pointer, code)
    assert len(str(refusal.to_json())) < 2_000
    assert not CatalogEntry.objects.filter(tenant=acme).exists()


def test_it_names_the_codes_nearest_to_an_unknown_one(acme: Tenant) -> None:
    refusal = refused(an_override, acme, code="conection_refused")
    assert "CONNECTION_REFUSED" in refusal.errors[0]["detail"]
    assert "CONNECTION_REFUSED" in refusal.suggestions[0]


# Editing


def test_it_counts_the_version_up_with_each_real_change(acme: Tenant) -> None:
    row = an_override(acme)
    assert update_entry(entry_id=row.pk, changes={"mode": "ABORT"}, tenant=acme, **WHY).version == 2
    assert update_entry(entry_id=row.pk, changes={"mode": "ABORT"}, tenant=acme, **WHY).version == 2
    assert update_entry(entry_id=row.pk, changes={"parameters": {"max_attempts": 9}}, tenant=acme, **WHY).parameters == {"max_attempts": 9}
    assert kept(row) == [(1, "created"), (2, "edited"), (3, "edited")]


@pytest.mark.parametrize(
    ("changes", "confidence"),
    [
        pytest.param({"mode": "ABORT"}, None, id="another mode begins without a trial"),
        pytest.param({"suggestions": ["Ask Bob."]}, 0.8, id="other words do the same"),
    ],
)
def test_it_keeps_what_was_measured_as_long_as_the_same_is_done(acme: Tenant, changes: dict[str, Any], confidence: float | None) -> None:
    row = an_override(acme, mode="SKIP")
    CatalogEntry.objects.filter(pk=row.pk).update(confidence=0.8, applied=9, succeeded=8)
    update_entry(entry_id=row.pk, changes=changes, tenant=acme, **WHY)
    row.refresh_from_db()
    assert (row.confidence, row.applied) == (confidence, 0 if confidence is None else 9)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"mode": "PRAY"}, "SCHEMA_VALIDATION_FAILED", id="unknown mode"),
        pytest.param({"parameters": {"max_attempts": 10_000}}, "SCHEMA_VALIDATION_FAILED", id="too many attempts"),
        pytest.param({"colour": "red"}, "SCHEMA_VALIDATION_FAILED", id="unknown field"),
        pytest.param({"code": "HTTP_4XX"}, "INVALID_INPUT", id="another code"),
    ],
)
def test_it_refuses_a_change_that_makes_no_sense(acme: Tenant, changes: dict[str, Any], code: str) -> None:
    row = an_override(acme)
    assert refused(update_entry, entry_id=row.pk, changes=changes, tenant=acme, **WHY).code == code
    row.refresh_from_db()
    assert row.version == 1


@pytest.mark.parametrize("reason", ["", "  ", "no", "x" * 501, "\x00\x00\x00"], ids=repr)
@pytest.mark.parametrize("act", ["create", "update", "remove", "restore"])
def test_it_wants_to_be_told_why(acme: Tenant, act: str, reason: str) -> None:
    row = an_override(acme)
    calls: dict[str, Callable[[], Any]] = {
        "create": lambda: create_entry(tenant=acme, document={"code": "TLS_FAILURE"}, by="alice", reason=reason),
        "update": lambda: update_entry(entry_id=row.pk, changes={"mode": "SKIP"}, tenant=acme, by="alice", reason=reason),
        "remove": lambda: remove_entry(entry_id=row.pk, tenant=acme, by="alice", reason=reason),
        "restore": lambda: restore_entry(entry_id=row.pk, tenant=acme, to_version=1, by="alice", reason=reason),
    }
    assert refused(calls[act]).errors[0]["pointer"] == "/reason"
    assert len(kept(row)) == 1


# Whose it is

MOVES: list[Any] = [
    pytest.param(lambda **who: update_entry(changes={"mode": "SKIP"}, **who, **WHY), id="edit"),
    pytest.param(lambda **who: remove_entry(**who, **WHY), id="remove"),
    pytest.param(lambda **who: restore_entry(**who, **WHY), id="restore"),
]


@pytest.mark.parametrize("move", MOVES)
def test_a_tenant_changes_its_own_entries_only(acme: Tenant, rival: Tenant, move: Callable[..., Any]) -> None:
    override = an_override(acme)
    ours = refused(move, entry_id=shared("TIMEOUT").pk, tenant=acme)
    theirs, nobodys = (refused(move, entry_id=entry, tenant=rival) for entry in (override.pk, 0))
    assert (ours.code, ours.status) == ("PERMISSION_DENIED", 403)
    assert "override" in ours.suggestions[0]
    assert theirs.to_json() == nobodys.to_json()
    assert theirs.code == "NOT_FOUND"
    assert kept(override) == [(1, "created")]


@pytest.mark.parametrize("entry_id", [0, -1, "x", "", "9" * 30, "1.0", "²", "%00", None], ids=repr)
def test_it_finds_nothing_under_what_is_no_id(acme: Tenant, entry_id: Any) -> None:
    assert refused(remove_entry, entry_id=entry_id, tenant=None, **WHY).code == "NOT_FOUND"


# Two at once


@pytest.mark.parametrize("move", MOVES)
def test_it_refuses_who_has_read_an_older_version(acme: Tenant, move: Callable[..., Any]) -> None:
    row = an_override(acme)
    update_entry(entry_id=row.pk, changes={"mode": "ABORT"}, tenant=acme, expected_version=1, **WHY)
    refusal = refused(move, entry_id=row.pk, tenant=acme, expected_version=1)
    assert (refusal.status, refusal.errors[0]["code"], refusal.errors[0]["pointer"]) == (409, "stale", "/version")
    assert kept(row) == [(1, "created"), (2, "edited")]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls on threads of their own, all at the same moment; return what each gave or raised."""
    barrier, came = threading.Barrier(len(calls)), [None] * len(calls)

    def make(place: int) -> None:
        barrier.wait(10)
        try:
            came[place] = calls[place]()
        except Refusal as refusal:
            came[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


@pytest.mark.django_db(transaction=True)
def test_of_two_edits_of_one_version_one_is_made() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    row = an_override(tenant)
    came = at_once(
        *(
            lambda mode=mode: update_entry(entry_id=row.pk, changes={"mode": mode}, tenant=tenant, expected_version=1, **WHY)
            for mode in ("ABORT", "SKIP", "ESCALATE", "FALLBACK")
        )
    )
    assert sorted(isinstance(each, Refusal) and each.status for each in came) == [False, 409, 409, 409]
    assert kept(row) == [(1, "created"), (2, "edited")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_shared", [True, False], ids=["for all", "of a tenant"])
def test_of_two_entries_for_the_same_one_is_made(is_shared: bool) -> None:
    tenant = None if is_shared else Tenant.objects.create(slug="acme", name="Acme")
    came = at_once(*[lambda: an_override(tenant)] * 4)
    assert sorted(isinstance(each, Refusal) and each.status for each in came) == [False, 409, 409, 409]
    assert CatalogEntry.objects.filter(skill="mine").count() == 1
    assert EntryVersion.objects.filter(entry__skill="mine").count() == 1


# Removing and restoring


def test_a_removed_entry_advises_nothing_and_comes_back_whole(acme: Tenant) -> None:
    row = an_override(acme, mode="SKIP")
    removed = remove_entry(entry_id=row.pk, tenant=acme, **WHY)
    assert (removed.version, removed.removed_at is not None) == (2, True)
    assert Lookup.load().advise(acme.pk, "mine", "TIMEOUT", "").source == "code"
    back = restore_entry(entry_id=row.pk, tenant=acme, **WHY)
    assert (back.version, back.removed_at, back.mode) == (3, None, "SKIP")
    assert Lookup.load().advise(acme.pk, "mine", "TIMEOUT", "").source == "tenant"
    assert kept(row) == [(1, "created"), (2, "removed"), (3, "restored")]


def test_it_goes_back_to_an_earlier_version(acme: Tenant) -> None:
    row = an_override(acme, mode="SKIP", suggestions=["First."])
    update_entry(entry_id=row.pk, changes={"mode": "ABORT", "suggestions": []}, tenant=acme, **WHY)
    remove_entry(entry_id=row.pk, tenant=acme, **WHY)
    back = restore_entry(entry_id=row.pk, tenant=acme, to_version=1, **WHY)
    assert (back.mode, back.suggestions, back.version, back.removed_at) == ("SKIP", ["First."], 4, None)
    assert restore_entry(entry_id=row.pk, tenant=acme, to_version=4, **WHY).version == 4


def test_it_refuses_moves_that_make_no_sense(acme: Tenant) -> None:
    row = an_override(acme)
    assert refused(restore_entry, entry_id=row.pk, tenant=acme, **WHY).status == 409
    assert refused(restore_entry, entry_id=row.pk, tenant=acme, to_version=7, **WHY).code == "NOT_FOUND"
    remove_entry(entry_id=row.pk, tenant=acme, **WHY)
    assert refused(remove_entry, entry_id=row.pk, tenant=acme, **WHY).status == 409
    assert refused(update_entry, entry_id=row.pk, changes={"mode": "SKIP"}, tenant=acme, **WHY).status == 409
    assert kept(row) == [(1, "created"), (2, "removed")]
