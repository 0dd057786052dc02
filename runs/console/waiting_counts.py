"""How many runs wait for the person who looks: the numbers beside the items of the sidebar, each of the tenants where they decide."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest

from agents.console_base import DECIDING_ROLES, Roles, may, roles_of, sees_everything
from agents.members import APPROVERS
from runs.models import Run, RunStatus

MOST_COUNTED = 100
"""Counted no further: whoever has that many reads a list, not a number."""

_DECIDED_BY: dict[str, Roles] = {"approval": APPROVERS, "input": DECIDING_ROLES, "in_doubt": DECIDING_ROLES}


def waiting_counts(request: HttpRequest) -> Counter[str]:
    """Return how many runs wait for an approval, an answer (`input`) or a verdict (`in_doubt`): one question, and none for who decides
    nothing."""
    if not may(request, DECIDING_ROLES):
        return Counter()
    waiting = Run.objects.filter(status=RunStatus.WAITING, waiting_for__in=_DECIDED_BY).order_by()
    if sees_everything(request):
        return Counter(waiting.values_list("waiting_for", flat=True)[:MOST_COUNTED])
    held = roles_of(request)
    deciding = [tenant for tenant, role in held.items() if role in DECIDING_ROLES]
    rows = waiting.filter(tenant__in=deciding).values_list("tenant_id", "waiting_for")[:MOST_COUNTED]
    return Counter(what for tenant, what in rows if held[tenant] in _DECIDED_BY[what])
