"""Sixteen clients at once: claims, cancels, decisions, money and keys answer as if one had come after the other."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from agents import ledger
from agents.models import LedgerScope
from runs import services
from runs.engine.decisions import Ignore
from runs.engine.events import ApprovalDecided, CancelRequested
from runs.models import Run, Session, Signal
from runs.shell import claims, sessions
from runs.shell.reading.history import read_history
from runs.shell.sessions import Fenced
from skills.refusal import Refusal
from tests.fakes.skills import witnessed
from tests.integration import sequential
from tests.integration.sequential import Books, Gate, Money, Purse, RunNow, Sums
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, hand_back, now, over, parked, step, step_of
from tests.linearizability import Histories, linearization

CLIENTS = 16
ROUNDS = int(os.environ.get("AOS_TEST_ROUNDS", "1"))
"""How often to play everything, each time with other dice."""
LEASE_MS = 600_000
AT_ONCE_MS = -1
"""A rest that is over when it begins."""


def at_once(act: Callable[[random.Random], None], times: int, seed: int) -> None:
    """Let every client act so many times, each with a connection and dice of its own; what one raises fails the test."""
    begin = threading.Barrier(CLIENTS)

    def play(client: int) -> None:
        dice = random.Random(f"{seed}:{client}")  # noqa: S311 - spreads the races, guards nothing
        try:
            begin.wait()
            for _ in range(times):
                act(dice)
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS, thread_name_prefix="client") as pool:
        for done in [pool.submit(play, client) for client in range(CLIENTS)]:
            done.result()


def unless_refused(do: Callable[[], Any], status: int, otherwise: Any) -> Any:
    """Return what is answered, or `otherwise` where it is refused with this status; any other refusal is a defect."""
    try:
        return do()
    except Refusal as refusal:
        if refusal.status != status:
            raise
        return otherwise


TOO_LATE = 409
MISMATCH = 422


class Floor:
    """Runs that wait to be claimed, and sessions that claim them, give them back and are declared dead."""

    def __init__(self, workshop: Workshop, histories: Histories) -> None:
        self._alice = workshop.alice
        self._histories = histories
        self.runs = [workshop.submit(step("one", "say")) for _ in range(12)]
        self.sessions = [sessions.begin(LEASE_MS) for _ in range(4)]
        self._ways: list[tuple[int, Callable[[random.Random], None]]] = [
            (30, self._claim),
            (20, self._release),
            (10, self._rest),
            (8, self._wake),
            (15, self._read),
            (6, self._cancel),
            (2, self._give_up),
            (4, self._bury),
            (3, self._end),
            (4, self._renew),
        ]

    def act(self, dice: random.Random) -> None:
        weights, ways = zip(*self._ways, strict=True)
        dice.choices(ways, weights)[0](dice)

    def _session(self, dice: random.Random) -> int:
        # Mostly one of the latest, which is live as a rule, and now and then one that is long dead.
        return dice.choice(self.sessions[-4:] if dice.random() < 0.9 else self.sessions)

    def _claim(self, dice: random.Random) -> None:
        session, called_at = self._session(dice), self._histories.now()
        try:
            claimed = claims.claim(session, dice.randint(1, 3))
        except Fenced:
            self._histories.add(("session", session), "claim", None, False, called_at, self._histories.now())
            return
        answered_at = self._histories.now()
        if claimed:
            self._histories.add(("session", session), "claim", None, True, called_at, answered_at)
        for run in claimed:
            self._histories.add(("run", run.id), "claim", session, None, called_at, answered_at)

    def _release(self, dice: random.Random) -> None:
        session, run = self._session(dice), dice.choice(self.runs)
        self._histories.call(("run", run.pk), "release", session, lambda: hand_back(session, run))

    def _rest(self, dice: random.Random) -> None:
        session, run = self._session(dice), dice.choice(self.runs)
        self._histories.call(("run", run.pk), "rest", session, lambda: claims.release_crashed(session, run.pk, AT_ONCE_MS))

    def _give_up(self, dice: random.Random) -> None:
        session, run = self._session(dice), dice.choice(self.runs)
        self._histories.call(("run", run.pk), "give up", session, lambda: claims.dead_letter(session, run.pk, "REPLAY_DIVERGED", "why"))

    def _cancel(self, dice: random.Random) -> None:
        run = dice.choice(self.runs)
        cancel = partial(services.cancel_run, principal=self._alice, run_id=run.public_id)
        self._histories.call(("run", run.pk), "cancel", None, lambda: bool(unless_refused(cancel, TOO_LATE, False)))

    def _read(self, dice: random.Random) -> None:
        self.read(dice.choice(self.runs))

    def read(self, run: Run) -> RunNow:
        def row() -> RunNow:
            return RunNow(*Run.objects.values_list("status", "session_id", "crash_count").get(pk=run.pk))

        return self._histories.call(("run", run.pk), "read", None, row)

    def _renew(self, dice: random.Random) -> None:
        session = self._session(dice)
        self._histories.call(("session", session), "renew", None, lambda: sessions.renew(session, LEASE_MS, 0))

    def _wake(self, dice: random.Random) -> None:
        self._all_runs("wake", None, claims.wake_due)

    def _end(self, dice: random.Random) -> None:
        session = self._session(dice)
        self._all_runs("end", session, lambda: sessions.end(session))
        self.sessions.append(sessions.begin(LEASE_MS))

    def _bury(self, dice: random.Random) -> None:
        session = self._session(dice)

        def bury() -> None:
            # What a renewal undoes has to be said again, as time would.
            while Session.objects.filter(pk=session, state="live").update(lease_until_ms=0):
                sessions.reap()

        self._all_runs("bury", session, bury)
        self.sessions.append(sessions.begin(LEASE_MS))

    def _all_runs(self, name: str, session: int | None, do: Callable[[], Any]) -> None:
        """Do what may move every run, and put it down for each."""
        called_at = self._histories.now()
        do()
        answered_at = self._histories.now()
        for thing in [("run", run.pk) for run in self.runs] + ([] if session is None else [("session", session)]):
            self._histories.add(thing, name, session, None, called_at, answered_at)


@pytest.mark.parametrize("seed", range(3 * ROUNDS))
def test_it_gives_a_run_to_one_session_at_a_time(workshop: Workshop, settings: Any, seed: int) -> None:
    settings.MAX_CRASHES = sequential.MAX_CRASHES
    histories = Histories()
    floor = Floor(workshop, histories)
    at_once(floor.act, 100, seed)
    for run in floor.runs:
        floor.read(run)
        order = linearization(histories.of["run", run.pk], RunNow(), sequential.a_run)
        cancels = sum(operation.name == "cancel" and operation.answer for operation in order)
        assert Signal.objects.filter(run=run, kind="cancel_requested").count() == cancels
    for session in floor.sessions:
        linearization(histories.of.get(("session", session), []), True, sequential.a_session)


# People and programs, while two workers act on what they say


class Desk:
    """Gates to decide, runs to top up, purses to draw from their scopes, and keys to submit with."""

    TENANT_LIMIT, CALLER_LIMIT = 1_500, 900
    KEYS = ("k1", "k2", "k3", "k4", "k5")

    def __init__(self, workshop: Workshop, histories: Histories, folder: Path) -> None:
        self._workshop = workshop
        self._histories = histories
        self._folder = folder
        self.gates = [workshop.submit(step("gate", "append_line", witness=str(self.witness(n)), approval="always")) for n in range(10)]
        self.purses = [workshop.submit(step("ask", "asks", question="?"), budget_micro_usd=100) for _ in range(2)]
        for run, waits_for in [(gate, "approval") for gate in self.gates] + [(purse, "input") for purse in self.purses]:
            parked(run, waits_for)
        self._hashes = {gate.pk: step_of(gate, "gate")["action_hash"] for gate in self.gates}
        ledger.set_budget(tenant=workshop.tenant, kind="tenant", period="total", limit_micro_usd=self.TENANT_LIMIT)
        tenant, agent = workshop.tenant.pk, workshop.agent.pk
        self._money = {
            "run:caller": ledger.RunPurse(tenant, agent, "caller", self.CALLER_LIMIT),
            "run:called": ledger.RunPurse(tenant, agent, "called", None, ("caller",)),
            "run:alone": ledger.RunPurse(tenant, agent, "alone", None),
        }
        for purse in self._money.values():
            purse.open()

    def first_books(self) -> Books:
        """Return the books before anything moved."""
        shared = (f"tenant:{self._workshop.tenant.public_id}", f"agent:{self._workshop.agent.public_id}")
        limited = {shared[0]: self.TENANT_LIMIT, shared[1]: None, "run:caller": self.CALLER_LIMIT, "run:called": None, "run:alone": None}
        inside = {"run:caller": ("run:caller",), "run:called": ("run:caller", "run:called"), "run:alone": ("run:alone",)}
        scopes_of = tuple((run, (*shared, *runs)) for run, runs in inside.items())
        return Books(tuple(limited.items()), scopes_of, tuple((run, Money()) for run in inside))

    def witness(self, place: int) -> Path:
        return self._folder / f"witness-{place}"

    def act(self, dice: random.Random) -> None:
        ways = (self._decide, self._cancel, self._look, self._top_up, self._submit, self._move, self._move, self._move, self._read_books)
        dice.choice(ways)(dice)

    def _decide(self, dice: random.Random) -> None:
        gate = dice.choice(self.gates)
        self.decide(gate, dice.choice(["approve", "reject"]))

    def decide(self, gate: Run, word: str) -> bool:
        """Decide on a gate; tell whether that was in time."""

        def decide() -> bool:
            self._workshop.decide(gate, "gate", word, action_hash=self._hashes[gate.pk])
            return True

        return self._histories.call(("gate", gate.pk), "decide", word, lambda: unless_refused(decide, TOO_LATE, False))

    def _cancel(self, dice: random.Random) -> None:
        if dice.random() < 0.3:
            gate = dice.choice(self.gates)
            cancel = partial(services.cancel_run, principal=self._workshop.alice, run_id=gate.public_id)
            self._histories.call(("gate", gate.pk), "cancel", "cancel", lambda: bool(unless_refused(cancel, TOO_LATE, False)))

    def _look(self, dice: random.Random) -> None:
        self.counted(dice.choice(self.gates))

    def counted(self, gate: Run) -> str | None:
        """Return the word the journal says was acted on."""
        return self._histories.call(("gate", gate.pk), "read", None, lambda: word_that_counts(gate))

    def _top_up(self, dice: random.Random) -> None:
        run, key, amount = dice.choice(self.purses), f"k{dice.randrange(12)}", dice.randint(1, 2)

        def top_up() -> Any:
            bob = self._workshop.bob
            done = services.top_up_run(principal=bob, run_id=run.public_id, amount_micro_usd=amount, idempotency_key=key)
            return done["limit_micro_usd"]

        self._histories.call(("purse", run.pk), "top up", (key, amount), lambda: unless_refused(top_up, MISMATCH, "reused"))

    def _submit(self, dice: random.Random) -> None:
        key, fingerprint = dice.choice(self.KEYS), dice.choice("ab")

        def submit() -> tuple[str, bool]:
            run, is_new = services.submit(
                principal=self._workshop.alice,
                agent_ref=self._workshop.agent.public_id,
                plan={"steps": [step("one", "say", said=fingerprint)]},
                idempotency_key=key,
                fingerprint=fingerprint,
            )
            return run.public_id, is_new

        self._histories.call(("key", key), "submit", fingerprint, lambda: unless_refused(submit, MISMATCH, "reused"))

    def run_of(self, key: str) -> Run:
        """Return the one run a key has."""
        [run_id] = {operation.answer[0] for operation in self._histories.of["key", key] if operation.answer != "reused"}
        return Run.objects.get(public_id=run_id)

    def _move(self, dice: random.Random) -> None:
        run, amount = dice.choice(list(self._money)), dice.choice([40, 80])
        if dice.random() < 0.25:
            self._histories.call("books", "give back", (run, amount), lambda: self._give_back(run, amount))
        else:
            reference = f"q{dice.randrange(30)}"
            self._histories.call("books", "draw", (run, amount, reference), lambda: self._draw(run, amount, reference))

    def _draw(self, run: str, amount: int, reference: str) -> Any:
        answer = self._money[run].draw(ledger.Amounts(amount), reference)
        return (answer.missing_micro_usd, answer.scope) if isinstance(answer, ledger.Short) else answer.held.total

    def _give_back(self, run: str, spent: int) -> None:
        self._money[run].give_back(ledger.Amounts(spent))

    def _read_books(self, dice: random.Random) -> None:
        self.read_books()

    def read_books(self) -> Any:
        """Read the scopes at one instant, and put it down."""
        names = [name for name, _ in self.first_books().limits]

        def read() -> tuple[tuple[str, Sums], ...]:
            columns = ("kind", "key", "limit_micro_usd", "reserved_micro_usd", "spent_micro_usd")
            rows = LedgerScope.objects.filter(tenant=self._workshop.tenant, day=None).values_list(*columns)
            found = {f"{kind}:{key}": Sums(*sums) for kind, key, *sums in rows}
            return tuple((name, found.get(name, Sums(None, 0, 0))) for name in names)

        return self._histories.call("books", "read", None, read)


def word_that_counts(gate: Run) -> str | None:
    """Return the first word of a person in a journal that was not ignored."""
    for fact, decisions in read_history(gate):
        if isinstance(fact, ApprovalDecided | CancelRequested) and not isinstance(decisions[0], Ignore):
            return "cancel" if isinstance(fact, CancelRequested) else "approve" if fact.approved else "reject"
    return None


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_it_answers_people_and_programs_one_after_the_other(workshop: Workshop, tmp_path: Path, seed: int) -> None:
    histories = Histories()
    with a_worker(), a_worker():
        desk = Desk(workshop, histories, tmp_path)
        at_once(desk.act, 40, seed)
        for gate in desk.gates:
            # Where nobody has said anything yet; elsewhere it is too late, or the first word counts.
            desk.decide(gate, "approve")
            over(gate)
        for key in desk.KEYS:
            over(desk.run_of(key))
    for place, gate in enumerate(desk.gates):
        word = desk.counted(gate)
        order = linearization(histories.of["gate", gate.pk], Gate(), sequential.a_gate)
        was_cancelled = any(operation.name == "cancel" and operation.answer for operation in order)
        check_gate(now(gate), word, witnessed(desk.witness(place)), was_cancelled)
        assert_is_whole(workshop, gate)
    for run in desk.purses:
        order = linearization(histories.of["purse", run.pk], Purse(100), sequential.a_purse)
        assert now(run).limit_micro_usd == 100 + sum(dict(operation.given for operation in order if operation.answer != "reused").values())
    for key in desk.KEYS:
        linearization(histories.of["key", key], None, sequential.a_key)
    desk.read_books()
    linearization(histories.of["books"], desk.first_books(), sequential.the_books)


def check_gate(gate: Run, word: str | None, effects: Sequence[str], was_cancelled: bool) -> None:
    """Check that a run became what the word that counts says, and that nothing was done without an approval."""
    ends = {"approve": "succeeded", "reject": "failed", "cancel": "cancelled"}
    assert word is not None
    # What was decided may still be under way when somebody cancels the run.
    assert gate.status in {ends[word]} | ({"cancelled"} if was_cancelled else set())
    assert effects in ([], ["gate 1"])
    assert word == "approve" or not effects
    assert gate.status != "succeeded" or effects
