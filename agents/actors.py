"""Who is behind the name of an actor: who holds a key, an account or a token; by that, who is one and the same, and who owns what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import QuerySet

from agents.models import Agent, ApiKey, Membership, PersonName, ServiceAccount, Tenant

MOST_OFFERED = 200
_NUL = "\x00"
"""Stands in nobody's name, and PostgreSQL cannot be asked for it."""


def is_same_actor(tenant: Tenant | int, one: str, other: str) -> bool:
    """Tell whether two actors of a tenant are one, or in one hand.

    Whoever made a key was shown its secret, and may ask by it: a key is one with who made it, and with the other keys of theirs. A
    service account is one with all who ever made a key of it. The console knows by user name whom a token names by subject, and who is
    called otherwise now stays who they were.
    """
    if one == other or _NUL in one + other:
        return one == other
    if ":" not in one and ":" not in other:
        return PersonName.objects.filter(name=one, user__names__name=other).exists()
    return not behind(tenant, one).isdisjoint(behind(tenant, other))


def behind(tenant: Tenant | int, name: str) -> frozenset[str]:
    """Return the names of all who may act by this name, itself among them, and what they were called before."""
    found: set[str] = set()
    asked = [name]
    while asked:
        each = asked.pop()
        if each not in found:
            found.add(each)
            asked += _holders(tenant, each)
    return frozenset(found)


def _holders(tenant: Tenant | int, name: str) -> Iterable[str]:
    kind, colon, rest = name.partition(":")
    if _NUL in name:
        return ()
    if not colon:
        return PersonName.objects.filter(user__names__name=name).values_list("name", flat=True) if name else ()
    if kind == "key":
        owners = ApiKey.objects.filter(tenant=tenant, prefix=rest.rpartition(":")[2])
    elif kind == "account":
        # Those that were revoked too: what was asked for by one of them is still theirs who had it.
        owners = ApiKey.objects.filter(tenant=tenant, service_account__name=rest, service_account__tenant=tenant)
    elif kind == "person" and rest:
        return _of_issuer().filter(uid=rest).values_list("user__username", flat=True)
    else:
        return ()
    return owners.exclude(owner="").order_by().values_list("owner", flat=True).distinct()


def names_of(tenants: Iterable[Tenant] | QuerySet[Tenant], user_name: str) -> frozenset[str]:
    """Return the names by which a person of the console acts in these tenants: their own, and those of what they hold."""
    called = PersonName.objects.filter(user__username=user_name).values_list("name", flat=True)
    keys = ApiKey.objects.filter(tenant__in=tenants, owner=user_name).order_by()
    held = keys.values_list("name", "prefix", "service_account__name")
    names = {f"key:{name}:{prefix}" if account is None else f"account:{account}" for name, prefix, account in held}
    subjects = _of_issuer().filter(user__username=user_name).values_list("uid", flat=True)
    return frozenset({user_name, *called, *names, *(f"person:{subject}" for subject in subjects)})


def called_now(name: str) -> str:
    """Return what a person is called now who is or was called this; the name itself where nobody known by it is called otherwise."""
    now = PersonName.objects.filter(name=name, user__isnull=False).values_list("user__username", flat=True).first()
    return now or name


def owner_by(tenant: Tenant, name: str) -> str:
    """Return whose a key is that somebody makes: who made the key they make it by, else they themselves."""
    kind, _, rest = name.partition(":")
    if kind != "key":
        return name
    owner = ApiKey.objects.filter(tenant=tenant, prefix=rest.rpartition(":")[2]).values_list("owner", flat=True).first()
    return owner or name


def owns(agent: Agent, name: str) -> bool:
    """Tell whether an agent is somebody's. One without an owner is nobody's."""
    return bool(agent.owner) and is_same_actor(agent.tenant_id, agent.owner, name)


def is_member(tenant: Tenant, name: str) -> bool:
    """Tell whether an active person of this user name belongs to a tenant."""
    return "\x00" not in name and Membership.objects.filter(tenant=tenant, user__username=name, user__is_active=True).exists()


def can_own(tenant: Tenant, name: str) -> bool:
    """Tell whether an agent may be given to somebody: an active member by user name, or a service account as `account:NAME`."""
    kind, colon, rest = name.partition(":")
    if not colon:
        return is_member(tenant, name)
    return kind == "account" and "\x00" not in rest and ServiceAccount.objects.filter(tenant=tenant, name=rest, is_active=True).exists()


def some_who_can_own(tenant: Tenant) -> list[str]:
    """Return whom an agent may be given to, by the alphabet, as many as a form can offer."""
    members = Membership.objects.filter(tenant=tenant, user__is_active=True).order_by("user__username")
    accounts = ServiceAccount.objects.filter(tenant=tenant, is_active=True).order_by("name")
    people = list(members.values_list("user__username", flat=True)[:MOST_OFFERED])
    return [*people, *(f"account:{name}" for name in accounts.values_list("name", flat=True)[: MOST_OFFERED - len(people)])]


def is_closed(name: str) -> bool:
    """Tell whether a person the issuer names in a token is one whose account was closed here."""
    kind, _, subject = name.partition(":")
    if kind != "person" or not subject:
        return False
    return _of_issuer().filter(uid=subject, user__is_active=False).exists()


def _of_issuer() -> QuerySet[SocialAccount]:
    """Return whom tokens name: those the issuer of today signed in. Without one no token does, and history names those of the last."""
    return SocialAccount.objects.filter(provider=provider_id()) if settings.AUTH_SERVICE_URL else SocialAccount.objects.all()


def provider_id() -> str:
    """Return by what people of the issuer are known here. It holds the issuer: the same subject of another issuer is somebody else."""
    return f"oidc-{hashlib.sha256(settings.AUTH_SERVICE_URL.rstrip('/').encode()).hexdigest()[:32]}"


def is_here(tenant: Tenant | int, name: str) -> bool:
    """Tell whether who made a key may still come in. The sign-in by a key asks the same, within its one question (`agents.tenancy`)."""
    return not gone(tenant, [name])


def gone(tenant: Tenant | int, names: Iterable[str]) -> frozenset[str]:
    """Return which of these are people who may not come in any more: no active member. Who runs the installation is asked like all others.

    Programs, and people known to the issuer alone, are not asked about.
    """
    people = {name for name in names if name and ":" not in name}
    if not people:
        return frozenset()
    members = Membership.objects.filter(tenant=tenant, user__is_active=True, user__username__in=people)
    return frozenset(people.difference(members.values_list("user__username", flat=True)))
