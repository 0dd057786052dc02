"""Learns from runs that are over: looks at some of those that ended since the last look and folds their steps into the histories.

It costs runs nothing: it reads what they leave behind anyway, by an index that is there for retention, and at most so much
at a time. Where more runs end than it can ever look at, it looks at some from every tenant and passes over the rest.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.selectors import Failed, failed_calls
from runs.history.measured import History, Sample, Seen
from runs.models import Kept, LearningMark, Run, SkillHistory, StepSummary

log = logging.getLogger(__name__)

RUNS_AT_ONCE = 200
RUNS_IN_VIEW = 1_000
"""So many runs may wait to be looked at; of more than that some are chosen, and the rest is passed over."""
STEPS_AT_ONCE = 5_000
REST = timedelta(seconds=5)
"""How long after a look the next one comes, whoever asks for it."""
SETTLED = timedelta(seconds=2)
"""How old the end of a run must be: one that is written later may have come before it."""

# What the runtime says before a call, or about its worker, tells nothing about the skill.
_NO_WORD_ABOUT_THE_SKILL = frozenset(
    {
        "APPROVAL_EXPIRED",
        "APPROVAL_REJECTED",
        "BUDGET_EXCEEDED",
        "CANCELLED",
        "CONDITION_INVALID",
        "DAILY_LIMIT_EXCEEDED",
        "DEADLINE_EXCEEDED",
        "FROZEN",
        "INVALID_REFERENCE",
        "LEASE_LOST",
        "LOOP_DETECTED",
        "PRICE_UNKNOWN",
        "QUOTA_EXHAUSTED",
        "SKILL_NOT_ALLOWED",
        "SKILL_NOT_FOUND",
    }
)


class Over(NamedTuple):
    """A run that is over."""

    pk: int
    tenant_id: int
    finished_at: datetime


Version = tuple[int, str, str]
"""Tenant (row id), skill, version."""


def learn(limit: int = RUNS_AT_ONCE, *, rest: timedelta = REST, passes_over: bool = True, now: datetime | None = None) -> int:
    """Look at runs that ended since the last look, at most `limit` of them; return at how many. Never raises: nothing waits for it.

    Whoever else looks at the moment, or did a moment ago, has done it for us. Without `passes_over` no run is left out.
    """
    try:
        now = now or timezone.now()
        mark = LearningMark.objects.filter(pk=1).first()
        if mark is None:
            mark, _ = LearningMark.objects.get_or_create(pk=1)
        if _is_fresh(mark, now, rest) or not _ended_since(mark, now).exists():
            return 0
        with transaction.atomic():
            locked = LearningMark.objects.select_for_update(skip_locked=True).filter(pk=1).first()
            return 0 if locked is None or _is_fresh(locked, now, rest) else _look(locked, now, limit, passes_over=passes_over)
    except Exception:
        log.exception("history.learning_failed")
        return 0


def _is_fresh(mark: LearningMark, now: datetime, rest: timedelta) -> bool:
    return mark.looked_at is not None and timedelta(0) <= now - mark.looked_at < rest


def _ended_since(mark: LearningMark, now: datetime) -> QuerySet[Run]:
    # What was injected on purpose tells nothing about a skill.
    ended = Run.objects.filter(faults=0, kept=Kept.EVERYTHING, finished_at__isnull=False, finished_at__lt=now - SETTLED)
    if mark.finished_at is not None:
        # SQLite compares instants as text, and workers write fewer digits than Django asks with: never ask whether two are equal.
        looked_at = Q(finished_at__lte=mark.finished_at) & Q(pk__lte=mark.run_id)
        ended = ended.filter(finished_at__gt=mark.finished_at - timedelta(milliseconds=1)).exclude(looked_at)
    return ended


def _look(mark: LearningMark, now: datetime, limit: int, *, passes_over: bool) -> int:
    found = _in_view(mark, now, newest=passes_over and mark.finished_at is None)
    too_many = passes_over and len(found) == RUNS_IN_VIEW
    looked_at = _chosen(found, limit) if too_many else found[:limit]
    _fold(looked_at, now)
    if too_many:
        mark.finished_at, mark.run_id = now - SETTLED, 0
    elif looked_at:
        mark.finished_at, mark.run_id = looked_at[-1].finished_at, looked_at[-1].pk
    mark.looked_at = now
    mark.save()
    return len(looked_at)


def _in_view(mark: LearningMark, now: datetime, *, newest: bool) -> list[Over]:
    """Return the runs to look at, in the order in which they ended; at the first look ever those that tell most, the `newest`."""
    ended = _ended_since(mark, now).values_list("pk", "tenant_id", "finished_at")
    rows = (
        list(ended.order_by("-finished_at", "-pk")[:RUNS_IN_VIEW])[::-1] if newest else ended.order_by("finished_at", "pk")[:RUNS_IN_VIEW]
    )
    return [Over(pk, tenant_id, finished_at) for pk, tenant_id, finished_at in rows if finished_at is not None]


def _chosen(found: Sequence[Over], limit: int) -> list[Over]:
    """Return up to so many runs, from every tenant in turn, in the order in which they ended."""
    by_tenant: dict[int, list[Over]] = defaultdict(list)
    for over in found:
        by_tenant[over.tenant_id].append(over)
    in_turn = (over for over in chain(*zip_longest(*by_tenant.values())) if over is not None)
    return sorted((over for _, over in zip(range(limit), in_turn, strict=False)), key=lambda over: (over.finished_at, over.pk))


# Folding


def _fold(runs: Sequence[Over], now: datetime) -> None:
    seen = _seen(runs)
    known = {(row.tenant_id, row.skill, row.version): row for row in _rows_of(seen)}
    rows = [_folded(version, what, known.get(version), now) for version, what in sorted(seen.items())]
    SkillHistory.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tenant", "skill", "version"], update_fields=["known", "learned_at"]
    )


def _folded(version: Version, what: Seen, row: SkillHistory | None, now: datetime) -> SkillHistory:
    """Return the row of a skill version with what was seen folded in."""
    history, days = History(), 0.0
    if row is not None:
        history, days = History.from_text(row.known), (now - row.learned_at).total_seconds() / 86_400
    history.fold(what, days)
    tenant_id, skill, name = version
    return SkillHistory(tenant_id=tenant_id, skill=skill, version=name, known=history.to_text(), learned_at=now)


def _rows_of(seen: Iterable[Version]) -> QuerySet[SkillHistory]:
    tenants, skills = {tenant for tenant, _, _ in seen}, {skill for _, skill, _ in seen}
    return SkillHistory.objects.filter(tenant_id__in=tenants, skill__in=skills)


def _seen(runs: Sequence[Over]) -> dict[Version, Seen]:
    """Return what the steps of these runs tell about each skill version, in the order in which the runs ended."""
    tenant_of = {over.pk: over.tenant_id for over in runs}
    found: dict[Version, Seen] = defaultdict(Seen)
    for told in told_by(list(tenant_of)):
        own = found[tenant_of[told.run_id], told.skill, told.skill_version]
        own.calls += 1
        own.failed += told.failed
        own.samples += told.samples
    return found


class Told(NamedTuple):
    """A call that tells something about its skill version: whether it failed, and what its step took where that is known."""

    run_id: int
    skill: str
    skill_version: str
    failed: bool
    samples: list[Sample]


def told_by(runs: Sequence[int]) -> Iterator[Told]:
    """Yield what the calls of these runs (row ids) tell about skill versions, run by run in this order; of 5,000 steps at most."""
    troubles: dict[tuple[int, str], list[Failed]] = defaultdict(list)
    for failed in failed_calls(runs, limit=STEPS_AT_ONCE):
        troubles[failed.run_id, failed.step_id].append(failed)
    place = {pk: position for position, pk in enumerate(runs)}
    for step in sorted(_steps_of(runs), key=lambda step: (place[step.run_id], step.finished_at_ms or 0, step.key)):
        had = troubles.get((step.run_id, step.key), [])
        for failed in had:
            version = failed.skill_version or (step.skill_version if failed.skill == step.skill else "")
            if failed.skill and version and failed.code not in _NO_WORD_ABOUT_THE_SKILL:
                yield Told(step.run_id, failed.skill, version, failed=True, samples=[])
        if step.status == "succeeded" and step.attempts and step.skill_version:
            yield Told(step.run_id, step.skill, step.skill_version, failed=False, samples=_sample(step, had))


def _steps_of(runs: Iterable[int]) -> Iterable[StepSummary]:
    return StepSummary.objects.filter(run_id__in=list(runs), attempts__gt=0).order_by("run_id", "key")[:STEPS_AT_ONCE]


def _sample(step: StepSummary, had: Sequence[Failed]) -> list[Sample]:
    """Return what a step took and cost, unless part of that was not its own: a fallback came in, a person, a lost worker, a rate."""
    only_retried = all(failed.decision == "retry" and failed.skill == step.skill for failed in had)
    if not only_retried or step.attempts != len(had) + 1 or step.started_at_ms is None or step.finished_at_ms is None:
        return []
    return [Sample(max(0, step.finished_at_ms - step.started_at_ms), max(0, step.cost_micro_usd))]
