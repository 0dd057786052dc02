"""The decisions of a run as its page shows them: in words, by kind and step, beside the step they are about. Pure."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

from runs.console.people.approvals_view import plainly
from skills.wording import duration

Json = Mapping[str, Any]
STEPS_TO_CHOOSE = 250


class Wanted(NamedTuple):
    """Which decisions a reader wants to see: those of a kind, those about a step, or about all items of a loop; empty for all."""

    kind: str = ""
    step: str = ""

    def has(self, decision: Json) -> bool:
        step = decision["step_id"] or ""
        return self.kind in ("", decision["kind"]) and (self.step in ("", step) or step.startswith(f"{self.step}#"))


def decisions_table(
    decisions: Sequence[Json], begun_ms: int, wanted: Wanted, *, shows_payloads: bool, most: int = sys.maxsize
) -> dict[str, Any]:
    """Return the table with what it can be filtered by, whether it says on what grounds, and how many there are.

    `more` are those beyond what is shown at most.
    """
    found = [each for each in decisions if wanted.has(each)] if any(wanted) else decisions
    return {
        "rows": [_row(each, begun_ms, shows_payloads) for each in found[:most]],
        "found": len(found),
        "more": max(0, len(found) - most),
        "total": len(decisions),
        "kinds": sorted({str(each["kind"]) for each in decisions}),
        "steps": _steps(decisions),
        "wanted": wanted,
        "is_filtered": any(wanted),
        "shows_grounds": shows_payloads,
    }


def _steps(decisions: Sequence[Json]) -> list[str]:
    """Return the steps to choose from; of very many the loops without their items."""
    found = {str(step) for each in decisions if (step := each["step_id"])}
    return sorted(found if len(found) <= STEPS_TO_CHOOSE else {step.partition("#")[0] for step in found})


def by_step(decisions: Sequence[Json], begun_ms: int, steps: Set[str], *, shows_payloads: bool) -> dict[str, list[dict[str, Any]]]:
    """Return what was decided about each of these steps, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for decision in decisions if steps else ():
        if (step := decision["step_id"]) in steps:
            found.setdefault(step, []).append(_line(decision, begun_ms, shows_payloads))
    return found


def _line(decision: Json, begun_ms: int, shows_payloads: bool) -> dict[str, str]:
    """Return a decision as a line beside its step: what, then why, then when and on what grounds."""
    row = _row(decision, begun_ms, shows_payloads)
    delay = f" after {row['delay']}" if row["delay"] else ""
    return {"kind": row["kind"], "why": f"{delay}: {row['words']}", "when": " · ".join(filter(None, (row["after"], row["because"])))}


def _row(decision: Json, begun_ms: int, shows_payloads: bool) -> dict[str, Any]:
    delay = decision["delay_ms"]
    read = {**decision["because"], **decision["detail"]}
    return {
        "seq": decision["seq"],
        "event": str(decision["event"]).replace("_", " "),
        "after": f"+{duration(decision['at_ms'] - begun_ms)}",
        "kind": str(decision["kind"]).replace("_", " "),
        "rule": decision["rule"],
        "words": decision["words"],
        "step_id": decision["step_id"] or "",
        "attempt": decision["attempt"] or "",
        "delay": duration(delay) if delay else "",
        "alternatives": ", ".join(each.replace("_", " ") for each in decision["alternatives"]),
        "because": plainly(pairs(read)) if shows_payloads else "",
    }


def pairs(detail: Json) -> str:
    """Return what a decision read and chose in one line; instants are left to the column that tells them in words."""
    return " · ".join(
        f"{name} {_said(value)}" for name, value in detail.items() if value not in (None, "", [], (), {}) and not name.endswith("_at_ms")
    )


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else str(value)
