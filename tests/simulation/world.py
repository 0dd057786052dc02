"""One seed from beginning to end: workers, people and trouble around the real shell on a real database, in virtual time."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest import mock

from django.db import OperationalError, connection
from django.test import override_settings
from django.utils import timezone

import catalog.lookup
import runs.signalling
import runs.submission
import skills.execution
import skills.ids
from agents import freezes, known_agents
from agents.services import create_agent
from runs.models import TERMINAL_STATUSES, Run, RunEvent
from runs.shell import claims, clock, drain, sessions
from runs.shell.crash_points import CrashPoint, armed
from tests.simulation import skills as simulated
from tests.simulation.checks import faults_of, standing_faults
from tests.simulation.crowd import Crowd
from tests.simulation.plans import Weather, profile_of, weather_of
from tests.simulation.ports import Bell, SeededSecrets, VirtualDatabase, VirtualLease, VirtualTime, at_virtual_now
from tests.simulation.schedule import MILLISECOND, SECOND, Schedule, VirtualClock
from tests.simulation.skills import Witness
from tests.simulation.store import Store
from tests.simulation.trouble import Storm, Trouble
from tests.simulation.worker import Worker

LONGEST_SECONDS = 1_800
MOST_EVENTS = 400_000


@dataclass(frozen=True)
class Outcome:
    """What became of a seed. Two plays of one seed have equal digests."""

    seed: int
    digest: str
    events: int
    virtual_seconds: float
    faults: list[str]
    counts: Counter[str]
    told: list[str] | None


class World:
    """Everything a seed needs. `run` plays it to its end."""

    def __init__(
        self,
        schedule: Schedule,
        store: Store,
        weather: Weather,
        trouble: Trouble,
        profile: dict[str, Any],
        crowd: Callable[..., Crowd] = Crowd,
    ) -> None:
        self._schedule = schedule
        self._store = store
        self._weather = weather
        self._trouble = trouble
        self._profile = profile
        self._crowd_of = crowd
        self._clock = VirtualClock(schedule)
        self._counts: Counter[str] = Counter()
        self._commits: list[tuple[int, int]] = []
        self._faults: list[str] = []
        self._is_over = False
        self._workers: list[Worker] = []
        self._places: dict[int, Worker] = {}
        self._bell = Bell(schedule, loss=weather.bell_loss, late=weather.bell_late, twice=weather.bell_twice)
        self._witness = Witness(lambda: schedule.events)

    def run(self) -> Outcome:
        self._store.now_ms = self._clock.database_ms
        self._store.reset()
        with self._ports():
            agent = create_agent(tenant=self._store.tenant, name="worker", profile=self._profile)
            self._workshop = self._store.workshop(agent)
            self._crowd = self._crowd_of(self._schedule, self._workshop, self._weather, self._witness)
            self._crowd.come()
            self._trouble.begin(lambda: list(self._places.values()), self._crowd.interject)
            self._supervise()
            self._attend()
            with undisturbed():
                while not self._has_ended() and self._schedule.run_next():
                    pass
            self._check()
        for worker in self._workers:
            worker.bury()
        schedule, counts = self._schedule, self._counts + self._trouble.counts + self._crowd.answers
        return Outcome(schedule.seed, schedule.digest(), schedule.events, schedule.now_us / SECOND, self._faults, counts, schedule.told)

    # Ports

    @contextmanager
    def _ports(self) -> Iterator[None]:
        """Put virtual things in the place of all that is not the shell itself."""
        simulated.stand.witness = self._witness
        with ExitStack() as stack:
            stack.callback(clock.use, clock.use(self._clock))
            stack.enter_context(armed(self._strike))
            stack.enter_context(_settings(self._weather))
            for target, name, stand_in in self._stand_ins():
                stack.enter_context(mock.patch.object(target, name, stand_in))
            yield

    def _stand_ins(self) -> list[tuple[Any, str, Any]]:
        """Return (where, name, what) of the ports, and of what a process remembers of those before it."""
        time, random = VirtualTime(self._schedule), self._schedule.random
        return [
            (drain, "Lease", self._lease),
            (drain, "listener", self._listener),
            (drain, "GuardedHttp", _NoHttp),
            (drain, "random", random),
            (drain, "resident_mb", lambda: 0),
            (sessions, "os", SimpleNamespace(getpid=self._pid)),
            (sessions, "identity", str),
            (sessions, "is_gone", lambda pid, _: not self._workers[pid].is_alive),
            (claims, "_place", claims.Place()),
            (known_agents, "_known", {}),
            (runs.submission, "ring", self._bell.ring),
            (runs.signalling, "ring", self._bell.ring),
            (catalog.lookup, "time", time),
            (freezes, "time", time),
            (skills.ids, "time", time),
            (skills.execution, "time", time),
            (skills.ids, "secrets", SeededSecrets(random)),
            (timezone, "now", lambda: clock.as_datetime(clock.now_ms())),
        ]

    def _lease(self, *given: Any, **more: Any) -> VirtualLease:
        lease = VirtualLease(*given, **more)
        assert self._schedule.running is not None
        lease.schedule, lease.process = self._schedule, self._schedule.running
        return lease

    def _listener(self, *_: Any) -> Any:
        assert self._schedule.running is not None
        return self._bell.listener(self._schedule.running)

    def _pid(self) -> int:
        running = self._schedule.running
        return next((place for place, worker in enumerate(self._workers) if worker is running), len(self._workers))

    def _strike(self, point: CrashPoint) -> None:
        self._counts[point] += 1
        if self._schedule.running is not None:
            self._trouble.strike(point)

    # Supervision

    def _supervise(self) -> None:
        """Start workers where there are none; bury at once what a supervisor on the same host would see die."""
        self._faults += standing_faults()
        for place in range(self._weather.workers):
            worker = self._places.get(place)
            if worker is not None and not worker.is_alive:
                del self._places[place]
                if self._weather.quick_supervisor:
                    at_virtual_now(self._schedule)
                    sessions.release_dead_processes()
            elif worker is None and not self._is_over:
                self._start(place)
        if not self._is_over and self._trouble.is_over() and self._crowd.is_done() and _all_have_ended():
            self._is_over = True
            for worker in self._places.values():
                worker.stop()
        self._schedule.after(self._schedule.random.uniform(100, 600) * MILLISECOND, "supervisor", self._supervise)

    def _start(self, place: int) -> None:
        worker = Worker(f"w{len(self._workers)}", self._schedule, self._left)
        worker.skew_ms = self._schedule.random.randint(-self._weather.skew_ms, self._weather.skew_ms)
        self._workers.append(worker)
        self._places[place] = worker
        worker.start(VirtualDatabase(self._schedule, worker, self._weather, self._note_commits))

    def _left(self, worker: Worker, error: BaseException | None) -> None:
        self._counts["left"] += 1
        if error is not None and not isinstance(error, OperationalError):
            self._faults.append(f"{worker.name} left with {error!r}")
        self._faults += [f"{worker.name}: {complaint}" for complaint in worker.complaints]

    def _attend(self) -> None:
        at_virtual_now(self._schedule)
        self._crowd.attend(1.0 if self._trouble.is_over() else 0.4)
        self._schedule.after(self._schedule.random.uniform(300, 1_500) * MILLISECOND, "people look", self._attend)

    # The end

    def _note_commits(self) -> None:
        """Remember how far the journals had been committed by which event."""
        if connection.vendor == "sqlite" and connection.connection is not None:
            (highest,) = connection.connection.execute("SELECT max(rowid) FROM runs_runevent").fetchone()
            if highest is not None and (not self._commits or self._commits[-1][0] < highest):
                self._commits.append((highest, self._schedule.events))

    def _has_ended(self) -> bool:
        if self._is_over and not self._places:
            return True
        if self._faults:
            return True
        if self._schedule.now_us > LONGEST_SECONDS * SECOND or self._schedule.events > MOST_EVENTS:
            left = [f"{run.public_id} {run.status} {run.waiting_for}" for run in Run.objects.exclude(status__in=TERMINAL_STATUSES)]
            self._faults.append(f"it does not come to an end: {left}")
            return True
        return False

    def _check(self) -> None:
        at_virtual_now(self._schedule)
        sessions.reap()  # as the next worker would: by now there is none
        self._faults += self._crowd.faults
        self._faults += faults_of(self._workshop, self._crowd, self._witness, self._commits)
        for run in Run.objects.order_by("pk"):
            self._schedule.take_in(f"{run.public_id} {run.status} {run.last_seq} {run.crash_count} {run.spent_micro_usd}".encode())
            self._counts[run.status] += 1
        for event in RunEvent.objects.order_by("run_id", "seq").values_list("run_id", "seq", "at_ms", "session_id", "data"):
            self._schedule.take_in(repr(event).encode())


def _all_have_ended() -> bool:
    return not Run.objects.exclude(status__in=TERMINAL_STATUSES).exists()


class _NoHttp:
    """The guarded way out of a worker whose skills never go out."""

    def __init__(self, **_: Any) -> None: ...

    async def __aenter__(self) -> _NoHttp:
        return self

    async def __aexit__(self, *_: object) -> None: ...


def _settings(weather: Weather) -> Any:
    return override_settings(
        LEASE_MS=weather.lease_ms,
        DRAIN_SECONDS=weather.drain_seconds,
        WORK_CAPACITY=weather.capacity,
        WORK_GRACE_SECONDS=weather.grace_seconds,
        MAX_CRASHES=3,
    )


def play(seed: int, store: Store, *, tell: bool = False, **worse: float) -> Outcome:
    """Play one seed, in worse weather if wished. The same seed plays the same, whatever was played before."""
    schedule = Schedule(seed)
    schedule.told = [] if tell else None
    weather = replace(weather_of(schedule.random), **worse)  # type: ignore[arg-type]
    world = World(schedule, store, weather, Storm(schedule, weather), profile_of(schedule.random))
    return world.run()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python from tidying up while the block lasts: what it finds it would end in the middle of a seed."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
