"""Writes of recovery candidates: suggested for a failure, kept from what a night found, brought in from a document.

One row per tenant and signature, whatever many failures stand behind it. What was decided about a candidate stays:
new evidence changes what it would do only as long as it is open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from agents.tenancy import one_scoped
from catalog.learning.confidence import Confidence
from catalog.learning.evidence import SHOWN_CASES, Studied, case_json, evidence_of, last_cases, study, study_together
from catalog.learning.proposals import GroupSeen, Proposal, propose
from catalog.lookup import Lookup
from catalog.models import CandidateState, CatalogEntry, FailureMatch, RecoveryCandidate, RecoveryDecision
from catalog.selectors import list_entries
from skills.refusal import Refusal
from skills.taxonomy import CODES

if TYPE_CHECKING:
    from agents.models import Tenant
    from agents.tenancy import Principal

CODE_WINDOW = timedelta(days=30)
PRIOR_WITHOUT_ENTRY = 0.5
SHOWN_RUNS = 10
# Fields that follow the evidence; those of a decided candidate that say what it does are left alone.
_COUNTED = ("effect", "evidence", "occurrences", "first_seen_at", "last_seen_at", "applied", "succeeded", "confidence", "parts")
_SUGGESTED = ("mode", "parameters", "prior_confidence", "entry_id")


class Kind(NamedTuple):
    """Which failures are meant: a code, of which skill, and what else they are grouped by."""

    skill: str
    code: str
    host: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is suggested for failures of one kind and what that rests on."""

    kind: Kind
    signature: str | None
    entry: CatalogEntry | None
    proposal: Proposal
    confidence: Confidence
    studied: Studied
    cases: Sequence[FailureMatch]
    candidate: RecoveryCandidate | None = None


def suggest_for_match(*, principal: Principal, match_id: str) -> Suggestion:
    """Suggest what to do about a failure, and keep that as the candidate of its signature.

    Raises Refusal NOT_FOUND for a failure that is not there or another tenant's.
    """
    match = one_scoped(FailureMatch.objects.all(), principal.tenant, "failure", public_id=match_id)
    if match.injected:
        raise Refusal("INVALID_INPUT", "this failure was injected on purpose; nothing is learned from it", status=409)
    (found,) = suggestions_for(principal.tenant, [match], timezone.now())
    return keep(principal.tenant, found, origin="suggested", by=principal.name)


def suggest_for_code(*, tenant: Tenant, code: str, skill: str = "") -> Suggestion:
    """Suggest what to do about a code, from the last thirty days; keeps nothing. Raises Refusal for an unknown code."""
    if code not in CODES:
        raise _unknown(code)
    now = timezone.now()
    rows = evidence_of(tenant).filter(code=code, created_at__gte=now - CODE_WINDOW)
    rows = rows.filter(skill=skill) if skill else rows
    cases = list(rows.order_by("-created_at")[:SHOWN_CASES])
    entries = _Entries(tenant)
    return _suggestion(Kind(skill, code), None, study_together(rows, now), cases, entries)


def _unknown(code: str) -> Refusal:
    near = get_close_matches(code.upper()[:64], CODES, n=3, cutoff=0.5)
    fault = {"pointer": "/code", "code": "UNKNOWN_CODE", "detail": "no code of the taxonomy"}
    suggestions = [f"Did you mean {' or '.join(near)}?"] if near else ["All codes: /errors"]
    return Refusal("SCHEMA_VALIDATION_FAILED", f"there is no code {code[:64]}", errors=[fault], suggestions=suggestions)


def suggestions_for(
    tenant: Tenant, newest: Sequence[FailureMatch], now: datetime, cases: Mapping[str, Sequence[FailureMatch]] | None = None
) -> list[Suggestion]:
    """Return what to suggest for the signatures of these failures, each the newest of its own; reads a fixed number of times."""
    rows, entries = evidence_of(tenant), _Entries(tenant)
    signatures = [match.signature for match in newest]
    studied = study(rows, signatures, now)
    shown = last_cases(rows, signatures) if cases is None else cases
    return [_suggestion(_kind_of(match), match.signature, studied[match.signature], shown[match.signature], entries) for match in newest]


def _kind_of(match: FailureMatch) -> Kind:
    return Kind(match.skill, match.code, match.host, match.cause)


class _Entries:
    """The entries a tenant sees, read once, asked for the one that advises on a code of a skill."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._lookup = Lookup.load(tenant.pk)
        self._rows: dict[int, CatalogEntry] | None = None

    def of(self, skill: str, code: str) -> CatalogEntry | None:
        found = self._lookup.advice_by_code(self._tenant.pk, skill).get(code)
        number = found and found["entry"]
        if not number:
            return None
        if self._rows is None:
            self._rows = list_entries(tenant=self._tenant).in_bulk()
        return self._rows.get(number)


def _suggestion(kind: Kind, signature: str | None, studied: Studied, cases: Sequence[FailureMatch], entries: _Entries) -> Suggestion:
    entry = entries.of(kind.skill, kind.code)
    group = GroupSeen(
        kind.skill,
        kind.code,
        studied.effect,
        studied.modes(),
        studied.reruns,
        entry.mode if entry else "",
        entry.parameters if entry else {},
    )
    proposal = propose(group)
    prior = entry.prior_confidence if entry else PRIOR_WITHOUT_ENTRY
    return Suggestion(kind, signature, entry, proposal, studied.confidence(proposal.mode, prior=prior), studied, cases)


@transaction.atomic
def keep(tenant: Tenant, found: Suggestion, *, origin: str, by: str) -> Suggestion:
    """Store a suggestion as the candidate of its signature, or bring the one that is there up to what is known now."""
    # Where another asks at the same moment, one row is made and both are told of it.
    (row,) = keep_all(tenant, [found], origin=origin, by=by)
    return replace(found, candidate=row)


@transaction.atomic
def keep_all(tenant: Tenant, found: Sequence[Suggestion], *, origin: str, by: str) -> list[RecoveryCandidate]:
    """Store suggestions as `keep` does, however many by the same few queries; return their candidates in the same order."""
    rows = RecoveryCandidate.objects.filter(tenant=tenant, signature__in=[each.signature for each in found])
    held = {row.signature: row for row in rows.select_for_update().order_by("pk")}
    known = [each for each in found if each.signature in held]
    for each in known:
        _bring_up_to_date(held[str(each.signature)], each)
    RecoveryCandidate.objects.bulk_update([held[str(each.signature)] for each in known], (*_COUNTED, *_SUGGESTED, "updated_at"))
    made = [_candidate(tenant, each, origin, by) for each in found if each.signature not in held]
    if made:
        RecoveryCandidate.objects.bulk_create(made, ignore_conflicts=True)
        _tell_of_new([row.public_id for row in made], by)
        held |= {row.signature: row for row in rows.select_related("entry")}
    return [held[str(each.signature)] for each in found]


def _candidate(tenant: Tenant, found: Suggestion, origin: str, by: str) -> RecoveryCandidate:
    return RecoveryCandidate(
        tenant=tenant, signature=str(found.signature), **found.kind._asdict(), **_fields(found), origin=origin, created_by=by
    )


def _tell_of_new(public_ids: Sequence[str], by: str) -> None:
    """Log the candidates that were really made: where another was quicker, theirs stands."""
    made = RecoveryCandidate.objects.filter(public_id__in=public_ids)
    RecoveryDecision.objects.bulk_create(
        RecoveryDecision(candidate=row, action="suggest", by=by, reason=row.evidence["because"], seen=row.parts) for row in made
    )


def _bring_up_to_date(row: RecoveryCandidate, found: Suggestion) -> None:
    """Take in what is known now; what the candidate would do changes only while it is open and no person said it."""
    fields = _fields(found)
    follows = row.state == CandidateState.OPEN and row.origin != "manual"
    if not follows:
        # How sure one may be of what it does, and why it does that, which need not be what would be suggested today.
        fields["evidence"] = {**fields["evidence"], "because": (row.evidence or {}).get("because")}
        fields |= counted(found.studied.confidence(row.mode, prior=row.prior_confidence), row.parts)
    for name in _COUNTED + (_SUGGESTED if follows else ()):
        setattr(row, name, fields[name])
    row.updated_at = timezone.now()


def counted(confidence: Confidence, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a confidence; the measured effect of a policy, kept beside its parts, stays."""
    kept = {"effect": before["effect"]} if "effect" in before else {}
    return {
        "applied": confidence.applied,
        "succeeded": confidence.succeeded,
        "confidence": round(confidence.lower, 4) if confidence.applied else None,
        "parts": confidence.parts() | kept,
    }


def _fields(found: Suggestion) -> dict[str, Any]:
    entry, studied = found.entry, found.studied
    return {
        "effect": studied.effect,
        "entry_id": entry.pk if entry else None,
        "mode": found.proposal.mode,
        "parameters": found.proposal.parameters,
        "evidence": evidence_json(found),
        "occurrences": studied.failures,
        "first_seen_at": studied.first_seen_at,
        "last_seen_at": studied.last_seen_at,
        "prior_confidence": found.confidence.prior,
        **counted(found.confidence, {}),
    }


def evidence_json(found: Suggestion) -> dict[str, Any]:
    """Return what a suggestion rests on: numbers by mode, the last cases, the entry that was there."""
    entry = found.entry
    return {
        "because": found.proposal.because,
        "failures": found.studied.failures,
        "missed": found.studied.missed,
        "reruns_that_came_through": found.studied.reruns,
        "modes": [seen.to_json() for seen in found.studied.modes()],
        "examples": [case_json(row) for row in found.cases],
        "runs": list(dict.fromkeys(row.run_public_id for row in found.cases))[:SHOWN_RUNS],
        "entry": {"id": entry.pk, "code": entry.code, "skill": entry.skill or None, "version": entry.version} if entry else None,
    }
