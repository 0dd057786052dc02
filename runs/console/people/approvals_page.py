"""Approvals on the console: what waits for somebody's yes, what was decided, and one call in full, where a person says yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from pydantic import Field

from agents.access.members import APPROVING_ROLES
from agents.access.rights import may, tenants_for
from agents.actors import is_same_actor, names_of
from agents.console.forms import page_number
from agents.reasons import LEAST_REASON
from agents.roles import EVERY_ROLE
from agents.tenancy import operator_principal
from runs.console.people import approval_talk
from runs.console.people import approvals_view as view
from runs.console.people.damaged import of_a_step
from runs.console.people.together_page import groups_of
from runs.effects import doubts
from runs.effects.requests import checked_step_id
from runs.models import Run
from runs.people import approvals, grants, notes
from runs.requests import Reason
from runs.shell.clock import now_ms
from skills.ids import is_id
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import RequestModel, parse_body

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from agents.models import Tenant

Json = dict[str, Any]
A_PAGE = 25
DECIDED_SHOWN = 50
EXPIRED_DAYS = 30
TABS = {"mine": "Mine", "pending": "Pending", "decided": "Decided", "expired": "Expired"}
_WHERE = {"mine": "?show=mine&", "pending": "?"}


class WordBody(RequestModel):
    """What the form sends: a word on exactly the action that was shown."""

    verdict: Literal["approve", "reject"]
    action_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reason: Reason


def approvals_page(request: HttpRequest) -> HttpResponse:
    """List what waits, or what was decided, in the tenants where the person decides. Reads only."""
    _check_may_view(request)
    tenants = tenants_for(request, APPROVING_ROLES)
    show = request.GET.get("show", "")
    show = show if show in TABS else "pending"
    rows = {"decided": _decided, "expired": _expired}[show](tenants) if show in ("decided", "expired") else _pending(request, tenants, show)
    context = {
        "title": "Approvals",
        "aos_show": show,
        "aos_tabs": [(name, title, name == show) for name, title in TABS.items()],
        "aos_names_tenants": tenants.count() > 1,
        "aos_grants": grants.in_force(tenant=tenants).count(),
        **rows,
    }
    return TemplateResponse(request, "console/approvals.html", {**admin.site.each_context(request), **context})


@of_a_step
def one_approval_page(request: HttpRequest, run_id: str, step_id: str) -> HttpResponse:
    """Show one call in full; on POST take the person's word about it, by the same call as the API."""
    tenant, decides = _tenant_of(request, run_id)
    if request.method == "POST":
        said = approval_talk.posted(request, tenant, run_id, step_id)
        if said is not None:
            return said
        if not decides:
            raise PermissionDenied
        return _decide(request, tenant, run_id, step_id)
    told, decisions = _waiting(tenant, run_id, step_id), _decisions(tenant, run_id, step_id)
    if told is None and not decisions:
        raise Http404("there is no such approval")
    is_open = told is not None and not approvals.is_decided(tenant=tenant, run_id=run_id, step_id=step_id)
    context = {
        "title": f"Approval: {step_id}",
        "aos_tenant": tenant,
        "aos_run_id": run_id,
        "aos_step_id": step_id,
        "aos_one": None if told is None else view.full(told, registry.resolve(told["skill"], told["version"]), now_ms()),
        "aos_is_open": is_open,
        "aos_is_own": told is not None and is_same_actor(tenant, told["requested_by"], request.user.get_username()),
        "aos_decides": decides,
        "aos_decisions": decisions,
        "aos_least": LEAST_REASON,
        **({} if told is None else approval_talk.talk(request, tenant, told, decides=decides)),
        **(approval_talk.compared(tenant, told) if told is not None and decides else {}),
    }
    return TemplateResponse(request, "console/one_approval.html", {**admin.site.each_context(request), **context})


def _check_may_view(request: HttpRequest) -> None:
    if not may(request, APPROVING_ROLES):
        raise PermissionDenied


def _tenant_of(request: HttpRequest, run_id: str) -> tuple[Tenant, bool]:
    """Return whose run it is, and whether the person decides there; who does not sees what they asked for themselves.

    Raises Http404 alike for none and for one of a tenant where the person decides nothing.
    """
    known = is_id("run", run_id)
    tenant = doubts.tenant_of(run_id, tenants_for(request, APPROVING_ROLES)) if known else None
    if tenant is not None:
        return tenant, True
    mine = tenants_for(request, EVERY_ROLE)
    asked_for = Run.objects.filter(public_id=run_id, created_by__in=names_of(mine, request.user.get_username()), tenant__in=mine)
    own = asked_for.select_related("tenant").first() if known else None
    if own is not None:
        return own.tenant, False
    _check_may_view(request)
    raise Http404("there is no such approval")


# Lists


def _pending(request: HttpRequest, tenants: QuerySet[Tenant], show: str) -> Json:
    """Return a page of what waits: the runs by what they are woken for next, the cards on it by their own deadline."""
    number = page_number(request.GET)
    # In a run that waits, only the steps know until when for each; its row knows the first of these times.
    rows = approvals.approvals_in(tenants).order_by(F("run__wake_at_ms").asc(nulls_last=True), "run_id", "pk")
    reader = names_of(tenants, request.user.get_username())
    if show == "mine":
        rows = notes.handed_to(rows, reader)
    found = list(rows[(number - 1) * A_PAGE : number * A_PAGE + 1])
    shown, runs = found[:A_PAGE], {row.run.public_id: row.run for row in found}
    handed = notes.holders([(row.run_id, row.key) for row in shown])
    told, unreadable = approvals.approvals_json(shown)
    cards = [_card(each, runs[each["run_id"]], handed, reader) for each in told]
    return {
        "aos_cards": sorted(cards, key=lambda card: card["expires_at"] or "9"),
        "aos_together": groups_of(cards),
        "aos_unreadable": unreadable,
        "aos_sooner": f"{_WHERE[show]}page={number - 1}" if number > 1 else "",
        "aos_later": f"{_WHERE[show]}page={number + 1}" if len(found) > A_PAGE else "",
    }


def _card(told: Json, run: Run, handed: dict[tuple[int, str], str], reader: Collection[str]) -> Json:
    shown = view.card(told, registry.resolve(told["skill"], told["version"]), now_ms())
    return {
        **shown,
        "tenant": run.tenant.name,
        "tenant_slug": run.tenant.slug,
        "effect_class": told["effect"],
        "is_own": told["requested_by"] in reader,
        "handed_to": handed.get((run.pk, told["step_id"]), ""),
        "link": _link(told["run_id"], told["step_id"]),
    }


def _link(run_id: str, step_id: str) -> str:
    return reverse("console-approval", args=[run_id, step_id])


def _decided(tenants: QuerySet[Tenant]) -> Json:
    told = approvals.decisions_json(list(approvals.decisions_in(tenants)[:DECIDED_SHOWN]))
    return {
        "aos_decisions": [{**view.decision(each), "link": _link(each["run_id"], each["step_id"])} for each in told],
        "aos_most": DECIDED_SHOWN if len(told) == DECIDED_SHOWN else 0,
    }


def _expired(tenants: QuerySet[Tenant]) -> Json:
    rows = approvals.expired_in(tenants, days=EXPIRED_DAYS)[:DECIDED_SHOWN]
    told = [
        {
            "run_id": row.run.public_id,
            "step_id": row.key,
            "skill": row.skill,
            "version": row.skill_version,
            "agent": row.run.agent.name,
            "at": view.moment(row.finished_at_ms),
            "requested_by": row.run.created_by,
            "tenant": row.run.tenant.name,
        }
        for row in rows
    ]
    return {"aos_expired": told, "aos_days": EXPIRED_DAYS, "aos_most": DECIDED_SHOWN if len(told) == DECIDED_SHOWN else 0}


# One


def _waiting(tenant: Tenant, run_id: str, step_id: str) -> Json | None:
    """Return what waits; None where it waits no more. Raises Http404 for what can be no step."""
    try:
        return approvals.approval_json(tenant=tenant, run_id=run_id, step_id=checked_step_id(step_id))
    except Refusal as refusal:
        if refusal.code != "NOT_FOUND":
            raise
        return None


def _decisions(tenant: Tenant, run_id: str, step_id: str) -> list[Json]:
    told = approvals.decisions_json(list(approvals.decisions_in([tenant], run_id=run_id)))
    return [view.decision(each) for each in told if each["step_id"] == step_id]


def _decide(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    given = {name: request.POST.get(name, "").replace("\x00", "").strip() for name in ("verdict", "action_hash", "reason")}
    if _waiting(tenant, run_id, step_id) is None:
        return _too_late(request, tenant, run_id, step_id)
    try:
        body = parse_body(WordBody, given)
        person = operator_principal(tenant, request.user.get_username())
        approves = body.verdict == "approve"
        approvals.decide(
            principal=person, run_id=run_id, step_id=step_id, approve=approves, action_hash=body.action_hash, reason=body.reason
        )
    except Refusal as refusal:
        messages.error(request, "; ".join(dict.fromkeys([refusal.detail, *(fault["detail"] for fault in refusal.errors)])))
        return redirect("console-approval", run_id, step_id) if refusal.status != 404 else redirect("console-approvals")
    tell_decided(request, run_id, f"Approved: {step_id} is called now." if approves else f"Rejected: {step_id} is not called.")
    return redirect("console-approvals")


def tell_decided(request: HttpRequest, run_id: str, words: str) -> None:
    """Say on the next page what was decided, with the way to what becomes of it."""
    address = reverse("admin:runs_run_change", args=[run_id])
    messages.success(request, format_html('{} <a class="aos-told" href="{}">See the run</a>', words, address))


def _too_late(request: HttpRequest, tenant: Tenant, run_id: str, step_id: str) -> HttpResponse:
    decisions = _decisions(tenant, run_id, step_id)
    if not decisions:
        ran_out = approvals.expired_in([tenant], days=EXPIRED_DAYS).filter(run__public_id=run_id, key=step_id).first()
        expired = f"nobody decided in time, it expired at {view.moment(ran_out.finished_at_ms)} UTC." if ran_out else ""
        why = expired or "its run went on, or has ended."
        messages.error(request, f"{step_id} waits for no approval any more: {why}")
        return redirect("console-approvals")
    last = decisions[0]
    messages.error(request, f"already decided by {last['by']}: {last['look'].word}, at {last['at']} UTC")
    return redirect("console-approval", run_id, step_id)
