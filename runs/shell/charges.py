"""What calls cost, as rows: which charges a fact leads to, and the SQL that writes them beside it.

A charge is made of every call that cost money or used tokens; free calls leave none. What a run has spent is the sum of
its charges, at every event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from agents.ledger import model_key, owner_of
from runs.engine.decisions import Decision, Fallback, Ignore
from runs.engine.events import (
    PLAN,
    Fact,
    PlanProposed,
    PlanRejected,
    RunPoisoned,
    RunReclaimed,
    StepFailed,
    StepInterrupted,
    StepSucceeded,
)
from runs.engine.moves import is_pseudo
from runs.engine.state import Attempt, State, StepState
from runs.shell.claims import Claimed
from runs.shell.statements import execute, is_postgresql
from skills.canonical import digest

LARGEST = 2**53 - 1
PLANNING = "planner:"
"""What stands before a planner's name where skills are named."""

_OUTCOMES = (StepSucceeded, StepFailed, StepInterrupted, PlanProposed, PlanRejected)
_PLANS = (PlanProposed, PlanRejected)
_LOSSES = (RunReclaimed, RunPoisoned)


class ChargeRow(msgspec.Struct):
    """A charge as the machine knows it."""

    tenant_id: int
    run_public_id: str
    seq: int
    step: str
    attempt: int
    skill: str
    skill_version: str
    provider: str
    model: str
    at_ms: int
    cost_micro_usd: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    pricing_version: str
    pricing_status: str
    waste: str
    agent_id: int


class Calls:
    """The calls of one run that were charged: what a later one would repeat, and which were lost already."""

    def __init__(self) -> None:
        self._seen: set[str] | None = None
        self._lost: set[tuple[str, int]] = set()

    def repeats(self, state: State, step: StepState) -> bool:
        """Tell whether an earlier call of the same skill with the same parameters gave the same result, and count this one in."""
        if self._seen is None:
            self._seen = {_call(state, other) for other in state.steps.values() if other is not step and _succeeded(state, other)}
        call = _call(state, step)
        is_again = call in self._seen
        self._seen.add(call)
        return is_again

    def lose(self, step: StepState, attempt: Attempt) -> bool:
        """Count a lost call in; tell whether it is one more. Its time does not: two workers may be lost in one millisecond."""
        lost = (step.key, attempt.attempt)
        is_new = lost not in self._lost
        self._lost.add(lost)
        return is_new


def _succeeded(state: State, step: StepState) -> bool:
    return (
        step.status == "succeeded" and bool(step.attempts) and step.node in state.pins and not _pin_of(state, step, step.on_fallback).free
    )


def _call(state: State, step: StepState) -> str:
    return digest([step.attempts[-1].skill, step.params, step.result])


# Which charges


def charges_of(
    run: Claimed, seq: int, fact: Fact, decisions: tuple[Decision, ...], state: State, calls: Calls | None = None
) -> list[ChargeRow]:
    """Return the charges of a fact, given the state after it. `calls` are those of the run so far, where somebody keeps them."""
    if decisions and isinstance(decisions[0], Ignore):
        return []
    calls = calls or Calls()
    if isinstance(fact, _LOSSES):
        return [_lost(run, seq, fact, state, step, attempt) for step, attempt in _lost_with(state) if calls.lose(step, attempt)]
    return [_charge(run, seq, fact, decisions, state, calls)] if _costs(fact) else []


def _costs(fact: Any) -> bool:
    return isinstance(fact, _OUTCOMES) and bool(fact.cost_micro_usd or any(_usage_of(fact).values()))


def _usage_of(fact: Any) -> Mapping[str, int]:
    return getattr(fact, "usage", None) or {}


def _charge(run: Claimed, seq: int, fact: Any, decisions: tuple[Decision, ...], state: State, calls: Calls) -> ChargeRow:
    step = state.steps[PLAN if isinstance(fact, _PLANS) else fact.step]
    has_left = any(isinstance(decision, Fallback) and decision.step == step.key for decision in decisions)
    row = _row(run, seq, fact, state, step, _attempt_of(step, fact.attempt), on_fallback=step.on_fallback and not has_left)
    row.cost_micro_usd = fact.cost_micro_usd
    row.model = row.model or model_key(getattr(fact, "model", None) or "")
    row.pricing_version = _clean(getattr(fact, "pricing_version", None) or "", 160)
    row.pricing_status = _pricing_status(fact)
    row.waste = _waste(fact, state, step, calls)
    _add_tokens(row, _usage_of(fact))
    return row


def _lost_with(state: State) -> Iterator[tuple[StepState, Attempt]]:
    """Yield the calls that were settled at their worst case just now, because their worker was lost."""
    for step in state.steps.values():
        # From the last one on, which may have begun since: a lost call is made again at once.
        for attempt in reversed(step.attempts[-2:]):
            if attempt.status == "lost" and attempt.finished_at_ms == state.now_ms and attempt.cost_micro_usd:
                yield step, attempt


def _lost(run: Claimed, seq: int, fact: Fact, state: State, step: StepState, attempt: Attempt) -> ChargeRow:
    row = _row(run, seq, fact, state, step, attempt, on_fallback=step.on_fallback)
    row.cost_micro_usd, row.pricing_status, row.waste = attempt.cost_micro_usd, "estimated", "retry"
    return row


def _attempt_of(step: StepState, number: int) -> Attempt:
    return next(attempt for attempt in reversed(step.attempts) if attempt.attempt == number)


def _row(run: Claimed, seq: int, fact: Fact, state: State, step: StepState, attempt: Attempt, *, on_fallback: bool) -> ChargeRow:
    is_planning = is_pseudo(step)
    return ChargeRow(
        tenant_id=run.tenant_id,
        run_public_id=run.public_id,
        seq=seq,
        step=step.key,
        attempt=attempt.attempt,
        skill=f"{PLANNING}{attempt.skill}" if is_planning else attempt.skill,
        skill_version="" if is_planning else _pin_of(state, step, on_fallback).version,
        provider="" if is_planning else _provider(state, step, attempt.skill),
        model=attempt.model,
        at_ms=fact.at_ms,
        cost_micro_usd=0,
        input_tokens=0,
        output_tokens=0,
        cache_read_tokens=0,
        cache_write_tokens=0,
        pricing_version="",
        pricing_status="priced",
        waste="",
        agent_id=run.agent_id,
    )


def _pin_of(state: State, step: StepState, on_fallback: bool) -> Any:
    return state.pins[step.node + "!fallback" if on_fallback else step.node]


def _provider(state: State, step: StepState, skill: str) -> str:
    """Return whom a call goes to, as its parameters or its configuration say; empty where neither does."""
    params = step.params if isinstance(step.params, dict) else {}
    config = (state.means.get("skill_config") or {}).get(skill) or {}
    return next((_clean(found, 64) for found in (params.get("provider"), config.get("provider")) if isinstance(found, str)), "")


def _clean(text: str, longest: int) -> str:
    """Return a text as every database takes it."""
    return "".join(sign for sign in text if sign.isprintable())[:longest]


def _pricing_status(fact: Fact) -> str:
    if isinstance(fact, StepInterrupted):
        # Called back in the midst of it, a call can hardly say what it cost.
        return "estimated"
    if isinstance(fact, _PLANS):
        return "priced" if fact.pricing_version or not fact.cost_micro_usd else "unpriced"
    return "unpriced" if getattr(fact, "pricing", "") == "unpriced" else "priced"


def _waste(fact: Fact, state: State, step: StepState, calls: Calls) -> str:
    if isinstance(fact, StepSucceeded):
        return "loop" if calls.repeats(state, step) else ""
    if isinstance(fact, PlanProposed) or (isinstance(fact, StepFailed) and fact.code == "CANCELLED"):
        # What somebody stopped was not tried in vain.
        return ""
    return "retry"


def _add_tokens(row: ChargeRow, usage: Mapping[str, int]) -> None:
    for bucket in ("input", "output", "cache_read", "cache_write"):
        setattr(row, f"{bucket}_tokens", min(max(usage.get(bucket, 0), 0), LARGEST))


# Their SQL

_KNOWN = [field.name for field in msgspec.structs.fields(ChargeRow) if field.name != "agent_id"]
_COLUMNS = [*_KNOWN, "agent_public_id", "day"]
_TYPES = {**ChargeRow.__annotations__, "agent_public_id": "str", "day": "date"}
_TYPED = ", ".join(f"{name} {({'int': 'bigint', 'str': 'text'}).get(_TYPES[name], _TYPES[name])}" for name in _COLUMNS)
_FROM_JSON = ", ".join(f"json_extract(value, '$.{name}')" for name in _COLUMNS)
_INSERT = f"INSERT INTO runs_charge ({', '.join(_COLUMNS)}) SELECT"
_POSTGRESQL = f"{_INSERT} u.* FROM json_to_recordset(%s::json) AS u({_TYPED}) ON CONFLICT DO NOTHING"
_SQLITE = f"{_INSERT} {_FROM_JSON} FROM json_each(%s) WHERE 1 = 1 ON CONFLICT DO NOTHING"


def write_charges(rows: Iterable[ChargeRow]) -> None:
    """Store charges; one that is there already (a repeated commit) stays as it is. Runs inside the caller's transaction."""
    found = list(rows)
    if not found:
        return
    owners = {key: owner_of(*key) for key in {(row.tenant_id, row.agent_id) for row in found}}
    stored = []
    for row in found:
        owner = owners[row.tenant_id, row.agent_id]
        told = {name: getattr(row, name) for name in _KNOWN}
        stored.append({**told, "agent_public_id": owner.agent, "day": str(owner.today(row.at_ms))})
    execute(_POSTGRESQL if is_postgresql() else _SQLITE, (msgspec.json.encode(stored).decode(),))
