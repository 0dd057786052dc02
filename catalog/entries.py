"""Writes of the catalog's entries: seeded, created, edited, removed, restored, exported, imported; each change is kept as a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from agents import audit
from agents.reasons import LONGEST_REASON, SHORTEST_REASON, is_reason
from agents.tenancy import not_found
from catalog.contracts import EntryDocument, nearest_codes
from catalog.models import CatalogEntry, EntryVersion
from catalog.versions import Difference, differences
from skills.contracts import faults_of
from skills.refusal import Refusal
from skills.taxonomy import CODES, spec_of

if TYPE_CHECKING:
    from agents.models import Tenant

SHIPPED = Path(__file__).parent / "data" / "catalog.json"
SEEDED, CREATED, EDITED, IMPORTED, REMOVED, RESTORED = "seeded", "created", "edited", "imported", "removed", "restored"
UNCHANGED = "unchanged"
EDITABLE = ("mode", "parameters", "suggestions", "doc_url", "prior_confidence")
MEASURED = ("applied", "succeeded", "confidence", "measured_at")
SEEDER = "AOS"
MOST_IMPORTED = 1_000

_DOCUMENTS = TypeAdapter(list[EntryDocument])


class EntryChange(NamedTuple):
    """What an import does to one entry: created, restored, edited or unchanged, and in which fields."""

    code: str
    skill: str
    action: str
    differences: list[Difference]


# What AOS ships


def seed_catalog(entries: type[CatalogEntry] = CatalogEntry, versions: type[EntryVersion] = EntryVersion) -> int:
    """Bring the shared entries to what is shipped, and return how many were written. Runs any number of times.

    An entry somebody changed is left alone. A migration passes the models as it knows them.
    """
    held = {(row.code, row.skill): row for row in entries.objects.filter(tenant=None)}
    changed = set(versions.objects.filter(entry__tenant=None).exclude(action=SEEDED).values_list("entry_id", flat=True))
    written = []
    for document in shipped_documents():
        row = held.get((document.code, document.skill)) or entries(tenant=None, code=document.code, skill=document.skill)
        fields = fields_of(document)
        if row.pk is None or (row.pk not in changed and _differs(row, fields)):
            row.version += 1 if row.pk else 0
            _assign(row, fields)
            row.save()
            written.append(row)
    _keep(written, SEEDED, SEEDER, "shipped with AOS", versions)
    return len(written)


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
    """Set the columns. What was measured was measured of the mode: another one begins without a trial."""
    if row.mode != fields["mode"]:
        row.applied = row.succeeded = 0
        row.confidence = row.measured_at = None
    for name, value in fields.items():
        setattr(row, name, value)


# One entry


def create_entry(*, tenant: Tenant | None, document: Mapping[str, Any], by: str, reason: str) -> CatalogEntry:
    """Make an entry: a tenant's override, or (None) one for all. One that was removed comes back as the document says.

    Raises Refusal with pointers, also (409) where there is such an entry already.
    """
    checked, why = validated(document), _reason(reason)
    try:
        with transaction.atomic():
            return _created(tenant, checked, by, why)
    except IntegrityError:
        raise taken(checked) from None


def _created(tenant: Tenant | None, document: EntryDocument, by: str, reason: str) -> CatalogEntry:
    found = CatalogEntry.objects.select_for_update().filter(tenant=tenant, code=document.code, skill=document.skill).first()
    if found is not None and found.removed_at is None:
        raise taken(document)
    row = found or CatalogEntry(tenant=tenant, code=document.code, skill=document.skill, version=0)
    return _changed(row, document, CREATED, by, reason)


def taken(document: EntryDocument) -> Refusal:
    """Return the refusal of a second entry for the same code and skill."""
    what = f"{document.code} of {document.skill or 'every skill'}"
    faults = [{"pointer": "/code", "code": "taken", "detail": f"there is an entry for {what} already"}]
    return Refusal(
        "INVALID_INPUT", faults[0]["detail"], status=409, errors=faults, suggestions=["Edit that one: PATCH /api/v1/catalog/{id}."]
    )


@transaction.atomic
def update_entry(
    *, entry_id: Any, changes: Mapping[str, Any], by: str, reason: str, tenant: Tenant | None, expected_version: int | None = None
) -> CatalogEntry:
    """Change mode, parameters (whole), suggestions, doc_url or prior_confidence of an entry; its version counts up.

    `tenant` is on whose behalf, None who runs the installation. Raises Refusal where there is no such entry or it is not
    theirs to change, where it changed since `expected_version` (409), and where a change breaks its schema.
    """
    why = _reason(reason)
    row = _locked(entry_id, tenant, expected_version)
    if row.removed_at is not None:
        raise Refusal("INVALID_INPUT", "the entry is removed", status=409, suggestions=["Restore it first."])
    return _changed(row, validated_change(document_of(row), changes), EDITED, by, why)


@transaction.atomic
def remove_entry(*, entry_id: Any, by: str, reason: str, tenant: Tenant | None, expected_version: int | None = None) -> CatalogEntry:
    """Let an entry advise no more; failures it was matched to still name it, and it can be restored. Raises Refusal as above."""
    why = _reason(reason)
    row = _locked(entry_id, tenant, expected_version)
    if row.removed_at is not None:
        raise Refusal("INVALID_INPUT", "the entry is removed already", status=409)
    row.removed_at = timezone.now()
    return _saved(row, REMOVED, by, why)


@transaction.atomic
def restore_entry(
    *,
    entry_id: Any,
    by: str,
    reason: str,
    tenant: Tenant | None,
    expected_version: int | None = None,
    to_version: int | None = None,
) -> CatalogEntry:
    """Bring a removed entry back, or any entry to what it said in an earlier version. Raises Refusal as above."""
    why = _reason(reason)
    row = _locked(entry_id, tenant, expected_version)
    if to_version is None:
        if row.removed_at is None:
            raise Refusal("INVALID_INPUT", "the entry is not removed; say which version it should go back to", status=409)
        return _changed(row, validated(document_of(row)), RESTORED, by, why)
    kept = EntryVersion.objects.filter(entry=row, version=to_version).first()
    if kept is None:
        raise not_found("version of this catalog entry")
    return _changed(row, validated(kept.document), RESTORED, by, why)


def _locked(entry_id: Any, tenant: Tenant | None, expected_version: int | None) -> CatalogEntry:
    """Return the row, locked, if it may be changed on behalf of this tenant. Raises Refusal."""
    seen = CatalogEntry.objects.filter(pk=row_id(entry_id)).first()
    if seen is None or (tenant is not None and seen.tenant_id not in (None, tenant.pk)):
        raise not_found("catalog entry")
    if tenant is not None and seen.tenant_id is None:
        hint = (
            f"Make an override of your own: POST /api/v1/catalog with code {seen.code}{f' and skill {seen.skill}' if seen.skill else ''}."
        )
        raise Refusal("PERMISSION_DENIED", "all tenants share this entry; who runs the installation changes it", suggestions=[hint])
    # Only now: behind the wall a shared row can be read and not be locked.
    row = CatalogEntry.objects.select_for_update(of=("self",)).filter(pk=seen.pk).first()
    if row is None:
        raise not_found("catalog entry")
    if expected_version is not None and expected_version != row.version:
        fault = {"pointer": "/version", "code": "stale", "detail": f"it is at version {row.version} by now"}
        detail = f"somebody changed the entry since version {expected_version}"
        raise Refusal("INVALID_INPUT", detail, status=409, errors=[fault], suggestions=["Read it again, and decide on what it says now."])
    return row


def row_id(entry_id: Any) -> int:
    """Return the id of an entry as a number no database chokes on; 0, which no row has, for anything else."""
    text = str(entry_id)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _changed(row: CatalogEntry, document: EntryDocument, action: str, by: str, reason: str) -> CatalogEntry:
    fields = fields_of(document)
    if row.pk is not None and row.removed_at is None and not _differs(row, fields):
        return row
    _assign(row, fields)
    row.removed_at = None
    return _saved(row, action, by, reason)


_SAID = {CREATED: "create", EDITED: "update", REMOVED: "remove", RESTORED: "restore"}


def _saved(row: CatalogEntry, action: str, by: str, reason: str) -> CatalogEntry:
    row.version += 1
    row.save()
    _keep([row], action, by, reason)
    what = f"{row.code}:{row.skill}" if row.skill else row.code
    audit.record(row.tenant, f"catalog.{_SAID[action]}", what, by=by, after={"version": row.version, "mode": row.mode}, reason=reason)
    return row


def _keep(rows: Iterable[CatalogEntry], action: str, by: str, reason: str, versions: type[EntryVersion] = EntryVersion) -> None:
    """Write down how entries stand now, and who made them so."""
    versions.objects.bulk_create(
        versions(entry=row, version=row.version, action=action, document=document_of(row), by=by[:200], reason=reason) for row in rows
    )


def _reason(reason: str) -> str:
    told = " ".join(reason.replace("\x00", " ").split())
    if not is_reason(told, SHORTEST_REASON):
        fault = {"pointer": "/reason", "code": "reason_length", "detail": f"{SHORTEST_REASON} to {LONGEST_REASON} characters"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "say why, for those who read it later", errors=[fault])
    return told


# Documents


def validated_change(document: Mapping[str, Any], changes: Mapping[str, Any]) -> EntryDocument:
    """Return the document with the changes. Raises Refusal with a pointer to each fault."""
    fixed = sorted({"code", "skill"} & set(changes))
    if fixed:
        raise Refusal("INVALID_INPUT", f"{' and '.join(fixed)} of an entry cannot change; make another entry")
    return validated({**document, **changes})


def validated(document: Mapping[str, Any]) -> EntryDocument:
    """Return a document that was read from anywhere. Raises Refusal with a pointer to each fault."""
    try:
        return EntryDocument.model_validate(dict(document))
    except ValidationError as error:
        raise _refused(error, [document]) from None


def _refused(error: ValidationError, documents: Iterable[Any], at: str = "") -> Refusal:
    faults = [{**fault.model_dump(), "pointer": at + fault.pointer} for fault in faults_of(error)]
    unknown = any(fault["code"] == "unknown_code" for fault in faults)
    codes = [document.get("code") for document in documents if isinstance(document, Mapping)] if unknown else []
    near = [nearest for code in codes if isinstance(code, str) and code not in CODES for nearest in nearest_codes(code)]
    hints = [f"Known codes that are spelt like it: {', '.join(dict.fromkeys(near))}."] if near else []
    return Refusal("SCHEMA_VALIDATION_FAILED", "the catalog entry breaks its schema", errors=faults[:100], suggestions=hints)


def document_of(row: CatalogEntry) -> dict[str, Any]:
    """Return a row as the document files carry: what `EntryDocument` reads."""
    return {"code": row.code, **({"skill": row.skill} if row.skill else {}), **{name: getattr(row, name) for name in EDITABLE}}


def export_documents(tenant: Tenant | None) -> list[dict[str, Any]]:
    """Return the entries of a tenant (None: the shared ones) as `import_entries` takes them."""
    return [document_of(row) for row in CatalogEntry.objects.filter(tenant=tenant, removed_at__isnull=True).order_by("code", "skill")]


def import_entries(tenant: Tenant | None, given: Any, *, by: str, reason: str, dry_run: bool = False, at: str = "") -> list[EntryChange]:
    """Add or replace entries, all or none, and return what that changed; a dry run only says what it would.

    Entries the documents do not name stay as they are. Raises Refusal with pointers that start at `at`.
    """
    documents, why = _documents(given, at), _reason(reason)
    try:
        with transaction.atomic():
            held = {(row.code, row.skill): row for row in CatalogEntry.objects.select_for_update(of=("self",)).filter(tenant=tenant)}
            changes = [_change(held.get((document.code, document.skill)), document) for document in documents]
            if not dry_run:
                _carry_out(tenant, held, documents, changes, by, why)
                told = {"entries": len(documents), "changed": sum(change.action != UNCHANGED for change in changes)}
                audit.record(tenant, "catalog.import", by=by, after=told, reason=why)
            return changes
    except IntegrityError:
        raise Refusal("INVALID_INPUT", "somebody made one of these entries meanwhile", status=409, suggestions=["Import again."]) from None


def _documents(given: Any, at: str) -> list[EntryDocument]:
    try:
        documents = _DOCUMENTS.validate_python(given)
    except ValidationError as error:
        raise _refused(error, given if isinstance(given, list) else [], at) from None
    places: dict[tuple[str, str], int] = {}
    faults = [
        {"pointer": f"{at}/{place}", "code": "twice", "detail": f"the same code and skill as {at}/{first}"}
        for place, document in enumerate(documents)
        if (first := places.setdefault((document.code, document.skill), place)) != place
    ]
    if len(documents) > MOST_IMPORTED:
        faults = [{"pointer": at, "code": "too_many", "detail": f"at most {MOST_IMPORTED} entries at once"}]
    if faults:
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the document makes no sense as a whole", errors=faults[:100])
    return documents


def _change(row: CatalogEntry | None, document: EntryDocument) -> EntryChange:
    after = {**document_of(row or CatalogEntry(code=document.code, skill=document.skill)), **_editable(fields_of(document))}
    if row is None:
        return EntryChange(document.code, document.skill, CREATED, differences({}, after))
    found = differences(document_of(row), after)
    action = RESTORED if row.removed_at else EDITED if found else UNCHANGED
    return EntryChange(document.code, document.skill, action, found)


def _editable(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fields[name] for name in EDITABLE}


def _carry_out(
    tenant: Tenant | None,
    held: Mapping[tuple[str, str], CatalogEntry],
    documents: Iterable[EntryDocument],
    changes: Iterable[EntryChange],
    by: str,
    reason: str,
) -> None:
    """Write what differs: new rows, changed rows, and a version of each, however many in a handful of statements."""
    written = []
    for document, change in zip(documents, changes, strict=True):
        row = held.get((document.code, document.skill)) or CatalogEntry(tenant=tenant, code=document.code, skill=document.skill, version=0)
        if change.action != UNCHANGED:
            _assign(row, fields_of(document))
            row.removed_at, row.updated_at = None, timezone.now()
            row.version += 1
            written.append(row)
    CatalogEntry.objects.bulk_create([row for row in written if row.pk is None])
    fields = ("category", "retryable", *EDITABLE, *MEASURED, "removed_at", "updated_at", "version")
    CatalogEntry.objects.bulk_update([row for row in written if row.version > 1], fields)
    _keep(written, IMPORTED, by, reason)
