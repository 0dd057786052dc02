"""Webhooks on the console: the endpoints, one with its deliveries, and one delivery; changed by tenant admins, read by who watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import faults_of, page_number
from agents.roles import BUDGET_ROLES, PAYLOAD_ROLES, SUM_ROLES
from agents.tenancy import Principal, operator_principal
from runs.console.webhooks import webhooks_changing as changing
from runs.console.webhooks import webhooks_view as view
from runs.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from runs.webhooks.deliveries import delivery_json, get_delivery, list_deliveries
from runs.webhooks.endpoints import endpoint_json
from skills.ids import is_id
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
VIEW_ROLES, CHANGE_ROLES = SUM_ROLES, BUDGET_ROLES
A_PAGE = 25
DELIVERIES_ON_A_PAGE = 50
LAST = 8
"""How many of its last deliveries the list shows of an endpoint."""
_SHOWS: dict[str, tuple[str, Json]] = {"all": ("All", {}), "on": ("On", {"is_enabled": True}), "off": ("Off", {"is_enabled": False})}
_STATES = {"": "All", "pending": "On their way", "delivered": "Delivered", "failed": "Given up"}


def webhooks_page(request: HttpRequest) -> HttpResponse:
    """List the endpoints of one's tenants; on POST make one."""
    _check_may_view(request)
    return _make(request) if request.method == "POST" else _list(request)


def webhook_page(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Show one endpoint and what was delivered there; on POST change it."""
    _check_may_view(request)
    row = _endpoint(request, webhook_id)
    return _change(request, row) if request.method == "POST" else _one(request, row)


def delivery_page(request: HttpRequest, webhook_id: str, delivery_id: str) -> HttpResponse:
    """Show one delivery; on POST have it sent again."""
    _check_may_view(request)
    endpoint = _endpoint(request, webhook_id)
    try:
        row = get_delivery(tenant=endpoint.tenant, webhook_id=webhook_id, delivery_id=delivery_id)
    except Refusal:
        raise Http404("there is no such delivery") from None
    return _redeliver(request, row) if request.method == "POST" else _delivery(request, endpoint, row)


def _check_may_view(request: HttpRequest) -> None:
    if not may(request, VIEW_ROLES):
        raise PermissionDenied


def _endpoint(request: HttpRequest, webhook_id: str) -> WebhookEndpoint:
    """Return an endpoint. Raises Http404 alike for none and for one of a tenant whose webhooks the person does not see."""
    found = endpoints_of(request).filter(public_id=webhook_id).first() if is_id("whk", webhook_id) else None
    if found is None:
        raise Http404("there is no such webhook")
    return found


def endpoints_of(request: HttpRequest) -> QuerySet[WebhookEndpoint]:
    """Return the endpoints the person may see."""
    return WebhookEndpoint.objects.filter(run=None, tenant__in=tenants_for(request, VIEW_ROLES)).select_related("tenant")


def _answered(request: HttpRequest, template: str, context: Json, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, f"console/{template}", {**admin.site.each_context(request), **context}, status=status)


# The list


def _list(request: HttpRequest, draft: Json | None = None, status: int = 200) -> HttpResponse:
    chosen = request.GET.get("show", "")
    show, number = chosen if chosen in _SHOWS else "all", page_number(request.GET)
    counted = endpoints_of(request).aggregate(on=Count("pk", filter=Q(is_enabled=True)), off=Count("pk", filter=Q(is_enabled=False)))
    rows = _with_last(endpoints_of(request).filter(**_SHOWS[show][1]))
    shown = list(rows.order_by("-created_at", "-pk")[(number - 1) * A_PAGE : number * A_PAGE + 1])
    may_change = list(tenants_for(request, CHANGE_ROLES).order_by("slug")) if may(request, CHANGE_ROLES) else []
    context = {
        "title": "Webhooks",
        "aos_sentence": view.list_sentence(**counted),
        "aos_lines": _lines(request, shown[:A_PAGE]),
        "aos_shows": [{"title": each[0], "link": f"?show={name}", "is_chosen": name == show} for name, each in _SHOWS.items()],
        "aos_show": show,
        "aos_names_tenants": is_platform(request) or tenants_for(request, VIEW_ROLES).count() > 1,
        "aos_newer": f"?{urlencode({'show': show, 'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({'show': show, 'page': number + 1})}" if len(shown) > A_PAGE else "",
        "aos_tenants": may_change,
        **_form(draft or {}),
    }
    return _answered(request, "webhooks.html", context, status)


def _form(draft: Json) -> Json:
    return {"aos_form": draft, "aos_events": view.event_choices(draft.get("event_types", [])), "aos_once": uuid4().hex}


def _with_last(rows: QuerySet[WebhookEndpoint]) -> Any:
    """Have each endpoint know its last deliveries: so many looks into an index, whatever there is of them."""
    latest = WebhookDelivery.objects.filter(endpoint=OuterRef("pk")).order_by("-created_at")
    states = {f"state_{place}": Subquery(latest.values("state")[place : place + 1]) for place in range(LAST)}
    return rows.annotate(last_pk=Subquery(latest.values("pk")[:1]), **states)


def _lines(request: HttpRequest, rows: list[Any]) -> list[Json]:
    found = WebhookDelivery.objects.defer("body").select_related("endpoint").in_bulk([row.last_pk for row in rows if row.last_pk])
    return [_line(request, row, found.get(row.last_pk)) for row in rows]


def _line(request: HttpRequest, row: Any, last: WebhookDelivery | None) -> Json:
    states = [state for place in range(LAST) if (state := getattr(row, f"state_{place}")) is not None]
    return {
        **view.endpoint_view(endpoint_json(row), whole=_reads_payloads(request, row.tenant)),
        "tenant": row.tenant,
        "link": reverse("console-webhook", args=[row.public_id]),
        "states": [view.state_look(state) for state in states],
        "last": None if last is None else view.delivery_view(delivery_json(last)),
    }


def _reads_payloads(request: HttpRequest, tenant: Tenant) -> bool:
    return may(request, PAYLOAD_ROLES, tenant.pk)


# One endpoint, and one delivery


def _one(request: HttpRequest, row: WebhookEndpoint, draft: Json | None = None, status: int = 200) -> HttpResponse:
    asked = request.GET.get("state", "")
    state, number = asked if asked in _STATES else "", page_number(request.GET)
    rows = list_deliveries(tenant=row.tenant, webhook_id=row.public_id, state=state or None).defer("body")
    shown = list(rows.order_by("-created_at", "-pk")[(number - 1) * DELIVERIES_ON_A_PAGE : number * DELIVERIES_ON_A_PAGE + 1])
    told = endpoint_json(row)
    context = {
        "title": "Webhook",
        "aos_one": view.endpoint_view(told, whole=_reads_payloads(request, row.tenant)),
        "aos_tenant": row.tenant,
        "aos_names_tenants": is_platform(request),
        "aos_may_change": may(request, CHANGE_ROLES, row.tenant.pk),
        "aos_deliveries": [_delivery_line(each) for each in shown[:DELIVERIES_ON_A_PAGE]],
        "aos_states": [{"title": title, "link": f"?state={name}", "is_chosen": name == state} for name, title in _STATES.items()],
        "aos_state": state,
        "aos_newer": f"?{urlencode({'state': state, 'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({'state': state, 'page': number + 1})}" if len(shown) > DELIVERIES_ON_A_PAGE else "",
        "aos_seen": told["rotated_until"] or "",
        **_form(draft or told),
    }
    return _answered(request, "webhook.html", context, status)


def _delivery_line(row: WebhookDelivery) -> Json:
    return {**view.delivery_view(delivery_json(row)), "link": reverse("console-delivery", args=[row.endpoint.public_id, row.public_id])}


def _delivery(request: HttpRequest, endpoint: WebhookEndpoint, row: WebhookDelivery) -> HttpResponse:
    shown, reads = view.delivery_view(delivery_json(row)), _reads_payloads(request, endpoint.tenant)
    context = {
        "title": "Delivery",
        "aos_one": shown,
        "aos_sentence": view.delivery_sentence(shown),
        "aos_endpoint": view.endpoint_view(endpoint_json(endpoint), whole=reads),
        "aos_tenant": endpoint.tenant,
        "aos_names_tenants": is_platform(request),
        "aos_attempts": view.attempt_views(row.attempts, row.attempts_total),
        "aos_run_id": view.run_in(row.body),
        "aos_reads": reads,
        "aos_body": view.sent_body(row.body) if reads else "",
        "aos_may_change": may(request, CHANGE_ROLES, endpoint.tenant.pk),
        "aos_seen": f"{row.state}:{row.attempts_total}",
        "aos_is_pending": row.state == DeliveryState.PENDING,
    }
    return _answered(request, "delivery.html", context)


# Changes


def _principal(request: HttpRequest, tenant: Tenant) -> Principal:
    if not may(request, CHANGE_ROLES, tenant.pk):
        raise PermissionDenied
    return operator_principal(tenant, request.user.get_username())


def _make(request: HttpRequest) -> HttpResponse:
    tenant = next((each for each in tenants_for(request, VIEW_ROLES) if each.slug == request.POST.get("tenant")), None)
    if tenant is None:
        raise Http404("there is no such tenant")
    principal = _principal(request, tenant)
    try:
        return changing.make(request, principal)
    except Refusal as refusal:
        draft = {**changing.draft_in(request), "tenant": tenant.slug, "faults": faults_of(refusal, view.NAMES)}
        return _list(request, draft, refusal.status)


def _change(request: HttpRequest, row: WebhookEndpoint) -> HttpResponse:
    principal, name = _principal(request, row.tenant), request.POST.get("action", "")
    if name not in changing.CHANGES:
        raise Http404("there is nothing of the kind to do")
    try:
        return changing.CHANGES[name](request, principal, row)
    except Refusal as refusal:
        faults = faults_of(refusal, view.NAMES)
        if name == "change":
            return _one(request, row, {**changing.draft_in(request), "faults": faults}, refusal.status)
        messages.error(request, " ".join(f"{fault.rstrip('.')}." for fault in faults))
        return redirect("console-webhooks" if refusal.status == 404 else reverse("console-webhook", args=[row.public_id]))


def _redeliver(request: HttpRequest, row: WebhookDelivery) -> HttpResponse:
    principal = _principal(request, row.endpoint.tenant)
    try:
        return changing.redeliver(request, principal, row)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
        return redirect("console-delivery", row.endpoint.public_id, row.public_id)
