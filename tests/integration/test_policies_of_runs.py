"""An approved policy decides what a real worker does about failures of its signature, and about no others; in shadow it only notes."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import RecoveryCandidate
from catalog.signature import signature_of
from runs.models import Run
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, matches, over, step


def a_policy(workshop: Workshop, policy: str, mode: str, **parameters: Any) -> RecoveryCandidate:
    signature = signature_of(skill="fails", code="HTTP_4XX", target="", message="no room for 5 rows")
    fields = {"skill": "fails", "code": "HTTP_4XX", "mode": mode, "parameters": parameters, "state": "approved", "policy": policy}
    found: RecoveryCandidate = RecoveryCandidate.objects.create(tenant=workshop.tenant, signature=signature, **fields)
    return found


def driven(workshop: Workshop, message: str, **params: Any) -> Run:
    run = workshop.submit(step("try", "fails", code="HTTP_4XX", message=message, **params))
    with a_worker():
        run = over(run)
    assert_is_whole(workshop, run)
    return run


def test_an_active_policy_recovers_what_the_entry_would_give_up(workshop: Workshop) -> None:
    policy = a_policy(workshop, "active", "RETRY_IMMEDIATE", max_attempts=3)
    run = driven(workshop, "no room for 700 rows", until_attempt=2)
    assert run.status == "succeeded"
    [failure] = matches(run)
    assert (failure.match_type, failure.candidate, failure.shadow_mode, failure.entry) == ("signature", policy, "", None)
    assert (failure.decision, failure.recovery_succeeded) == ("retry", True)


def test_it_leaves_failures_of_another_cause_to_their_entry(workshop: Workshop) -> None:
    a_policy(workshop, "active", "RETRY_IMMEDIATE", max_attempts=3)
    run = driven(workshop, "no such table", until_attempt=2)
    [failure] = matches(run)
    assert (run.status, failure.match_type, failure.candidate) == ("failed", "code", None)


def test_in_shadow_it_notes_what_it_would_have_done(workshop: Workshop) -> None:
    policy = a_policy(workshop, "shadow", "RETRY_IMMEDIATE", max_attempts=3)
    run = driven(workshop, "no room for 700 rows", until_attempt=2)
    [failure] = matches(run)
    assert (run.status, failure.mode, failure.match_type) == ("failed", "ABORT", "code")
    assert (failure.candidate, failure.shadow_mode) == (policy, "RETRY_IMMEDIATE")


@pytest.mark.parametrize("policy", ["none", "shadow"])
def test_a_policy_that_is_not_active_changes_no_outcome(workshop: Workshop, policy: str) -> None:
    a_policy(workshop, policy, "SKIP")
    assert driven(workshop, "no room for 700 rows").status == "failed"
