"""What a process waits for without polling: signals, the death of a child, a flag raised by its parent, a pulse of another."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Protocol


class Waitable(Protocol):
    """Something with a descriptor that becomes readable."""

    def fileno(self) -> int: ...


def wait_for_any(what: Iterable[Waitable], seconds: float | None) -> None:
    """Wait until one of these is readable, at most so long."""
    select.select(list(what), [], [], seconds)


class Flag:
    """Raised once, for good, and seen by every process forked after it was made.

    A pipe nobody reads: unlike a multiprocessing event it can be waited for beside other things, and no process that is
    killed while it looks can hold a lock the others need.
    """

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def fileno(self) -> int:
        return self._reader

    def hoist(self) -> None:
        os.write(self._writer, b"!")

    def is_raised(self) -> bool:
        return bool(select.select([self._reader], [], [], 0)[0])

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class Pulse:
    """Wakes the one process that waits for it, whoever sends it: all that was sent before it looked counts as one."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        for descriptor in (self._reader, self.writer):
            os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        return self._reader

    def send(self) -> None:
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well as a fuller one
            os.write(self.writer, b"!")

    def forget(self) -> bool:
        """Take note of what was sent; tell whether anything was."""
        was_sent = False
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 512):
                was_sent = True
        return was_sent

    def close(self) -> None:
        os.close(self._reader)
        os.close(self.writer)


class SignalPulse(Pulse):
    """Is sent by the signals of this process; `handle` hears of those numbers before."""

    def __init__(self, *numbers: int, handle: Callable[[int], None] = lambda number: None) -> None:
        super().__init__()
        signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)

        def handler(number: int, frame: FrameType | None) -> None:
            handle(number)

        for number in numbers:
            signal.signal(number, handler)

    def wait(self, seconds: float | None, *others: Waitable) -> None:
        """Wait for a signal or one of the others, at most so long."""
        wait_for_any((self, *others), seconds)
        self.forget()


def forget_signals(ignored: Iterable[int] = ()) -> None:
    """Undo in a forked child what its parent did with signals, and ignore these."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
