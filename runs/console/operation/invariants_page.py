"""The invariants on one console page: what must be true of all runs, and on demand whether it is, for the person's own tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from agents.access.rights import is_platform, may, tenants_for
from agents.roles import HEALTH_ROLES
from runs.invariants import INVARIANTS, Checked, check_all
from skills.wording import Look


class Window(NamedTuple):
    """How far back to look, as the address and the button say it."""

    name: str
    title: str
    length: timedelta | None


WINDOWS = (
    Window("1h", "the last hour", timedelta(hours=1)),
    Window("1d", "the last day", timedelta(days=1)),
    Window("7d", "the last 7 days", timedelta(days=7)),
    Window("all", "all runs", None),
)
_HOLDS, _BROKEN = Look("✓", "holds", "green"), Look("✕", "broken", "red")


def invariants_page(request: HttpRequest) -> HttpResponse:
    """Show the invariants; with `?since=` check them. Reads only, so a GET may do it."""
    if not may(request, HEALTH_ROLES):
        raise PermissionDenied
    chosen = next((window for window in WINDOWS if window.name == request.GET.get("since")), None)
    context = {
        "title": "Invariants",
        "aos_windows": WINDOWS,
        "aos_chosen": chosen,
        "aos_invariants": INVARIANTS,
        "aos_checked": [(_HOLDS if each.held else _BROKEN, each) for each in _checked(request, chosen)] if chosen else [],
        "aos_whose": "all tenants" if is_platform(request) else "the tenants you operate",
    }
    return TemplateResponse(request, "console/invariants.html", {**admin.site.each_context(request), **context})


def _checked(request: HttpRequest, window: Window) -> list[Checked]:
    since = None if window.length is None else timezone.now() - window.length
    tenants = None if is_platform(request) else [tenant.pk for tenant in tenants_for(request, HEALTH_ROLES)]
    return check_all(since=since, tenants=tenants)
