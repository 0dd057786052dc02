"""What an evidence bundle says beside the journal, made from the journal's lines alone: so anybody can make it again and compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from runs.shell.chain import link, link_of
from runs.shell.clock import as_datetime
from runs.shell.journal import Row
from runs.shell.reading.remains import decisions_of
from runs.shell.tombstones import is_tombstone
from skills.instants import instant
from skills.net.redaction import MASK

Json = dict[str, Any]

LEFT_OUT = "left out of this bundle"
"""The rule by which a payload is missing that is still there where the bundle was made."""


def rows_of(lines: Sequence[str]) -> list[Row]:
    """Return the lines of a bundle's journal as rows, what a row says beside its text read from that."""
    rows = []
    for seq, line in enumerate(lines, start=1):
        fact = json.loads(line).get("fact", {})
        kind, step, attempt, at = (fact.get(name) for name in ("kind", "step", "attempt", "at_ms"))
        rows.append(Row(seq, str(kind or ""), str(step or ""), int(attempt or 0), int(at or 0), line))
    return rows


def derived_from(rows: Sequence[Row]) -> dict[str, bytes]:
    """Return the files that follow from a journal, by name."""
    events = [json.loads(row.data) for row in rows]
    return {
        "plan.json": as_json(_plan(events)),
        "decisions.jsonl": as_lines(decision for row in rows for decision in decisions_of(row)),
        "effects.json": as_json(list(_effects(rows, events))),
        "approvals.json": as_json(list(_approvals(rows, events))),
        "costs.json": as_json(_costs(rows, events)),
        "redactions.json": as_json(_redactions(rows, events)),
    }


def as_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def as_lines(values: Iterator[Any]) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()


def _facts(rows: Sequence[Row], events: Sequence[Json], *kinds: str) -> Iterator[tuple[Row, Json]]:
    for row, event in zip(rows, events, strict=True):
        if not kinds or row.kind in kinds:
            yield row, event.get("fact", {})


def _plan(events: Sequence[Json]) -> Any:
    """Return the plan the run followed; null where it has none, or its payload was removed."""
    plans = [event.get("fact", {}).get("plan") for event in events]
    return next((plan for plan in reversed(plans) if plan is not None), None)


def _effects(rows: Sequence[Row], events: Sequence[Json]) -> Iterator[Json]:
    for row, fact in _facts(rows, events):
        for effect in fact.get("side_effects", []):
            yield {"seq": row.seq, "step_id": row.step, "attempt": row.attempt, "at": _at(row), **effect}


_DECIDED = {"approval_decided": "approval", "answer_given": "answer", "verdict_given": "verdict", "grant_answered": "grant used"}
_ASKED = {"ask_approval": "approval asked", "ask_person": "question asked", "hold_doubt": "put in doubt"}


def _approvals(rows: Sequence[Row], events: Sequence[Json]) -> Iterator[Json]:
    """Yield what people were asked and what they said, in order."""
    for row, event in zip(rows, events, strict=True):
        fact = event.get("fact", {})
        # A grant that was sought and not found is nothing anybody said.
        if row.kind in _DECIDED and (row.kind != "grant_answered" or fact.get("grant")):
            names = ("approved", "verdict", "action_hash", "edited_hash", "grant", "by", "reason")
            said = {name: fact[name] for name in names if name in fact}
            yield {"seq": row.seq, "at": _at(row), "step_id": row.step, "what": _DECIDED[row.kind], **said}
        for decision in event.get("decisions", []):
            if decision.get("kind") in _ASKED:
                names = ("action_hash", "skill", "version", "effect", "max_cost_micro_usd", "expires_at_ms", "rule")
                asked = {name: decision[name] for name in names if name in decision}
                yield {"seq": row.seq, "at": _at(row), "step_id": decision.get("step", ""), "what": _ASKED[decision["kind"]], **asked}


def _costs(rows: Sequence[Row], events: Sequence[Json]) -> Json:
    """Return what was charged, call by call, and their sum; what came too late or twice is told and not counted."""
    charged, sum_micro_usd = [], 0
    for row, event in zip(rows, events, strict=True):
        fact = event.get("fact", {})
        cost = fact.get("cost_micro_usd", 0)
        if not cost and not fact.get("usage"):
            continue
        counted = not any(decision.get("kind") == "ignore" for decision in event.get("decisions", []))
        sum_micro_usd += cost if counted else 0
        known = {name: fact[name] for name in ("usage", "pricing", "pricing_version", "model") if name in fact}
        charged.append({"seq": row.seq, "step_id": row.step, "attempt": row.attempt, "cost_micro_usd": cost, "counted": counted, **known})
    raised = [fact["amount_micro_usd"] for _, fact in _facts(rows, events, "topped_up") if "amount_micro_usd" in fact]
    limit = events[0].get("fact", {}).get("terms", {}).get("limit_micro_usd") if events else None
    return {"limit_micro_usd": limit, "topped_up_micro_usd": raised, "charged_micro_usd": sum_micro_usd, "calls": charged}


def _redactions(rows: Sequence[Row], events: Sequence[Json]) -> Json:
    """Return the map of what is not to be read here: payloads that were removed, and credentials that were never written."""
    removed = [
        {"seq": row.seq, "rule": event["removed"]["rule"], "at": instant(as_datetime(event["removed"]["at_ms"])), "sha256": link_of(row)}
        for row, event in zip(rows, events, strict=True)
        if is_tombstone(row.data)
    ]
    masked = [
        {"seq": row.seq, "pointer": pointer, "rule": "credentials are never written"}
        for row, event in zip(rows, events, strict=True)
        for pointer in _masks(event, "")
    ]
    return {"removed_payloads": removed, "masked_values": masked}


def _masks(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _masks(each, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _masks(each, f"{at}/{place}")
    elif isinstance(value, str) and MASK in value:
        yield at


def _at(row: Row) -> str:
    return instant(as_datetime(row.at_ms))


def head_of(rows: Sequence[Row]) -> str:
    """Return the link of the last event."""
    return link_of(rows[-1]) if rows else link("")
