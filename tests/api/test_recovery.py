"""The routes of recoveries: suggest, list, decide, carry over; one shape for every refusal, nothing across tenants."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from agents.models import Tenant
from catalog.models import RecoveryCandidate
from runs.api.recovery import CandidateDetail, CandidatePage, SuggestionView
from tests.api.cast import Caller
from tests.integration.recovering import fail

SUGGEST, CANDIDATES = "/api/v1/recovery/suggest", "/api/v1/recovery/candidates"
NO_CANDIDATE = "rec_" + "0" * 32


@pytest.fixture
def match_id(acme: Tenant) -> str:
    return fail(acme, True, True, True, False)[0].public_id


@pytest.fixture
def candidate(acme: Tenant, alice: Caller, match_id: str) -> str:
    """Return a candidate a night found, which anybody may approve."""
    kept = alice.post(SUGGEST, {"match_id": match_id}).json()["candidate"]["id"]
    RecoveryCandidate.objects.update(origin="nightly", created_by="rule:nightly")
    return str(kept)


def test_it_suggests_for_a_failure_and_for_a_code(alice: Caller, match_id: str) -> None:
    for body in ({"match_id": match_id}, {"code": "TIMEOUT"}, {"code": "TIMEOUT", "context": {"skill": "http_call"}}):
        answer = alice.post(SUGGEST, body)
        assert answer.status_code == 200, answer.content
        told = TypeAdapter(SuggestionView).validate_python(answer.json())
        assert (told.n, told.confidence_label) == (4, "measured")


BAD = [
    pytest.param({}, 422, "SCHEMA_VALIDATION_FAILED", id="nothing"),
    pytest.param({"code": "TIMEOUT", "match_id": "fmt_" + "0" * 32}, 422, "SCHEMA_VALIDATION_FAILED", id="both"),
    pytest.param({"code": "TIMEOOT"}, 422, "SCHEMA_VALIDATION_FAILED", id="an unknown code"),
    pytest.param({"code": "T\u0000"}, 400, "INVALID_INPUT", id="a NUL"),
    pytest.param({"code": "X" * 65}, 422, "SCHEMA_VALIDATION_FAILED", id="a code too long"),
    pytest.param({"code": 5}, 422, "SCHEMA_VALIDATION_FAILED", id="a number"),
    pytest.param({"match_id": "fmt_" + "0" * 32}, 404, "NOT_FOUND", id="no such failure"),
    pytest.param({"match_id": "run_1"}, 422, "SCHEMA_VALIDATION_FAILED", id="no id of a failure"),
    pytest.param({"code": "TIMEOUT", "context": {"host": "x"}}, 422, "SCHEMA_VALIDATION_FAILED", id="unknown context"),
    pytest.param([1], 422, "SCHEMA_VALIDATION_FAILED", id="a list"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD)
def test_it_refuses_to_suggest(body: Any, status: int, code: str, alice: Caller) -> None:
    answer = alice.post(SUGGEST, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status != 404:
        assert answer.json()["errors"]


def test_it_names_codes_near_an_unknown_one(alice: Caller) -> None:
    answer = alice.post(SUGGEST, {"code": "TIMEOOT"}).json()
    assert answer["suggestions"] == ["Did you mean TIMEOUT?"]
    assert answer["errors"][0]["pointer"] == "/code"


def test_it_pages_and_filters_candidates(alice: Caller, bob: Caller, acme: Tenant) -> None:
    for word in ("slow", "slower", "slowest"):
        match = fail(acme, True, message=f"the host is {word}")[0]
        alice.post(SUGGEST, {"match_id": match.public_id})
    first = bob.get(f"{CANDIDATES}?limit=2&state=open").json()
    second = bob.get(f"{CANDIDATES}?limit=2&state=open&cursor={first['next_cursor']}").json()
    TypeAdapter(CandidatePage).validate_python(first)
    assert [len(first["data"]), len(second["data"]), second["next_cursor"]] == [2, 1, None]
    assert bob.get(f"{CANDIDATES}?state=approved").json()["data"] == []
    assert bob.get(f"{CANDIDATES}?state=asleep").status_code == 400
    assert bob.get(f"{CANDIDATES}?cursor=abc").json()["errors"][0]["code"] == "INVALID_CURSOR"


def test_it_approves_activates_and_withdraws(alice: Caller, candidate: str) -> None:
    one = f"{CANDIDATES}/{candidate}"
    approved = alice.post(f"{one}/approve", {}).json()
    TypeAdapter(CandidateDetail).validate_python(approved)
    assert (approved["state"], approved["policy"], approved["may"]) == ("approved", "shadow", ["activate", "withdraw"])
    assert approved["shadow_report"]["gone"] == 4, "the runs of these failures were never there"
    assert alice.post(f"{one}/activate", {}).json()["policy"] == "active"
    twice = alice.post(f"{one}/approve", {})
    assert (twice.status_code, "already approved by" in twice.json()["detail"]) == (409, True)
    assert alice.post(f"{one}/withdraw", {"reason": "short"}).status_code == 422
    told = alice.post(f"{one}/withdraw", {"reason": "it did not help us"}).json()
    assert [each["action"] for each in told["decisions"]] == ["suggest", "approve", "activate", "withdraw"]
    assert alice.post(f"{one}/reopen", {}).json()["state"] == "open"
    assert alice.post(f"{one}/reject", {"reason": "it did not help us"}).json()["state"] == "rejected"


def test_it_lets_nobody_approve_their_own(alice: Caller, match_id: str) -> None:
    kept = alice.post(SUGGEST, {"match_id": match_id}).json()["candidate"]["id"]
    answer = alice.post(f"{CANDIDATES}/{kept}/approve", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")


def test_it_shows_and_gives_nothing_to_another_tenant(charlie: Caller, candidate: str, match_id: str) -> None:
    missing = charlie.get(f"{CANDIDATES}/{NO_CANDIDATE}")
    other = charlie.get(f"{CANDIDATES}/{candidate}")
    assert other.status_code == missing.status_code == 404
    assert other.json()["detail"] == missing.json()["detail"]
    assert charlie.post(SUGGEST, {"match_id": match_id}).status_code == 404
    for action in ("approve", "activate", "reject", "withdraw", "reopen"):
        assert charlie.post(f"{CANDIDATES}/{candidate}/{action}", {"reason": "because I can"}).status_code == 404
    assert charlie.get(CANDIDATES).json()["data"] == []
    assert charlie.get(f"{CANDIDATES}:export").json() == {"data": []}


def test_it_lets_readers_read_only(bob: Caller, candidate: str) -> None:
    assert bob.get(f"{CANDIDATES}/{candidate}").status_code == 200
    assert bob.post(f"{CANDIDATES}/{candidate}/approve", {}).status_code == 403
    assert bob.post(f"{CANDIDATES}:import", {"data": []}).status_code == 403


def test_it_carries_candidates_over(alice: Caller, charlie: Caller, candidate: str) -> None:
    document = alice.get(f"{CANDIDATES}:export").json()
    assert charlie.post(f"{CANDIDATES}:import", document).json() == {"documents": 1, "made": 1, "changed": 0}
    (kept,) = charlie.get(CANDIDATES).json()["data"]
    assert (kept["origin"], kept["state"], kept["applied"]) == ("manual", "open", 0)
    broken = charlie.post(f"{CANDIDATES}:import", {"data": [{"mode": "HOPE"}]})
    assert (broken.status_code, "/data/0/mode" in [fault["pointer"] for fault in broken.json()["errors"]]) == (422, True)
