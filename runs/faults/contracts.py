"""The values of fault injection: the fault somebody asks for, and the report about a plan's faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from runs.faults.kinds import FaultKind
from skills.contracts import Contract, Name

MOST_FAULTS = 50
"""So many faults a run may have at the most."""

Milliseconds = Annotated[int, Field(strict=True, ge=0, le=3_600_000)]


class Fault(Contract):
    """A fault done to calls of a run on purpose: to the `attempt`-th call of a step, or of every step, and the `count` - 1 after it.

    `after_ms` is how long the call takes before it happens (for `slow`, how long the answer takes); a lease lost after
    0 ms is lost before the call leaves. `retry_after_ms` is what `rate_limited` asks for.
    """

    kind: FaultKind
    step: Name | None = None
    attempt: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    count: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    after_ms: Milliseconds | None = None
    retry_after_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _only_limits_say_when(self) -> Fault:
        if self.retry_after_ms is not None and self.kind is not FaultKind.RATE_LIMITED:
            raise PydanticCustomError("retry_after_ms", "only rate_limited says when to come again")
        return self

    def hits(self, step: str, call: int) -> bool:
        """Tell whether it is done to this call of a step, counted from 1."""
        return self.step in (None, step) and self.attempt <= call < self.attempt + self.count

    def __str__(self) -> str:
        return f"{self.kind}@{self.step or 'every step'}" + (f" (call {self.attempt})" if self.attempt > 1 else "")


Faults = Annotated[list[Fault], Field(max_length=MOST_FAULTS)]


def due(faults: Iterable[Mapping[str, Any]], step: str, call: int) -> Fault | None:
    """Return the first of the faults a journal names that is done to this call of a step."""
    read = (Fault.model_validate(raw) for raw in faults)
    return next((fault for fault in read if fault.hits(step, call)), None)


def unknown_steps(faults: Sequence[Fault], steps: Iterable[str] | None) -> list[dict[str, str]]:
    """Return a fault with its pointer for each step that is named and not there; without steps none may be named."""
    known = None if steps is None else frozenset(steps)
    why = "the steps of a goal are not known before it is planned; name none to hit every step"
    return [
        {
            "pointer": f"/faults/{place}/step",
            "code": "INVALID_REFERENCE",
            "detail": why if known is None else f"the plan has no step '{fault.step}'",
        }
        for place, fault in enumerate(faults)
        if fault.step is not None and (known is None or fault.step not in known)
    ]


# The report


class ChaosEnd(Contract):
    """How a run came out: `must_act` says who has to do something for it to go on, None where nobody has to."""

    status: str
    waiting_for: str | None
    code: str | None
    must_act: str | None
    cost_micro_usd: int
    duration_ms: int


class ChaosCase(Contract):
    """One run of the plan with faults. `arrived` says whether the other side got the call where nobody in the run could know.

    `calls` are those of the step, of a loop those of the item called most; `effects` what it did outside, `duplicates` how
    often once too much, `missing` how often the run says it is done while nothing happened. `honest`: the run ended, or waits
    for somebody who can settle it.
    """

    faults: list[FaultKind]
    step_id: str
    skill: str
    effect: str
    arrived: bool | None
    end: ChaosEnd
    calls: int
    effects: int
    duplicates: int
    missing: int
    honest: bool


class FaultReport(Contract):
    """What one kind of fault leads to over all steps. `ends` counts the runs by how they came out."""

    kind: FaultKind
    words: str
    cases: int
    ends: dict[str, int]
    most_calls: int
    duplicates: int
    missing: int
    dishonest: int
    most_cost_micro_usd: int
    longest_ms: int
    must_act: list[str]


class PairReport(Contract):
    """What pairs of faults lead to, one after the other on the same step; `cases` are those that went wrong."""

    played: int
    duplicating: int
    cases: list[ChaosCase]


class ChaosLimits(Contract):
    """What was left out because there was too much to play."""

    cases: int
    played: int
    detail: str


class ChaosReport(Contract):
    """What faults make of a plan. `passed`: no effect happens twice, none is claimed that did not happen, no run hangs."""

    schema_version: Literal["1"] = "1"
    passed: bool
    sentence: str
    plan_hash: str
    agent: str
    seed: str
    without_faults: ChaosEnd
    faults: list[FaultReport]
    pairs: PairReport | None
    cases: list[ChaosCase]
    unreached: list[str]
    assumed: list[str]
    limited: ChaosLimits | None
