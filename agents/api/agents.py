"""REST routes of agents: translate in, one call, translate out."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import AgentProfile
from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.reasons import LONGEST_REASON
from agents.selectors import agent_json, get_agent, get_version, list_agents, list_versions, version_json
from agents.services import create_agent, delete_agent, update_agent
from agents.tenancy import principal_of, refuse_giving
from skills.contracts import Name
from skills.requests import RequestModel, parse_body, parse_query

Status = Literal["active", "paused", "disabled"]
Description = Annotated[str, Field(max_length=2_000)]
LARGEST_VERSION = 2**31 - 1


class AgentQuery(PageQuery):
    status: Status | None = None


class AgentBody(RequestModel):
    name: Name
    description: Description = ""
    status: Status = "active"
    profile: dict[str, Any] = {}


class AgentChanges(RequestModel):
    """What to change; a given profile replaces the old one whole.

    With `expected_version` nothing is changed where the agent is at another version by now (409). `reason` is kept with the version
    and in the audit log. `owner` is the user name of a member, or a service account as `account:NAME`; "" makes the agent nobody's. It
    takes a tenant admin, or a key with the scope admin.
    """

    name: Name | None = None
    description: Description | None = None
    status: Status | None = None
    profile: dict[str, Any] | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    expected_version: Annotated[int, Field(ge=1, le=LARGEST_VERSION)] | None = None
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_not_allowed", "leave a field out to keep it; null is no value here")
        return value


class AgentView(RequestModel):
    """An agent as the API shows it. `owner` is who made it, or was given it, as the audit log names actors; null is nobody."""

    agent_id: str
    name: Name
    description: str
    status: Status
    owner: str | None
    profile: AgentProfile
    version: int
    created_at: datetime
    updated_at: datetime


class AgentPage(RequestModel):
    data: list[AgentView]
    next_cursor: str | None


class AgentVersionView(RequestModel):
    """A version of an agent's profile as it was saved."""

    agent_id: str
    version: int
    is_current: bool
    profile: AgentProfile
    saved_by: str
    reason: str
    saved_at: datetime


class AgentVersionPage(RequestModel):
    data: list[AgentVersionView]
    next_cursor: str | None


class Agents(APIView):
    required_scopes = {"GET": "agents:read", "POST": "agents:write"}

    @extend_schema(operation_id="agents_list", parameters=[AgentQuery], responses={200: AgentPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(AgentQuery, request.query_params), principal_of(request).tenant
        rows = list_agents(tenant=tenant, status=query.status)
        return Response(page_json(rows, tenant=tenant, name="agents", query=query, to_json=agent_json))

    @extend_schema(operation_id="agents_create", parameters=[IDEMPOTENCY_KEY], request=AgentBody, responses={201: AgentView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body = parse_body(AgentBody, request.data)
        agent = create_agent(tenant=principal_of(request).tenant, **body.model_dump())
        return Response(agent_json(agent), status=201, headers={"Location": f"/api/v1/agents/{agent.public_id}"})


class OneAgent(APIView):
    required_scopes = {"GET": "agents:read", "PATCH": "agents:write", "DELETE": "agents:write"}

    @extend_schema(operation_id="agents_get", responses={200: AgentView})
    def get(self, request: Request, agent_id: str) -> Response:
        return Response(agent_json(get_agent(tenant=principal_of(request).tenant, ref=agent_id)))

    @extend_schema(operation_id="agents_update", request=AgentChanges, responses={200: AgentView})
    def patch(self, request: Request, agent_id: str) -> Response:
        changes = parse_body(AgentChanges, request.data).model_dump(exclude_unset=True)
        if "owner" in changes:
            refuse_giving(principal_of(request))
        how = {name: changes.pop(name) for name in ("expected_version", "reason") if name in changes}
        return Response(agent_json(update_agent(tenant=principal_of(request).tenant, agent_id=agent_id, changes=changes, **how)))

    @extend_schema(operation_id="agents_delete", responses={204: None})
    def delete(self, request: Request, agent_id: str) -> Response:
        delete_agent(tenant=principal_of(request).tenant, agent_id=agent_id)
        return Response(status=204)


class AgentVersions(APIView):
    required_scopes = {"GET": "agents:read"}

    @extend_schema(operation_id="agent_versions_list", parameters=[PageQuery], responses={200: AgentVersionPage})
    def get(self, request: Request, agent_id: str) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        agent = get_agent(tenant=tenant, ref=agent_id)
        rows, name = list_versions(agent=agent), f"agent-versions:{agent.public_id}"
        return Response(page_json(rows, tenant=tenant, name=name, query=query, to_json=partial(version_json, agent=agent)))


class OneAgentVersion(APIView):
    required_scopes = {"GET": "agents:read"}

    @extend_schema(operation_id="agent_versions_get", responses={200: AgentVersionView})
    def get(self, request: Request, agent_id: str, version: str) -> Response:
        agent = get_agent(tenant=principal_of(request).tenant, ref=agent_id)
        return Response(version_json(get_version(agent=agent, version=version), agent=agent))


urlpatterns = [
    path("agents", Agents.as_view(), name="agents"),
    path("agents/<str:agent_id>", OneAgent.as_view(), name="agent"),
    path("agents/<str:agent_id>/versions", AgentVersions.as_view(), name="agent-versions"),
    path("agents/<str:agent_id>/versions/<str:version>", OneAgentVersion.as_view(), name="agent-version"),
]
