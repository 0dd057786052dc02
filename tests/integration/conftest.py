"""A workshop for tests of the shell: test skills in the registry, a tenant, an agent, two people."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Tenant
from agents.services import create_agent
from skills import plugins
from skills.registry import registry
from tests.integration.workshop import Workshop, as_person


@pytest.fixture
def workshop(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Workshop:
    """Return who asks for work and what it is done with; what a worker thread must see is committed."""
    return set_up(monkeypatch, settings)


@pytest.fixture
def quiet_workshop(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Workshop:
    """Return the same for a test that looks through its own connection only: nothing is committed, which is faster."""
    return set_up(monkeypatch, settings)


def set_up(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Workshop:
    """Make a tenant with an agent in an empty database, and the test skills the only ones."""
    for table in ("_skills", "_newest", "_metadata"):
        monkeypatch.setattr(registry, table, {})
    plugins.load(registry, with_plugins=False, modules=["tests.fakes.skills"])
    settings.WORK_GRACE_SECONDS = 1
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    agent = create_agent(tenant=tenant, name="worker")
    return Workshop(tenant, agent, as_person(tenant, "alice"), as_person(tenant, "bob"))
