"""The one place where console pages are scoped by tenant: who sees which rows, and who may change them, by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from agents import audit
from agents.access.rights import is_everywhere, may, may_everywhere, own_tenants, tenants_for
from agents.models import Tenant
from agents.roles import NO_ROLE, Roles
from skills.console_base import ReadOnlyAdmin


class TenantScopedAdmin(ReadOnlyAdmin):
    """Shows the rows of the tenants in which the person has one of `view_roles`.

    Nothing may be added, changed or deleted unless a page names roles for it.
    """

    tenant_path = "tenant"
    view_roles: Roles = NO_ROLE
    add_roles: Roles = NO_ROLE
    change_roles: Roles = NO_ROLE
    delete_roles: Roles = NO_ROLE
    lookup_roles: Mapping[str, Roles] = {}
    """Who may narrow a list by a field: whoever may not read it could otherwise ask the list what stands in it."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        roles = self.lookup_roles.get(lookup.partition("__")[0])
        return super().lookup_allowed(lookup, value, request) and (roles is None or may_everywhere(request, roles))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        audit.act_as(request.user.get_username(), via="console")
        return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        audit.act_as(request.user.get_username(), via="console")
        return super().delete_view(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if is_everywhere(request, self.view_roles):
            return rows
        # By number, not by a question of its own, which would hide from PostgreSQL how few they are.
        return rows.filter(**{f"{self.tenant_path}__in": own_tenants(request, self.view_roles)})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request) and self._allowed(request, self.view_roles, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.add_roles) and may(request, self.add_roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.change_roles) and self._allowed(request, self.change_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.delete_roles) and self._allowed(request, self.delete_roles, obj)

    def _allowed(self, request: HttpRequest, roles: Roles, obj: Any) -> bool:
        return may(request, roles, None if obj is None else self.tenant_id_of(obj))

    def tenant_id_of(self, obj: Any) -> int | None:
        for name in self.tenant_path.split("__")[:-1]:
            obj = getattr(obj, name)
        return obj.pk if isinstance(obj, Tenant) else obj.tenant_id

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Model], request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        """Offer only the tenants in which the person may add; what another tenant is called is nobody's business."""
        if db_field.related_model is Tenant:
            kwargs["queryset"] = tenants_for(request, self.add_roles)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
