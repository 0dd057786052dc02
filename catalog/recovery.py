"""Chooses what to do about a failure: tenant's entry → code and skill → code → the category's default → ABORT.

The step's own policy stands above all of these and is the machine's business. Within a tenant's entries the one
for the skill comes before the one for every skill.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog.contracts import Advice, Entry, MatchType, Source
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

# What a category gets where the catalog is silent; a category that is not here, or a code that is not retryable, ends in ABORT.
_CATEGORY_RETRY: dict[Category, tuple[RecoveryMode, Backoff]] = {
    Category.TRANSIENT: (RecoveryMode.RETRY_EXPONENTIAL, TRANSIENT_BACKOFF),
    Category.RESOURCE: (RecoveryMode.RETRY_WITH_JITTER, RATE_LIMIT_BACKOFF),
}


def choose(entries: Mapping[EntryKey, Entry], *, tenant_id: int | None, skill: str, code: str, signature: str) -> Advice:
    """Return the advice for a failure of this kind, from entries held under (tenant or None, code, skill or empty)."""
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


def _from_entry(entry: Entry, source: Source, signature: str) -> Advice:
    pace = backoff_of(entry)
    match_type: MatchType = "code+skill" if entry.skill else "code"
    return Advice(
        mode=entry.mode,
        source=source,
        **pace._asdict(),
        suggestions=list(entry.suggestions),
        entry=entry.id,
        match_type=match_type,
        confidence=entry.prior_confidence,
        confidence_label="prior",
        signature=signature,
    )


def backoff_of(entry: Entry) -> Backoff:
    """Return the pace of an entry: its own numbers over the code's; a mode that does not retry has none."""
    if entry.mode not in RETRY_MODES:
        return NO_RETRY
    spec = CODES.get(entry.code)
    base = spec.backoff if spec is not None and spec.retryable else TRANSIENT_BACKOFF
    pace = entry.parameters.over(base)
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
