"""`manage.py recovery` and `aggregate_failures`: tables for people, the API's JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents.models import Tenant
from catalog.models import RecoveryCandidate
from runs.housekeeping import schedules
from tests.integration.recovering import fail
from tests.integration.test_commands_on_runs import told

NO_CANDIDATE = "rec_" + "0" * 32


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def candidate(tenant: Tenant) -> str:
    """Return the candidate a night made of failures nothing helped against."""
    fail(tenant, False, False, False, message="the host hung up")
    told("aggregate_failures")
    return RecoveryCandidate.objects.get().public_id


def test_it_makes_candidates_at_once_and_says_so(tenant: Tenant) -> None:
    fail(tenant, False, False, False, False, message="the host hung up")
    out, progress = told("aggregate_failures")
    assert "1 groups, 1 new candidates" in out
    assert "the host hung up" in out
    assert "acme: 1 groups" in progress
    again = json.loads(told("aggregate_failures", "--tenant", "acme", "--since", "24h", "--json")[0])
    assert (again["groups"], again["candidates_made"]) == (1, 0)
    (document,) = again["data"]
    assert (document["code"], document["mode"], len(document["evidence"]["examples"])) == ("TIMEOUT", "ESCALATE", 4)


def test_it_does_the_same_by_the_clock(tenant: Tenant) -> None:
    fail(tenant, False, False, False)
    schedules.learn_from_failures()
    assert RecoveryCandidate.objects.get().origin == "nightly"
    assert ("runs.housekeeping.schedules.learn_from_failures", "D") in {(job.function, job.every) for job in schedules.JOBS}


def test_it_lists_shows_and_decides(candidate: str) -> None:
    assert candidate in told("recovery", "candidates", "--state", "open")[0]
    shown, _ = told("recovery", "show", candidate)
    assert "the host hung up" in shown
    assert "approve, reject" in shown
    approved = json.loads(told("recovery", "approve", candidate, "--json")[0])
    assert (approved["policy"], approved["shadow_report"]["failures"], approved["shadow_report"]["gone"]) == ("shadow", 3, 3)
    assert "active" in told("recovery", "activate", candidate)[0]
    assert "withdrawn" in told("recovery", "withdraw", candidate, "--reason", "it was a test of it")[0]
    assert "open" in told("recovery", "reopen", candidate)[0]
    assert "rejected" in told("recovery", "reject", candidate, "--reason", "not worth the trouble")[0]


REFUSED = [
    pytest.param(("show", NO_CANDIDATE), 3, "no such recovery candidate", id="none of that id"),
    pytest.param(("show", "rec_\x00"), 3, "no such recovery candidate", id="what can be no id"),
    pytest.param(("suggest", "TIMEOUTS"), 2, "Did you mean TIMEOUT", id="an unknown code"),
    pytest.param(("suggest", "fmt_" + "0" * 32), 3, "no such failure", id="an unknown failure"),
    pytest.param(("suggest", "fmt_x"), 2, "match_id", id="what can be no failure"),
    pytest.param(("import", "/nowhere.json"), 2, "cannot be read", id="a file that is not there"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), REFUSED)
def test_it_refuses_with_a_code(arguments: tuple[str, ...], code: int, says: str, tenant: Tenant) -> None:
    assert says in told("recovery", *arguments, expect=code)[1]


def test_it_refuses_what_the_table_does_not_allow(candidate: str) -> None:
    told("recovery", "approve", candidate)
    assert "already approved by shell:" in told("recovery", "approve", candidate, expect=5)[1]
    assert "say why" in told("recovery", "withdraw", candidate, "--reason", "no", expect=2)[1]


def test_it_suggests_for_a_failure_and_lets_nobody_approve_their_own(tenant: Tenant, settings: Any) -> None:
    match = fail(tenant, True, True, False)[0]
    out, _ = told("recovery", "suggest", match.public_id)
    kept = RecoveryCandidate.objects.get().public_id
    assert "2 of 3 trials worked" in out
    assert f"recovery approve {kept}" in out
    assert "may not approve it" in told("recovery", "approve", kept, expect=4)[1]
    settings.RECOVERY_FOUR_EYES = False
    assert "shadow" in told("recovery", "approve", kept)[0]
    assert "RETRY" in told("recovery", "suggest", "TIMEOUT", "--skill", "http_call")[0]


def test_it_carries_candidates_from_one_tenant_to_another(candidate: str, tmp_path: Path) -> None:
    document = tmp_path / "candidates.json"
    document.write_text(told("recovery", "export")[0])
    Tenant.objects.create(slug="other", name="Other")
    assert "1 made, 0 changed" in told("recovery", "import", str(document), "--tenant", "other")[0]
    document.write_text('{"candidates": []}')
    assert "breaks its schema" in told("recovery", "import", str(document), "--tenant", "other", expect=2)[1]


def test_it_wants_to_know_what_to_do() -> None:
    with pytest.raises(CommandError):
        call_command("recovery")
