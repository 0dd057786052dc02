"""Writes of the catalog: entries seeded, edited, exported and imported; matches recorded and resolved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from pydantic import TypeAdapter, ValidationError

from catalog.contracts import EntryDocument
from catalog.models import CatalogEntry, FailureMatch, RecoveryCandidate
from skills.contracts import faults_of
from skills.execution import publishable
from skills.refusal import Refusal
from skills.taxonomy import spec_of

if TYPE_CHECKING:
    from agents.models import Tenant

SHIPPED = Path(__file__).parent / "data" / "catalog.json"
# The decisions that try something against the failure; only their matches count as a recovery that was attempted.
RECOVERING_DECISIONS = ("retry", "fallback", "restore")

_DOCUMENTS = TypeAdapter(list[EntryDocument])
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

    A failure nothing was tried against is resolved too, but counts as neither success nor failure of its recovery.
    """
    open_matches = FailureMatch.objects.filter(run_id=run_id, step_id=step_id, resolved_at__isnull=True)
    tried = open_matches.filter(decision__in=RECOVERING_DECISIONS)
    settled = tried.update(recovery_attempted=True, recovery_succeeded=succeeded, resolved_at=at)
    return settled + open_matches.update(resolved_at=at)


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
    return FailureMatch.objects.filter(pk__in=list(found)).delete()[0]


def seed_catalog(model: type[CatalogEntry] = CatalogEntry) -> int:
    """Bring the shared entries to what is shipped, and return how many were written. Runs any number of times.

    An entry somebody edited (version above 1) is left alone. A migration passes its historical model.
    """
    held = {(row.code, row.skill): row for row in model.objects.filter(tenant=None)}
    written = 0
    for document in shipped_documents():
        fields = fields_of(document)
        row = held.get((document.code, document.skill)) or model(tenant=None, code=document.code, skill=document.skill)
        if row.pk is None or (row.version == 1 and _differs(row, fields)):
            _assign(row, fields)
            row.save()
            written += 1
    return written


def shipped_documents() -> list[EntryDocument]:
    """Return the entries AOS is shipped with."""
    return _DOCUMENTS.validate_json(SHIPPED.read_bytes())


def fields_of(document: EntryDocument) -> dict[str, Any]:
    """Return the columns of an entry; what the document leaves open comes from the taxonomy."""
    spec = spec_of(document.code)
    mode = document.mode or spec.mode
    defaults = spec.backoff._asdict() if spec.retryable and mode == spec.mode else {}
    return {
        "category": str(spec.category),
        "retryable": spec.retryable,
        "mode": str(mode),
        "parameters": defaults | document.parameters.model_dump(exclude_none=True),
        "suggestions": list(document.suggestions),
        "doc_url": f"/errors/{document.code}" if document.doc_url is None else document.doc_url,
        "prior_confidence": document.prior_confidence,
    }


def _differs(row: CatalogEntry, fields: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in fields.items())


def _assign(row: CatalogEntry, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)


@transaction.atomic
def update_entry(*, entry_id: int, changes: Mapping[str, Any]) -> CatalogEntry:
    """Change mode, parameters, suggestions, doc_url or prior_confidence of an entry; its version counts up.

    Raises Refusal where there is no such entry or a change breaks the entry's schema.
    """
    row = CatalogEntry.objects.select_for_update().filter(pk=entry_id).first()
    if row is None:
        raise Refusal("NOT_FOUND", "there is no such catalog entry")
    fields = fields_of(validated_change(document_of(row), changes))
    if _differs(row, fields):
        _assign(row, fields)
        row.version += 1
        row.save()
    return row


def validated_change(document: EntryDocument, changes: Mapping[str, Any]) -> EntryDocument:
    """Return the document with the changes. Raises Refusal with a pointer to each fault."""
    fixed = sorted({"code", "skill"} & set(changes))
    if fixed:
        raise Refusal("INVALID_INPUT", f"{' and '.join(fixed)} of an entry cannot change; make another entry")
    try:
        return EntryDocument.model_validate({**document.model_dump(mode="json"), **changes})
    except ValidationError as error:
        raise _refused(error) from error


def _refused(error: ValidationError) -> Refusal:
    faults = [fault.model_dump() for fault in faults_of(error)]
    return Refusal("SCHEMA_VALIDATION_FAILED", "the catalog entry breaks its schema", errors=faults)


def document_of(row: CatalogEntry) -> EntryDocument:
    """Return a row as the document files carry."""
    return EntryDocument(
        code=row.code,
        skill=row.skill,
        mode=row.mode,
        parameters=row.parameters,
        suggestions=row.suggestions,
        doc_url=row.doc_url,
        prior_confidence=row.prior_confidence,
    )


def export_json(tenant: Tenant | None) -> str:
    """Return the entries of a tenant (None: the shared ones) as a document `import_json` takes."""
    rows = CatalogEntry.objects.filter(tenant=tenant)
    return json.dumps([document_of(row).model_dump(mode="json", exclude_none=True) for row in rows], indent=2, ensure_ascii=False)


@transaction.atomic
def import_json(tenant: Tenant | None, text: str | bytes) -> int:
    """Add or replace entries from a document, all or none; return how many changed. Raises Refusal with pointers."""
    try:
        documents = _DOCUMENTS.validate_json(text)
    except ValidationError as error:
        raise _refused(error) from error
    return sum(_put(tenant, document) for document in _last_of_each(documents))


def _last_of_each(documents: Iterable[EntryDocument]) -> list[EntryDocument]:
    return list({(document.code, document.skill): document for document in documents}.values())


def _put(tenant: Tenant | None, document: EntryDocument) -> bool:
    row = CatalogEntry.objects.select_for_update().filter(tenant=tenant, code=document.code, skill=document.skill).first()
    fields = fields_of(document)
    if row is None:
        CatalogEntry.objects.create(tenant=tenant, code=document.code, skill=document.skill, **fields)
        return True
    if not _differs(row, fields):
        return False
    _assign(row, fields)
    row.version += 1
    row.save()
    return True
