"""Starts the processes a command needs for its own time, and ends each by its own id whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from django.conf import settings

from runs.shell.process import die_with_parent

STOP_SECONDS = 20.0
MANAGE = settings.BASE_DIR / "manage.py"


def manage(*arguments: str) -> list[str]:
    """Return the command line of a management command in a process of its own."""
    return [sys.executable, str(MANAGE), *arguments]


def worker() -> list[str]:
    """Return the command line of a worker."""
    return manage("work")


@contextmanager
def started(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, log: Path | None = None, pipe: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """Run a process for as long as the block lasts. Its output goes to `log`, to a pipe, or where ours goes."""
    output = None if log is None else log.open("w", encoding="utf-8")
    try:
        process = subprocess.Popen(  # noqa: S603 - our own command lines
            command,
            env=None if environ is None else dict(environ),
            stdout=subprocess.PIPE if pipe else output,
            stderr=output,
            text=True,
            # Ctrl-C in a terminal reaches only us; we end the others in order, and if we are killed the kernel does.
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        try:
            yield process
        finally:
            end(process)
    finally:
        if output is not None:
            output.close()


def end(process: subprocess.Popen[str]) -> None:
    """End a process: politely, and if that does not help for good."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Have SIGTERM leave the block the way Ctrl-C does, so that what it started is ended on the way out."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def first_to_end(processes: Mapping[str, subprocess.Popen[str]], *, look_seconds: float = 0.1) -> str:
    """Wait until one of the processes ends; return its name."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(look_seconds)
