"""Looks every hour whether skill versions and agents go as they used to: failures, cost, time; tells of what does not.

    runs of the last 35 days ──a few of each agent and day──▸ slices ──newest against the 28 days before──▸ findings ──▸ alerts

It reads so many runs and no more, by the index of runs by agent, so that a million of them cost no more than some
thousands. Runs that are not over, were cancelled, or had faults injected on purpose tell nothing.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from agents.selectors import active_tenants, list_agents
from catalog.drift import LEAST_BEFORE, Finding, Numbers, Rate, compare_numbers, compare_rates
from catalog.drift_alerts import Departure, alert_json, note
from catalog.groups.states import order_of
from runs.history.learning import told_by
from runs.history.sketch import rounded
from runs.models import TERMINAL_STATUSES, Kept, Outbox, Run, RunStatus

if TYPE_CHECKING:
    from agents.models import Tenant

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
RECENT_DAYS = (1, 7)
"""What is new is the last day; where that has too little to tell from, the last week."""
BASELINE_DAYS = 28
SLICES = max(RECENT_DAYS) + BASELINE_DAYS
RUNS_OF_TODAY, RUNS_OF_A_DAY = 300, 50
"""So many runs of an agent are looked at, the newest of each day: at the same hours on every day."""
RUNS_AT_MOST = 50_000
"""So many runs of a tenant in all; where it has many agents, fewer of each."""
RUNS_AT_ONCE = 50
_OVER = TERMINAL_STATUSES - {RunStatus.CANCELLED}
_HAS_STEPS = (Kept.EVERYTHING, Kept.EVENTS)
TOPIC = "drift.detected"
Stopped = Callable[[], bool]


@dataclass
class Slice:
    """A day of one subject: how its calls or runs went, what they cost and took."""

    rate: Rate = field(default_factory=Rate)
    cost: Numbers = field(default_factory=Numbers)
    took: Numbers = field(default_factory=Numbers)

    def merge(self, other: Slice) -> None:
        self.rate.merge(other.rate)
        self.cost.merge(other.cost)
        self.took.merge(other.took)


class Subject(NamedTuple):
    """What is looked at: a skill version or an agent, by the name alerts call it."""

    kind: str
    skill: str
    version: str

    @property
    def name(self) -> str:
        return f"{self.skill}@{self.version}" if self.kind == "skill" else self.skill


Days = defaultdict[int, Slice]
Seen = dict[Subject, Days]


class Over(NamedTuple):
    """A run that is over, and what of it an agent is judged by."""

    pk: int
    status: str
    spent_micro_usd: int
    started_at: datetime | None
    finished_at: datetime | None
    kept: str


def look_for_drift(*, stopped: Stopped = lambda: False, now: datetime | None = None) -> int:
    """Look at every tenant and return how many alerts were opened; leaves between two tenants when it is told to stop."""
    at = now or timezone.now()
    opened = 0
    for tenant in active_tenants():
        if stopped():
            break
        opened += tell(tenant, departures(tenant, at), at)
    return opened


@transaction.atomic
def tell(tenant: Tenant, found: Iterable[Departure], now: datetime) -> int:
    """Keep alerts of what departs, and put the new ones into the outbox."""
    opened = note(tenant, found, now)
    Outbox.objects.bulk_create(Outbox(tenant=tenant, topic=TOPIC, data=json.dumps(alert_json(row))) for row in opened)
    return len(opened)


def departures(tenant: Tenant, now: datetime) -> list[Departure]:
    """Return what of a tenant departs from its baseline."""
    return [departure for departure, alarms in compared(tenant, now) if alarms]


def compared(tenant: Tenant, now: datetime) -> list[tuple[Departure, bool]]:
    """Return every comparison there was enough to make, and whether it alarms."""
    seen = _seen(tenant, now)
    return [(each, each.finding.alarms) for subject in sorted(seen) for each in _compared(subject, seen, now)]


# What was seen


def _seen(tenant: Tenant, now: datetime) -> Seen:
    agents = list(list_agents(tenant=tenant).values_list("pk", "public_id"))
    share = min(1.0, RUNS_AT_MOST / (max(1, len(agents)) * (RUNS_OF_TODAY + RUNS_OF_A_DAY * (SLICES - 1))))
    seen: Seen = defaultdict(lambda: defaultdict(Slice))
    for pk, public_id in agents:
        for day, runs in _days_of(pk, now, share):
            _add_agent(seen[Subject("agent", public_id, "")][day], runs)
            _add_skills(seen, day, [run.pk for run in runs if run.kept in _HAS_STEPS])
    return seen


def _days_of(agent: int, now: datetime, share: float) -> Iterator[tuple[int, list[Over]]]:
    """Yield the days of an agent that has run lately, today first, each with its newest runs."""
    over = Run.objects.filter(agent_id=agent, faults=0, status__in=_OVER, finished_at__isnull=False).order_by("-created_at")
    if not Run.objects.filter(agent_id=agent, created_at__gte=now - DAY * max(RECENT_DAYS)).exists():
        return
    for day in range(SLICES):
        most = max(1, round(share * (RUNS_OF_A_DAY if day else RUNS_OF_TODAY)))
        rows = over.filter(created_at__lt=now - DAY * day, created_at__gte=now - DAY * (day + 1))
        runs = [Over(*row) for row in rows.values_list(*Over._fields)[:most]]
        if runs:
            yield day, runs


def _add_agent(day: Slice, runs: Sequence[Over]) -> None:
    for run in runs:
        came_through = run.status == RunStatus.SUCCEEDED
        day.rate.add(1, 0 if came_through else 1)
        if came_through:
            day.cost.add(rounded(run.spent_micro_usd))
            if run.started_at is not None and run.finished_at is not None:
                day.took.add(rounded((run.finished_at - run.started_at) // timedelta(milliseconds=1)))


def _add_skills(seen: Seen, day: int, runs: Sequence[int]) -> None:
    for begin in range(0, len(runs), RUNS_AT_ONCE):
        calls: dict[tuple[int, Subject], list[int]] = defaultdict(lambda: [0, 0])
        for told in told_by(runs[begin : begin + RUNS_AT_ONCE]):
            subject = Subject("skill", told.skill, told.skill_version)
            calls[told.run_id, subject][0] += 1
            calls[told.run_id, subject][1] += told.failed
            for sample in told.samples:
                seen[subject][day].cost.add(rounded(sample.cost_micro_usd))
                seen[subject][day].took.add(rounded(sample.took_ms))
        for (_, subject), (made, failed) in calls.items():
            seen[subject][day].rate.add(made, failed)


# Comparing


def _compared(subject: Subject, seen: Seen, now: datetime) -> Iterator[Departure]:
    for measure, compare in _MEASURES.items():
        for days in RECENT_DAYS:
            recent = _merged(seen[subject], range(days))
            baseline, of = _baseline(subject, seen, days, measure)
            finding = compare(baseline, recent)
            if finding is not None:
                said = _said(finding, days, of)
                yield Departure(subject.kind, subject.name, now - DAY * days, said)
                break


def _merged(days: Days, wanted: Iterable[int]) -> Slice:
    whole = Slice()
    for day in wanted:
        if day in days:
            whole.merge(days[day])
    return whole


def _baseline(subject: Subject, seen: Seen, days: int, measure: str) -> tuple[Slice, str]:
    """Return what a subject is held against, and what that is: itself before, or the versions before it where it is new."""
    own = _merged(seen[subject], range(days, days + BASELINE_DAYS))
    if subject.kind == "agent" or _count(own, measure) >= LEAST_BEFORE:
        return own, "itself"
    earlier = sorted((each for each in seen if _is_before(each, subject)), key=lambda each: order_of(each.version) or ())
    whole = Slice()
    for each in earlier:
        whole.merge(_merged(seen[each], range(SLICES)))
    return whole, ", ".join(each.version for each in earlier[-3:])


def _is_before(other: Subject, subject: Subject) -> bool:
    if (other.kind, other.skill) != (subject.kind, subject.skill):
        return False
    theirs, ours = order_of(other.version), order_of(subject.version)
    return theirs is not None and ours is not None and theirs < ours


def _count(day: Slice, measure: str) -> float:
    return {"failure_rate": day.rate.calls, "cost": day.cost.n, "latency": day.took.n}[measure]


def _said(finding: Finding, days: int, of: str) -> Finding:
    """Return the finding with how far back either side goes."""
    baseline = {**finding.baseline, "of": of}
    recent: dict[str, Any] = {**finding.recent, "days": days}
    return Finding(finding.measure, baseline, recent, finding.score, finding.threshold, finding.alarms)


_MEASURES: dict[str, Callable[[Slice, Slice], Finding | None]] = {
    "failure_rate": lambda before, now: compare_rates(before.rate, now.rate),
    "cost": lambda before, now: compare_numbers("cost", before.cost, now.cost),
    "latency": lambda before, now: compare_numbers("latency", before.took, now.took),
}
