"""Console pages of the failure catalog: its entries, editable by role, and the failures that met it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from agents.console_base import (
    EVERY_ROLE,
    OPERATING_ROLES,
    PAYLOAD_ROLES,
    TenantScopedAdmin,
    may,
    sees_everything,
    tenants_for,
)
from catalog import admin_circuits, entries  # noqa: F401 - pages register themselves
from catalog.models import CatalogEntry, FailureMatch
from skills.refusal import Refusal

EDITABLE = ("mode", "parameters", "suggestions", "doc_url", "prior_confidence")


class EntryForm(forms.ModelForm):
    """Checks a change with the document's own schema, and says each fault at its field."""

    class Meta:
        model = CatalogEntry
        fields = EDITABLE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        changes = {name: cleaned[name] for name in EDITABLE if name in cleaned}
        try:
            entries.validated_change(entries.document_of(CatalogEntry.objects.get(pk=self.instance.pk)), changes)
        except Refusal as refusal:
            for fault in refusal.errors:
                field = fault["pointer"].split("/")[1]
                self.add_error(field if field in self.fields else None, f"{fault['pointer']}: {fault['detail']}")
        return cleaned


@admin.register(CatalogEntry)
class CatalogEntryAdmin(TenantScopedAdmin):
    form = EntryForm
    view_roles = EVERY_ROLE
    change_roles = OPERATING_ROLES
    list_display = ("code", "for_skill", "scope", "category", "retryable", "mode", "version", "updated_at")
    list_filter = ("category", "mode")
    list_select_related = ("tenant",)
    search_fields = ("=code", "=skill")
    ordering = ("code", "skill", "tenant_id")
    fields = ("code", "for_skill", "scope", "category", "retryable", *EDITABLE, "version", "updated_at")
    readonly_fields = ("code", "for_skill", "scope", "category", "retryable", "version", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogEntry]:
        shown = Q(tenant=None) | Q(tenant__in=tenants_for(request, self.view_roles))
        return self.model.objects.filter(shown).order_by(*self.ordering)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a tenant's operators change its own entries; what all share is the platform's."""
        if obj is not None and obj.tenant_id is None:
            return sees_everything(request)
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: CatalogEntry, form: EntryForm, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in EDITABLE}
        saved = entries.update_entry(
            entry_id=obj.pk, changes=changes, by=request.user.get_username(), reason="edited in the console", tenant=obj.tenant
        )
        obj.__dict__.update(saved.__dict__)

    @display(description="Skill")
    def for_skill(self, entry: CatalogEntry) -> str:
        return entry.skill or "every skill"

    @display(description="Scope")
    def scope(self, entry: CatalogEntry) -> str:
        return entry.tenant.slug if entry.tenant else "shared"


@admin.register(FailureMatch)
class FailureMatchAdmin(TenantScopedAdmin):
    view_roles = EVERY_ROLE
    list_display = ("created_at", "code", "skill", "step_id", "decision", "mode", "match_type", "recovered", "run_public_id")
    list_filter = ("category", "recovery_attempted")
    search_fields = ("=code", "=run_public_id", "^signature", "=public_id")
    ordering = ("-created_at",)

    def get_fields(self, request: HttpRequest, obj: FailureMatch | None = None) -> list[str]:
        """Return every column but the row id of the run; the message only to who may read what a run carries."""
        names = [field.name for field in self.opts.concrete_fields if field.name not in ("id", "run_id", "message")]
        shows_message = obj is not None and may(request, PAYLOAD_ROLES, obj.tenant_id)
        return [*names, "message"] if shows_message else names

    @display(description="Recovered")
    def recovered(self, match: FailureMatch) -> str:
        if not match.recovery_attempted:
            return "not tried"
        return {True: "yes", False: "no", None: "open"}[match.recovery_succeeded]
