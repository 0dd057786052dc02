"""Operations over many runs on the console: look at what one would do, begin it, see how far it is, stop it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import faults_of, page_number, typed
from agents.reasons import LEAST_REASON, LONGEST_REASON, is_reason
from agents.roles import OPERATING_ROLES, OVERSIGHT_ROLES, Roles
from agents.tenancy import operator_principal
from runs.bulk.aborting import abort
from runs.bulk.actions import ACTIONS
from runs.bulk.beginning import begin
from runs.bulk.choosing import ASKED_ABOVE
from runs.bulk.contracts import BulkOptions
from runs.bulk.previewing import preview
from runs.bulk.reading import operation_json
from runs.console.runs import bulk_view as view
from runs.console.runs.bulk_choosing import Listed, listed_in
from runs.console.runs.runs_list import PRESERVED
from runs.models import BulkOperation
from skills.ids import is_id
from skills.refusal import Refusal

Json = dict[str, Any]
VIEW_ROLES: Roles = OPERATING_ROLES | OVERSIGHT_ROLES
A_PAGE = 25
_NAMES = {"reason": "Reason", "expected": "Number of runs", "filter": "Filter"}


def bulk_page(request: HttpRequest) -> HttpResponse:
    """List the operations of one's tenants. Reads only."""
    if not may(request, VIEW_ROLES):
        raise PermissionDenied
    number = page_number(request.GET)
    found = list(
        _operations(request).defer("run_ids", "faults").order_by("-created_at", "-pk")[(number - 1) * A_PAGE : number * A_PAGE + 1]
    )
    context = {
        "title": "Bulk operations",
        "aos_lines": [_view(row) | {"tenant": row.tenant} for row in found[:A_PAGE]],
        "aos_is_running": any(row.state == "running" for row in found[:A_PAGE]),
        "aos_may_begin": may(request, OPERATING_ROLES),
        "aos_names_tenants": _names_tenants(request),
        "aos_newer": f"?page={number - 1}" if number > 1 else "",
        "aos_older": f"?page={number + 1}" if len(found) > A_PAGE else "",
    }
    return _answered(request, "bulk.html", context)


def one_bulk_page(request: HttpRequest, bulk_id: str) -> HttpResponse:
    """Show how far an operation is and what was refused; on POST stop it, by the same service as the API."""
    row = _operations(request).defer("run_ids").filter(public_id=bulk_id).first() if is_id("blk", bulk_id) else None
    if row is None:
        raise Http404("there is no such operation")
    may_stop = may(request, OPERATING_ROLES, row.tenant_id)
    if request.method == "POST":
        if not may_stop:
            raise PermissionDenied
        return _stop(request, row)
    shown = _view(row, whole=True)
    context = {
        "title": shown["title"],
        "aos_one": shown,
        "aos_faults": view.faults_view(shown),
        "aos_may_stop": may_stop and shown["is_running"] and not row.abort_asked_by,
        "aos_tenant": row.tenant,
        "aos_names_tenants": _names_tenants(request),
    }
    return _answered(request, "one_bulk.html", context)


def new_bulk_page(request: HttpRequest) -> HttpResponse:
    """Show what would be done to the runs of a filter of the list; on POST begin it."""
    if not may(request, OPERATING_ROLES):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    # Boxes that were ticked on the list are a filter too.
    picked = [number for number in given.getlist("pick") if number.isascii() and number.isdecimal()]
    filters = urlencode({"id__in": ",".join(picked)}) if picked else typed(given, PRESERVED)
    action = ACTIONS.get(typed(given, "action"))
    if action is None:
        raise Http404("there is nothing of the kind to do")
    asked = {"action": action.name, "filters": filters, "tenant": typed(given, "tenant"), "before": typed(given, "created_before")}
    form = {name: typed(given, name) for name in ("reason", "count", "shown", "once", "versions", "repeat_effects")}
    try:
        listed = listed_in(request, filters, asked["tenant"], asked["before"] if request.method == "POST" else "")
    except Refusal as refusal:
        return _refused(request, asked, refusal)
    if request.method != "POST":
        return _preview(request, asked, listed, {})
    try:
        row = _begun(request, asked, listed, form)
    except Refusal as refusal:
        return _preview(request, asked, listed, {**form, "faults": faults_of(refusal, _NAMES)}, refusal.status)
    messages.success(request, f"It is begun: {view.runs(row.total)}. The workers do the rest.")
    return redirect("console-bulk-one", row.public_id)


def _operations(request: HttpRequest) -> QuerySet[BulkOperation]:
    return BulkOperation.objects.filter(tenant__in=tenants_for(request, VIEW_ROLES)).select_related("tenant")


def _view(row: BulkOperation, *, whole: bool = False) -> Json:
    told = operation_json(row, whole=whole)
    shown = view.operation_view(told, ACTIONS[row.action].phrase, reverse("admin:runs_run_changelist"), timezone.now())
    return {**shown, "link": reverse("console-bulk-one", args=[row.public_id])}


def _names_tenants(request: HttpRequest) -> bool:
    return is_platform(request) or tenants_for(request, VIEW_ROLES).count() > 1


def _answered(request: HttpRequest, template: str, context: Json, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, f"console/{template}", {**admin.site.each_context(request), **context}, status=status)


# A new one


def _preview(request: HttpRequest, asked: Json, listed: Listed, form: Json, status: int = 200) -> HttpResponse:
    action = ACTIONS[asked["action"]]
    person = operator_principal(listed.chosen.tenant, request.user.get_username())
    try:
        told = preview(principal=person, action=action.name, chosen=listed.chosen)
    except Refusal as refusal:
        return _refused(request, asked, refusal)
    context = {
        **_asked(asked),
        "aos_seen": view.preview_view(told, action.phrase),
        "aos_action": action,
        "aos_listed": listed,
        "aos_tenants": _choices(asked, listed),
        "aos_form": {"once": uuid4().hex, **form},
        "aos_least": LEAST_REASON,
        "aos_longest": LONGEST_REASON,
    }
    return _answered(request, "new_bulk.html", context, status)


def _asked(asked: Json) -> Json:
    others = [(action.title, _address(asked, action=action.name), action.name == asked["action"]) for action in ACTIONS.values()]
    back = reverse("admin:runs_run_changelist") + (f"?{asked['filters']}" if asked["filters"] else "")
    return {"title": ACTIONS[asked["action"]].phrase.format("many runs"), "aos_actions": others, "aos_back": back}


def _address(asked: Json, **changes: str) -> str:
    kept = {"action": asked["action"], PRESERVED: asked["filters"], "tenant": asked["tenant"], **changes}
    return "?" + urlencode({name: value for name, value in kept.items() if value})


def _choices(asked: Json, listed: Listed) -> list[tuple[str, str, bool]]:
    if len(listed.tenants) < 2:
        return []
    return [(each.name, _address(asked, tenant=each.slug), each == listed.chosen.tenant) for each in listed.tenants]


def _refused(request: HttpRequest, asked: Json, refusal: Refusal) -> HttpResponse:
    return _answered(request, "new_bulk.html", {**_asked(asked), "aos_refusal": refusal}, refusal.status)


def _begun(request: HttpRequest, asked: Json, listed: Listed, form: Json) -> BulkOperation:
    if not is_reason(form["reason"], LEAST_REASON):
        raise _fault("reason", f"say why in {LEAST_REASON} to {LONGEST_REASON} characters")
    shown = int(form["shown"]) if form["shown"].isascii() and form["shown"].isdecimal() and len(form["shown"]) < 8 else 0
    if form["count"] and form["count"].replace(",", "") != str(shown):
        raise _fault("expected", f"you typed {form['count'][:20]}, and they are {shown:,}")
    bulk_id = f"blk_{form['once']}"
    if not is_id("blk", bulk_id):
        raise _fault("filter", "this is not the form of the page; load it again")
    options = BulkOptions(
        versions="pinned" if form["versions"] == "pinned" else "current", repeat_effects=form["repeat_effects"] == "yes"
    ).model_dump()
    return begin(
        principal=operator_principal(listed.chosen.tenant, request.user.get_username()),
        action=asked["action"],
        chosen=listed.chosen,
        reason=form["reason"],
        # What was typed is what was shown. Up to a few runs nobody types it; that they are no more by now, the form says.
        expected=shown if form["count"] or 0 < shown <= ASKED_ABOVE else None,
        options=options,
        user_id=request.user.pk,
        bulk_id=bulk_id,
    )


def _fault(name: str, detail: str) -> Refusal:
    return Refusal("INVALID_INPUT", detail, status=422, errors=[{"pointer": f"/{name}", "code": "INVALID_INPUT", "detail": detail}])


def _stop(request: HttpRequest, row: BulkOperation) -> HttpResponse:
    try:
        stopped = abort(principal=operator_principal(row.tenant, request.user.get_username()), bulk_id=row.public_id)
        told = "It is stopped." if stopped.state == "aborted" else "It stops before the next few runs."
        messages.success(request, f"{told} What was done stays done.")
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    return redirect("console-bulk-one", row.public_id)
