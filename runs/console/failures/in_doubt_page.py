"""Effects in doubt on the console: the list of them, and one with its evidence side by side, where somebody says what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import page_number
from agents.roles import ANSWERING_ROLES, BREAK_GLASS, DECIDING_ROLES
from agents.tenancy import operator_principal
from runs.effects import doubts
from runs.effects.requests import VerdictBody, checked_step_id
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import parse_body
from skills.strict_json import read_strict
from skills.wording import UNKNOWN, duration, look_of

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
A_PAGE = 50
HIDDEN = "hidden"
_READING_ROLES = ANSWERING_ROLES | {BREAK_GLASS}
_TITLES = {"happened": "It happened", "did_not_happen": "It did not happen", "probe_again": "Probe again"}
_PHASES = {
    "not_sent": "nothing was sent",
    "maybe_sent": "it may have been sent; no answer came",
    "acked": "it was answered, and the answer was lost",
}


def in_doubt_page(request: HttpRequest) -> HttpResponse:
    """List what waits for a verdict in the tenants where the person may give one. Reads only."""
    _check_may_view(request)
    tenants, number = tenants_for(request, DECIDING_ROLES), page_number(request.GET)
    rows = list(doubts.doubts_in(tenants).order_by("-run__created_at", "-pk")[(number - 1) * A_PAGE : number * A_PAGE + 1])
    context = {
        "title": "In doubt",
        "aos_rows": [_line(row) for row in rows[:A_PAGE]],
        "aos_names_tenants": is_platform(request) or tenants.count() > 1,
        "aos_newer": f"?page={number - 1}" if number > 1 else "",
        "aos_older": f"?page={number + 1}" if len(rows) > A_PAGE else "",
    }
    return TemplateResponse(request, "console/in_doubt.html", {**admin.site.each_context(request), **context})


def one_in_doubt_page(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
    """Show what is known of one effect; on POST take down what became of it, by the same call as the API."""
    _check_may_view(request)
    tenant = _tenant_of(request, run_id)
    if request.method == "POST":
        return _decide(request, tenant, run_id, step_id)
    reads = may(request, _READING_ROLES, tenant.pk)
    told = _shown(_evidence(tenant, run_id, step_id), reads=reads)
    context = {"title": f"In doubt: {step_id}", "aos_tenant": tenant, "aos_is_hidden": not reads, **told}
    return TemplateResponse(request, "console/one_in_doubt.html", {**admin.site.each_context(request), **context})


def _check_may_view(request: HttpRequest) -> None:
    if not may(request, DECIDING_ROLES):
        raise PermissionDenied


def _line(row: Any) -> Json:
    told = doubts.doubt_json(row)
    link = reverse("console-in-doubt-one", args=[told["run_id"], told["step_id"]])
    why = told["failure_code"] or "worker lost"
    started = (told["started_at"] or told["run_created_at"])[:19].replace("T", " ")
    return {**told, "link": link, "why": why, "started": started, "tenant": row.run.tenant}


def _tenant_of(request: HttpRequest, run_id: str) -> Tenant:
    """Return whose run it is. Raises Http404 alike for none and for one of a tenant where the person decides nothing."""
    tenant = doubts.tenant_of(run_id, tenants_for(request, DECIDING_ROLES)) if is_id("run", run_id) else None
    if tenant is None:
        raise Http404("there is no such effect in doubt")
    return tenant


def _evidence(tenant: Tenant, run_id: str, step_id: str) -> Json:
    try:
        return doubts.evidence(tenant=tenant, run_id=run_id, step_id=checked_step_id(step_id))
    except Refusal:
        raise Http404("there is no such effect in doubt") from None


def _shown(found: Json, *, reads: bool) -> Json:
    """Return what the page shows; what the call carried, and what came back, only to who `reads` them."""
    sent = found["sent"]
    return {
        "aos_found": found,
        "aos_look": look_of("in_doubt") if found["status"] == "in_doubt" else look_of("succeeded")._replace(word="settled"),
        "aos_call": [
            ("Sent at", f"{_time(sent['at'])} UTC, attempt {sent['attempt']}"),
            ("Given up at", f"{_time(sent['ended_at'])} UTC" if sent["ended_at"] else UNKNOWN),
            ("Timeout", duration(sent["timeout_ms"])),
            ("Target", (sent["target"] or UNKNOWN) if reads else HIDDEN),
            ("Phase", _PHASES.get(sent["phase"], sent["phase"])),
            ("Ended with", found["failure"]["code"] if found["failure"] else "nobody lived to tell"),
        ],
        "aos_traces": [
            ("Bytes acknowledged", sent["bytes_acknowledged"] or UNKNOWN),
            ("Provider reference", (sent["provider_reference"] or UNKNOWN) if reads else HIDDEN),
            ("Idempotency key", sent["idempotency_key"] or UNKNOWN),
            ("How it can be probed", found["probe"]["how"] or "The call says not how to find out."),
        ],
        "aos_answers": [{**each, "at": _time(each["at"]), "words": each["answer"].replace("_", " ")} for each in found["probe"]["answers"]],
        "aos_verdicts": [{**each, "at": _time(each["at"]), "words": each["verdict"].replace("_", " ")} for each in found["verdicts"]],
        "aos_choices": [{"verdict": name, "title": _TITLES[name], "leads_to": words} for name, words in found["choices"].items()],
    }


def _time(at: str) -> str:
    return at[:23].replace("T", " ").removesuffix("Z")


def _decide(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    given: Json = {"verdict": request.POST.get("verdict", ""), "reason": request.POST.get("reason", "")}
    result = request.POST.get("result", "").strip()
    try:
        if result:
            given["result"] = read_strict(result.encode("utf-8", "replace"), "the result")
        body = parse_body(VerdictBody, given)
        person = operator_principal(tenant, request.user.get_username())
        told = doubts.give_verdict(principal=person, run_id=run_id, step_id=checked_step_id(step_id), **body.model_dump())
    except Refusal as refusal:
        faults = "; ".join(f"{fault['pointer'].lstrip('/')}: {fault['detail']}" for fault in refusal.errors)
        messages.error(request, f"{refusal.detail}{f' ({faults})' if faults and refusal.status != 409 else ''}")
        return redirect("console-in-doubt-one", run_id, step_id) if refusal.status != 404 else redirect("console-in-doubt")
    messages.success(request, f"Taken down: {told['leads_to']}")
    return redirect("console-in-doubt")
