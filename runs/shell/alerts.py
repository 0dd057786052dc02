"""Alerts: most of a limit is spent. Each is a message to whoever listens, and a row that stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agents.ledger import Crossing
from runs.engine.decisions import Alert, Decision
from runs.models import BudgetAlert
from runs.shell.claims import Claimed
from runs.shell.clock import now_ms
from runs.shell.store import NewsRow, store

TOPIC = "budget.alert"


class AlertRow(msgspec.Struct, frozen=True):
    """A scope, by its label, that has spent most of its limit, and the run whose spending did it."""

    tenant_id: int
    run_id: int
    run_public_id: str
    scope: str
    spent_micro_usd: int
    limit_micro_usd: int


def alerts_of(run: Claimed, decisions: tuple[Decision, ...]) -> list[AlertRow]:
    """Return the alerts about what the run itself has spent of its limit."""
    alerts = (decision for decision in decisions if isinstance(decision, Alert))
    return [_alert(run, f"run:{run.public_id}", alert.spent_micro_usd, alert.limit_micro_usd) for alert in alerts]


def alerts_of_crossings(run: Claimed, crossings: Iterable[Crossing]) -> list[AlertRow]:
    """Return the alerts about the other scopes of a run; what it has spent of its own limit it has told when that happened."""
    others = (crossing for crossing in crossings if crossing.scope != f"run:{run.public_id}")
    return [_alert(run, crossing.scope, crossing.spent_micro_usd, crossing.limit_micro_usd) for crossing in others]


def _alert(run: Claimed, scope: str, spent_micro_usd: int, limit_micro_usd: int) -> AlertRow:
    return AlertRow(run.tenant_id, run.id, run.public_id, scope, spent_micro_usd, limit_micro_usd)


def write_alerts(alerts: Sequence[AlertRow]) -> None:
    """Store alerts and put them into the outbox, inside the caller's transaction."""
    if not alerts:
        return
    at_ms = now_ms()
    BudgetAlert.objects.bulk_create(
        BudgetAlert(
            tenant_id=alert.tenant_id,
            run_public_id=alert.run_public_id,
            scope_kind=alert.scope.partition(":")[0],
            scope=alert.scope,
            spent_micro_usd=alert.spent_micro_usd,
            limit_micro_usd=alert.limit_micro_usd,
            at_ms=at_ms,
        )
        for alert in alerts
    )
    store().write_news([_news(alert) for alert in alerts])


def _news(alert: AlertRow) -> NewsRow:
    said = {
        "run_id": alert.run_public_id,
        "scope": alert.scope,
        "spent_micro_usd": alert.spent_micro_usd,
        "limit_micro_usd": alert.limit_micro_usd,
    }
    return NewsRow(alert.tenant_id, alert.run_id, TOPIC, msgspec.json.encode(said).decode())
