"""One action over many runs: look first, begin, follow, stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aos_sdk._operation import Group, M, operation, paged
from aos_sdk._pages import Page, paging
from aos_sdk._request import Request, create, get, post
from aos_sdk.types import BulkPreview, BulkView, WholeBulk


class BulkOperations(Group[M]):
    """Many runs cancelled, paused, resumed or done again by a filter."""

    @operation("bulk_preview")
    def preview(self, action: str, filter: Mapping[str, Any], *, options: Mapping[str, Any] | None = None) -> Request[BulkPreview]:
        """Say what an action would do to the runs of a filter. Begin with the `filter` it answers: later runs are left out of that."""
        return post(BulkPreview, "bulk-operations", "preview", body={"action": action, "filter": filter, "options": options})

    @paged("bulk_list")
    def list(self, *, state: str | None = None, limit: int | None = None, cursor: str | None = None) -> Request[Page[BulkView]]:
        """Return operations, newest first."""
        return paging(BulkView, "bulk-operations", query={"state": state, "limit": limit, "cursor": cursor})

    @operation("bulk_begin")
    def begin(
        self,
        action: str,
        filter: Mapping[str, Any],
        reason: str,
        *,
        expected: int | None = None,
        options: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[BulkView]:
        """Begin an operation. Above twenty runs `expected` says how many they are, as the preview told."""
        body = {"action": action, "filter": filter, "reason": reason, "expected": expected, "options": options}
        return create(BulkView, "bulk-operations", body=body, key=idempotency_key)

    @operation("bulk_get")
    def get(self, bulk_id: str) -> Request[WholeBulk]:
        """Return an operation: how far it is, and why runs were refused."""
        return get(WholeBulk, "bulk-operations", bulk_id)

    @operation("bulk_abort")
    def abort(self, bulk_id: str) -> Request[BulkView]:
        """Stop an operation before its next few runs. What was done stays done."""
        return post(BulkView, "bulk-operations", bulk_id, "abort")
