"""The one place where console pages are scoped by tenant: who sees which rows, and who may change them, by role."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from agents import audit, walls
from agents.break_glass import open_glasses
from agents.models import Membership, Role, Tenant
from agents.roles import BREAK_GLASS, PLATFORM
from skills.console_base import ReadOnlyAdmin

if TYPE_CHECKING:
    from agents.models_glass import BreakGlass

Roles = frozenset[str]

_MEMBERS: Roles = frozenset(Role.values)
EVERY_ROLE: Roles = _MEMBERS | {PLATFORM}
NO_ROLE: Roles = frozenset()
# Who reads goals, inputs, outputs and messages; for all others they are left out of the page, not masked on it.
PAYLOAD_ROLES: Roles = frozenset({Role.DEVELOPER, Role.TENANT_ADMIN, BREAK_GLASS})
# Who sees of inputs and results what kind they are and how large, besides.
MASK_ROLES: Roles = frozenset({Role.OPERATOR, Role.AUDITOR})
# What one run, step or call costs; and what many cost together.
COST_ROLES: Roles = frozenset({Role.DEVELOPER, Role.OPERATOR, Role.TENANT_ADMIN, Role.AUDITOR})
SUM_ROLES: Roles = COST_ROLES | {PLATFORM}
OPERATING_ROLES: Roles = frozenset({Role.OPERATOR, Role.TENANT_ADMIN})
# Who sees how the installation does its work: workers, what is broken, what is to be told.
HEALTH_ROLES: Roles = OPERATING_ROLES | {PLATFORM}
ANSWERING_ROLES: Roles = frozenset({Role.OPERATOR, Role.APPROVER, Role.TENANT_ADMIN})
# Who says what becomes of a call in doubt, and of a recovery that is suggested.
DECIDING_ROLES: Roles = ANSWERING_ROLES | {PLATFORM}
# The cause of a failure is what it said without what varies; whoever sees no payload, not even masked, does not see that either,
# nor where a call went.
CAUSE_ROLES: Roles = _MEMBERS - {Role.VIEWER} | {BREAK_GLASS}
OWNING_ROLES: Roles = frozenset({Role.DEVELOPER, Role.TENANT_ADMIN})
BUDGET_ROLES: Roles = frozenset({Role.TENANT_ADMIN})
OVERSIGHT_ROLES: Roles = frozenset({Role.TENANT_ADMIN, Role.AUDITOR, PLATFORM})


def is_platform(request: HttpRequest) -> bool:
    """Tell whether the person runs the installation: there are the rows of all tenants for them, and what is in them is not."""
    return request.user.is_active and request.user.is_superuser


def roles_of(request: HttpRequest) -> dict[int, Roles]:
    """Return the person's own roles in each active tenant they belong to or have broken the glass of; asked once per request.

    That somebody is the platform's, in every tenant, stands in none of them: `roles_within` says all they are in one.
    """
    if not hasattr(request, "aos_roles"):
        rows = Membership.objects.filter(user__pk=request.user.pk or 0, tenant__is_active=True)
        held = {tenant: frozenset({role}) for tenant, role in rows.values_list("tenant_id", "role")}
        for tenant in glasses_of(request):
            held[tenant] = held.get(tenant, NO_ROLE) | {BREAK_GLASS}
        request.aos_roles = held  # type: ignore[attr-defined]
    return request.aos_roles  # type: ignore[attr-defined]


def glasses_of(request: HttpRequest) -> dict[int, BreakGlass]:
    """Return what the person has opened for a time, by tenant; asked once per request, and of nobody but the platform's."""
    if not hasattr(request, "aos_glasses"):
        request.aos_glasses = open_glasses(request.user.pk or 0) if is_platform(request) else {}  # type: ignore[attr-defined]
    return request.aos_glasses  # type: ignore[attr-defined]


def roles_within(request: HttpRequest, tenant_id: int) -> Roles:
    """Return all the person is in a tenant now."""
    held = roles_of(request).get(tenant_id, NO_ROLE)
    return held | {PLATFORM} if is_platform(request) else held


def open_wall(request: HttpRequest) -> None:
    """Let a page see the rows of the tenants the person belongs to, and the platform's all of them."""
    walls.open_to(walls.EVERYTHING if is_platform(request) else roles_of(request))


def may(request: HttpRequest, roles: Roles, tenant_id: int | None = None) -> bool:
    """Tell whether the person has one of the roles in this tenant, or in any when none is named."""
    if tenant_id is not None:
        return _counts(request, tenant_id, roles & roles_within(request, tenant_id))
    return _is_everywhere(request, roles) or any(not roles.isdisjoint(held) for held in roles_of(request).values())


def may_everywhere(request: HttpRequest, roles: Roles) -> bool:
    """Tell whether the person has one of the roles in every tenant whose rows they see."""
    if _is_everywhere(request, roles):
        return True
    held = roles_of(request)
    if any(roles.isdisjoint(mine) for mine in held.values()) or (is_platform(request) and Tenant.objects.exclude(pk__in=held).exists()):
        return False
    return all(_counts(request, tenant, roles & mine) for tenant, mine in held.items())


def tenants_for(request: HttpRequest, roles: Roles) -> QuerySet[Tenant]:
    """Return the tenants in which the person has one of the roles."""
    if _is_everywhere(request, roles):
        return Tenant.objects.all()
    return Tenant.objects.filter(pk__in=_own(request, roles))


def _is_everywhere(request: HttpRequest, roles: Roles) -> bool:
    return PLATFORM in roles and is_platform(request)


def _own(request: HttpRequest, roles: Roles) -> list[int]:
    return [tenant for tenant, held in roles_of(request).items() if _counts(request, tenant, roles & held)]


def _counts(request: HttpRequest, tenant_id: int, found: Roles) -> bool:
    """Tell whether there is a role among those found, and remember where it was the broken glass alone: that is audited."""
    if found == {BREAK_GLASS}:
        request.aos_through_glass = {tenant_id, *through_glass(request)}  # type: ignore[attr-defined]
    return bool(found)


def through_glass(request: HttpRequest) -> Collection[int]:
    """Return the tenants of which this answer shows what nothing but the broken glass lets the person see."""
    return getattr(request, "aos_through_glass", ())


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
        if _is_everywhere(request, self.view_roles):
            return rows
        # By number, not by a question of its own, which would hide from PostgreSQL how few they are.
        return rows.filter(**{f"{self.tenant_path}__in": _own(request, self.view_roles)})

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
