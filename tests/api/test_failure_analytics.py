"""Failure analytics over the API: as published, the tenant's own, nonsense refused with a pointer, groups marked by who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, Tenant
from catalog.api.analytics import AnalyticsView, GroupPage, MarkedView, OneGroupView
from catalog.models import FailureGroup, FailureMatch
from skills.instants import instant
from tests.api.cast import Caller
from tests.integration.failures import a_failure

HOUR = timedelta(hours=1)
ANALYTICS, GROUPS = "/api/v1/failures/analytics", "/api/v1/failures/groups"


@pytest.fixture
def failed(acme: Tenant, rival: Tenant, agent: Agent) -> FailureMatch:
    """Two failures of one signature, one of another, and one of the rival."""
    at = timezone.now() - HOUR
    a_failure(acme, at=at, code="NOT_FOUND", match_type="miss", mode="ABORT", decision="finish", cause="gone")
    a_failure(acme, at=at, agent=agent, recovery_attempted=True, recovery_succeeded=True, resolved_at=at + HOUR / 2)
    a_failure(rival, at=at, cause="canary")
    return a_failure(acme, at=at)


def ask(caller: Caller, path: str, model: Any) -> dict[str, Any]:
    response = caller.get(path)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    # As it is published.
    assert model.model_validate(answer).model_dump(mode="json", by_alias=True).keys() == answer.keys()
    return answer


def test_it_answers_with_numbers_over_a_time(bob: Caller, failed: FailureMatch) -> None:
    answer = ask(bob, ANALYTICS, AnalyticsView)
    totals = answer["totals"]
    assert (totals["failures"], totals["hits"], totals["misses"], totals["match_rate"]) == (3, 2, 1, 0.6667)
    assert totals["time_to_recovery"] == {"n": 1, "p50_ms": 1_800_000, "p95_ms": 1_800_000}
    assert [row["code"] for row in answer["by_code"]] == ["TIMEOUT", "NOT_FOUND"]
    assert sum(cell["failures"] for cell in answer["heat_map"]["cells"]) == 3
    assert "canary" not in str(answer)


def test_it_narrows(bob: Caller, failed: FailureMatch) -> None:
    assert ask(bob, f"{ANALYTICS}?since=30m", AnalyticsView)["totals"]["failures"] == 0
    assert ask(bob, f"{ANALYTICS}?agent=worker&code=TIMEOUT", AnalyticsView)["totals"]["failures"] == 1
    assert [group["code"] for group in ask(bob, f"{GROUPS}?code=NOT_FOUND", GroupPage)["data"]] == ["NOT_FOUND"]


def test_it_lists_groups_and_tells_of_one(bob: Caller, failed: FailureMatch) -> None:
    page = ask(bob, f"{GROUPS}?limit=1", GroupPage)
    assert (len(page["data"]), page["more"], page["data"][0]["failures"], page["data"][0]["state"]) == (1, True, 2, "new")
    one = ask(bob, f"{GROUPS}/{page['data'][0]['signature']}", OneGroupView)
    assert one["why_grouped"] == {"skill": "http_call", "code": "TIMEOUT", "host": "api.example", "cause": "no answer"}
    assert {each["id"] for each in one["examples"]} >= {failed.public_id}


def test_it_marks_a_group_with_who_and_why(alice: Caller, failed: FailureMatch) -> None:
    path = f"{GROUPS}/{failed.signature}"
    until = instant(timezone.now() + HOUR)
    muted = alice.post(f"{path}/mute", {"until": until, "reason": "we know"}).json()
    assert MarkedView.model_validate(muted).by.startswith("key:alice:")
    assert (muted["muted_until"], alice.get(f"{GROUPS}?state=muted").json()["data"][0]["state"]) == (until, "muted")
    assert alice.post(f"{path}/unmute", {"reason": "no longer"}).json()["muted_until"] is None
    fixed = alice.post(f"{path}/fixed", {"version": "2.0.0", "reason": "rewritten"}).json()
    assert (fixed["fixed_in"], fixed["reason"]) == ("2.0.0", "rewritten")
    assert alice.get(path).json()["state"] == "fixed"


BAD_QUERIES = {
    "no span": ("since=yesterday", "/since"),
    "no time at all": ("since=0d", "/since"),
    "longer than kept": ("since=91d", "/since"),
    "a number past all bounds": ("since=999999d", "/since"),
    "a bad agent": ("agent=No%20Such", "/agent"),
    "a bad skill": ("skill=%00", "/skill"),
    "a bad code": ("code=timeout", "/code"),
    "a bad host": ("host=a%00b", "/host"),
    "an unknown parameter": ("colour=red", "/colour"),
}
BAD_GROUP_QUERIES = {"a limit": ("limit=0", "/limit"), "a state": ("state=lost", "/state"), "an order": ("sort=colour", "/sort")}


@pytest.mark.parametrize(("query", "pointer"), BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
def test_it_refuses(alice: Caller, assert_problem: Any, query: str, pointer: str) -> None:
    for path in (ANALYTICS, GROUPS):
        problem = assert_problem(alice.get(f"{path}?{query}"), 400, "INVALID_INPUT")
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize(("query", "pointer"), BAD_GROUP_QUERIES.values(), ids=BAD_GROUP_QUERIES.keys())
def test_it_refuses_of_groups(alice: Caller, assert_problem: Any, query: str, pointer: str) -> None:
    problem = assert_problem(alice.get(f"{GROUPS}?{query}"), 400, "INVALID_INPUT")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_it_knows_no_other_agent(alice: Caller, assert_problem: Any) -> None:
    assert_problem(alice.get(f"{ANALYTICS}?agent=nobody"), 404, "NOT_FOUND")


BAD_BODIES = {
    "fixed without a reason": ("fixed", {}, "/reason"),
    "fixed for a reason of two letters": ("fixed", {"reason": "no"}, "/reason"),
    "fixed in no version": ("fixed", {"reason": "because", "version": "next"}, "/version"),
    "fixed in a version that failed": ("fixed", {"reason": "because", "version": "1.0.0"}, "/version"),
    "muted without an end": ("mute", {"reason": "because"}, "/until"),
    "muted until a time without a zone": ("mute", {"reason": "because", "until": "2099-01-01T00:00:00"}, "/until"),
    "muted for ever": ("mute", {"reason": "because", "until": "2099-01-01T00:00:00Z"}, "/until"),
    "muted until yesterday": ("mute", {"reason": "because", "until": "2001-01-01T00:00:00Z"}, "/until"),
    "an unknown field": ("unmute", {"reason": "because", "colour": "red"}, "/colour"),
}


@pytest.mark.parametrize(("action", "body", "pointer"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_it_refuses_to_mark(alice: Caller, failed: FailureMatch, action: str, body: Any, pointer: str) -> None:
    response = alice.post(f"{GROUPS}/{failed.signature}/{action}", body)
    assert response.status_code == 422, response.content
    assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]
    assert not FailureGroup.objects.exists()


@pytest.mark.parametrize("signature", ["ab" * 32, "nothing", "%00" * 64, "%F0%9F%92%A9"])
def test_a_group_nobody_saw_is_missing_like_another_tenants(
    signature: str, charlie: Caller, failed: FailureMatch, assert_problem: Any
) -> None:
    until = instant(timezone.now() + HOUR)
    for each in (signature, failed.signature):
        assert_problem(charlie.get(f"{GROUPS}/{each}"), 404, "NOT_FOUND")
        for action, body in (("fixed", {"version": "9.0.0"}), ("fixed", {}), ("mute", {"until": until}), ("unmute", {})):
            assert_problem(charlie.post(f"{GROUPS}/{each}/{action}", {"reason": "because", **body}), 404, "NOT_FOUND")
    assert not FailureGroup.objects.exists()


def test_who_may_only_read_marks_nothing(bob: Caller, failed: FailureMatch, assert_problem: Any) -> None:
    assert_problem(bob.post(f"{GROUPS}/{failed.signature}/fixed", {"reason": "because"}), 403, "PERMISSION_DENIED")
