"""Reads of recovery candidates: as the API, the command and the console show them, with what speaks for and against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from agents.tenancy import scoped
from catalog.contracts import Advice
from catalog.groups.similarity import similar_to
from catalog.learning.candidates import CODE_WINDOW, Suggestion
from catalog.learning.deciding import candidate_of, standing_of
from catalog.learning.evidence import BY_POLICY, SHOWN_CASES, TRIED, WORKED, case_json, evidence_of
from catalog.learning.proposals import ModeSeen
from catalog.learning.states import actions_from
from catalog.lookup import Lookup, policy_of
from catalog.models import CandidateState, FailureMatch, PolicyState, RecoveryCandidate
from catalog.recovery import choose
from catalog.selectors import entry_json
from skills.instants import instant, instant_or_none

if TYPE_CHECKING:
    from agents.models import Tenant

SHOWN_AGENTS = 20
NEIGHBOURS_READ = 500
REPLAYED = 20


class Failed(NamedTuple):
    """A failure as a replay finds it again: which run, which event, which step."""

    match_id: str
    run_id: str
    seq: int
    step_id: str
    at: str


def list_candidates(*, tenant: Tenant, state: str | None = None, policy: str | None = None, code: str | None = None) -> QuerySet[Any]:
    """Return a tenant's candidates; the caller orders and pages."""
    wanted = {"state": state, "policy": policy, "code": code}
    return scoped(RecoveryCandidate.objects.filter(**{name: value for name, value in wanted.items() if value is not None}), tenant)


def candidates_of(tenants: QuerySet[Any], **wanted: str) -> QuerySet[RecoveryCandidate]:
    """Return the candidates of these tenants in a state or with a policy, those that failed last first."""
    rows = RecoveryCandidate.objects.filter(tenant__in=tenants, **wanted).select_related("tenant")
    return rows.order_by(F("last_seen_at").desc(nulls_last=True), "-pk")


def tenant_id_of(candidate_id: str) -> int | None:
    """Return the row id of the tenant a candidate is of, None where there is none of that id."""
    return RecoveryCandidate.objects.filter(public_id=candidate_id).values_list("tenant_id", flat=True).first()


def candidate_json(row: RecoveryCandidate) -> dict[str, Any]:
    """Return a candidate as published."""
    parts = row.parts or {}
    return {
        "id": row.public_id,
        "signature": row.signature,
        "skill": row.skill or None,
        "code": row.code,
        "host": row.host or None,
        "cause": row.cause,
        "effect": row.effect or None,
        "entry": row.entry_id,
        "mode": row.mode,
        "parameters": row.parameters,
        "because": (row.evidence or {}).get("because"),
        "origin": row.origin,
        "occurrences": row.occurrences,
        "first_seen_at": instant_or_none(row.first_seen_at),
        "last_seen_at": instant_or_none(row.last_seen_at),
        "confidence": row.prior_confidence if row.confidence is None else row.confidence,
        "confidence_label": "prior" if row.confidence is None else "measured",
        "confidence_parts": {name: value for name, value in parts.items() if name != "effect"},
        "applied": row.applied,
        "succeeded": row.succeeded,
        "baseline": row.baseline or None,
        "measured_effect": parts.get("effect"),
        "state": row.state,
        "policy": row.policy,
        "may": actions_from(standing_of(row)),
        "decided_by": row.decided_by or None,
        "reason": row.reason or None,
        "decided_at": instant_or_none(row.decided_at),
        "activated_at": instant_or_none(row.activated_at),
        "created_by": row.created_by or None,
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }


def candidate_detail(*, tenant: Tenant, candidate_id: str) -> dict[str, Any]:
    """Return a candidate with what speaks for it and against it, what it would change, and what was decided. Raises Refusal."""
    row = candidate_of(tenant, candidate_id)
    rows = evidence_of(tenant).filter(signature=row.signature)
    newest = rows.select_related("entry").order_by("-pk")
    return {
        **candidate_json(row),
        "evidence": row.evidence,
        "last_cases": [case_json(case) for case in newest[:SHOWN_CASES]],
        "counter_cases": [case_json(case) for case in newest.filter(TRIED, mode=row.mode, recovery_succeeded=False)[:SHOWN_CASES]],
        "modes": [seen.to_json() for seen in modes_of(rows)],
        "agents": agents_of(rows),
        "advice_now": advice_json(advice_now(tenant, row)),
        "advice_then": advice_json(advice_then(row)),
        "alternatives": neighbours_of(tenant, row.signature, row.code, row.cause),
        "policy_matches": policy_matches(row),
        "shadow_report": row.shadow_report,
        "decisions": decisions_of(row),
    }


def modes_of(rows: QuerySet[FailureMatch]) -> list[ModeSeen]:
    """Return how often each mode was tried against these failures and worked."""
    groups = rows.filter(TRIED).order_by().values("mode").annotate(tried=Count("pk"), worked=Count("pk", filter=WORKED))
    return [ModeSeen(group["mode"], group["tried"], group["worked"]) for group in groups.order_by("-tried", "mode")]


def agents_of(rows: QuerySet[FailureMatch]) -> list[dict[str, Any]]:
    """Return whose runs fail so, those with most failures first."""
    groups = rows.filter(agent__isnull=False).order_by().values("agent__public_id", "agent__name").annotate(failures=Count("pk"))
    return [
        {"agent_id": group["agent__public_id"], "name": group["agent__name"], "failures": group["failures"]}
        for group in groups.order_by("-failures", "agent__name")[:SHOWN_AGENTS]
    ]


def advice_now(tenant: Tenant, row: RecoveryCandidate) -> Advice:
    """Return what is advised about these failures where no policy speaks."""
    told = Lookup.load(tenant.pk).advice_by_code(tenant.pk, row.skill).get(row.code)
    if told is not None:
        return Advice.model_validate(told)
    return choose({}, tenant_id=tenant.pk, skill=row.skill, code=row.code, signature=row.signature)


def advice_then(row: RecoveryCandidate) -> Advice:
    """Return what the candidate would advise as an active policy: the very value that enters a failure's event."""
    policy = policy_of(row)
    active = replace(policy, is_active=True)
    key = (row.tenant_id, row.signature)
    return choose({}, tenant_id=row.tenant_id, skill=row.skill, code=row.code, signature=row.signature, policies={key: active})


def advice_json(advice: Advice) -> dict[str, Any]:
    """Return what an advice does, without where it is from."""
    names = {"mode", "source", "max_attempts", "first_ms", "cap_ms", "factor", "max_restores", "fallback_skill", "fallback_params"}
    return advice.model_dump(mode="json", include=names)


def neighbours_of(tenant: Tenant, signature: str, code: str, cause: str) -> list[dict[str, Any]]:
    """Return policies for failures whose cause reads alike: to learn from, never applied by themselves."""
    if not cause:
        return []
    approved = scoped(RecoveryCandidate.objects.filter(state=CandidateState.APPROVED, code=code), tenant).exclude(signature=signature)
    known = {row.signature: row for row in approved.order_by("-decided_at")[:NEIGHBOURS_READ]}
    alike = similar_to(cause, [(row.signature, row.cause) for row in known.values()], at_most=SHOWN_CASES)
    return [_neighbour(known[found.signature], found.score, found.reason) for found in alike]


def _neighbour(row: RecoveryCandidate, score: float, reason: str) -> dict[str, Any]:
    rate = round(row.succeeded / row.applied, 4) if row.applied else None
    counts = {"applied": row.applied, "succeeded": row.succeeded, "rate": rate}
    return {
        "source": "similar",
        "mode": row.mode,
        **counts,
        "parameters": row.parameters,
        "candidate": row.public_id,
        "score": score,
        "reason": reason,
    }


def policy_matches(row: RecoveryCandidate) -> dict[str, int]:
    """Return how many failures the policy watched in shadow, and advised on."""
    seen = FailureMatch.objects.filter(candidate=row, injected=False)
    return seen.aggregate(watched=Count("pk", filter=~Q(shadow_mode="")), advised=Count("pk", filter=BY_POLICY))


def decisions_of(row: RecoveryCandidate) -> list[dict[str, Any]]:
    """Return what was decided, in order."""
    found = row.decisions.order_by("id")
    return [
        {"action": each.action, "by": each.by, "reason": each.reason or None, "seen": each.seen, "at": instant(each.at)} for each in found
    ]


def last_failures(row: RecoveryCandidate, limit: int = REPLAYED) -> list[Failed]:
    """Return the last failures of the signature, newest first, for a replay."""
    newest = evidence_of(row.tenant).filter(signature=row.signature).order_by("-pk")[:limit]
    return [Failed(each.public_id, each.run_public_id, each.seq, each.step_id, instant(each.created_at)) for each in newest]


# Suggestions


def suggestion_json(tenant: Tenant, found: Suggestion) -> dict[str, Any]:
    """Return a suggestion as published."""
    kind, proposal, parts = found.kind, found.proposal, found.confidence.parts()
    return {
        "code": kind.code,
        "skill": kind.skill or None,
        "signature": found.signature,
        "entry": entry_json(found.entry) if found.entry else None,
        "mode": proposal.mode,
        "parameters": proposal.parameters,
        "because": proposal.because,
        "confidence": parts["value"],
        "confidence_label": parts["label"],
        "n": parts["applied"],
        "confidence_parts": parts,
        "evidence": {
            "failures": found.studied.failures,
            "reruns_that_came_through": found.studied.reruns,
            "effect": found.studied.effect or None,
            "first_seen_at": instant_or_none(found.studied.first_seen_at),
            "last_seen_at": instant_or_none(found.studied.last_seen_at),
            "matches": [case_json(row) for row in found.cases],
            "runs": list(dict.fromkeys(row.run_public_id for row in found.cases)),
        },
        "alternatives": alternatives_of(tenant, found),
        "candidate": candidate_json(found.candidate) if found.candidate else None,
    }


def alternatives_of(tenant: Tenant, found: Suggestion) -> list[dict[str, Any]]:
    """Return what else could be done: other modes that were tried here and against the code, and neighbours' policies."""
    source = "signature" if found.signature else "code"
    here = [{"source": source, **seen.to_json()} for seen in found.studied.modes() if seen.mode != found.proposal.mode]
    if found.signature is None:
        return here
    rows = evidence_of(tenant).filter(code=found.kind.code, created_at__gte=timezone.now() - CODE_WINDOW).exclude(signature=found.signature)
    elsewhere = [{"source": "code", **seen.to_json()} for seen in modes_of(rows)]
    return here + elsewhere + neighbours_of(tenant, found.signature, found.kind.code, found.kind.cause)


# What a rule may apply unasked


def appliable(tenant: Tenant, bar: float, effects: Iterable[str], limit: int) -> list[RecoveryCandidate]:
    """Return open candidates measured at or above the bar whose effects can do no harm, and that would change something."""
    measured = RecoveryCandidate.objects.filter(
        tenant=tenant, state=CandidateState.OPEN, policy=PolicyState.NONE, effect__in=list(effects), confidence__gte=bar
    )
    rows = measured.select_related("entry", "tenant").order_by("-confidence", "pk")[:limit]
    return [row for row in rows if not (row.entry and (row.entry.mode, row.entry.parameters) == (row.mode, row.parameters))]
