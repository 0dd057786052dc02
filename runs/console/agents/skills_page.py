"""Skills on the console: the list, and one as it describes itself, with what runs have shown of it; one step of it can be simulated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.access.rights import is_platform, may, tenants_for
from agents.console.forms import typed
from agents.roles import EVERY_ROLE, SUM_ROLES
from agents.selectors import list_agents
from agents.tenancy import operator_principal
from runs import runtime
from runs.console.agents import skills_view as view
from runs.console.operation.runtime_page import READING_ROLES
from runs.console.simulator.simulation_view import page_of
from skills.refusal import Refusal
from skills.requests import refuse_inexact
from skills.selectors import versions_seen
from skills.strict_json import read_strict

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
AGENTS_OFFERED = 200
STEP = "try"
_AT = "/steps/0/params"


def skills_page(request: HttpRequest) -> HttpResponse:
    """List the skills that are registered, with what the runs of one tenant have shown of them."""
    tenants = _tenants(request)
    tenant = _chosen(tenants, request.GET.get("tenant", ""))
    shows_costs = tenant is not None and may(request, SUM_ROLES, tenant.pk)
    told = runtime.describe_skill(tenant=tenant)["data"]
    query = f"?{urlencode({'tenant': tenant.slug})}" if tenant is not None and len(tenants) > 1 else ""
    context = {
        "title": "Skills",
        "aos_tenants": tenants,
        "aos_tenant": tenant,
        "aos_lines": [view.skill_line(each, _page(each["name"]) + query, shows_costs=shows_costs) for each in told],
        "aos_gone": sorted({seen["name"] for seen in versions_seen()} - {each["name"] for each in told}),
    }
    return _answered(request, "skills.html", context)


def skill_page(request: HttpRequest, skill: str) -> HttpResponse:
    """Show one skill, in its newest version or the one that is asked for; on POST simulate a step of it, which calls nobody."""
    tenants = _tenants(request)
    seen = versions_seen(skill) if skill.isprintable() else []
    form = request.POST if request.method == "POST" else request.GET
    tenant = _chosen(tenants, form.get("tenant", ""))
    told = _told(skill, request.GET.get("version", ""), seen, tenant)
    tried: Json = {"params": view.blank_params(told.get("input_schema", {})), "agent": ""}
    if request.method == "POST":
        if tenant is None or not may(request, READING_ROLES, tenant.pk):
            raise PermissionDenied
        tried = _tried(request, skill, tenant)
    return _one(request, told, seen, tenants, tenant, tried)


def _tenants(request: HttpRequest) -> list[Tenant]:
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    return list(tenants_for(request, EVERY_ROLE).order_by("slug"))


def _chosen(tenants: list[Tenant], slug: str) -> Tenant | None:
    return next((each for each in tenants if each.slug == slug), tenants[0] if tenants else None)


def _page(name: str) -> str:
    return reverse("console-skill", args=[name])


def _answered(request: HttpRequest, template: str, context: Json, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, f"console/{template}", {**admin.site.each_context(request), **context}, status=status)


def _told(name: str, version: str, seen: list[Json], tenant: Tenant | None) -> Json:
    """Return what a skill says of itself: as it is registered, else as it was when it was seen last. Raises Http404."""
    try:
        return {"is_registered": True, **runtime.describe_skill(name, version or None, tenant=tenant)}
    except Refusal:
        kept = next((each for each in seen if not version or each["version"] == version), None)
    if kept is None:
        raise Http404("there is no such skill")
    return {**kept["metadata"], "is_registered": False, "name": kept["name"], "version": kept["version"], "digest": kept["digest"]}


def _one(request: HttpRequest, told: Json, seen: list[Json], tenants: list[Tenant], tenant: Tenant | None, tried: Json) -> HttpResponse:
    shows_costs = tenant is not None and may(request, SUM_ROLES, tenant.pk)
    newest = next((each["version"] for each in seen if each["is_registered"]), "")
    context = {
        "title": f"Skill {told['name']}",
        "aos_told": told,
        "aos_look": view.effect_look(told),
        "aos_tenants": tenants,
        "aos_tenant": tenant,
        "aos_names_tenants": is_platform(request) or len(tenants) > 1,
        "aos_measured": view.measured(told, shows_costs=shows_costs),
        "aos_parameters": view.parameter_rows(told.get("input_schema", {})),
        "aos_results": view.parameter_rows(told.get("output_schema", {})),
        "aos_facts": view.facts(told),
        "aos_constraints": view.constraints(told),
        "aos_hints": view.hints(told),
        "aos_versions": [view.version_line(each, newest) for each in seen],
        "aos_schemas": _schemas(told),
        "aos_may_try": tenant is not None and told["is_registered"] and may(request, READING_ROLES, tenant.pk),
        "aos_agents": [] if tenant is None else [agent.name for agent in list_agents(tenant=tenant)[:AGENTS_OFFERED]],
        "aos_tried": tried,
        "aos_simulation": tried.get("simulation"),
    }
    return _answered(request, "skill.html", context, tried.get("status", 200))


def _schemas(told: Json) -> list[tuple[str, str]]:
    names = (("Parameters", "input_schema"), ("Result", "output_schema"), ("Configuration", "config_schema"))
    return [(title, json.dumps(told[name], indent=2, ensure_ascii=False)) for title, name in names if told.get(name)]


# Trying


def _tried(request: HttpRequest, skill: str, tenant: Tenant) -> Json:
    """Simulate a plan of one step with what was typed; what is wrong with the parameters is told at its place."""
    tried: Json = {"params": request.POST.get("params", ""), "agent": typed(request.POST, "agent"), "faults": []}
    try:
        params = read_strict(tried["params"].strip().encode("utf-8", "surrogatepass") or b"{}", "the parameters")
        if not isinstance(params, dict):
            raise Refusal("INVALID_INPUT", "the parameters are an object: {…}")
        refuse_inexact(params)
        found = runtime.simulate(
            principal=operator_principal(tenant, request.user.get_username()),
            plan={"goal": f"Try {skill}", "steps": [{"step_id": STEP, "skill": skill, "params": params}]},
            agent_ref=tried["agent"] or None,
        )
    except Refusal as refusal:
        told = [{**fault, "pointer": fault["pointer"].removeprefix(_AT)} for fault in refusal.errors]
        faults = told or [{"pointer": "", "detail": refusal.detail}]
        return {**tried, "faults": faults, "status": refusal.status}
    wrong = [each for each in found["blockers"] if (each["pointer"] or "").startswith(_AT)]
    tried["faults"] = [{"pointer": each["pointer"].removeprefix(_AT), "detail": each["detail"]} for each in wrong]
    return {**tried, "simulation": page_of(found)}
