"""What runs, sessions, gates, purses, scopes and keys would answer if everybody came one after the other.

Each function is a specification for `tests.linearizability`: from a state and an answered operation to the states
it may leave behind, none where the answer is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests.linearizability import Operation

# Runs and the sessions that hold them

MAX_CRASHES = 3
SUSPECTED = range(2, MAX_CRASHES + 1)
"""Runs whose workers were lost so often are parked, and tried again apart from the others."""


class RunNow(NamedTuple):
    """A run's row, as far as claims and cancels move it."""

    status: str = "queued"
    holder: int | None = None
    crashes: int = 0


def a_run(run: RunNow, operation: Operation) -> Iterable[RunNow]:
    """One session holds a run at a time; only who holds it gives it back, and what has ended stays so."""
    session = operation.given
    is_held = run.status == "running" and run.holder == session
    match operation.name:
        case "claim" if run.status == "queued":
            yield RunNow("running", session, run.crashes)
        case "release" | "end":
            yield RunNow("queued", None, run.crashes) if is_held else run
        case "bury":
            status = "waiting" if run.crashes + 1 in SUSPECTED else "queued"
            yield RunNow(status, None, run.crashes + 1) if is_held else run
        case "rest":
            yield RunNow("waiting", None, run.crashes + 1) if is_held else run
        case "give up" if operation.answer == is_held:
            yield RunNow("dead_lettered", None, run.crashes) if is_held else run
        case "wake":
            yield run._replace(status="queued") if run.status == "waiting" else run
            if run.crashes in SUSPECTED:
                yield run  # suspects are let back a few at a time
        case "cancel" if operation.answer == (run.status != "dead_lettered"):
            yield run._replace(status="queued") if run.status == "waiting" else run
        case "read" if operation.answer == run:
            yield run


def a_session(is_live: bool, operation: Operation) -> Iterable[bool]:
    """A session claims and renews while it is live, and never again after."""
    match operation.name:
        case "claim" | "renew" if operation.answer == is_live:
            yield is_live
        case "bury" | "end":
            yield False


# Gates


class Gate(NamedTuple):
    """Which word came first and whether one was a decision; whether it is known that the worker has acted on it, and that the
    run is over."""

    first: str | None = None
    is_decided: bool = False
    is_closed: bool = False
    is_over: bool = False


def a_gate(gate: Gate, operation: Operation) -> Iterable[Gate]:
    """The first word counts, and there is one decision. Words are taken until a worker has acted on the first, which it may
    do at any instant."""
    word = operation.given
    match operation.name, operation.answer:
        case "decide", True if not gate.is_closed and not gate.is_decided:
            yield gate._replace(first=gate.first or word, is_decided=True)
        case "cancel", True if not gate.is_over:
            yield gate._replace(first=gate.first or word)
        case "decide", False if gate.is_decided:
            yield gate
        case "decide", False if gate.first is not None:
            yield gate._replace(is_closed=True)
        case "cancel", False if gate.first is not None:
            yield gate._replace(is_closed=True, is_over=True)
        case "read", None if not gate.is_closed:
            yield gate
        case "read", counted if counted is not None and counted == gate.first:
            yield gate._replace(is_closed=True)


# Money


class Purse(NamedTuple):
    """The limit of a run and the top-ups it has had, by key."""

    limit: int
    had: frozenset[tuple[str, int]] = frozenset()


def a_purse(purse: Purse, operation: Operation) -> Iterable[Purse]:
    """A top-up of one key counts once and answers the limit as it is then; another amount under that key is refused."""
    key, amount = operation.given
    before = dict(purse.had).get(key)
    if before is None:
        raised = Purse(purse.limit + amount, purse.had | {(key, amount)})
        if operation.answer == raised.limit:
            yield raised
    elif operation.answer == (purse.limit if before == amount else "reused"):
        yield purse


class Sums(NamedTuple):
    """A scope: what it may hold, what is set aside, what is gone."""

    limit: int | None
    reserved: int
    spent: int


class Money(NamedTuple):
    """What one run has drawn and not given back, spent money included; what is spent; and by which questions it drew."""

    held: int = 0
    spent: int = 0
    asked: frozenset[str] = frozenset()


class Books(NamedTuple):
    """The limits of scopes, and the money of runs, each of which is in some of the scopes."""

    limits: tuple[tuple[str, int | None], ...]
    scopes_of: tuple[tuple[str, tuple[str, ...]], ...]
    runs: tuple[tuple[str, Money], ...]

    def sums(self) -> tuple[tuple[str, Sums], ...]:
        """Return every scope as its row must be."""
        inside = {name: [money for run, money in self.runs if name in dict(self.scopes_of)[run]] for name, _ in self.limits}
        return tuple(
            (name, Sums(limit, sum(m.held - m.spent for m in inside[name]), sum(m.spent for m in inside[name])))
            for name, limit in self.limits
        )

    def with_run(self, run: str, money: Money) -> Books:
        return self._replace(runs=tuple((name, money if name == run else was) for name, was in self.runs))


def the_books(books: Books, operation: Operation) -> Iterable[Books]:
    """Money is drawn from every scope or from none, refused just where one lacks room; the same question draws once."""
    if operation.name == "read":
        yield from [books] if operation.answer == books.sums() else []
        return
    run, amount, *asked = operation.given
    money = dict(books.runs)[run]
    if operation.name == "give back":
        spent = max(money.spent, amount)
        yield books.with_run(run, money._replace(held=spent, spent=spent))
        return
    if asked[0] in money.asked:
        yield from [books] if operation.answer == money.held else []
        return
    sums, scopes = dict(books.sums()), dict(books.scopes_of)[run]
    lacks = {name: _lack(sums[name], amount) for name in scopes}
    missing = max(lacks.values())
    if missing > 0:
        yield from [books] if operation.answer in {(missing, name) for name, lack in lacks.items() if lack == missing} else []
    elif operation.answer == money.held + amount:
        yield books.with_run(run, Money(money.held + amount, money.spent, money.asked | {asked[0]}))


def _lack(sums: Sums, amount: int) -> int:
    return 0 if sums.limit is None else sums.spent + sums.reserved + amount - sums.limit


# Keys


class Submitted(NamedTuple):
    """The run of an idempotency key, and the request it was accepted for."""

    run: str
    fingerprint: str


def a_key(submitted: Submitted | None, operation: Operation) -> Iterable[Submitted | None]:
    """The first request of a key makes the run; the same again gets it, another one is refused."""
    if submitted is None:
        if operation.answer != "reused" and operation.answer[1]:
            yield Submitted(operation.answer[0], operation.given)
    elif operation.answer == ((submitted.run, False) if submitted.fingerprint == operation.given else "reused"):
        yield submitted
