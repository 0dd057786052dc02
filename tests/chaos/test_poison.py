"""Steps that bring their worker down: their run is given up after a bounded number of crashes, and no other suffers."""

from __future__ import annotations

import resource
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from runs.effects.dead_letters import dead_letter, dead_letters_json
from runs.models import TERMINAL_STATUSES, Run
from tests.chaos.site import Site
from tests.integration.workshop import chain, step, step_of
from tests.processes import Worker

pytestmark = pytest.mark.slow
# One of the two databases is enough for every test run: what differs between them is in test_shell_quarantine.py.
BRIEFLY = pytest.mark.chaos if connection.vendor == "sqlite" else pytest.mark.slow

MAX_CRASHES = 2
ROOM_BYTES = 2**30


def slow_ones(site: Site) -> list[dict[str, object]]:
    """Return a plan that is in flight for so long that every crash of its worker hits it."""
    witness = str(site.witness)
    return chain(step("a", "look", ms=2_500, witness=witness), step("b", "look", ms=30, witness=witness))


@pytest.mark.parametrize(
    ("skill", "status"),
    [
        pytest.param("kills_worker", "dead_lettered", id="kills its worker", marks=BRIEFLY),
        pytest.param("hangs_in_c", "dead_lettered", id="hangs in C", marks=pytest.mark.chaos),
        pytest.param("blocks_loop", "dead_lettered", id="blocks the loop", marks=pytest.mark.chaos),
        pytest.param("eats_memory", "failed", id="takes all memory", marks=pytest.mark.chaos),
    ],
)
def test_it_gives_up_what_brings_its_worker_down(site: Site, skill: str, status: str) -> None:
    with site.host(AOS_MAX_CRASHES=str(MAX_CRASHES)) as host, site.crowd() as crowd:
        leave_room(host)
        site.until_busy(crowd)
        with site.fault(f"poison: {skill}", sessions_are_lost=status == "dead_lettered"):
            poison = site.workshop.submit(step("poison", skill, timeout_ms=600_000))
        site.until(lambda: Run.objects.get(pk=poison.pk).is_terminal, "the end of the poisonous run")
        site.until_over(crowd)
    found = Run.objects.get(pk=poison.pk)
    assert found.status == status
    assert found.crash_count <= MAX_CRASHES + 1
    site.assert_unharmed(crowd)


@pytest.mark.chaos
def test_who_was_beside_a_poison_in_every_crash_is_no_poison(site: Site) -> None:
    with site.host(AOS_MAX_CRASHES="3"), site.crowd(12, {"slow": slow_ones(site)}) as crowd:
        site.until_busy(crowd, calls=12)
        with site.fault("poison: kills_worker, beside slow runs"):
            poison = site.workshop.submit(step("poison", "kills_worker"))
        site.until(lambda: Run.objects.get(pk=poison.pk).is_terminal, "the end of the poisonous run")
        site.until_over(crowd)
    assert Run.objects.get(pk=poison.pk).status == "dead_lettered"
    site.assert_unharmed(crowd)


@pytest.mark.chaos
@pytest.mark.timeout(330)
def test_of_a_hundred_runs_the_ten_poisons_are_given_up_and_ninety_done(site: Site) -> None:
    witness = str(site.witness)
    good = chain(step("a", "look", ms=20, witness=witness), step("b", "look", ms=20, witness=witness))
    # All of them wait when the host starts, so that each poison's neighbours are suspects beside it and no newcomers.
    runs = [site.workshop.submit(*([step("poison", "kills_worker", before_ms=20)] if n % 10 == 3 else good)) for n in range(100)]
    with site.host(AOS_MAX_CRASHES=str(MAX_CRASHES)):
        site.until(lambda: not Run.objects.exclude(status__in=TERMINAL_STATUSES).exists(), "the end of all runs", 300)
    found = {run.pk: run for run in Run.objects.all()}
    poisons = [found[run.pk] for n, run in enumerate(runs) if n % 10 == 3]
    assert Counter(run.status for run in found.values()) == {"succeeded": 90, "dead_lettered": 10}
    assert {(run.status, run.failure_code) for run in poisons} == {("dead_lettered", "LEASE_LOST")}
    assert max(len(step_of(run, "poison")["attempts"]) for run in poisons) <= MAX_CRASHES + 1
    assert {letter["run_id"] for letter in dead_letters_json(poisons)} == {run.public_id for run in poisons}
    for run in poisons:
        letter = dead_letter(tenant=site.workshop.tenant, run_id=run.public_id)
        assert letter["last_in_flight"]["step_id"] == "poison"
        assert letter["effects"] == []


def leave_room(host: Worker) -> None:
    """Bound the memory of every process of a host, those it will start included."""
    for process in host.everybody():
        used = int(Path(f"/proc/{process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(process.pid, resource.RLIMIT_AS, (used + ROOM_BYTES, used + ROOM_BYTES))
