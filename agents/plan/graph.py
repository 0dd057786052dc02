"""The dependency graph of a plan: who waits for whom, and whether that can ever end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agents.plan.conditions import steps_read
from agents.plan.references import UnresolvedReference, references_in, texts_of


def referenced_steps(*values: Any) -> list[str]:
    """Return the ids of the steps the given values refer to, once each; unreadable references are skipped here,
    validation names them."""
    found: dict[str, None] = {}
    for text in texts_of(values):
        try:
            references = references_in(text)
        except UnresolvedReference:
            continue
        found.update((r.step_id, None) for r in references if r.step_id)
    return list(found)


def dependencies(step: Mapping[str, Any], *, reads: list[str] | None = None) -> list[str]:
    """Return every step this one waits for: declared, referenced, or read by its condition. `reads` are those its own call refers to,
    where that is known already."""
    fallback = step.get("fallback_params")
    implied = reads if reads is not None and fallback is None else referenced_steps(step.get("params"), fallback, step.get("for_each"))
    read = steps_read(step["condition"]) if step.get("condition") else []
    return list(dict.fromkeys([*step.get("depends_on", ()), *implied, *read]))


def find_cycle(waits_for: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Return the steps of one cycle in order, None where there is none. Unknown ids are ignored."""
    done: set[str] = set()
    for start in waits_for:
        path: list[str] = []
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            step, leaving = stack.pop()
            if leaving:
                path.pop()
                done.add(step)
            elif step in path:
                return path[path.index(step) :]
            elif step not in done and step in waits_for:
                path.append(step)
                stack.append((step, True))
                stack.extend((needed, False) for needed in waits_for[step])
    return None
