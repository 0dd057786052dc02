"""The one place where console pages are scoped by tenant: who sees which rows, and who may change them, by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from agents import audit, walls
from agents.models import Membership, Role, Tenant
from skills.console_base import ReadOnlyAdmin

Roles = frozenset[str]

EVERY_ROLE: Roles = frozenset(Role.values)
NO_ROLE: Roles = frozenset()
# Who reads goals, inputs, outputs and messages; for all others they are left out of the page, not masked on it.
PAYLOAD_ROLES: Roles = frozenset({Role.DEVELOPER, Role.TENANT_ADMIN})
COST_ROLES: Roles = frozenset({Role.DEVELOPER, Role.OPERATOR, Role.TENANT_ADMIN, Role.AUDITOR})
OPERATING_ROLES: Roles = frozenset({Role.OPERATOR, Role.TENANT_ADMIN})
# Who says what becomes of a call in doubt, and of a recovery that is suggested.
DECIDING_ROLES: Roles = frozenset({Role.OPERATOR, Role.APPROVER, Role.TENANT_ADMIN})
# The cause of a failure is what it said without what varies; whoever sees no payload, not even masked, does not see that either.
CAUSE_ROLES: Roles = EVERY_ROLE - {Role.VIEWER}
OWNING_ROLES: Roles = frozenset({Role.DEVELOPER, Role.TENANT_ADMIN})
BUDGET_ROLES: Roles = frozenset({Role.TENANT_ADMIN})
OVERSIGHT_ROLES: Roles = frozenset({Role.TENANT_ADMIN, Role.AUDITOR})


def roles_of(request: HttpRequest) -> dict[int, str]:
    """Return the person's role in each active tenant they belong to; asked once per request."""
    if not hasattr(request, "aos_roles"):
        rows = Membership.objects.filter(user__pk=request.user.pk or 0, tenant__is_active=True)
        request.aos_roles = dict(rows.values_list("tenant_id", "role"))  # type: ignore[attr-defined]
    return request.aos_roles  # type: ignore[attr-defined]


def sees_everything(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


def open_wall(request: HttpRequest) -> None:
    """Let a page see the rows of the tenants the person belongs to, and a superuser's page all of them."""
    walls.open_to(walls.EVERYTHING if sees_everything(request) else roles_of(request))


def may(request: HttpRequest, roles: Roles, tenant_id: int | None = None) -> bool:
    """Tell whether the person has one of the roles in this tenant, or in any when none is named."""
    if sees_everything(request):
        return True
    held = roles_of(request)
    return held.get(tenant_id) in roles if tenant_id is not None else not roles.isdisjoint(held.values())


def may_everywhere(request: HttpRequest, roles: Roles) -> bool:
    """Tell whether the person has one of the roles in every tenant they belong to."""
    return sees_everything(request) or roles.issuperset(roles_of(request).values())


def person_may(user_id: int, roles: Roles, tenant_id: int) -> bool:
    """Tell whether a person has one of the roles in a tenant as it is now: for what goes on when their request is long over."""
    user = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    tenants = Tenant.objects.filter(pk=tenant_id, is_active=True)
    if user is None or not tenants.exists():
        return False
    return user.is_superuser or Membership.objects.filter(user=user, tenant_id=tenant_id, role__in=roles).exists()


def tenants_for(request: HttpRequest, roles: Roles) -> QuerySet[Tenant]:
    """Return the tenants in which the person has one of the roles."""
    if sees_everything(request):
        return Tenant.objects.all()
    return Tenant.objects.filter(pk__in=[tenant for tenant, role in roles_of(request).items() if role in roles])


class TenantScopedAdmin(ReadOnlyAdmin):
    """Shows the rows of the tenants in which the person has one of `view_roles`; a superuser sees all.

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
        if sees_everything(request):
            return rows
        # By number, not by a question of its own, which would hide from PostgreSQL how few they are.
        mine = [tenant for tenant, role in roles_of(request).items() if role in self.view_roles]
        return rows.filter(**{f"{self.tenant_path}__in": mine})

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
