"""What is decided about every failure: plays code × effect class × phase × on_error, and writes the table of the docs.

python -m tests.engine.recovery_matrix > docs/reference/recovery-matrix.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

import catalog.recovery
from catalog.contracts import Entry, EntryDocument
from catalog.recovery import choose
from runs.engine.decisions import Decision, Retry
from runs.engine.events import Pin
from runs.engine.script import Fail, ScriptWorld, accepted
from runs.engine.virtual import drive
from skills.contracts import Effect
from skills.taxonomy import CODES, Category, spec_of

EFFECTS = tuple(str(effect) for effect in Effect)
PHASES = ("not_sent", "maybe_sent", "acked")
ON_ERROR = (None, "abort", "continue", "retry", "fallback", "escalate")

SHIPPED = Path(catalog.recovery.__file__).parent / "data" / "catalog.json"

HEAD = """# What is decided about every failure

A failure is answered by its code, what the shipped catalog says about it, how far the call had come and what its effect is, where the
step says nothing itself (no `on_error`, no `retry`). *Repeatable* are the effect classes `none`, `read` and `idempotent_write`; *write*
stands for `write` and `irreversible`. `retry ×n` means that there are n tries in all; what follows the arrow is done after the last.
`in doubt` means: the skill's probe, then the agent's policy, then a person.

What a step's `on_error` says stands in place of what follows the arrow: `abort`, `continue`, `escalate` (a person says retry, modify,
skip or abort), `fallback` (the step's other skill, then abort), and `retry`, which also tries again what the catalog would not, where
the code allows it at all. An entry of your own, or an active recovery policy, changes the mode and the numbers, never what is safe.

Written by `python -m tests.engine.recovery_matrix`; a test plays every line of it, and every `on_error`, through the machine.
"""


def advice_of(code: str) -> dict[str, Any]:
    """Return what the shipped catalog says about a code of any skill."""
    entries = {(entry.tenant_id, entry.code, entry.skill): entry for entry in _shipped()}
    return choose(entries, tenant_id=None, skill="", code=code, signature="").model_dump(mode="json")


def _shipped() -> Iterator[Entry]:
    for document in TypeAdapter(list[EntryDocument]).validate_json(SHIPPED.read_bytes()):
        mode = document.mode or spec_of(document.code).mode
        yield Entry(None, None, document.code, document.skill, mode, document.parameters, (), document.prior_confidence)


ADVICE = {code: advice_of(code) for code in CODES}


def decisions_on(code: str, effect: str, phase: str, on_error: str | None) -> list[Decision]:
    """Let a call fail so every time, and return what was decided about it up to the first wait for a person, or the end."""
    step: dict[str, Any] = {"step_id": "a", "skill": "acts", "on_error": on_error}
    if on_error == "fallback":
        step["fallback_skill"] = "other"
    plan = {"steps": [step]}
    pins = {"acts": Pin("acts", "1.0.0", effect=effect), "other": Pin("other", "1.0.0")}
    world = ScriptWorld(plan, {"a": Fail(code, phase=phase)}, pins=pins, advice=ADVICE)  # type: ignore[arg-type]
    _, journal = drive(accepted(plan, max_parallel=1, approval_effects=()), world)
    return [decision for _, decisions in journal for decision in decisions if decision.step == "a"]


def told(decisions: list[Decision]) -> str:
    """Return decisions in the words of the table."""
    retries = sum(1 for _ in _until_final(decisions))
    final = _final(decisions)
    tried = f"retry ×{retries + 1} → " if retries else ""
    return tried + final


def _until_final(decisions: list[Decision]) -> Iterator[Decision]:
    for decision in decisions:
        if isinstance(decision, Retry):
            yield decision
        elif kind_of(decision) in _FINAL:
            return


_FINAL = {
    "abort": "abort",
    "continue": "go on without it",
    "fallback": "fall back",
    "hold_doubt": "in doubt",
    "escalate": "ask",
}


def _final(decisions: list[Decision]) -> str:
    final = next(decision for decision in decisions if kind_of(decision) in _FINAL)
    if kind_of(final) != "escalate":
        return _FINAL[kind_of(final)]
    asked = next(decision for decision in decisions if kind_of(decision) == "ask_person")
    return "ask: " + ", ".join(asked.form["properties"]["action"]["enum"])  # type: ignore[attr-defined]


def kind_of(decision: Decision) -> str:
    return str(decision.__struct_config__.tag)


COLUMNS = (
    ("repeatable", "read", "acked"),
    ("write, not sent", "write", "not_sent"),
    ("write, maybe sent", "write", "maybe_sent"),
    ("write, acknowledged", "write", "acked"),
)


def table() -> str:
    """Return the page of the docs."""
    lines = [HEAD]
    for category, codes in groupby(CODES, key=lambda code: spec_of(code).category):
        lines += [f"## {Category(category).value.capitalize()}", "", "| code | mode | " + " | ".join(name for name, *_ in COLUMNS) + " |"]
        lines.append("|---" * (2 + len(COLUMNS)) + "|")
        for code in codes:
            cells = [told(decisions_on(code, effect, phase, None)) for _, effect, phase in COLUMNS]
            lines.append(f"| {code} | {ADVICE[code]['mode']} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table())
