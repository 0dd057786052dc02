"""kill -9 right after the other side did what it was asked: nothing happens twice, and nobody has to be asked.

A call that is not idempotent is put in doubt, its probe finds out, and the run goes on. One that is idempotent is made
again with the same key, by which the other side knows it.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from runs.models import TERMINAL_STATUSES, Run
from skills import plugins
from skills.registry import registry
from tests.chaos.site import Site
from tests.fakes.counting_server import CountingServer
from tests.integration.workshop import assert_is_whole, chain, decisions, step
from tests.processes import Worker, tell_all

pytestmark = pytest.mark.slow

KILLS = 4
AT_ONCE = 50
"""So many calls of each kind are on their way when the workers are killed."""
DROPPED = 5
"""So many more the other side received without doing anything: to be found out too."""


@pytest.fixture
def service(site: Site, settings: LazySettings) -> Iterator[CountingServer]:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    with CountingServer() as service:
        settings.ALLOW_LOCAL_TARGETS = frozenset({service.authority})
        yield service


def plan(service: CountingServer, **call: Any) -> list[dict[str, Any]]:
    return chain(step("effect", "http_call", url=f"{service.url}/effects", timeout_ms=60_000, **call), step("after", "say", said="on"))


def webhooks(service: CountingServer) -> list[list[dict[str, Any]]]:
    """Return the plans of one round whose effect may be probed, those that will be dropped last."""
    probe = {"url": service.url + "/by/{idempotency_key}"}
    bodies = [{"n": n, **({"dropped": True} if n >= AT_ONCE else {})} for n in range(AT_ONCE + DROPPED)]
    return [plan(service, method="POST", body=body, probe=probe) for body in bodies]


def idempotent(service: CountingServer) -> list[list[dict[str, Any]]]:
    return [plan(service, method="PUT", body={"n": n}) for n in range(AT_ONCE)]


def a_round(site: Site, host: Worker, service: CountingServer, plans: list[list[dict[str, Any]]]) -> list[Run]:
    """Have all plans make their call at once, kill the workers when the other side has all of them, and wait for the end."""
    before = service.received()
    family = host.family()
    runs = [site.workshop.submit(*each) for each in plans]
    site.until(lambda: service.received() == before + len(plans), "all calls at the other side")
    # Held first, so that none takes over what another had and is killed at that.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        tell_all(family.workers, number)
    numbers = [run.pk for run in runs]
    site.until(lambda: Run.objects.filter(pk__in=numbers, status__in=TERMINAL_STATUSES).count() == len(runs), "the end of all runs", 120)
    return list(Run.objects.filter(pk__in=numbers).order_by("pk"))


def resolved(run: Run) -> list[str]:
    """Return what was decided about the effect of a run, in a word each."""
    kinds = {"hold_doubt": "in doubt", "probe": "probe", "lost": "again"}
    found = decisions(run, "effect")
    return [d["answer"] if d["kind"] == "resolve" else kinds[d["kind"]] for d in found if d["kind"] in kinds or d["kind"] == "resolve"]


@pytest.mark.timeout(240)
def test_no_effect_happens_twice_and_none_is_lost(site: Site, service: CountingServer) -> None:
    probed: list[Run] = []
    repeated: list[Run] = []
    with site.host(AOS_ALLOW_LOCAL_TARGETS=service.authority) as host:
        for _ in range(KILLS):
            first = webhooks(service)
            runs = a_round(site, host, service, [*first, *idempotent(service)])
            probed += runs[: len(first)]
            repeated += runs[len(first) :]
    assert {run.status for run in [*probed, *repeated]} == {"succeeded"}
    assert Counter(service.happened.values()) == {1: len(probed) + len(repeated)}, "an effect happened twice, or not at all"
    ways = Counter(tuple(resolved(run)) for run in probed)
    assert ways == {
        ("in doubt", "probe", "happened"): KILLS * AT_ONCE,
        ("in doubt", "probe", "did_not_happen"): KILLS * DROPPED,
    }
    assert Counter(tuple(resolved(run)) for run in repeated) == {("again",): KILLS * AT_ONCE}
    assert sum(service.asked.values()) == len(probed)
    for run in (probed[0], probed[-1], repeated[0]):
        assert_is_whole(site.workshop, run)
    seen = service.times_seen()
    site.tell(f"{len(seen)} effects, {sum(seen.values())} requests, {len(probed)} probes, 0 duplicates, {KILLS} kills")
