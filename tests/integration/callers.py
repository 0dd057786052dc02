"""Callers of a gate: on threads with connections of their own, by gates that count what they ask the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from agents.freezes import Freezes
from agents.models import Agent, Tenant
from runs.shell.claims import Claimed
from runs.shell.database import DatabaseThread
from runs.shell.gate import Gate, Held
from skills.base import Skill
from skills.contracts import Constraints
from tests.fakes.skills import Say

LIMIT = 20


class Limited(Say):
    name = "limited"
    constraints = Constraints(rate_limit_per_minute=LIMIT)


class Elsewhere(Say):
    """A skill that calls the host it is told to, and breaks where it is told nothing."""

    name = "elsewhere"

    def target_of(self, params: Any) -> str | None:
        return str(params["host"])


class CountedThread(DatabaseThread):
    """A database thread that counts what it is asked."""

    asked = 0

    def post(self, function: Callable[..., Any], args: tuple[object, ...], done: Any) -> None:
        self.asked += 1
        super().post(function, args, done)


def a_run(tenant: Tenant, agent: Agent) -> Claimed:
    return Claimed(
        id=1,
        public_id="run_1",
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        agent_id=agent.pk,
        agent_status="active",
        last_seq=1,
        crash_count=0,
        trace_id="",
        spent_micro_usd=0,
        woken=False,
        first_event=None,
    )


def asked(run: Claimed, skill: Skill, calls: Sequence[dict[str, Any]], snapshot: Freezes | None = None) -> tuple[list[Held | None], int]:
    """Return what a gate of its own says about calls that come at once, and how often it asked the database."""
    database = CountedThread()

    async def ask() -> list[Held | None]:
        gate = Gate(database, snapshot or Freezes())
        return await asyncio.gather(
            *(gate.held(run=run, skill=skill, **{"params": {}, "rules": (), "effect": "none"} | call) for call in calls)
        )

    try:
        return asyncio.run(ask()), database.asked
    finally:
        database.close()


def in_parallel(times: int, do: Callable[[int], Any]) -> list[Any]:
    """Return what a function answers on so many threads at once, each with a connection of its own."""
    start = Barrier(times)

    def one(number: int) -> Any:
        try:
            start.wait(20)
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))
