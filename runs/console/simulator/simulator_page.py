"""The plan simulator on one console page: a plan or a goal in, the verdict in words first; what would run can be run from here, and
faults can be tried on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from agents.access.rights import may, tenants_for
from agents.roles import OWNING_ROLES
from agents.selectors import list_agents
from agents.tenancy import operator_principal
from runs import runtime, services
from runs.chaos import try_faults
from runs.console.amounts import micro_usd_of
from runs.console.operation.runtime_page import READING_ROLES
from runs.console.simulator.chaos_view import page_of as faults_page_of
from runs.console.simulator.simulation_view import CALIBRATION_COLUMNS, calibration_row, page_of
from runs.history.reading import calibrations
from runs.requests import SimulateBody
from runs.simulation import agent_of
from skills.ids import new_id
from skills.refusal import Refusal
from skills.requests import parse_body, refuse_inexact
from skills.strict_json import read_strict

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
EXAMPLE: Json = {
    "goal": "Read a page and sum it up",
    "steps": [
        {"step_id": "fetch", "skill": "http_call", "params": {"url": "https://example.com/"}},
        {"step_id": "sum", "skill": "llm_invoke", "params": {"prompt": "Sum this up.", "input": "${steps.fetch.result.body}"}},
    ],
}
AGENTS_OFFERED = 200


def _code(rows: int) -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": rows, "spellcheck": "false", "class": "aos-code"})


def _line(**attrs: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", **attrs})


class SimulatorForm(forms.Form):
    """Which plan or goal, for which agent of which of the person's tenants, with what."""

    field_order = ("tenant", "agent", "goal", "plan", "inputs", "budget", "deadline")

    agent = forms.CharField(
        required=False, max_length=64, widget=_line(list="aos-agents"), help_text="Name or id; empty is the default agent."
    )
    goal = forms.CharField(required=False, max_length=10_000, widget=_line(), help_text="Then the agent's planner makes the plan.")
    plan = forms.CharField(required=False, max_length=1_048_576, widget=_code(10), help_text="Or the plan itself, as JSON.")
    inputs = forms.CharField(required=False, max_length=1_048_576, widget=_code(2), help_text="A JSON object. Empty means none.")
    budget = forms.CharField(required=False, max_length=40, widget=_line(inputmode="decimal"), label="Budget in dollars")
    deadline = forms.FloatField(
        required=False, min_value=0.001, max_value=2_592_000, widget=_line(inputmode="decimal"), label="Deadline in seconds"
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        tenants = tenants_for(request, READING_ROLES)
        self.fields["tenant"] = forms.ModelChoiceField(queryset=tenants, empty_label=None, widget=UnfoldAdminSelectWidget)
        self.order_fields(self.field_order)

    def question(self) -> SimulateBody:
        """Return what is asked. Raises Refusal for what makes no sense."""
        given = self.cleaned_data
        raw: Json = {"inputs": _json(given["inputs"], "the inputs") if given["inputs"].strip() else {}}
        raw |= {name: given[name].strip() for name in ("goal", "agent") if given[name].strip()}
        if given["plan"].strip():
            plan = _json(given["plan"], "the plan")
            raw["plan"] = plan["plan"] if isinstance(plan, dict) and "steps" not in plan and isinstance(plan.get("plan"), dict) else plan
        if given["budget"].strip():
            raw["budget_micro_usd"] = micro_usd_of(given["budget"])
        if given["deadline"] is not None:
            raw["deadline_ms"] = max(1, round(given["deadline"] * 1_000))
        refuse_inexact(raw)
        return parse_body(SimulateBody, raw)


def _json(text: str, what: str) -> Any:
    return read_strict(text.strip().encode("utf-8", "surrogatepass"), what)


def simulator_page(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST simulate, or run what was simulated."""
    if not may(request, READING_ROLES):
        raise PermissionDenied
    form, refusal, simulation, faults = SimulatorForm(request), None, None, None
    if request.method == "POST" and form.is_valid():
        try:
            if "simulation_id" in request.POST:
                return _run(request, form.cleaned_data["tenant"])
            if "try_faults" in request.POST:
                faults = faults_page_of(_tried(request, form))
            else:
                simulation = _simulated(request, form)
        except Refusal as refused:
            refusal = refused.to_json()
    tenant = form.cleaned_data["tenant"] if form.is_bound and form.is_valid() else form.fields["tenant"].queryset.first()  # type: ignore[attr-defined]
    context = {**admin.site.each_context(request), **_context(request, form, tenant, simulation, refusal), "aos_faults": faults}
    return TemplateResponse(request, "console/simulator.html", context)


def _context(request: HttpRequest, form: SimulatorForm, tenant: Tenant | None, simulation: Json | None, refusal: Json | None) -> Json:
    return {
        "title": "Plan simulator",
        "aos_form": form,
        "aos_refusal": refusal,
        "aos_simulation": None if simulation is None else page_of(simulation),
        "aos_may_run": tenant is not None and may(request, OWNING_ROLES, tenant.pk),
        "aos_once": new_id("req"),
        "aos_agents": [] if tenant is None else [agent.name for agent in list_agents(tenant=tenant)[:AGENTS_OFFERED]],
        "aos_columns": CALIBRATION_COLUMNS,
        "aos_calibrations": [] if tenant is None else [calibration_row(found) for found in calibrations(tenant.pk)],
        "aos_example": json.dumps(EXAMPLE, indent=2),
    }


def _simulated(request: HttpRequest, form: SimulatorForm) -> Json:
    body = form.question()
    return runtime.simulate(
        principal=operator_principal(form.cleaned_data["tenant"], request.user.get_username()),
        plan=body.plan,
        goal=body.goal,
        agent_ref=body.agent,
        inputs=body.inputs,
        budget_micro_usd=body.limit_micro_usd(),
        deadline_ms=body.deadline_ms,
    )


def _tried(request: HttpRequest, form: SimulatorForm) -> Json:
    """Try every fault on what is asked, each alone and in pairs. Raises Refusal."""
    body = form.question()
    report = try_faults(
        principal=operator_principal(form.cleaned_data["tenant"], request.user.get_username()),
        plan=body.plan,
        goal=body.goal,
        agent_ref=body.agent,
        inputs=body.inputs,
        budget_micro_usd=body.limit_micro_usd(),
        deadline_ms=body.deadline_ms,
    )
    return report.model_dump(mode="json")


def _run(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Submit a simulation as a run and show that; the same click twice is one run. Raises Refusal."""
    if not may(request, OWNING_ROLES, tenant.pk):
        raise PermissionDenied
    simulation_id = request.POST["simulation_id"]
    run, _ = services.submit(
        principal=operator_principal(tenant, request.user.get_username()),
        agent_ref=agent_of(tenant=tenant, simulation_id=simulation_id),
        simulation_id=simulation_id,
        idempotency_key=request.POST.get("once", "")[:255] or None,
        fingerprint=simulation_id,
    )
    return redirect(reverse("admin:runs_run_change", args=[run.public_id]))
