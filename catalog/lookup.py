"""The catalog in memory: one snapshot of all entries, so that a failing step asks no database."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from catalog.contracts import Advice, Entry, RecoveryParameters
from catalog.models import CatalogEntry
from catalog.recovery import EntryKey, choose
from catalog.signature import signature_of
from skills.taxonomy import CODES, RecoveryMode

# How long an edit of an entry may take to reach a worker.
REFRESH_SECONDS = 5.0


class Lookup:
    """A snapshot of the entries and when it was taken; asking it does no I/O."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[EntryKey, Entry] = {(e.tenant_id, e.code, e.skill): e for e in entries}
        self._taken_at = time.monotonic()
        self._by_code: dict[tuple[int | None, str], dict[str, dict[str, Any]]] = {}

    @classmethod
    def load(cls, tenant_id: int | None = None) -> Lookup:
        """Read all entries, or those one tenant sees; one query, to be made on a thread that may use the ORM."""
        rows = CatalogEntry.objects.all()
        return cls(entry_of(row) for row in (rows if tenant_id is None else rows.filter(Q(tenant=None) | Q(tenant_id=tenant_id))))

    def fresh(self, max_age_seconds: float = REFRESH_SECONDS) -> Lookup:
        """Return this snapshot while it is young, else a new one."""
        return self if time.monotonic() - self._taken_at < max_age_seconds else Lookup.load()

    def advise(self, tenant_id: int | None, skill: str, code: str, message: str, target: str = "") -> Advice:
        """Say what to do about a failure; a miss is an answer too (`match_type` "miss")."""
        signature = signature_of(skill=skill, code=code, target=target, message=message)
        return choose(self._entries, tenant_id=tenant_id, skill=skill, code=code, signature=signature)

    def advice_by_code(self, tenant_id: int | None, skill: str) -> Mapping[str, Mapping[str, Any]]:
        """Return what is advised about every code a skill may fail with, for who must know beforehand."""
        found = self._by_code.get((tenant_id, skill))
        if found is None:
            chosen = {code: choose(self._entries, tenant_id=tenant_id, skill=skill, code=code, signature="") for code in CODES}
            found = self._by_code[tenant_id, skill] = {code: advice.model_dump(mode="json") for code, advice in chosen.items()}
        return found


def entry_of(row: CatalogEntry) -> Entry:
    """Return a row as the value the choice reads."""
    return Entry(
        id=row.pk,
        tenant_id=row.tenant_id,
        code=row.code,
        skill=row.skill,
        mode=RecoveryMode(row.mode),
        parameters=RecoveryParameters.model_validate(row.parameters),
        suggestions=tuple(row.suggestions),
        prior_confidence=row.prior_confidence,
    )
