"""Pages that prove something about a run: replay, compare, what-if, do it again, take its evidence. What writes is a POST."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from agents.access.operating import OWN_AGENT_ROLES, may_operate
from agents.access.rights import may
from agents.roles import CAUSE_ROLES, COST_ROLES, EVERY_ROLE, OPERATING_ROLES, OVERSIGHT_ROLES, PAYLOAD_ROLES, Roles
from agents.tenancy import Principal, operator_principal
from runs import services
from runs.again import Wanted
from runs.console.run.contract_view import contract_of
from runs.console.run.proof_view import bom_of, comparison_of, replay_of, rerun_of, what_if_of
from runs.contracts.what_if import Changes
from runs.faults.kinds import FaultKind
from runs.models import Run
from runs.proof.bom import LAST_SUCCESS, bom_json
from runs.proof.differences import diff_json
from runs.proof.evidence import evidence_of
from runs.proof.live import live_report
from runs.proof.what_if import what_if_run
from runs.requests import RerunBody
from runs.runtime import get_resource_contract
from runs.selectors import trace_json
from skills.ids import is_id
from skills.refusal import Refusal
from skills.requests import parse_body
from skills.strict_json import read_strict
from skills.taxonomy import RecoveryMode

if TYPE_CHECKING:
    from runs.admin import RunAdmin

Context = dict[str, Any]

# Both say what single calls cost.
PLAYING_ROLES: Roles = (OPERATING_ROLES | PAYLOAD_ROLES) & COST_ROLES
EVIDENCE_ROLES: Roles = (OPERATING_ROLES | OVERSIGHT_ROLES | PAYLOAD_ROLES) & COST_ROLES
TABS: dict[str, tuple[str, Roles]] = {
    "replay": ("Replay", EVERY_ROLE),
    "compare": ("Compare", EVERY_ROLE),
    "contract": ("Contract", COST_ROLES),
    "what-if": ("What if", PLAYING_ROLES),
    "rerun": ("Do it again", OPERATING_ROLES | OWN_AGENT_ROLES),
    "evidence": ("Evidence", EVIDENCE_ROLES),
}

ANOTHER_PLAN = "$plan"
"""What stands in the place of a step where all of it is to be planned anew."""


def tabs_of(request: HttpRequest, run: Run, chosen: str = "") -> list[tuple[str, str, bool]]:
    """Return the pages this person may open about a run: (title, address, whether it is the chosen one)."""
    return [
        (title, reverse("admin:runs_run_proof", args=[run.public_id, name]), name == chosen)
        for name, (title, roles) in TABS.items()
        if _may_open(request, run, name, roles)
    ]


def _may_open(request: HttpRequest, run: Run, what: str, roles: Roles) -> bool:
    """Tell whether the person may open a page; the one that does a run again is for who operates this very run."""
    return may_operate(request, run.agent) if what == "rerun" else may(request, roles, run.tenant_id)


def again_of(request: HttpRequest, run: Run) -> dict[str, Any] | None:
    """Return the way from what failed of a run to doing it again; None where the run goes on, or the person may not."""
    if not run.is_terminal or not may_operate(request, run.agent):
        return None
    return {"link": reverse("admin:runs_run_proof", args=[run.public_id, "rerun"]), "has_planner": has_planner(run)}


def has_planner(run: Run) -> bool:
    """Tell whether there is a planner that could be asked for another plan."""
    return run.planner != "manual"


def proof_view(page: RunAdmin, request: HttpRequest, object_id: str, what: str) -> HttpResponse:
    """Show one of the pages, or do what was sent to it."""
    run = page.get_object(request, unquote(object_id))
    if run is None or what not in TABS:
        raise Http404("there is no such page")
    if not _may_open(request, run, what, TABS[what][1]):
        raise PermissionDenied
    person = operator_principal(run.tenant, request.user.get_username())
    if request.method == "POST":
        return _POSTS[what](request, run, person) if what in _POSTS else HttpResponse(status=405)
    context: Context = {"aos_tabs": tabs_of(request, run, what), "aos_what": what, "aos_run_id": run.public_id, "aos_once": uuid4().hex}
    try:
        context |= _PAGES[what](request, run, person)
    except Refusal as refusal:
        context["aos_refusal"] = refusal
    return page.page(request, "console/proof.html", run, context)


# Pages


def _replay(request: HttpRequest, run: Run, person: Principal) -> Context:
    mode, child = request.GET.get("mode", "verify"), request.GET.get("child", "")
    if is_id("run", child):
        report = live_report(tenant=run.tenant, run_id=run.public_id, child_id=child)
    else:
        report = services.replay_run(principal=person, run_id=run.public_id, mode="tape" if mode == "tape" else "verify")
    return {
        "aos_mode": report["mode"],
        "aos_replay": replay_of(report, **_shown(request, run)),
        "aos_may_live": may_operate(request, run.agent),
    }


def _shown(request: HttpRequest, run: Run) -> dict[str, bool]:
    """Return what of a run the person is told besides how it went."""
    named = {"shows_costs": COST_ROLES, "shows_payloads": PAYLOAD_ROLES, "shows_targets": CAUSE_ROLES}
    return {name: may(request, roles, run.tenant_id) for name, roles in named.items()}


def _compare(request: HttpRequest, run: Run, person: Principal) -> Context:
    asked = request.GET.get("with", "").strip()
    bom = bom_json(tenant=run.tenant, run_id=run.public_id, against=LAST_SUCCESS)
    last = bom["against"]["run_id"] if bom["against"] else ""
    other = asked or (run.parent.public_id if run.parent else last)
    context: Context = {
        "aos_bom": bom_of(bom, shows_payloads=may(request, PAYLOAD_ROLES, run.tenant_id)),
        "aos_others": [(name, found) for name, found in (("parent", run.parent and run.parent.public_id), ("last success", last)) if found],
        "aos_with": other,
    }
    if other and other != run.public_id:
        if not is_id("run", other):
            raise Refusal("INVALID_INPUT", "compare with a run by its id, run_…")
        found = diff_json(tenant=run.tenant, run_id=run.public_id, other_id=other)
        begun = _begun(run) if found["divergence"] else {}
        context["aos_comparison"] = comparison_of(found, begun, **_shown(request, run))
    return context


def _begun(run: Run) -> dict[str, int]:
    """Return with which event each step of a run began."""
    begun: dict[str, int] = {}
    for event in trace_json(tenant=run.tenant, run_id=run.public_id)["events"]:
        if event["step_id"]:
            begun.setdefault(event["step_id"], event["seq"])
    return begun


def _what_if(request: HttpRequest, run: Run, person: Principal) -> Context:
    asked = {name: request.GET.get(name, "").strip()[:2_000] for name in _FIELDS}
    steps = [step["step_id"] for step in (trace_json(tenant=run.tenant, run_id=run.public_id)["plan"] or {"steps": []})["steps"]]
    context: Context = {"aos_asked": asked, "aos_steps": steps, "aos_fault_kinds": list(FaultKind), "aos_modes": list(RecoveryMode)}
    if any(asked[name] for name in _FIELDS if name != "assume"):
        changes = parse_body(Changes, _changes(asked), at="/changes")
        assume = asked["assume"] if asked["assume"] in ("stop", "success", "failure") else "success"
        report = what_if_run(principal=person, run_id=run.public_id, changes=changes, assume=assume)  # type: ignore[arg-type]
        context["aos_what_if"] = what_if_of(report)
    return context


_FIELDS = ("step", "becomes", "on_error", "fault", "limit", "advice_code", "advice_mode", "recovery", "percent_of", "percent", "assume")
"""What the form of a what-if asks."""


def _changes(asked: dict[str, str]) -> dict[str, Any]:
    """Return the changes a form asks for; what cannot be read stays as it is, to be refused with a pointer."""
    changes: dict[str, Any] = {}
    step, becomes = asked["step"], asked["becomes"]
    if becomes:
        is_code = becomes.replace("_", "").isalnum() and becomes.isupper()
        said = {"code": becomes} if is_code else {"result": _json_or_text(becomes)}
        changes["outcomes"] = [{"step_id": step, **said}]
    if asked["on_error"]:
        changes["steps"] = {step: {"on_error": asked["on_error"]}}
    if asked["fault"]:
        changes["faults"] = [{"kind": asked["fault"], **({"step": step} if step else {})}]
    if asked["limit"]:
        changes["limits"] = {"limit_micro_usd": _micro_usd(asked["limit"])}
    if asked["advice_code"]:
        changes["advice"] = [{"code": asked["advice_code"], "mode": asked["advice_mode"] or "ABORT"}]
    if asked["recovery"]:
        changes["recovery"] = asked["recovery"]
    if asked["percent_of"]:
        changes["prices"] = {asked["percent_of"]: int(asked["percent"]) if asked["percent"].isdigit() else asked["percent"]}
    return changes


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _micro_usd(dollars: str) -> Any:
    try:
        return int(Decimal(dollars) * 1_000_000)
    except (InvalidOperation, ValueError, OverflowError):
        return dollars


def _rerun(request: HttpRequest, run: Run, person: Principal) -> Context:
    plan = trace_json(tenant=run.tenant, run_id=run.public_id)["plan"]
    steps = [step["step_id"] for step in (plan or {"steps": []})["steps"]]
    given: dict[str, Any] = {"versions": request.GET.get("versions") or "current"} | _from(request.GET.get("from_step", ""))
    context: Context = {"aos_steps": steps, "aos_from_step": request.GET.get("from_step", ""), "aos_versions": given["versions"]}
    context["aos_has_planner"] = has_planner(run)
    body = parse_body(RerunBody, given)
    wanted = Wanted(from_step=body.from_step, versions=body.versions, plan_anew=body.plan_anew)
    preview = services.preview_rerun(principal=person, run_id=run.public_id, wanted=wanted)
    context["aos_rerun"] = rerun_of(preview, plan)
    context["aos_edits"] = may(request, PAYLOAD_ROLES, run.tenant_id)
    return context


def _from(chosen: str) -> dict[str, Any]:
    """Return where a run is to begin again; before its first step stands its plan."""
    if chosen == ANOTHER_PLAN:
        return {"plan_anew": True, "versions": "current"}
    return {"from_step": chosen} if chosen else {}


def _contract(request: HttpRequest, run: Run, person: Principal) -> Context:
    return {"aos_contract": contract_of(get_resource_contract(tenant=run.tenant, run_id=run.public_id))}


def _evidence(request: HttpRequest, run: Run, person: Principal) -> Context:
    return {"aos_head": run.journal_head, "aos_is_whole": may(request, PAYLOAD_ROLES, run.tenant_id), "aos_is_over": run.is_terminal}


_PAGES: dict[str, Callable[[HttpRequest, Run, Principal], Context]] = {
    "replay": _replay,
    "compare": _compare,
    "contract": _contract,
    "what-if": _what_if,
    "rerun": _rerun,
    "evidence": _evidence,
}


# What writes


def _start_live(request: HttpRequest, run: Run, person: Principal) -> HttpResponse:
    if not may_operate(request, run.agent):
        raise PermissionDenied
    here = reverse("admin:runs_run_proof", args=[run.public_id, "replay"])
    try:
        child, _ = services.replay_live(
            principal=person,
            run_id=run.public_id,
            allow_effects=request.POST.get("allow_effects") == "yes",
            idempotency_key=request.POST.get("once", "")[:64] or None,
        )
    except Refusal as refusal:
        messages.error(request, f"{refusal.code}: {refusal.detail}")
        return redirect(here)
    messages.success(request, f"It runs once more as {child.public_id}.")
    return redirect(f"{here}?child={child.public_id}")


def _start_rerun(request: HttpRequest, run: Run, person: Principal) -> HttpResponse:
    try:
        body = parse_body(RerunBody, _rerun_asked(request, run))
        wanted = Wanted(
            from_step=body.from_step,
            versions=body.versions,
            params=body.params,
            plan_anew=body.plan_anew,
            repeat_effects=body.repeat_effects,
        )
        child, _ = services.rerun_run(
            principal=person, run_id=run.public_id, wanted=wanted, idempotency_key=request.POST.get("once", "")[:64] or None
        )
    except Refusal as refusal:
        where = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in refusal.errors[:3])
        messages.error(request, f"{refusal.code}: {refusal.detail}" + (f" ({where})" if where else ""))
        return redirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)
    messages.success(request, f"{child.public_id} does {run.public_id} again.")
    return redirect("admin:runs_run_change", child.public_id)


def _rerun_asked(request: HttpRequest, run: Run) -> dict[str, Any]:
    """Return what the form asks; parameters count where they are not as the page showed them."""
    asked: dict[str, Any] = {
        "versions": request.POST.get("versions", "current"),
        "repeat_effects": request.POST.get("repeat_effects") == "yes",
    }
    asked |= _from(request.POST.get("from_step", ""))
    if may(request, PAYLOAD_ROLES, run.tenant_id):
        edited = {name.removeprefix("params-"): text for name, text in request.POST.items() if name.startswith("params-")}
        shown = {name: request.POST.get(f"shown-{name}", "") for name in edited}
        asked["params"] = {
            name: read_strict(str(text).encode(), f"the parameters of {name}") for name, text in edited.items() if text != shown[name]
        }
    return asked


def _take_evidence(request: HttpRequest, run: Run, person: Principal) -> HttpResponse:
    try:
        without = request.POST.get("without_payloads") == "yes" or not may(request, PAYLOAD_ROLES, run.tenant_id)
        content = evidence_of(principal=person, run_id=run.public_id, without_payloads=without)
    except Refusal as refusal:
        messages.error(request, f"{refusal.code}: {refusal.detail}")
        return redirect(request.path)
    headers = {"Content-Disposition": f'attachment; filename="evidence-{run.public_id}.zip"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/zip", headers=headers)


_POSTS: dict[str, Callable[[HttpRequest, Run, Principal], HttpResponse]] = {
    "replay": _start_live,
    "rerun": _start_rerun,
    "evidence": _take_evidence,
}
