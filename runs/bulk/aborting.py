"""An operation is stopped: at once where no worker is at it, else before its worker's next few runs. What was done stays done."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents import audit
from agents.access.operating import refuse_non_operator
from agents.tenancy import Principal
from runs.bulk.reading import get_operation
from runs.models import BulkOperation, BulkState
from skills.refusal import Refusal


def abort(*, principal: Principal, bulk_id: str) -> BulkOperation:
    """Ask an operation to stop; asked again it answers the same. Raises Refusal (409) for one that is over otherwise."""
    row = get_operation(tenant=principal.tenant, bulk_id=bulk_id)
    refuse_non_operator(principal, "to stop what is done to many runs")
    if not row.abort_asked_by:
        _ask(principal, row)
    return get_operation(tenant=principal.tenant, bulk_id=bulk_id)


def _ask(principal: Principal, row: BulkOperation) -> None:
    now = timezone.now()
    with transaction.atomic():
        # The audit log first, here and wherever runs are told: who takes both takes them in this order.
        audit.record(principal.tenant, "bulk.abort", row.public_id, by=principal.name, before={"taken": row.position, "of": row.total})
        running = BulkOperation.objects.filter(pk=row.pk, state=BulkState.RUNNING)
        if not running.update(abort_asked_by=principal.name[:200]):
            raise Refusal("INVALID_INPUT", "the operation is over; nothing of it is left to be stopped", status=409)
        is_free = Q(taken_until=None) | Q(taken_until__lte=now)
        running.filter(is_free).update(state=BulkState.ABORTED, finished_at=now, remark=f"stopped by {principal.name}"[:300])
