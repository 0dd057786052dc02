"""The catalog in memory: one snapshot of all entries and policies, so that a failing step asks no database."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from catalog.contracts import Advice, Entry, Policy, RecoveryParameters
from catalog.models import CatalogEntry, PolicyState, RecoveryCandidate
from catalog.recovery import EntryKey, PolicyKey, choose
from catalog.signature import signature_of
from skills.taxonomy import CODES, RecoveryMode

log = logging.getLogger(__name__)

# How long an edit of an entry, or a decision about a policy, may take to reach a worker.
REFRESH_SECONDS = 5.0


class Lookup:
    """A snapshot of the entries and policies and when it was taken; asking it does no I/O."""

    def __init__(self, entries: Iterable[Entry], policies: Iterable[Policy] = ()) -> None:
        self._entries: dict[EntryKey, Entry] = {(e.tenant_id, e.code, e.skill): e for e in entries}
        self._policies: dict[PolicyKey, Policy] = {(p.tenant_id, p.signature): p for p in policies}
        self._taken_at = time.monotonic()
        self._by_code: dict[tuple[int | None, str], dict[str, dict[str, Any]]] = {}

    @classmethod
    def load(cls, tenant_id: int | None = None) -> Lookup:
        """Read all entries and policies, or those one tenant sees; two queries, to be made on a thread that may use the ORM."""
        entries = CatalogEntry.objects.filter(removed_at__isnull=True)
        policies = RecoveryCandidate.objects.filter(policy__in=(PolicyState.SHADOW, PolicyState.ACTIVE))
        if tenant_id is not None:
            entries = entries.filter(Q(tenant=None) | Q(tenant_id=tenant_id))
            policies = policies.filter(tenant_id=tenant_id)
        return cls(_readable_entries(entries), _readable_policies(policies))

    def fresh(self, max_age_seconds: float = REFRESH_SECONDS) -> Lookup:
        """Return this snapshot while it is young, else a new one."""
        return self if time.monotonic() - self._taken_at < max_age_seconds else Lookup.load()

    def advise(self, tenant_id: int | None, skill: str, code: str, message: str, target: str = "") -> Advice:
        """Say what to do about a failure; a miss is an answer too (`match_type` "miss")."""
        signature = signature_of(skill=skill, code=code, target=target, message=message)
        return choose(self._entries, tenant_id=tenant_id, skill=skill, code=code, signature=signature, policies=self._policies)

    def possible_advice(self, tenant_id: int | None, skill: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return everything that may be advised about failures of a skill, as (code, advice): who must know the worst needs
        the policies too, although nobody knows beforehand which signature a failure will have."""
        found = list(self.advice_by_code(tenant_id, skill).items())
        for policy in self._policies.values():
            if policy.is_active and (policy.tenant_id, policy.skill) == (tenant_id, skill):
                advice = choose(
                    self._entries,
                    tenant_id=tenant_id,
                    skill=skill,
                    code=policy.code,
                    signature=policy.signature,
                    policies=self._policies,
                )
                found.append((policy.code, advice.model_dump(mode="json")))
        return found

    def advice_by_code(self, tenant_id: int | None, skill: str) -> Mapping[str, Mapping[str, Any]]:
        """Return what is advised about every code a skill may fail with, for who must know beforehand: without policies,
        which are for failures whose signature is known."""
        found = self._by_code.get((tenant_id, skill))
        if found is None:
            chosen = {code: choose(self._entries, tenant_id=tenant_id, skill=skill, code=code, signature="") for code in CODES}
            found = self._by_code[tenant_id, skill] = {code: advice.model_dump(mode="json") for code, advice in chosen.items()}
        return found


def _readable_entries(rows: QuerySet[CatalogEntry]) -> Iterator[Entry]:
    """Yield what can be read: one row that makes no sense must not take everybody else's advice away."""
    for row in rows:
        try:
            yield entry_of(row)
        except (TypeError, ValueError):
            log.exception("catalog.entry.unreadable", extra={"entry": row.pk})


def _readable_policies(rows: QuerySet[RecoveryCandidate]) -> Iterator[Policy]:
    for row in rows:
        try:
            yield policy_of(row)
        except ValueError:
            log.exception("catalog.policy.unreadable", extra={"candidate": row.public_id})


def entry_of(row: CatalogEntry) -> Entry:
    """Return a row as the value the choice reads. Raises ValueError or TypeError for one that makes no sense."""
    if not all(isinstance(suggestion, str) for suggestion in row.suggestions):
        raise ValueError("suggestions are texts")
    return Entry(
        id=row.pk,
        tenant_id=row.tenant_id,
        code=row.code,
        skill=row.skill,
        mode=RecoveryMode(row.mode),
        parameters=RecoveryParameters.model_validate(row.parameters),
        suggestions=tuple(row.suggestions),
        prior_confidence=row.prior_confidence,
        confidence=row.confidence,
    )


def policy_of(row: RecoveryCandidate) -> Policy:
    """Return an approved candidate as the value the choice reads. Raises ValueError for one that makes no sense."""
    is_measured = row.confidence is not None
    return Policy(
        candidate=row.public_id,
        tenant_id=row.tenant_id,
        signature=row.signature,
        is_active=row.policy == PolicyState.ACTIVE,
        mode=RecoveryMode(row.mode),
        parameters=RecoveryParameters.model_validate(row.parameters),
        confidence=row.confidence if row.confidence is not None else row.prior_confidence,
        is_measured=is_measured,
        skill=row.skill,
        code=row.code,
    )
