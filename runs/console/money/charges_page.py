"""The console's list of charges: what each call cost, behind every number of the cost page. Read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from agents.access.rights import is_platform, roles_of
from agents.console.base import TenantScopedAdmin
from agents.roles import COST_ROLES
from runs.models import Charge, PricingStatus, Waste
from runs.shell.clock import as_datetime
from skills.wording import UNKNOWN, money

_BUCKETS = (("in", "input_tokens"), ("out", "output_tokens"), ("cache read", "cache_read_tokens"), ("cache write", "cache_write_tokens"))
_WASTE = {Waste.RETRY: "retried in vain", Waste.LOOP: "looped"}
_GUESS = {PricingStatus.UNPRICED: "at worst: no price known", PricingStatus.ESTIMATED: "at worst: it was lost"}


@admin.register(Charge)
class ChargeAdmin(TenantScopedAdmin):
    view_roles = COST_ROLES
    list_display = ("at", "run_link", "step_said", "skill_said", "cost", "tokens", "remark", "tenant")
    list_filter = ("waste", "pricing_status")
    list_select_related = ("tenant",)
    search_fields = ("=run_public_id", "=skill", "=model")
    ordering = ("-id",)
    sortable_by = ()
    fields = readonly_fields = (
        "at",
        "day",
        "tenant",
        "agent_public_id",
        "run_link",
        "seq",
        "step_said",
        "skill_said",
        "provider",
        "model",
        "cost",
        "tokens",
        "pricing_version",
        "pricing_status",
        "waste",
    )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        one_tenant = not is_platform(request) and len(roles_of(request)) == 1
        return self.list_display[:-1] if one_tenant else self.list_display

    @display(description="When (UTC)")
    def at(self, charge: Charge) -> str:
        return as_datetime(charge.at_ms).strftime("%Y-%m-%d %H:%M:%S")

    @display(description="Run")
    def run_link(self, charge: Charge) -> SafeString:
        address = reverse("admin:runs_run_change", args=[charge.run_public_id])
        return format_html('<a class="aos-id" href="{}">{}</a>', address, charge.run_public_id)

    @display(description="Step")
    def step_said(self, charge: Charge) -> str:
        if not charge.step:
            return "all of it"
        name = "planning" if charge.step == "$plan" else charge.step
        return name if charge.attempt < 2 else f"{name}, attempt {charge.attempt}"

    @display(description="Skill")
    def skill_said(self, charge: Charge) -> str | SafeString:
        name = " ".join(filter(None, (charge.skill, charge.skill_version))) or UNKNOWN
        return format_html('{}<span class="aos-sub">{}</span>', name, charge.model) if charge.model else name

    @display(description="Cost")
    def cost(self, charge: Charge) -> str:
        return money(charge.cost_micro_usd)

    @display(description="Tokens")
    def tokens(self, charge: Charge) -> str:
        counts = [(name, getattr(charge, field)) for name, field in _BUCKETS]
        return " · ".join(f"{count:,} {name}" for name, count in counts if count) or UNKNOWN

    @display(description="Remark")
    def remark(self, charge: Charge) -> str:
        found: list[Any] = [_WASTE.get(Waste(charge.waste)), _GUESS.get(PricingStatus(charge.pricing_status))]
        return " · ".join(filter(None, found)) or UNKNOWN
