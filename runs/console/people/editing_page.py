"""Approving a call with other parameters, on the console: edit → see what that would be → say yes to exactly that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from agents.access.members import APPROVING_ROLES
from agents.access.rights import may, tenants_for
from agents.actors import is_same_actor
from agents.console.forms import typed
from agents.reasons import LEAST_REASON
from agents.tenancy import operator_principal
from runs.console.people import editing_view as view
from runs.console.people.approvals_page import tell_decided
from runs.console.people.approvals_view import card
from runs.console.people.damaged import of_a_step
from runs.effects import doubts
from runs.effects.requests import checked_step_id
from runs.people import approvals
from runs.people.editing import Edit, edited_call
from runs.shell.clock import now_ms
from skills.ids import is_id
from skills.refusal import Refusal
from skills.registry import registry
from skills.strict_json import NotStrictJson

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]


@of_a_step
def editing_page(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
    """Show a waiting call's parameters for editing; on POST show what the edit would be, or approve what was shown."""
    if not may(request, APPROVING_ROLES):
        raise PermissionDenied
    tenant = doubts.tenant_of(run_id, tenants_for(request, APPROVING_ROLES)) if is_id("run", run_id) else None
    told = None if tenant is None else _waiting(tenant, run_id, step_id)
    if tenant is None or told is None:
        if tenant is not None and approvals.is_decided(tenant=tenant, run_id=run_id, step_id=step_id):
            return redirect("console-approval", run_id, step_id)
        raise Http404("nothing waits there for an approval")
    if request.method != "POST":
        return _page(request, tenant, told, text=view.editable(told["params"]))
    text = request.POST.get("params", "").replace("\x00", "")
    if typed(request.POST, "action_hash") != told["action_hash"]:
        messages.error(request, "The step asks for another action by now; this is what it asks for.")
        return redirect("console-approval-edit", run_id, step_id)
    return _edited(request, tenant, told, text)


def _waiting(tenant: Tenant, run_id: str, step_id: str) -> Json | None:
    try:
        return approvals.approval_json(tenant=tenant, run_id=run_id, step_id=checked_step_id(step_id))
    except Refusal as refusal:
        if refusal.code != "NOT_FOUND":
            raise
        return None


def _edited(request: HttpRequest, tenant: Tenant, told: Json, text: str) -> HttpResponse:
    try:
        params = view.typed_params(text, told["params"])
        call = edited_call(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"], action_hash=told["action_hash"], params=params)
        if request.POST.get("verb") == "approve":
            return _approve(request, tenant, told, params)
    except NotStrictJson as error:
        faults = [f"{each.pointer or '/'}: {each.detail}" for each in error.faults]
        return _page(request, tenant, told, text=text, faults=faults, status=422)
    except Refusal as refusal:
        if refusal.status == 409 and approvals.is_decided(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"]):
            messages.error(request, refusal.detail)
            return redirect("console-approval", told["run_id"], told["step_id"])
        faults = [f"{each['pointer']}: {each['detail']}" if each["pointer"] else each["detail"] for each in refusal.errors]
        return _page(request, tenant, told, text=text, faults=faults or [refusal.detail], status=refusal.status)
    return _page(request, tenant, told, text=text, call=call)


def _approve(request: HttpRequest, tenant: Tenant, told: Json, params: Json) -> HttpResponse:
    approvals.decide(
        principal=operator_principal(tenant, request.user.get_username()),
        run_id=told["run_id"],
        step_id=told["step_id"],
        approve=True,
        action_hash=told["action_hash"],
        reason=typed(request.POST, "reason"),
        edit=Edit(params, typed(request.POST, "edited_hash")),
    )
    tell_decided(request, told["run_id"], f"Approved with your edit: {told['step_id']} is called now.")
    return redirect("console-approvals")


def _page(
    request: HttpRequest,
    tenant: Tenant,
    told: Json,
    *,
    text: str,
    faults: list[str] | None = None,
    call: Json | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": f"Edit before approving: {told['step_id']}",
        "aos_tenant": tenant,
        "aos_one": card(told, registry.resolve(told["skill"], told["version"]), now_ms()),
        "aos_action_hash": told["action_hash"],
        "aos_text": text,
        "aos_rows": min(30, max(8, text.count("\n") + 3)),
        "aos_faults": faults or [],
        "aos_call": None if call is None else view.outcome(call),
        "aos_is_own": is_same_actor(tenant, told["requested_by"], request.user.get_username()),
        "aos_reason": typed(request.POST, "reason"),
        "aos_least": LEAST_REASON,
    }
    return TemplateResponse(request, "console/edit_approval.html", {**admin.site.each_context(request), **context}, status=status)
