"""Purses for tests of the ledger: whose money moves, what the scopes say, and whether the books add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from agents import ledger
from agents.ledger import RunPurse
from agents.models import Agent, LedgerEntry, LedgerLot, LedgerScope, Tenant
from agents.services import create_agent

Sums = tuple[int | None, int, int]
"""Limit, reserved, spent."""

DAY_MS = 86_400_000
NOON_MS = int(datetime(2026, 6, 10, 12, tzinfo=UTC).timestamp()) * 1_000
"""Noon of a day in June; days in tests are counted from it."""


def at_day(number: int) -> int:
    """Return an instant of the day so many days after."""
    return NOON_MS + number * DAY_MS


@dataclass(frozen=True)
class House:
    """A tenant with its agents."""

    tenant: Tenant
    agents: tuple[Agent, ...]

    def purse(self, run: str = "run_1", limit: int | None = None, *ancestors: str, agent: int = 0) -> RunPurse:
        return RunPurse(self.tenant.pk, self.agents[agent].pk, run, limit, ancestors)

    def budget(self, kind: str, limit: int | None, period: str = "total", key: str | None = None) -> None:
        ledger.set_budget(tenant=self.tenant, kind=kind, period=period, limit_micro_usd=limit, key=key)

    def label(self, text: str) -> str:
        """Return a label in which `tenant:T` and `agent:A0` stand for the public ids."""
        text = text.replace("tenant:T", f"tenant:{self.tenant.public_id}")
        for place, agent in enumerate(self.agents):
            text = text.replace(f"agent:A{place}", f"agent:{agent.public_id}")
        return text

    def says(self, label: str) -> Sums:
        """Return what a scope says of itself."""
        return books(self.tenant)[self.label(label)]


def a_house(slug: str = "acme", agents: int = 1, time_zone: str = "UTC") -> House:
    tenant = Tenant.objects.create(slug=slug, name=slug, time_zone=time_zone)
    return House(tenant, tuple(create_agent(tenant=tenant, name=f"agent-{place}") for place in range(agents)))


def books(tenant: Tenant) -> dict[str, Sums]:
    """Return what every scope of a tenant says of itself, by its label."""
    rows = LedgerScope.objects.filter(tenant=tenant)
    return {str(row): (row.limit_micro_usd, row.reserved_micro_usd, row.spent_micro_usd) for row in rows}


def assert_the_books_add_up() -> None:
    """Check every scope against its entries, and all scopes against the lots."""
    entries: dict[int, list[LedgerEntry]] = {}
    for entry in LedgerEntry.objects.order_by("pk"):
        entries.setdefault(entry.scope_id, []).append(entry)
    rows = list(LedgerScope.objects.all())
    for row in rows:
        assert (row.limit_micro_usd, row.reserved_micro_usd, row.spent_micro_usd) == told_by(entries.get(row.pk, [])), str(row)
    assert entries.keys() <= {row.pk for row in rows}
    _assert_lots_agree(rows)


def told_by(entries: Iterable[LedgerEntry]) -> Sums:
    """Return what the entries of a scope make of it; none of them may let it hold more than its limit."""
    limit, reserved, spent = None, 0, 0
    for entry in entries:
        amount = entry.amount_micro_usd
        match entry.kind:
            case "reserve":
                reserved += amount
                assert entry.limit_micro_usd == limit
                assert limit is None or reserved + spent <= limit, f"{entry} passed the limit {limit}"
            case "settle":
                reserved, spent = reserved - amount, spent + amount
            case "release":
                reserved -= amount
            case "absorb":
                spent += amount
            case "top_up":
                limit = None if limit is None else limit + amount
            case "adjust":
                assert amount == (entry.limit_micro_usd or 0) - (limit or 0)
                limit = entry.limit_micro_usd
    return limit, reserved, spent


def _assert_lots_agree(rows: list[LedgerScope]) -> None:
    """Check that each scope holds and has spent what the lots say, those of a run and of all it called once each."""
    by_pk = {row.pk: row for row in rows}
    told: Counter[Any] = Counter()
    for lot in LedgerLot.objects.all():
        for scope in _scopes_of(lot, by_pk):
            told[scope, "open"] += lot.open_micro_usd
            told[scope, "spent"] += lot.spent_micro_usd
    agents: Counter[Any] = Counter()
    for row in rows:
        if row.kind == "agent":
            agents[row.tenant_id, "tenant", row.tenant.public_id, row.day, "open"] += row.reserved_micro_usd
            agents[row.tenant_id, "tenant", row.tenant.public_id, row.day, "spent"] += row.spent_micro_usd
            continue
        scope = (row.tenant_id, row.kind, row.key, row.day)
        assert (row.reserved_micro_usd, row.spent_micro_usd) == (told[scope, "open"], told[scope, "spent"]), str(row)
    for row in rows:
        if row.kind == "tenant":
            scope = (row.tenant_id, row.kind, row.key, row.day)
            assert (row.reserved_micro_usd, row.spent_micro_usd) == (agents[*scope, "open"], agents[*scope, "spent"]), f"agents of {row}"


def _scopes_of(lot: LedgerLot, by_pk: dict[int, LedgerScope]) -> list[tuple[int, str, str, date | None]]:
    run = by_pk[lot.scope_id]
    if lot.model:
        return [(run.tenant_id, "model", lot.model, None), (run.tenant_id, "model", lot.model, lot.day)]
    scopes: list[tuple[int, str, str, date | None]] = [
        (run.tenant_id, "tenant", run.tenant.public_id, None),
        (run.tenant_id, "tenant", run.tenant.public_id, lot.day),
    ]
    while run is not None:
        scopes.append((run.tenant_id, "run", run.key, None))
        run = by_pk[run.parent_id] if run.parent_id else None
    return scopes
