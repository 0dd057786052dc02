"""The members of a tenant on one console page: added, given another role and taken out by tenant admins, read by auditors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents import audit
from agents.access import memberships
from agents.access.rights import is_platform, may, tenants_for
from agents.api.access import AccountChanges
from agents.console.access_view import role_choices, words_of
from agents.console.forms import faults_of, page_number, typed
from agents.console.members_view import NAMES, Navigation, columns, member_lines, sentence, who_may
from agents.models import Role, Tenant
from agents.roles import OVERSIGHT_ROLES, PLATFORM, Roles
from agents.sign_in import oidc
from skills.refusal import Refusal
from skills.requests import parse_body

Json = dict[str, Any]
VIEW_ROLES: Roles = OVERSIGHT_ROLES
_ADMINS: Roles = frozenset({Role.TENANT_ADMIN})
CHANGE_ROLES: Roles = _ADMINS | {PLATFORM}
A_PAGE = 50


def members_page(request: HttpRequest, navigation: Navigation) -> HttpResponse:
    """Show the members of one tenant, and who may do what; on POST change one. `navigation` is the sidebar, asked role by role."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    tenants = list(tenants_for(request, VIEW_ROLES).order_by("slug"))
    if request.method == "POST":
        return _change(request, tenants, navigation)
    tenant = next((each for each in tenants if each.slug == request.GET.get("tenant")), tenants[0] if tenants else None)
    return _page(request, tenants, tenant, navigation)


def _page(
    request: HttpRequest, tenants: list[Tenant], tenant: Tenant | None, navigation: Navigation, draft: Json | None = None, status: int = 200
) -> HttpResponse:
    context: Json = {
        "title": "Members and roles",
        "aos_tenants": tenants,
        "aos_tenant": tenant,
        "aos_names_tenants": is_platform(request) or len(tenants) > 1,
        "aos_columns": columns(),
        "aos_tables": who_may(navigation),
    }
    if tenant is not None:
        context |= _members(request, tenant)
        context |= {"aos_may_change": may(request, CHANGE_ROLES, tenant.pk), "aos_draft": draft or {"role": Role.VIEWER.value}}
    return TemplateResponse(request, "console/members.html", {**admin.site.each_context(request), **context}, status=status)


def _members(request: HttpRequest, tenant: Tenant) -> Json:
    asked, number = typed(request.GET, "q"), page_number(request.GET)
    everybody = memberships.list_members(tenant=tenant)
    counted = everybody.order_by().aggregate(all=Count("pk"), admins=Count("pk", filter=Q(role=Role.TENANT_ADMIN)))
    rows = everybody.filter(Q(user__username=asked) | Q(user__email__iexact=asked)) if asked else everybody
    shown = list(rows.order_by("user__username")[(number - 1) * A_PAGE : number * A_PAGE + 1])
    link = {"tenant": tenant.slug} | ({"q": asked} if asked else {})
    return {
        "aos_sentence": sentence(counted["all"], counted["admins"], is_issued=oidc.is_on()),
        "aos_is_issued": oidc.is_on(),
        "aos_members": member_lines(shown[:A_PAGE], request.user.pk),
        "aos_roles": role_choices(),
        "aos_q": asked,
        "aos_newer": f"?{urlencode({**link, 'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({**link, 'page': number + 1})}" if len(shown) > A_PAGE else "",
    }


# Changes


def _change(request: HttpRequest, tenants: list[Tenant], navigation: Navigation) -> HttpResponse:
    name = request.POST.get("action", "")
    tenant = next((each for each in tenants if each.slug == request.POST.get("tenant")), None)
    if tenant is None or name not in _ACTIONS:
        raise Http404("there is no such tenant, or nothing of the kind to do")
    if not may(request, CHANGE_ROLES, tenant.pk):
        raise PermissionDenied
    audit.act_as(request.user.get_username(), via="console")
    try:
        messages.success(request, _ACTIONS[name](request, tenant))
    except Refusal as refusal:
        faults = [*faults_of(refusal, NAMES), *refusal.suggestions]
        if name == "add":
            draft = {"person": typed(request.POST, "person"), "role": typed(request.POST, "role"), "faults": faults}
            return _page(request, tenants, tenant, navigation, draft, refusal.status)
        messages.error(request, " ".join(f"{fault.rstrip('.')}." for fault in faults))
    # Whoever took the role from themselves sees this page no more.
    return redirect(f"{reverse('console-members')}?{urlencode({'tenant': tenant.slug})}")


def _role_in(request: HttpRequest) -> str:
    role = parse_body(AccountChanges, {"role": typed(request.POST, "role")}).role
    assert role is not None, "the body named one"
    return role


def _member_in(request: HttpRequest) -> int:
    """Return a member's number; 0, which none has, for what is no number."""
    text = typed(request.POST, "member")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _by_platform(request: HttpRequest, tenant: Tenant) -> User | None:
    """Return the person where they change members as who runs the installation alone."""
    return None if may(request, _ADMINS, tenant.pk) else User.objects.get(pk=request.user.pk or 0)


def _add(request: HttpRequest, tenant: Tenant) -> str:
    made = memberships.add_member(
        tenant=tenant, ref=typed(request.POST, "person"), role=_role_in(request), by_platform=_by_platform(request, tenant)
    )
    return f"{made.user.get_username()} is a member now, as {words_of(made.role)}."


def _give_role(request: HttpRequest, tenant: Tenant) -> str:
    role, may_leave_none = _role_in(request), is_platform(request)
    member = memberships.change_member(
        tenant=tenant,
        member_id=_member_in(request),
        role=role,
        may_leave_none=may_leave_none,
        by_platform=_by_platform(request, tenant),
    )
    return f"{member.user.get_username()} is {words_of(role)} from the next request on."


def _remove(request: HttpRequest, tenant: Tenant) -> str:
    name = memberships.remove_member(tenant=tenant, member_id=_member_in(request), may_leave_none=is_platform(request))
    return f"{name} belongs to this tenant no more, from the next request on."


_ACTIONS: dict[str, Callable[[HttpRequest, Tenant], str]] = {"add": _add, "role": _give_role, "remove": _remove}
