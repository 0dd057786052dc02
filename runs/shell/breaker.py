"""The circuits as one worker knows them: says which calls wait, and counts how calls end.

nothing counted anywhere  →  a call that gives a result costs a look at an empty table in memory
a call failed, or went through a circuit something is counted of  →  one question, shared by all that ended meanwhile
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from django.db import connection

from catalog import circuits
from catalog.circuit_states import Said, said_by
from catalog.circuits import LONGEST_HOST, Circuits, Ending, Key, Passage, Told
from runs.shell import clock
from runs.shell.database import DatabaseThread
from skills.base import ANYWHERE, Skill
from skills.contracts import StructuredOutcome

log = logging.getLogger(__name__)

CallId = tuple[int, str, int]
"""A call of this worker: its run (a row id), its step, its attempt."""


class Opened(NamedTuple):
    """A circuit a failure has opened, and until when by this host's clock."""

    scope: str
    until_ms: int


class Breaker:
    """The circuits of one worker. `known` is the snapshot, which its owner renews."""

    def __init__(self, database: DatabaseThread, known: Circuits) -> None:
        self.known = known
        self._database = database
        self._trials: dict[CallId, Key] = {}
        self._waiting: list[tuple[Ending, asyncio.Future[Told]]] = []
        self._is_asking = False

    # Before a call

    def key_of(self, tenant_id: int, skill: Skill, params: Any) -> Key | None:
        """Return the circuit a call belongs to; a skill that calls no host, or does not know yet which, has none."""
        target = target_of(skill, params)
        named = target is not None and target != ANYWHERE and len(target) <= LONGEST_HOST and "\x00" not in target
        return Key(tenant_id, skill.name, target) if named and target else None

    def concerned(self, tenant_id: int, skill: Skill, params: Any) -> Key | None:
        """Return the circuit of a call where it is not closed, as far as is known here."""
        if not self.known:
            return None
        key = self.key_of(tenant_id, skill, params)
        return None if key is None or self.known.wait_ms(key) is None else key

    def admitted(self, call: CallId, passage: Passage) -> None:
        """Take in what the rows said to a call."""
        self.known.note(passage.key, passage.told)
        if passage.is_trial:
            self._trials[call] = passage.key

    def forgo(self, call: CallId) -> None:
        """Let another call be the trial, because this one will not be made."""
        key = self._trials.pop(call, None)
        if key is not None:
            self._post(Ending(key, "nothing", was_trial=True)).add_done_callback(_log_what_failed)

    # After a call

    async def ended(
        self, call: CallId, tenant_id: int, skill: Skill, params: Any, outcome: StructuredOutcome, *, cut_off: bool = False
    ) -> Opened | None:
        """Count how a call ended; return the circuit it opened. One that was `cut_off` because its run had no more time says
        nothing. Raises nothing: what a call brought is worth more than its count.
        """
        trial = self._trials.pop(call, None)
        failure = outcome.failure
        if failure is None and trial is None and not self.known:
            return None
        said = "nothing" if cut_off and failure else _said_by(outcome)
        key = trial or self._countable(tenant_id, skill, params, said)
        if key is None:
            return None
        told = await self._told(Ending(key, said, failure.code if failure else "", was_trial=trial is not None))
        if told is None or not told.has_opened or told.standing.open_until_ms is None:
            return None
        log.warning("circuit.opened", extra={"scope": key.label, "tenant_id": tenant_id, "code": told.standing.last_code})
        return Opened(key.label, clock.now_ms() + told.standing.open_until_ms - told.now_ms)

    def _countable(self, tenant_id: int, skill: Skill, params: Any, said: Said) -> Key | None:
        """Return the circuit in which the end of a call counts: each failure of a host, results only after failures."""
        if said == "nothing" or (said == "up" and not self.known):
            return None
        key = self.key_of(tenant_id, skill, params)
        if key is None or self.known.wait_ms(key) is not None:
            return None  # not closed: only its trial says anything new
        return key if said == "down" or key in self.known else None

    async def _told(self, ending: Ending) -> Told | None:
        try:
            return await self._post(ending)
        except asyncio.CancelledError:
            # The call is over and its outcome known. Being called back now changes nothing of it, and it is counted all the same.
            return None
        except Exception:
            log.exception("circuit.not_counted", extra={"scope": ending.key.label})
            return None

    def _post(self, ending: Ending) -> asyncio.Future[Told]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Told] = loop.create_future()
        self._waiting.append((ending, answer))
        if not self._is_asking:
            self._is_asking = True
            # Not at once: whatever else ends in this turn of the loop is counted with it.
            loop.call_soon(self._ask)
        return answer

    def _ask(self) -> None:
        asked, self._waiting = self._waiting, []
        self._database.post(count, ([ending for ending, _ in asked],), partial(self._tell, asked))

    def _tell(self, asked: list[tuple[Ending, asyncio.Future[Told]]], told: list[Told] | None, error: BaseException | None) -> None:
        for place, (ending, answer) in enumerate(asked):
            if told is not None:
                self.known.note(ending.key, told[place])
            if answer.done():
                continue
            if told is None:
                answer.set_exception(error or RuntimeError("no answer"))
            else:
                answer.set_result(told[place])
        if self._waiting:
            self._ask()
        else:
            self._is_asking = False


def _said_by(outcome: StructuredOutcome) -> Said:
    failure = outcome.failure
    if failure is None:
        return said_by(None, "acked", from_cache=outcome.execution.cache_hit)
    return said_by(failure.code, failure.phase)


def _log_what_failed(counted: asyncio.Future[Told]) -> None:
    if not counted.cancelled() and (error := counted.exception()) is not None:
        log.error("circuit.not_counted", exc_info=error)


def count(endings: list[Ending]) -> list[Told]:
    """Count calls that ended. On the database thread."""
    return circuits.report(endings, clock.database_now_ms(connection.vendor))


def guarded_target(skill: Skill | None, params: Mapping[str, Any], effect: str) -> str | None:
    """Return where a call may go as a gate minds it: what is not known to stay at one host may go anywhere."""
    return ANYWHERE if skill is None else minded_target(skill, params, effect, target_of(skill, params))


def minded_target(skill: Skill, params: Mapping[str, Any], effect: str, target: str | None) -> str | None:
    """Return where a call may go as a gate minds it, of a skill that names this target."""
    is_silent = target is None and effect != "none" and type(skill).target_of is Skill.target_of
    return ANYWHERE if is_silent or (target is not None and skill.may_leave(params)) else target


def target_of(skill: Skill, params: Mapping[str, Any]) -> str | None:
    """Return where a call goes. A skill that cannot say may go anywhere."""
    try:
        target = skill.target_of(params)
    except Exception:
        log.exception("skill.target.defect", extra={"skill": skill.name})
        return ANYWHERE
    return target if target is None or isinstance(target, str) else ANYWHERE
