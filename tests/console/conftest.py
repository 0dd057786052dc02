"""A cast for the console: Acme with one person per role, the rival tenant, and the platform's own operator."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

import aos_site.urls  # noqa: F401 - pages register themselves: tests are made of what is there
from agents import audit, ledger
from agents.freezes import freeze
from agents.models import Agent, Membership, Role, Tenant
from agents.services import create_agent
from agents.tenancy import create_key
from catalog.entries import import_entries
from catalog.services import MatchRow, record_matches
from runs.models import BudgetAlert, Outbox, Run, RunStatus, Session
from runs.money.usage import today_of
from skills.models import SkillVersion
from tests.integration.charging import a_charge

CANARY = "canary-of-the-rival"


@dataclass(frozen=True)
class Cast:
    """Two tenants with one row of everything each; the rival's texts all hold the canary."""

    acme: Tenant
    rival: Tenant

    def run_of(self, tenant: Tenant) -> Run:
        return Run.objects.get(tenant=tenant)


@pytest.fixture(autouse=True)
def heard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the banner ask once, however slow the machine is: how many questions a page asks must not hang on that."""
    monkeypatch.setattr("runs.console.operation.heartbeat.READ_SECONDS", 3_600.0)


class Standing:
    """The cast of a test file, in a transaction around its tests: each begins with it, and takes back no more than what it did itself."""

    def __init__(self) -> None:
        self._around: transaction.Atomic | None = None
        self._cast: Cast | None = None

    def cast(self) -> Cast:
        if connection.needs_rollback or connection.closed_in_transaction:
            self.leave()
        if self._around is None:
            assert not connection.in_atomic_block, "the test's own transaction began before that of its file"
            self._around = transaction.atomic()
            self._around.__enter__()
            self._cast = a_cast()
        # What a test does to these rows, it does to rows of its own.
        return deepcopy(self._cast)

    def leave(self) -> None:
        if self._around is not None:
            transaction.set_rollback(True)
            self._around.__exit__(None, None, None)
            self._around = None


@pytest.fixture(scope="module")
def standing(django_db_blocker: Any) -> Iterator[Standing]:
    standing = Standing()
    yield standing
    with django_db_blocker.unblock():
        standing.leave()


@pytest.fixture(autouse=True)
def cast_before(request: pytest.FixtureRequest, standing: Standing, django_db_blocker: Any) -> Cast | None:
    """Make the cast before the test's own transaction begins; none for a test that commits, or asks for none and is to see none."""
    with django_db_blocker.unblock():
        if "cast" in request.fixturenames and "transactional_db" not in request.fixturenames:
            request.getfixturevalue("django_db_setup")
            return standing.cast()
        standing.leave()
        return None


@pytest.fixture
def cast(db: None, cast_before: Cast | None) -> Cast:
    return cast_before or a_cast()


def a_cast() -> Cast:
    # Whoever acted in the test before owns nothing of it.
    audit.begin()
    SkillVersion.objects.create(name="http_call", version="1.0.0", digest="ab" * 32, metadata={"description": "Calls a URL."})
    Session.objects.create(host="worker-1", pid=4, started_at_ms=1, lease_until_ms=2)
    acme, rival = a_tenant("acme", "of-acme"), a_tenant("rival", CANARY)
    for role in Role.values:
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=acme, role=role)
    User.objects.create_user("stranger", is_staff=True)
    User.objects.create_superuser("root")
    return Cast(acme, rival)


def a_tenant(slug: str, text: str) -> Tenant:
    tenant = Tenant.objects.create(slug=f"{slug}-{text}", name=text)
    agent = create_agent(tenant=tenant, name=f"agent-{text}", description=text)
    run = a_run(tenant, agent, text)
    Outbox.objects.create(tenant=tenant, run=run, topic="run.failed", data=text)
    create_key(tenant, text, ["runs:read"])
    freeze(tenant=tenant, kind="skill", key="llm_invoke", reason=text, by=text)
    ledger.RunPurse(tenant.pk, agent.pk, text, None).draw(ledger.Amounts(5, {text: 5}), text)
    ledger.set_budget(tenant=tenant, kind="model", key=text, period="total", limit_micro_usd=1_000)
    a_charge(agent, 5, day=today_of([tenant]), run_public_id=run.public_id, step=text, model=text)
    BudgetAlert.objects.create(
        tenant=tenant,
        run_public_id=run.public_id,
        scope_kind="model",
        scope=f"model:{text}",
        spent_micro_usd=9,
        limit_micro_usd=10,
        at_ms=1,
    )
    import_entries(tenant, [{"code": "TIMEOUT", "suggestions": [text]}], by=text, reason=text)
    member = User.objects.create_user(f"member-{text}", is_staff=True)
    Membership.objects.create(user=member, tenant=tenant, role=Role.VIEWER)
    record_matches([a_match(run, text)])
    return tenant


def a_run(tenant: Tenant, agent: Agent, text: str) -> Run:
    return Run.objects.create(
        tenant=tenant, agent=agent, goal=text, summary=text, planner="stub", status=RunStatus.FAILED, failure_code="TIMEOUT", steps_total=3
    )


def a_match(run: Run, text: str) -> MatchRow:
    where = {"tenant_id": run.tenant_id, "run_id": run.pk, "run_public_id": run.public_id, "seq": 1, "step_id": text, "attempt": 1}
    what = {"skill": "http_call", "skill_version": "1.0.0", "code": "TIMEOUT", "category": "transient", "message": text}
    found = {"signature": "ab" * 32, "match_type": "miss", "entry_id": None, "confidence": None, "decision": "retry", "mode": "ABORT"}
    return MatchRow(**where, **what, **found)


class SignIn(Client):
    """A browser signed in as one of the cast."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.force_login(User.objects.get(username=name))
