"""The disk of the database is full: what cannot be written is not promised, and work goes on when there is room again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection

from tests.chaos.conftest import Making
from tests.chaos.databases import pointed_at
from tests.chaos.disks import a_small_disk, filled, may_mount, no_larger_files
from tests.chaos.load import Crowd
from tests.chaos.site import LEASE_MS, Site
from tests.databases import a_server

pytestmark = pytest.mark.slow

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's file")
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's files")
with_a_mount = pytest.mark.skipif(not may_mount(), reason="mounting a small file system needs root")
RUNS = 120
SMALL = 524_288
"""What the crowd's work does not fit into, in bytes. The file itself may be larger, from tests before, and have room inside."""


def bear_it(site: Site, crowd: Crowd) -> None:
    """Wait until the full disk was felt, and two leases longer."""
    unanswered = crowd.unanswered
    site.until(lambda: crowd.is_well() and (crowd.unanswered > unanswered or "disk I/O error" in site.logs()), "a write that failed")
    time.sleep(LEASE_MS / 500)


@on_sqlite
@with_a_mount
@pytest.mark.chaos
def test_it_goes_on_when_there_is_room_again_for_sqlite(making: Making) -> None:
    with a_small_disk(32) as disk, pointed_at(f"sqlite:///{disk}/aos.sqlite3"):
        site = making.site()
        with site.host(), site.crowd(RUNS) as crowd:
            site.until_busy(crowd)
            with site.fault("disk: full, SQLite", sessions_are_lost=False), filled(disk):
                bear_it(site, crowd)
            site.until_over(crowd)
        site.assert_unharmed(crowd)


@on_sqlite
@pytest.mark.chaos
def test_it_goes_on_when_the_file_may_grow_again(site: Site) -> None:
    with site.host() as host, site.crowd(RUNS) as crowd:
        site.until_busy(crowd)
        size = min(SMALL, Path(connection.settings_dict["NAME"]).stat().st_size)
        with site.fault("disk: files of workers may not grow, SQLite", sessions_are_lost=False), no_larger_files(host.everybody(), size):
            bear_it(site, crowd)
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@on_postgresql
@with_a_mount
@pytest.mark.chaos
def test_it_goes_on_when_there_is_room_again_for_postgresql(making: Making) -> None:
    with a_small_disk(256) as disk, a_server(disk) as server, pointed_at(server.url):
        site = making.site()
        with site.host(), site.crowd(RUNS) as crowd:
            site.until_busy(crowd)
            with site.fault("disk: full, PostgreSQL", sessions_are_lost=False), filled(disk):
                bear_it(site, crowd)
            if not server.is_running():
                server.start()
            site.until_over(crowd)
        site.assert_unharmed(crowd)
