"""How many runs wait for the person who looks: the numbers beside the items of the sidebar, each of the tenants where they decide."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q
from django.http import HttpRequest

from agents.access.members import APPROVING_ROLES
from agents.access.rights import is_platform, may, roles_of, roles_within
from agents.roles import ANSWERING_ROLES, DECIDING_ROLES, PLATFORM, Roles
from runs.models import Run, RunStatus

MOST_COUNTED = 100
"""Counted no further: whoever has that many reads a list, not a number."""

_DECIDED_BY: dict[str, Roles] = {"approval": APPROVING_ROLES, "input": ANSWERING_ROLES, "in_doubt": DECIDING_ROLES}
_PLATFORMS = [what for what, roles in _DECIDED_BY.items() if PLATFORM in roles]


def waiting_counts(request: HttpRequest) -> Counter[str]:
    """Return how many runs wait for an approval, an answer (`input`) or a verdict (`in_doubt`): one question, and none for who decides
    nothing."""
    if not may(request, DECIDING_ROLES):
        return Counter()
    mine = Q(tenant__in=[tenant for tenant, held in roles_of(request).items() if not DECIDING_ROLES.isdisjoint(held)])
    wanted = mine | Q(waiting_for__in=_PLATFORMS) if is_platform(request) else mine
    waiting = Run.objects.filter(wanted, status=RunStatus.WAITING, waiting_for__in=_DECIDED_BY).order_by()
    rows = waiting.values_list("tenant_id", "waiting_for")[:MOST_COUNTED]
    return Counter(what for tenant, what in rows if not _DECIDED_BY[what].isdisjoint(roles_within(request, tenant)))
