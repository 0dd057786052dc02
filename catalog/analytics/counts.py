"""Failures counted since the beginning, over all tenants: for metrics, which must never count backwards.

Retention removes failures, so what it removes is added to sums in the same transaction, and both are read by one
statement. What was injected on purpose is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from catalog.models import FailureMatch, FailureSum, RecoveryDecision

_KEYS = ("skill", "code", "category", "match_type")
_RECOVERY = Case(
    When(recovery_attempted=True, recovery_succeeded=True, then=Value("worked")),
    When(recovery_attempted=True, recovery_succeeded=False, then=Value("failed")),
    default=Value(""),
    output_field=CharField(),
)


class Counted(NamedTuple):
    """So many failures of a kind. `recovery` is empty where nothing was tried, or its end is not known."""

    skill: str
    code: str
    category: str
    match_type: str
    recovery: str
    failures: int


def count_failures() -> Iterator[Counted]:
    """Yield how many failures of each kind there ever were; a kind may come twice."""
    removed = FailureSum.objects.order_by().values_list(*_KEYS, "recovery", "failures")
    return (Counted(*row) for row in _grouped(FailureMatch.objects.all()).union(removed, all=True))


def count_decisions() -> dict[str, int]:
    """Return how often each action about recovery candidates was taken; these rows are kept for ever."""
    actions: Any = RecoveryDecision.objects.order_by().values_list("action")
    return dict(actions.annotate(n=Count("pk")))


def keep_counts(rows: QuerySet[FailureMatch]) -> None:
    """Add failures that are about to be removed to the sums. Inside the caller's transaction."""
    for *keys, recovery, failures in _grouped(rows):
        kind = {**dict(zip(_KEYS, keys, strict=True)), "recovery": recovery}
        if not FailureSum.objects.filter(**kind).update(failures=F("failures") + failures):
            FailureSum.objects.create(**kind, failures=failures)


def _grouped(rows: QuerySet[FailureMatch]) -> Any:
    kinds: Any = rows.filter(Q(injected=False)).order_by().values(*_KEYS, recovery=_RECOVERY)
    return kinds.annotate(failures=Count("pk")).values_list(*_KEYS, "recovery", "failures")
