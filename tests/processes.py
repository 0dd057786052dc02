"""Real processes of the product for tests: a supervised worker, a web server, and who descends from whom."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.conftest import PROJECT

START_SECONDS = 120.0
"""A process reads all of the product before it answers, beside others that do the same."""


def eventually(holds: Callable[[], Any], what: str, seconds: float = 40.0) -> Any:
    """Return the first true answer; fail after a time that only a defect takes."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.03)
    return found


class Known(NamedTuple):
    """A process, told from a later one of the same number by when it began."""

    pid: int
    began: int

    def is_alive(self) -> bool:
        found = _stat(self.pid)
        return found is not None and found[1] == self.began and found[2] not in "ZX"

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


def tell_all(processes: Iterable[Known], number: signal.Signals) -> None:
    """Send a signal to those that are there."""
    for process in processes:
        if process.is_alive():
            os.kill(process.pid, number)


def _stat(pid: int | str) -> tuple[int, int, str] | None:
    """Return (parent, begin, state) of a process, None where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), int(fields[19]), fields[0]


def main_of(supervisor: int) -> Known | None:
    """Return the main process of a supervisor's cluster, which leads a group of its own, None while there is none."""
    return next((known for known in children(supervisor) if _group(known.pid) == known.pid), None)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def children(pid: int) -> list[Known]:
    """Return the living children of a process, oldest first."""
    found = [(int(entry.name), _stat(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    mine = [Known(number, stat[1]) for number, stat in found if stat is not None and stat[0] == pid and stat[2] not in "ZX"]
    return sorted(mine, key=lambda known: (known.began, known.pid))


class Family(NamedTuple):
    """The processes of one cluster: django-q2 starts its workers first, then the monitor, then the pusher."""

    main: Known
    guard: Known
    workers: tuple[Known, ...]
    monitor: Known
    pusher: Known

    def members(self) -> list[Known]:
        return [self.main, self.guard, *self.workers, self.monitor, self.pusher]


def family_of(supervisor: int, workers: int = 2) -> Family | None:
    """Return the cluster a supervisor watches, None while it is not complete."""
    main = main_of(supervisor)
    guards = children(main.pid) if main else []
    rest = children(guards[0].pid) if guards else []
    if main is None or len(rest) != workers + 2:
        return None
    return Family(main, guards[0], tuple(rest[:workers]), rest[workers], rest[workers + 1])


class Worker:
    """A running `manage.py work`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            command = [sys.executable, "manage.py", "work"]
            self._process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)

    @property
    def pid(self) -> int:
        return self._process.pid

    def family(self) -> Family:
        """Return the cluster once all of it runs."""
        found = eventually(lambda: family_of(self.pid), f"the cluster\n{self.log.read_text()[-3_000:]}", START_SECONDS)
        assert isinstance(found, Family)
        return found

    def everybody(self) -> list[Known]:
        """Return the supervisor and its cluster, once all of it runs."""
        supervisor = next(known for known in children(os.getpid()) if known.pid == self.pid)
        return [supervisor, *self.family().members()]

    def stop(self, seconds: float = 30.0) -> int:
        """Ask it to end as an operator does; return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 30.0) -> int:
        """Wait for its end; return its exit status."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def a_worker_process(environment: Mapping[str, str], log: Path) -> Iterator[Worker]:
    """Run `manage.py work` while the block lasts."""
    worker = Worker(environment, log)
    try:
        yield worker
    finally:
        try:
            worker.stop()
        finally:
            worker.kill()


@contextmanager
def a_held_port() -> Iterator[int]:
    """Hold a port of loopback while the block lasts: nobody is given it by chance, and whoever names it may listen there.

    A socket that is bound and does not listen keeps Linux from giving its port to one that asks for any, or that calls
    somebody; where both say SO_REUSEADDR, as every server does, it keeps nobody else from binding it.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


@contextmanager
def a_web_process(environment: Mapping[str, str], log: Path, application: str = "aos_site.asgi:application") -> Iterator[httpx.Client]:
    """Run the site under uvicorn while the block lasts; yield a client of it."""
    with a_held_port() as port:
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(port), "--lifespan", "off", "--timeout-keep-alive", "75"]
        with log.open("ab") as output:
            process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=70) as client:
                eventually(lambda: _answers(client), f"the web server\n{log.read_text()[-3_000:]}", START_SECONDS)
                yield client
        finally:
            process.terminate()
            process.wait(20)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.TransportError:
        return False
