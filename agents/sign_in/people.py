"""What a sign-in makes of a person: memberships rewritten from the claims, and entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from agents import audit
from agents.models import Membership, Tenant
from agents.second_wall import walls

FROM_CLAIMS = "the issuer's claims at sign-in"


def rewrite_memberships(user: User, roles: Mapping[str, str]) -> bool:
    """Make the memberships of a person what {tenant slug: role} says, and nothing else; tell whether they may enter the console.

    Tenants there are none of give nothing. Whether somebody is a superuser no claim decides.
    """
    with walls.opened_to(walls.EVERYTHING), transaction.atomic():
        return _rewrite(user, roles)


def _rewrite(user: User, roles: Mapping[str, str]) -> bool:
    locked = User.objects.select_for_update().get(pk=user.pk)
    held = {each.tenant: each for each in Membership.objects.filter(user=locked).select_related("tenant")}
    wanted = {tenant: roles[tenant.slug] for tenant in Tenant.objects.filter(slug__in=roles)}
    # In one order, because each takes the lock of its tenant's audit log.
    for tenant in sorted({*held, *wanted}, key=lambda tenant: tenant.pk):
        _rewrite_one(locked, tenant, held.get(tenant), wanted.get(tenant))
    is_let_in = any(tenant.is_active for tenant in wanted)
    # Not to keep a superuser out who is one by hand, nor to keep anybody in whose last role is gone.
    user.is_staff = locked.is_staff = is_let_in or locked.is_superuser
    locked.save(update_fields=["is_staff"])
    return is_let_in


def _rewrite_one(user: User, tenant: Tenant, held: Membership | None, role: str | None) -> None:
    before, after = (None if held is None else {"role": held.role}), (None if role is None else {"role": role})
    if before == after:
        return
    if role is None:
        action = "membership.remove"
        Membership.objects.filter(user=user, tenant=tenant).delete()
    else:
        action = "membership.grant" if held is None else "membership.change"
        Membership.objects.update_or_create(user=user, tenant=tenant, defaults={"role": role})
    audit.record(tenant, action, user.get_username(), before=before, after=after, reason=FROM_CLAIMS)


def record_login(user: User, by: str) -> None:
    """Say in the log of each of their tenants that a person signed in; a superuser's and that of who has none in the platform's."""
    audit.act_as(user.get_username(), via="console")
    with walls.opened_to(walls.EVERYTHING), transaction.atomic():
        memberships = Membership.objects.filter(user=user).select_related("tenant").order_by("tenant_id")
        tenants: list[Tenant | None] = [each.tenant for each in memberships]
        if user.is_superuser or not tenants:
            tenants.insert(0, None)
        for tenant in tenants:
            audit.record(tenant, "session.login", user.get_username(), after={"by": by})


def record_refusal(who: str, by: str, reason: str) -> None:
    """Say in the platform's log that somebody was not let in."""
    audit.act_as("nobody", via="console")
    with walls.opened_to(walls.EVERYTHING):
        audit.record(None, "session.refused", who, after={"by": by}, reason=reason)
