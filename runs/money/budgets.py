"""Budgets of tenants, agents and models: read, set, topped up, removed. Whoever waits for money hears of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count

from agents import audit, ledger
from agents.selectors import agent_names
from agents.tenancy import Principal, not_found, scoped
from runs.models import BudgetAlert, Run, RunStatus
from runs.shell.bell import ring
from runs.shell.clock import as_datetime
from skills.canonical import digest
from skills.ids import is_id
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
ALERTS_SHOWN = 20
_WIDEST_FIRST = ("tenant", "agent", "model")


def budget_id_of(tenant: Tenant, budget: Json) -> str:
    """Return the id of a budget: there is one for each kind, key and period, so it is made of these."""
    return "bud_" + digest([tenant.public_id, budget["kind"], budget["key"], budget["period"]])[:32]


def list_budgets(*, tenant: Tenant) -> list[Json]:
    """Return a tenant's budgets with their numbers now, and how many runs wait for each."""
    found = ledger.list_budgets(tenant=tenant)
    return _told(tenant, sorted(found, key=lambda budget: (_WIDEST_FIRST.index(budget["kind"]), budget["key"], budget["period"])))


def get_budget(*, tenant: Tenant, budget_id: str) -> Json:
    """Return a budget by its id. Raises Refusal NOT_FOUND."""
    return _told(tenant, [_found(tenant, budget_id)])[0]


def set_budget(*, principal: Principal, kind: str, period: str, limit_micro_usd: Any, key: Any = None) -> Json:
    """Set a limit, null being none, and let runs go on that waited for a higher one. Raises Refusal."""
    tenant = principal.tenant
    with transaction.atomic():
        done = ledger.set_budget(tenant=tenant, kind=kind, key=key, period=period, limit_micro_usd=limit_micro_usd, by=principal.name)
        _audited(principal, "set", done)
    ring()
    return _told(tenant, [done])[0]


def top_up_budget(
    *, principal: Principal, kind: str, period: str, amount_micro_usd: Any, key: Any = None, idempotency_key: str | None = None
) -> Json:
    """Raise a limit, of a day's budget today's alone. The same idempotency key again changes nothing. Raises Refusal."""
    with transaction.atomic():
        done = ledger.top_up_budget(
            tenant=principal.tenant,
            kind=kind,
            key=key,
            period=period,
            amount_micro_usd=amount_micro_usd,
            idempotency_key=idempotency_key,
            by=principal.name,
        )
        if not done["repeated"]:
            _audited(principal, "top_up", done)
    ring()
    return _told(principal.tenant, [done])[0]


def top_up_by_id(*, principal: Principal, budget_id: str, amount_micro_usd: Any, idempotency_key: str | None = None) -> Json:
    """Raise the limit of the budget with this id, as above."""
    found = _found(principal.tenant, budget_id)
    target = {name: found[name] for name in ("kind", "key", "period")}
    return top_up_budget(principal=principal, **target, amount_micro_usd=amount_micro_usd, idempotency_key=idempotency_key)


def remove_budget(*, principal: Principal, kind: str, period: str, key: Any = None) -> Json:
    """Take a limit away; runs that waited for it go on. Raises Refusal."""
    with transaction.atomic():
        done = ledger.remove_budget(tenant=principal.tenant, kind=kind, key=key, period=period, by=principal.name)
        _audited(principal, "remove", {"kind": kind, "key": key, "period": period, **done})
    ring()
    return done


def _audited(principal: Principal, what: str, done: Json) -> None:
    target = ":".join(str(done[name]) for name in ("kind", "key", "period") if done.get(name))
    audit.record(principal.tenant, f"budget.{what}", target, by=principal.name, after={"limit_micro_usd": done.get("limit_micro_usd")})


def list_alerts(*, tenant: Tenant) -> list[Json]:
    """Return the latest alerts: scopes that had spent most of their limit."""
    rows = scoped(BudgetAlert.objects.all(), tenant).order_by("-id")[:ALERTS_SHOWN]
    return [
        {
            "scope": row.scope,
            "spent_micro_usd": row.spent_micro_usd,
            "limit_micro_usd": row.limit_micro_usd,
            "run_id": row.run_public_id,
            "at": instant(as_datetime(row.at_ms)),
        }
        for row in rows
    ]


def _found(tenant: Tenant, budget_id: str) -> Json:
    if is_id("bud", budget_id):
        for budget in ledger.list_budgets(tenant=tenant):
            if budget_id_of(tenant, budget) == budget_id:
                return budget
    raise not_found("budget")


def _told(tenant: Tenant, budgets: list[Json]) -> list[Json]:
    names = agent_names(budget["key"] for budget in budgets if budget["kind"] == "agent")
    waiting = _waiting(tenant, [budget["scope"] for budget in budgets])
    return [
        {
            "budget_id": budget_id_of(tenant, budget),
            "agent": names.get(budget["key"]),
            **budget,
            "runs_waiting": waiting.get(budget["scope"], 0),
        }
        for budget in budgets
    ]


def _waiting(tenant: Tenant, scopes: list[str]) -> dict[str, int]:
    rows = scoped(Run.objects.filter(status=RunStatus.WAITING, waiting_for="budget", blocked_by__in=scopes), tenant)
    return dict(rows.order_by().values_list("blocked_by").annotate(number=Count("pk")))
