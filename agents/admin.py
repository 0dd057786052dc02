"""Console pages of tenants, people and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.forms import ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from agents import person_names
from agents.access.rights import is_platform
from agents.console import audit_page, freezes_page  # noqa: F401 - pages register themselves
from agents.console.audited_writes import AuditedWrites
from agents.console.base import TenantScopedAdmin
from agents.models import EntryKind, LedgerEntry, LedgerScope, Tenant
from agents.roles import COST_ROLES, EVERY_ROLE, SUM_ROLES
from skills.console_base import CheckedList
from skills.wording import money

if TYPE_CHECKING:
    _Form = ModelForm[User]
    _Rows = ModelMultipleChoiceField[User]
else:
    _Form = object
    _Rows = ModelMultipleChoiceField

admin.site.unregister(User)
admin.site.unregister(Group)
# Kept by sign-ins alone, and by the settings.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])


class _Chosen(_Rows):
    """Several rows by their numbers, of which SQLite fails on one that is too large."""

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except OverflowError:
            raise ValidationError("one of these numbers is of no row") from None


class PlatformOnly(CheckedList):
    """Sign-in and platform rights: whoever could edit these could give themselves any role."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_platform(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_platform(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_platform(request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, form_class=_Chosen, **kwargs)


class _Named(_Form):
    """Mixed into the forms of people: says at its field why a name cannot be theirs."""

    def clean_username(self) -> str:
        # The form that adds somebody looks for the same name by a method of this name.
        before = getattr(super(), "clean_username", None)
        name: str = before() if before is not None else self.cleaned_data["username"]
        fault = person_names.fault_of(name, self.instance.pk) if name and name != self.initial.get("username") else None
        if fault is not None:
            raise ValidationError(fault)
        return name


class _PersonForm(_Named, UserChangeForm):
    pass


class _NewPersonForm(_Named, UserCreationForm):
    pass


@admin.register(User)
class ConsoleUserAdmin(AuditedWrites, UserAdmin, PlatformOnly):
    verbs = ("user.create", "user.update", "user.delete")
    form = _PersonForm
    add_form = _NewPersonForm
    change_password_form = AdminPasswordChangeForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody is deleted, but made inactive: who is deleted comes in again by the issuer, as somebody who never asked for anything."""
        return False


@admin.register(Group)
class ConsoleGroupAdmin(AuditedWrites, GroupAdmin, PlatformOnly):
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
        return is_platform(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_platform(request)


@admin.register(LedgerScope)
class LedgerScopeAdmin(TenantScopedAdmin):
    view_roles = SUM_ROLES
    list_display = ("scope", "tenant", "spent", "reserved", "limit")
    list_filter = ("kind", "day")
    list_select_related = ("tenant",)
    search_fields = ("=key",)
    ordering = ("-id",)
    fields = readonly_fields = ("tenant", "kind", "key", "day", "spent", "reserved", "limit", "parent", "is_closed")

    @display(description="Scope")
    def scope(self, scope: LedgerScope) -> str:
        return str(scope)

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
