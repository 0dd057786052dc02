"""The catalog in memory: one snapshot of all entries, so that a failing step asks no database."""

from __future__ import annotations

import time
from collections.abc import Iterable

from catalog.contracts import Advice, Entry, RecoveryParameters
from catalog.models import CatalogEntry
from catalog.recovery import EntryKey, choose
from catalog.signature import signature_of
from skills.taxonomy import RecoveryMode

# How long an edit of an entry may take to reach a worker.
REFRESH_SECONDS = 5.0


class Lookup:
    """A snapshot of the entries and when it was taken; asking it does no I/O."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: dict[EntryKey, Entry] = {(e.tenant_id, e.code, e.skill): e for e in entries}
        self._taken_at = time.monotonic()

    @classmethod
    def load(cls) -> Lookup:
        """Read all entries; one query, to be made on a thread that may use the ORM."""
        return cls(entry_of(row) for row in CatalogEntry.objects.all())

    def fresh(self, max_age_seconds: float = REFRESH_SECONDS) -> Lookup:
        """Return this snapshot while it is young, else a new one."""
        return self if time.monotonic() - self._taken_at < max_age_seconds else Lookup.load()

    def advise(self, tenant_id: int | None, skill: str, code: str, message: str, target: str = "") -> Advice:
        """Say what to do about a failure; a miss is an answer too (`match_type` "miss")."""
        signature = signature_of(skill=skill, code=code, target=target, message=message)
        return choose(self._entries, tenant_id=tenant_id, skill=skill, code=code, signature=signature)


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
