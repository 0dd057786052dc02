"""Break-glass: a superuser sees the contents of one tenant for some minutes, with a reason. The tenant's audit log says what was looked at.

It gives eyes and no hands: who has broken the glass may do nothing they might not do before. It ends by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents import audit
from agents.models import BreakGlass, Tenant
from agents.reasons import LONGEST_REASON, refuse_short
from agents.tenancy import lock_tenant, not_found
from skills.instants import instant
from skills.refusal import Refusal

MINUTES = (15, 30, 60)


def open_glasses(user_id: int) -> dict[int, BreakGlass]:
    """Return what a person has open now, by tenant. That they are an active superuser is for the caller to ask."""
    rows = BreakGlass.objects.filter(user_id=user_id, closed_at=None, expires_at__gt=timezone.now())
    return {row.tenant_id: row for row in rows.select_related("tenant")}


def openings_of(tenants: Collection[Tenant] | QuerySet[Tenant]) -> QuerySet[BreakGlass]:
    """Return all openings there were of tenants, the newest first."""
    return BreakGlass.objects.filter(tenant__in=tenants).select_related("tenant", "user").order_by("-opened_at", "-pk")


def ended_at(glass: BreakGlass) -> datetime | None:
    """Return since when an opening counts no more, None while it does."""
    return glass.closed_at or (glass.expires_at if glass.expires_at <= timezone.now() else None)


def open_glass(*, tenant: Tenant, user: User, reason: str, minutes: int) -> BreakGlass:
    """Let a superuser see the contents of a tenant for 15, 30 or 60 minutes.

    Raises Refusal for who is no active superuser, a reason that says nothing, another time, and a second opening while one counts.
    """
    reason = reason.strip()
    if minutes not in MINUTES:
        raise _fault("/minutes", f"for how many minutes is one of {', '.join(map(str, MINUTES))}")
    refuse_short(reason)
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise _fault("/reason", f"say why in {LONGEST_REASON} characters at most")
    with transaction.atomic():
        lock_tenant(tenant)
        if not User.objects.filter(pk=user.pk, is_active=True, is_superuser=True).exists():
            raise Refusal("PERMISSION_DENIED", "only who runs the installation breaks the glass")
        if tenant.pk in open_glasses(user.pk):
            raise _fault("/tenant", f"the glass of {tenant.slug} is broken already; it can be closed, and broken again", status=409)
        now = timezone.now()
        made = BreakGlass.objects.create(
            tenant=tenant, user=user, reason=reason, opened_at=now, expires_at=now + timedelta(minutes=minutes)
        )
        after = {"minutes": minutes, "until": instant(made.expires_at)}
        audit.record(tenant, "break_glass.opened", user.get_username(), after=after, reason=reason)
    return made


def close_glass(*, user: User, glass_id: int) -> BreakGlass:
    """End an opening of one's own before its time. Raises Refusal for what is none, and for what has ended."""
    with transaction.atomic():
        glass = BreakGlass.objects.select_for_update(of=("self",)).select_related("tenant").filter(pk=glass_id, user=user).first()
        if glass is None:
            raise not_found("opening")
        if ended_at(glass) is not None:
            raise _fault("/opening", "it has ended already", status=409)
        glass.closed_at = timezone.now()
        glass.save(update_fields=["closed_at"])
        audit.record(glass.tenant, "break_glass.closed", user.get_username(), after={"pages": len(glass.pages)})
    return glass


def record_use(glass: BreakGlass, path: str) -> None:
    """Say in the tenant's log that an address showed something by an opening alone: once for each opening and address."""
    if path in glass.pages:
        return
    with transaction.atomic():
        locked = BreakGlass.objects.select_for_update(of=("self",)).select_related("tenant", "user").get(pk=glass.pk)
        if path in locked.pages:
            return
        locked.pages = [*locked.pages, path]
        locked.save(update_fields=["pages"])
        audit.record(locked.tenant, "break_glass.used", path, by=locked.user.get_username(), reason=locked.reason)


def _fault(pointer: str, detail: str, *, status: int = 422) -> Refusal:
    return Refusal("INVALID_INPUT", detail, status=status, errors=[{"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}])
