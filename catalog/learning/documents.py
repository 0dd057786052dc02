"""Recovery candidates as documents: exported whole, brought into another tenant or installation as open candidates.

What was seen elsewhere is shown in the document and is no evidence here: it is not imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from django.db import transaction
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from agents.tenancy import scoped
from catalog.contracts import RecoveryParameters
from catalog.models import CandidateState, RecoveryCandidate, RecoveryDecision
from skills.canonical import digest
from skills.contracts import Contract
from skills.instants import instant_or_none
from skills.refusal import Refusal
from skills.requests import broken_schema
from skills.taxonomy import RecoveryMode

if TYPE_CHECKING:
    from agents.tenancy import Principal

MOST = 1_000
# No database takes a NUL; a lone surrogate pydantic does not take.
_Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class CandidateDocument(Contract):
    """A candidate as files carry it: what it is for and what it would do; the rest is for the reader."""

    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")]
    skill: Annotated[_Text, Field(max_length=64)] = ""
    host: Annotated[_Text, Field(max_length=255)] = ""
    cause: Annotated[_Text, Field(max_length=300)] = ""
    effect: Annotated[str, Field(pattern=r"^[a-z_]{0,16}$")] = ""
    mode: RecoveryMode
    parameters: RecoveryParameters = RecoveryParameters()
    occurrences: int | None = None
    first_seen_at: str | None = None
    last_seen_at: str | None = None
    confidence: dict[str, Any] | None = None
    evidence: dict[str, Any] | None = None
    state: str | None = None
    policy: str | None = None
    prior_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _is_for_what_it_says(self) -> CandidateDocument:
        if digest({"skill": self.skill, "code": self.code, "host": self.host, "cause": self.cause}) != self.signature:
            raise ValueError("the signature is not that of skill, code, host and cause")
        return self


_DOCUMENTS = TypeAdapter(list[CandidateDocument])


def document_of(row: RecoveryCandidate) -> dict[str, Any]:
    """Return a candidate as a document."""
    return {
        "signature": row.signature,
        "code": row.code,
        "skill": row.skill,
        "host": row.host,
        "cause": row.cause,
        "effect": row.effect,
        "mode": row.mode,
        "parameters": row.parameters,
        "occurrences": row.occurrences,
        "first_seen_at": instant_or_none(row.first_seen_at),
        "last_seen_at": instant_or_none(row.last_seen_at),
        "confidence": row.parts,
        "evidence": row.evidence,
        "state": row.state,
        "policy": row.policy,
        "prior_confidence": row.prior_confidence,
    }


def export_candidates(*, principal: Principal, state: str | None = None) -> list[dict[str, Any]]:
    """Return a tenant's candidates as documents `import_candidates` takes, those with most failures first."""
    rows = scoped(RecoveryCandidate.objects.all(), principal.tenant)
    rows = rows if state is None else rows.filter(state=state)
    return [document_of(row) for row in rows.order_by("-occurrences", "signature")[:MOST]]


@transaction.atomic
def import_candidates(*, principal: Principal, documents: Any, at: str = "") -> dict[str, int]:
    """Make open candidates from documents, or say anew what open ones would do: all or none.

    Whoever brings one in counts as who suggested it. Raises Refusal with pointers that start at `at`, 409 for one that was decided.
    """
    read = _read(documents, at)
    made = changed = 0
    for position, document in read:
        row, is_new = _row_for(principal, document)
        made += is_new
        changed += not is_new and _change(principal, row, document, f"{at}/{position}")
    return {"documents": len(read), "made": made, "changed": changed}


def _read(documents: Any, at: str) -> Sequence[tuple[int, CandidateDocument]]:
    """Return each candidate once, as its last document says, with the place of that one among those that were sent.

    In the order of their signatures, so that two imports at once wait for one another and not in a ring.
    """
    try:
        read = _DOCUMENTS.validate_python(documents)
    except ValidationError as error:
        raise broken_schema(error, "the document of candidates breaks its schema", at=at) from None
    if len(read) > MOST:
        raise Refusal("CONTENT_TOO_LARGE", f"at most {MOST} candidates at once")
    last = {document.signature: (position, document) for position, document in enumerate(read)}
    return [last[signature] for signature in sorted(last)]


def _would_do(document: CandidateDocument) -> dict[str, Any]:
    return {"mode": str(document.mode), "parameters": document.parameters.model_dump(mode="json", exclude_none=True)}


def _said_by(principal: Principal) -> str:
    return f"{principal.name} says so"


def _row_for(principal: Principal, document: CandidateDocument) -> tuple[RecoveryCandidate, bool]:
    """Return the candidate of a document's signature, locked, and whether it was made now: somebody else may just be making it."""
    named = document.model_dump(include={"code", "skill", "host", "cause", "effect", "prior_confidence"})
    evidence = {"because": _said_by(principal)}
    row, is_new = RecoveryCandidate.objects.select_for_update().get_or_create(
        tenant=principal.tenant,
        signature=document.signature,
        defaults={**named, **_would_do(document), "origin": "manual", "created_by": principal.name, "evidence": evidence},
    )
    if is_new:
        RecoveryDecision.objects.create(candidate=row, action="suggest", by=principal.name, reason="imported", seen=_would_do(document))
    return row, is_new


def _change(principal: Principal, row: RecoveryCandidate, document: CandidateDocument, pointer: str) -> bool:
    wanted = _would_do(document)
    if (row.mode, row.parameters) == (wanted["mode"], wanted["parameters"]):
        return False
    if row.state != CandidateState.OPEN:
        fault = {"pointer": pointer, "code": "INVALID_INPUT", "detail": f"{row.public_id} is {row.state}; reopen it first"}
        raise Refusal("INVALID_INPUT", "a candidate that was decided does not change", status=409, errors=[fault])
    row.mode, row.parameters, row.origin, row.created_by = wanted["mode"], wanted["parameters"], "manual", principal.name
    row.evidence = {**row.evidence, "because": _said_by(principal)}
    row.save(update_fields=["mode", "parameters", "origin", "created_by", "evidence", "updated_at"])
    RecoveryDecision.objects.create(candidate=row, action="suggest", by=principal.name, reason="imported", seen=wanted)
    return True
