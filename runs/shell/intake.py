"""How a run comes in: its row and its first event, written only while its agent is as it was read, nothing of it is frozen,
and its key unused.

PostgreSQL does all of it in one statement, which is one round trip and one commit; SQLite, which writes to one table at
a time, in one short transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from django.db import connection, models, transaction

from agents.known_agents import UNCHANGED, KnownAgent
from runs.models import Run
from runs.shell.crash_points import crash_point
from runs.shell.journal import Row
from runs.shell.statements import execute, fetch, is_postgresql

_DECIDED = (
    "public_id",
    "goal",
    "planner",
    "priority",
    "idempotency_key",
    "fingerprint",
    "parent_id",
    "relation",
    "trace_id",
    "created_by",
    "limit_micro_usd",
    "deadline_at_ms",
    "faults",
    "journal_head",
    "created_at",
)
"""The columns a submit decides. Tenant and agent come from the agent's row, the rest has the model's defaults."""

_FROM_ELSEWHERE = {"tenant_id": "a.tenant_id", "agent_id": "a.id", "last_seq": "1"}
# What the database makes itself is left to it.
_COLUMNS = tuple(f for f in Run._meta.concrete_fields if not (f.primary_key or f.generated or f.has_db_default()))
_EVENT = "INSERT INTO runs_runevent (run_id, seq, kind, step, attempt, session_id, at_ms, data)"
_FIRST = "1, %s, '', 0, NULL, %s, %s"


def _written_as(field: models.Field[Any, Any]) -> str:
    """Return what stands for a column's value: a parameter, another column, or the model's default."""
    name = str(field.column)
    if name in _DECIDED:
        return "%s"
    if name in _FROM_ELSEWHERE:
        return _FROM_ELSEWHERE[name]
    default = field.get_default()
    return "NULL" if default is None else f"'{default}'" if isinstance(default, str) else str(int(default))


def _run(locked: str) -> str:
    return f"""INSERT INTO runs_run ({", ".join(str(field.column) for field in _COLUMNS)})
    SELECT {", ".join(map(_written_as, _COLUMNS))} FROM agents_agent a WHERE {UNCHANGED} {locked}
    ON CONFLICT DO NOTHING RETURNING id"""


_RUN = _run("")
# Held as the reference to it will hold it anyway, but before it is read: one that somebody is just deleting is waited for, and is gone.
_RUN_WITH_EVENT = f"WITH run AS ({_run('FOR KEY SHARE OF a')}) {_EVENT} SELECT id, {_FIRST} FROM run RETURNING run_id"
_EVENT_OF_RUN = f"{_EVENT} VALUES (%s, {_FIRST})"
# SQLite takes one writer at a time; who finds it busy sleeps and tries again, for ever longer. Taking turns costs no sleep.
_turn = threading.Lock()
_PARAMETERS = tuple(field.attname for field in _COLUMNS if field.column in _DECIDED)


def take_in(run: Run, first: Row, agent: KnownAgent, skills: Iterable[str] = ()) -> bool:
    """Write a new run with its first event and give it its number; tell whether it was written.

    It is not, and nothing is, where the agent is no longer as it was read, it or one of the skills is frozen, or another run
    of the tenant has the key.
    """
    values = [getattr(run, name) for name in _PARAMETERS]
    values[_PARAMETERS.index("created_at")] = connection.ops.adapt_datetimefield_value(run.created_at)
    event = (first.kind, first.at_ms, first.data)
    proof = agent.proof_for(skills)
    number = _in_one_statement(values, event, proof) if is_postgresql() else _in_one_transaction(values, event, proof)
    if number is None:
        return False
    run.pk, run._state.adding, run._state.db = number, False, connection.alias
    return True


def _in_one_statement(values: list[Any], event: tuple[Any, ...], proof: tuple[Any, ...]) -> int | None:
    written = fetch(_RUN_WITH_EVENT, (*values, *proof, *event))
    return int(written[0][0]) if written else None


def _in_one_transaction(values: list[Any], event: tuple[Any, ...], proof: tuple[Any, ...]) -> int | None:
    # Inside a transaction the database is this thread's already; to wait for a turn there could be to wait for oneself.
    with nullcontext() if connection.in_atomic_block else _turn, transaction.atomic():
        written = fetch(_RUN, (*values, *proof))
        if not written:
            return None
        number = int(written[0][0])
        execute(_EVENT_OF_RUN, (number, *event))
        crash_point("submit.written")
        return number
