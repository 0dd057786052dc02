"""Writes of the catalog: failures recorded, and what became of them. Its entries are written by `catalog.entries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from catalog.analytics.counts import keep_counts
from catalog.entries import seed_catalog  # noqa: F401 - opened here too, for migrations and set-ups
from catalog.models import FailureMatch, RecoveryCandidate
from skills.execution import publishable

# The decisions that try something against the failure; only their matches count as a recovery that was attempted.
RECOVERING_DECISIONS = ("retry", "restore", "fallback", "escalate")

_WORDS = ("message", "cause")
_LONGEST = {field.name: field.max_length for field in FailureMatch._meta.concrete_fields if getattr(field, "max_length", None)}


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One failure as the journal's writer reports it. `run_id` is the run's row id, `seq` the event that tells it,
    `candidate` the public id of the policy that advised it or, in shadow, would have; `injected` where the run has faults on purpose."""

    tenant_id: int
    run_id: int
    run_public_id: str
    seq: int
    step_id: str
    attempt: int
    skill: str
    skill_version: str
    code: str
    category: str
    message: str
    signature: str
    match_type: str
    entry_id: int | None
    confidence: float | None
    decision: str
    mode: str
    agent_id: int | None = None
    host: str = ""
    cause: str = ""
    effect: str = ""
    phase: str = ""
    cost_micro_usd: int = 0
    candidate: str | None = None
    shadow_mode: str = ""
    injected: bool = False


def record_matches(rows: Sequence[MatchRow]) -> None:
    """Store failures; a row that is already there (a repeated commit) stays as it is.

    Runs inside the caller's transaction. An entry is never deleted, so its id in a row cannot dangle.
    """
    if rows:
        named = {row.candidate for row in rows if row.candidate}
        candidates = dict(RecoveryCandidate.objects.filter(public_id__in=named).values_list("public_id", "pk")) if named else {}
        found = [FailureMatch(**_storable(row), candidate_id=candidates.get(row.candidate or "")) for row in rows]
        FailureMatch.objects.bulk_create(found, ignore_conflicts=True)


def _storable(row: MatchRow) -> dict[str, Any]:
    """Return the row's fields as every database takes them: no NUL, no lone surrogate, no longer than the column; and
    without credentials, which the words of a plan or a person may hold too."""
    fields = asdict(row)
    del fields["candidate"]
    for name, value in fields.items():
        if isinstance(value, str):
            clean = value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
            fields[name] = (publishable(clean) if name in _WORDS else clean)[: _LONGEST[name]]
    return fields


def resolve_matches(run_id: int, step_id: str, succeeded: bool, at: datetime) -> int:
    """Write back what became of a step whose failures were recovered from; return how many matches that settled.

    What came last is what worked: retries that ended with a person being asked have failed, whatever the person achieved. A
    failure nothing was tried against is resolved too, but counts as neither success nor failure of its recovery.
    """
    open_matches = FailureMatch.objects.filter(run_id=run_id, step_id=step_id, resolved_at__isnull=True)
    tried = list(open_matches.filter(decision__in=RECOVERING_DECISIONS).order_by("seq").values_list("pk", "mode"))
    worked = [pk for pk, mode in tried if succeeded and mode == tried[-1][1]]
    for pks, came_through in ((worked, True), ([pk for pk, _ in tried if pk not in worked], False)):
        if pks:
            FailureMatch.objects.filter(pk__in=pks).update(recovery_attempted=True, recovery_succeeded=came_through, resolved_at=at)
    return len(tried) + open_matches.update(resolved_at=at)


def recovered_by(run_id: int, ended: Mapping[str, bool], child: str, at: datetime) -> None:
    """Write back how the steps of a run ended (True: they came through) when another run did it all again.

    What the run itself tried and failed with stays a failed try: that the steps came through later is another's merit.
    """
    for succeeded in (True, False):
        steps = [step for step, came_through in ended.items() if came_through == succeeded]
        failures = FailureMatch.objects.filter(run_id=run_id, step_id__in=steps, recovered_by="")
        untried = failures.exclude(decision__in=RECOVERING_DECISIONS)
        untried.update(recovery_attempted=True, recovery_succeeded=succeeded, resolved_at=at)
        if succeeded:
            failures.update(recovered_by=child)


def count_matches(run_ids: Iterable[int] | QuerySet[Any]) -> int:
    """Return how many failures of these runs are stored."""
    return FailureMatch.objects.filter(run_id__in=run_ids).count()


def forget_matches(run_ids: Iterable[int], limit: int) -> int:
    """Delete failures of these runs, at most `limit`; return how many went. Inside the caller's transaction."""
    found = FailureMatch.objects.filter(run_id__in=run_ids).order_by("pk").values_list("pk", flat=True)[:limit]
    rows = FailureMatch.objects.filter(pk__in=list(found))
    keep_counts(rows)
    return rows.delete()[0]
