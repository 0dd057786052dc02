"""Signs of life: who does what must not take for ever shows that it gets on, and the supervisor sees who fell silent.

A process may hang where no exception, timeout or signal of its own reaches it: in C that keeps the interpreter's lock, in
a skill that never awaits, on a connection whose other end went without a word. Its lease runs out and others take its
runs, but it keeps its place, and a host has few. So it is told from outside.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGN = struct.Struct("=i?")
"""A process, and whether there is something it could be late with. Small enough that a pipe takes it whole."""


class LifeSigns:
    """What the processes of a cluster show their supervisor. Made before the fork."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        for descriptor in (self._reader, self._writer):
            os.set_blocking(descriptor, False)

    def show(self, *, busy: bool = True) -> None:
        """Show that this process gets on, or that it has nothing to do."""
        with contextlib.suppress(BlockingIOError):  # nobody reads: the supervisor is frozen, and judges nobody when it wakes up
            os.write(self._writer, _SIGN.pack(os.getpid(), busy))

    def seen(self) -> Iterator[tuple[int, bool]]:
        """Yield what was shown since the last look."""
        with contextlib.suppress(BlockingIOError):
            while signs := os.read(self._reader, _SIGN.size * 512):
                yield from _SIGN.iter_unpack(signs)

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


signs: LifeSigns | None = None
"""Those of the cluster this process belongs to."""


def show() -> None:
    """Show that this process gets on with what it is watched at."""
    if signs is not None:
        signs.show()


@contextmanager
def watched() -> Iterator[None]:
    """Have this process watched while the block lasts: it must show itself again within the supervisor's patience."""
    show()
    try:
        yield
    finally:
        if signs is not None:
            signs.show(busy=False)


class Watch:
    """The supervisor's knowledge of who was seen when."""

    def __init__(self, signs: LifeSigns, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._signs = signs
        self._patience_s = patience_s
        self._clock = clock
        self._seen_at: dict[int, float] = {}
        self._looked_at = clock()

    def silent(self) -> list[int]:
        """Return the processes that should have shown themselves and did not."""
        now = self._clock()
        for pid, busy in self._signs.seen():
            if busy:
                self._seen_at[pid] = now
            else:
                self._seen_at.pop(pid, None)
        if now - self._looked_at > self._patience_s / 2:
            # Who was frozen itself judges nobody: all others may have been frozen with it.
            self._seen_at = dict.fromkeys(self._seen_at, now)
        self._looked_at = now
        return [pid for pid, seen_at in self._seen_at.items() if now - seen_at > self._patience_s]
