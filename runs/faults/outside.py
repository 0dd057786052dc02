"""The world outside, simulated: it gets calls, does what they ask, and counts what it did. Honours keys unless told otherwise."""

from __future__ import annotations

from collections.abc import Collection

from runs.faults.kinds import COUNTED_EFFECTS


class Outside:
    """What was done outside, by step and call. A repeatable write that comes twice under one key is done once, by whoever
    honours keys; every other write is done as often as it comes."""

    def __init__(self, ignoring_keys: Collection[str] = ()) -> None:
        self._ignoring = frozenset(ignoring_keys)
        self._calls: dict[str, int] = {}
        self._done: dict[str, dict[str, None]] = {}
        self._by_skill: dict[tuple[str, str], None] = {}

    def receive(self, step: str, skill: str, effect: str, key: str, *, arrives: bool) -> None:
        """Take in a call of a step; it changes something where it arrives and is a write."""
        number = self._calls[step] = self._calls.get(step, 0) + 1
        if not arrives or effect not in COUNTED_EFFECTS:
            return
        honoured = effect == "idempotent_write" and key and skill not in self._ignoring
        self._done.setdefault(step, {})[f"key {key}" if honoured else f"call {number}"] = None
        self._by_skill[step, skill] = None

    def calls(self, step: str) -> int:
        return self._calls.get(step, 0)

    def effects(self, step: str) -> int:
        """Return how often what a step asks for was done."""
        return len(self._done.get(step, ()))

    def happened(self, step: str, skill: str) -> bool:
        """Tell what a probe finds: whether a skill has done anything for a step."""
        return (step, skill) in self._by_skill
