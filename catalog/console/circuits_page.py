"""Console page of circuits: which hosts are left alone, since which failure and until when; operators close one by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from agents.access.rights import may, may_everywhere, own_tenants
from agents.clock import ask_time
from agents.console.base import TenantScopedAdmin
from agents.roles import CAUSE_ROLES, EVERY_ROLE, OPERATING_ROLES
from catalog import circuits
from catalog.models import Circuit
from skills.console_base import chip
from skills.refusal import Refusal
from skills.wording import duration

HIDDEN = "a host not shown to your role"
CHIPS = {"open": "circuit_open", "half_open": "circuit_half_open", "closed": "circuit_closed"}


@admin.register(Circuit)
class CircuitAdmin(TenantScopedAdmin):
    view_roles = EVERY_ROLE
    list_display = ("where", "skill", "state", "in_a_row", "waits", "last_code", "times", "changed", "tenant")
    list_filter = ("last_code",)
    list_select_related = ("tenant",)
    lookup_roles = {"host": CAUSE_ROLES}
    ordering = (F("open_until_ms").desc(nulls_last=True), "-changed_at_ms")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Circuit]:
        """Return the circuits with the time by which they are judged, the same for all of a page, and whether their host is told."""
        rows: QuerySet[Circuit] = super().get_queryset(request)
        told = ExpressionWrapper(Q(tenant__in=own_tenants(request, CAUSE_ROLES)), BooleanField())
        return rows.annotate(now_ms=Value(ask_time()), tells_host=told)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Circuit:
        """Return a circuit without where it leads for who is not told that."""
        found: Circuit = super().get_object(request, object_id, from_field)
        if not found.__dict__["tells_host"]:
            found.host = HIDDEN
        return found

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("=skill", "=host", "^host") if may_everywhere(request, CAUSE_ROLES) else ("=skill",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        told = _told(found)
        is_at_rest = told["state"] == "closed" and not found.failures
        may_reset = not is_at_rest and may(request, OPERATING_ROLES, found.tenant_id)
        shown = {"aos_circuit": told, "aos_state": self.state(found), "aos_waits": self.waits(found), "aos_tenant": found.tenant}
        return self.page(request, "console/circuit.html", found, {**shown, "aos_may_reset": may_reset})

    def get_urls(self) -> list[URLPattern]:
        reset = require_POST(self.admin_site.admin_view(self.reset_view))
        return [path("<str:object_id>/reset/", reset, name="catalog_circuit_reset"), *super().get_urls()]

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close a circuit by the same service as the API, and go back to its page."""
        found = self.get_object(request, unquote(object_id))
        if not may(request, OPERATING_ROLES, found.tenant_id):
            raise PermissionDenied
        try:
            reason, by = request.POST.get("reason", ""), request.user.get_username()
            circuits.reset(tenant=found.tenant, skill=found.skill, host=found.host, reason=reason, by=by)
            messages.success(request, f"{found} is closed: calls are made again, also by runs that wait, when they look next.")
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return redirect("admin:catalog_circuit_change", found.pk)

    @display(description="Host")
    def where(self, found: Circuit) -> str:
        return found.host if found.__dict__["tells_host"] else HIDDEN

    @display(description="State")
    def state(self, found: Circuit) -> SafeString:
        return chip(CHIPS[_told(found)["state"]])

    @display(description="Failures in a row")
    def in_a_row(self, found: Circuit) -> str:
        return f"{found.failures} of {circuits.bounds().failures}"

    @display(description="Lets through")
    def waits(self, found: Circuit) -> str:
        if found.open_until_ms is None:
            return "every call"
        left = found.open_until_ms - _now_ms(found)
        return f"nothing for another {duration(left)}" if left > 0 else "one call at a time, as a trial"

    @display(description="Opened")
    def times(self, found: Circuit) -> str:
        return "once" if found.openings == 1 else f"{found.openings} times" if found.openings else "never"

    @display(description="Changed (UTC)")
    def changed(self, found: Circuit) -> str:
        return datetime.fromtimestamp(found.changed_at_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _now_ms(found: Circuit) -> int:
    """Return the time a row was read at."""
    return int(found.__dict__["now_ms"])


def _told(found: Circuit) -> dict[str, Any]:
    return circuits.circuit_json(found, _now_ms(found))
