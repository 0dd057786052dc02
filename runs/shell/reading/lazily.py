"""Decisions and events of a journal as the trace tells them, each written out only when somebody looks into it. Pure.

A page shows the first few hundred of thousands; of the others it asks only what they are, when they were, and about which step.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from runs.engine.decisions import Decision
from runs.engine.virtual import Entry
from runs.shell.codec import kind_of
from runs.shell.reading.decided import decision_json
from runs.shell.reading.trace import event_json

Json = dict[str, Any]


class _Told(Mapping[str, Any]):
    """What is written out when something else than the little at hand is asked for. There are thousands: each holds where it
    comes from and nothing else."""

    __slots__ = ("_entry", "_seq", "_whole")

    def __init__(self, seq: int, entry: Entry) -> None:
        self._seq, self._entry = seq, entry
        self._whole: Json | None = None

    @abstractmethod
    def _written(self) -> Json:
        """Return all of it."""

    def _all(self) -> Json:
        if self._whole is None:
            self._whole = self._written()
        return self._whole

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class DecisionTold(_Told):
    """A decision, as `decision_json` writes it; its kind and step are at hand."""

    __slots__ = ("_decision",)

    def __init__(self, seq: int, entry: Entry, decision: Decision) -> None:
        super().__init__(seq, entry)
        self._decision = decision

    def __getitem__(self, name: str) -> Any:
        if name == "step_id":
            return self._decision.step or None
        return kind_of(self._decision) if name == "kind" else self._all()[name]

    def _written(self) -> Json:
        fact = self._entry.fact
        return decision_json(self._seq, fact.at_ms, kind_of(fact), self._decision)


class EventTold(_Told):
    """An event, as `event_json` writes it; its kind and instant are at hand."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        if name == "at_ms":
            return self._entry.fact.at_ms
        return kind_of(self._entry.fact) if name == "kind" else self._all()[name]

    def _written(self) -> Json:
        return event_json(self._seq, self._entry)


def decisions_told(history: list[Entry]) -> list[DecisionTold]:
    """Return the decisions of a journal in order."""
    return [DecisionTold(seq, entry, decision) for seq, entry in enumerate(history, start=1) for decision in entry.decisions]


def events_told(history: list[Entry]) -> list[EventTold]:
    """Return the events of a journal in order."""
    return [EventTold(seq, entry) for seq, entry in enumerate(history, start=1)]
