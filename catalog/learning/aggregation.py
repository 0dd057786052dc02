"""What a night makes of a day's failures: candidates for what nobody knows, fresh confidences, effects of policies measured.

    failures of 7 days ──by signature──▸ groups of 3 and more that nothing matched, or that keep failing ──▸ candidates
    trials ever        ──by signature──▸ confidence of every candidate and entry; the effect of every active policy

Runs any number of times with the same end. The database adds up; this holds five hundred signatures at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import TruncDate

from agents.tenancy import operator_principal
from catalog.learning import deciding
from catalog.learning.candidates import counted, keep_all, suggestions_for
from catalog.learning.confidence import Confidence, Tally
from catalog.learning.evidence import BY_POLICY, RUN_AGAIN, TRIED, WORKED, Studied, evidence_of, last_cases, of_day, study
from catalog.learning.proposals import WORKS_FROM
from catalog.models import CatalogEntry, FailureMatch, PolicyState, RecoveryCandidate
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

T = TypeVar("T")
Tell = Callable[[str], None]
Stopped = Callable[[], bool]

WINDOW = timedelta(days=7)
AT_LEAST = 3
AT_ONCE = 500
# The groups with most failures go first; what is beyond has its turn when those are decided.
GROUPS_A_NIGHT = 1_000
_MEASURED = ("applied", "succeeded", "confidence", "parts", "occurrences", "last_seen_at", "effect")
NIGHTLY, HARMFUL = "rule:nightly", "rule:harmful"
# A policy is judged after so many failures whose end is known.
JUDGED_FROM = 10


@dataclass
class Learned:
    """What a night came to; `candidates` are those made or brought up to date."""

    groups: int = 0
    left: int = 0
    made: int = 0
    refreshed: int = 0
    entries: int = 0
    withdrawn: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    candidates: list[RecoveryCandidate] = field(default_factory=list)
    stopped: bool = False


def in_batches(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


# Groups of failures become candidates


def find_candidates(learned: Learned, tenant: Tenant, *, since: datetime, now: datetime, stopped: Stopped, tell: Tell) -> None:
    """Keep a candidate for every group of failures that nothing matched, whose recovery keeps failing, or that people run again."""
    recent = evidence_of(tenant).filter(created_at__gte=since)
    groups = list(troubling(recent)[: GROUPS_A_NIGHT + 1])
    learned.left += len(groups) > GROUPS_A_NIGHT
    for batch in in_batches(groups[:GROUPS_A_NIGHT]):
        if stopped():
            learned.stopped = True
            return
        _keep_batch(learned, tenant, recent, batch, now)
        tell(f"{tenant.slug}: {learned.groups} groups")


def troubling(rows: QuerySet[FailureMatch]) -> QuerySet[Any, Any]:
    """Return the groups something should be done about: signature and newest failure, those with most failures first."""
    groups = (
        rows.order_by()
        .values("signature")
        .annotate(
            failures=Count("pk"),
            missed=Count("pk", filter=Q(match_type="miss")),
            tried=Count("pk", filter=TRIED),
            worked=Count("pk", filter=TRIED & WORKED),
            reruns=Count("pk", filter=RUN_AGAIN),
            newest=Max("pk"),
        )
    )
    unmatched = Q(missed__gte=AT_LEAST)
    keeps_failing = Q(tried__gte=F("worked") + AT_LEAST) & Q(worked__lt=F("tried") * WORKS_FROM)
    helped_by_hand = Q(reruns__gte=AT_LEAST)
    return groups.filter(unmatched | keeps_failing | helped_by_hand).order_by("-failures", "signature")


def _keep_batch(learned: Learned, tenant: Tenant, recent: QuerySet[FailureMatch], batch: Sequence[Any], now: datetime) -> None:
    newest = list(FailureMatch.objects.filter(pk__in=[group["newest"] for group in batch]).order_by("pk"))
    known = _known(tenant, [match.signature for match in newest])
    cases = last_cases(recent, [match.signature for match in newest])
    kept = keep_all(tenant, suggestions_for(tenant, newest, now, cases), origin="nightly", by=NIGHTLY)
    learned.groups += len(kept)
    learned.made += sum(row.signature not in known for row in kept)
    learned.candidates += kept


def _known(tenant: Tenant, signatures: Sequence[str]) -> set[str]:
    return set(RecoveryCandidate.objects.filter(tenant=tenant, signature__in=signatures).values_list("signature", flat=True))


# Confidences are made fresh


def refresh_candidates(learned: Learned, tenant: Tenant, *, now: datetime, stopped: Stopped, tell: Tell) -> None:
    """Measure every candidate of a tenant anew: time alone changes how sure one may be."""
    rows = evidence_of(tenant)
    # What was kept a moment ago is fresh, but for the effect of what is active.
    fresh = [row.pk for row in learned.candidates if row.tenant_id == tenant.pk and row.policy != PolicyState.ACTIVE]
    candidates = RecoveryCandidate.objects.filter(tenant=tenant).exclude(pk__in=fresh).order_by("pk")
    learned.refreshed += len(fresh)
    for batch in in_batches(candidates.iterator(chunk_size=AT_ONCE)):
        if stopped():
            learned.stopped = True
            return
        studied = study(rows, [row.signature for row in batch], now)
        effects = effects_of(batch, now)
        for row in batch:
            _measure_candidate(row, studied[row.signature], effects.get(row.pk))
        RecoveryCandidate.objects.bulk_update(batch, _MEASURED)
        learned.refreshed += len(batch)
        tell(f"{tenant.slug}: {learned.refreshed} candidates measured")


def _measure_candidate(row: RecoveryCandidate, found: Studied, effect: Confidence | None) -> None:
    columns = counted(found.confidence(row.mode, prior=row.prior_confidence), row.parts)
    if effect is not None:
        columns["parts"]["effect"] = effect_json(effect)
    if found.failures:
        columns |= {"occurrences": found.failures, "last_seen_at": found.last_seen_at, "effect": found.effect}
    for name, value in columns.items():
        setattr(row, name, value)


def effects_of(candidates: Sequence[RecoveryCandidate], now: datetime) -> dict[int, Confidence]:
    """Return how the failures went that active policies advised on: of those that ended, how many were come through."""
    active = [row.pk for row in candidates if row.policy == PolicyState.ACTIVE]
    if not active:
        return {}
    advised = FailureMatch.objects.filter(
        BY_POLICY, injected=False, candidate__in=active, resolved_at__isnull=False, created_at__gte=F("candidate__activated_at")
    )
    tallies: dict[int, Tally] = defaultdict(Tally)
    groups = advised.order_by().annotate(day=TruncDate("resolved_at", tzinfo=UTC)).values("candidate_id", "day")
    for group in groups.annotate(n=Count("pk"), m=Count("pk", filter=WORKED)):
        tallies[group["candidate_id"]].add(of_day(group["day"], group["n"], group["m"], now))
    return {pk: tallies[pk].confidence(0.0) for pk in active}


def effect_json(effect: Confidence) -> dict[str, Any]:
    """Return the effect of a policy: applied to n failures, m of them come through."""
    rate = round(effect.succeeded / effect.applied, 4) if effect.applied else None
    bounds = {"lower": round(effect.lower, 4), "upper": round(effect.upper, 4)}
    return {"applied": effect.applied, "worked": effect.succeeded, "rate": rate, **bounds}


def refresh_entries(learned: Learned, tenants: Sequence[Tenant] | None, *, now: datetime) -> None:
    """Measure every entry anew. A shared entry is measured by all tenants' failures: a number, and nothing else of them."""
    rows = FailureMatch.objects.filter(TRIED, injected=False, entry__isnull=False)
    entries = CatalogEntry.objects.filter(removed_at__isnull=True)
    if tenants is not None:
        entries = entries.filter(tenant__in=tenants)
        rows = rows.filter(entry__in=entries)
    tallies: dict[int, Tally] = defaultdict(Tally)
    groups = rows.order_by().annotate(day=TruncDate("resolved_at", tzinfo=UTC)).filter(mode=F("entry__mode"))
    of_mode = groups.values("entry_id", "day").annotate(n=Count("pk"), m=Count("pk", filter=WORKED))
    for group in of_mode.iterator(chunk_size=2_000):
        tallies[group["entry_id"]].add(of_day(group["day"], group["n"], group["m"], now))
    for batch in in_batches(entries.order_by("pk").iterator(chunk_size=AT_ONCE)):
        for row in batch:
            _measure(row, tallies[row.pk].confidence(row.prior_confidence), now)
        CatalogEntry.objects.bulk_update(batch, ("applied", "succeeded", "confidence", "measured_at"))
        learned.entries += len(batch)


def _measure(row: CatalogEntry, found: Confidence, now: datetime) -> None:
    row.applied, row.succeeded, row.measured_at = found.applied, found.succeeded, now
    row.confidence = round(found.lower, 4) if found.applied else None


# Policies that do harm are taken back


def withdraw_harmful(learned: Learned, tenant: Tenant) -> None:
    """Take back every active policy that is, with 95 % certainty, worse than what was before it."""
    for row in RecoveryCandidate.objects.filter(tenant=tenant, policy=PolicyState.ACTIVE).order_by("pk"):
        why = why_harmful(row)
        if why:
            try:
                deciding.withdraw(principal=operator_principal(tenant, HARMFUL), candidate_id=row.public_id, reason=why)
            except Refusal:
                # Somebody was quicker; what they decided stands.
                continue
            learned.withdrawn.append(row.public_id)


def why_harmful(row: RecoveryCandidate) -> str:
    """Say why a policy does harm, or nothing: its effect was measured often enough and lies below what was before it."""
    effect, before = (row.parts or {}).get("effect") or {}, (row.baseline or {}).get("rate")
    if before is None or effect.get("applied", 0) < JUDGED_FROM or effect["upper"] >= before:
        return ""
    return (
        f"harmful: {effect['worked']} of {effect['applied']} failures came through, at best {effect['upper']:.0%};"
        f" before the policy it were {before:.0%} of {row.baseline['failures']}"
    )
