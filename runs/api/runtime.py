"""REST routes of the six runtime interfaces, one to one, with plan validation and a list of what there is."""

from __future__ import annotations

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import ResourceContract
from agents.idempotency import IDEMPOTENCY_KEY, replayed_headers
from agents.plan.contracts import MAX_PLAN_BYTES, MAX_STEPS
from agents.plan.validation import PlanInvalid, validate_plan
from agents.planners.registry import PLANNERS
from agents.tenancy import principal_of
from catalog.api.catalog import CatalogView
from runs import runtime
from runs.answering import once_in
from runs.api import first_sdk
from runs.execution import execute_once
from runs.query.contracts import QuestionAnswer
from runs.requests import ExecuteBody, FailureQuery, PlanBody, QueryBody, SimulateBody, checked_run_id
from runs.responses import Capabilities, ExecutedOutcome, PlanVerdict
from skills.api import VersionQuery
from skills.canonical import digest
from skills.contracts import SkillMetadata
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import parse_body, parse_query, refuse_inexact
from skills.taxonomy import CODES


class Execute(APIView):
    required_scopes = {"POST": "skills:execute"}

    @extend_schema(operation_id="runtime_execute", parameters=[IDEMPOTENCY_KEY], request=ExecuteBody, responses={200: ExecutedOutcome})
    def post(self, request: Request) -> Response:
        body = parse_body(ExecuteBody, request.data)
        told, repeated = execute_once(
            principal=principal_of(request),
            skill=body.skill,
            params=body.params,
            version=body.version,
            agent_ref=body.agent,
            **once_in(request),
            trace_id=getattr(request, "trace_id", None),
            caller_trace=getattr(request, "caller_trace", None),
        )
        return Response(told, headers=replayed_headers(repeated=repeated))


class DescribeSkills(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="runtime_skills", responses={200: first_sdk.RuntimeSkills})
    def get(self, request: Request) -> Response:
        return Response(first_sdk.skills_answer(runtime.describe_skill(tenant=principal_of(request).tenant)))


class DescribeSkill(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="runtime_skill", parameters=[VersionQuery], responses={200: SkillMetadata})
    def get(self, request: Request, name: str) -> Response:
        query = parse_query(VersionQuery, request.query_params)
        return Response(runtime.describe_skill(name=name, version=query.version, tenant=principal_of(request).tenant))


class Query(APIView):
    required_scopes = {"POST": "runs:read"}

    @extend_schema(operation_id="runtime_query", request=QueryBody, responses={200: QuestionAnswer})
    def post(self, request: Request) -> Response:
        told = first_sdk.answer_to(principal_of(request), request.data)
        if told is not None:
            return Response(told)
        body = parse_body(QueryBody, request.data)
        return Response(runtime.query(tenant=principal_of(request).tenant, what=body.what, filters=body.filters))


class Simulate(APIView):
    required_scopes = {"POST": "runs:read"}

    @extend_schema(operation_id="runtime_simulate", request=SimulateBody, responses={200: first_sdk.RuntimeSimulation})
    def post(self, request: Request) -> Response:
        body = parse_body(SimulateBody, first_sdk.simulation_body(principal_of(request), request.data))
        refuse_inexact(request.data)
        answer = runtime.simulate(
            principal=principal_of(request),
            plan=body.plan,
            goal=body.goal,
            agent_ref=body.agent,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            deadline_ms=body.deadline_ms,
        )
        return Response(first_sdk.simulation_answer(request.data, answer))


class GetResourceContract(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runtime_resource_contract", responses={200: ResourceContract})
    def get(self, request: Request, run_id: str) -> Response:
        return Response(runtime.get_resource_contract(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id)))


class FailureCatalog(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="runtime_failure_catalog", parameters=[FailureQuery], responses={200: CatalogView})
    def get(self, request: Request) -> Response:
        query = parse_query(FailureQuery, request.query_params)
        return Response(runtime.failure_catalog(tenant=principal_of(request).tenant, code=query.code, skill=query.skill))


class ListCapabilities(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="runtime_capabilities", parameters=[first_sdk.MeansQuery], responses={200: first_sdk.CallerCapabilities})
    def get(self, request: Request) -> Response:
        return Response(capabilities().model_dump() | first_sdk.means_of_caller(principal_of(request), request.query_params))


def capabilities() -> Capabilities:
    return Capabilities(
        version="1",
        interfaces=list(runtime.__all__),
        skills=registry.names(),
        planners=sorted(PLANNERS),
        failure_codes=list(CODES),
        limits={"plan_steps": MAX_STEPS, "plan_bytes": MAX_PLAN_BYTES},
        retention_days=settings.RETENTION_DAYS,
    )


class ValidatePlan(APIView):
    required_scopes = {"POST": "runs:read"}

    @extend_schema(operation_id="plans_validate", request=PlanBody, responses={200: PlanVerdict})
    def post(self, request: Request) -> Response:
        body = parse_body(PlanBody, request.data)
        refuse_inexact(request.data)
        return Response(verdict_on(body.plan).model_dump())


def verdict_on(raw: dict[str, object]) -> PlanVerdict:
    """Return the verdict on a valid plan. Raises Refusal PLAN_INVALID with every fault of one that is not."""
    try:
        plan = validate_plan(raw, registry.metadata)
    except PlanInvalid as invalid:
        errors = [{"pointer": "/plan" + fault.pointer, "code": fault.code, "detail": fault.detail} for fault in invalid.faults]
        raise Refusal("PLAN_INVALID", f"the plan has {len(errors)} fault(s)", errors=errors) from None
    return PlanVerdict(valid=True, plan_hash=digest(plan.model_dump(mode="json")))


urlpatterns = [
    path("plans:validate", ValidatePlan.as_view(), name="plans-validate"),
    path("runtime/execute", Execute.as_view(), name="runtime-execute"),
    path("runtime/skills", DescribeSkills.as_view(), name="runtime-skills"),
    path("runtime/skills/<str:name>", DescribeSkill.as_view(), name="runtime-skill"),
    path("runtime/query", Query.as_view(), name="runtime-query"),
    path("runtime/simulate", Simulate.as_view(), name="runtime-simulate"),
    path("runtime/resource-contract/<str:run_id>", GetResourceContract.as_view(), name="runtime-resource-contract"),
    path("runtime/failure-catalog", FailureCatalog.as_view(), name="runtime-failure-catalog"),
    path("runtime/capabilities", ListCapabilities.as_view(), name="runtime-capabilities"),
]
