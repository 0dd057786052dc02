"""Checks what many clients saw at once against what one after the other would have seen.

A history is linearizable if every operation can be given one instant between its call and its answer so that the
answers are those of a sequential specification (Herlihy and Wing). The search is Wing and Gong's, with Lowe's memory
of the configurations already tried: the same operations done and the same state never need a second look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
State = Hashable

SHOWN = 12
"""How many operations on either side of the contradiction a failure shows."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What one client asked of one object, what it was answered, and between which instants."""

    client: str
    name: str
    given: Any
    answer: Any
    called_at: int
    answered_at: int

    def __str__(self) -> str:
        return f"[{self.called_at:>9} {self.answered_at:>9}] {self.client}: {self.name}({self.given}) → {self.answer}"


Specification = Callable[[Any, Operation], Iterable[State]]
"""Says which states an operation may leave behind, given the state before it and its answer; none if it is wrong there."""


class NotLinearizable(AssertionError):
    """No order of the operations explains their answers. `order` is the longest that explains its part."""

    def __init__(self, order: Sequence[Operation], state: State, left: Sequence[Operation]) -> None:
        super().__init__(
            f"no order explains the history; {len(order)} operations can be put in order, the last of them:\n"
            f"{_listed(order[-SHOWN:])}\nwhich leaves {state!r}, after which none of these can come next:\n{_listed(left[:SHOWN])}"
        )
        self.order = order


def _listed(operations: Iterable[Operation]) -> str:
    return "\n".join(f"  {operation}" for operation in operations)


def linearization(history: Iterable[Operation], initial: State, specification: Specification) -> list[Operation]:
    """Return an order that explains every answer and keeps to real time. Raises NotLinearizable where there is none."""
    operations = sorted(history, key=lambda operation: operation.called_at)
    order: list[Operation] = []
    furthest, stuck_in = order.copy(), initial
    tried: set[tuple[int, State]] = set()
    ways = [_moves(operations, (1 << len(operations)) - 1, initial, specification, tried)]
    while len(order) < len(operations):
        found = next(ways[-1], None)
        if found is not None:
            operation, left, state = found
            order.append(operation)
            ways.append(_moves(operations, left, state, specification, tried))
            if len(order) > len(furthest):
                furthest, stuck_in = order.copy(), state
        elif order:
            ways.pop()
            order.pop()
        else:
            placed = set(map(id, furthest))
            raise NotLinearizable(furthest, stuck_in, [operation for operation in operations if id(operation) not in placed])
    return order


def _moves(
    operations: Sequence[Operation], left: int, state: State, specification: Specification, tried: set[tuple[int, State]]
) -> Iterator[tuple[Operation, int, State]]:
    """Yield each operation that may come next, with what is left after it (as bits) and a state it leaves behind."""
    for place in _minimal(operations, left):
        after = left & ~(1 << place)
        for following in specification(state, operations[place]):
            if (after, following) not in tried:
                tried.add((after, following))
                yield operations[place], after, following


def _minimal(operations: Sequence[Operation], left: int) -> list[int]:
    """Return the operations left that were called before any other was answered, the first answered first."""
    found: list[int] = []
    soonest: int | None = None
    while left:
        place = (left & -left).bit_length() - 1
        operation = operations[place]
        if soonest is not None and operation.called_at > soonest:
            break
        soonest = operation.answered_at if soonest is None else min(soonest, operation.answered_at)
        found.append(place)
        left &= left - 1
    return sorted(found, key=lambda place: operations[place].answered_at)


@dataclass
class Histories:
    """Records what many threads do, one history an object."""

    of: dict[Hashable, list[Operation]] = field(default_factory=dict)
    _began: int = field(default_factory=time.monotonic_ns)

    def now(self) -> int:
        return time.monotonic_ns() - self._began

    def add(self, thing: Hashable, name: str, given: Any, answer: Any, called_at: int, answered_at: int) -> None:
        client = threading.current_thread().name
        # One dictionary and its lists for all threads: both calls are atomic.
        self.of.setdefault(thing, []).append(Operation(client, name, given, answer, called_at, answered_at))

    def call(self, thing: Hashable, name: str, given: Any, do: Callable[[], T]) -> T:
        """Do something to an object, and put down what was answered between which instants."""
        called_at = self.now()
        answer = do()
        self.add(thing, name, given, answer, called_at, self.now())
        return answer
