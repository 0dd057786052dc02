"""Recovery candidates: suggested by what really worked, one for each signature, decided along the table, never across tenants."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Tenant
from agents.tenancy import Principal, create_key
from catalog.learning import deciding
from catalog.learning.candidates import suggest_for_code, suggest_for_match
from catalog.learning.documents import export_candidates, import_candidates
from catalog.learning.views import candidate_detail
from catalog.models import CatalogEntry, RecoveryCandidate, RecoveryDecision
from catalog.services import recovered_by
from runs.recovery import nightly
from runs.recovery.suggesting import suggest
from skills.refusal import Refusal
from tests.integration.meeting import meeting
from tests.integration.recovering import fail
from tests.integration.workshop import as_person

pytestmark = pytest.mark.django_db
REPORT: dict[str, Any] = {"failures": 3, "replayed": 3, "changed": 2, "unsafe": 0, "counts": {}, "cases": []}
WHY = "it helps, as the report shows"


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival() -> Tenant:
    return Tenant.objects.create(slug="rival", name="Rival")


@pytest.fixture
def alice(acme: Tenant) -> Principal:
    return as_person(acme, "alice")


@pytest.fixture
def bob(acme: Tenant) -> Principal:
    return as_person(acme, "bob")


def a_candidate(alice: Principal, *outcomes: bool | None, **kind: Any) -> RecoveryCandidate:
    """Return the candidate alice had suggested for failures of one kind."""
    match = fail(alice.tenant, *(outcomes or (True, True, False)), **kind)[-1]
    found = suggest_for_match(principal=alice, match_id=match.public_id).candidate
    assert found is not None
    return found


def approved(alice: Principal, bob: Principal, **kind: Any) -> RecoveryCandidate:
    row = a_candidate(alice, **kind)
    return deciding.approve(principal=bob, candidate_id=row.public_id, shadow_report=REPORT)


def refused(action: Any, principal: Principal, row: RecoveryCandidate, reason: str = WHY, **more: Any) -> Refusal:
    """Return why a decision is refused, having seen that it changed nothing."""
    before = RecoveryCandidate.objects.filter(pk=row.pk).values().get()
    with pytest.raises(Refusal) as refusal:
        action(principal=principal, candidate_id=row.public_id, reason=reason, **more)
    assert RecoveryCandidate.objects.filter(pk=row.pk).values().get() == before
    return refusal.value


# Suggestions


def test_it_keeps_one_candidate_for_a_signature_however_often_it_is_asked(alice: Principal, bob: Principal) -> None:
    matches = fail(alice.tenant, True, True, True, message="no answer after 31 s") + fail(
        alice.tenant, False, message="no answer after 7 s"
    )
    kept = {suggest_for_match(principal=who, match_id=match.public_id).candidate for who in (alice, bob) for match in matches}
    (row,) = kept
    assert RecoveryCandidate.objects.count() == 1
    assert row is not None
    row.refresh_from_db()
    assert (row.occurrences, row.applied, row.succeeded, row.created_by, row.origin) == (4, 4, 3, "alice", "suggested")
    assert list(RecoveryDecision.objects.values_list("action", "by")) == [("suggest", "alice")]


def test_it_answers_with_entry_mode_confidence_and_evidence(alice: Principal) -> None:
    match = fail(alice.tenant, True, True, True, True, False)[-1]
    told = suggest(principal=alice, match_id=match.public_id)
    assert (told["entry"]["code"], told["entry"]["skill"]) == ("TIMEOUT", "http_call")
    assert told["mode"] == match.mode
    assert "4 of 5" in told["because"]
    assert (told["confidence_label"], told["n"]) == ("measured", 5)
    # Cases are weighed by their day: in the evening those of today weigh a little less than in the morning.
    assert told["confidence"] == told["confidence_parts"]["lower"] == pytest.approx(0.3755, abs=3e-3)
    assert [case["recovered"] for case in told["evidence"]["matches"]] == [False, True, True, True, True]
    assert len(told["evidence"]["runs"]) == 5
    assert told["candidate"]["id"].startswith("rec_")


def test_it_only_answers_about_a_code(alice: Principal) -> None:
    fail(alice.tenant, True, False)
    told = suggest(principal=alice, code="TIMEOUT", skill="http_call")
    assert (told["n"], told["candidate"], told["signature"]) == (2, None, None)
    assert not RecoveryCandidate.objects.exists()


def test_it_gives_the_prior_of_the_entry_before_any_trial(alice: Principal) -> None:
    told = suggest(principal=alice, code="RATE_LIMITED")
    entry = CatalogEntry.objects.get(code="RATE_LIMITED", skill="", tenant=None)
    assert (told["confidence"], told["confidence_label"], told["n"]) == (entry.prior_confidence, "prior", 0)
    assert told["mode"] == entry.mode


@pytest.mark.parametrize(("code", "near"), [("TIMEOUTS", "TIMEOUT"), ("rate_limit", "RATE_LIMITED"), ("HTTP_500", "HTTP_5XX")])
def test_it_names_codes_near_an_unknown_one(code: str, near: str, acme: Tenant) -> None:
    with pytest.raises(Refusal) as refusal:
        suggest_for_code(tenant=acme, code=code)
    assert refusal.value.errors[0]["pointer"] == "/code"
    assert near in refusal.value.suggestions[0]


def test_it_knows_no_failure_of_another_tenant(alice: Principal, rival: Tenant) -> None:
    match = fail(rival, True)[0]
    with pytest.raises(Refusal) as refusal:
        suggest_for_match(principal=alice, match_id=match.public_id)
    assert (refusal.value.code, refusal.value.status) == ("NOT_FOUND", 404)
    assert not RecoveryCandidate.objects.exists()


def test_it_learns_nothing_from_another_tenant(alice: Principal, rival: Tenant) -> None:
    fail(rival, True, True, True, True)
    match = fail(alice.tenant, False)[0]
    told = suggest(principal=alice, match_id=match.public_id)
    assert (told["n"], told["evidence"]["failures"]) == (1, 1)


def test_it_learns_nothing_from_what_was_injected(alice: Principal) -> None:
    match = fail(alice.tenant, True, injected=True)[0]
    with pytest.raises(Refusal) as refusal:
        suggest_for_match(principal=alice, match_id=match.public_id)
    assert refusal.value.status == 409
    assert suggest(principal=alice, code="TIMEOUT")["n"] == 0


def test_it_shows_what_else_was_tried_and_how_alike_neighbours_went(alice: Principal, bob: Principal) -> None:
    neighbour = approved(alice, bob, message="the gateway gave no answer in time")
    fail(alice.tenant, True, False, mode="RETRY_IMMEDIATE", message="the gateway gave no answer at all")
    match = fail(alice.tenant, True, True, message="the gateway gave no answer at all")[0]
    others = suggest(principal=alice, match_id=match.public_id)["alternatives"]
    here = next(each for each in others if each["source"] == "signature")
    assert (here["mode"], here["applied"], here["succeeded"], here["rate"]) == ("RETRY_IMMEDIATE", 2, 1, 0.5)
    assert any(each["source"] == "code" for each in others)
    alike = next(each for each in others if each["source"] == "similar")
    assert alike["candidate"] == neighbour.public_id
    assert 0.5 <= alike["score"] < 1
    assert "same" in alike["reason"]


# Decisions


def test_it_goes_from_open_to_shadow_to_active_and_back(alice: Principal, bob: Principal) -> None:
    row = approved(alice, bob)
    assert (row.state, row.policy, row.decided_by) == ("approved", "shadow", "bob")
    row = deciding.activate(principal=bob, candidate_id=row.public_id)
    assert (row.policy, row.baseline["failures"], row.baseline["recovered"]) == ("active", 3, 2)
    row = deciding.withdraw(principal=alice, candidate_id=row.public_id, reason="it does not help at all")
    assert (row.state, row.policy) == ("withdrawn", "none")
    row = deciding.reopen(principal=bob, candidate_id=row.public_id)
    assert (row.state, row.shadow_report, row.activated_at) == ("open", None, None)
    log = list(row.decisions.order_by("id").values_list("action", "by"))
    assert log == [("suggest", "alice"), ("approve", "bob"), ("activate", "bob"), ("withdraw", "alice"), ("reopen", "bob")]


def test_it_keeps_the_numbers_a_decision_was_made_on(alice: Principal, bob: Principal) -> None:
    seen = approved(alice, bob).decisions.get(action="approve").seen
    assert seen["confidence"]["applied"] == seen["occurrences"] == 3
    assert seen["shadow_report"] == {"failures": 3, "replayed": 3, "changed": 2, "unsafe": 0, "counts": {}}


def test_it_says_who_was_quicker(alice: Principal, bob: Principal) -> None:
    row = approved(alice, bob)
    why = refused(deciding.approve, as_person(bob.tenant, "carol"), row, shadow_report=REPORT)
    assert (why.status, why.detail) == (409, "the candidate is already approved by bob")


def test_it_lets_nobody_approve_their_own(alice: Principal, settings: Any) -> None:
    row = a_candidate(alice)
    key, _ = create_key(alice.tenant, "hers", ["admin"], owner=alice.name)
    for who in (alice, as_person(alice.tenant, f"key:hers:{key.prefix}")):
        assert refused(deciding.approve, who, row, shadow_report=REPORT).code == "PERMISSION_DENIED"
    settings.RECOVERY_FOUR_EYES = False
    assert deciding.approve(principal=alice, candidate_id=row.public_id, shadow_report=REPORT).policy == "shadow"


@pytest.mark.parametrize("action", ["reject", "withdraw"])
def test_it_wants_a_reason(action: str, alice: Principal, bob: Principal) -> None:
    row = a_candidate(alice) if action == "reject" else approved(alice, bob)
    why = refused(getattr(deciding, action), bob, row, "no")
    assert (why.code, why.errors[0]["pointer"]) == ("SCHEMA_VALIDATION_FAILED", "/reason")


def test_it_refuses_a_candidate_whose_entry_is_gone(alice: Principal, bob: Principal) -> None:
    row = a_candidate(alice)
    CatalogEntry.objects.filter(pk=row.entry_id).update(removed_at="2026-01-02T00:00:00Z")
    why = refused(deciding.approve, bob, row, shadow_report=REPORT)
    assert why.status == 409
    assert "TIMEOUT of http_call" in why.detail
    CatalogEntry.objects.filter(pk=row.entry_id).delete()
    assert refused(deciding.approve, bob, RecoveryCandidate.objects.get(pk=row.pk), shadow_report=REPORT).status == 409


def test_it_activates_nothing_that_was_not_seen_in_shadow(alice: Principal, bob: Principal) -> None:
    row = a_candidate(alice)
    assert refused(deciding.activate, bob, row).status == 409
    row = deciding.approve(principal=bob, candidate_id=row.public_id, shadow_report=REPORT)
    RecoveryCandidate.objects.filter(pk=row.pk).update(shadow_report=None)
    assert "no report" in refused(deciding.activate, bob, row).detail


def test_it_decides_nothing_of_another_tenant(alice: Principal, rival: Tenant) -> None:
    row = a_candidate(alice)
    for action in ("reject", "withdraw", "reopen"):
        assert refused(getattr(deciding, action), as_person(rival, "eve"), row).status == 404
    with pytest.raises(Refusal):
        candidate_detail(tenant=rival, candidate_id=row.public_id)


def test_it_leaves_what_was_decided_and_counts_on(alice: Principal, bob: Principal) -> None:
    row = approved(alice, bob)
    mode = row.mode
    fail(alice.tenant, *(True,) * 20, mode="RETRY_IMMEDIATE")
    match = fail(alice.tenant, False)[0]
    told = suggest(principal=bob, match_id=match.public_id)
    assert told["mode"] == "RETRY_IMMEDIATE"
    assert (told["candidate"]["mode"], told["candidate"]["state"], told["candidate"]["applied"]) == (mode, "approved", 4)


# Documents


def test_it_brings_a_candidate_into_another_tenant_as_open(alice: Principal, bob: Principal, rival: Tenant) -> None:
    approved(alice, bob)
    documents = export_candidates(principal=alice)
    eve = as_person(rival, "eve")
    assert import_candidates(principal=eve, documents=documents) == {"documents": 1, "made": 1, "changed": 0}
    assert import_candidates(principal=eve, documents=documents) == {"documents": 1, "made": 0, "changed": 0}
    row = RecoveryCandidate.objects.get(tenant=rival)
    assert (row.state, row.origin, row.created_by, row.applied, row.occurrences) == ("open", "manual", "eve", 0, 0)
    assert refused(deciding.approve, eve, row, shadow_report=REPORT).code == "PERMISSION_DENIED"


BROKEN = [
    pytest.param({"mode": "HOPE"}, "/0/mode", id="a mode nobody knows"),
    pytest.param({"parameters": {"max_attempts": 99}}, "/0/parameters/max_attempts", id="too many attempts"),
    pytest.param({"cause": "another cause"}, "/0", id="a signature of something else"),
    pytest.param({"host": "a\x00b"}, "/0/host", id="what no database takes"),
    pytest.param({"extra": 1}, "/0/extra", id="an unknown field"),
]


@pytest.mark.parametrize(("changes", "pointer"), BROKEN)
def test_it_refuses_a_broken_document_with_a_pointer(changes: dict[str, Any], pointer: str, alice: Principal) -> None:
    a_candidate(alice)
    (document,) = export_candidates(principal=alice)
    with pytest.raises(Refusal) as refusal:
        import_candidates(principal=alice, documents=[document | changes])
    assert pointer in [fault["pointer"] for fault in refusal.value.errors]


def test_it_changes_an_open_candidate_and_no_other_by_import(alice: Principal, bob: Principal) -> None:
    row = a_candidate(alice)
    (document,) = export_candidates(principal=alice)
    wanted = document | {"mode": "RETRY_IMMEDIATE", "parameters": {"max_attempts": 4}}
    assert import_candidates(principal=bob, documents=[wanted])["changed"] == 1
    row.refresh_from_db()
    assert (row.mode, row.parameters, row.created_by) == ("RETRY_IMMEDIATE", {"max_attempts": 4}, "bob")
    deciding.approve(principal=alice, candidate_id=row.public_id, shadow_report=REPORT)
    with pytest.raises(Refusal) as refusal:
        import_candidates(principal=bob, documents=[document, document])
    assert (refusal.value.status, refusal.value.errors[0]["pointer"]) == (409, "/1"), "the last of several of one signature is taken"


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_at_once_one_makes_the_candidate_and_the_other_finds_it(alice: Principal, bob: Principal, rival: Tenant) -> None:
    a_candidate(alice)
    documents, eve = export_candidates(principal=alice), as_person(rival, "eve")
    bring = partial(import_candidates, principal=eve, documents=documents)
    assert meeting(bring, bring) == {"documents": 1, "made": 0, "changed": 0}


# Whose merit it is


def test_it_credits_no_mode_with_what_was_run_again(alice: Principal) -> None:
    matches = fail(alice.tenant, False, False, False, code="INVALID_RESPONSE", message="half a page", decision="abort")
    for match in matches:
        recovered_by(match.run_id, {match.step_id: True}, "run_" + "1" * 32, timezone.now())
    nightly.learn(tenants=[alice.tenant])
    row = RecoveryCandidate.objects.get()
    assert (row.mode, row.applied, row.succeeded, row.origin) == ("CHECKPOINT_RESTORE", 0, 0, "nightly")
    assert row.evidence["because"] == "3 of the runs came through when they were run again"
    assert row.evidence["modes"] == []
    told = candidate_detail(tenant=alice.tenant, candidate_id=row.public_id)
    assert {case["recovered_by"] for case in told["last_cases"]} == {"run_" + "1" * 32}
