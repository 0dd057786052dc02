"""The console's page of the audit log: who did what, for those who oversee it. Nobody changes anything here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from unfold.decorators import display

from agents.access.rights import is_platform, may, tenants_for
from agents.audit import ACTIONS
from agents.console.base import TenantScopedAdmin
from agents.models import AuditEntry, Tenant
from agents.roles import OVERSIGHT_ROLES


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantScopedAdmin):
    view_roles = OVERSIGHT_ROLES
    list_display = ("seq", "when", "actor", "via", "did", "target", "said")
    list_filter = ("action", "via")
    search_fields = ("=actor", "=target", "=trace_id")
    ordering = ("-id",)
    sortable_by = ("seq",)
    fields = ("seq", "at", "actor", "via", "key_id", "action", "target", "before", "after", "reason", "trace_id", "prev", "hash")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        owner = Tenant.objects.annotate(chain=Concat(Value("tenant:"), Cast("pk", CharField()))).filter(chain=OuterRef("chain__key"))
        rows = AuditEntry.objects.select_related("chain").annotate(slug=Subquery(owner.values("slug")[:1]))
        if is_platform(request):
            return rows
        return rows.filter(chain__key__in=[f"tenant:{tenant.pk}" for tenant in tenants_for(request, self.view_roles)])

    def _allowed(self, request: HttpRequest, roles: Any, obj: Any) -> bool:
        # Which rows there are, the query says; an entry belongs to its chain, and the chain to a tenant.
        return may(request, roles)

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        """Say whose log it is where there are several: each counts for itself."""
        several = is_platform(request) or tenants_for(request, self.view_roles).count() > 1
        return ("whose", *self.list_display) if several else self.list_display

    @display(description="Log of")
    def whose(self, entry: AuditEntry) -> str:
        return getattr(entry, "slug", None) or entry.chain.key.partition(":")[0]

    @display(description="When (UTC)")
    def when(self, entry: AuditEntry) -> str:
        return entry.at.strftime("%Y-%m-%d %H:%M:%S")

    @display(description="What")
    def did(self, entry: AuditEntry) -> str:
        return ACTIONS.get(entry.action, entry.action)

    @display(description="Why, or what it is now")
    def said(self, entry: AuditEntry) -> str:
        text = entry.reason or entry.after
        return text if len(text) <= 120 else text[:119] + "…"
