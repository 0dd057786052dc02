"""Drives one run: claim → fold → step → commit → perform, until nothing is left to do now.

    facts come in (outcomes, signals, time) → the machine decides → the turn is handed to the journal's writer →
    wishes are carried out, each as soon as its barrier allows → their answers are the next facts

The order inside a turn is what makes it safe and must not change: the events of a turn are given to the writer
before any of its wishes is begun, and a wish behind a barrier waits until they are durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from runs.engine.decisions import WISHES, Admit, CallPlanner, CancelStep, Decision, StartStep
from runs.engine.events import (
    ANSWERS,
    Fact,
    RunHandedBack,
    RunPoisoned,
    RunReclaimed,
    StepFailed,
    StepInterrupted,
    TimeCame,
)
from runs.engine.machine import step
from runs.engine.state import State
from runs.shell import settlement, summaries
from runs.shell.clock import now_ms
from runs.shell.codec import decode, encode, kind_of
from runs.shell.journal import Entry, JournalWriter, Row
from runs.shell.lease import Lease
from runs.shell.perform import Performer
from runs.shell.sessions import Claimed, Fenced

log = logging.getLogger(__name__)

NAP_MS = 5_000
"""Waits up to this long are slept in memory; longer ones park the run, which then holds nothing."""


class JournalUnreadable(RuntimeError):
    """A run's journal does not fold: it was damaged, or written by rules this version does not have."""


class Incoming:
    """A fact on its way into the journal, and the signal it came from, if any."""

    __slots__ = ("fact", "signal_id")

    def __init__(self, fact: Fact, signal_id: int | None = None) -> None:
        self.fact = fact
        self.signal_id = signal_id


@dataclass
class Turn:
    """What one turn of the machine leaves to be written and done."""

    rows: list[Row] = field(default_factory=list)
    riders: list[Callable[[], None]] = field(default_factory=list)
    wishes: list[Decision] = field(default_factory=list)
    must_be_durable: bool = False


class RunDriver:
    """One claimed run in this worker. `drive` returns when the run has ended, parked, or been handed back."""

    def __init__(
        self, run: Claimed, rows: list[Row], *, writer: JournalWriter, performer: Performer, lease: Lease, max_crashes: int
    ) -> None:
        self.run = run
        self._rows = rows
        self._writer = writer
        self._performer = performer
        self._lease = lease
        self._max_crashes = max_crashes
        self.heard: set[int] = set()
        self._inbox: deque[Incoming] = deque()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._state: State | None = None
        self._seq = 0
        self._last_decisions: tuple[Decision, ...] = ()
        self._failed: BaseException | None = None
        self._handing_back = False
        self._woken = asyncio.Event()

    @property
    def state(self) -> State:
        assert self._state is not None, "a driver folds before it is asked"
        return self._state

    def tell(self, fact: Fact, signal_id: int | None = None) -> None:
        """Hand in a fact from outside."""
        if signal_id is not None:
            self.heard.add(signal_id)
        self._put(Incoming(fact, signal_id))

    def _put(self, incoming: Incoming) -> None:
        self._inbox.append(incoming)
        self._woken.set()

    def hand_back(self) -> None:
        """Ask the driver to stop where it is; what is under way is called back and noted."""
        self._handing_back = True
        self._woken.set()

    async def drive(self) -> str:
        """Drive the run; return "finished", "parked" or "handed_back". Raises what the worker cannot go on from."""
        self._fold()
        try:
            self._take_over()
            if not self._inbox and not self._tasks and self._should_park(Turn()):
                # Queued by mistake (a double ring, a signal that was consumed already): nothing is left to do now.
                await self._write(Turn(), "parked")
                return "parked"
            while True:
                if self._handing_back:
                    return await self._hand_back()
                facts = await self._next_facts()
                if facts:
                    ended = await self._take(facts)
                    if ended:
                        return ended
        finally:
            for task in self._tasks.values():
                task.cancel()

    # Taking over

    def _fold(self) -> None:
        try:
            for row in self._rows:
                record = decode(row.data, seq=row.seq)
                self._state, self._last_decisions = step(self._state, record.fact)
                self._seq = row.seq
        except Exception as error:
            raise JournalUnreadable(f"event {self._seq + 1} of {self.run.public_id}: {error}") from error
        self._rows = []

    def _take_over(self) -> None:
        """Go on where the journal ends: begin, or tell the machine that what was under way is nobody's any more."""
        if self.run.crash_count > self._max_crashes:
            self.tell(RunPoisoned(now_ms(), self.run.crash_count))
        elif self._seq == 1 and self.run.crash_count == 0:
            self._begin_wishes([d for d in self._last_decisions if isinstance(d, WISHES)], None)
        elif self.state.in_flight or self.state.extending or self.state.handed_back:
            self.tell(RunReclaimed(now_ms(), self.run.crash_count))

    # Facts

    async def _next_facts(self) -> list[Incoming]:
        """Return what came in, waiting for it; a fact of time when the machine's next instant is here."""
        # Cleared before the inbox is looked at: what comes in from here on wakes the next wait.
        self._woken.clear()
        if not self._inbox and self._failed is None and not self._handing_back:
            await self._wait()
        if self._failed is not None:
            raise self._failed
        facts = list(self._inbox)
        self._inbox.clear()
        return facts if self._handing_back else self._with_time(facts)

    def _with_time(self, facts: list[Incoming]) -> list[Incoming]:
        """Put the fact of time where the machine's next instant is, if it is over: a replay orders facts by their time too."""
        wake, now = self.state.wake_at_ms(), now_ms()
        if wake is None or wake >= now:
            return facts
        place = next((at for at, incoming in enumerate(facts) if incoming.fact.at_ms > wake), len(facts))
        at_ms = facts[place].fact.at_ms if place < len(facts) else now
        return [*facts[:place], Incoming(TimeCame(at_ms)), *facts[place:]]

    def _is_due(self) -> bool:
        # Over, not only here: what time leads to must not carry the same instant as what came before it.
        wake = self.state.wake_at_ms()
        return wake is not None and wake < now_ms()

    async def _wait(self) -> None:
        wake = self.state.wake_at_ms()
        timeout = None if wake is None else max(0, wake + 1 - now_ms()) / 1_000
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout)

    async def _take(self, facts: list[Incoming]) -> str:
        """Let the machine take in facts, write the turn, begin its wishes; return how the driving ended, if it did."""
        turn = Turn()
        for incoming in facts:
            self._step(incoming, turn)
        ended = "finished" if self.state.finished else "parked" if self._should_park(turn) else ""
        done = self._write(turn, ended)
        if ended:
            await done
            return ended
        done.add_done_callback(self._on_written)
        self._begin_wishes(turn.wishes, done if turn.must_be_durable else None)
        return ""

    def _step(self, incoming: Incoming, turn: Turn) -> None:
        fact = in_time(incoming.fact, self.state.now_ms)
        self._state, decisions = step(self._state, fact)
        self._seq += 1
        turn.rows.append(row_of(self._seq, fact, decisions))
        turn.wishes.extend(d for d in decisions if isinstance(d, WISHES))
        turn.must_be_durable = turn.must_be_durable or _needs_durability(fact, decisions, self.state)
        if incoming.signal_id is not None:
            turn.riders.append(partial(settlement.consume_signal, incoming.signal_id, self._seq))
        matches = settlement.matches_of(
            self.run, self._seq, fact, decisions, self.state, partial(self._performer.advise, self.run.tenant_id)
        )
        if matches:
            turn.riders.append(partial(settlement.write_matches, matches))
        for key, worked in settlement.resolved_steps(fact, self.state):
            turn.riders.append(partial(settlement.resolve_step, self.run.id, key, worked, self.state.now_ms))

    def _should_park(self, turn: Turn) -> bool:
        if self.state.status != "waiting" or self._inbox or turn.wishes or self._is_due():
            return False
        wake = self.state.wake_at_ms()
        return self.state.waiting_for != "timer" or wake is None or wake - now_ms() > NAP_MS

    def _write(self, turn: Turn, ended: str) -> asyncio.Future[None]:
        columns: dict[str, Any] = summaries.progress_columns(self.state, self._seq)
        riders = list(turn.riders)
        if ended == "finished":
            columns |= summaries.finished_columns(self.state)
            riders += self._finishing_riders()
        elif ended == "parked":
            columns |= summaries.parked_columns(self.state)
            riders += [
                self._summaries_rider(),
                partial(settlement.requeue_if_signalled, self.run.id),
            ]
        return self._writer.append(Entry(self.run.id, tuple(turn.rows), columns, tuple(riders)))

    def _summaries_rider(self) -> Callable[[], None]:
        # A run driven from its first event on to its end was never parked, so nothing was summed up before.
        return partial(summaries.write_step_summaries, self.run.id, self.state, may_exist=self.run.last_seq > 1)

    def _finishing_riders(self) -> list[Callable[[], None]]:
        state = self.state
        drawn = state.granted_micro_usd or 0
        return [
            self._summaries_rider(),
            partial(settlement.settle_run, self.run, state.spent_micro_usd, drawn),
            partial(settlement.tell, self.run, f"run.{state.status}", f'{{"run_id":"{self.run.public_id}","status":"{state.status}"}}'),
        ]

    # Wishes

    def _begin_wishes(self, wishes: list[Decision], barrier: asyncio.Future[None] | None) -> None:
        for wish in wishes:
            if isinstance(wish, CancelStep):
                task = self._tasks.get(wish.step)
                if task is not None:
                    task.cancel()
            else:
                key = wish.step or kind_of(wish)
                task = asyncio.create_task(self._carry_out(wish, barrier))
                self._tasks[key] = task
                task.add_done_callback(partial(self._on_done, key, wish))

    async def _carry_out(self, wish: Decision, barrier: asyncio.Future[None] | None) -> None:
        """Answer one wish, as soon as its barrier allows."""
        if barrier is not None:
            await asyncio.shield(barrier)
        if isinstance(wish, StartStep) and wish.effect != "none" and not self._lease.is_held():
            raise Fenced("the lease may be over; no effect begins")
        self._put(Incoming(await self._performer.answer(wish, self.run, self.state)))

    def _on_done(self, key: str, wish: Decision, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if task.cancelled():
            # Skills and planners answer a cancellation themselves; this one had not come so far. Without an answer the
            # machine would wait for it in vain.
            if isinstance(wish, StartStep | CallPlanner | Admit):
                self.tell(self._performer.cancelled(wish, self.run))
        elif task.exception() is not None:
            self._fail(task.exception())

    def _on_written(self, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            self._fail(done.exception())

    def _fail(self, error: BaseException | None) -> None:
        self._failed = self._failed or error
        self._woken.set()

    # Handing back

    async def _hand_back(self) -> str:
        """Call back what is under way, note how far each call had come, and write it down."""
        under_way = list(self._tasks.values())
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
            await asyncio.sleep(0)
        if self._failed is not None:
            raise self._failed
        turn = Turn()
        if under_way or self._inbox:
            # First, so that what the facts after it lead to is not begun: nobody would carry it out.
            self._step(Incoming(RunHandedBack(now_ms())), turn)
        while self._inbox:
            incoming = self._inbox.popleft()
            self._step(Incoming(_as_interruption(incoming.fact), incoming.signal_id), turn)
        ended = "finished" if self.state.finished else ""
        if turn.rows:
            await self._write(turn, ended)
        return ended or "handed_back"


def _as_interruption(fact: Fact) -> Fact:
    """Return a call we cancelled ourselves as interrupted, not failed: the run did not ask for it."""
    if isinstance(fact, StepFailed) and fact.code == "CANCELLED":
        return StepInterrupted(fact.at_ms, fact.step, fact.attempt, fact.phase, fact.cost_micro_usd)
    return fact


def _needs_durability(fact: Fact, decisions: tuple[Decision, ...], state: State) -> bool:
    """Tell whether the turn's wishes must wait until it is durable: an intent, or an outcome of more than free and pure."""
    if any(isinstance(d, StartStep) and d.barrier == "intent" for d in decisions):
        return True
    done = state.steps.get(getattr(fact, "step", ""))
    if done is None or done.node not in state.pins:
        return done is not None
    pin = state.pins[done.node]
    return not (pin.free and pin.effect == "none")


def in_time(fact: Fact, now_ms: int) -> Fact:
    """Return a fact so that instants tell the order of the journal: a replay knows no other.

    They never go back, and what comes from outside is later than what was known before it came.
    """
    earliest = now_ms if isinstance(fact, (*ANSWERS, TimeCame)) else now_ms + 1
    return fact if fact.at_ms >= earliest else msgspec.structs.replace(fact, at_ms=earliest)


def row_of(seq: int, fact: Fact, decisions: tuple[Decision, ...]) -> Row:
    """Return a fact and its decisions as the journal's row."""
    return Row(seq, kind_of(fact), getattr(fact, "step", ""), getattr(fact, "attempt", 0), fact.at_ms, encode(fact, decisions))
