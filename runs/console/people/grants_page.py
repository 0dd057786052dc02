"""Standing grants on the console: which there are and what went by them, give one, take one back; and the hosts agents know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from agents.access.members import APPROVING_ROLES
from agents.access.rights import may, tenants_for
from agents.console.forms import claim, faults_of, typed
from agents.reasons import LEAST_REASON
from agents.roles import OVERSIGHT_ROLES, PLATFORM
from agents.selectors import agent_within, agents_in
from agents.tenancy import operator_principal
from runs.console.people import grants_view as view
from runs.models import Grant, GrantUse
from runs.people import grants
from runs.people.grants import Limits, grant_json
from runs.people_requests import GrantBody
from skills.ids import is_id
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import parse_body

if TYPE_CHECKING:
    from django.db.models import QuerySet

Json = dict[str, Any]
VIEW_ROLES = APPROVING_ROLES | OVERSIGHT_ROLES - {PLATFORM}
SHOWN = 100
MOST_AGENTS = 500
NAMES = {"skill": "Skill", "host": "Host", "reason": "Why", "max_uses": "Calls", "expires_at": "Until", "dollars": "Dollars in all"}


def grants_page(request: HttpRequest) -> HttpResponse:
    """List the grants of one's tenants; on POST give one, or have a host forgotten."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    if request.method != "POST":
        return _list(request)
    if not may(request, APPROVING_ROLES):
        raise PermissionDenied
    return _forget(request) if request.POST.get("verb") == "forget" else _give(request)


def grant_page(request: HttpRequest, grant_id: str) -> HttpResponse:
    """Show one grant and the calls that went by it; on POST take it back."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    row = _grants(request).filter(public_id=grant_id).first() if is_id("grt", grant_id) else None
    if row is None:
        raise Http404("there is no such grant")
    may_change = may(request, APPROVING_ROLES, row.tenant_id)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        return _revoke(request, row)
    uses = list(GrantUse.objects.filter(grant=row).select_related("run").order_by("-at", "-pk")[:SHOWN])
    context = {
        "title": f"Grant for {row.skill}",
        "aos_grant": view.grant(grant_json(row)),
        "aos_tenant": row.tenant,
        "aos_uses": [view.use(grants.use_json(each)) for each in uses],
        "aos_more": row.uses - len(uses),
        "aos_may_change": may_change and grants.state_of(row) == "in_force",
        "aos_least": LEAST_REASON,
    }
    return TemplateResponse(request, "console/grant.html", {**admin.site.each_context(request), **context})


def _grants(request: HttpRequest) -> QuerySet[Grant]:
    return Grant.objects.filter(tenant__in=tenants_for(request, VIEW_ROLES)).select_related("agent", "tenant")


def _list(request: HttpRequest, draft: Json | None = None, faults: list[str] | None = None, status: int = 200) -> HttpResponse:
    tenants, gives = tenants_for(request, VIEW_ROLES), tenants_for(request, APPROVING_ROLES)
    rows = list(_grants(request).order_by("-created_at", "-pk")[:SHOWN])
    shown = [view.grant(grant_json(row)) | {"tenant": row.tenant, "link": reverse("console-grant", args=[row.public_id])} for row in rows]
    hosts = list(grants.known_hosts(tenants=tenants)[:SHOWN])
    giving = list(gives.order_by("slug")) if may(request, APPROVING_ROLES) else []
    context = {
        "title": "Standing grants",
        "aos_in_force": [each for each in shown if each["is_in_force"]],
        "aos_ended": [each for each in shown if not each["is_in_force"]],
        "aos_hosts": hosts,
        "aos_names_tenants": tenants.count() > 1,
        "aos_tenants": giving,
        "aos_agents": list(agents_in(giving)[:MOST_AGENTS]),
        "aos_skills": registry.names(),
        "aos_form": draft or {name: typed(request.GET, name) for name in ("skill", "host", "agent", "tenant") if name in request.GET},
        "aos_faults": faults or [],
        "aos_once": uuid4().hex,
        "aos_least": LEAST_REASON,
        "aos_latest": (timezone.now() + grants.LONGEST - timedelta(days=1)).date().isoformat(),
    }
    return TemplateResponse(request, "console/grants.html", {**admin.site.each_context(request), **context}, status=status)


def _give(request: HttpRequest) -> HttpResponse:
    draft = {name: typed(request.POST, name) for name in ("tenant", "skill", "agent", "host", "max_uses", "dollars", "until", "reason")}
    tenant = tenants_for(request, APPROVING_ROLES).filter(slug=draft["tenant"]).first()
    if tenant is None:
        raise Http404("there is no such tenant")
    try:
        body = parse_body(GrantBody, view.body_of(draft))
        with transaction.atomic():
            claim(tenant, typed(request.POST, "once"))
            row = grants.give(
                principal=operator_principal(tenant, request.user.get_username()),
                skill=body.skill,
                agent_ref=body.agent,
                host=body.host,
                limits=Limits(body.max_uses, body.max_call_micro_usd, body.max_total_micro_usd, body.expires_at),
                reason=body.reason,
            )
    except Refusal as refusal:
        return _list(request, draft, faults_of(refusal, NAMES), refusal.status)
    messages.success(request, f"Given: calls of {row.skill} within it are not asked about from now on.")
    return redirect("console-grant", row.public_id)


def _revoke(request: HttpRequest, row: Grant) -> HttpResponse:
    reason = typed(request.POST, "reason")
    try:
        grants.revoke(principal=operator_principal(row.tenant, request.user.get_username()), grant_id=row.public_id, reason=reason)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "Taken back: the next call of it is asked about again.")
    return redirect("console-grant", row.public_id)


def _forget(request: HttpRequest) -> HttpResponse:
    found = agent_within(tenants_for(request, APPROVING_ROLES), typed(request.POST, "agent"))
    if found is None:
        raise Http404("there is no such agent")
    host = typed(request.POST, "host")
    try:
        principal = operator_principal(found.tenant, request.user.get_username())
        grants.forget_host(principal=principal, agent_ref=found.public_id, host=host)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, f"The next call of {found.name} to {host} is asked about again.")
    return redirect("console-grants")
