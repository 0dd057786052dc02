"""`manage.py failures`: the numbers of the API at the command line, as a table or as the API's JSON."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from agents.models import Tenant
from agents.services import create_agent
from catalog.models import FailureMatch
from runs.management import exits
from tests.integration.failures import a_failure

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(db: None) -> FailureMatch:
    acme = Tenant.objects.create(slug="acme", name="Acme")
    at = timezone.now() - timedelta(hours=1)
    worked = {"recovery_attempted": True, "recovery_succeeded": True, "resolved_at": at + timedelta(seconds=4)}
    a_failure(acme, at=at, agent=create_agent(tenant=acme, name="worker"), **worked)
    a_failure(acme, at=at, injected=True)
    return a_failure(acme, at=at, code="NOT_FOUND", match_type="miss", mode="", cause="gone", skill="", cost_micro_usd=1_500_000)


def told(capsys: Any, *arguments: str) -> str:
    call_command("failures", *arguments)
    return str(capsys.readouterr().out)


def test_it_says_in_words_and_as_a_table(failed: FailureMatch, capsys: Any) -> None:
    text = told(capsys)
    assert "2 failures in the last 7 days. The catalog knew 50 % of them; recovery was tried 1 time and worked 1 time." in text
    assert "$1.50 went into attempts that failed" in text
    assert "1 failure injected on purpose not counted" in text
    assert "recovery took 4.0 s for half of them" in text
    assert "TIMEOUT" in text
    assert "NOT_FOUND" in text


@pytest.mark.parametrize(
    ("by", "name"), [("code", "TIMEOUT"), ("mode", "RETRY_WITH_JITTER"), ("agent", "worker"), ("skill", "http_call 1.0.0")]
)
def test_it_groups(by: str, name: str, failed: FailureMatch, capsys: Any) -> None:
    assert name in told(capsys, "--by", by)


def test_it_lists_groups(failed: FailureMatch, capsys: Any) -> None:
    text = told(capsys, "--by", "signature")
    assert "NOT_FOUND in the run" in text
    assert failed.signature[:16] in text
    assert "there are more" in told(capsys, "--by", "signature", "--limit", "1")
    assert "no group of failures" in told(capsys, "--by", "signature", "--state", "muted")


def test_it_prints_what_the_api_answers(failed: FailureMatch, capsys: Any) -> None:
    assert json.loads(told(capsys, "--json", "--code", "NOT_FOUND"))["totals"]["misses"] == 1
    assert json.loads(told(capsys, "--json", "--by", "signature"))["data"][0]["state"] == "new"


def test_it_says_that_nothing_failed(failed: FailureMatch, capsys: Any) -> None:
    assert told(capsys, "--since", "5m").strip() == "Nothing failed in the last 5 minutes."


@pytest.mark.parametrize(
    "arguments", [("--since", "yesterday"), ("--since", "91d"), ("--limit", "0", "--by", "signature"), ("--skill", "A B")]
)
def test_it_refuses(arguments: tuple[str, ...], failed: FailureMatch, capsys: Any) -> None:
    with pytest.raises(SystemExit) as left:
        call_command("failures", *arguments)
    assert left.value.code == exits.USAGE
    assert "error[INVALID_INPUT]" in capsys.readouterr().err
