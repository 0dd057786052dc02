"""Dead letters on the console: runs that were given up, what each leaves behind, and another chance for one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.operating import may_operate
from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import page_number
from agents.roles import CAUSE_ROLES, EVERY_ROLE, PAYLOAD_ROLES
from agents.tenancy import operator_principal
from runs.effects import dead_letters, doubts
from runs.effects.requests import RequeueBody
from runs.models import IN_VAIN, Run
from runs.selectors import get_run
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import parse_body
from skills.wording import UNKNOWN, look_of

Json = dict[str, Any]
A_PAGE = 25


def dead_letters_page(request: HttpRequest) -> HttpResponse:
    """List the runs of one's tenants that were given up. Reads only."""
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    tenants, number = tenants_for(request, EVERY_ROLE), page_number(request.GET)
    runs = list(dead_letters.dead_letters_in(tenants)[(number - 1) * A_PAGE : number * A_PAGE + 1])
    told = dead_letters.dead_letters_json(runs[:A_PAGE])
    context = {
        "title": "Dead letters",
        "aos_letters": [_letter(request, run, letter) for run, letter in zip(runs[:A_PAGE], told, strict=True)],
        "aos_names_tenants": is_platform(request) or tenants.count() > 1,
        "aos_newer": f"?page={number - 1}" if number > 1 else "",
        "aos_older": f"?page={number + 1}" if len(runs) > A_PAGE else "",
    }
    return TemplateResponse(request, "console/dead_letters.html", {**admin.site.each_context(request), **context})


def _letter(request: HttpRequest, run: Run, told: Json) -> Json:
    flight = told["last_in_flight"]
    hides = not may(request, PAYLOAD_ROLES, run.tenant_id)
    hidden = {} if may(request, CAUSE_ROLES, run.tenant_id) else {"target": ""}
    effects = [{**each, **hidden} for each in told["effects"]]
    return {
        **told,
        "goal": "" if hides else told["goal"],
        "link": reverse("admin:runs_run_change", args=[run.public_id]),
        "tenant": run.tenant,
        "given_up": _time(told["given_up_at"]),
        "flight": f"{flight['step_id']} ({flight['skill']}), attempt {flight['attempt']}, begun {_time(flight['started_at'])} UTC"
        if flight
        else "",
        "effects": [{**each, "look": look_of("in_doubt" if each["state"] == "in_doubt" else "succeeded")} for each in effects],
        # Sessions span tenants: which machine it was is the platform's to know.
        "workers": told["last_workers"] if is_platform(request) else [],
        "requeued_link": reverse("admin:runs_run_change", args=[told["requeued_as"]["run_id"]]) if told["requeued_as"] else "",
        "requeued_look": look_of(told["requeued_as"]["status"]) if told["requeued_as"] else None,
        "may_requeue": may_operate(request, run.agent) and told["journal_readable"] and _is_open(told["requeued_as"]),
    }


def _is_open(requeued: Json | None) -> bool:
    return requeued is None or requeued["status"] in IN_VAIN


def _time(at: str | None) -> str:
    return UNKNOWN if at is None else at[:19].replace("T", " ")


def requeue_view(request: HttpRequest, run_id: str) -> HttpResponse:
    """Start a run once more, by the same call as the API, and go to the new one."""
    tenant = doubts.tenant_of(run_id, tenants_for(request, EVERY_ROLE)) if is_id("run", run_id) else None
    if tenant is None:
        raise Http404("there is no such run")
    if not may_operate(request, get_run(tenant=tenant, run_id=run_id).agent):
        raise PermissionDenied
    given = {"reason": request.POST.get("reason", ""), "accept_doubt": request.POST.get("accept_doubt") == "yes"}
    try:
        body = parse_body(RequeueBody, given)
        person = operator_principal(tenant, request.user.get_username())
        child, _ = dead_letters.requeue(principal=person, run_id=run_id, **body.model_dump())
    except Refusal as refusal:
        messages.error(request, "; ".join([refusal.detail, *(fault["detail"] for fault in refusal.errors)]))
        return redirect("console-dead-letters")
    messages.success(request, f"Queued again as {child.public_id}.")
    return redirect("admin:runs_run_change", child.public_id)
