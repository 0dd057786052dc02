"""The people of a tenant and their roles: added, given another role, taken out. What changes counts from their next request on."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from agents import audit
from agents.models import Membership, Role, Tenant
from agents.second_wall import walls
from agents.tenancy import lock_tenant, one_scoped, scoped
from skills.refusal import Refusal


def list_members(*, tenant: Tenant) -> QuerySet[Membership]:
    """Return the memberships of a tenant, with the people."""
    return scoped(Membership.objects.select_related("user"), tenant)


def add_member(*, tenant: Tenant, ref: str, role: str, by_platform: User | None = None) -> Membership:
    """Give a person who is known here, by exact user name or mail address, a role in a tenant. Raises Refusal.

    `by_platform` is who does it by running the installation alone. They may not do it for themselves, or all of the tenant were theirs
    by one click; who has a shell may.
    """
    user = _person(ref)
    _refuse_oneself(user, by_platform, "/person")
    with transaction.atomic():
        lock_tenant(tenant)
        if list_members(tenant=tenant).filter(user=user).exists():
            raise _fault("/person", f"{user.get_username()} is a member already; change the role there", status=409)
        made = Membership.objects.create(tenant=tenant, user=user, role=role)
        _let_in(user)
        audit.record(tenant, "membership.grant", user.get_username(), after={"role": role})
    return made


def change_member(
    *, tenant: Tenant, member_id: int, role: str, may_leave_none: bool = False, by_platform: User | None = None
) -> Membership:
    """Give a member another role. Raises Refusal where nobody would be left who may change members, and as `add_member`."""
    with transaction.atomic():
        lock_tenant(tenant)
        member = _member(tenant, member_id)
        if member.role == role:
            raise _fault("/role", f"{member.user.get_username()} has this role already; nothing was changed", status=409)
        before = member.role
        _refuse_oneself(member.user, by_platform, "/role")
        _refuse_without_admin(member, may_leave_none)
        member.role = role
        member.save(update_fields=["role"])
        audit.record(tenant, "membership.change", member.user.get_username(), before={"role": before}, after={"role": role})
    return member


def remove_member(*, tenant: Tenant, member_id: int, may_leave_none: bool = False) -> str:
    """Take a person out of a tenant; return who it was. Raises Refusal as `change_member`."""
    with transaction.atomic():
        lock_tenant(tenant)
        member = _member(tenant, member_id)
        _refuse_without_admin(member, may_leave_none)
        user, role = member.user, member.role
        member.delete()
        _shut_out(user)
        audit.record(tenant, "membership.remove", user.get_username(), before={"role": role})
    return user.get_username()


def _member(tenant: Tenant, member_id: int) -> Membership:
    return one_scoped(list_members(tenant=tenant), tenant, "member", pk=member_id)


def _person(ref: str) -> User:
    """Return the person of this user name, else the only one of this mail address. Says the same of all it does not take."""
    people = User.objects.filter(is_active=True)
    # A name may look like an address: whoever took somebody else's for their name is not taken for them.
    found = list(people.filter(Q(username=ref) | Q(email__iexact=ref) if "@" in ref else Q(username=ref))[:2])
    if len(found) != 1:
        hint = (
            "People become known when they sign in through the identity provider, or when who runs the installation adds them under Users."
        )
        raise _fault("/person", "nobody who can be added is known by exactly this name or address", suggestion=hint)
    return found[0]


def _refuse_oneself(user: User, by_platform: User | None, pointer: str) -> None:
    if by_platform is not None and user.pk == by_platform.pk:
        hint = "Ask a tenant admin of it, or break the glass to see what is in it. A tenant without any gets one by manage.py bootstrap."
        raise _fault(pointer, "who runs the installation gives themselves no role in a tenant", status=403, suggestion=hint)


def _refuse_without_admin(member: Membership, may_leave_none: bool) -> None:
    """Keep somebody in the tenant who may change its members; the tenant is locked, so that two do not take out one another."""
    if may_leave_none or member.role != Role.TENANT_ADMIN:
        return
    others = Membership.objects.filter(tenant=member.tenant, role=Role.TENANT_ADMIN, user__is_active=True).exclude(pk=member.pk)
    if not others.exists():
        raise _fault("/role", "the tenant would have no tenant admin left; make somebody else one first", status=409)


def _let_in(user: User) -> None:
    if not user.is_staff:
        User.objects.filter(pk=user.pk).update(is_staff=True)


def _shut_out(user: User) -> None:
    """Let nobody into the console who has no role anywhere; to see the roles elsewhere takes more than this tenant's wall lets through."""
    with walls.opened_to(walls.EVERYTHING):
        is_member = Membership.objects.filter(user=user, tenant__is_active=True).exists()
    if not is_member and not user.is_superuser:
        User.objects.filter(pk=user.pk).update(is_staff=False)


def _fault(pointer: str, detail: str, *, status: int | None = None, suggestion: str = "") -> Refusal:
    fault = {"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}
    return Refusal("INVALID_INPUT", detail, status=status, errors=[fault], suggestions=[suggestion] if suggestion else [])
