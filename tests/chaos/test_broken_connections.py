"""The network between a host and PostgreSQL cuts connections, loses them in silence, or is slow."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.chaos.proxy import Proxy, a_proxy
from tests.chaos.site import LEASE_MS, Site
from tests.conftest import url_of

pytestmark = [pytest.mark.slow, pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to break")]


@pytest.fixture
def network(site: Site) -> Iterator[Proxy]:
    """Return what stands between the database and every host of the site; this process stands beside the database."""
    database = connection.settings_dict
    with a_proxy(database["HOST"] or "127.0.0.1", int(database["PORT"] or 5432)) as proxy:
        url = url_of({**database, "HOST": "127.0.0.1", "PORT": str(proxy.port)})
        site.environment = {**site.environment, "DATABASE_URL": url}
        yield proxy


def test_it_goes_on_when_connections_are_cut_again_and_again(site: Site, network: Proxy) -> None:
    with site.host(), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault("network: every connection reset, 12 times", sessions_are_lost=False):
            for _ in range(12):
                network.cut()
                time.sleep(0.1)
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
def test_it_goes_on_when_connections_go_silent(site: Site, network: Proxy) -> None:
    with site.host(), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault("network: connections half open"):
            network.swallow()
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
def test_another_host_takes_over_from_one_that_is_cut_off(site: Site, network: Proxy) -> None:
    with site.host("one"), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.host("two", DATABASE_URL=url_of(connection.settings_dict)), network.closed():
            with site.fault("network: a host cut off for three leases"):
                time.sleep(LEASE_MS * 3 / 1_000)
            site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
@pytest.mark.timeout(240)
def test_it_goes_on_over_a_slow_network(site: Site, network: Proxy) -> None:
    # With every question taking a fifth of a second a lease of three would be lost for nothing.
    with site.host(AOS_LEASE_MS="15000"), site.crowd(runs=6) as crowd:
        site.until_busy(crowd, calls=2)
        with site.fault("network: 200 ms slower", sessions_are_lost=False):
            network.delay_seconds = 0.1
        site.until_over(crowd, seconds=150)
    site.assert_unharmed(crowd)
