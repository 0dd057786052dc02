"""Taking an effect back from a run's page: which steps offer it, and the form's way to the same call as the API."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from agents.access.operating import may_operate
from agents.access.rights import tenants_for
from agents.roles import EVERY_ROLE
from agents.tenancy import operator_principal
from runs.effects import doubts
from runs.effects.requests import UndoBody, checked_step_id
from runs.effects.undo import steps_to_undo, undo_step
from runs.selectors import RunRead, get_run
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import parse_body

_LEAVE_SOMETHING = frozenset({"idempotent_write", "write", "irreversible"})


UNDOABLE_SHOWN = 20
"""A run may have hundreds of effects; who wants more than these taken back asks by API."""


def undoing(request: HttpRequest, read: RunRead) -> dict[str, Any]:
    """Return what a run's page says about taking effects back: what was, what may be, and what the run itself is about."""
    run, trace = read.run, read.trace
    steps = trace["steps"]
    worth_asking = any(step["status"] == "succeeded" and step["effect"] in _LEAVE_SOMETHING for step in steps)
    may_undo = worth_asking and trace["removed"] is None and may_operate(request, run.agent)
    return {
        "aos_undoable": steps_to_undo(run, read.state, UNDOABLE_SHOWN) if may_undo else [],
        "aos_undone": [step for step in steps if step.get("reversed_by")],
        "aos_undoes": trace.get("undoes"),
    }


def undo_view(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
    """Start the run that takes the effect back, and go to its page."""
    tenant = doubts.tenant_of(run_id, tenants_for(request, EVERY_ROLE)) if is_id("run", run_id) else None
    if tenant is None:
        raise Http404("there is no such run")
    if not may_operate(request, get_run(tenant=tenant, run_id=run_id).agent):
        raise PermissionDenied
    try:
        body = parse_body(UndoBody, {"reason": request.POST.get("reason", "")})
        person = operator_principal(tenant, request.user.get_username())
        child, _ = undo_step(principal=person, run_id=run_id, step_id=checked_step_id(step_id), reason=body.reason)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
        return redirect("admin:runs_run_change", run_id)
    messages.success(request, f"{child.public_id} takes {step_id} of {run_id} back.")
    return redirect("admin:runs_run_change", child.public_id)
