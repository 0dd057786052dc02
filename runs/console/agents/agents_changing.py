"""What developers and tenant admins do to agents on the console, by the services of the API: each takes a form, and answers or refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from agents.access.rights import may
from agents.api.agents import AgentBody, AgentChanges
from agents.console.access_page import CHANGE_ROLES
from agents.console.forms import typed
from agents.console.profile_form import AT, WHOLE, filled, grouped, read_form, read_whole, whole_text, with_faults
from agents.console.profile_words import differences
from agents.reasons import LONGEST_REASON, SHORTEST_REASON, is_reason
from agents.selectors import list_versions
from agents.services import checked_profile, create_agent, delete_agent, restore_agent, update_agent
from runs.console.agents.agents_view import version_line
from skills.canonical import digest
from skills.refusal import Refusal
from skills.requests import parse_body

if TYPE_CHECKING:
    from agents.models import Agent, Tenant

Json = dict[str, Any]
GIVING_ROLES = CHANGE_ROLES
"""Who says whose an agent is: who says what people may do."""
_FORM, _JSON = "form", "json"


def named_in(request: HttpRequest) -> Json:
    """Return what was typed about an agent itself."""
    return {name: typed(request.POST, name) for name in ("name", "description")}


def reason_in(request: HttpRequest) -> str:
    """Return the reason that was typed. Raises Refusal where it is none."""
    reason = " ".join(typed(request.POST, "reason").split())
    if is_reason(reason, SHORTEST_REASON):
        return reason
    fault = {"pointer": "/reason", "code": "reason_length", "detail": f"{SHORTEST_REASON} to {LONGEST_REASON} characters"}
    raise Refusal("SCHEMA_VALIDATION_FAILED", "say why, for those who read it later", errors=[fault])


def make(request: HttpRequest, tenant: Tenant) -> Agent:
    """Make an agent with the profile every agent begins with. Raises Refusal."""
    body = parse_body(AgentBody, named_in(request))
    return create_agent(tenant=tenant, name=body.name, description=body.description)


def _set_state(request: HttpRequest, agent: Agent) -> HttpResponse:
    status = parse_body(AgentChanges, {"status": typed(request.POST, "status")}).status
    if status == agent.status:
        raise Refusal("INVALID_INPUT", f"{agent.name} is {status} already; nothing was changed", status=409)
    update_agent(tenant=agent.tenant, agent_id=agent.public_id, changes={"status": status}, reason=reason_in(request))
    return _done(request, agent, f"{agent.name} is {status} now.")


def _rename(request: HttpRequest, agent: Agent) -> HttpResponse:
    changes = parse_body(AgentChanges, named_in(request)).model_dump(exclude_unset=True)
    saved = update_agent(tenant=agent.tenant, agent_id=agent.public_id, changes=changes)
    return _done(request, saved, f"It is called {saved.name} now." if saved.name != agent.name else "The description is saved.")


def _give(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Say whose an agent is: that of a tenant admin alone, for whoever owns one operates its runs. Raises Refusal."""
    if not may(request, GIVING_ROLES, agent.tenant_id):
        raise PermissionDenied
    owner = parse_body(AgentChanges, {"owner": typed(request.POST, "owner")}).owner or ""
    if owner == agent.owner:
        raise Refusal("INVALID_INPUT", f"{agent.name} is {owner or 'nobody'}'s already; nothing was changed", status=409)
    update_agent(tenant=agent.tenant, agent_id=agent.public_id, changes={"owner": owner}, reason=reason_in(request))
    return _done(request, agent, f"{agent.name} is {owner or 'nobody'}'s now.")


def _clone(request: HttpRequest, agent: Agent) -> HttpResponse:
    body = parse_body(AgentBody, named_in(request))
    reason = f"as {agent.name} in version {agent.version}"
    made = create_agent(tenant=agent.tenant, name=body.name, description=body.description, profile=agent.profile, reason=reason)
    return _done(request, made, f"{made.name} is there, with the profile of {agent.name}.")


def _delete(request: HttpRequest, agent: Agent) -> HttpResponse:
    delete_agent(tenant=agent.tenant, agent_id=agent.public_id)
    messages.success(request, f"{agent.name} is deleted.")
    return redirect("console-agents")


def _done(request: HttpRequest, agent: Agent, told: str) -> HttpResponse:
    messages.success(request, told)
    return redirect("console-agent", agent.public_id)


CHANGES: dict[str, Callable[[HttpRequest, Any], HttpResponse]] = {
    "state": _set_state,
    "rename": _rename,
    "owner": _give,
    "clone": _clone,
    "delete": _delete,
}


def restore(request: HttpRequest, agent: Agent) -> Agent:
    """Make an old version the newest. Raises Refusal."""
    version = _number(typed(request.POST, "to_version"))
    expected = _number(typed(request.POST, "expected_version"))
    return restore_agent(
        tenant=agent.tenant, agent_id=agent.public_id, to_version=version, expected_version=expected, reason=reason_in(request)
    )


def _number(text: str) -> int:
    """Return a version; 0, which none has, for what is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


# The editor


def form_page(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Show the profile as it stands, to be edited."""
    shown = {"fields": filled(agent.profile), "whole": whole_text(agent.profile)}
    return _page(request, agent, {**shown, "form": _JSON if request.GET.get("as") == _JSON else _FORM, "expected": agent.version})


def edit(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Say what a change would change, or carry it out if that is what was looked at; what was typed stays in the form."""
    form = request.POST
    shown: Json = {"form": _JSON if form.get("as") == _JSON else _FORM, "expected": _number(typed(form, "expected_version"))}
    shown |= {"reason": typed(form, "reason"), "fields": [], "whole": form.get(WHOLE, "")}
    if shown["form"] == _JSON:
        profile, faults = read_whole(form)
    else:
        profile, shown["fields"], faults = read_form(form)
    if form.get("turn") == _JSON and shown["form"] == _FORM and not faults:
        return _page(request, agent, {**shown, "form": _JSON, "whole": whole_text(profile)})
    try:
        checked = None if faults else checked_profile(profile)
    except Refusal as refusal:
        checked, faults = None, refusal.errors or [{"pointer": AT, "code": refusal.code, "detail": refusal.detail}]
    if checked is None:
        return _page(request, agent, {**shown, "faults": faults}, status=422)
    if form.get("turn") == _FORM and shown["form"] == _JSON:
        # Only what makes sense: a field nobody knows has no place in the form, and would be lost.
        return _page(request, agent, {**shown, "form": _FORM, "fields": filled(checked)})
    if shown["expected"] != agent.version:
        return _meanwhile(request, agent, shown, checked)
    return _save(request, agent, shown, checked) if form.get("action") == "save" else _preview(request, agent, shown, checked)


def _preview(request: HttpRequest, agent: Agent, shown: Json, checked: Json, status: int = 200, **more: Any) -> HttpResponse:
    found = differences(agent.profile, checked)
    told = {"differences": found, "is_previewed": True, "seen": digest(checked)}
    return _page(request, agent, {**shown, **told, "expected": agent.version, **more}, status)


def _meanwhile(request: HttpRequest, agent: Agent, shown: Json, checked: Json) -> HttpResponse:
    """Say what somebody else saved since the form was loaded, and what saving this would make of it."""
    last = list_versions(agent=agent).order_by("-version").first()
    was = list_versions(agent=agent).filter(version=shown["expected"]).first()
    told = {
        "last": None if last is None else version_line(last, agent.version),
        "theirs": [] if was is None else differences(was.profile, agent.profile),
    }
    return _preview(request, agent, shown, checked, 409, meanwhile=told)


def _save(request: HttpRequest, agent: Agent, shown: Json, checked: Json) -> HttpResponse:
    if request.POST.get("seen") != digest(checked):
        return _preview(request, agent, shown, checked, is_other=True)
    if checked == agent.profile:
        return _preview(request, agent, shown, checked)
    try:
        reason = reason_in(request)
        saved = update_agent(
            tenant=agent.tenant, agent_id=agent.public_id, changes={"profile": checked}, expected_version=shown["expected"], reason=reason
        )
    except Refusal as refusal:
        if refusal.status == 409:
            agent.refresh_from_db()
            return _meanwhile(request, agent, shown, checked)
        return _preview(
            request, agent, shown, checked, refusal.status, reason_fault=refusal.errors[0]["detail"] if refusal.errors else refusal.detail
        )
    return _done(request, saved, f"Version {saved.version} is saved, and counts for runs from now on.")


def _page(request: HttpRequest, agent: Agent, shown: Json, status: int = 200) -> HttpResponse:
    fields, left = with_faults(shown["fields"], shown.get("faults", []))
    context = {
        "title": f"The profile of {agent.name}",
        "aos_agent": agent,
        "aos_form": {**shown, "groups": grouped(fields), "faults": left, "faults_in_all": len(shown.get("faults", []))},
        "aos_is_json": shown["form"] == _JSON,
        "aos_next": agent.version + 1,
    }
    return TemplateResponse(request, "console/agent_edit.html", {**admin.site.each_context(request), **context}, status=status)
