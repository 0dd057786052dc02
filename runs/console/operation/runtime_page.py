"""The six interfaces of the runtime on one console page: choose one, give its arguments as JSON, read its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from pydantic import BaseModel
from rest_framework.utils.encoders import JSONEncoder
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from agents.access.rights import may, tenants_for
from agents.roles import COST_ROLES, OWNING_ROLES, PAYLOAD_ROLES
from agents.tenancy import operator_principal
from runs import runtime
from skills.refusal import Refusal
from skills.requests import RequestModel, parse_body
from skills.strict_json import read_strict

if TYPE_CHECKING:
    from agents.models import Tenant

READING_ROLES = PAYLOAD_ROLES & COST_ROLES


class DescribeSkill(RequestModel):
    name: str | None = None
    version: str | None = None


class Query(RequestModel):
    what: str
    filters: dict[str, Any] = {}


class Simulate(RequestModel):
    plan: dict[str, Any] | None = None
    goal: str | None = None
    agent_ref: str | None = None
    inputs: dict[str, Any] | None = None
    budget_micro_usd: int | None = None
    deadline_ms: int | None = None


class Contract(RequestModel):
    run_id: str


class FailureCatalog(RequestModel):
    code: str | None = None
    skill: str | None = None


class Execute(RequestModel):
    skill: str
    params: dict[str, Any] = {}
    version: str | None = None
    agent_ref: str | None = None


class Interface(NamedTuple):
    """One of the six: its arguments, an example of them, and how it is called for a tenant and a person."""

    arguments: type[BaseModel]
    example: dict[str, Any]
    call: Callable[[Tenant, str, dict[str, Any]], Any]


def _describe(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.describe_skill(tenant=tenant, **arguments)


def _query(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.query(tenant=tenant, **arguments)


def _simulate(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.simulate(principal=operator_principal(tenant, user), **arguments)


def _contract(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.get_resource_contract(tenant=tenant, **arguments)


def _catalog(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.failure_catalog(tenant=tenant, **arguments)


def _execute(tenant: Tenant, user: str, arguments: dict[str, Any]) -> Any:
    return runtime.execute(principal=operator_principal(tenant, user), **arguments)


INTERFACES = {
    "describe_skill": Interface(DescribeSkill, {"name": "http_call"}, _describe),
    "query": Interface(Query, {"what": "allowed_skills", "filters": {"agent": "researcher"}}, _query),
    "simulate": Interface(Simulate, {"goal": "Fetch https://example.com/ and summarize", "agent_ref": "researcher"}, _simulate),
    "get_resource_contract": Interface(Contract, {"run_id": "run_…"}, _contract),
    "failure_catalog": Interface(FailureCatalog, {"code": "TIMEOUT"}, _catalog),
    "execute": Interface(Execute, {"skill": "json_transform", "params": {}}, _execute),
}


class RuntimeForm(forms.Form):
    """Which interface, for which of the person's tenants, with which arguments."""

    field_order = ("interface", "tenant", "arguments")

    interface = forms.ChoiceField(choices=[(name, name) for name in INTERFACES], widget=UnfoldAdminSelectWidget)
    arguments = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false", "class": "aos-code"}),
        required=False,
        max_length=1_048_576,
        help_text="A JSON object. Empty means no arguments.",
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None, initial={"interface": request.GET.get("interface", "describe_skill"), "arguments": "{}"})
        tenants = tenants_for(request, READING_ROLES)
        self.fields["tenant"] = forms.ModelChoiceField(queryset=tenants, empty_label=None, widget=UnfoldAdminSelectWidget)
        self.order_fields(self.field_order)


def runtime_page(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST call the interface and show its answer as JSON."""
    if not may(request, READING_ROLES):
        raise PermissionDenied
    form = RuntimeForm(request)
    answer = _answer(request, form) if request.method == "POST" and form.is_valid() else None
    examples = [(name, json.dumps(interface.example, ensure_ascii=False)) for name, interface in INTERFACES.items()]
    context = {"title": "Runtime", "aos_form": form, "aos_answer": answer, "aos_examples": examples}
    return TemplateResponse(request, "console/runtime.html", {**admin.site.each_context(request), **context})


def _answer(request: HttpRequest, form: RuntimeForm) -> str:
    """Call the chosen interface; a refusal is an answer too."""
    chosen, tenant = form.cleaned_data["interface"], form.cleaned_data["tenant"]
    if chosen == "execute" and not may(request, OWNING_ROLES, tenant.pk):
        raise PermissionDenied
    try:
        answer = call(chosen, tenant, request.user.get_username(), form.cleaned_data["arguments"])
    except Refusal as refusal:
        answer = refusal.to_json()
    return json.dumps(answer, cls=JSONEncoder, indent=2, ensure_ascii=False)


def call(chosen: str, tenant: Tenant, user: str, text: str) -> Any:
    """Return an interface's answer to arguments in JSON text. Raises Refusal, for arguments that make no sense too."""
    interface = INTERFACES[chosen]
    arguments = parse_body(interface.arguments, read_strict((text.strip() or "{}").encode("utf-8", "surrogatepass"), "the arguments text"))
    return interface.call(tenant, user, arguments.model_dump(exclude_unset=True))
