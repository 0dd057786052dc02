"""A plan made ready to be played with nobody outside: results shaped as the plan reads them, loops short, conditions settled.

In a run conditions on results and the length of loops are decided by what comes back. Here nothing does, so conditions that
read results are taken to hold, and of loops two items are played: all items meet the same fault, and two can meet it at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from agents.plan.graph import dependencies
from agents.plan.references import Reference, UnresolvedReference, references_in, strings_in, walk, whole_reference

ITEMS = 2
SOMETHING = "something"
"""What a result holds where nobody looks inside."""
FARTHEST = 1_000
"""A place in a list beyond this is not made up, and nothing is found there."""
CHARACTERS_A_VALUE = 200
_MEMORY = "aos-rehearsed-"
_READS_RESULTS = re.compile(r"\b(result|item|index)\b")

Path = tuple[str | int, ...]


class Rehearsal(NamedTuple):
    """A plan as it is played, what each step is taken to give, the memory it is played with, and what was taken for granted."""

    plan: dict[str, Any]
    results: dict[str, Any]
    memory: dict[str, Any]
    assumed: list[str]


def rehearse(plan: Mapping[str, Any], inputs: Mapping[str, Any]) -> Rehearsal:
    """Return a valid plan ready to be played under these inputs."""
    memory: dict[str, Any] = {}
    assumed: list[str] = []
    steps = [_step(step, inputs, memory, assumed) for step in plan["steps"]]
    return Rehearsal({**plan, "steps": steps}, _results(steps), memory, assumed)


def _step(step: Mapping[str, Any], inputs: Mapping[str, Any], memory: dict[str, Any], assumed: list[str]) -> dict[str, Any]:
    # What it waits for is written down first: a condition that goes takes its dependencies along.
    played = {**step, "depends_on": list(dependencies(dict(step)))}
    name, condition = step["step_id"], step.get("condition")
    if condition is not None and _READS_RESULTS.search(condition):
        played["condition"] = None
        assumed.append(f"the condition of '{name}' reads results and is taken to hold")
    if step.get("for_each") is not None:
        _shorten(played, inputs, memory, assumed)
    return played


def _shorten(step: dict[str, Any], inputs: Mapping[str, Any], memory: dict[str, Any], assumed: list[str]) -> None:
    """Play a list the inputs hold with its first items; one that a step gives is made short where results are made up."""
    reference, name = whole_reference(step["for_each"]), step["step_id"]
    assert reference is not None, "validated with the plan"
    if reference.root != "inputs":
        assumed.append(f"the loop of '{name}' is taken to have {ITEMS} items")
        return
    try:
        items = walk(dict(inputs), reference.path, reference.text)
    except UnresolvedReference:
        return
    if isinstance(items, list) and len(items) > ITEMS:
        memory[_MEMORY + name] = items[:ITEMS]
        step["for_each"] = f'${{memory["{_MEMORY}{name}"]}}'
        assumed.append(f"of the {len(items)} items of '{name}' {ITEMS} are played")


# Results


def _results(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return for each step a result that has whatever the plan reads of it."""
    loops = {step["step_id"]: whole_reference(step["for_each"]) for step in steps if step.get("for_each") is not None}
    results: dict[str, Any] = {step["step_id"]: {} for step in steps}
    for step in steps:
        references = list(_references(step))
        for name, below in (_place(read, loops) for read in references if read.root == "steps"):
            results[name] = _placed(results[name], below, SOMETHING)
        through = loops.get(step["step_id"])
        if through is not None and through.root == "steps":
            name, below = _place(through, loops)
            item = _item(references)
            # What another loop gives is a list already, of what each of its items gives.
            results[name] = _placed(results[name], below, item if name in loops and not below else [item] * ITEMS)
    return results


def _references(step: Mapping[str, Any]) -> Iterator[Reference]:
    for _, text in strings_in([step.get("params"), step.get("fallback_params")]):
        if "${" in text:
            yield from references_in(text)


def _place(reference: Reference, loops: Mapping[str, Any]) -> tuple[str, Path]:
    """Return the step a reference reads and where in its result; of a loop, where in the result of an item."""
    name, below = str(reference.path[0]), reference.path[2:]
    return name, below[1:] if name in loops and below and isinstance(below[0], int) else below


def _item(references: list[Reference]) -> Any:
    item: Any = SOMETHING
    for read in references:
        if read.root == "item":
            item = _placed(item, read.path, SOMETHING)
    return item


def _placed(value: Any, path: Path, leaf: Any) -> Any:
    """Return a value that has something at the end of a path, and still has what it had."""
    if not path:
        return value if isinstance(value, dict | list) and leaf == SOMETHING and value != {} else leaf
    first, below = path[0], path[1:]
    if isinstance(first, int):
        found = list(value) if isinstance(value, list) else []
        if first > FARTHEST:
            return found
        found += [SOMETHING] * (first + 1 - len(found))
        found[first] = _placed(found[first], below, leaf)
        return found
    known = dict(value) if isinstance(value, dict) else {}
    known[first] = _placed(known.get(first), below, leaf)
    return known


# How much of it there is


def values_filled_in(plan: Mapping[str, Any], inputs: Mapping[str, Any]) -> int:
    """Return how many values the parameters of a plan hold with what they read of the inputs filled in."""
    known: dict[Path, int] = {}
    return sum(_values(step.get("params")) + _values_read(step, inputs, known) for step in plan["steps"])


def _values_read(step: Mapping[str, Any], inputs: Mapping[str, Any], known: dict[Path, int]) -> int:
    count = 0
    for read in _references(step):
        if read.root == "inputs":
            if read.path not in known:
                known[read.path] = _values_at(read, inputs)
            count += known[read.path]
    return count


def _values_at(read: Reference, inputs: Mapping[str, Any]) -> int:
    try:
        return _values(walk(dict(inputs), read.path, read.text))
    except UnresolvedReference:
        return 0


def _values(value: Any) -> int:
    """Return how many values there are, a long text standing for several."""
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS_A_VALUE
    if isinstance(value, dict):
        return 1 + sum(map(_values, value.values()))
    return 1 + sum(map(_values, value)) if isinstance(value, list) else 1
