"""The PostgreSQL server crashes, or hangs: work stops, and goes on when the server does."""

from __future__ import annotations

import signal
import time

import pytest
from django.db import connection

from tests.chaos.databases import frozen
from tests.chaos.site import LEASE_MS, Site
from tests.databases import Server

pytestmark = [pytest.mark.slow, pytest.mark.skipif(connection.vendor != "postgresql", reason="there is no server to break")]


def test_it_goes_on_after_the_server_crashed(server_site: Site, server: Server) -> None:
    site = server_site
    with site.host(), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault("PostgreSQL: immediate restart", sessions_are_lost=False):
            server.stop(signal.SIGQUIT)
            server.start()
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
@pytest.mark.parametrize("seconds", [pytest.param(LEASE_MS / 2_000, id="half a lease"), pytest.param(LEASE_MS / 500, id="two leases")])
def test_it_goes_on_after_the_server_hung(server_site: Site, server: Server, seconds: float) -> None:
    site = server_site
    with site.host("one"), site.host("two"), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault(f"PostgreSQL: hangs for {seconds:.1f} s, two hosts", sessions_are_lost=False), frozen(server):
            time.sleep(seconds)
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.chaos
def test_it_goes_on_after_the_server_was_away(server_site: Site, server: Server) -> None:
    site = server_site
    with site.host(), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault("PostgreSQL: down for two leases", sessions_are_lost=False):
            server.stop(signal.SIGQUIT)
            time.sleep(LEASE_MS / 500)
            server.start()
        site.until_over(crowd)
    site.assert_unharmed(crowd)
