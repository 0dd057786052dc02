"""`manage.py check_invariants`: a tick or a cross for each, in words or JSON, and an exit code for scripts."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.models import Tenant
from agents.services import create_agent
from runs.invariants import INVARIANTS
from runs.models import Run, RunStatus

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/invariants.md"


def told(*arguments: str) -> tuple[str, int]:
    """Return what the command printed and its exit code."""
    out = io.StringIO()
    code: Any = 0
    try:
        call_command("check_invariants", *arguments, stdout=out)
    except SystemExit as stopped:
        code = stopped.code
    return out.getvalue(), code


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def a_run_without_a_journal(tenant: Tenant, **columns: Any) -> Run:
    agent = tenant.agents.first() or create_agent(tenant=tenant, name="default")
    return Run.objects.create(tenant=tenant, agent=agent, goal="\x1b[2J", **columns)


def test_it_ticks_what_holds(tenant: Tenant) -> None:
    text, code = told()
    assert (text.count("✓"), text.count("✕"), code) == (len(INVARIANTS), 0, 0)
    assert f"all {len(INVARIANTS)} invariants hold" in text


def test_it_crosses_what_is_broken_and_names_it(tenant: Tenant) -> None:
    runs = [a_run_without_a_journal(tenant) for _ in range(3)]
    text, code = told("--sample", "1")
    assert (text.count("✕"), code) == (1, 1)
    assert sum(run.public_id in text for run in runs) == 1
    assert "✕ journals_are_whole" in text
    assert "… and 2 more" in text


def test_it_tells_programs_the_same(tenant: Tenant) -> None:
    run = a_run_without_a_journal(tenant)
    text, code = told("--json")
    answer = json.loads(text)
    [broken] = [each for each in answer["data"] if not each["held"]]
    assert (answer["held"], code, broken["name"], broken["more"]) == (False, 1, "journals_are_whole", 0)
    assert run.public_id in broken["broken"][0]
    assert json.loads(told("--json", "--since", "1h")[0])["held"] is False


def test_it_looks_at_a_stretch_of_time_or_a_tenant(tenant: Tenant) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    run = a_run_without_a_journal(tenant, status=RunStatus.FAILED, finished_at=long_ago)
    Run.objects.filter(pk=run.pk).update(created_at=long_ago)
    Tenant.objects.create(slug="other", name="Other")
    asked = ((), ("--since", "2d"), ("--since", "4d"), ("--tenant", "acme"), ("--tenant", "other"))
    assert [told(*arguments)[1] for arguments in asked] == [1, 0, 1, 1, 0]
    assert told("--tenant", "nobody")[1] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--since", "soon"), id="no-time"),
        pytest.param(("--sample", "0"), id="no-sample"),
        pytest.param(("--sample", "many"), id="no-number"),
    ],
)
def test_it_refuses_what_makes_no_sense(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="is no"):
        told(*arguments)


def test_its_reference_says_what_the_code_says() -> None:
    rows = [line.split(" | ") for line in REFERENCE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert [(row[0].strip("| `"), row[1]) for row in rows] == [(invariant.name, invariant.says) for invariant in INVARIANTS]
