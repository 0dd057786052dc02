"""Operations as they are read: one or all of a tenant, and how they look in answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from agents.tenancy import one_scoped, scoped
from runs.models import BulkOperation
from skills.instants import instant, instant_or_none

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]


def list_operations(*, tenant: Tenant, state: str | None = None) -> QuerySet[BulkOperation]:
    """Return a tenant's operations. Which runs they are about and what was refused is left in the database."""
    rows = scoped(BulkOperation.objects.defer("run_ids", "faults"), tenant)
    return rows if state is None else rows.filter(state=state)


def get_operation(*, tenant: Tenant, bulk_id: str) -> BulkOperation:
    """Return one. Raises Refusal NOT_FOUND, alike for a missing one and another tenant's."""
    return one_scoped(BulkOperation.objects.defer("run_ids").select_related("tenant"), tenant, "bulk operation", public_id=bulk_id)


def operation_json(row: BulkOperation, *, whole: bool = False) -> Json:
    """Return an operation as lists show it; the `whole` one says why runs were refused."""
    told = {
        "bulk_id": row.public_id,
        "action": row.action,
        "filter": row.filter,
        "options": row.options,
        "reason": row.reason,
        "state": row.state,
        "total": row.total,
        "succeeded": row.succeeded,
        "refused": row.refused,
        "left": row.total - row.position,
        "abort_asked_by": row.abort_asked_by or None,
        "remark": row.remark,
        "created_by": row.created_by,
        "created_at": instant(row.created_at),
        "finished_at": instant_or_none(row.finished_at),
    }
    return told | {"refused_by_code": row.refused_by_code, "faults": row.faults} if whole else told
