"""Which pages of the console are asked, by whom, and what of each answer is measured: time, queries, size."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.urls import reverse

from bench.report import percentile

if TYPE_CHECKING:
    from agents.models import Tenant
    from runs.models import Run

OPERATOR, APPROVER, ROOT = PEOPLE = ("operator", "approver", "root")
"""People of the tenant that has the most, and who runs the installation and is a tenant admin there besides."""
KEY = "key"
"""A key of that tenant, which is what the API is asked with."""


_API = "/api/v1/"
_LISTS = ("runs", "approvals", "questions", "in-doubt", "dead-letters", "failures")
_ASKED = (*(f"{name}?limit=200" for name in _LISTS), "failures/analytics?since=30d", "failures/groups?since=30d")


@dataclass
class Answers:
    """What was measured of one page."""

    page: str
    ms: list[float] = field(default_factory=list)
    own_ms: list[float] = field(default_factory=list)
    queries: int = 0
    slowest_ms: float = 0.0
    slowest: str = ""
    bytes: int = 0

    @property
    def p50(self) -> float:
        return median(self.ms)

    @property
    def p95(self) -> float:
        return percentile(self.ms, 0.95)


def sign_in(tenant: Tenant) -> dict[str, Client]:
    """Make the people and the key, and return a browser for each."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - settings come first

    from agents.models import Membership, Role  # noqa: PLC0415
    from agents.tenancy import SCOPES, create_key  # noqa: PLC0415

    for role in (Role.OPERATOR, Role.APPROVER):
        Membership.objects.create(user=User.objects.create_user(role, is_staff=True), tenant=tenant, role=role)
    Membership.objects.create(user=User.objects.create_superuser(ROOT), tenant=tenant, role=Role.TENANT_ADMIN)
    found = {name: Client() for name in PEOPLE}
    for name, browser in found.items():
        browser.force_login(User.objects.get(username=name))
    _, key = create_key(tenant=tenant, name="bench", scopes=sorted(SCOPES))
    return found | {KEY: Client(headers={"Authorization": f"Bearer {key}"})}


def who_asks(address: str) -> tuple[str, ...]:
    """Return who asks for an address."""
    if address.startswith(_API):
        return (KEY,)
    return (APPROVER if "approval" in address else OPERATOR, ROOT)


def pages(tenant: Tenant, shown: Mapping[str, Run]) -> dict[str, str]:
    """Return the addresses by what they are called in the table."""
    approval, doubt = shown["approval"], shown["doubt"]
    return {
        "overview": reverse("admin:index"),
        **{f"runs: {name}": _runs(asked) for name, asked in _lists(tenant, approval).items()},
        **{f"run: {name}": reverse("admin:runs_run_change", args=[run.public_id]) for name, run in shown.items()},
        "approvals": reverse("console-approvals"),
        "approvals, decided": f"{reverse('console-approvals')}?show=decided",
        "one approval": reverse("console-approval", args=[approval.public_id, "order"]),
        "in doubt": reverse("console-in-doubt"),
        "one in doubt": reverse("console-in-doubt-one", args=[doubt.public_id, "order"]),
        "dead letters": reverse("console-dead-letters"),
        "failure analytics": reverse("console-failures"),
        "failure analytics of 30 days": f"{reverse('console-failures')}?since=30d",
        "failures": reverse("admin:catalog_failurematch_changelist"),
        "failures by code": f"{reverse('admin:catalog_failurematch_changelist')}?code__exact=TIMEOUT",
        "cost": reverse("console-cost"),
        "budgets": reverse("console-budgets"),
        "charges": reverse("admin:runs_charge_changelist"),
        "workers & queue": reverse("console-workers"),
        "outbox": reverse("admin:runs_outbox_changelist"),
        **{f"API: {asked}": f"{_API}{asked}" for asked in _ASKED},
    }


def _runs(asked: Mapping[str, str]) -> str:
    return f"{reverse('admin:runs_run_changelist')}?{urlencode(asked)}" if asked else reverse("admin:runs_run_changelist")


def _lists(tenant: Tenant, run: Run) -> dict[str, dict[str, str]]:
    """Return the lists of runs: pages of all, each tab, each filter, some together, and what is searched for."""
    from runs.console.runs.runs_list import STAGES  # noqa: PLC0415
    from runs.models import RunStatus  # noqa: PLC0415

    day, next_day = (f"{run.created_at - timedelta(days=days):%Y-%m-%d}T00:00:00+00:00" for days in (9, 8))
    agent, of_a_day = str(run.agent_id), {"created_at__gte": day, "created_at__lt": next_day}
    return {
        "all": {},
        "all, page 2": {"p": "2"},
        "all, page 200": {"p": "200"},
        # Where the column of when it was created stands, with that of what it cost and without; by others nothing is sorted.
        "oldest first": {"o": "8"},
        "oldest first, no costs": {"o": "7"},
        **{f"tab {stage}": {"stage": stage} for stage in STAGES},
        **{f"status {status}": {"status__exact": status} for status in RunStatus.values},
        "failed, page 50": {"stage": "failed", "p": "50"},
        "of an agent": {"agent__id__exact": agent},
        "failed of an agent": {"agent__id__exact": agent, "stage": "failed"},
        "waiting for approval": {"status__exact": "waiting", "waiting_for__exact": "approval"},
        "of a day": of_a_day,
        "failed of a day": {**of_a_day, "status__exact": "failed"},
        "failed by a code of a day": {**of_a_day, "failure_code__exact": "TIMEOUT"},
        "search: id": {"q": run.public_id},
        "search: trace": {"q": hashlib.md5(b"trace1000", usedforsecurity=False).hexdigest()[:8]},
        "search: code": {"q": "TIMEOUT"},
        "search: rare code": {"q": "SCHEMA_MISMATCH"},
        "search: nothing": {"q": "NOBODY_KNOWS"},
        "search: code, failed": {"q": "TIMEOUT", "stage": "failed"},
    }


def measure(browser: Client, page: str, address: str, rounds: int) -> Answers:
    """Ask for a page so many times after one time that counts for nothing: what is asked once for all is asked then."""
    found = Answers(page)
    for place in range(rounds + 1):
        asked: list[tuple[float, str]] = []
        with connection.execute_wrapper(_noting(asked)):
            began, worked = time.perf_counter(), time.process_time()
            answer = browser.get(address)
            taken, own = (time.perf_counter() - began) * 1_000, (time.process_time() - worked) * 1_000
        assert answer.status_code == 200, (page, answer.status_code)
        found.queries, found.bytes = len(asked), len(answer.content)
        if place:
            found.ms.append(taken)
            found.own_ms.append(own)
            slowest, statement = max(asked, default=(0.0, ""))
            if not found.slowest or slowest < found.slowest_ms:
                found.slowest_ms, found.slowest = slowest, statement
    return found


def _noting(asked: list[tuple[float, str]]) -> Any:
    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            asked.append(((time.perf_counter() - began) * 1_000, sql))

    return note


@contextmanager
def a_live_worker() -> Iterator[None]:
    """Let the console believe that somebody works: without it each page asks who is silent."""
    from runs.models import Session  # noqa: PLC0415
    from runs.shell.clock import now_ms  # noqa: PLC0415

    row = Session.objects.create(host="bench", pid=1, started_at_ms=now_ms(), lease_until_ms=now_ms() + 3_600_000)
    try:
        yield
    finally:
        row.delete()
