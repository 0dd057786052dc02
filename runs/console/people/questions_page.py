"""Questions on the console: what asks for somebody's answer, and one with its form, made from the JSON Schema its step gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents import audit
from agents.access.rights import may, tenants_for
from agents.console.forms import page_number
from agents.roles import ANSWERING_ROLES, OWNING_ROLES
from agents.tenancy import operator_principal
from runs.console.people import approvals_view as view
from runs.console.people.damaged import of_a_step
from runs.console.people.question_form import Form, answer_in, form_of
from runs.effects import doubts
from runs.effects.requests import checked_step_id
from runs.people import notes, questions
from runs.people.answer_forms import unreadable
from runs.shell.clock import now_ms
from skills.ids import is_id
from skills.net.redaction import MASK, without_credentials
from skills.refusal import Refusal
from skills.wording import UNKNOWN, Look

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from agents.models import Tenant

Json = dict[str, Any]

SEEING_ROLES = ANSWERING_ROLES | OWNING_ROLES
"""Who sees the page: those who answer, and those who may be asked about calls of theirs."""
A_PAGE = 25

_LOOKS = {
    "input": Look("?", "question", "blue"),
    "escalation": Look("✕", "failed", "red"),
    "intervention": Look("✋", "needs a hand", "amber"),
}
_LABELS = {"action": "What becomes of it", "params": "Parameters"}
_MEANS = {
    "input": "Your answer is the result of the step, and later steps may go on with it. Without one in time the step fails.",
    "escalation": "retry: the same call again · modify: with other parameters · skip: the run goes on without it · abort: the run ends.",
    "intervention": "approve: the same call again · modify: with other parameters · abort: the run ends.",
}


def questions_page(request: HttpRequest) -> HttpResponse:
    """List what asks for an answer in the tenants where the person gives some, and what they were asked about calls of theirs."""
    if not may(request, SEEING_ROLES):
        raise PermissionDenied
    tenants = tenants_for(request, ANSWERING_ROLES)
    asked = notes.asked_of(tenants_for(request, SEEING_ROLES), request.user.get_username())
    context = {
        "title": "Questions",
        "aos_may_answer": may(request, ANSWERING_ROLES),
        "aos_asked": [_asked(note) for note in asked[:A_PAGE]],
        "aos_names_tenants": tenants.count() > 1,
        **_waiting(request, tenants),
    }
    return TemplateResponse(request, "console/questions.html", {**admin.site.each_context(request), **context})


@of_a_step
def one_question_page(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
    """Show one question with its form; on POST take the answer, by the same call as the API."""
    if not may(request, ANSWERING_ROLES):
        raise PermissionDenied
    tenant = _tenant_of(request, run_id)
    try:
        told = questions.question_json(tenant=tenant, run_id=run_id, step_id=checked_step_id(step_id))
    except Refusal as refusal:
        if refusal.code != "NOT_FOUND":
            raise
        if request.method != "POST":
            raise Http404("there is no such question") from None
        messages.error(request, f"{step_id} asks nothing any more: somebody was faster, or its run has ended.")
        return redirect("console-questions")
    if request.method == "POST":
        return _answer(request, tenant, told)
    return _page(request, tenant, told, _form(tenant, told))


# Lists


def _waiting(request: HttpRequest, tenants: QuerySet[Tenant]) -> Json:
    number = page_number(request.GET)
    rows = questions.questions_in(tenants).order_by(F("run__wake_at_ms").asc(nulls_last=True), "run_id", "pk")
    found = list(rows[(number - 1) * A_PAGE : number * A_PAGE + 1])
    shown, tenants_by_run = found[:A_PAGE], {row.run.public_id: row.run.tenant for row in found}
    told, unreadable = questions.questions_json(shown)
    cards = [_card(each, tenants_by_run[each["run_id"]]) for each in told]
    return {
        "aos_cards": sorted(cards, key=lambda card: card["expires_at"] or "9"),
        "aos_unreadable": unreadable,
        "aos_sooner": f"?page={number - 1}" if number > 1 else "",
        "aos_later": f"?page={number + 1}" if len(found) > A_PAGE else "",
    }


def _asked(note: Any) -> Json:
    link = reverse("console-approval", args=[note.run.public_id, note.step])
    return {"by": note.by, "text": note.text, "at": f"{note.at:%Y-%m-%d %H:%M}", "step_id": note.step, "link": link}


def _card(told: Json, tenant: Tenant) -> Json:
    """Return a question for reading: what its step was called with stays where it is."""
    return {
        **{name: told[name] for name in ("run_id", "step_id", "agent", "skill", "version", "waits_for", "failure_code")},
        "look": _LOOKS[told["waits_for"]],
        "question": view.plainly(without_credentials(told["question"])),
        "requested_by": told["requested_by"] or UNKNOWN,
        "expires_at": told["expires_at"] or "",
        "expires": (told["expires_at"] or UNKNOWN)[:19].replace("T", " "),
        "left": view.left(told["expires_at"], now_ms()),
        "tenant": tenant.name,
        "link": reverse("console-question", args=[told["run_id"], told["step_id"]]),
    }


# One


def _tenant_of(request: HttpRequest, run_id: str) -> Tenant:
    """Return whose run it is. Raises Http404 alike for none and for one of a tenant where the person answers nothing."""
    tenant = doubts.tenant_of(run_id, tenants_for(request, ANSWERING_ROLES)) if is_id("run", run_id) else None
    if tenant is None:
        raise Http404("there is no such question")
    return tenant


def _form(tenant: Tenant, told: Json) -> Form:
    if told["waits_for"] == "input":
        return form_of(told["form"])
    form = form_of(told["form"], initial={"params": _masked_params(tenant, told)})
    for each in form.fields():
        each.label = _LABELS.get(each.label, each.label)
    return form


def _masked_params(tenant: Tenant, told: Json) -> Json:
    """Return what the failed call was made with, for somebody to change: what looks like a credential is masked, as on every page."""
    params = questions.params_of(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"])
    masked = view.masked(params)
    # Longer than a page shows: whoever changes them writes them anew.
    return masked if isinstance(masked, dict) and len(json.dumps(masked)) <= view.WHOLE else {}


def _page(request: HttpRequest, tenant: Tenant, told: Json, form: Form, *, status: int = 200) -> HttpResponse:
    by = questions.is_answered(tenant=tenant, run_id=told["run_id"], step_id=told["step_id"])
    context = {
        "title": f"Question: {told['step_id']}",
        "aos_one": _card(told, tenant),
        "aos_means": _MEANS[told["waits_for"]],
        "aos_form": form,
        "aos_has_faults": bool(form.faults) or any(each.faults for each in form.fields()),
        "aos_answered_by": by,
        "aos_unusable": unreadable(told["form"]),
    }
    return TemplateResponse(request, "console/one_question.html", {**admin.site.each_context(request), **context}, status=status)


def _answer(request: HttpRequest, tenant: Tenant, told: Json) -> HttpResponse:
    form, place = _form(tenant, told), {"run_id": told["run_id"], "step_id": told["step_id"]}
    value = answer_in(form, request.POST)
    if not any(each.faults for each in form.fields()):
        audit.act_as(request.user.get_username(), via="console")
        try:
            person = operator_principal(tenant, request.user.get_username())
            questions.answer(principal=person, value=_unmasked(value, told), **place)
        except Refusal as refusal:
            if refusal.status == 409:
                messages.error(request, "; ".join([refusal.detail, *refusal.suggestions]))
                return redirect("console-questions")
            form.tell(refusal.errors or [{"pointer": "", "detail": refusal.detail}], at="/value")
        else:
            messages.success(request, f"Answered: {told['step_id']} goes on with it.")
            return redirect("console-questions")
    return _page(request, tenant, told, form, status=422)


def _unmasked(value: Any, told: Json) -> Any:
    """Return the answer as it is sent. Raises Refusal for parameters to go on with in which a mask stands in place of a credential."""
    if told["waits_for"] == "input" or not isinstance(value, dict):
        return value
    if value.get("action") != "modify":
        return {name: inner for name, inner in value.items() if name != "params"}
    if MASK in json.dumps(value.get("params"), ensure_ascii=False):
        fault = {"pointer": "/value/params", "detail": f"write out what is masked ({MASK}), or take it away"}
        raise Refusal("INVALID_INPUT", fault["detail"], status=422, errors=[fault | {"code": "INVALID_INPUT"}])
    return value
