"""Finds skills: built-ins, modules the operator names, and the entry-point group `aos.skills`, all by the same door.

A plugin that cannot be loaded is put in quarantine with its reason and stops nobody else. A module the operator
named stops the start instead: it was asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points

from skills.base import Skill
from skills.registry import Registry

GROUP = "aos.skills"
BUILT_INS = ("skills.library.http_call", "skills.library.llm_invoke", "skills.library.json_transform", "skills.library.ask_human")


@dataclass(frozen=True)
class Quarantined:
    """A plugin that was refused, and why."""

    source: str
    reason: str


def load(into: Registry, *, with_plugins: bool, modules: Iterable[str] = ()) -> list[Quarantined]:
    """Add the built-in skills, those of `modules` and, when asked, those of installed plugins; return what was refused."""
    for module in (*BUILT_INS, *modules):
        _add_all(into, module)
    refused: list[Quarantined] = []
    for entry in entry_points(group=GROUP) if with_plugins else ():
        try:
            _add_all(into, entry.value.partition(":")[0])
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything; its reason is kept
            refused.append(Quarantined(entry.name, f"{type(error).__name__}: {error}"))
    return refused


def _add_all(into: Registry, module_name: str) -> None:
    module = import_module(module_name)
    found = [value for value in vars(module).values() if _is_skill_of(value, module_name)]
    if not found:
        raise LookupError(f"{module_name} declares no skill")
    for cls in found:
        into.add(cls)


def _is_skill_of(value: object, module_name: str) -> bool:
    return isinstance(value, type) and issubclass(value, Skill) and value.__module__ == module_name and hasattr(value, "name")
