"""Budgets on one console page: what each may spend, has spent and holds; set, topped up and removed by tenant admins."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents import ledger
from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import typed
from agents.days import day_of
from agents.roles import BUDGET_ROLES, SUM_ROLES
from agents.selectors import list_agents
from agents.tenancy import Principal, operator_principal
from runs.console.amounts import micro_usd_of
from runs.console.money.burn_down import DAYS, burn_down
from runs.console.overview.overview_page import day_view
from runs.money import budgets
from skills.refusal import Refusal
from skills.wording import UNKNOWN, limit_of, money

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
ALERT_PERCENT = 80


def budgets_page(request: HttpRequest) -> HttpResponse:
    """Show the budgets of one's tenants; on POST change one, by the same service as the API."""
    if not may(request, SUM_ROLES):
        raise PermissionDenied
    if request.method == "POST":
        return _change(request)
    tenants = list(tenants_for(request, SUM_ROLES))
    context = {
        "title": "Budgets",
        "aos_tenants": [_tenant(request, tenant) for tenant in tenants],
        "aos_names_tenants": is_platform(request) or len(tenants) > 1,
        "aos_scopes": reverse("admin:agents_ledgerscope_changelist"),
        "aos_cost": reverse("console-cost"),
    }
    return TemplateResponse(request, "console/budgets.html", {**admin.site.each_context(request), **context})


def _tenant(request: HttpRequest, tenant: Tenant) -> Json:
    may_change = may(request, BUDGET_ROLES, tenant.pk)
    found = budgets.list_budgets(tenant=tenant)
    now_ms = round(time.time() * 1_000)
    today, day = day_of(now_ms, tenant.time_zone), day_view.day_in(tenant.time_zone, now_ms)
    spent = ledger.spent_by_day(tenant.pk, today - timedelta(days=DAYS - 1), today)
    return {
        "tenant": tenant,
        "may_change": may_change,
        "budgets": [_line(budget) | _forecast(budget, spent.get((budget["kind"], budget["key"]), {}), day, today) for budget in found],
        "alerts": [_alert(alert, found) for alert in budgets.list_alerts(tenant=tenant)],
        "agents": [agent.name for agent in list_agents(tenant=tenant)[:200]] if may_change else [],
    }


def _forecast(budget: Json, by_day: dict[date, int], day: day_view.Day, today: date) -> Json:
    """Return how a budget in all burns down, and of each how long it lasts at this pace."""
    total = budget["total_micro_usd"]
    if total is None:
        return {"burn": None, "lasts": ""}
    if budget["period"] == "day":
        return {"burn": None, "lasts": day_view.lasts(budget, day, 0)}
    burn = burn_down(total, budget["spent_micro_usd"], by_day, today)
    return {"burn": burn, "lasts": burn.says if burn else ""}


def _line(budget: Json) -> Json:
    total, spent, held = (budget[f"{name}_micro_usd"] for name in ("total", "spent", "reserved"))
    return {
        **budget,
        "whose": _whose(budget),
        "each": "each day" if budget["period"] == "day" else "in all",
        "limit": limit_of(total),
        "limit_now": "" if budget["limit_micro_usd"] is None else _dollars(budget["limit_micro_usd"]),
        "was_topped_up": total != budget["limit_micro_usd"],
        "spent": money(spent),
        "reserved": money(held),
        "remaining": money(budget["remaining_micro_usd"]),
        "spent_width": _width(spent, total),
        "held_width": _width(held, total, after=spent),
        "percent": UNKNOWN if not total else f"{100 * spent / total:.0f} %",
        "colour": _colour(spent, total),
        "once": uuid4().hex,
        "waiting_link": reverse("admin:runs_run_changelist") + "?stage=waiting",
    }


def _whose(budget: Json) -> str:
    if budget["kind"] == "tenant":
        return "Tenant"
    return f"{budget['kind'].capitalize()} {budget['agent'] or budget['key']}"


def _dollars(micro_usd: int) -> str:
    """Return an amount as one would type it."""
    whole, rest = divmod(micro_usd, 1_000_000)
    decimals = f"{rest:06d}".rstrip("0")
    return f"{whole}.{decimals.ljust(2, '0')}"


def _width(amount: int, total: int | None, *, after: int = 0) -> str:
    """Return how much of a bar an amount takes, what comes before it left out."""
    if not total:
        return ""
    room = max(0.0, 100 - 100 * after / total)
    return f"{min(room, 100 * amount / total):.2f}%" if amount else ""


def _colour(spent: int, total: int | None) -> str:
    if total is None:
        return "blue"
    if spent >= total:
        return "red"
    return "amber" if spent * 100 >= total * ALERT_PERCENT else "blue"


def _alert(alert: Json, found: list[Json]) -> Json:
    names = {f"{budget['kind']}:{budget['key']}": _whose(budget) for budget in found}
    bare, _, day = alert["scope"].partition("@")
    kind, _, key = bare.partition(":")
    whose = names.get(bare) or {"tenant": "Tenant", "run": "The run itself"}.get(kind) or f"{kind.capitalize()} {key}"
    return {
        **alert,
        "whose": f"{whose}, {day}" if day else whose,
        "said": f"{money(alert['spent_micro_usd'])} of {money(alert['limit_micro_usd'])}",
        "at": alert["at"][:19].replace("T", " "),
        "link": reverse("admin:runs_run_change", args=[alert["run_id"]]),
    }


# Changes


def _change(request: HttpRequest) -> HttpResponse:
    tenant = tenants_for(request, SUM_ROLES).filter(slug=typed(request.POST, "tenant")).first()
    action = _ACTIONS.get(request.POST.get("action", ""))
    if tenant is None or action is None:
        raise Http404("there is no such tenant, or nothing of the kind to do")
    if not may(request, BUDGET_ROLES, tenant.pk):
        raise PermissionDenied
    principal = operator_principal(tenant, request.user.get_username())
    try:
        messages.success(request, action(principal, request.POST))
    except Refusal as refusal:
        messages.error(request, "; ".join(fault["detail"] for fault in refusal.errors) or refusal.detail)
    return redirect("console-budgets")


def _target(form: Any) -> Json:
    return {"kind": form.get("kind", ""), "key": form.get("key", "").strip() or None, "period": form.get("period", "")}


def _set(principal: Principal, form: Any) -> str:
    limit = None if form.get("unlimited") else micro_usd_of(form.get("amount", ""))
    done = budgets.set_budget(principal=principal, **_target(form), limit_micro_usd=limit)
    return f"{_whose(done)} may spend {limit_of(done['limit_micro_usd'])} {'each day' if done['period'] == 'day' else 'in all'}."


def _top_up(principal: Principal, form: Any) -> str:
    amount = micro_usd_of(form.get("amount", ""), least=1)
    done = budgets.top_up_budget(principal=principal, **_target(form), amount_micro_usd=amount, idempotency_key=form.get("once") or None)
    today = " today" if done["period"] == "day" else ""
    return f"{_whose(done)} may{today} spend {limit_of(done['total_micro_usd'])}."


def _remove(principal: Principal, form: Any) -> str:
    budgets.remove_budget(principal=principal, **_target(form))
    return "The budget is removed; what it was about is unlimited."


_ACTIONS: dict[str, Callable[[Principal, Any], str]] = {"set": _set, "top-up": _top_up, "remove": _remove}
