"""SIGSTOP past the lease, then SIGCONT: others take over, and who wakes up commits nothing and starts nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterable

import pytest
from django.db import connection

from runs.models import RunEvent, Session
from tests.chaos.load import Plan
from tests.chaos.site import Site, member
from tests.integration.workshop import chain, step
from tests.processes import tell_all

pytestmark = pytest.mark.slow
# In every test run only where installations have several hosts.
BRIEFLY = pytest.mark.chaos if connection.vendor == "sqlite" else pytest.mark.slow

HELD = 24


def held_at_the_gate(site: Site) -> Plan:
    """Return a plan whose first step waits for the gate; whatever comes after it begins when the gate is opened."""
    witness = str(site.witness)
    return chain(
        step("held", "look", witness=witness, until=str(site.folder / "gate"), timeout_ms=120_000),
        step("change", "change", witness=witness),
        step("look", "look", witness=witness),
    )


def held(site: Site, besides: Iterable[int] = ()) -> int:
    """Return in how many runs the first step has begun in a process that is not one of these."""
    return len({line.run for line in site.lines() if line.step == "held" and line.pid not in besides})


@BRIEFLY
def test_a_frozen_host_that_wakes_up_commits_nothing_and_starts_nothing(site: Site) -> None:
    with site.host("one") as first, site.crowd(HELD, {"held": held_at_the_gate(site)}) as crowd:
        site.until(lambda: crowd.is_well() and held(site) == HELD, "all runs held at the gate")
        frozen = first.everybody()
        lost = list(Session.objects.filter(host="one").values_list("pk", flat=True))
        with site.host("two"):
            tell_all(frozen, signal.SIGSTOP)
            with site.fault("SIGSTOP: a whole host, past its lease"):
                site.until(lambda: held(site, [process.pid for process in frozen]) == HELD, "the other host holding all runs")
                (site.folder / "gate").touch()
            site.until_over(crowd)
            before = site.lines(), RunEvent.objects.count()
            tell_all(frozen, signal.SIGCONT)
            site.until(Session.objects.filter(host="one", state="live", pk__gt=max(lost)).exists, "the thawed host back at work")
            assert (site.lines(), RunEvent.objects.count()) == before
    assert set(Session.objects.filter(pk__in=lost).values_list("state", flat=True)) == {"dead"}
    site.assert_unharmed(crowd)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="with SQLite there are no other hosts, and nobody else can write")
@pytest.mark.chaos
def test_a_host_frozen_inside_a_transaction_holds_nobody_up(site: Site) -> None:
    here = site.folder / "journal.written"
    stops = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "CHAOS_STOPS": str(site.folder)}
    with site.host("one", **stops) as first, site.crowd(HELD, {"held": held_at_the_gate(site)}) as crowd:
        site.until(lambda: crowd.is_well() and held(site) == HELD, "all runs held at the gate")
        frozen = first.everybody()
        with site.host("two"):
            with site.fault("SIGSTOP: a whole host, inside a transaction"):
                here.touch()
                (site.folder / "gate").touch()
                site.until(lambda: not here.exists(), "a transaction that was written and not committed")
                tell_all(frozen, signal.SIGSTOP)
            site.until_over(crowd)
            tell_all(frozen, signal.SIGCONT)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
def test_a_frozen_worker_is_replaced_on_its_own_host(site: Site) -> None:
    with site.host() as host, site.crowd() as crowd:
        site.until_busy(crowd)
        frozen = member(host.family(), "busy worker", site)
        with site.fault("SIGSTOP: busy worker, past its lease"):
            tell_all([frozen], signal.SIGSTOP)
        site.until_over(crowd)
        tell_all([frozen], signal.SIGCONT)
    site.assert_unharmed(crowd)
