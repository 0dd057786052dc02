"""Evidence: all that is known of a run as one file, with what it takes to find out whether anything in it was changed.

The journal goes in line by line as it is stored, so its chain can be followed; everything else follows from the journal, or
is listed with its hash. The same run gives the same bytes.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings

from agents import audit
from agents.tenancy import Principal
from runs import selectors
from runs.engine.virtual import Entry
from runs.models import Kept, Run
from runs.proof.bom import bom_of
from runs.proof.bundle import pack, sha256_of, unpack
from runs.proof.derived import LEFT_OUT, as_json, as_lines, derived_from, head_of, rows_of
from runs.proof.replaying import Recorded, replay_journal
from runs.proof.verify_evidence import check
from runs.shell.codec import decode
from runs.shell.journal import Row, read_rows
from runs.shell.reading.history import entries_of, what_is_gone
from runs.shell.tombstones import bury, is_tombstone
from skills.refusal import Refusal
from skills.signing import is_signed, sign

FORMAT = 1
SCRIPT = "verify_evidence.py"
SIGNATURE = "manifest.sig"

_README = """Evidence of {run_id}
{line}

This file tells all that is recorded of one run of AOS {release}.

  journal.jsonl     every event and what was decided about it, one a line, as it stands in the database
  plan.json         the plan it followed
  decisions.jsonl   every decision, its rule in words, and what it read
  effects.json      what it did to the world outside, in order
  approvals.json    what people were asked and what they said
  costs.json        what was charged, call by call, in micro-USD
  audit.jsonl       who did what to it; each entry names the one before it in the tenant's log
  bom.json          the versions, policies and prices it was made with
  hashes.json       how it behaved and what came out, each as one hash
  redactions.json   what is not to be read here, and why
  manifest.json     all of these with their SHA-256

Check it with Python alone, and with the head you noted when the run ended, if you did:

  python3 verify_evidence.py THIS.zip [HEAD]

It finds every line that was changed, removed, added or moved, and every file. What it cannot know is whether the whole
was made up: that is what a head noted elsewhere is for, or a signature ({signature}).
"""


def evidence_of(*, principal: Principal, run_id: str, without_payloads: bool = False, signed: bool = False) -> bytes:
    """Return a run's evidence as a zip. Raises Refusal where too little of the run is left, or there is no key to sign with.

    `without_payloads` leaves out what people and skills wrote: the chain still holds, and nothing can be replayed from it.
    """
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    rows = read_rows(run.pk)
    if run.kept in (Kept.PARTS, Kept.EFFECTS, Kept.ROW):
        raise Refusal("NOT_FOUND", what_is_gone(run, rows) or "the journal was removed", status=410, run_id=run_id)
    history = entries_of(run, rows) if what_is_gone(run, rows) is None else None
    shown = [_without_payload(row) for row in rows] if without_payloads else rows
    files = _files(run, shown, history)
    files["README.txt"] = _README.format(
        run_id=run_id, line="=" * (12 + len(run_id)), release=settings.RELEASE, signature=SIGNATURE if signed else "this one has none"
    ).encode()
    manifest = as_json(_manifest(run, shown, files))
    files["manifest.json"] = manifest
    if signed:
        files[SIGNATURE] = _signed(manifest)
    # Under another target than the run: what was taken out does not change by being taken.
    taken = {"without_payloads": without_payloads, "signed": signed, "journal_head": head_of(rows)}
    audit.record(run.tenant, "evidence.export", f"evidence of {run.public_id}", by=principal.name, after=taken)
    return pack(files)


def _without_payload(row: Row) -> Row:
    """Return an event as its tombstone. The instant is the event's own, so that the same run gives the same bytes."""
    return row._replace(data=bury(row.data, at_ms=row.at_ms, rule=LEFT_OUT))


def _files(run: Run, rows: list[Row], history: list[Entry] | None) -> dict[str, bytes]:
    bom = None if history is None else bom_of(run, history)
    return {
        "journal.jsonl": "".join(row.data + "\n" for row in rows).encode(),
        **derived_from(rows),
        "bom.json": as_json(None if bom is None else bom.model_dump(mode="json")),
        "audit.jsonl": as_lines(audit.entry_json(entry) for entry in audit.entries_of(run.tenant, target=run.public_id).order_by("seq")),
        "hashes.json": as_json(_hashes(run, rows, bom.bom_hash if bom else None)),
        SCRIPT: resources.files("runs.proof").joinpath(SCRIPT).read_bytes(),
    }


def _hashes(run: Run, rows: list[Row], bom_hash: str | None) -> dict[str, Any]:
    return {
        "behaviour_hash": run.behaviour_hash or None,
        "content_hash": run.content_hash or None,
        "plan_hash": run.plan_hash or None,
        "bom_hash": bom_hash,
        "journal_head": head_of(rows),
    }


def _manifest(run: Run, rows: list[Row], files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "run_id": run.public_id,
        "tenant": run.tenant.slug,
        "agent": run.agent.name,
        "release": settings.RELEASE,
        "status": run.status,
        "complete": run.is_terminal,
        "events": len(rows),
        "journal_head": head_of(rows),
        "files": {name: {"sha256": sha256_of(content), "bytes": len(content)} for name, content in sorted(files.items())},
    }


def _signed(manifest: bytes) -> bytes:
    if not settings.SIGNING_KEYS:
        hint = ["Set AOS_SIGNING_KEYS to a key of at least 32 characters, and give it to whoever checks the signature"]
        raise Refusal("INVALID_INPUT", "there is no key to sign with", status=409, suggestions=hint)
    return (sign(manifest, settings.SIGNING_KEYS[:1]) + "\n").encode()


# Checking


def verify_evidence(path: Path, head: str | None = None) -> dict[str, Any]:
    """Return what a bundle is, and everything that is wrong with it: what its own script finds, and what follows from its journal.

    Beyond the script it makes the other files again from the journal, replays it, and checks the signature. Raises Refusal for
    a file that is no bundle, or would not fit into memory.
    """
    files = unpack(path)
    problems = list(check(str(path), head or ""))
    told: dict[str, Any] = {"file": path.name, "run_id": None, "events": 0, "complete": None, "signed": None, "replayed": None}
    if not problems:
        manifest = json.loads(files["manifest.json"])
        told |= {name: manifest[name] for name in ("run_id", "events", "complete")}
        rows = rows_of(files["journal.jsonl"].decode().split("\n")[:-1])
        problems += _derived_otherwise(files, rows)
        told["replayed"], found = _replayed(files, rows)
        problems += found
        told["signed"], found = _signature(files)
        problems += found
    return told | {"unchanged": not problems, "problems": problems}


def _derived_otherwise(files: dict[str, bytes], rows: list[Row]) -> list[str]:
    made = derived_from(rows)
    found = [f"{name}: does not follow from the journal" for name, content in made.items() if files.get(name) != content]
    if files.get(SCRIPT) != resources.files("runs.proof").joinpath(SCRIPT).read_bytes():
        found.append(f"{SCRIPT}: is not the script of this version")
    return found


def _replayed(files: dict[str, bytes], rows: list[Row]) -> tuple[bool, list[str]]:
    """Return whether the journal could be replayed, and where that came out otherwise than the bundle says."""
    if not rows or any(is_tombstone(row.data) for row in rows):
        return False, []
    records = [decode(row.data, seq=row.seq) for row in rows]
    hashes = json.loads(files["hashes.json"])
    recorded = Recorded("", hashes["behaviour_hash"] or "", hashes["content_hash"] or "")
    report = replay_journal([Entry(record.fact, record.decisions) for record in records], "verify", recorded)
    if report.matched:
        return True, []
    parting = report.divergence
    why = parting.detail if parting else "; ".join(f"{each.name}: {each.detail}" for each in report.invariants if not each.held)
    return True, [f"journal.jsonl: replayed it comes out otherwise: {why}"]


def _signature(files: dict[str, bytes]) -> tuple[bool | None, list[str]]:
    """Return whether the bundle is signed by a key known here, None where that cannot be said."""
    if SIGNATURE not in files:
        return False, []
    if not settings.SIGNING_KEYS:
        return None, []
    good = is_signed(files["manifest.json"], files[SIGNATURE].decode(errors="replace").strip(), settings.SIGNING_KEYS)
    return good, [] if good else [f"{SIGNATURE}: is by no key known here"]
