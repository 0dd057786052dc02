"""Calls that wait and are alike, decided by one form: every target is shown before anybody presses, and what differs is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents import audit
from agents.access.members import APPROVING_ROLES
from agents.access.rights import may, tenants_for
from agents.actors import names_of
from agents.console.forms import typed
from agents.reasons import LEAST_REASON
from agents.tenancy import operator_principal
from runs.console.people import approvals_view as view
from runs.people import approvals, bundles, similar
from runs.people_requests import ManyDecisionsBody
from runs.shell.clock import now_ms
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import parse_body

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

ALIKE = ("tenant", "agent", "skill", "version", "effect")
"""What calls have in common that are decided together."""
_READ_AT_MOST = 200


def groups_of(cards: list[Json]) -> list[Json]:
    """Return of the cards of a list which may be decided together: two or more alike, none of them one's own, and none for ever."""
    found: dict[tuple[str, ...], int] = {}
    for card in cards:
        if card["effect_class"] != bundles.NEVER_TOGETHER and not card["is_own"]:
            key = (card["tenant_slug"], card["agent"], card["skill"], card["version"], card["effect_class"])
            found[key] = found.get(key, 0) + 1
    names = {card["tenant_slug"]: card["tenant"] for card in cards}
    return [
        {
            **dict(zip(ALIKE, key, strict=True)),
            "tenant_name": names[key[0]],
            "count": count,
            "link": _link(dict(zip(ALIKE, key, strict=True))),
        }
        for key, count in found.items()
        if count > 1
    ]


def _link(alike: Json) -> str:
    return f"{reverse('console-approvals-together')}?{urlencode(alike)}"


def together_page(request: HttpRequest) -> HttpResponse:
    """Show calls that are alike; on POST decide those that were ticked, each on its own, and say what became of each."""
    if not may(request, APPROVING_ROLES):
        raise PermissionDenied
    alike = {name: typed(request.GET, name) for name in ALIKE}
    tenant = tenants_for(request, APPROVING_ROLES).filter(slug=alike["tenant"]).first()
    if tenant is None or not all(alike.values()) or alike["effect"] == bundles.NEVER_TOGETHER:
        raise Http404("there is nothing of the kind to decide together")
    if request.method == "POST":
        return _decide(request, tenant, alike)
    return _page(request, tenant, alike)


def _page(request: HttpRequest, tenant: Tenant, alike: Json, results: list[Json] | None = None) -> HttpResponse:
    told = _alike(tenant, alike, request.user.get_username())
    context = {
        "title": "Decide together",
        "aos_alike": alike,
        "aos_tenant": tenant,
        "aos_results": [{**each, "link": _one(each)} for each in results or ()],
        "aos_least": LEAST_REASON,
        "aos_most": bundles.MOST_AT_ONCE,
        **_table(told[: bundles.MOST_AT_ONCE]),
    }
    return TemplateResponse(request, "console/together.html", {**admin.site.each_context(request), **context})


def _alike(tenant: Tenant, alike: Json, reader: str) -> list[Json]:
    """Return what waits and is alike, without what the reader asked for."""
    rows = approvals.approvals_in([tenant]).filter(skill=alike["skill"], skill_version=alike["version"], run__agent__name=alike["agent"])
    # The list of approvals says whose journal cannot be read.
    found, _ = approvals.approvals_json(list(rows.order_by("run_id", "pk")[:_READ_AT_MOST]))
    mine = ("skill", "version", "effect", "agent")
    own = names_of([tenant], reader)
    return [each for each in found if each["requested_by"] not in own and all(each[name] == alike[name] for name in mine)]


def _table(told: list[Json]) -> Json:
    """Return every call with where it goes and what it has that not all of them have, and what they all have once."""
    flat = [similar.flat(each["params"] if isinstance(each["params"], dict) else {}) for each in told]
    places = list(dict.fromkeys(place for one in flat for place in one))
    common = [place for place in places if len({one.get(place) for one in flat}) == 1] if len(told) > 1 else []
    rows = []
    for each, one in zip(told, flat, strict=True):
        skill = registry.resolve(each["skill"], each["version"])
        own = [place for place in places if place in one and place not in common]
        rows.append(
            {
                "value": f"{each['run_id']} {each['step_id']} {each['action_hash']}",
                "card": view.card(each, skill, now_ms()),
                "link": _one(each),
                "differs": [(view.plainly(place), view.leaf(place, one[place])) for place in own],
            }
        )
    return {"aos_rows": rows, "aos_common": [(view.plainly(place), view.leaf(place, flat[0][place])) for place in common]}


def _one(each: Json) -> str:
    return reverse("console-approval", args=[each["run_id"], each["step_id"]])


def _decide(request: HttpRequest, tenant: Tenant, alike: Json) -> HttpResponse:
    chosen = [dict(zip(("run_id", "step_id", "action_hash"), each.split(" "), strict=False)) for each in request.POST.getlist("decisions")]
    given = {"decisions": chosen, "verdict": request.POST.get("verdict", ""), "reason": typed(request.POST, "reason")}
    try:
        body = parse_body(ManyDecisionsBody, given)
        audit.act_as(request.user.get_username(), via="console")
        results = bundles.decide_all(
            principal=operator_principal(tenant, request.user.get_username()),
            decisions=[each.model_dump() for each in body.decisions],
            approve=body.verdict == "approve",
            reason=body.reason,
        )
    except Refusal as refusal:
        messages.error(request, "Tick at least one." if not chosen else refusal.detail)
        return redirect(_link(alike))
    return _page(request, tenant, alike, [{**each, "words": each["result"].replace("_", " ")} for each in results])
