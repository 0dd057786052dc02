"""What is known of somebody who is not here to be asked, by name or number: whether they may still do something, and who else they are."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from agents.actors import is_closed, is_here
from agents.models import ApiKey, Membership, ServiceAccount, Tenant
from agents.roles import PLATFORM, scopes_of


def still_may(tenant: Tenant | int, name: str, scope: str) -> bool:
    """Tell whether an actor, by the name the audit log has of it, may do what the scope allows.

    A person of the issuer (`person:…`, `service:…`) is known to that issuer alone, and is believed, unless they were closed out here: what
    was given by one ends by its own limits.
    """
    kind, _, rest = name.partition(":")
    if kind == "key":
        return _key_may(tenant, rest.rpartition(":")[2], scope)
    if kind == "account":
        roles = ServiceAccount.objects.filter(tenant=tenant, name=rest, is_active=True).values_list("role", flat=True)
        return any(_gives(role, scope) for role in roles)
    if kind in ("person", "service") and rest:
        return not is_closed(name)
    return _person_may(tenant, name, scope)


def person_may(user_id: int, roles: Collection[str], tenant_id: int) -> bool:
    """Tell whether a person of the console has one of the roles in a tenant as it is now: for what goes on when their request is long over.

    A broken glass counts for nothing here: it is for looking, while one looks.
    """
    user = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    if user is None or not Tenant.objects.filter(pk=tenant_id, is_active=True).exists():
        return False
    is_one = user.is_superuser and PLATFORM in roles
    return is_one or Membership.objects.filter(user=user, tenant_id=tenant_id, role__in=roles).exists()


def _key_may(tenant: Tenant | int, prefix: str, scope: str) -> bool:
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    found = ApiKey.objects.filter(live, tenant=tenant, prefix=prefix, revoked_at=None).values_list("scopes", "owner").first()
    return found is not None and bool({scope, "admin"} & set(found[0])) and is_here(tenant, found[1])


def _person_may(tenant: Tenant | int, name: str, scope: str) -> bool:
    """A superuser may no more here than their membership gives: what belongs to the platform is no scope of a tenant."""
    roles = Membership.objects.filter(tenant=tenant, user__names__name=name, user__is_active=True).values_list("role", flat=True)
    return any(_gives(role, scope) for role in roles)


def _gives(role: str, scope: str) -> bool:
    return bool({scope, "admin"} & scopes_of(role))
