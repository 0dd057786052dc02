"""Chooses what to do about a failure: the policy for its signature → tenant's entry → code and skill → code → the
category's default → ABORT.

The step's own policy stands above all of these and is the machine's business. Within a tenant's entries the one
for the skill comes before the one for every skill. A policy in shadow only says what it would have advised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog.contracts import Advice, Entry, MatchType, Policy, RecoveryParameters, Source
from skills.taxonomy import (
    CODES,
    NO_RETRY,
    RATE_LIMIT_BACKOFF,
    RETRY_MODES,
    TRANSIENT_BACKOFF,
    Backoff,
    Category,
    CodeSpec,
    RecoveryMode,
)

EntryKey = tuple[int | None, str, str]
PolicyKey = tuple[int, str]

# What a category gets where the catalog is silent; a category that is not here, or a code that is not retryable, ends in ABORT.
_CATEGORY_RETRY: dict[Category, tuple[RecoveryMode, Backoff]] = {
    Category.TRANSIENT: (RecoveryMode.RETRY_EXPONENTIAL, TRANSIENT_BACKOFF),
    Category.RESOURCE: (RecoveryMode.RETRY_WITH_JITTER, RATE_LIMIT_BACKOFF),
}


_NO_POLICIES: Mapping[PolicyKey, Policy] = {}


def choose(
    entries: Mapping[EntryKey, Entry],
    *,
    tenant_id: int | None,
    skill: str,
    code: str,
    signature: str,
    policies: Mapping[PolicyKey, Policy] = _NO_POLICIES,
) -> Advice:
    """Return the advice for a failure of this kind, from entries held under (tenant or None, code, skill or empty) and
    policies held under (tenant, signature)."""
    advice = _without_policy(entries, tenant_id, skill, code, signature)
    policy = None if tenant_id is None else policies.get((tenant_id, signature))
    if policy is None:
        return advice
    if not policy.is_active:
        return advice.model_copy(update={"candidate": policy.candidate, "shadow_mode": policy.mode})
    return _from_policy(policy, code, advice)


def _without_policy(entries: Mapping[EntryKey, Entry], tenant_id: int | None, skill: str, code: str, signature: str) -> Advice:
    for source, key in _in_order(tenant_id, skill, code):
        entry = entries.get(key)
        if entry is not None:
            return _from_entry(entry, source, signature)
    return _without_entry(CODES.get(code), signature)


def _in_order(tenant_id: int | None, skill: str, code: str) -> list[tuple[Source, EntryKey]]:
    shared: list[tuple[Source, EntryKey]] = [("code+skill", (None, code, skill)), ("code", (None, code, ""))]
    own: list[tuple[Source, EntryKey]] = [("tenant", (tenant_id, code, skill)), ("tenant", (tenant_id, code, ""))]
    places = shared if tenant_id is None else own + shared
    return [place for place in places if skill or place[0] != "code+skill"]


def _from_policy(policy: Policy, code: str, below: Advice) -> Advice:
    """Return what an active policy advises. The suggestions stay the entry's; the entry itself is not what advised."""
    return Advice(
        mode=policy.mode,
        source="policy",
        **_pace(policy.mode, code, policy.parameters)._asdict(),
        suggestions=below.suggestions,
        entry=None,
        match_type="signature",
        confidence=policy.confidence,
        confidence_label="measured" if policy.is_measured else "prior",
        signature=below.signature,
        candidate=policy.candidate,
        **_beside_the_pace(policy.parameters),
    )


def _from_entry(entry: Entry, source: Source, signature: str) -> Advice:
    match_type: MatchType = "code+skill" if entry.skill else "code"
    is_measured = entry.confidence is not None
    return Advice(
        mode=entry.mode,
        source=source,
        **backoff_of(entry)._asdict(),
        suggestions=list(entry.suggestions),
        entry=entry.id,
        match_type=match_type,
        confidence=entry.confidence if is_measured else entry.prior_confidence,
        confidence_label="measured" if is_measured else "prior",
        signature=signature,
        **_beside_the_pace(entry.parameters),
    )


def _beside_the_pace(parameters: RecoveryParameters) -> dict[str, Any]:
    """Return what else a mode is told: how often to begin afresh, what to call instead."""
    return {name: getattr(parameters, name) for name in ("max_restores", "fallback_skill", "fallback_params")}


def backoff_of(entry: Entry) -> Backoff:
    """Return the pace of an entry: its own numbers over the code's; a mode that does not retry has none."""
    return _pace(entry.mode, entry.code, entry.parameters)


def _pace(mode: RecoveryMode, code: str, parameters: RecoveryParameters) -> Backoff:
    if mode not in RETRY_MODES:
        return NO_RETRY
    spec = CODES.get(code)
    base = spec.backoff if spec is not None and spec.retryable else TRANSIENT_BACKOFF
    pace = parameters.over(base)
    return pace._replace(first_ms=min(pace.first_ms, pace.cap_ms))


def _without_entry(spec: CodeSpec | None, signature: str) -> Advice:
    mode, pace = RecoveryMode.ABORT, NO_RETRY
    if spec is not None and spec.retryable:
        mode, pace = _CATEGORY_RETRY.get(spec.category, (mode, pace))
    return Advice(
        mode=mode,
        source="default" if spec is None else "category",
        **pace._asdict(),
        suggestions=[],
        entry=None,
        match_type="miss",
        confidence=None,
        confidence_label=None,
        signature=signature,
    )
