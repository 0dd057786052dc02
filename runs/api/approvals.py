"""REST routes of approvals: what waits for a yes, and the yes or no."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.pagination import PageQuery, page_json
from agents.tenancy import principal_of
from runs.contracts.simulation import EditedCall
from runs.effects.requests import checked_step_id
from runs.people import approvals
from runs.people.editing import Edit, edited_call
from runs.people_requests import ActionHash
from runs.requests import Reason, checked_run_id
from runs.responses import Answer, Decided, UnreadableRun
from skills.requests import RequestModel, parse_body, parse_query


class ApprovalBody(RequestModel):
    """A word on exactly the action that was shown: its hash binds it. A no says why, in 10 characters at least."""

    action_hash: ActionHash
    reason: Reason = ""


class ApproveBody(ApprovalBody):
    """A yes. With `params` the call happens with these, and `edited_hash` is what the edit was shown as (POST …/edit).

    To such an edit, and to what cannot be taken back, it says why, in 10 characters at least."""

    params: dict[str, Any] | None = None
    edited_hash: ActionHash | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> ApproveBody:
        if (self.params is None) != (self.edited_hash is None):
            raise PydanticCustomError("edit_is_bound", "give params and edited_hash together")
        return self

    @property
    def edit(self) -> Edit | None:
        return None if self.params is None or self.edited_hash is None else Edit(self.params, self.edited_hash)


class EditBody(RequestModel):
    """Other parameters for the call of this action."""

    action_hash: ActionHash
    params: dict[str, Any]


class ApprovalView(Answer):
    """A call that waits for an approval, with what it would do. Null `worst_micro_usd`: nobody knows what it costs at most.

    `needs_reason`: a yes to it says why; a no always does. `asks_because` is the rule by which it asks, `is_escalated` whether the next
    level was asked, `on_expiry` what silence means.
    """

    run_id: str
    step_id: str
    agent: str
    goal: str
    requested_by: str
    skill: str
    version: str
    effect: str
    needs_reason: bool
    params: Any
    worst_micro_usd: int | None
    action_hash: str
    asks_because: str
    is_escalated: bool
    on_expiry: Literal["fail", "skip", "abort"]
    expires_at: datetime | None
    run_created_at: datetime


class ApprovalPage(Answer):
    data: list[ApprovalView]
    unreadable: list[UnreadableRun]
    next_cursor: str | None


class Approvals(APIView):
    required_scopes = {"GET": "approvals:read"}

    @extend_schema(operation_id="approvals_list", parameters=[PageQuery], responses={200: ApprovalPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        page = page_json(approvals.list_approvals(tenant=tenant), tenant=tenant, name="approvals", query=query, to_json=lambda row: row)
        waiting, unreadable = approvals.approvals_json(page["data"])
        return Response(page | {"data": waiting, "unreadable": unreadable})


class OneApproval(APIView):
    required_scopes = {"GET": "approvals:read"}

    @extend_schema(operation_id="approvals_get", responses={200: ApprovalView})
    def get(self, request: Request, run_id: str, step_id: str) -> Response:
        tenant = principal_of(request).tenant
        return Response(approvals.approval_json(tenant=tenant, run_id=checked_run_id(run_id), step_id=checked_step_id(step_id)))


def _decided(request: Request, run_id: str, step_id: str, body: ApprovalBody, *, edit: Edit | None = None, approve: bool) -> Response:
    told = approvals.decide(
        principal=principal_of(request),
        run_id=checked_run_id(run_id),
        step_id=checked_step_id(step_id),
        approve=approve,
        action_hash=body.action_hash,
        reason=body.reason,
        edit=edit,
    )
    return Response(told, status=202)


class Approve(APIView):
    required_scopes = {"POST": "approvals:write"}

    @extend_schema(operation_id="approvals_approve", request=ApproveBody, responses={202: Decided})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        body = parse_body(ApproveBody, request.data)
        return _decided(request, run_id, step_id, body, edit=body.edit, approve=True)


class Reject(APIView):
    required_scopes = {"POST": "approvals:write"}

    @extend_schema(operation_id="approvals_reject", request=ApprovalBody, responses={202: Decided})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        return _decided(request, run_id, step_id, parse_body(ApprovalBody, request.data), approve=False)


class EditApproval(APIView):
    required_scopes = {"POST": "approvals:read"}

    @extend_schema(operation_id="approvals_edit", request=EditBody, responses={200: EditedCall})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        """Show what a waiting call would be with other parameters. Decides and writes nothing."""
        body = parse_body(EditBody, request.data)
        told = edited_call(
            tenant=principal_of(request).tenant,
            run_id=checked_run_id(run_id),
            step_id=checked_step_id(step_id),
            action_hash=body.action_hash,
            params=body.params,
        )
        return Response(told)


urlpatterns = [
    path("approvals", Approvals.as_view(), name="approvals"),
    path("approvals/<str:run_id>/<str:step_id>", OneApproval.as_view(), name="approval"),
    path("approvals/<str:run_id>/<str:step_id>/approve", Approve.as_view(), name="approval-approve"),
    path("approvals/<str:run_id>/<str:step_id>/edit", EditApproval.as_view(), name="approval-edit"),
    path("approvals/<str:run_id>/<str:step_id>/reject", Reject.as_view(), name="approval-reject"),
]
