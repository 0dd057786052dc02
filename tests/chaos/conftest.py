"""A site to break, and the line each scenario leaves on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from agents.models import Tenant
from agents.services import create_agent
from skills import plugins
from skills.registry import registry
from tests.chaos.databases import pointed_at
from tests.chaos.site import LEASE_MS, Site
from tests.conftest import url_of
from tests.databases import Server, a_server
from tests.integration.workshop import Workshop, as_person

SKILL_MODULES = ["tests.fakes.skills", "tests.chaos.skills"]


@dataclass(frozen=True)
class Making:
    """What a site is made with; the database it lives in is what is connected when it is made."""

    environment: dict[str, str]
    folder: Path
    tell: Callable[[str], None]
    monkeypatch: pytest.MonkeyPatch

    def site(self) -> Site:
        environment = {**self.environment, "DATABASE_URL": url_of(connection.settings_dict)}
        return Site(make_workshop(self.monkeypatch), environment, self.folder, self.tell)


@pytest.fixture
def making(live_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Making:
    def tell(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line} ")

    own = {"AOS_SKILL_MODULES": ",".join(SKILL_MODULES), "AOS_LEASE_MS": str(LEASE_MS), "AOS_WORK_GRACE_SECONDS": "2"}
    return Making(live_environment | own, tmp_path, tell, monkeypatch)


@pytest.fixture
def site(making: Making) -> Site:
    """Return an installation with one agent; nothing works there yet."""
    return making.site()


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a PostgreSQL server of this test's own."""
    with a_server() as server:
        yield server


@pytest.fixture
def server_site(making: Making, server: Server) -> Iterator[Site]:
    """Return an installation in the database of that server."""
    with pointed_at(server.url):
        yield making.site()


def make_workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Make a tenant and an agent in the connected database, and load the skills its plans use."""
    for table in ("_skills", "_metadata"):
        monkeypatch.setattr(registry, table, {})
    plugins.load(registry, with_plugins=False, modules=SKILL_MODULES)
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    # A clock that is set forward by an hour must not end a run by its deadline.
    agent = create_agent(tenant=tenant, name="worker", profile={"max_run_duration_ms": 86_400_000})
    return Workshop(tenant, agent, as_person(tenant, "alice"), as_person(tenant, "bob"))
