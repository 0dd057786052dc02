"""Reads what is known of failures of one signature: how often, how each mode went against them, the last cases.

Everything is added up by the database, hundreds of signatures at a time, so that a million failures cost a few queries
and little memory. What was injected on purpose is no evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate

from agents.tenancy import scoped
from catalog.learning.confidence import Confidence, Tally, Trials
from catalog.learning.proposals import ModeSeen, gravest
from catalog.models import FailureMatch
from catalog.services import RECOVERING_DECISIONS
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import Tenant

SHOWN_CASES = 5
_SECONDS_A_DAY = 86_400

# Tried by the run itself, and its end known: that somebody ran it again is no merit of what was done in it.
TRIED = Q(decision__in=RECOVERING_DECISIONS, recovery_attempted=True, recovery_succeeded__isnull=False)
WORKED = Q(recovery_succeeded=True) & (Q(decision__in=RECOVERING_DECISIONS) | Q(recovered_by=""))
RUN_AGAIN = ~Q(recovered_by="") & ~WORKED
# What an active policy advised, not only watched.
BY_POLICY = Q(candidate__isnull=False, shadow_mode="")


@dataclass(slots=True)
class Studied:
    """What is known of the failures of one signature at some instant; what was tried, by what was done."""

    signature: str
    now: datetime
    failures: int = 0
    missed: int = 0
    reruns: int = 0
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    effects: set[str] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    @property
    def effect(self) -> str:
        return gravest(sorted(self.effects))

    def modes(self) -> list[ModeSeen]:
        """Return how each mode went, the one tried most often first."""
        seen = [ModeSeen(mode, tally.applied, tally.succeeded) for mode, tally in self.tallies.items()]
        return sorted(seen, key=lambda each: (-each.tried, each.mode))

    def confidence(self, mode: str, *, prior: float) -> Confidence:
        """Return how sure one may be that a mode works here."""
        return (self.tallies[mode] if mode in self.tallies else Tally()).confidence(prior)


def of_day(day: date, applied: int, succeeded: int, now: datetime) -> Trials:
    """Return the trials of a day with their age, counted from the middle of it."""
    return Trials((now - _noon(day)).total_seconds() / _SECONDS_A_DAY, applied, succeeded)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def evidence_of(tenant: Tenant) -> QuerySet[FailureMatch]:
    """Return the failures of a tenant that something may be learned from."""
    return scoped(FailureMatch.objects.filter(injected=False), tenant)


def study(rows: QuerySet[FailureMatch], signatures: Sequence[str], now: datetime) -> dict[str, Studied]:
    """Return what is known of each of these signatures, by one query."""
    found = {signature: Studied(signature, now) for signature in signatures}
    for group in _by_day(rows.filter(signature__in=signatures)):
        _add(found[group["signature"]], group)
    return found


def study_together(rows: QuerySet[FailureMatch], now: datetime) -> Studied:
    """Return what is known of failures of whatever signature, as of one kind."""
    found = Studied("", now)
    for group in _by_day(rows):
        _add(found, group)
    return found


def _by_day(rows: QuerySet[FailureMatch]) -> Iterable[Any]:
    days = rows.order_by().annotate(day=TruncDate("resolved_at", tzinfo=UTC))
    groups = days.values("signature", "effect", "mode", "day")
    return groups.annotate(
        failures=Count("pk"),
        missed=Count("pk", filter=Q(match_type="miss")),
        reruns=Count("pk", filter=RUN_AGAIN),
        tried=Count("pk", filter=TRIED),
        worked=Count("pk", filter=TRIED & WORKED),
        first=Min("created_at"),
        last=Max("created_at"),
    ).iterator(chunk_size=2_000)


def _add(found: Studied, group: Mapping[str, Any]) -> None:
    found.failures += group["failures"]
    found.missed += group["missed"]
    found.reruns += group["reruns"]
    found.effects.add(group["effect"])
    found.first_seen_at = min(filter(None, (found.first_seen_at, group["first"])), default=None)
    found.last_seen_at = max(filter(None, (found.last_seen_at, group["last"])), default=None)
    if group["tried"] and group["day"] is not None:
        found.tallies[group["mode"]].add(of_day(group["day"], group["tried"], group["worked"], found.now))


def last_cases(rows: QuerySet[FailureMatch], signatures: Sequence[str], limit: int = SHOWN_CASES) -> dict[str, list[FailureMatch]]:
    """Return the last failures of each of these signatures, newest first, by one query."""
    rank = Window(RowNumber(), partition_by=F("signature"), order_by=F("pk").desc())
    newest = rows.filter(signature__in=signatures).annotate(rank=rank).filter(rank__lte=limit).select_related("entry").order_by("-pk")
    found: dict[str, list[FailureMatch]] = {signature: [] for signature in signatures}
    for row in newest:
        found[row.signature].append(row)
    return found


def case_json(row: FailureMatch) -> dict[str, Any]:
    """Return a failure as evidence names it: where to look, and what came of it, without what it said."""
    return {
        "match_id": row.public_id,
        "run_id": row.run_public_id,
        "step_id": row.step_id or None,
        "skill_version": row.skill_version or None,
        "mode": row.mode or None,
        "decision": row.decision or None,
        "recovered": row.recovery_succeeded,
        "recovered_by": row.recovered_by or None,
        "at": instant(row.created_at),
    }
