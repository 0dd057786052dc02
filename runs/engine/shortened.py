"""Loops of a plan played short: some items for all of them, at the same cost and in the same time.

A simulation learns nothing from the hundredth item of an unknown list that the first did not tell. Of items that are all
alike as many are played as there are places, each standing for those that would take the place after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from agents.plan.references import UNKNOWN, Reference, UnresolvedReference, references_in, texts_of, walk, whole_reference

MOST_PLAYED = 16
"""Of a loop whose items are all alike, so many are played at the most."""
MOST_KNOWN = 200
"""A list the inputs hold is gone through item by item up to this length."""
MOST_IN_ALL = 5_000
"""And up to so many items in all lists of a plan together."""
_LIST = "aos-simulated-list"


class List(NamedTuple):
    """What a loop goes through, and how many items of it the loop takes."""

    reference: Reference
    most: int

    @property
    def loop(self) -> str | None:
        """Return the step whose whole result it is, where it is that."""
        return str(self.reference.path[0]) if self.reference.root == "steps" and len(self.reference.path) == 2 else None


Lists = dict[str, List]
"""The list of each loop of a plan."""


class Loop(msgspec.Struct, frozen=True):
    """A loop of `items` of which `played` are played; `rounds` and `played_rounds` say how often they fill all places."""

    items: int
    played: int
    rounds: int
    played_rounds: int


class Shortened(msgspec.Struct, frozen=True):
    """A plan whose loops are played short, and the memory it is played with: lists nobody looks into stand there, because
    conditions read inputs and must find nothing unknown."""

    plan: dict[str, Any]
    memory: dict[str, Any] = {}
    loops: dict[str, Loop] = {}

    def times(self, node: str, index: int | None) -> int:
        """Return for how many calls the call of a step, or of an item of it, stands."""
        loop = self.loops.get(node)
        if loop is None or index is None:
            return 1
        return loop.items // loop.played + (index < loop.items % loop.played)

    def stretched(self, node: str, took_ms: int) -> int:
        """Return how long a call takes that stands for several."""
        loop = self.loops.get(node)
        return took_ms if loop is None else -(-took_ms * loop.rounds // loop.played_rounds)


def shortened(plan: dict[str, Any], inputs: dict[str, Any], places: int) -> Shortened:
    """Return a plan as it is played with so many places."""
    lists = _lists_of(plan)
    if not lists:
        return Shortened(plan)
    one_by_one = MOST_KNOWN if sum(_known_length(each, inputs) for each in lists.values()) <= MOST_IN_ALL else 0
    needed, loops = _items_read(plan, lists), dict[str, Loop]()
    for name in lists:
        items = _alike(name, lists, inputs, one_by_one)
        played = min(items, max(min(places, MOST_PLAYED), needed.get(name, 0)))
        if played < items:
            loops[name] = Loop(items, played, -(-items // places), -(-played // places))
    steps = [_played(step, lists, inputs, loops) for step in plan["steps"]]
    followers = {name: loops[first] for name in lists if (first := _first(name, lists)) in loops}
    return Shortened({**plan, "steps": steps}, {_LIST: UNKNOWN}, loops | followers)


def _lists_of(plan: dict[str, Any]) -> Lists:
    found = {step["step_id"]: step for step in plan["steps"] if step.get("for_each") is not None}
    read = {name: (whole_reference(step["for_each"]), int(step.get("max_items", 100))) for name, step in found.items()}
    return {name: List(reference, most) for name, (reference, most) in read.items() if reference is not None}


def _first(name: str, lists: Lists) -> str:
    """Return the loop whose items a loop goes through again, itself where it has a list of its own. One that takes fewer items
    than the other may have is played by itself: in a run there may be so few."""
    before = lists[name].loop
    follows = before in lists and lists[name].most >= lists[before].most
    return _first(str(before), lists) if follows else name


def _alike(name: str, lists: Lists, inputs: dict[str, Any], one_by_one: int) -> int:
    """Return how many items of a loop are alike; 0 where each is another, and where the machine has its own word to say."""
    mine = lists[name]
    if _first(name, lists) != name or mine.reference.root not in ("steps", "inputs"):
        return 0
    if mine.reference.root == "steps":
        return mine.most
    length = _known_length(mine, inputs)
    return length if one_by_one < length <= mine.most else 0


def _known_length(mine: List, inputs: dict[str, Any]) -> int:
    if mine.reference.root != "inputs":
        return 0
    try:
        found = walk(inputs, mine.reference.path, mine.reference.text)
    except UnresolvedReference:
        return 0
    return len(found) if isinstance(found, list) else 0


def _played(step: dict[str, Any], lists: Lists, inputs: dict[str, Any], loops: dict[str, Loop]) -> dict[str, Any]:
    name, mine = step["step_id"], lists.get(step["step_id"])
    if mine is None:
        return step
    if _may_fall_back_whole(step, lists, inputs):
        return _over_unknown(step, mine, 1)
    if name in loops and mine.reference.root == "steps" and mine.loop not in lists:
        return {**step, "max_items": loops[name].played}
    is_own = _first(name, lists) == name and mine.loop in lists
    return _over_unknown(step, mine, loops[name].played if name in loops else mine.most) if name in loops or is_own else step


def _over_unknown(step: dict[str, Any], mine: List, items: int) -> dict[str, Any]:
    """Return a loop over so many items nobody knows, which waits for whatever it waited for."""
    waits_for = [mine.reference.step_id] if mine.reference.step_id else []
    depends_on = [*step.get("depends_on", ()), *waits_for]
    return {**step, "for_each": f"${{memory.{_LIST}}}", "max_items": items, "depends_on": depends_on}


def _may_fall_back_whole(step: dict[str, Any], lists: Lists, inputs: dict[str, Any]) -> bool:
    """Tell whether a loop over nothing may yet make a call: where its condition fails, its fallback is called for all of it."""
    if not step.get("fallback_skill") or not step.get("condition"):
        return False
    first = lists[_first(step["step_id"], lists)]
    return first.reference.root == "inputs" and _known_length(first, inputs) == 0


def _items_read(plan: dict[str, Any], lists: Lists) -> dict[str, int]:
    """Return up to which item the result of each loop is read one by one."""
    needed: dict[str, int] = {}
    for reference in _references(plan):
        if reference.root == "steps" and len(reference.path) > 2 and isinstance(reference.path[2], int) and reference.path[0] in lists:
            first = _first(str(reference.path[0]), lists)
            needed[first] = max(needed.get(first, 0), reference.path[2] + 1)
    return needed if sum(needed.values()) <= MOST_IN_ALL else {}


def _references(plan: dict[str, Any]) -> Iterator[Reference]:
    for step in plan["steps"]:
        for text in texts_of([step.get("params"), step.get("fallback_params"), step.get("for_each")]):
            yield from references_in(text)
