"""Histories: a run's journal as a file of its own, that other machines and later releases can replay.

The events stand in it as the texts they are in the journal, so that its chain can be checked; signed ones say too who let
them out. What cannot be read, does not follow, or is not signed as it says, is refused at the place where that shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.tenancy import Principal
from runs import selectors
from runs.contracts.simulation import Invariant, ReplayReport
from runs.engine.events import RunAccepted
from runs.engine.replay import verify
from runs.engine.virtual import Entry
from runs.models import Run
from runs.proof.replaying import Offline, Recorded, replay_journal
from runs.shell.chain import first_break
from runs.shell.codec import decode
from runs.shell.journal import Row, read_rows
from runs.shell.reading.history import diverged, entries_of
from runs.shell.tombstones import is_tombstone
from skills.canonical import canonical_json
from skills.contracts import faults_of
from skills.refusal import Refusal
from skills.signing import is_signed, sign
from skills.strict_json import read_strict

FORMAT = 1
LARGEST = 67_108_864
"""A file larger than this is not read."""
_HASH = r"^[0-9a-f]{64}$"


class History(BaseModel):
    """A run's journal with what it came to. `signature` is over all the rest in canonical form."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int = Field(ge=1, le=FORMAT)
    kind: str = Field("", max_length=64, pattern=r"^[a-z0-9_-]*$")
    description: str = Field("", max_length=500)
    run_id: str = Field(pattern=r"^run_[0-9a-f]{32}$")
    release: str = Field("", max_length=64)
    status: str = Field(max_length=13)
    plan_hash: str = Field("", max_length=64)
    behaviour_hash: str = Field(pattern=_HASH)
    content_hash: str = Field(pattern=_HASH)
    journal_head: str = Field(pattern=_HASH)
    events: list[str] = Field(min_length=1)
    signature: str | None = None


class Read(NamedTuple):
    """A history that was read, and its events as a replay takes them."""

    history: History
    entries: list[Entry]
    is_signed: bool | None


def export_history(*, principal: Principal, run_id: str, kind: str = "", description: str = "", signed: bool = False) -> dict[str, Any]:
    """Return a run's history as a JSON document. Raises Refusal for a run that goes on, or of which something was removed."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    if not run.is_terminal:
        raise Refusal("INVALID_INPUT", f"the run is {run.status}; its history is told when it is over", status=409, run_id=run_id)
    rows = read_rows(run.pk)
    # Read whole, so that nothing leaves the house that could not be replayed here.
    entries_of(run, rows)
    document = _document(run, [row.data for row in rows], kind, description)
    return document | {"signature": _signed(document)} if signed else document


def _document(run: Run, events: Sequence[str], kind: str, description: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": kind,
        "description": description,
        "run_id": run.public_id,
        "release": settings.RELEASE,
        "status": run.status,
        "plan_hash": run.plan_hash,
        "behaviour_hash": run.behaviour_hash,
        "content_hash": run.content_hash,
        "journal_head": run.journal_head,
        "events": list(events),
    }


def _signed(document: dict[str, Any]) -> str:
    keys = settings.SIGNING_KEYS
    if not keys:
        hint = ["Set AOS_SIGNING_KEYS to a key of at least 32 characters, and give it to whoever checks the signature"]
        raise Refusal("INVALID_INPUT", "there is no key to sign with", status=409, suggestions=hint)
    return sign(canonical_json(document), keys[:1])


def text_of(document: dict[str, Any]) -> str:
    """Return a history as its file says it: an event a line."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_file(path: Path, *, must_be_signed: bool = False) -> Read:
    """Return the history in a file. Raises Refusal naming the place where it cannot be trusted."""
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise Refusal("INVALID_INPUT", f"{path.name} cannot be read: {error.strerror or error}", status=422) from None
    if size > LARGEST:
        raise Refusal("CONTENT_TOO_LARGE", f"{path.name} has {size:,} bytes; at most {LARGEST:,} are read")
    return read_history_document(read_strict(raw, path.name), path.name, must_be_signed=must_be_signed)


def read_history_document(value: Any, name: str, *, must_be_signed: bool = False) -> Read:
    """Return the history a JSON value holds, as `read_file` does."""
    if isinstance(value, dict) and isinstance(value.get("format"), int) and value["format"] > FORMAT:
        raise diverged(None, 0, f"{name} has format {value['format']}; this version reads {FORMAT}")
    try:
        history = History.model_validate(value)
    except ValidationError as error:
        errors = [fault.model_dump() for fault in faults_of(error)]
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"{name} is no history", errors=errors) from None
    signed = _check_signature(history, name, must_be_signed=must_be_signed)
    return Read(history, _entries(history, name), signed)


def _check_signature(history: History, name: str, *, must_be_signed: bool) -> bool | None:
    """Return whether it is signed by a key known here; None where it is signed and no key is known."""
    if history.signature is None:
        if must_be_signed:
            raise _unsigned(name, "is not signed")
        return False
    if not settings.SIGNING_KEYS:
        if must_be_signed:
            raise _unsigned(name, "is signed, and there is no key here to check that with")
        return None
    content = canonical_json(history.model_dump(mode="json", exclude={"signature"}))
    if not is_signed(content, history.signature, settings.SIGNING_KEYS):
        raise _unsigned(name, "is not signed by any key known here, or was changed since")
    return True


def _unsigned(name: str, words: str) -> Refusal:
    fault = {"pointer": "/signature", "code": "REPLAY_DIVERGED", "detail": words}
    return Refusal("REPLAY_DIVERGED", f"{name} {words}", errors=[fault])


def _entries(history: History, name: str) -> list[Entry]:
    entries: list[Entry] = []
    for seq, text in enumerate(history.events, start=1):
        if is_tombstone(text):
            raise diverged(history.run_id, seq, f"{name}: the payload of event {seq} was removed, so it cannot be replayed")
        record = decode(text, seq=seq)
        entries.append(Entry(record.fact, record.decisions))
    rows = [Row(seq, "", "", 0, 0, text) for seq, text in enumerate(history.events, start=1)]
    broken = first_break(rows, history.journal_head)
    if broken is not None:
        raise diverged(history.run_id, broken.seq, f"{name}: {broken.words}")
    first = entries[0].fact
    if not isinstance(first, RunAccepted) or first.run_id != history.run_id:
        raise diverged(history.run_id, 1, f"{name}: event 1 does not accept {history.run_id}")
    return entries


def replay_history(read: Read, mode: Offline) -> ReplayReport:
    """Replay a history, and hold it against the hashes it came with, and against the end it says it came to."""
    history = read.history
    report = replay_journal(read.entries, mode, Recorded(history.run_id, history.behaviour_hash, history.content_hash))
    ended = _end_held(read)
    return report.model_copy(update={"matched": report.matched and ended.held, "invariants": [*report.invariants, ended]})


def _end_held(read: Read) -> Invariant:
    """Tell whether what a history says of its run is what its events say: the hashes of behaviour are not over these words."""
    state, said = verify(read.entries).state, read.history
    told = (("status", said.status, state.status), ("plan hash", said.plan_hash, state.plan_hash))
    differs = [f"the {name} is {was or 'none'}, and by its events {now or 'none'}" for name, was, now in told if was != now]
    return Invariant(name="end", held=not differs, detail="; ".join(differs))
