"""What is known of somebody by name alone, who is not here to be asked: whether they may still do something, and who else they are."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from agents.models import ApiKey, Membership, ServiceAccount, Tenant
from agents.roles import scopes_of


def still_may(tenant: Tenant | int, name: str, scope: str) -> bool:
    """Tell whether an actor, by the name the audit log has of it, may do what the scope allows.

    A person of another issuer (`person:…`, `service:…`) is known to that issuer alone, and is believed: what was given by one ends by its
    own limits.
    """
    kind, _, rest = name.partition(":")
    if kind == "key":
        return _key_may(tenant, rest.rpartition(":")[2], scope)
    if kind == "account":
        roles = ServiceAccount.objects.filter(tenant=tenant, name=rest, is_active=True).values_list("role", flat=True)
        return any(_gives(role, scope) for role in roles)
    if kind in ("person", "service") and rest:
        return True
    return _person_may(tenant, name, scope)


def is_same_actor(one: str, other: str) -> bool:
    """Tell whether two actors are one: the console knows by user name whom a token of the issuer names by subject (`person:…`)."""
    if one == other:
        return True
    for by_token, by_name in ((one, other), (other, one)):
        kind, _, subject = by_token.partition(":")
        if kind == "person" and SocialAccount.objects.filter(uid=subject, user__username=by_name).exists():
            return True
    return False


def _key_may(tenant: Tenant | int, prefix: str, scope: str) -> bool:
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    scopes = ApiKey.objects.filter(live, tenant=tenant, prefix=prefix, revoked_at=None).values_list("scopes", flat=True).first()
    return scopes is not None and bool({scope, "admin"} & set(scopes))


def _person_may(tenant: Tenant | int, name: str, scope: str) -> bool:
    named = {get_user_model().USERNAME_FIELD: name, "is_active": True}
    if get_user_model().objects.filter(**named, is_superuser=True).exists():
        return True
    roles = Membership.objects.filter(tenant=tenant, user__in=get_user_model().objects.filter(**named)).values_list("role", flat=True)
    return any(_gives(role, scope) for role in roles)


def _gives(role: str, scope: str) -> bool:
    return bool({scope, "admin"} & scopes_of(role))
