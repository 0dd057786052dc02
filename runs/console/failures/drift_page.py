"""The review of drift: what departs from its baseline, by how much, and what somebody says it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.roles import COST_ROLES, DECIDING_ROLES, EVERY_ROLE, SUM_ROLES
from agents.selectors import agent_names
from agents.tenancy import operator_principal
from catalog import drift_alerts
from catalog.drift_alerts import DriftReasonBody, alert_json, list_alerts
from runs.console.agents.agents_view import agent_links
from runs.console.failures.failures_page import address
from runs.console.failures.failures_view import moment, percent
from skills.refusal import Refusal
from skills.requests import parse_body
from skills.wording import Look, duration, money

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

SHOWN, CLOSED_SHOWN = 100, 20
LOOKS = {
    "open": Look("◷", "open", "amber"),
    "acknowledged": Look("◐", "looked into", "blue"),
    "resolved": Look("✓", "resolved", "green"),
}
_MEASURES = {"failure_rate": "Failure rate", "cost": "Cost", "latency": "Time"}


def drift_page(request: HttpRequest) -> HttpResponse:
    """Show the alerts of one's tenants; on POST say something about one, by the same call as the API."""
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    if request.method == "POST":
        return _decide(request)
    tenants = list(tenants_for(request, EVERY_ROLE))
    context = {
        "title": "Drift",
        "aos_tenants": [_tenant(request, tenant) for tenant in tenants],
        "aos_names_tenants": is_platform(request) or len(tenants) > 1,
    }
    return TemplateResponse(request, "console/drift.html", {**admin.site.each_context(request), **context})


def _tenant(request: HttpRequest, tenant: Tenant) -> Json:
    shows_sums, shows_charges = may(request, SUM_ROLES, tenant.pk), may(request, COST_ROLES, tenant.pk)
    live = [alert_json(row) for row in list_alerts(tenant=tenant, live=True)[:SHOWN]]
    closed = [alert_json(row) for row in list_alerts(tenant=tenant, live=False)[:CLOSED_SHOWN]]
    ids = [row["subject"] for row in (*live, *closed) if row["subject_kind"] == "agent"]
    names, pages = agent_names(ids), agent_links(ids)
    live, closed = ([row for row in rows if shows_sums or row["measure"] != "cost"] for rows in (live, closed))
    return {
        "tenant": tenant,
        "may_decide": may(request, DECIDING_ROLES, tenant.pk),
        "live": [_line(row, tenant, names, pages, shows_charges) for row in live],
        "closed": [_line(row, tenant, names, pages, shows_charges) for row in closed],
    }


def _line(row: Json, tenant: Tenant, names: Mapping[str, str], pages: Mapping[str, str], shows_charges: bool) -> Json:
    is_agent = row["subject_kind"] == "agent"
    name = f"Agent {names.get(row['subject'], row['subject'])}" if is_agent else row["subject"].replace("@", " ")
    return {
        **row,
        "look": LOOKS[row["state"]],
        "name": name,
        "page": _page_of(row, tenant, names, pages, shows_charges),
        "said": sentence(row),
        "why": why(row),
        "first": moment(row["first_seen_at"]),
        "last": moment(row["last_seen_at"]),
    }


def _page_of(row: Json, tenant: Tenant, names: Mapping[str, str], pages: Mapping[str, str], shows_charges: bool) -> str:
    """Return where one sees more: the failures or charges of the subject, else the agent itself, else nothing."""
    subject, is_agent = row["subject"], row["subject_kind"] == "agent"
    if row["measure"] == "failure_rate":
        narrowed = {"agent": names.get(subject, "")} if is_agent else {"skill": subject.partition("@")[0]}
        return reverse("console-failures") + address({"tenant": tenant.slug, **narrowed})
    if is_agent:
        return pages.get(subject, "")
    if row["measure"] == "cost" and shows_charges:
        return reverse("admin:runs_charge_changelist") + address({"skill__exact": subject.partition("@")[0]})
    return ""


def sentence(row: Json) -> str:
    """Say in words what departs, from what to what."""
    before, now = (said_value(row["measure"], row[side]["value"]) for side in ("baseline", "recent"))
    way = "rose" if row["direction"] == "up" else "fell"
    return f"{_MEASURES[row['measure']]} {way} from {before} to {now}"


def said_value(measure: str, value: float) -> str:
    if measure == "failure_rate":
        return percent(value)
    return money(round(value)) if measure == "cost" else duration(round(value))


def why(row: Json) -> str:
    """Say what the score rests on: how many on either side, over which time, against what."""
    before, now = row["baseline"], row["recent"]
    days = "day" if now["days"] == 1 else f"{now['days']} days"
    of = "itself before" if before["of"] == "itself" else f"version {before['of']}"
    return (
        f"{now['n']:,} in the last {days} against {before['n']:,} of {of};"
        f" score {row['score']:+.1f}, an alert from ±{row['threshold']:g}".replace("-", "−")
    )


# What is said about one


def _decide(request: HttpRequest) -> HttpResponse:
    tenant = tenants_for(request, EVERY_ROLE).filter(slug=request.POST.get("tenant", "").replace("\x00", "")).first()
    action = _ACTIONS.get(request.POST.get("action", ""))
    if tenant is None or action is None:
        raise Http404("there is no such tenant, or nothing of the kind to do")
    if not may(request, DECIDING_ROLES, tenant.pk):
        raise PermissionDenied
    principal = operator_principal(tenant, request.user.get_username())
    try:
        body = parse_body(DriftReasonBody, {"reason": request.POST.get("reason", "").strip()})
        row = action(principal=principal, drift_id=request.POST.get("drift", ""), reason=body.reason)
        messages.success(request, f"The alert is {LOOKS[row.state].word} now.")
    except Refusal as refusal:
        messages.error(request, "; ".join(f"{fault['pointer'][1:]}: {fault['detail']}" for fault in refusal.errors) or refusal.detail)
    return redirect("console-drift")


_ACTIONS: dict[str, Callable[..., Any]] = {"acknowledge": drift_alerts.acknowledge, "resolve": drift_alerts.resolve}
