"""Reads the numbers that say how all stands: how many runs wait for what, how many workers are alive, what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Count, Q

from catalog.analytics.counts import count_decisions, count_failures
from catalog.circuits import open_circuits
from runs.models import DeliverySum, Run, RunStatus, Session, SessionState
from runs.shell.clock import monotonic
from runs.shell.reading.usage_sql import TOKENS, Spent, read_alerts, read_mark, read_spent_after, read_spent_before
from skills.registry import registry
from skills.taxonomy import CODES


@dataclass(frozen=True)
class Gauges:
    """How the queue stands now, over all tenants."""

    runs_queued: int
    runs_running: int
    approvals_pending: int
    in_doubt: int
    workers: int
    open_circuits: int


def read_gauges(*, now_ms: int) -> Gauges:
    """Return the numbers, from the small partial indexes of live runs and not from the whole table."""
    live = Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING])
    counts = live.order_by().aggregate(
        runs_queued=Count("pk", filter=Q(status=RunStatus.QUEUED)),
        runs_running=Count("pk", filter=Q(status=RunStatus.RUNNING)),
        approvals_pending=Count("pk", filter=Q(waiting_for="approval")),
        in_doubt=Count("pk", filter=Q(waiting_for="in_doubt")),
    )
    return Gauges(**counts, workers=count_live_sessions(now_ms=now_ms), open_circuits=open_circuits())


def count_live_sessions(*, now_ms: int) -> int:
    """Return how many worker sessions hold a lease that has not run out."""
    return Session.objects.filter(state=SessionState.LIVE, lease_until_ms__gt=now_ms).count()


def read_deliveries() -> dict[str, int]:
    """Return how attempts to deliver webhooks ended since the beginning."""
    return dict(DeliverySum.objects.values_list("result", "attempts"))


MONEY_SECONDS = 5.0
"""How long what was read of money is good enough for the next who asks."""

ByKind = dict[tuple[str, str], Spent]


@dataclass(frozen=True)
class Money:
    """What was spent since the beginning, over all tenants: micro-USD by (skill, model), tokens by (model, bucket), alerts by scope."""

    cost_micro_usd: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tokens: Mapping[tuple[str, str], int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)


class MoneyReader:
    """Reads what was spent so that it does not matter how much that is: sums of what is old once for each mark, then the rest."""

    def __init__(self) -> None:
        self._mark = -1
        self._before: ByKind = {}
        self._read_at: float | None = None
        self._money = Money()

    def read(self) -> Money:
        if self._read_at is None or monotonic() - self._read_at >= MONEY_SECONDS:
            self._money, self._read_at = self._read(), monotonic()
        return self._money

    def _read(self) -> Money:
        if read_mark() != self._mark:
            self._mark, self._before = read_spent_before()
        costs: dict[tuple[str, str], int] = {}
        tokens: dict[tuple[str, str], int] = {}
        for part in (self._before, read_spent_after(self._mark)):
            for (skill, model), (cost, counts) in part.items():
                costs[skill, model] = costs.get((skill, model), 0) + cost
                for bucket, count in zip(TOKENS, counts, strict=True):
                    tokens[model, bucket] = tokens.get((model, bucket), 0) + count
        return Money(costs, tokens, read_alerts())


FAILURE_SECONDS = 60.0
"""How long what was counted of failures is good enough for the next who asks: it costs a look at each of them."""
OTHER_SKILL, NO_SKILL, OTHER_CODE = "other", "none", "OTHER"


@dataclass(frozen=True)
class FailuresEver:
    """What failed since the beginning, over all tenants: by whether the catalog knew it, by (skill, code, category), by how the
    recovery went; and what was decided about recoveries that were suggested."""

    matches: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    recoveries: Mapping[str, int] = field(default_factory=dict)
    decisions: Mapping[str, int] = field(default_factory=dict)


class FailureReader:
    """Counts failures, at most once a minute. Labels are closed sets: a skill nobody registered is called `other`."""

    def __init__(self) -> None:
        self._read_at: float | None = None
        self._counted = FailuresEver()

    def read(self) -> FailuresEver:
        if self._read_at is None or monotonic() - self._read_at >= FAILURE_SECONDS:
            self._counted, self._read_at = _failures_ever(), monotonic()
        return self._counted


def _failures_ever() -> FailuresEver:
    matches = {"hit": 0, "miss": 0}
    errors: dict[tuple[str, str, str], int] = {}
    recoveries = {"worked": 0, "failed": 0}
    known = set(registry.names())
    for row in count_failures():
        matches["miss" if row.match_type == "miss" else "hit"] += row.failures
        skill = row.skill if row.skill in known else OTHER_SKILL if row.skill else NO_SKILL
        kind = (skill, row.code if row.code in CODES else OTHER_CODE, row.category)
        errors[kind] = errors.get(kind, 0) + row.failures
        if row.recovery:
            recoveries[row.recovery] += row.failures
    return FailuresEver(matches, errors, recoveries, count_decisions())
