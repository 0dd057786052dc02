"""Failure analytics on the console: numbers over a time, failures as groups, and one group with what may be said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from agents.access.rights import may, tenants_for
from agents.roles import CAUSE_ROLES, COST_ROLES, DECIDING_ROLES, EVERY_ROLE, PAYLOAD_ROLES
from agents.selectors import agent_pages
from agents.tenancy import Principal, operator_principal
from catalog.analytics.numbers import Failures, analytics
from catalog.groups import marking
from catalog.groups.marking import FixedBody, MuteBody, UnmuteBody
from catalog.groups.reading import list_groups, one_group
from catalog.groups.states import STATES
from catalog.groups.windows import FailureWindow, GroupQuery, failures_of
from runs.console.failures import failures_view as view
from runs.console.failures.failures_view import HITS, Links
from skills.instants import instant
from skills.refusal import Refusal
from skills.requests import parse_body, parse_query

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

SPANS = (("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"))
SORTS = (("failures", "Most failures"), ("last_seen", "Last seen"), ("first_seen", "Newest"), ("wasted", "Most spent in vain"))
_STATES = (("", "All"), *((each, view.LOOKS[each].word.capitalize()) for each in STATES))
COLUMNS = 56
GROUPS = 25
_FILTERS = ("agent", "skill", "code", "host")
_ASKED = ("since", "state", "sort", *_FILTERS)
_OF_CAUSE = ("host", "cause")
"""What is told by CAUSE_ROLES alone, and asked for by them."""


def failures_page(request: HttpRequest) -> HttpResponse:
    """Show how a tenant's calls fail and what helps. Reads only, and everything chosen stands in the address."""
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    known = list(tenants_for(request, EVERY_ROLE))
    tenant = _chosen(request, known)
    context: Json = {"title": "Failure analytics", "aos_is_empty": tenant is None}
    if tenant is not None:
        context |= {"aos_tenants": _choices(known, tenant), "aos_tenant": tenant, **_context(request, tenant)}
    return TemplateResponse(request, "console/failure_analytics.html", {**admin.site.each_context(request), **context})


def _chosen(request: HttpRequest, known: Sequence[Tenant]) -> Tenant | None:
    wished = request.GET.get("tenant", "")
    return next((tenant for tenant in known if tenant.slug == wished), known[0] if known else None)


def _choices(known: Sequence[Tenant], chosen: Tenant) -> list[Json]:
    return [{"slug": each.slug, "name": each.name, "is_chosen": each == chosen} for each in known] if len(known) > 1 else []


def _context(request: HttpRequest, tenant: Tenant) -> Json:
    now, refused = timezone.now(), ""
    shows_cause = may(request, CAUSE_ROLES, tenant.pk)
    asked = {name: value for name in _ASKED if (value := request.GET.get(name, "")) and (shows_cause or name not in _OF_CAUSE)}
    try:
        query = parse_query(GroupQuery, {**asked, "limit": str(GROUPS)})
        wanted = failures_of(tenant, query, now)
        answer = analytics(wanted, columns=COLUMNS)
    except Refusal as refusal:
        refused = "; ".join(f"{fault['pointer'][1:]}: {fault['detail']}" for fault in refusal.errors) or refusal.detail
        asked, query = {}, GroupQuery(limit=GROUPS)
        wanted = failures_of(tenant, query, now)
        answer = analytics(wanted, columns=COLUMNS)
    groups = list_groups(wanted, limit=query.limit, sort=query.sort, state=query.state, now=now)
    shows_costs = may(request, COST_ROLES, tenant.pk)
    links = _links(answer, wanted)
    kept = {"tenant": tenant.slug, **asked}
    return {
        "aos_refused": refused,
        "aos_sentence": view.sentence(answer["totals"], query.since, shows_costs=shows_costs),
        "aos_injected": answer["totals"]["injected"],
        "aos_asked": asked,
        "aos_shows_costs": shows_costs,
        "aos_shows_cause": shows_cause,
        "aos_spans": _pills(kept, "since", SPANS, query.since),
        "aos_filters": [{"name": name, "value": asked[name], "clear": address(kept, **{name: ""})} for name in _FILTERS if name in asked],
        "aos_tiles": view.tiles(answer["totals"], links, shows_costs=shows_costs),
        "aos_heat": view.heat(answer, links),
        "aos_levels": range(1, view.LEVELS + 1),
        "aos_states": _pills(
            kept, "state", (("", "All"), *((each, view.LOOKS[each].word.capitalize()) for each in STATES)), query.state or ""
        ),
        "aos_sorts": _pills(kept, "sort", SORTS if shows_costs else SORTS[:-1], query.sort),
        "aos_groups": [_group(request, tenant, row, links, query.since) for row in groups["data"]],
        "aos_more": groups["more"],
        "aos_panels": _panels(answer, links, kept, shows_costs=shows_costs),
    }


def address(kept: Mapping[str, str], **changes: str) -> str:
    """Return this page's address with other choices; an empty one is left out."""
    return f"?{urlencode({name: value for name, value in {**kept, **changes}.items() if value})}"


def _pills(kept: Mapping[str, str], name: str, choices: Iterable[tuple[str, str]], chosen: str) -> list[Json]:
    return [{"title": title, "link": address(kept, **{name: value}), "is_chosen": value == chosen} for value, title in choices]


def _links(answer: Json, wanted: Failures) -> Links:
    """Return where the very failures are listed that the numbers count."""
    narrowed = {"created_at__gte": answer["from"], "created_at__lt": answer["to"], "injected__exact": "0"}
    narrowed |= {f"{name}__exact": value for name, value in wanted.only.items() if name != "agent"}
    narrowed["tenant__id__exact"] = str(wanted.tenant.pk)
    if "agent" in wanted.only:
        narrowed["agent__id__exact"] = str(wanted.agent_pk())
    return Links(reverse("admin:catalog_failurematch_changelist"), narrowed)


def _group(request: HttpRequest, tenant: Tenant, row: Json, links: Links, since: str) -> Json:
    shown = view.group_line(row, links, shows_cause=may(request, CAUSE_ROLES, tenant.pk), shows_costs=may(request, COST_ROLES, tenant.pk))
    page = reverse("console-failure-group", args=[row["signature"]])
    return {**shown, "page": page + address({"tenant": tenant.slug, "since": since})}


def _panels(answer: Json, links: Links, kept: Mapping[str, str], *, shows_costs: bool) -> list[Json]:
    pages = agent_pages(row["agent_id"] for row in answer["by_agent"] if row["agent_id"])
    lines: dict[str, list[tuple[Json, str, str]]] = {
        "Code": [(row, row["code"], links.to(code__exact=row["code"])) for row in answer["by_code"]],
        "What was advised": [(row, _words(row["mode"]), links.to(mode__exact=row["mode"] or "")) for row in answer["by_mode"]],
        "Agent": [(row, row["agent"] or "gone", _of_agent(links, pages.get(row["agent_id"]))) for row in answer["by_agent"]],
        "Skill": [(row, _version(row), _of_version(links, row)) for row in answer["by_skill_version"]],
    }
    return [
        {
            "title": f"By {name.lower()}" if name != "What was advised" else name,
            "name": name,
            "has_trend": name == "Code",
            "has_times": name == "What was advised",
            "rows": [view.table_row(row, said, link, shows_costs=shows_costs) for row, said, link in found],
        }
        for name, found in lines.items()
    ]


def _words(mode: str | None) -> str:
    return mode.replace("_", " ").capitalize() if mode else "nothing"


def _of_agent(links: Links, pk: int | None) -> str:
    return links.to(agent__isnull=1) if pk is None else links.to(agent__id__exact=pk)


def _version(row: Json) -> str:
    return f"{row['skill']} {row['skill_version'] or ''}".rstrip()


def _of_version(links: Links, row: Json) -> str:
    return links.to(skill__exact=row["skill"], skill_version__exact=row["skill_version"] or "")


# One group


def group_page(request: HttpRequest, signature: str) -> HttpResponse:
    """Show one group of failures; on POST say something about it, by the same call as the API."""
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    tenant = _chosen(request, list(tenants_for(request, EVERY_ROLE)))
    if tenant is None:
        raise Http404("there is no such group of failures")
    if request.method == "POST":
        return _mark(request, tenant, signature)
    try:
        query = parse_query(FailureWindow, {"since": request.GET.get("since", "7d")})
    except Refusal:
        query = FailureWindow()
    now = timezone.now()
    wanted = failures_of(tenant, query, now)
    try:
        told = one_group(wanted, signature, now=now)
    except Refusal:
        raise Http404("there is no such group of failures") from None
    context = _group_context(request, tenant, told, query.since, wanted)
    return TemplateResponse(request, "console/failure_group.html", {**admin.site.each_context(request), **context})


def _group_context(request: HttpRequest, tenant: Tenant, told: Json, since: str, wanted: Failures) -> Json:
    links = _links(told, wanted)
    kept = {"tenant": tenant.slug, "since": since}
    hidden = () if may(request, CAUSE_ROLES, tenant.pk) else _OF_CAUSE
    return {
        "title": view.title_of(told),
        "aos_group": _group(request, tenant, told, links, since),
        "aos_sentence": view.state_sentence(told, since),
        "aos_mark": _mark_said(told),
        "aos_state": told["state"],
        "aos_why": [(name.capitalize(), value or "none") for name, value in told["why_grouped"].items() if name not in hidden],
        "aos_spans": _pills(kept, "since", SPANS, since),
        "aos_versions": [
            {
                **each,
                "name": each["skill_version"] or "not recorded",
                "link": links.to(signature__exact=told["signature"], skill_version__exact=each["skill_version"] or ""),
                "first": view.moment(each["first_seen_at"]),
                "last": view.moment(each["last_seen_at"]),
            }
            for each in told["versions"]
        ],
        "aos_decisions": [_decision(each, told["signature"], links) for each in told["decisions"]],
        "aos_candidate": _candidate(told["candidate"]),
        "aos_examples": [_example(request, tenant, each) for each in told["examples"]],
        "aos_all": reverse("admin:catalog_failurematch_changelist") + f"?q={told['signature'][:16]}",
        "aos_back": reverse("console-failures") + address(kept),
        "aos_may_mark": may(request, DECIDING_ROLES, tenant.pk),
    }


def _decision(row: Json, signature: str, links: Links) -> Json:
    narrowed = {"decision__exact": row["decision"] or "", "mode__exact": row["mode"] or "", "match_type__exact": row["match_type"]}
    return {
        **row,
        "done": (row["decision"] or "nothing").replace("_", " "),
        "advised": _words(row["mode"]),
        "known": "known" if row["match_type"] in HITS else "not known",
        "link": links.to(signature__exact=signature, **narrowed),
    }


def _candidate(row: Json | None) -> Json | None:
    if row is None:
        return None
    return {
        "mode": _words(row["mode"]),
        "standing": {"shadow": "in shadow", "active": "active"}.get(row["policy"], row["state"]),
        "page": reverse("console-recovery-candidate", args=[row["candidate_id"]]),
        "confidence": view.percent(row["confidence"]),
        "trials": f"{row['succeeded']} of {row['applied']} worked" if row["applied"] else "never tried",
    }


def _example(request: HttpRequest, tenant: Tenant, row: Json) -> Json:
    return {
        "at": view.moment(row["created_at"]),
        "run": row["run_id"],
        "run_page": reverse("admin:runs_run_change", args=[row["run_id"]]),
        "step": row["step_id"] or "",
        "version": row["skill_version"] or "",
        "done": (row["decision"] or "nothing").replace("_", " "),
        "message": row["message"] if may(request, PAYLOAD_ROLES, tenant.pk) else "",
        "link": reverse("admin:catalog_failurematch_changelist") + f"?q={row['id']}",
    }


def _mark_said(told: Json) -> str:
    mark = told["mark"]
    return f"{mark['by']}: {mark['reason']}" if mark else ""


# What is said about it


def _mark(request: HttpRequest, tenant: Tenant, signature: str) -> HttpResponse:
    action = _ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise Http404("there is nothing of the kind to do")
    if not may(request, DECIDING_ROLES, tenant.pk):
        raise PermissionDenied
    try:
        messages.success(request, action(operator_principal(tenant, request.user.get_username()), signature, request.POST))
    except Refusal as refusal:
        if refusal.code == "NOT_FOUND":
            raise Http404(refusal.detail) from None
        messages.error(request, "; ".join(fault["detail"] for fault in refusal.errors) or refusal.detail)
    return redirect(reverse("console-failure-group", args=[signature]) + address({"tenant": tenant.slug}))


def _fixed(principal: Principal, signature: str, form: Any) -> str:
    body = parse_body(FixedBody, {"reason": form.get("reason", "").strip(), "version": form.get("version", "").strip() or None})
    marking.mark_fixed(principal=principal, signature=signature, reason=body.reason, version=body.version or "")
    return f"Called fixed{' in ' + body.version if body.version else ''}; should it come back, it says so."


def _muted(principal: Principal, signature: str, form: Any) -> str:
    days = int(form.get("days", "")) if form.get("days", "").isdecimal() and len(form.get("days", "")) < 5 else 0
    until = timezone.now() + timedelta(days=days)
    body = parse_body(MuteBody, {"reason": form.get("reason", "").strip(), "until": until})
    marking.mute(principal=principal, signature=signature, reason=body.reason, until=body.until)
    return f"Muted until {view.moment(instant(until))}."


def _unmuted(principal: Principal, signature: str, form: Any) -> str:
    body = parse_body(UnmuteBody, {"reason": form.get("reason", "").strip()})
    marking.unmute(principal=principal, signature=signature, reason=body.reason)
    return "In sight again."


_ACTIONS: dict[str, Callable[[Principal, str, Any], str]] = {"fixed": _fixed, "mute": _muted, "unmute": _unmuted}
