"""The gate before every call: is it frozen, is its circuit open, and is there room in the rates it stands under?

    nothing frozen or open in the snapshots, no limit, nothing changed outside  →  passes, and nobody was asked
    else  →  one question to the database, shared by all that came while the one before it was under way

A call that changes something outside goes by the freezes that stand just then, every other by the snapshot. Of an open
circuit the snapshot is enough; whether a call is the trial of a half-open one, the rows say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

from django.db import connection

from agents import rates
from agents.freezes import Freezes, Frozen
from agents.limits import Full, Limit, Rule, limits_of
from catalog import circuits
from catalog.circuits import Circuits, Ending, Key, Passage, Wish
from runs.shell import clock
from runs.shell.breaker import Breaker, CallId, target_of
from runs.shell.claims import Claimed
from runs.shell.database import DatabaseThread
from skills.base import Skill

HARMLESS = ("none", "read")
"""Effects for which a freeze may come as late as the snapshot is old."""
TRIAL_MARGIN_MS = 5_000
"""How much longer than its own time-out the trial of a circuit may be away before another call is let through in its place."""


class Held(NamedTuple):
    """Why a call may not begin now. RATE_LIMITED and UPSTREAM_UNAVAILABLE (its circuit is open) say when to come again, FROZEN
    ends when somebody lifts it."""

    code: Literal["RATE_LIMITED", "FROZEN", "UPSTREAM_UNAVAILABLE"]
    scope: str
    message: str
    limit: int | None = None
    retry_after_ms: int | None = None


class Call(NamedTuple):
    """What the database has to say about a call: the limits it stands under, where it `looks` whether it is frozen, and whether
    it is the trial of a circuit."""

    tenant_id: int
    agent_id: int
    skill: str
    limits: Sequence[Limit]
    looks: bool
    wish: Wish | None = None
    id: CallId = (0, "", 0)


class Answer(NamedTuple):
    """What the database said: why a call is held, if it is, and what it was told of its circuit."""

    held: Held | None
    passage: Passage | None = None


class Gate:
    """The gate of one worker. `freezes` and the circuits of `breaker` are snapshots, which their owner renews."""

    def __init__(self, database: DatabaseThread, freezes: Freezes, known: Circuits | None = None) -> None:
        self.freezes = freezes
        self.breaker = Breaker(database, Circuits() if known is None else known)
        self._database = database
        self._waiting: list[tuple[Call, asyncio.Future[Held | None]]] = []
        self._is_asking = False

    async def held(
        self,
        *,
        run: Claimed,
        skill: Skill,
        params: Any,
        rules: Sequence[Rule],
        effect: str,
        call: CallId = (0, "", 0),
        timeout_ms: int = 30_000,
    ) -> Held | None:
        """Return why a call may not begin now, or None and let it through: then it counts in all its rates."""
        frozen = self.freezes.holds(run.tenant_id, run.agent_id, skill.name)
        looks = effect not in HARMLESS
        if frozen is not None and not looks:
            return _frozen(frozen)
        circuit = self.breaker.concerned(run.tenant_id, skill, params)
        wait_ms = self.breaker.known.wait_ms(circuit) if circuit else None
        if circuit is not None and wait_ms:
            return _open(circuit, wait_ms)
        wish = None if circuit is None else Wish(circuit, timeout_ms + TRIAL_MARGIN_MS)
        declared = skill.constraints.rate_limit_per_minute
        limits = limits_of(skill.name, declared, target_of(skill, params), rules) if rules or declared is not None else []
        if not looks and not limits and wish is None:
            return None
        return await self._asked(Call(run.tenant_id, run.agent_id, skill.name, limits, looks, wish, call))

    async def _asked(self, call: Call) -> Held | None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Held | None] = loop.create_future()
        self._waiting.append((call, answer))
        if not self._is_asking:
            self._is_asking = True
            # Not at once: whoever else comes in this turn of the loop is asked about with it.
            loop.call_soon(self._ask)
        return await answer

    def _ask(self) -> None:
        asked, self._waiting = self._waiting, []
        self._database.post(decide, ([call for call, _ in asked],), partial(self._tell, asked))

    def _tell(self, asked: list[tuple[Call, asyncio.Future[Held | None]]], said: list[Answer] | None, error: BaseException | None) -> None:
        for place, (call, answer) in enumerate(asked):
            passage = said[place].passage if said is not None else None
            if passage is not None:
                self.breaker.admitted(call.id, passage)
            if answer.done():
                # Cancelled meanwhile; what it took of its rates is not given back.
                self.breaker.forgo(call.id)
            elif said is None:
                answer.set_exception(error or RuntimeError("no answer"))
            else:
                answer.set_result(said[place].held)
        if self._waiting:
            self._ask()
        else:
            self._is_asking = False


def decide(calls: Sequence[Call]) -> list[Answer]:
    """Say of each call whether it is held, and let the others through. On the database thread."""
    looking = {call.tenant_id for call in calls if call.looks}
    freezes = Freezes.load(looking) if looking else Freezes()
    frozen = [freezes.holds(call.tenant_id, call.agent_id, call.skill) if call.looks else None for call in calls]
    held = [None if each is None else _frozen(each) for each in frozen]
    passages = _pass_circuits(calls, held)
    counted = [place for place, call in enumerate(calls) if call.limits and held[place] is None]
    if counted:
        asks = [rates.Ask(calls[place].tenant_id, calls[place].limits) for place in counted]
        for place, full in zip(counted, rates.take(asks, clock.database_now_ms(connection.vendor)), strict=True):
            held[place] = None if full is None else _limited(full)
    _give_back_trials(passages, held)
    return [Answer(each, passages.get(place)) for place, each in enumerate(held)]


def _pass_circuits(calls: Sequence[Call], held: list[Held | None]) -> dict[int, Passage]:
    """Ask the circuits of those that are not held yet, and hold back all but their trials."""
    wishes = {place: call.wish for place, call in enumerate(calls) if call.wish is not None and held[place] is None}
    if not wishes:
        return {}
    passages = dict(zip(wishes, circuits.admit(list(wishes.values()), clock.database_now_ms(connection.vendor)), strict=True))
    for place, passage in passages.items():
        if passage.wait_ms is not None:
            held[place] = _open(wishes[place].key, passage.wait_ms)
    return passages


def _give_back_trials(passages: dict[int, Passage], held: Sequence[Held | None]) -> None:
    """Let others be the trial in place of calls that a rate holds back."""
    forgone = {place: passage for place, passage in passages.items() if passage.is_trial and held[place] is not None}
    if forgone:
        endings = [Ending(passage.key, "nothing", was_trial=True) for passage in forgone.values()]
        told = circuits.report(endings, clock.database_now_ms(connection.vendor))
        passages |= {
            place: passage._replace(is_trial=False, told=each) for (place, passage), each in zip(forgone.items(), told, strict=True)
        }


def _frozen(frozen: Frozen) -> Held:
    return Held("FROZEN", frozen.label, f"{frozen.label} is frozen: {frozen.reason}")


def _limited(full: Full) -> Held:
    scope, limit = full.limit
    return Held("RATE_LIMITED", scope, f"{scope} has had its {limit} calls of this minute", limit, full.retry_after_ms)


def _open(circuit: Key, wait_ms: int) -> Held:
    message = f"{circuit.host} failed {circuit.skill} too often in a row: it is left alone for a while, then one call tries"
    return Held("UPSTREAM_UNAVAILABLE", circuit.label, message, None, wait_ms)
