"""The recovery review: candidates in a list, one in full beside it, decided here by operators, approvers and tenant admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import page_number
from agents.roles import CAUSE_ROLES, DECIDING_ROLES, EVERY_ROLE
from agents.tenancy import Principal, operator_principal
from catalog.learning.views import candidate_detail, candidate_json, candidates_of, tenant_id_of
from runs.console.failures import recovery_view as view
from runs.recovery import deciding, suggesting
from skills.ids import is_id
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

VIEW_ROLES = EVERY_ROLE
A_PAGE = 25
_FILTERS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("open", "Open", {"state": "open"}),
    ("shadow", "In shadow", {"policy": "shadow"}),
    ("active", "Active", {"policy": "active"}),
    ("rejected", "Rejected", {"state": "rejected"}),
    ("withdrawn", "Withdrawn", {"state": "withdrawn"}),
    ("all", "All", {}),
)


def recovery_page(request: HttpRequest) -> HttpResponse:
    """Show the candidates of one's tenants; on POST suggest for a failure, by the same call as the API."""
    _check_may_view(request)
    if request.method == "POST":
        return _suggest(request)
    return _page(request, None)


def candidate_page(request: HttpRequest, candidate_id: str) -> HttpResponse:
    """Show one candidate beside the list; on POST decide about it, by the same call as the API."""
    _check_may_view(request)
    tenant = _tenant_of(request, candidate_id)
    if request.method == "POST":
        return _decide(request, tenant, candidate_id)
    return _page(request, _found(tenant, candidate_id), tenant)


def _check_may_view(request: HttpRequest) -> None:
    if not may(request, VIEW_ROLES):
        raise PermissionDenied


def _tenant_of(request: HttpRequest, candidate_id: str) -> Tenant:
    """Return whose candidate it is. Raises Http404 alike for none and for one of a tenant the person is not in."""
    number = tenant_id_of(candidate_id) if is_id("rec", candidate_id) else None
    tenant = tenants_for(request, VIEW_ROLES).filter(pk=number or 0).first()
    if tenant is None:
        raise Http404("there is no such candidate")
    return tenant


def _found(tenant: Tenant, candidate_id: str) -> dict[str, Any]:
    try:
        return candidate_detail(tenant=tenant, candidate_id=candidate_id)
    except Refusal:
        raise Http404("there is no such candidate") from None


def _page(request: HttpRequest, told: dict[str, Any] | None, tenant: Tenant | None = None) -> HttpResponse:
    chosen = next((each for each in _FILTERS if each[0] == request.GET.get("show")), _FILTERS[-1 if told else 0])
    number = page_number(request.GET)
    rows = candidates_of(tenants_for(request, VIEW_ROLES), **chosen[2])
    shown = list(rows[(number - 1) * A_PAGE : number * A_PAGE + 1])
    context = {
        "title": "Recovery review",
        "aos_filters": [{"name": name, "title": title, "is_chosen": name == chosen[0]} for name, title, _ in _FILTERS],
        "aos_chosen": chosen[1].lower(),
        "aos_lines": [_line(request, row) for row in shown[:A_PAGE]],
        "aos_names_tenants": is_platform(request) or tenants_for(request, VIEW_ROLES).count() > 1,
        "aos_newer": _link(chosen[0], number - 1) if number > 1 else "",
        "aos_older": _link(chosen[0], number + 1) if len(shown) > A_PAGE else "",
        "aos_may_suggest": may(request, DECIDING_ROLES),
        "aos_failures": reverse("admin:catalog_failurematch_changelist"),
        "aos_query": urlencode({"show": chosen[0], "page": number}),
    }
    if told is not None and tenant is not None:
        may_decide = may(request, DECIDING_ROLES, tenant.pk)
        shows_cause = may(request, CAUSE_ROLES, tenant.pk)
        context |= {"aos_one": view.full(told, shows_cause=shows_cause), "aos_forms": view.forms(told) if may_decide else []}
        context |= {"aos_tenant": tenant, "aos_may_decide": may_decide, "aos_shows_cause": shows_cause}
    return TemplateResponse(request, "console/recovery.html", {**admin.site.each_context(request), **context})


def _link(name: str, number: int) -> str:
    return f"{reverse('console-recovery')}?{urlencode({'show': name, 'page': number})}"


def _line(request: HttpRequest, row: Any) -> dict[str, Any]:
    shown = view.line(candidate_json(row), shows_cause=may(request, CAUSE_ROLES, row.tenant_id))
    return {**shown, "tenant": row.tenant, "link": reverse("console-recovery-candidate", args=[row.public_id])}


# Changes


def _principal(request: HttpRequest, tenant: Tenant) -> Principal:
    if not may(request, DECIDING_ROLES, tenant.pk):
        raise PermissionDenied
    return operator_principal(tenant, request.user.get_username())


def _decide(request: HttpRequest, tenant: Tenant, candidate_id: str) -> HttpResponseRedirect:
    principal = _principal(request, tenant)
    action = deciding.ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise Http404("there is nothing of the kind to do")
    try:
        told = action(principal=principal, candidate_id=candidate_id, reason=request.POST.get("reason", ""))
        messages.success(request, f"The candidate is {view.look(told).word} now.")
    except Refusal as refusal:
        _explain(request, refusal)
    return redirect("console-recovery-candidate", candidate_id)


def _suggest(request: HttpRequest) -> HttpResponseRedirect:
    """Suggest for a failure of whichever of the person's tenants it is of."""
    match_id = request.POST.get("match_id", "").strip()
    tenants = tenants_for(request, DECIDING_ROLES)
    if not tenants:
        raise PermissionDenied
    for tenant in tenants:
        try:
            told = suggesting.suggest(principal=_principal(request, tenant), match_id=match_id)
        except Refusal as refusal:
            if refusal.code == "NOT_FOUND":
                continue
            _explain(request, refusal)
            return redirect("console-recovery")
        return redirect("console-recovery-candidate", told["candidate"]["id"])
    messages.error(request, "There is no such failure.")
    return redirect("console-recovery")


def _explain(request: HttpRequest, refusal: Refusal) -> None:
    messages.error(request, "; ".join([refusal.detail, *(fault["detail"] for fault in refusal.errors), *refusal.suggestions]))
