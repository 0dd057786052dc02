"""Console pages of catalog entries: operators override for their tenant, edit with a reason, go back to earlier versions, remove."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import ForeignKey, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from agents.access.rights import is_platform, tenants_for
from agents.console.base import TenantScopedAdmin
from agents.reasons import LONGEST_REASON, SHORTEST_REASON
from agents.roles import EVERY_ROLE, OPERATING_ROLES
from catalog import entries
from catalog.entries import EDITABLE
from catalog.models import CatalogEntry
from catalog.selectors import versions_json
from skills.console_base import chip
from skills.refusal import Refusal
from skills.strict_json import read_strict
from skills.taxonomy import CODES, RecoveryMode

_TERMS = (
    "JSON. Pace: max_attempts, first_ms, cap_ms, factor. CHECKPOINT_RESTORE: max_restores. FALLBACK: fallback_skill, fallback_params. "
    "What is left out comes from the taxonomy."
)


class StrictJsonField(forms.Field):
    """Takes the JSON the API takes, and no other: deep nesting and NUL are refused, not passed on."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> Any:
        try:
            return read_strict(value.encode("utf-8", "surrogatepass"), "this") if value and value.strip() else {}
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail) from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value or {}, indent=2, ensure_ascii=False)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != data)


class LinesField(forms.CharField):
    """Takes a list of texts, one a line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class DocumentForm(forms.ModelForm):
    """Asks what an entry says, and why; whatever the service would refuse is said at its field."""

    mode = forms.ChoiceField(
        required=False,
        choices=[("", "as the taxonomy says"), *((mode.value, mode.value.replace("_", " ").lower()) for mode in RecoveryMode)],
        widget=UnfoldAdminSelectWidget,
        label="What is done",
    )
    parameters = StrictJsonField(required=False, help_text=_TERMS, widget=UnfoldAdminTextareaWidget({"rows": 6}))
    suggestions = LinesField(
        required=False, widget=UnfoldAdminTextareaWidget({"rows": 4}), help_text="What a person should try, one suggestion a line."
    )
    reason = forms.CharField(
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget,
        help_text="Why, for those who read the history.",
    )

    class Meta:
        model = CatalogEntry
        fields: tuple[str, ...] = EDITABLE
        labels = {"doc_url": "Link", "prior_confidence": "Confidence assumed"}
        help_texts = {
            "doc_url": "Left empty: the page of the code.",
            "prior_confidence": "From 0 to 1, believed until it is measured how often this works.",
        }

    def document(self) -> dict[str, Any]:
        """Return what was entered as a document; what was left empty is left out."""
        names = [name for name in ("code", "skill", *EDITABLE) if self.cleaned_data.get(name) not in (None, "")]
        return {name: self.cleaned_data[name] for name in names}

    def check(self) -> None:
        """Raise Refusal for what the service would refuse."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        # Not the parent's: what the row must keep is said at the field by the service.
        if not self.errors:
            try:
                self.check()
            except Refusal as refusal:
                for fault in refusal.errors or [{"pointer": "/", "detail": refusal.detail}]:
                    field = fault["pointer"].split("/")[1]
                    self.add_error(field if field in self.fields else None, f"{fault['pointer']}: {fault['detail']}")
        return self.cleaned_data


class OverrideForm(DocumentForm):
    """Makes an entry."""

    code = forms.ChoiceField(choices=[(code, code) for code in CODES], widget=UnfoldAdminSelectWidget)

    class Meta(DocumentForm.Meta):
        fields = ("tenant", "code", "skill", *EDITABLE)
        help_texts = {
            **DocumentForm.Meta.help_texts,
            "tenant": "Whose. Who runs the installation may leave it empty, for an entry all tenants share.",
        }

    def _get_validation_exclusions(self) -> set[str]:
        """Leave out what makes an entry unique: one that was removed may be made anew."""
        return {*super()._get_validation_exclusions(), "tenant", "code", "skill"}  # type: ignore[misc] # the stubs leave it out

    def check(self) -> None:
        document = entries.validated(self.document())
        same = CatalogEntry.objects.filter(tenant=self.cleaned_data["tenant"], code=document.code, skill=document.skill)
        if same.filter(removed_at__isnull=True).exists():
            raise entries.taken(document)


class EntryForm(DocumentForm):
    """Changes an entry, if it is still the version that was looked at."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expected_version" in self.fields:
            self.fields["expected_version"].initial = self.instance.version

    def check(self) -> None:
        row = CatalogEntry.objects.get(pk=self.instance.pk)
        expected = self.cleaned_data.get("expected_version")
        if expected is not None and expected != row.version:
            raise Refusal("INVALID_INPUT", "Somebody changed the entry meanwhile. Open it again, and decide on what it says now.")
        entries.validated_change(entries.document_of(row), self.changes())

    def changes(self) -> dict[str, Any]:
        """Return every field; what was emptied goes back to what the taxonomy says."""
        return {name: None if self.cleaned_data[name] == "" else self.cleaned_data[name] for name in EDITABLE}


class StateFilter(admin.SimpleListFilter):
    """Tells what advises from what was removed."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("advising", "advises"), ("removed", "removed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CatalogEntry]) -> QuerySet[CatalogEntry]:
        wanted = {"advising": True, "removed": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(removed_at__isnull=wanted)


@admin.register(CatalogEntry)
class CatalogEntryAdmin(TenantScopedAdmin):
    view_roles = EVERY_ROLE
    add_roles = change_roles = OPERATING_ROLES
    change_form_before_template = "console/catalog_entry_head.html"
    list_display = ("code", "for_skill", "scope", "what_is_done", "trust", "category", "state", "version")
    list_filter = (StateFilter, "category", "mode")
    list_select_related = ("tenant",)
    search_fields = ("=code", "=skill")
    ordering = ("code", "skill", "tenant_id")
    readonly_fields = ("code", "for_skill", "scope", "category", "retryable", "trust", "state", "version", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogEntry]:
        shown = Q(tenant=None) | Q(tenant__in=tenants_for(request, self.view_roles))
        return self.model.objects.filter(shown).order_by(*self.ordering)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_platform(request) or super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a tenant's operators change its own entries; what all share is the platform's, what is removed nobody's."""
        return (obj is None or obj.removed_at is None) and self.may_operate(request, obj)

    def may_operate(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.tenant_id is None:
            return is_platform(request)
        return super().has_change_permission(request, obj)

    # The form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_form(request, obj, change, **{"form": OverrideForm if obj is None else EntryForm, **kwargs})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[str | None, dict[str, Any]]]:
        if obj is None:
            return [(None, {"fields": ["tenant", "code", "skill", *EDITABLE, "reason"]})]
        own = ["reason"] if self.has_change_permission(request, obj) else []
        told = ["code", "for_skill", "scope", "category", "retryable", "trust", "state", "version", "updated_at"]
        return [("What it says", {"fields": [*EDITABLE, *own]}), ("How it stands", {"fields": told})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.readonly_fields

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Model], request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "tenant":
            field.required = not is_platform(request)
            offered = list(field.queryset[:2]) if field.required and field.queryset is not None else []
            field.initial = offered[0] if len(offered) == 1 else None
        return field

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except Refusal as refusal:
            # Somebody else was faster, between the form's own look and the write.
            messages.error(request, refusal.detail)
            return redirect(request.path)

    def save_model(self, request: HttpRequest, obj: CatalogEntry, form: Any, change: bool) -> None:
        who = {"by": request.user.get_username(), "reason": form.cleaned_data["reason"]}
        if change:
            expected = form.cleaned_data.get("expected_version")
            saved = entries.update_entry(entry_id=obj.pk, changes=form.changes(), tenant=obj.tenant, expected_version=expected, **who)
        else:
            saved = entries.create_entry(tenant=obj.tenant, document=form.document(), **who)
        obj.__dict__.update(saved.__dict__)

    # Its history

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show every version with what it changed, and let operators remove the entry or go back."""
        found = self.get_object(request, unquote(object_id))
        if not self.has_view_or_change_permission(request, found):
            raise PermissionDenied
        told = versions_json(found, names_operator=is_platform(request))["data"]
        shown = {
            "aos_versions": [_in_words(version) for version in told],
            "aos_state": self.state(found),
            "aos_trust": self.trust(found),
            "aos_scope": self.scope(found),
            "aos_done": self.what_is_done(found),
            "aos_may_operate": self.may_operate(request, found),
        }
        return self.page(request, "console/catalog_entry.html", found, shown)

    def get_urls(self) -> list[URLPattern]:
        acts = {"remove": self.remove_view, "restore": self.restore_view}
        own = [
            path(f"<str:object_id>/{name}/", require_POST(self.admin_site.admin_view(view)), name=f"catalog_catalogentry_{name}")
            for name, view in acts.items()
        ]
        return [*own, *super().get_urls()]

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._act(request, object_id, entries.remove_entry, "{} advises no more; what was matched to it still names it.")

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        version = entries.row_id(request.POST.get("to_version", "")) or None
        return self._act(request, object_id, entries.restore_entry, "{} advises as it did.", to_version=version)

    def _act(self, request: HttpRequest, object_id: str, service: Any, done: str, **more: Any) -> HttpResponse:
        """Do what the API does too, and go back to the history."""
        found = self.get_object(request, unquote(object_id))
        if not self.may_operate(request, found):
            raise PermissionDenied
        expected = entries.row_id(request.POST.get("version", "")) or None
        who = {"by": request.user.get_username(), "reason": request.POST.get("reason", "")}
        try:
            service(entry_id=found.pk, tenant=found.tenant, expected_version=expected, **who, **more)
            messages.success(request, done.format(found))
        except Refusal as refusal:
            messages.error(request, refusal.detail)
        return redirect("admin:catalog_catalogentry_history", found.pk)

    # Columns

    @display(description="Skill")
    def for_skill(self, entry: CatalogEntry) -> str:
        return entry.skill or "every skill"

    @display(description="Scope")
    def scope(self, entry: CatalogEntry) -> str:
        return entry.tenant.slug if entry.tenant else "shared"

    @display(description="What is done")
    def what_is_done(self, entry: CatalogEntry) -> str:
        return entry.mode.replace("_", " ").lower()

    @display(description="Confidence")
    def trust(self, entry: CatalogEntry) -> SafeString:
        """Say what was measured and on how many trials it rests, beside what was assumed before."""
        if entry.confidence is None:
            return format_html('{} <span class="aos-dim">assumed, never tried</span>', f"{entry.prior_confidence:.2f}")
        trials = f"{entry.succeeded} of {entry.applied} worked, {entry.prior_confidence:.2f} assumed"
        return format_html('{} <span class="aos-dim">measured: {}</span>', f"{entry.confidence:.2f}", trials)

    @display(description="State")
    def state(self, entry: CatalogEntry) -> SafeString:
        return chip("removed" if entry.removed_at else "advising")


def _in_words(version: dict[str, Any]) -> dict[str, Any]:
    """Return a version with its instant and the values it changed as a person reads them."""
    changes = [{**change, "before": _lines(change["before"]), "after": _lines(change["after"])} for change in version["changes"]]
    return {**version, "at": f"{version['at'][:19].replace('T', ' ')} UTC", "changes": changes}


def _lines(value: Any) -> list[str]:
    """Return texts as they are, lists one item a line, the rest as JSON."""
    if value is None or value == []:
        return []
    return [
        each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in (value if isinstance(value, list) else [value])
    ]
