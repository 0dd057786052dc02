"""Reads failures as groups, like issues: what they have in common, how often and where, how they stand, why they are one group."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum

from agents.selectors import agents_of
from agents.tenancy import not_found, scoped
from catalog.analytics.numbers import COUNTS, ONE, Failures, numbers_of, trend
from catalog.analytics.sql import from_the_index
from catalog.groups.states import Mark, Sighting, State, in_order, regression, state_of
from catalog.models import FailureGroup, FailureMatch, RecoveryCandidate
from catalog.selectors import match_json
from skills.instants import instant, instant_or_none

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]
_SIGNATURE = re.compile(r"[0-9a-f]{64}")

MOST_GROUPS = 200
SCANNED = 500
"""Of so many groups, those with most failures, the state is found out when one asks for groups of a state."""
MOST_AGENTS = 10
SHOWN = 5
ORDERS = {"failures": Count(ONE), "wasted": Sum("cost_micro_usd"), "last_seen": Max("created_at"), "first_seen": Min("created_at")}
"""What groups are put in order by, most of it first: columns of the index on signatures, which is all that is read of most of them."""

# Failures of one signature agree in these, so the newest of them says it.
_COMMON = ("code", "category", "skill", "host", "cause")


@from_the_index()
def list_groups(wanted: Failures, *, limit: int = 50, sort: str = "failures", state: State | None = None, now: datetime) -> Json:
    """Return the groups of these failures, most of what they are sorted by first; `more` says whether there are others."""
    rows = wanted.rows()
    if state in ("muted", "fixed", "regressed"):
        rows = rows.filter(signature__in=scoped(FailureGroup.objects.all(), wanted.tenant).values("signature"))
    ordered = rows.values_list("signature", flat=True).annotate(much=ORDERS[sort]).order_by("-much", "signature")
    found = list(ordered[: limit + 1] if state is None else ordered[:SCANNED])
    told = [each for each in _told(found, wanted, now) if state in (None, each["state"])]
    return {
        "from": instant(wanted.since),
        "to": instant(wanted.until),
        "filters": dict(wanted.only),
        "data": told[:limit],
        "more": len(told) > limit or (state is not None and len(found) == SCANNED),
    }


def one_group(wanted: Failures, signature: str, *, now: datetime) -> Json:
    """Return a group with what it was grouped by, its last failures, and what was decided. Raises Refusal NOT_FOUND."""
    newest = _examples(wanted.tenant, checked_signature(signature))
    if not newest:
        raise not_found("group of failures")
    rows = wanted.rows().filter(signature=signature)
    group = _told([signature], wanted, now, silent=newest[0])[0]
    return {
        **group,
        "from": instant(wanted.since),
        "to": instant(wanted.until),
        "why_grouped": {name: getattr(newest[0], name) for name in ("skill", "code", "host", "cause")},
        "versions": _versions(rows),
        "decisions": _decisions(rows),
        "candidate": _candidate(wanted.tenant, signature),
        "examples": [match_json(row) for row in newest],
    }


def checked_signature(signature: str) -> str:
    """Return a signature, or refuse as for any group that is not there what cannot be one at all."""
    if not _SIGNATURE.fullmatch(signature):
        raise not_found("group of failures")
    return signature


def _examples(tenant: Tenant, signature: str) -> list[FailureMatch]:
    rows = scoped(FailureMatch.objects.filter(signature=signature, injected=False), tenant)
    return list(rows.order_by("-created_at", "-pk")[:SHOWN])


# What groups are told with


def _told(signatures: Sequence[str], wanted: Failures, now: datetime, silent: FailureMatch | None = None) -> list[Json]:
    """Return these groups as far as there were failures of them in the window; `silent` stands for one of which there were none."""
    seen = _seen(wanted, signatures)
    if silent is not None and silent.signature not in seen:
        seen[silent.signature] = _Seen(silent.created_at, silent.pk)
    before = dict(wanted.before().rows().filter(signature__in=signatures).values_list("signature").annotate(failures=Count(ONE)))
    newest = _newest(wanted.tenant, seen.values())
    marks = _marks(wanted.tenant, signatures)
    sightings = _sightings(wanted.tenant, marks)
    known = agents_of(pk for group in seen.values() for pk, _ in group.most() if pk)
    return [
        _group_json(
            seen[signature],
            newest=newest[signature],
            before=before.get(signature, 0),
            is_new=newest[signature]["first"] >= wanted.since,
            known=known,
            mark=marks.get(signature),
            sightings=sightings[signature],
            now=now,
        )
        for signature in signatures
        if signature in newest
    ]


def _group_json(
    group: _Seen,
    *,
    newest: Mapping[str, Any],
    before: int,
    is_new: bool,
    known: Mapping[int, tuple[str, str]],
    mark: FailureGroup | None,
    sightings: Sequence[Sighting],
    now: datetime,
) -> Json:
    said = mark_of(mark)
    back = regression(said, sightings)
    numbers = numbers_of(group.cells)
    return {
        "signature": newest["signature"],
        "state": state_of(said, sightings, is_new=is_new, now=now),
        **{name: newest[name] or None for name in _COMMON},
        "first_seen_at": instant(newest["first"]),
        "last_seen_at": instant(group.last),
        **numbers,
        "before": before,
        "trend": trend(numbers["failures"], before),
        "agents": _agents_json(group, known),
        "agents_in_all": len(group.agents),
        "skill_versions": in_order(group.versions),
        "mark": None if mark is None else mark_json(mark),
        "regressed_on": back and {"skill_version": back.skill_version or None, "at": instant(back.last_seen_at)},
    }


def _newest(tenant: Tenant, seen: Iterable[_Seen]) -> dict[str, Json]:
    """Return the newest failure of each of these, and when its like was seen `first` of all: one look into the index of signatures each."""
    same = scoped(FailureMatch.objects.filter(signature=OuterRef("signature"), injected=False), tenant)
    earliest = Subquery(same.order_by("created_at").values("created_at")[:1])
    rows = scoped(FailureMatch.objects.filter(pk__in=[group.newest for group in seen]), tenant).order_by()
    return {row["signature"]: row for row in rows.values("signature", *_COMMON, first=earliest)}


@dataclass
class _Seen:
    """What was seen of a group in the window: when last, the newest of it (row id), and how much of which agent on which version."""

    last: datetime
    newest: int
    cells: list[Json] = field(default_factory=list)
    agents: dict[int | None, int] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)

    def add(self, cell: Json) -> None:
        self.last, self.newest = max(self.last, cell["last"]), max(self.newest, cell["newest"])
        self.cells.append(cell)
        self.agents[cell["agent_id"]] = self.agents.get(cell["agent_id"], 0) + cell["failures"]
        if cell["skill_version"]:
            self.versions.add(cell["skill_version"])

    def most(self) -> list[tuple[int | None, int]]:
        """Return the agents with most of the failures (row ids), and how many."""
        return sorted(self.agents.items(), key=lambda each: (-each[1], each[0] or 0))[:MOST_AGENTS]


def _seen(wanted: Failures, signatures: Sequence[str]) -> dict[str, _Seen]:
    cells: Any = wanted.rows().filter(signature__in=signatures).values("signature", "agent_id", "skill_version")
    found: dict[str, _Seen] = {}
    for cell in cells.annotate(**COUNTS, last=Max("created_at"), newest=Max("pk")):
        found.setdefault(cell["signature"], _Seen(cell["last"], cell["newest"])).add(cell)
    return found


def _agents_json(group: _Seen, known: Mapping[int, tuple[str, str]]) -> list[Json]:
    named = ((known.get(pk or 0, (None, None)), failures) for pk, failures in group.most())
    return [{"agent_id": public_id, "agent": name, "failures": failures} for (public_id, name), failures in named]


# What somebody said about them


def _marks(tenant: Tenant, signatures: Iterable[str]) -> dict[str, FailureGroup]:
    rows = scoped(FailureGroup.objects.filter(signature__in=list(signatures)), tenant)
    return {row.signature: row for row in rows}


def mark_of(row: FailureGroup | None) -> Mark:
    return Mark() if row is None else Mark(row.fixed_in, row.fixed_at, row.muted_until)


def mark_json(row: FailureGroup) -> Json:
    return {
        "fixed_in": row.fixed_in or None,
        "fixed_at": instant_or_none(row.fixed_at),
        "muted_until": instant_or_none(row.muted_until),
        "by": row.by,
        "reason": row.reason,
    }


def _sightings(tenant: Tenant, marks: Mapping[str, FailureGroup]) -> dict[str, list[Sighting]]:
    """Return on which versions the groups that are called fixed were seen since."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    since = Q()
    for mark in marks.values():
        if mark.fixed_at is not None:
            since |= Q(signature=mark.signature, created_at__gt=mark.fixed_at)
    if since:
        rows = scoped(FailureMatch.objects.filter(since, injected=False), tenant).order_by()
        for group in rows.values("signature", "skill_version").annotate(last=Max("created_at")):
            found[group["signature"]].append(Sighting(group["skill_version"], group["last"]))
    return found


# What one group is told with


def _versions(rows: Any) -> list[Json]:
    groups = rows.values("skill_version").annotate(failures=Count("pk"), first=Min("created_at"), last=Max("created_at"))
    return [
        {
            "skill_version": group["skill_version"] or None,
            "failures": group["failures"],
            "first_seen_at": instant(group["first"]),
            "last_seen_at": instant(group["last"]),
        }
        for group in groups.order_by("-last")[: SHOWN * 4]
    ]


def _decisions(rows: Any) -> list[Json]:
    groups = rows.values("decision", "mode", "match_type").annotate(**COUNTS)
    return [
        {
            "decision": group["decision"] or None,
            "mode": group["mode"] or None,
            "match_type": group["match_type"],
            **{name: group[name] for name in ("failures", "tried", "worked", "rerun")},
        }
        for group in groups.order_by("-failures", "decision", "mode")
    ]


def _candidate(tenant: Tenant, signature: str) -> Json | None:
    row = scoped(RecoveryCandidate.objects.filter(signature=signature), tenant).first()
    return None if row is None else candidate_json(row)


def candidate_json(row: RecoveryCandidate) -> Json:
    """Return what a group says of its candidate; the whole of it has a route of its own."""
    return {
        "candidate_id": row.public_id,
        "mode": row.mode,
        "parameters": row.parameters,
        "state": row.state,
        "policy": row.policy,
        "applied": row.applied,
        "succeeded": row.succeeded,
        "confidence": row.prior_confidence if row.confidence is None else row.confidence,
        "confidence_label": "prior" if row.confidence is None else "measured",
    }
