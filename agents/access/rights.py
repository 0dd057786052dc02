"""What the person at the console is in each tenant, and by that whether a page or a tenant is there for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.http import HttpRequest

from agents.access.break_glass import open_glasses
from agents.models import Membership, Tenant
from agents.roles import BREAK_GLASS, NO_ROLE, PLATFORM, Roles
from agents.second_wall import walls

if TYPE_CHECKING:
    from agents.models import BreakGlass


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
    return is_everywhere(request, roles) or any(not roles.isdisjoint(held) for held in roles_of(request).values())


def may_everywhere(request: HttpRequest, roles: Roles) -> bool:
    """Tell whether the person has one of the roles in every tenant whose rows they see."""
    if is_everywhere(request, roles):
        return True
    held = roles_of(request)
    if any(roles.isdisjoint(mine) for mine in held.values()) or (is_platform(request) and Tenant.objects.exclude(pk__in=held).exists()):
        return False
    return all(_counts(request, tenant, roles & mine) for tenant, mine in held.items())


def tenants_for(request: HttpRequest, roles: Roles) -> QuerySet[Tenant]:
    """Return the tenants in which the person has one of the roles."""
    if is_everywhere(request, roles):
        return Tenant.objects.all()
    return Tenant.objects.filter(pk__in=own_tenants(request, roles))


def is_everywhere(request: HttpRequest, roles: Roles) -> bool:
    return PLATFORM in roles and is_platform(request)


def own_tenants(request: HttpRequest, roles: Roles) -> list[int]:
    return [tenant for tenant, held in roles_of(request).items() if _counts(request, tenant, roles & held)]


def _counts(request: HttpRequest, tenant_id: int, found: Roles) -> bool:
    """Tell whether there is a role among those found, and remember where it was the broken glass alone: that is audited."""
    if found == {BREAK_GLASS}:
        request.aos_through_glass = {tenant_id, *through_glass(request)}  # type: ignore[attr-defined]
    return bool(found)


def through_glass(request: HttpRequest) -> Collection[int]:
    """Return the tenants of which this answer shows what nothing but the broken glass lets the person see."""
    return getattr(request, "aos_through_glass", ())
