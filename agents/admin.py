"""Console pages of tenants, people, agents and the ledger."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from agents import admin_audit, admin_freezes, services  # noqa: F401 - pages register themselves
from agents.admin_writes import AuditedWrites
from agents.console_base import COST_ROLES, EVERY_ROLE, OVERSIGHT_ROLES, OWNING_ROLES, TenantScopedAdmin, sees_everything
from agents.models import Agent, EntryKind, LedgerEntry, LedgerScope, Membership, Tenant
from skills.ids import is_id
from skills.refusal import Refusal
from skills.wording import money

admin.site.unregister(User)
admin.site.unregister(Group)
# Kept by sign-ins alone, and by the settings.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])


class PlatformOnly(ModelAdmin):
    """Sign-in and platform rights: whoever could edit these could give themselves any role."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_everything(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_everything(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_everything(request)


@admin.register(User)
class ConsoleUserAdmin(AuditedWrites, PlatformOnly, UserAdmin):
    verbs = ("user.create", "user.update", "user.delete")
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class ConsoleGroupAdmin(AuditedWrites, PlatformOnly, GroupAdmin):
    verbs = ("group.create", "group.update", "group.delete")


@admin.register(Tenant)
class TenantAdmin(AuditedWrites, TenantScopedAdmin):
    verbs = ("tenant.create", "tenant.update", "tenant.delete")
    tenant_path = "pk"
    view_roles = EVERY_ROLE
    list_display = ("slug", "name", "is_active", "weight", "max_concurrent_runs", "max_queued_runs", "created_at")
    fields = (
        *("slug", "name", "is_active", "time_zone", "weight", "max_concurrent_runs", "max_queued_runs"),
        *("requests_per_minute", "allow_faults"),
        *("public_id", "created_at"),
    )
    readonly_fields = ("public_id", "created_at")
    search_fields = ("=slug", "=public_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_everything(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_everything(request)


@admin.register(Membership)
class MembershipAdmin(AuditedWrites, TenantScopedAdmin):
    """Only the platform adds people: the choice of users would show a tenant who works for the others."""

    verbs = ("membership.grant", "membership.change", "membership.remove")
    view_roles = OVERSIGHT_ROLES
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
    fields = ("user", "tenant", "role")
    search_fields = ("=user__username",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_everything(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_everything(request)

    has_delete_permission = has_change_permission


class Indented(json.JSONEncoder):
    """Shows a profile one line per field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2})


class AgentForm(forms.ModelForm):
    """Checks what the service would refuse, and says it at the field."""

    class Meta:
        model = Agent
        fields = ("tenant", "name", "description", "status", "profile")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # To a form {} is "nothing entered"; to us it is a profile of defaults.
        self.fields["profile"].required = False
        self.fields["profile"].encoder = Indented  # type: ignore[attr-defined]

    def clean_profile(self) -> dict[str, Any]:
        try:
            return services.checked_profile(self.cleaned_data["profile"] or {})
        except Refusal as refusal:
            raise forms.ValidationError(told(refusal)) from None

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if is_id("agt", name):
            raise forms.ValidationError("a name must not look like an agent id")
        return str(name)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        tenant = cleaned.get("tenant") or (self.instance.tenant if self.instance.pk else None)
        taken = Agent.objects.filter(tenant=tenant, name=cleaned.get("name")).exclude(pk=self.instance.pk)
        if tenant is not None and taken.exists():
            self.add_error("name", f"there is an agent '{cleaned['name']}' in {tenant} already")
        return cleaned


def told(refusal: Refusal) -> list[str]:
    """Return a refusal as sentences, one per fault."""
    return [f"{fault['pointer']}: {fault['detail']}" for fault in refusal.errors] or [refusal.detail]


@admin.register(Agent)
class AgentAdmin(TenantScopedAdmin):
    form = AgentForm
    view_roles = EVERY_ROLE
    add_roles = change_roles = delete_roles = OWNING_ROLES
    list_display = ("name", "tenant", "status", "description", "version", "updated_at")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    search_fields = ("=name", "=public_id")
    fields = ("tenant", "name", "description", "status", "profile", "public_id", "version", "created_at", "updated_at")
    readonly_fields = ("public_id", "version", "created_at", "updated_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else ("tenant", *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Agent, form: AgentForm, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "description", "status", "profile")}
        if change:
            saved = services.update_agent(tenant=obj.tenant, agent_id=obj.public_id, changes=values)
        else:
            saved = services.create_agent(tenant=obj.tenant, **values)
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: Agent) -> None:
        services.delete_agent(tenant=obj.tenant, agent_id=obj.public_id)


@admin.register(LedgerScope)
class LedgerScopeAdmin(TenantScopedAdmin):
    view_roles = COST_ROLES
    list_display = ("__str__", "tenant", "spent", "reserved", "limit")
    list_filter = ("kind", "day")
    list_select_related = ("tenant",)
    search_fields = ("=key",)
    ordering = ("-id",)
    fields = readonly_fields = ("tenant", "kind", "key", "day", "spent", "reserved", "limit", "parent", "is_closed")

    @display(description="Spent")
    def spent(self, scope: LedgerScope) -> str:
        return money(scope.spent_micro_usd)

    @display(description="Reserved")
    def reserved(self, scope: LedgerScope) -> str:
        return money(scope.reserved_micro_usd)

    @display(description="Limit")
    def limit(self, scope: LedgerScope) -> str:
        return "unlimited" if scope.limit_micro_usd is None else money(scope.limit_micro_usd)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(TenantScopedAdmin):
    tenant_path = "scope__tenant"
    view_roles = COST_ROLES
    list_display = ("created_at", "scope", "kind", "amount", "reference")
    list_filter = ("kind",)
    list_select_related = ("scope",)
    search_fields = ("=reference", "=scope__key")
    ordering = ("-id",)
    fields = readonly_fields = ("scope", "kind", "amount", "limit", "reference", "created_at")

    @display(description="Amount")
    def amount(self, entry: LedgerEntry) -> str:
        return money(entry.amount_micro_usd)

    @display(description="Sets the limit to")
    def limit(self, entry: LedgerEntry) -> str:
        if entry.kind != EntryKind.ADJUST:
            return "-"
        return "unlimited" if entry.limit_micro_usd is None else money(entry.limit_micro_usd)
