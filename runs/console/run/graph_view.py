"""Draws a plan as a graph: its steps in layers by what they wait for, a box each, arrows between. Pure; the template only lays it out.

An arrow that passes a layer gets a lane of its own there, so that it runs beside the boxes and not behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from runs.console.run.folding import base_of
from skills.wording import Look, look_of

STEPS_SHOWN = 60
BOX_WIDTH, BOX_HEIGHT = 176, 66
GAP_ALONG, GAP_ACROSS, LANE = 44, 16, 10
MARGIN = 4
# Beyond this many layers a narrow plan reads better from top to bottom than through a scroll bar.
LAYERS_ABREAST, BOXES_ABREAST = 4, 4
NAME_SHOWN, SKILL_SHOWN = 21, 24
# What an operator has to know of first, of a step's many items.
_GRAVEST = ("in_doubt", "failed", "waiting", "running", "pending", "cancelled", "skipped", "succeeded")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A step of the plan; the items of a for_each are one."""

    name: str
    skill: str
    status: str
    needs: tuple[str, ...]
    items: int


class Slot(NamedTuple):
    """A place in a layer: the box of a step, or the lane in which an arrow from it goes on."""

    name: str
    is_box: bool
    centre: float


class _Sheet(NamedTuple):
    """How layers become coordinates: side by side from left to right, or one below the other."""

    is_down: bool

    @property
    def along(self) -> int:
        return BOX_HEIGHT if self.is_down else BOX_WIDTH

    @property
    def across(self) -> int:
        return BOX_WIDTH if self.is_down else BOX_HEIGHT

    def begins(self, layer: int) -> int:
        return MARGIN + layer * (self.along + GAP_ALONG)

    def point(self, along: float, across: float) -> tuple[float, float]:
        return (across, along) if self.is_down else (along, across)


def graph_of(steps: Sequence[Json], most: int = STEPS_SHOWN) -> dict[str, Any]:
    """Return the drawing of the steps of a trace, and the same as a list of words; empty where there is no plan yet."""
    found = nodes_of(steps)
    nodes = {node.name: node for node in found[:most]}
    if not nodes:
        return {}
    layers = layers_of(nodes)
    depth = 1 + max(layers.values())
    sheet = _Sheet(depth > LAYERS_ABREAST and _widest(layers) <= BOXES_ABREAST)
    rows = rows_of(nodes, layers, sheet.across)
    length = sheet.begins(depth - 1) + sheet.along + MARGIN
    breadth = max(slot.centre + _size(slot, sheet.across) / 2 for row in rows for slot in row) + MARGIN
    width, height = sheet.point(length, breadth)
    return {
        "width": round(width),
        "height": round(height),
        "boxes": [_box(nodes[slot.name], sheet, layer, slot.centre) for layer, row in enumerate(rows) for slot in row if slot.is_box],
        "arrows": _arrows(nodes, layers, rows, sheet),
        "says": f"{_count(len(nodes), 'step')} in {_count(depth, 'layer')}",
        "lines": [_line(nodes[name]) for name in sorted(nodes, key=lambda name: layers[name])],
        "cut": f"The first {most} of {len(found)} steps; the table of steps below has them all." if len(found) > most else "",
    }


def nodes_of(steps: Sequence[Json]) -> list[Node]:
    """Return the plan's steps in its order, without those the machine adds itself."""
    parts: dict[str, list[Json]] = {}
    for step in steps:
        if not str(step["step_id"]).startswith("$"):
            parts.setdefault(base_of(step), []).append(step)
    return [_node(name, found) for name, found in parts.items()]


def _node(name: str, found: Sequence[Json]) -> Node:
    whole = next((step for step in found if step["step_id"] == name), None)
    items = [step for step in found if step is not whole]
    status = str(whole["status"]) if whole else _gravest([str(step["status"]) for step in items])
    first = whole or items[0]
    return Node(name, str(first["skill"] or ""), status, tuple(str(need) for need in first["depends_on"]), len(items))


def _gravest(statuses: Sequence[str]) -> str:
    return next((status for status in _GRAVEST if status in statuses), statuses[0])


def layers_of(nodes: Mapping[str, Node]) -> dict[str, int]:
    """Return the layer of each step: one after the last of those it waits for."""
    layers: dict[str, int] = {}
    waiting = dict(nodes)
    while waiting:
        ready = [name for name, node in waiting.items() if not any(need in waiting for need in node.needs)]
        # No valid plan has a circle; the steps of one still get a place, behind all others.
        for name in ready or list(waiting):
            layers[name] = 1 + max((layers[need] for need in nodes[name].needs if need in layers), default=-1)
            del waiting[name]
    return layers


def rows_of(nodes: Mapping[str, Node], layers: Mapping[str, int], across: int) -> list[list[Slot]]:
    """Return what stands in each layer, in an order that keeps arrows short, each layer in the middle."""
    last_use = {name: max((layers[other.name] for other in nodes.values() if name in other.needs), default=0) for name in nodes}
    rows: list[list[Slot]] = []
    for layer in range(1 + max(layers.values())):
        before = {slot.name: slot.centre for slot in rows[-1]} if rows else {}
        boxes = [(_wish(nodes[name].needs, before), name, True) for name in nodes if layers[name] == layer]
        lanes = [(before[name], name, False) for name in nodes if layers[name] < layer < last_use[name]]
        rows.append(_placed(sorted([*boxes, *lanes], key=lambda slot: slot[0]), across))
    breadth = max(_breadth(row, across) for row in rows)
    return [[slot._replace(centre=slot.centre + MARGIN + (breadth - _breadth(row, across)) / 2) for slot in row] for row in rows]


def _wish(needs: Sequence[str], before: Mapping[str, float]) -> float:
    known = [before[need] for need in needs if need in before]
    return sum(known) / len(known) if known else 0.0


def _placed(wanted: Sequence[tuple[float, str, bool]], across: int) -> list[Slot]:
    row: list[Slot] = []
    edge = 0.0
    for _, name, is_box in wanted:
        slot = Slot(name, is_box, 0.0)
        row.append(slot._replace(centre=edge + _size(slot, across) / 2))
        edge += _size(slot, across) + GAP_ACROSS
    return row


def _size(slot: Slot, across: int) -> int:
    return across if slot.is_box else LANE


def _breadth(row: Sequence[Slot], across: int) -> float:
    return row[-1].centre + _size(row[-1], across) / 2


def _widest(layers: Mapping[str, int]) -> int:
    found = list(layers.values())
    return max(found.count(layer) for layer in set(found))


def _box(node: Node, sheet: _Sheet, layer: int, centre: float) -> dict[str, Any]:
    x, y = sheet.point(sheet.begins(layer), centre - sheet.across / 2)
    look = look_of(node.status)
    return {
        "x": round(x),
        "y": round(y),
        "name": _cut(node.name, NAME_SHOWN),
        "skill": _cut(_skill_in_words(node), SKILL_SHOWN),
        # Text of a drawing: nothing can be drawn into it, and a hand or a double bar is in few fonts.
        "icon": str(look.icon).replace("✋", "||"),
        "word": look.word,
        "class": f"aos-{look.colour} aos-open" if node.status == "running" else f"aos-{look.colour}",
        "whole": f"{node.name}: {look.word}, {_skill_in_words(node)}",
    }


def _skill_in_words(node: Node) -> str:
    return f"{node.skill} × {node.items}" if node.items else node.skill


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _arrows(nodes: Mapping[str, Node], layers: Mapping[str, int], rows: Sequence[Sequence[Slot]], sheet: _Sheet) -> list[str]:
    """Return each arrow as the path of an SVG."""
    places = [{slot.name: slot.centre for slot in row} for row in rows]
    return [
        _path(need, node.name, range(layers[need], layers[node.name] + 1), places, sheet)
        for node in nodes.values()
        for need in dict.fromkeys(node.needs)
        if need in layers and layers[need] < layers[node.name]
    ]


def _path(source: str, target: str, layers: range, places: Sequence[Mapping[str, float]], sheet: _Sheet) -> str:
    """Return a line from the end of one box to the start of another, straight through the lanes between."""
    at = sheet.begins(layers[0]) + sheet.along
    across = places[layers[0]][source]
    parts = [f"M{_pair(sheet.point(at, across))}"]
    for layer in layers[1:]:
        is_last = layer == layers[-1]
        begins, onward = sheet.begins(layer), places[layer][target if is_last else source]
        middle = (at + begins) / 2
        bend = (sheet.point(middle, across), sheet.point(middle, onward), sheet.point(begins, onward))
        parts.append(f"C{' '.join(_pair(point) for point in bend)}")
        at, across = begins + sheet.along, onward
        if not is_last:
            parts.append(f"L{_pair(sheet.point(at, across))}")
    return "".join(parts)


def _pair(point: tuple[float, float]) -> str:
    return f"{point[0]:g},{point[1]:g}"


def _line(node: Node) -> dict[str, Any]:
    look: Look = look_of(node.status)
    return {"name": node.name, "skill": _skill_in_words(node), "look": look, "after": ", ".join(node.needs)}


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
