"""Console pages of the failure catalog: the failures that met it here, its entries and circuits beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents.access.rights import may
from agents.console.base import TenantScopedAdmin
from agents.roles import CAUSE_ROLES, COST_ROLES, EVERY_ROLE, PAYLOAD_ROLES
from catalog.console import circuits_page, entries_page  # noqa: F401 - pages register themselves
from catalog.models import FailureMatch
from catalog.selectors import grouped_json
from skills.taxonomy import Category
from skills.wording import money


class CategoryFilter(admin.SimpleListFilter):
    """The categories there are, not those that occur, for which all failures would have to be looked through."""

    title = "category"
    parameter_name = "category__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(category.value, category.value.capitalize()) for category in Category]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FailureMatch]) -> QuerySet[FailureMatch]:
        return queryset.filter(category=self.value()) if self.value() else queryset


@admin.register(FailureMatch)
class FailureMatchAdmin(TenantScopedAdmin):
    view_roles = EVERY_ROLE
    list_display = ("when", "code", "skill", "step", "decision", "mode", "match_type", "recovered", "run")
    list_filter = (CategoryFilter, "recovery_attempted")
    lookup_roles = {"message": PAYLOAD_ROLES, "cause": CAUSE_ROLES, "host": CAUSE_ROLES, "cost_micro_usd": COST_ROLES}
    search_fields = ("=code", "=run_public_id", "^signature", "=public_id")
    ordering = ("-created_at",)

    def get_fieldsets(self, request: HttpRequest, obj: FailureMatch | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        """Return what is told of a failure: its words only to who may read what a run carries, its cost to who sees costs."""
        reads = obj is not None and may(request, PAYLOAD_ROLES, obj.tenant_id)
        knows = obj is not None and may(request, CAUSE_ROLES, obj.tenant_id)
        pays = obj is not None and may(request, COST_ROLES, obj.tenant_id)
        what = ["created_at", "code", "category", "skill", "skill_version", "effect", "phase"]
        where = ["run", "step_id", "attempt", "agent", "seq", "public_id", *(["injected"] if obj and obj.injected else [])]
        return [
            ("What failed", {"fields": [*what, *(["message"] if reads else []), *(["cost"] if pays else []), *where]}),
            ("Why it is grouped as it is", {"fields": ["grouped_by" if knows else "grouped_by_fields", "group"]}),
            ("What the catalog said", {"fields": ["match_type", "entry", "confidence", "mode", "candidate", "shadow_mode", "decision"]}),
            ("What came of it", {"fields": ["recovery_attempted", "recovery_succeeded", "recovered_by", "resolved_at"]}),
        ]

    @display(description="When (UTC)", ordering="created_at")
    def when(self, match: FailureMatch) -> str:
        return match.created_at.strftime("%Y-%m-%d %H:%M:%S")

    @display(description="Step", ordering="step_id")
    def step(self, match: FailureMatch) -> str:
        return match.step_id

    @display(description="Run")
    def run(self, match: FailureMatch) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:runs_run_change", args=[match.run_public_id]), _name(match.run_public_id))

    @display(description="Signature")
    def group(self, match: FailureMatch) -> SafeString:
        url = f"{reverse('admin:catalog_failurematch_changelist')}?q={match.signature}"
        return format_html('<a href="{}" title="All failures of this signature">{}</a>', url, _name(match.signature))

    @display(description="Cost")
    def cost(self, match: FailureMatch) -> str:
        return money(match.cost_micro_usd)

    @display(description="Shared by all failures of this signature")
    def grouped_by(self, match: FailureMatch) -> SafeString:
        return _facts({**grouped_json(match), "cause": match.cause or "no words"})

    @display(description="Shared by all failures of this signature")
    def grouped_by_fields(self, match: FailureMatch) -> SafeString:
        return _facts({**grouped_json(match), **dict.fromkeys(("host", "cause"), "not shown to your role")})

    @display(description="Recovered")
    def recovered(self, match: FailureMatch) -> str:
        if not match.recovery_attempted:
            return "not tried"
        return {True: "yes", False: "no", None: "open"}[match.recovery_succeeded]


def _name(text: str) -> SafeString:
    """Return an id so that it breaks where there is no room for it."""
    return format_html('<code class="aos-id">{}</code>', text)


def _facts(told: dict[str, str | None]) -> SafeString:
    """Return names and values as a list a screen reader tells as such."""
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((name, value or "—") for name, value in told.items()))
    return format_html('<dl class="aos-facts">{}</dl>', rows)
