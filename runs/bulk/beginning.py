"""An operation begins: the runs are fixed, what was asked is written down, and the workers find it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from agents import audit
from agents.access.operating import refuse_non_operator
from agents.tenancy import Principal, lock_tenant
from runs.bulk.actions import ACTIONS
from runs.bulk.choosing import Chosen, numbers_of, refuse_unexpected
from runs.bulk.rights import rights_of
from runs.models import BulkOperation
from skills.ids import new_id


def begin(
    *,
    principal: Principal,
    action: str,
    chosen: Chosen,
    reason: str,
    expected: int | None = None,
    options: dict[str, Any] | None = None,
    user_id: int | None = None,
    bulk_id: str | None = None,
) -> BulkOperation:
    """Begin an operation over the runs a filter finds now; later ones are not touched. The workers do the rest.

    `user_id` names the person of the console who asks, so that their role can be asked for again meanwhile. `bulk_id` is the id
    of the form they sent: sent twice it begins one operation. Raises Refusal: 422 for no run, too many, or a number of runs
    nobody `expected`; 409 where there are more than that by now.
    """
    refuse_non_operator(principal, "what is done to many runs at once")
    with transaction.atomic():
        if bulk_id is not None:
            lock_tenant(principal.tenant)
            before = BulkOperation.objects.filter(tenant=principal.tenant, public_id=bulk_id).first()
            if before is not None:
                return before
        numbers = numbers_of(chosen)
        refuse_unexpected(len(numbers), expected)
        row = BulkOperation.objects.create(
            public_id=bulk_id or new_id("blk"),
            tenant=principal.tenant,
            action=action,
            filter=chosen.filter,
            options=(options or {}) if ACTIONS[action].takes_ended else {},
            run_ids=numbers,
            total=len(numbers),
            reason=reason,
            created_by=principal.name,
            begun_with=rights_of(principal, user_id),
        )
        after = {"action": action, "filter": chosen.filter, "runs": len(numbers)}
        audit.record(principal.tenant, "bulk.begin", row.public_id, by=principal.name, after=after, reason=reason)
    return row
