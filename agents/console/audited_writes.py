"""Writes into the audit log what people change in the console's forms: who, what it was, and what it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User

from agents import audit
from agents.models import Tenant

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

    Base: Any = object
else:
    Base = object

SECRET = frozenset({"password", "password1", "password2", "usable_password"})


class AuditedWrites(Base):
    """Mixed into a page that adds, changes or deletes by Django's own forms. `verbs` are the actions of those three."""

    verbs: tuple[str, str, str]

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        audit.act_as(request.user.get_username(), via="console")
        super().save_model(request, obj, form, change)
        names = [name for name in form.changed_data if name not in SECRET]
        before = {name: _plain(form.initial.get(name)) for name in names} if change else None
        after = {name: _plain(form.cleaned_data.get(name)) for name in names}
        _record(request, obj, self.verbs[1] if change else self.verbs[0], before, after)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        # A password has a page of its own, which saves past `save_model`.
        if request.path.endswith("/password/"):
            _record(request, obj, "user.password", None, None)
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _record(request, obj, self.verbs[2], {"was": str(obj)}, None)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            _record(request, obj, self.verbs[2], {"was": str(obj)}, None)
        super().delete_queryset(request, queryset)


def _record(request: HttpRequest, obj: Model, action: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    audit.act_as(request.user.get_username(), via="console")
    for tenant in _concerned(obj):
        audit.record(tenant, action, str(obj), before=before, after=after)


def _concerned(obj: Model) -> list[Tenant | None]:
    """Return whose chains it goes into: of a person the platform's, and those of their tenants, which who sets a password can enter."""
    if isinstance(obj, Tenant):
        return [obj]
    return [None, *(Tenant.objects.filter(memberships__user=obj).order_by("pk") if isinstance(obj, User) else ())]


def _plain(value: Any) -> Any:
    """Return a form's value as the log can say it."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    return [str(each) for each in value] if hasattr(value, "__iter__") else str(value)
