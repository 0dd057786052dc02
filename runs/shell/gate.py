"""The gate before every call: is it frozen, and is there room in the rates it stands under?

    nothing frozen in the snapshot, no limit, nothing changed outside  →  passes, and nobody was asked
    else  →  one question to the database, shared by all that came while the one before it was under way

A call that changes something outside goes by the freezes that stand just then, every other by the snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

from django.db import connection

from agents import rates
from agents.freezes import Freezes, Frozen
from agents.limits import Full, Limit, Rule, limits_of
from runs.shell import clock
from runs.shell.claims import Claimed
from runs.shell.database import DatabaseThread
from skills.base import ANYWHERE, Skill

log = logging.getLogger(__name__)

HARMLESS = ("none", "read")
"""Effects for which a freeze may come as late as the snapshot is old."""


class Held(NamedTuple):
    """Why a call may not begin now. RATE_LIMITED says when it may, FROZEN ends when somebody lifts it."""

    code: Literal["RATE_LIMITED", "FROZEN"]
    scope: str
    message: str
    limit: int | None = None
    retry_after_ms: int | None = None


class Call(NamedTuple):
    """What the database has to say about a call: the limits it stands under and, where it `looks`, whether it is frozen."""

    tenant_id: int
    agent_id: int
    skill: str
    limits: Sequence[Limit]
    looks: bool


class Gate:
    """The gate of one worker. `freezes` is the snapshot, which its owner renews."""

    def __init__(self, database: DatabaseThread, freezes: Freezes) -> None:
        self.freezes = freezes
        self._database = database
        self._waiting: list[tuple[Call, asyncio.Future[Held | None]]] = []
        self._is_asking = False

    async def held(self, *, run: Claimed, skill: Skill, params: Any, rules: Sequence[Rule], effect: str) -> Held | None:
        """Return why a call may not begin now, or None and let it through: then it counts in all its rates."""
        frozen = self.freezes.holds(run.tenant_id, run.agent_id, skill.name)
        looks = effect not in HARMLESS
        if frozen is not None and not looks:
            return _frozen(frozen)
        declared = skill.constraints.rate_limit_per_minute
        limits = limits_of(skill.name, declared, _target_of(skill, params), rules) if rules or declared is not None else []
        if not looks and not limits:
            return None
        return await self._asked(Call(run.tenant_id, run.agent_id, skill.name, limits, looks))

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
        self._database.post(decide, ([call for call, _ in asked],), partial(self._tell, [answer for _, answer in asked]))

    def _tell(self, waiting: list[asyncio.Future[Held | None]], held: list[Held | None] | None, error: BaseException | None) -> None:
        for place, answer in enumerate(waiting):
            if answer.done():
                continue  # cancelled meanwhile; what it took of its rates is not given back
            if held is None:
                answer.set_exception(error or RuntimeError("no answer"))
            else:
                answer.set_result(held[place])
        if self._waiting:
            self._ask()
        else:
            self._is_asking = False


def decide(calls: Sequence[Call]) -> list[Held | None]:
    """Say of each call whether it is held, and let the others through. On the database thread."""
    looking = {call.tenant_id for call in calls if call.looks}
    freezes = Freezes.load(looking) if looking else Freezes()
    frozen = [freezes.holds(call.tenant_id, call.agent_id, call.skill) if call.looks else None for call in calls]
    counted = [place for place, call in enumerate(calls) if call.limits and frozen[place] is None]
    held = [None if each is None else _frozen(each) for each in frozen]
    if counted:
        asks = [rates.Ask(calls[place].tenant_id, calls[place].limits) for place in counted]
        for place, full in zip(counted, rates.take(asks, clock.database_now_ms(connection.vendor)), strict=True):
            held[place] = None if full is None else _limited(full)
    return held


def _frozen(frozen: Frozen) -> Held:
    return Held("FROZEN", frozen.label, f"{frozen.label} is frozen: {frozen.reason}")


def _limited(full: Full) -> Held:
    scope, limit = full.limit
    return Held("RATE_LIMITED", scope, f"{scope} has had its {limit} calls of this minute", limit, full.retry_after_ms)


def _target_of(skill: Skill, params: Any) -> str | None:
    """Return where a call goes. A skill that cannot say may go anywhere."""
    try:
        target = skill.target_of(params)
    except Exception:
        log.exception("skill.target.defect", extra={"skill": skill.name})
        return ANYWHERE
    return target if target is None or isinstance(target, str) else ANYWHERE
