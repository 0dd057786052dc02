"""Break-glass on the console: who runs the installation opens the contents of a tenant, and those who oversee the tenant see who did."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from agents import audit
from agents.access.break_glass import MINUTES, close_glass, ended_at, open_glass, openings_of
from agents.access.rights import glasses_of, is_platform, may, tenants_for
from agents.console.forms import faults_of, page_number, typed
from agents.models import BreakGlass
from agents.reasons import LEAST_REASON, LONGEST_REASON
from agents.roles import OVERSIGHT_ROLES, Roles
from skills.refusal import Refusal

Json = dict[str, Any]
VIEW_ROLES: Roles = OVERSIGHT_ROLES
A_PAGE = 50
NAMES = {"tenant": "Tenant", "reason": "Why", "minutes": "For how long"}


def glass(request: HttpRequest) -> Json:
    """Give templates `aos_glasses`, what the person has open now. It is asked for by the console's frame alone."""
    return {"aos_glasses": partial(_open_now, request)}


def _open_now(request: HttpRequest) -> list[Json]:
    if getattr(request, "user", None) is None:
        return []
    return [_line(each) for each in glasses_of(request).values()]


def break_glass_page(request: HttpRequest) -> HttpResponse:
    """List the openings of one's tenants; on POST the platform opens one, or closes its own."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, {"tenant": typed(request.GET, "tenant"), "back": typed(request.GET, "back")})
    if not is_platform(request):
        raise PermissionDenied
    audit.act_as(request.user.get_username(), via="console")
    return _open(request) if request.POST.get("action") == "open" else _close(request)


def _page(request: HttpRequest, draft: Json, status: int = 200) -> HttpResponse:
    tenants, number = tenants_for(request, VIEW_ROLES), page_number(request.GET)
    rows = list(openings_of(tenants)[(number - 1) * A_PAGE : number * A_PAGE + 1])
    context = {
        "title": "Break-glass",
        "aos_may_open": is_platform(request),
        "aos_tenants": tenants.order_by("slug"),
        "aos_draft": {"minutes": MINUTES[0], **draft},
        "aos_minutes": MINUTES,
        "aos_least": LEAST_REASON,
        "aos_longest": LONGEST_REASON,
        "aos_openings": [_line(row) for row in rows[:A_PAGE]],
        "aos_newer": f"?page={number - 1}" if number > 1 else "",
        "aos_older": f"?page={number + 1}" if len(rows) > A_PAGE else "",
    }
    return TemplateResponse(request, "console/break_glass.html", {**admin.site.each_context(request), **context}, status=status)


def _line(row: BreakGlass) -> Json:
    ended = ended_at(row)
    return {
        "id": row.pk,
        "tenant": row.tenant.name,
        "by": row.user.get_username(),
        "reason": row.reason,
        "opened": f"{row.opened_at:%Y-%m-%d %H:%M}",
        "until": f"{row.expires_at:%H:%M} UTC",
        "left": max(1, round((row.expires_at - timezone.now()).total_seconds() / 60)),
        "ended": "" if ended is None else f"{ended:%Y-%m-%d %H:%M}",
        "was_closed": row.closed_at is not None,
        "pages": row.pages,
    }


def _open(request: HttpRequest) -> HttpResponse:
    draft = {name: typed(request.POST, name) for name in ("tenant", "reason", "minutes", "back")}
    tenant = tenants_for(request, VIEW_ROLES).filter(slug=draft["tenant"]).first()
    if tenant is None:
        raise Http404("there is no such tenant")
    minutes = _number(draft["minutes"])
    try:
        made = open_glass(tenant=tenant, user=_person(request), reason=draft["reason"], minutes=minutes)
    except Refusal as refusal:
        return _page(request, {**draft, "minutes": minutes, "faults": faults_of(refusal, NAMES)}, refusal.status)
    until = f"{made.expires_at:%H:%M} UTC"
    messages.success(request, f"You see the contents of {tenant.name} until {until}. Its audit log says what you look at.")
    return _back(request)


def _close(request: HttpRequest) -> HttpResponse:
    try:
        closed = close_glass(user=_person(request), glass_id=_number(typed(request.POST, "opening")))
        messages.success(request, f"Closed: the contents of {closed.tenant.name} are hidden again.")
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return _back(request)


def _number(text: str) -> int:
    """Return a number that was typed; 0, which no opening has and none lasts, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _person(request: HttpRequest) -> User:
    return User.objects.get(pk=request.user.pk or 0)


def _back(request: HttpRequest) -> HttpResponse:
    """Go to where the person came from, if that is a page of the console."""
    wanted = typed(request.POST, "back")
    is_ours = wanted.startswith("/admin/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return redirect(wanted if is_ours else "console-break-glass")
