"""The nightly job: groups become candidates, confidences are measured, what does harm is taken back, what is sure enough applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from agents.selectors import active_tenants
from agents.tenancy import operator_principal
from catalog.learning import aggregation, deciding
from catalog.learning.aggregation import Learned
from catalog.learning.documents import document_of
from catalog.learning.proposals import SAFE_EFFECTS
from catalog.learning.views import appliable
from runs.recovery.shadow import shadow_report
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

AUTO_APPLY = "rule:auto-apply"
# Each is replayed before it is applied; the next ones have their turn the next night.
APPLIED_A_NIGHT = 20


def learn(
    *,
    tenants: Sequence[Tenant] | None = None,
    since: timedelta = aggregation.WINDOW,
    now: datetime | None = None,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda _: None,
) -> Learned:
    """Do what is done every night for these tenants, for all where none is named. May be done at any time, any number of times."""
    at, learned = now or timezone.now(), Learned()
    for tenant in active_tenants() if tenants is None else tenants:
        aggregation.find_candidates(learned, tenant, since=at - since, now=at, stopped=stopped, tell=tell)
        aggregation.refresh_candidates(learned, tenant, now=at, stopped=stopped, tell=tell)
        aggregation.withdraw_harmful(learned, tenant)
        apply_what_is_sure(learned, tenant)
        if stopped():
            learned.stopped = True
            return learned
    aggregation.refresh_entries(learned, tenants, now=at)
    return learned


def apply_what_is_sure(learned: Learned, tenant: Tenant) -> None:
    """Apply open candidates above the bar, if there is one, whose effects can do no harm: approved and activated by the rule."""
    bar = settings.RECOVERY_AUTO_APPLY_BAR
    if bar is None:
        return
    principal = operator_principal(tenant, AUTO_APPLY)
    for row in appliable(tenant, bar, SAFE_EFFECTS, APPLIED_A_NIGHT):
        report = shadow_report(tenant, row)
        if report["unsafe"] or not report["changed"]:
            continue
        why = f"measured {row.confidence:.2f} from {row.applied} trials, the bar is {bar:.2f}; effect class {row.effect}"
        try:
            deciding.approve(principal=principal, candidate_id=row.public_id, reason=why, shadow_report=report)
            deciding.activate(principal=principal, candidate_id=row.public_id, reason=why)
        except Refusal:
            # Somebody decided meanwhile, or its entry is gone: no rule overrules that.
            continue
        learned.applied.append(row.public_id)


def learned_json(learned: Learned) -> dict[str, Any]:
    """Return what a night came to, as the command prints it."""
    return {
        "groups": learned.groups,
        "candidates_made": learned.made,
        "candidates_measured": learned.refreshed,
        "entries_measured": learned.entries,
        "withdrawn": learned.withdrawn,
        "applied": learned.applied,
        "more_groups_wait": bool(learned.left),
        "stopped": learned.stopped,
        "data": [{"id": row.public_id, **document_of(row)} for row in learned.candidates],
    }
