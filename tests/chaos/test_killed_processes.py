"""kill -9 of any process of a cluster, and of all of them, under load: nothing is lost and nothing done again."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.chaos.site import Site, member

pytestmark = pytest.mark.slow

ROLES = ("busy worker", "idle worker", "guard", "monitor", "pusher", "main")


@pytest.mark.chaos
@pytest.mark.parametrize("role", ROLES)
def test_it_goes_on_when_one_process_is_killed(site: Site, role: str) -> None:
    with site.host() as host, site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault(f"kill -9: {role}"):
            member(host.family(), role, site).kill()
        site.until_over(crowd)
    site.assert_unharmed(crowd)


@pytest.mark.parametrize("victims", [pytest.param("supervisor", marks=pytest.mark.chaos), "everything"])
def test_it_goes_on_when_started_again(site: Site, victims: str) -> None:
    with site.crowd() as crowd, site.host() as host, ExitStack() as again:
        site.until_busy(crowd)
        family = host.family()
        with site.fault(f"kill -9: {victims}, then a new start"):
            host.kill()
            if victims == "everything":
                for process in family.members():
                    process.kill()
            again.enter_context(site.host())
        assert not any(process.is_alive() for process in family.members())
        site.until_over(crowd)
    site.assert_unharmed(crowd)
