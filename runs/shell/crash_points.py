"""Named places where a process may die in the worst moment. They do nothing unless a test arms them.

The simulation and the sweep over every commit (tests/simulation) stop a worker or a client at these places, by an
exception no `except Exception` catches, and check that whoever comes after finds things as they must be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

CrashPoint = Literal[
    "session.begun",  # the session's row is committed, its drain does not know it yet
    "claim.committed",  # runs are held, and nobody has heard of it
    "journal.before",  # a batch is gathered, its transaction not begun
    "journal.written",  # inside the transaction: everything is written, nothing committed
    "journal.committed",  # durable, and nobody has been told
    "effect.before",  # the intent is durable, the call not made
    "effect.after",  # the call was made, its outcome is in memory only
    "run.parked",  # the row says waiting, its driver has not left
    "run.finished",  # the row says how it ended, its driver has not left
    "handback.written",  # the journal says handed back, the row is still held
    "session.buried",  # inside the transaction: a session is dead, its runs not queued yet
    "submit.written",  # inside the transaction: the run is written, nothing committed
    "submit.committed",  # the run is accepted, the bell not rung, the answer not sent
    "signal.written",  # inside the transaction: a wish is in the inbox, nothing committed
    "signal.committed",  # as above, committed, the bell not rung
]
CRASH_POINTS: tuple[CrashPoint, ...] = get_args(CrashPoint)

_strike: Callable[[CrashPoint], None] | None = None


def crash_point(name: CrashPoint) -> None:
    """Pass a place where a test may let the process die."""
    if _strike is not None:
        _strike(name)


@contextmanager
def armed(strike: Callable[[CrashPoint], None]) -> Iterator[None]:
    """Call `strike` at every place passed while the block lasts; what it raises is raised there."""
    global _strike
    before, _strike = _strike, strike
    try:
        yield
    finally:
        _strike = before
