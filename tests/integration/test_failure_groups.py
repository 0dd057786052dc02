"""Failures as groups: how they stand, where they were, what somebody said about them, why they are one group."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, Tenant
from agents.services import create_agent
from agents.tenancy import Principal, operator_principal
from catalog.analytics.numbers import Failures
from catalog.groups import marking
from catalog.groups.reading import list_groups, one_group
from catalog.models import FailureGroup, FailureMatch, RecoveryCandidate
from skills.refusal import Refusal
from tests.integration.failures import a_failure

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def worker(acme: Tenant) -> Agent:
    return create_agent(tenant=acme, name="worker")


@pytest.fixture
def ann(acme: Tenant) -> Principal:
    return operator_principal(acme, "ann")


def groups(tenant: Tenant, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(tenant, **options)["data"]
    return found


def answer(tenant: Tenant, only: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    at = timezone.now() + timedelta(seconds=1)
    return list_groups(Failures(tenant, at - 7 * DAY, at, only or {}), now=at, **options)


def told(tenant: Tenant, signature: str) -> dict[str, Any]:
    at = timezone.now() + timedelta(seconds=1)
    return one_group(Failures(tenant, at - 7 * DAY, at), signature, now=at)


def test_it_tells_a_group_in_numbers(acme: Tenant, worker: Agent, now: datetime) -> None:
    for at, version in ((now - HOUR, "1.10.0"), (now - 2 * HOUR, "1.9.0"), (now - 8 * DAY, "1.8.0")):
        a_failure(acme, at=at, skill_version=version, agent=worker, cost_micro_usd=5)
    last = a_failure(acme, at=now - HOUR, recovery_attempted=True, recovery_succeeded=True)
    (group,) = groups(acme)
    assert (group["code"], group["skill"], group["host"], group["cause"]) == ("TIMEOUT", "http_call", "api.example", "no answer")
    assert (group["failures"], group["before"], group["trend"], group["tried"], group["worked"]) == (3, 1, 2.0, 1, 1)
    assert group["wasted_micro_usd"] == 10
    assert group["skill_versions"] == ["1.0.0", "1.9.0", "1.10.0"]
    assert group["agents"] == [
        {"agent_id": worker.public_id, "agent": "worker", "failures": 2},
        {"agent_id": None, "agent": None, "failures": 1},
    ]
    assert group["agents_in_all"] == 2
    assert group["first_seen_at"][:10] == (now - 8 * DAY).date().isoformat(), "ever, not in the window only"
    assert group["last_seen_at"][:19] == last.created_at.isoformat()[:19]
    assert (group["state"], group["mark"], group["regressed_on"]) == ("ongoing", None, None)


def test_it_keeps_causes_apart_and_sorts_them(acme: Tenant, now: datetime) -> None:
    for _ in range(3):
        a_failure(acme, at=now - 3 * HOUR, cause="often")
    a_failure(acme, at=now - HOUR, cause="late")
    a_failure(acme, at=now - 2 * HOUR, cause="dear", cost_micro_usd=900)
    assert groups(acme)[0]["cause"] == "often"
    assert [group["cause"] for group in groups(acme, sort="last_seen")] == ["late", "dear", "often"]
    assert groups(acme, sort="wasted")[0]["cause"] == "dear"
    assert {group["state"] for group in groups(acme)} == {"new"}


def test_it_says_that_there_are_more(acme: Tenant, now: datetime) -> None:
    for cause in ("one", "two", "three"):
        a_failure(acme, at=now - HOUR, cause=cause)
    assert (len(answer(acme, limit=2)["data"]), answer(acme, limit=2)["more"], answer(acme, limit=3)["more"]) == (2, True, False)


def test_it_shows_nothing_of_another_tenant_nor_what_was_injected(acme: Tenant, now: datetime) -> None:
    other = a_failure(Tenant.objects.create(slug="rival", name="Rival"), at=now - HOUR)
    injected = a_failure(acme, at=now - HOUR, injected=True, cause="on purpose")
    assert groups(acme) == []
    for signature in (other.signature, injected.signature, "ab" * 32, "no signature", "\x00" * 64, ""):
        with pytest.raises(Refusal, match="no such group"):
            told(acme, signature)


# Fixed, come back, muted


def test_what_is_fixed_stays_so_while_only_old_versions_fail(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    marking.mark_fixed(principal=ann, signature=row.signature, version="1.1.0", reason="longer timeout")
    a_failure(acme, at=timezone.now(), skill_version="1.0.0")
    (group,) = groups(acme)
    assert (group["state"], group["regressed_on"]) == ("fixed", None)
    assert {name: group["mark"][name] for name in ("fixed_in", "by", "reason")} == {
        "fixed_in": "1.1.0",
        "by": "ann",
        "reason": "longer timeout",
    }


def test_what_comes_back_on_the_version_with_the_fix_has_regressed(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    marking.mark_fixed(principal=ann, signature=row.signature, version="1.1.0", reason="longer timeout")
    a_failure(acme, at=timezone.now(), skill_version="1.10.0")
    (group,) = groups(acme)
    assert (group["state"], group["regressed_on"]["skill_version"]) == ("regressed", "1.10.0")
    assert [each["state"] for each in groups(acme, state="regressed")] == ["regressed"]
    assert groups(acme, state="fixed") == []


def test_what_is_fixed_in_no_version_regresses_with_the_next_failure(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    marking.mark_fixed(principal=ann, signature=row.signature, reason="the host is repaired")
    assert told(acme, row.signature)["state"] == "fixed"
    a_failure(acme, at=timezone.now())
    assert told(acme, row.signature)["state"] == "regressed"


def test_a_fix_seen_to_fail_again_may_be_called_fixed_again(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    marking.mark_fixed(principal=ann, signature=row.signature, version="1.1.0", reason="first try")
    a_failure(acme, at=timezone.now(), skill_version="1.1.0")
    marking.mark_fixed(principal=ann, signature=row.signature, version="1.2.0", reason="second try")
    assert told(acme, row.signature)["state"] == "fixed"
    assert FailureGroup.objects.count() == 1


@pytest.mark.parametrize("version", ["1.0.0", "0.9.0", "1.0.0-rc.1"])
def test_it_refuses_a_version_that_has_failed_so_already(version: str, acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    with pytest.raises(Refusal) as refused:
        marking.mark_fixed(principal=ann, signature=row.signature, version=version, reason="surely")
    assert refused.value.errors[0]["pointer"] == "/version"
    assert "1.0.0" in refused.value.suggestions[0]
    assert not FailureGroup.objects.exists()


def test_what_is_muted_is_quiet_until_then_or_until_somebody_unmutes_it(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    marking.mute(principal=ann, signature=row.signature, until=now + DAY, reason="known, next week")
    assert [each["signature"] for each in groups(acme, state="muted")] == [row.signature]
    at = now + 2 * DAY
    assert list_groups(Failures(acme, at - 7 * DAY, at), now=at)["data"][0]["state"] == "new", "the time is over"
    marking.unmute(principal=ann, signature=row.signature, reason="worse than thought")
    assert groups(acme, state="muted") == []
    assert groups(acme)[0]["mark"]["reason"] == "worse than thought"


@pytest.mark.parametrize("until", [-DAY, timedelta(), timedelta(days=366)])
def test_it_refuses_to_mute_until_then(until: timedelta, acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(acme, at=now - HOUR)
    with pytest.raises(Refusal) as refused:
        marking.mute(principal=ann, signature=row.signature, until=now + until, reason="no")
    assert refused.value.errors[0]["pointer"] == "/until"


def test_nothing_is_said_about_a_group_of_another_tenant(acme: Tenant, ann: Principal, now: datetime) -> None:
    row = a_failure(Tenant.objects.create(slug="rival", name="Rival"), at=now - HOUR)
    for act in (
        lambda: marking.mark_fixed(principal=ann, signature=row.signature, reason="mine"),
        lambda: marking.mark_fixed(principal=ann, signature=row.signature, version="9.0.0", reason="mine"),
        lambda: marking.mute(principal=ann, signature=row.signature, until=now + DAY, reason="mine"),
        lambda: marking.unmute(principal=ann, signature=row.signature, reason="mine"),
    ):
        with pytest.raises(Refusal, match="no such group"):
            act()
    assert not FailureGroup.objects.exists()


# One group


def test_it_says_why_grouped_with_versions_decisions_examples_and_its_candidate(acme: Tenant, now: datetime) -> None:
    for n in range(7):
        row = a_failure(acme, at=now - n * HOUR, recovery_attempted=n == 0, recovery_succeeded=True if n == 0 else None)
    a_failure(acme, at=now - HOUR, decision="finish", mode="ABORT", match_type="miss", skill_version="1.1.0")
    RecoveryCandidate.objects.create(tenant=acme, signature=row.signature, code="TIMEOUT", mode="RETRY_WITH_JITTER", origin="nightly")
    found = told(acme, row.signature)
    assert found["why_grouped"] == {"skill": "http_call", "code": "TIMEOUT", "host": "api.example", "cause": "no answer"}
    assert len(found["examples"]) == 5
    assert found["examples"][0]["created_at"] > found["examples"][-1]["created_at"]
    assert {(each["skill_version"], each["failures"]) for each in found["versions"]} == {("1.0.0", 7), ("1.1.0", 1)}
    assert [(each["decision"], each["mode"], each["failures"], each["worked"]) for each in found["decisions"]] == [
        ("retry", "RETRY_WITH_JITTER", 7, 1),
        ("finish", "ABORT", 1, 0),
    ]
    assert (found["candidate"]["state"], found["candidate"]["confidence_label"]) == ("open", "prior")


def test_it_tells_of_a_group_that_was_quiet_in_this_time(acme: Tenant, now: datetime) -> None:
    row = a_failure(acme, at=now - 30 * DAY)
    found = told(acme, row.signature)
    assert (found["failures"], found["versions"], found["state"]) == (0, [], "ongoing")
    assert (found["last_seen_at"], len(found["examples"])) == (found["first_seen_at"], 1)
    assert FailureMatch.objects.count() == 1
