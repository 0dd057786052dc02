"""`manage.py circuits`: which hosts are left alone, where no web server answers; and the job that forgets old ones."""

from __future__ import annotations

import json

import pytest

from agents.models import Tenant
from catalog import circuits
from catalog.circuits import Ending, Key
from catalog.models import Circuit
from runs.gauges import read_gauges
from runs.housekeeping import schedules
from tests.integration.test_commands_on_runs import told

HOST = "api.example.test:443"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def opened(tenant: Tenant) -> None:
    circuits.report([Ending(Key(tenant.pk, "http_call", HOST), "down", "TIMEOUT")] * 5)


def test_it_lists_and_closes(tenant: Tenant) -> None:
    assert "no circuit is open" in told("circuits")[0]
    opened(tenant)
    out, _ = told("circuits")
    assert HOST in out
    assert "5 of 5" in out
    assert json.loads(told("circuits", "list", "--state", "open", "--json")[0])["data"][0]["state"] == "open"
    assert read_gauges(now_ms=1).open_circuits == 1
    assert "calls api.example.test:443 again" in told("circuits", "reset", "http_call", HOST, "--reason", "mended")[0]
    assert json.loads(told("circuits", "--json")[0])["data"][0]["state"] == "closed"
    assert read_gauges(now_ms=1).open_circuits == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("http_call", "nowhere:1", "--reason", "mended"), 3, "no such circuit"),
        (("http_call", HOST, "--reason", "x"), 2, "say why"),
    ],
)
def test_it_says_what_is_wrong(tenant: Tenant, arguments: tuple[str, ...], code: int, says: str) -> None:
    opened(tenant)
    _, errors = told("circuits", "reset", *arguments, expect=code)
    assert says in errors


def test_the_hourly_job_forgets_what_is_at_rest(tenant: Tenant) -> None:
    opened(tenant)
    Circuit.objects.update(open_until_ms=None, failures=0, changed_at_ms=1)
    schedules.forget_circuits()
    assert not Circuit.objects.exists()
    assert "runs.housekeeping.schedules.forget_circuits" in {job.function for job in schedules.JOBS}
