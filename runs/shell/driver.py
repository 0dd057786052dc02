"""Drives one run: claim → fold → step → commit → perform, until nothing is left to do now.

    facts come in (outcomes, signals, time) → the machine decides → the turn is handed to the journal's writer →
    wishes are carried out, each as soon as its barrier allows → their answers are the next facts

All of it happens in callbacks of the worker's loop: facts that arrive in one turn of the loop are one turn of the
machine. The order inside a turn is what makes it safe and must not change: the events of a turn are given to the
writer before any of its wishes is begun, and a wish behind a barrier waits until they are durable. Only wishes that
touch nothing (what a call may cost, what the catalog says) are answered inside the turn itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

import msgspec

from runs.engine.budget import headroom, spare
from runs.engine.decisions import WISHES, Admit, CallPlanner, CancelStep, Decision, StartStep
from runs.engine.events import (
    ANSWERS,
    Fact,
    ReservationReturned,
    RunHandedBack,
    RunPoisoned,
    RunReclaimed,
    StepFailed,
    StepInterrupted,
    TimeCame,
)
from runs.engine.machine import step
from runs.engine.state import State
from runs.shell import clock, faults, purse, settlement, summaries
from runs.shell.alerts import alerts_of, write_alerts
from runs.shell.chain import link, link_of
from runs.shell.charges import Calls, charges_of, write_charges
from runs.shell.claims import Claimed
from runs.shell.clock import RunClock, now_ms
from runs.shell.codec import decode, encode, kind_of
from runs.shell.crash_points import CrashPoint, crash_point
from runs.shell.journal import Entry, JournalWriter, Row
from runs.shell.news import end_of, wait_of
from runs.shell.perform import Performer
from runs.shell.store import NewsRow

log = logging.getLogger(__name__)

NAP_MS = 5_000
"""Waits up to this long are slept in memory; longer ones park the run, which then holds nothing."""
PROGRESS_SECONDS = 0.25
"""How far the row of a run under way may lag behind its journal."""
CLOCKS_AGREE_MS = 50
"""Beyond this the clock of the host was set, and has not merely run a little unevenly."""
JUST_CLAIMED_SECONDS = 1.0
"""How long what the claim read of a run's agent is good for its admission."""
_LEAVING: dict[str, CrashPoint] = {"finished": "run.finished", "parked": "run.parked", "handed_back": "handback.written"}


class JournalUnreadable(RuntimeError):
    """A run's journal does not fold: it was damaged, or written by rules this version does not have."""


class Incoming:
    """A fact on its way into the journal, and the signal it came from, if any."""

    __slots__ = ("fact", "signal_id")

    def __init__(self, fact: Fact, signal_id: int | None = None) -> None:
        self.fact = fact
        self.signal_id = signal_id


class Turn:
    """What one turn of the machine leaves to be written and done."""

    __slots__ = ("follows", "must_be_durable", "riders", "rows", "wishes")

    def __init__(self, follows: int) -> None:
        self.follows = follows
        self.rows: list[Row] = []
        self.riders: list[Callable[[], None]] = []
        self.wishes: list[Decision] = []
        self.must_be_durable = False


class RunDriver:
    """One claimed run in this worker. `drive` returns when the run has ended, parked, or been handed back."""

    def __init__(self, run: Claimed, rows: list[Row], *, writer: JournalWriter, performer: Performer, max_crashes: int) -> None:
        self.run = run
        self._rows = rows
        self._writer = writer
        self._performer = performer
        self._max_crashes = max_crashes
        self._loop = asyncio.get_running_loop()
        self._claimed_at, self._just_claimed = clock.monotonic(), True
        self._clock = RunClock()
        self.heard: set[int] = set()
        self._inbox: deque[Incoming] = deque()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._behind: dict[str, Decision] = {}
        self._state: State | None = None
        self._seq, self._head = 0, ""
        self._last_decisions: tuple[Decision, ...] = ()
        self._calls = Calls()
        self._turn_is_due = False
        self._wake_at: int | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._progress: asyncio.TimerHandle | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._is_last_turn = False
        self._ended: asyncio.Future[str] = self._loop.create_future()

    @property
    def state(self) -> State:
        assert self._state is not None, "a driver folds before it is asked"
        return self._state

    def tell(self, fact: Fact, signal_id: int | None = None) -> None:
        """Hand in a fact from outside."""
        if signal_id is not None:
            self.heard.add(signal_id)
        self._put(self._incoming(fact, signal_id))

    def hand_back(self) -> None:
        """Ask the driver to stop where it is; what is under way is called back and noted."""
        if self._leaving is None and not self._is_last_turn:
            self._leaving = self._loop.create_task(self._hand_back())
            self._leaving.add_done_callback(self._on_left)

    async def drive(self) -> str:
        """Drive the run; return "finished", "parked" or "handed_back". Raises what the worker cannot go on from."""
        self._fold()
        self._writer.hold(self.run.id, self._seq)
        try:
            self._take_over()
            self._turn_is_due = True
            self._turn()
            return await self._ended
        finally:
            self._close()

    def _close(self) -> None:
        self._writer.let_go(self.run.id)
        for handle in (self._alarm, self._progress):
            if handle is not None:
                handle.cancel()
        for task in (*self._tasks.values(), self._leaving):
            if task is not None:
                task.cancel()

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    # Taking over

    def _fold(self) -> None:
        try:
            for row in self._rows:
                record = decode(row.data, seq=row.seq)
                self._state, self._last_decisions = step(self._state, record.fact)
                self._seq = row.seq
            self._head = link_of(self._rows[-1])
        except Exception as error:
            raise JournalUnreadable(f"event {self._seq + 1} of {self.run.public_id}: {error}") from error
        self._rows = []
        self._clock = RunClock(self.state.now_ms)

    def _take_over(self) -> None:
        """Go on where the journal ends: begin, or tell the machine that what was under way is nobody's any more."""
        if self.run.crash_count > self._max_crashes:
            self._inbox.append(self._incoming(RunPoisoned(now_ms(), self.run.crash_count)))
        elif self._seq == 1 and self.run.crash_count == 0:
            wishes: list[Decision] = [d for d in self._last_decisions if isinstance(d, WISHES)]
            self._inbox.extend(self._answer_at_once(wishes))
            self._begin(wishes)
        elif self.state.in_flight or self.state.extending or self.state.handed_back:
            self._inbox.append(Incoming(RunReclaimed(self._lost_at_ms(), self.run.crash_count)))
        elif self.run.woken and not self._inbox and (wake := self.state.wake_at_ms()) is not None:
            # The database's clock decides when a parked run is due. By this host's it may be too early, and the run would
            # be parked again and again.
            self._clock = RunClock(wake + 1)

    def _lost_at_ms(self) -> int:
        # Before any timer that is due by now: what it would start is not what the last worker had under way.
        wake = self.state.wake_at_ms()
        return self._clock.now_ms() if wake is None else min(self._clock.now_ms(), wake)

    # Turns

    def _incoming(self, fact: Fact, signal_id: int | None = None) -> Incoming:
        """Return a fact on its way in, told in the time of the run: the host's clock may have been set meanwhile."""
        ahead = self._clock.now_ms() - now_ms()
        if abs(ahead) > CLOCKS_AGREE_MS:
            fact = msgspec.structs.replace(fact, at_ms=fact.at_ms + ahead)
        return Incoming(fact, signal_id)

    def _put(self, incoming: Incoming) -> None:
        self._inbox.append(incoming)
        self._call_turn()

    def _call_turn(self) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Let the machine take in what came, write it down, begin what it wants."""
        self._turn_is_due = False
        if self._leaving is not None or self._is_last_turn or self._ended.done():
            return
        try:
            facts = self._with_time(list(self._inbox))
            self._inbox.clear()
            self._take(facts)
        except Exception as error:  # noqa: BLE001 - `drive` raises it
            self._fail(error)

    def _with_time(self, facts: list[Incoming]) -> list[Incoming]:
        """Put the fact of time where the machine's next instant is, if it is over: a replay orders facts by their time too."""
        wake, now = self.state.wake_at_ms(), self._clock.now_ms()
        if wake is None or wake >= now:
            # Over, not only here: what time leads to must not carry the same instant as what came before it.
            return facts
        place = next((at for at, incoming in enumerate(facts) if incoming.fact.at_ms > wake), len(facts))
        at_ms = facts[place].fact.at_ms if place < len(facts) else now
        return [*facts[:place], Incoming(TimeCame(at_ms)), *facts[place:]]

    def _take(self, facts: Iterable[Incoming]) -> None:
        turn = Turn(self._seq)
        while facts:
            for incoming in facts:
                # What comes in the same turn as the end comes too late: nothing stands behind an end.
                if not self.state.finished:
                    self._step(incoming, turn)
            facts = self._answer_at_once(turn.wishes)
        ended = "finished" if self.state.finished else "parked" if self._should_park(turn) else ""
        if ended == "parked":
            self._give_back(turn)
        if ended or turn.rows:
            self._write(turn, ended)
        if not ended:
            self._set_alarm()

    def _give_back(self, turn: Turn) -> None:
        """Settle what is spent: whoever waits for long must not keep money from those who could work, nor hide what is gone.

        A run that owes keeps what it has drawn: the ledger has yet to agree to the rest.
        """
        has_spare = spare(self.state)
        if has_spare:
            self._step(self._incoming(ReservationReturned(now_ms())), turn)
        if has_spare or (headroom(self.state) == 0 and self.state.spent_micro_usd):
            turn.riders.append(partial(purse.give_back, self.run, self.state))

    def _step(self, incoming: Incoming, turn: Turn) -> None:
        fact = in_time(incoming.fact, self.state.now_ms)
        self._state, decisions = step(self._state, fact)
        self._seq += 1
        if isinstance(fact, RunReclaimed):
            turn.wishes.clear()  # declared lost with all else that was wished for before it
        row = row_of(self._seq, fact, decisions, self._head)
        turn.rows.append(row)
        self._head = link(row.data)
        turn.wishes.extend(d for d in decisions if isinstance(d, WISHES))
        turn.must_be_durable = turn.must_be_durable or _needs_durability(fact, decisions, self.state)
        if incoming.signal_id is not None:
            turn.riders.append(partial(settlement.consume_signal, incoming.signal_id, self._seq))
        matches = settlement.matches_of(
            self.run, self._seq, fact, decisions, self.state, partial(self._performer.advise, self.run.tenant_id)
        )
        if matches:
            turn.riders.append(partial(settlement.write_matches, matches))
        charges = charges_of(self.run, self._seq, fact, decisions, self.state, self._calls)
        if charges:
            turn.riders.append(partial(write_charges, charges))
        alerts = alerts_of(self.run, decisions)
        if alerts:
            turn.riders.append(partial(write_alerts, alerts))
        for key, worked in settlement.resolved_steps(fact, self.state):
            turn.riders.append(partial(settlement.resolve_step, self.run.id, key, worked, self.state.now_ms))

    def _answer_at_once(self, wishes: list[Decision]) -> list[Incoming]:
        """Take out of the wishes those that touch nothing outside; return their answers."""
        just = self._just_claimed = self._just_claimed and clock.monotonic() - self._claimed_at < JUST_CLAIMED_SECONDS
        answers = [(wish, self._performer.answer_at_once(wish, self.run, self.state, just_claimed=just)) for wish in wishes]
        wishes[:] = [wish for wish, answer in answers if answer is None]
        return [self._incoming(answer) for _, answer in answers if answer is not None]

    def _should_park(self, turn: Turn) -> bool:
        if self.state.status != "waiting" or self._inbox or turn.wishes:
            return False
        wake, now = self.state.wake_at_ms(), self._clock.now_ms()
        if wake is not None and wake < now:
            return False
        return self.state.waiting_for != "timer" or wake is None or wake - now > NAP_MS

    def _set_alarm(self) -> None:
        """Have the next turn come when time alone changes something."""
        wake = self.state.wake_at_ms()
        if wake == self._wake_at and self._alarm is not None and not self._alarm.cancelled() and self._alarm.when() > self._loop.time():
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._wake_at = wake
        self._alarm = None if wake is None else self._loop.call_later(max(0, wake + 1 - self._clock.now_ms()) / 1_000, self._call_turn)

    # Writing

    def _write(self, turn: Turn, ended: str) -> None:
        """Give a turn to the writer, then begin its wishes or let them wait for it."""
        if ended:
            self._is_last_turn = True
            entry = self._last_entry(turn, ended)
            self._writer.append(entry, partial(self._on_last_written, ended))
            return
        entry = Entry(self.run.id, turn.follows, tuple(turn.rows), riders=tuple(turn.riders), tenant_id=self.run.tenant_id)
        if turn.must_be_durable and turn.wishes:
            self._behind.update((wish.step or kind_of(wish), wish) for wish in turn.wishes if not isinstance(wish, CancelStep))
            self._begin([wish for wish in turn.wishes if isinstance(wish, CancelStep)])
            self._writer.append(entry, partial(self._on_durable, list(self._behind)))
        else:
            self._writer.append(entry, self._on_written)
            self._begin(turn.wishes)
        if self._progress is None:
            self._progress = self._loop.call_later(PROGRESS_SECONDS, self._show_progress)

    def _last_entry(self, turn: Turn, ended: str) -> Entry:
        state, riders = self.state, list(turn.riders)
        news: tuple[NewsRow, ...] = ()
        if ended == "finished":
            if purse.may_hold_money(state):
                riders.append(partial(purse.settle_run, self.run, state))
            riders += settlement.recoveries_of(self.run, state)
            news = (end_of(self.run.tenant_id, self.run.id, self.run.public_id, state.status),)
        elif ended == "parked":
            riders.append(partial(settlement.requeue_if_signalled, self.run.id))
            news = wait_of(self.run.tenant_id, self.run.id, self.run.public_id, state)
        row = summaries.run_row(self.run.id, state, self._seq, self._head, ended, self._clock.now_ms())
        steps = () if ended == "handed_back" else summaries.step_rows(self.run.id, state)
        return Entry(self.run.id, turn.follows, tuple(turn.rows), row, steps, news, tuple(riders), self.run.tenant_id)

    def _show_progress(self) -> None:
        self._progress = None
        if not self._is_last_turn and self._leaving is None:
            row = summaries.run_row(self.run.id, self.state, self._seq, self._head, "", self._clock.now_ms())
            self._writer.append(Entry(self.run.id, self._seq, run=row), self._on_written)

    def _on_written(self, error: BaseException | None) -> None:
        if error is not None:
            self._fail(error)

    def _on_last_written(self, ended: str, error: BaseException | None) -> None:
        if error is not None:
            self._fail(error)
        elif not self._ended.done():
            crash_point(_LEAVING[ended])
            self._ended.set_result(ended)

    def _on_durable(self, keys: list[str], error: BaseException | None) -> None:
        if error is not None:
            self._fail(error)
        elif self._leaving is None and not self._ended.done():
            self._begin([self._behind.pop(key) for key in keys if key in self._behind])

    # Wishes

    def _begin(self, wishes: list[Decision]) -> None:
        for wish in wishes:
            if isinstance(wish, CancelStep):
                self._call_back(wish.step)
            else:
                key = wish.step or kind_of(wish)
                task = self._loop.create_task(self._carry_out(wish))
                self._tasks[key] = task
                task.add_done_callback(partial(self._on_done, key, wish))

    def _call_back(self, key: str) -> None:
        held = self._behind.pop(key, None)
        if isinstance(held, StartStep | CallPlanner | Admit):
            self.tell(self._performer.cancelled(held, self.run))
        elif key in self._tasks:
            self._tasks[key].cancel()

    async def _carry_out(self, wish: Decision) -> None:
        crash_point("effect.before")
        answer = await self._performer.answer(wish, self.run, self.state)
        crash_point("effect.after")
        self._put(self._incoming(answer))
        if faults.is_told_twice(wish, answer, self.state):
            self._put(self._incoming(answer))

    def _on_done(self, key: str, wish: Decision, task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if task.cancelled():
            # Skills and planners answer a cancellation themselves; this one had not come so far. Without an answer the
            # machine would wait for it in vain.
            if isinstance(wish, StartStep | CallPlanner | Admit):
                self.tell(self._performer.cancelled(wish, self.run))
        elif (error := task.exception()) is not None:
            self._fail(error)

    # Handing back

    def _on_left(self, leaving: asyncio.Task[None]) -> None:
        if not leaving.cancelled() and (error := leaving.exception()) is not None:
            self._fail(error)

    async def _hand_back(self) -> None:
        """Call back what is under way, note how far each call had come, and write it down."""
        under_way, behind = list(self._tasks.values()), list(self._behind)
        for key in behind:
            self._call_back(key)
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
            await asyncio.sleep(0)
        if self._ended.done():
            return
        turn = Turn(self._seq)
        if under_way or self._inbox:
            # First, so that what the facts after it lead to is not begun: nobody would carry it out.
            self._step(self._incoming(RunHandedBack(now_ms())), turn)
        while self._inbox and not self.state.finished:
            incoming = self._inbox.popleft()
            self._step(Incoming(_as_interruption(incoming.fact), incoming.signal_id), turn)
        self._write(turn, "finished" if self.state.finished else "handed_back")


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


def row_of(seq: int, fact: Fact, decisions: tuple[Decision, ...], prev: str = "") -> Row:
    """Return a fact and its decisions as the journal's row, which follows the one with this link."""
    return Row(seq, kind_of(fact), getattr(fact, "step", ""), getattr(fact, "attempt", 0), fact.at_ms, encode(fact, decisions, prev))
