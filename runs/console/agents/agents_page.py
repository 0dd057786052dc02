"""Agents on the console: the list, one with its profile in words, the editor of the profile, and its versions side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from agents import audit, ledger
from agents.access.rights import is_platform, may, tenants_for
from agents.actors import some_who_can_own
from agents.console.forms import faults_of, page_number, typed
from agents.console.profile_form import whole_text
from agents.console.profile_words import differences
from agents.freezes import Freezes
from agents.roles import EVERY_ROLE, OWNING_ROLES, SUM_ROLES
from agents.selectors import agent_within, list_agents, list_versions
from runs.console.agents import agents_changing as changing
from runs.console.agents import agents_view as view
from runs.models import Run
from skills.ids import is_id
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Agent, AgentVersion, Tenant

Json = dict[str, Any]
A_PAGE = 25
VERSIONS_ON_A_PAGE = 50
LAST_VERSIONS = 5
_SHOWS = {"all": "All", "active": "Active", "paused": "Paused", "disabled": "Disabled"}
# What was typed into these is shown again beside what is wrong with it.
_TYPED = frozenset({"clone", "rename"})


def agents_page(request: HttpRequest) -> HttpResponse:
    """List the agents of one tenant; on POST make one."""
    tenants = _tenants(request)
    return _make(request, tenants) if request.method == "POST" else _list(request, tenants)


def agent_page(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Show one agent; on POST change its state, its name, make another like it, or delete it."""
    agent = _agent(request, agent_id)
    return _change(request, agent) if request.method == "POST" else _one(request, agent)


def agent_edit_page(request: HttpRequest, agent_id: str) -> HttpResponse:
    """Show the profile as a form or as JSON; on POST preview the change, or save it as the next version."""
    agent = _agent(request, agent_id)
    _check_may_change(request, agent.tenant)
    if request.method == "POST":
        audit.act_as(request.user.get_username(), via="console")
        return changing.edit(request, agent)
    return changing.form_page(request, agent)


def agent_versions_page(request: HttpRequest, agent_id: str) -> HttpResponse:
    """List the versions of a profile, with two of them side by side; on POST bring an old one back."""
    agent = _agent(request, agent_id)
    return _restore(request, agent) if request.method == "POST" else _versions(request, agent)


def _tenants(request: HttpRequest) -> list[Tenant]:
    if not may(request, EVERY_ROLE):
        raise PermissionDenied
    return list(tenants_for(request, EVERY_ROLE).order_by("slug"))


def _agent(request: HttpRequest, agent_id: str) -> Agent:
    """Return an agent. Raises Http404 alike for none and for another tenant's."""
    _tenants(request)
    found = agent_within(tenants_for(request, EVERY_ROLE), agent_id)
    if found is None:
        raise Http404("there is no such agent")
    return found


def _check_may_change(request: HttpRequest, tenant: Tenant) -> None:
    if not may(request, OWNING_ROLES, tenant.pk):
        raise PermissionDenied


def _answered(request: HttpRequest, template: str, context: Json, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, f"console/{template}", {**admin.site.each_context(request), **context}, status=status)


# The list


def _list(request: HttpRequest, tenants: list[Tenant], draft: Json | None = None, status: int = 200) -> HttpResponse:
    wanted = request.POST.get("tenant") or request.GET.get("tenant")
    tenant = next((each for each in tenants if each.slug == wanted), tenants[0] if tenants else None)
    context: Json = {"title": "Agents", "aos_tenants": tenants, "aos_tenant": tenant, "aos_draft": draft or {}}
    if tenant is not None:
        context |= _rows(request, tenant)
        context["aos_may_change"] = may(request, OWNING_ROLES, tenant.pk)
        context["aos_names_tenants"] = is_platform(request) or len(tenants) > 1
    return _answered(request, "agents.html", context, status)


def _rows(request: HttpRequest, tenant: Tenant) -> Json:
    chosen, asked = request.GET.get("show", ""), typed(request.GET, "q")
    show, number = chosen if chosen in _SHOWS else "all", page_number(request.GET)
    all_agents = list_agents(tenant=tenant)
    counts = dict(all_agents.order_by().values_list("status").annotate(Count("pk")))
    rows = _found(all_agents, asked) if asked else all_agents if show == "all" else all_agents.filter(status=show)
    shown = list(rows.order_by("name")[(number - 1) * A_PAGE : number * A_PAGE + 1])
    link = {"tenant": tenant.slug, "show": show} | ({"q": asked} if asked else {})
    return {
        "aos_sentence": view.list_sentence(counts),
        "aos_lines": _lines(request, tenant, shown[:A_PAGE]),
        "aos_shows_costs": may(request, SUM_ROLES, tenant.pk),
        "aos_shows": [
            {"title": title, "link": f"?{urlencode({'tenant': tenant.slug, 'show': name})}", "is_chosen": name == show and not asked}
            for name, title in _SHOWS.items()
        ],
        "aos_show": show,
        "aos_q": asked,
        "aos_newer": f"?{urlencode({**link, 'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({**link, 'page': number + 1})}" if len(shown) > A_PAGE else "",
    }


def _found(agents: QuerySet[Agent], asked: str) -> QuerySet[Agent]:
    """Return the agent of this id, or those whose names begin so."""
    return agents.filter(public_id=asked) if is_id("agt", asked) else agents.filter(name__startswith=asked[:64])


def _lines(request: HttpRequest, tenant: Tenant, rows: list[Agent]) -> list[Json]:
    counts = view.counts_of(tenant.pk, [row.pk for row in rows])
    budgets = ledger.list_budgets(tenant=tenant) if may(request, SUM_ROLES, tenant.pk) else []
    return [view.agent_line(row, counts[row.pk], view.spending_of(budgets, row.public_id)) for row in rows]


def _make(request: HttpRequest, tenants: list[Tenant]) -> HttpResponse:
    tenant = next((each for each in tenants if each.slug == request.POST.get("tenant")), None)
    if tenant is None:
        raise Http404("there is no such tenant")
    _check_may_change(request, tenant)
    audit.act_as(request.user.get_username(), via="console")
    try:
        agent = changing.make(request, tenant)
    except Refusal as refusal:
        draft = {**changing.named_in(request), "faults": faults_of(refusal, view.NAMES)}
        return _list(request, tenants, draft, refusal.status)
    messages.success(request, f"{agent.name} is there, with the profile every agent begins with. Say what it may.")
    return redirect("console-agent-edit", agent.public_id)


# One agent


def _one(request: HttpRequest, agent: Agent, drafts: Json | None = None, status: int = 200) -> HttpResponse:
    counts = view.counts_of(agent.tenant_id, [agent.pk])[agent.pk]
    frozen = Freezes.load([agent.tenant_id]).holds(agent.tenant_id, agent.public_id)
    reads_costs = may(request, SUM_ROLES, agent.tenant_id)
    context = {
        "title": f"Agent {agent.name}",
        "aos_agent": agent,
        "aos_look": view.LOOKS[agent.status],
        "aos_sentence": view.sentence(agent, counts, "" if frozen is None else frozen.reason),
        "aos_runs": view.runs_link(agent),
        "aos_is_frozen": frozen is not None,
        "aos_facts": view.facts(agent),
        "aos_spending": view.spending_of(ledger.list_budgets(tenant=agent.tenant), agent.public_id) if reads_costs else "",
        "aos_groups": view.profile_in_words(agent.profile),
        "aos_json": whole_text(agent.profile),
        "aos_versions": [view.version_line(row, agent.version) for row in _rows_of_versions(agent)[:LAST_VERSIONS]],
        "aos_may_change": may(request, OWNING_ROLES, agent.tenant_id),
        "aos_may_give": may(request, changing.GIVING_ROLES, agent.tenant_id),
        "aos_owners": some_who_can_own(agent.tenant) if may(request, changing.GIVING_ROLES, agent.tenant_id) else [],
        "aos_names_tenants": is_platform(request),
        "aos_states": [(state, *words) for state, words in view.STATES.items() if state != agent.status],
        "aos_may_delete": not Run.objects.filter(agent_id=agent.pk).exists(),
        "aos_drafts": {"rename": {"name": agent.name, "description": agent.description}, **(drafts or {})},
    }
    return _answered(request, "agent.html", context, status)


def _rows_of_versions(agent: Agent) -> QuerySet[AgentVersion]:
    return list_versions(agent=agent).order_by("-version")


def _change(request: HttpRequest, agent: Agent) -> HttpResponse:
    _check_may_change(request, agent.tenant)
    name = request.POST.get("action", "")
    if name not in changing.CHANGES:
        raise Http404("there is nothing of the kind to do")
    audit.act_as(request.user.get_username(), via="console")
    try:
        return changing.CHANGES[name](request, agent)
    except Refusal as refusal:
        faults = faults_of(refusal, view.NAMES)
        if name in _TYPED:
            return _one(request, agent, {name: {**changing.named_in(request), "faults": faults}}, refusal.status)
        messages.error(request, " ".join(f"{fault.rstrip('.')}." for fault in faults))
        return redirect("console-agent", agent.public_id)


# Versions


def _versions(request: HttpRequest, agent: Agent) -> HttpResponse:
    number = page_number(request.GET)
    shown = list(_rows_of_versions(agent)[(number - 1) * VERSIONS_ON_A_PAGE : number * VERSIONS_ON_A_PAGE + 1])
    rows = shown[:VERSIONS_ON_A_PAGE]
    newer = _version(agent, request.GET.get("to", "")) or (rows[0] if rows else None)
    older = _version(agent, request.GET.get("from", "")) or _before(agent, newer)
    context = {
        "title": f"Versions of {agent.name}",
        "aos_agent": agent,
        "aos_versions": [view.version_line(row, agent.version) for row in rows],
        "aos_from": None if older is None else view.version_line(older, agent.version),
        "aos_to": None if newer is None else view.version_line(newer, agent.version),
        "aos_differences": [] if older is None or newer is None else differences(older.profile, newer.profile),
        "aos_may_change": may(request, OWNING_ROLES, agent.tenant_id),
        "aos_newer": f"?{urlencode({'page': number - 1})}" if number > 1 else "",
        "aos_older": f"?{urlencode({'page': number + 1})}" if len(shown) > VERSIONS_ON_A_PAGE else "",
    }
    return _answered(request, "agent_versions.html", context)


def _version(agent: Agent, text: str) -> AgentVersion | None:
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return list_versions(agent=agent).filter(version=int(text)).first() if is_number else None


def _before(agent: Agent, newer: AgentVersion | None) -> AgentVersion | None:
    return None if newer is None else _rows_of_versions(agent).filter(version__lt=newer.version).first()


def _restore(request: HttpRequest, agent: Agent) -> HttpResponse:
    _check_may_change(request, agent.tenant)
    audit.act_as(request.user.get_username(), via="console")
    page = reverse("console-agent-versions", args=[agent.public_id])
    try:
        saved = changing.restore(request, agent)
    except Refusal as refusal:
        messages.error(request, " ".join(f"{fault.rstrip('.')}." for fault in faults_of(refusal, view.NAMES)))
        return redirect(page)
    messages.success(request, f"Version {saved.version} says what version {request.POST.get('to_version')} said.")
    return redirect(page)
