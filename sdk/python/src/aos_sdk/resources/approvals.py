"""Steps that wait for a person's yes."""

from __future__ import annotations

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, get, post
from aos_sdk.types import ApprovalView, Decided


class Approvals(Group[M]):
    """Steps that wait for a person's yes. A decision names, by `action_hash`, exactly what was looked at."""

    @paged("approvals_list")
    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Request[Page[ApprovalView]]:
        """Return what waits to be approved."""
        return paging(ApprovalView, "approvals", query={"limit": limit, "cursor": cursor})

    @operation("approvals_get")
    def get(self, run_id: str, step_id: str) -> Request[ApprovalView]:
        """Return what a step would do, with the `action_hash` that binds a decision to it."""
        return get(ApprovalView, "approvals", run_id, step_id)

    @operation("approvals_approve")
    def approve(self, run_id: str, step_id: str, *, action_hash: str, reason: str | None = None) -> Request[Decided]:
        """Let the step do what was shown."""
        return post(Decided, "approvals", run_id, step_id, "approve", body={"action_hash": action_hash, "reason": reason})

    @operation("approvals_reject")
    def reject(self, run_id: str, step_id: str, *, action_hash: str, reason: str | None = None) -> Request[Decided]:
        """Refuse the step."""
        return post(Decided, "approvals", run_id, step_id, "reject", body={"action_hash": action_hash, "reason": reason})
