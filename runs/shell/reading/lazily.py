"""Decisions and events of a journal as the trace tells them, each written out only when somebody looks into it. Pure.

A page shows the first few hundred of thousands; of the others it asks only what they are, when they were, and about which step.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from runs.engine.virtual import Entry
from runs.shell.codec import kind_of
from runs.shell.reading.decided import decision_json
from runs.shell.reading.trace import event_json

Json = dict[str, Any]


class _Told(Mapping[str, Any]):
    """What is written out when something else than the little at hand is asked for."""

    __slots__ = ("_at_hand", "_of", "_whole")

    def __init__(self, at_hand: Json, of: Any) -> None:
        self._at_hand, self._of = at_hand, of
        self._whole: Json | None = None

    @abstractmethod
    def _written(self) -> Json:
        """Return all of it."""

    def _all(self) -> Json:
        if self._whole is None:
            self._whole = self._written()
        return self._whole

    def __getitem__(self, name: str) -> Any:
        try:
            return self._at_hand[name]
        except KeyError:
            return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class DecisionTold(_Told):
    """A decision, as `decision_json` writes it."""

    __slots__ = ()

    def _written(self) -> Json:
        at_hand, (entry, decision) = self._at_hand, self._of
        return decision_json(at_hand["seq"], at_hand["at_ms"], kind_of(entry.fact), decision)


class EventTold(_Told):
    """An event, as `event_json` writes it."""

    __slots__ = ()

    def _written(self) -> Json:
        return event_json(self._at_hand["seq"], self._of)


def decisions_told(history: list[Entry]) -> list[DecisionTold]:
    """Return the decisions of a journal in order."""
    return [
        DecisionTold(
            {"seq": seq, "at_ms": entry.fact.at_ms, "kind": kind_of(decision), "step_id": decision.step or None}, (entry, decision)
        )
        for seq, entry in enumerate(history, start=1)
        for decision in entry.decisions
    ]


def events_told(history: list[Entry]) -> list[EventTold]:
    """Return the events of a journal in order."""
    return [
        EventTold({"seq": seq, "at_ms": entry.fact.at_ms, "kind": kind_of(entry.fact)}, entry) for seq, entry in enumerate(history, start=1)
    ]
