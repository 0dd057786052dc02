"""REST routes of the published values: each contract as JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import AgentProfile, ResourceContract
from agents.plan.contracts import Plan, PlanStep
from catalog.contracts import Advice
from runs.contracts.explanation import BlockedBy, DecisionRecord, Explanation
from runs.contracts.simulation import ReplayReport, Simulation
from runs.faults.contracts import ChaosReport, Fault
from runs.responses import SchemaNames
from runs.tracing.contracts import Trace
from skills.contracts import Execution, FailureInfo, NextActions, SideEffect, SkillMetadata, StructuredOutcome
from skills.refusal import Refusal

PUBLISHED: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        Advice,
        AgentProfile,
        BlockedBy,
        DecisionRecord,
        ChaosReport,
        Execution,
        Explanation,
        FailureInfo,
        Fault,
        NextActions,
        Plan,
        PlanStep,
        ReplayReport,
        ResourceContract,
        SideEffect,
        Simulation,
        SkillMetadata,
        StructuredOutcome,
        Trace,
    )
}
# What callers write is described as it may be written, what AOS writes as it is written.
_WRITTEN_BY_CALLERS = frozenset({"AgentProfile", "Fault", "Plan", "PlanStep"})


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a published value. Raises Refusal NOT_FOUND."""
    model = PUBLISHED.get(name)
    if model is None:
        raise Refusal("NOT_FOUND", "there is no such schema", suggestions=[f"Published are {', '.join(sorted(PUBLISHED))}."])
    schema = model.model_json_schema(mode="validation" if name in _WRITTEN_BY_CALLERS else "serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"/api/v1/schemas/{name}", **schema}


class Schemas(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="schemas_list", responses={200: SchemaNames})
    def get(self, request: Request) -> Response:
        return Response({"data": sorted(PUBLISHED)})


class OneSchema(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="schemas_get", responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, name: str) -> Response:
        return Response(schema_of(name))


urlpatterns = [
    path("schemas", Schemas.as_view(), name="schemas"),
    path("schemas/<str:name>", OneSchema.as_view(), name="schema"),
]
