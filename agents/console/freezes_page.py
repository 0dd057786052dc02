"""Console pages of the kill switch: what is frozen, by whom and why; operators freeze here, and lift."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import F, ForeignKey, Model, OuterRef, Q, QuerySet, Subquery
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from agents import freezes
from agents.access.rights import is_platform, may, tenants_for
from agents.console.base import TenantScopedAdmin
from agents.models import Agent, Freeze, FreezeKind, Tenant
from agents.roles import EVERY_ROLE, OPERATING_ROLES
from skills.console_base import chip
from skills.refusal import Refusal


class FreezeForm(forms.ModelForm):
    """Asks what to freeze and why, and says at the field what the service would refuse."""

    class Meta:
        model = Freeze
        fields = ("tenant", "kind", "key", "reason")
        help_texts = {
            "tenant": "Whose. Who runs the installation may leave it empty, to freeze a skill for everybody.",
            "key": "Name or id of the agent, name of the skill; the tenant itself needs none.",
            "reason": "Told to everybody who is refused because of it.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                freezes.check(cleaned["tenant"], cleaned["kind"], cleaned["key"], cleaned["reason"])
            except Refusal as refusal:
                for fault in refusal.errors or [{"pointer": "/key", "detail": refusal.detail}]:
                    self.add_error(fault["pointer"].removeprefix("/"), fault["detail"])
        return cleaned


@admin.register(Freeze)
class FreezeAdmin(TenantScopedAdmin):
    form = FreezeForm
    view_roles = EVERY_ROLE
    add_roles = OPERATING_ROLES
    list_display = ("what", "state", "why", "by", "since", "tenant", "lifted")
    list_filter = ("kind",)
    list_select_related = ("tenant",)
    search_fields = ("=public_id", "=key")
    ordering = (F("lifted_at").desc(nulls_first=True), "-frozen_at")
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let the platform freeze a skill for everybody; what is a tenant's, its operators freeze."""
        return is_platform(request) or super().has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Freeze]:
        """Show what is frozen for everybody too: whoever is refused because of it must be able to read why."""
        shown = Q() if is_platform(request) else Q(tenant=None) | Q(tenant__in=tenants_for(request, self.view_roles))
        named = Subquery(Agent.objects.filter(public_id=OuterRef("key")).values("name"))
        return self.model.objects.filter(shown).annotate(agent_name=named).order_by(*self.ordering)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Model], request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.related_model is Tenant:
            field.required = not is_platform(request)
        return field

    def save_model(self, request: HttpRequest, obj: Freeze, form: FreezeForm, change: bool) -> None:
        found, is_new = freezes.freeze(tenant=obj.tenant, kind=obj.kind, key=obj.key, reason=obj.reason, by=request.user.get_username())
        obj.__dict__.update(found.__dict__)
        if not is_new:
            messages.warning(request, f"{obj} was frozen already, by {self.by(obj)}: {obj.reason}")

    # One freeze

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, unquote(object_id))
        may_lift = found.lifted_at is None and self.has_lift_permission(request, found)
        told = freezes.freeze_json(found, names_operator=is_platform(request))
        shown = {"aos_freeze": told, "aos_state": self.state(found), "aos_what": self.what(found), "aos_tenant": found.tenant}
        return self.page(request, "console/freeze.html", found, {**shown, "aos_may_lift": may_lift})

    def get_urls(self) -> list[URLPattern]:
        lift = require_POST(self.admin_site.admin_view(self.lift_view))
        return [path("<str:object_id>/lift/", lift, name="agents_freeze_lift"), *super().get_urls()]

    def has_lift_permission(self, request: HttpRequest, found: Freeze) -> bool:
        """Let a tenant's operators lift what is frozen of it; what is frozen for everybody is the platform's."""
        return is_platform(request) if found.tenant_id is None else may(request, OPERATING_ROLES, found.tenant_id)

    def lift_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lift a freeze by the same service as the API, and go back to its page."""
        found = self.get_object(request, unquote(object_id))
        if not self.has_lift_permission(request, found):
            raise PermissionDenied
        try:
            freezes.lift(found, reason=request.POST.get("reason", ""), by=request.user.get_username())
            messages.success(request, f"{found} is frozen no more; what waits because of it goes on.")
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return redirect("admin:agents_freeze_change", found.pk)

    @display(description="What")
    def what(self, found: Freeze) -> str:
        name = found.tenant.slug if found.tenant and found.kind == FreezeKind.TENANT else getattr(found, "agent_name", None)
        return f"{found.kind} {name or found.key}{'' if found.tenant_id else ' for everybody'}"

    @display(description="State")
    def state(self, found: Freeze) -> SafeString:
        return chip("lifted" if found.lifted_at else "frozen")

    @display(description="Why")
    def why(self, found: Freeze) -> str:
        return found.reason

    @display(description="By")
    def by(self, found: Freeze) -> str:
        return str(freezes.freeze_json(found)["frozen_by"])

    @display(description="Since (UTC)")
    def since(self, found: Freeze) -> str:
        return found.frozen_at.strftime("%Y-%m-%d %H:%M:%S")

    @display(description="Lifted")
    def lifted(self, found: Freeze) -> str:
        told = freezes.freeze_json(found)
        return f"by {told['lifted_by']}: {told['lifted_because']}" if found.lifted_at else ""
