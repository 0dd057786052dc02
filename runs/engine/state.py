"""What a run is at one position of its journal. Owned by `machine.step`, which changes it in place and hands it back.

One owner and no sharing make the change as good as a new value, at a cost that does not grow with the run
(docs/adr/0001). Whoever needs a copy folds the journal again.
"""

from __future__ import annotations

from heapq import heappop
from typing import Any

import msgspec

from runs.engine.events import Pin, Terms
from runs.engine.graph import Node

STEP_ENDED = frozenset({"succeeded", "failed", "skipped", "cancelled"})
RUN_ENDED = frozenset({"succeeded", "partial", "failed", "cancelled", "dead_lettered"})

STEP_TRANSITIONS: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "waiting", "succeeded", "skipped", "cancelled"}),
    "running": frozenset({"succeeded", "failed", "waiting", "pending", "in_doubt", "cancelled"}),
    "waiting": frozenset({"pending", "running", "succeeded", "failed", "skipped", "cancelled"}),
    "in_doubt": frozenset({"pending", "running", "waiting", "succeeded", "failed"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "skipped": frozenset(),
    "cancelled": frozenset(),
}
RUN_TRANSITIONS: dict[str, frozenset[str]] = {
    "queued": frozenset({"running", "waiting", "cancelled", "failed", "dead_lettered"}),
    "running": frozenset({"waiting"}) | RUN_ENDED,
    "waiting": frozenset({"running"}) | RUN_ENDED,
} | {status: frozenset() for status in sorted(RUN_ENDED)}


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a step, or the run, failed."""

    code: str
    message: str = ""
    phase: str = "not_sent"
    retry_after_ms: int | None = None
    details: dict[str, Any] = {}
    suggestions: list[str] = []
    advice: dict[str, Any] | None = None
    fallback: Pin | None = None
    circuit_until_ms: int | None = None


class Attempt(msgspec.Struct, gc=False):
    """One call of a step, as the trace shows it."""

    attempt: int
    skill: str
    started_at_ms: int
    finished_at_ms: int | None = None
    status: str = "running"
    code: str | None = None
    message: str | None = None
    cost_micro_usd: int = 0
    latency_ms: int | None = None
    retry_due_ms: int | None = None
    rule: str | None = None
    model: str = ""


class StepState(msgspec.Struct):
    """One step, or one item of a for_each, or one of the two pseudo-steps.

    `asked` names the wish that is out ("bound", "grant", "run", "deny", "probe"); `reason` what a waiting step waits for
    ("retry", "rate", "circuit", "frozen", "approval", "input", "escalation", "intervention", "budget", "items"), `held_by`
    the scope that holds it back. `burned` counts the tries that count against the limit, `unsent` those that never left
    the house, both since the last of its `restores`. `model` is what its cost is charged to, `exhausted` how it ends
    because its money is used up. `overlay` are the parameters a fallback lays over those it goes on with. `target` is where the
    call goes, where a gate minds that; `approved_for` the action hash somebody said yes to, `sought` whether a grant was asked for.
    """

    key: str
    node: str
    order: tuple[int, int]
    status: str = "pending"
    asked: str = ""
    reason: str = ""
    attempt: int = 0
    burned: int = 0
    unsent: int = 0
    restores: int = 0
    due_at_ms: int | None = None
    params: Any = None
    worst_micro_usd: int | None = None
    held_micro_usd: int = 0
    model: str = ""
    held_by: str = ""
    exhausted: str = ""
    cheapened: bool = False
    on_fallback: bool = False
    overlay: dict[str, Any] | None = None
    checked: bool = False
    target: str | None = None
    action_hash: str = ""
    approved_for: str = ""
    sought: bool = False
    expires_at_ms: int | None = None
    escalated: bool = False
    idempotency_key: str = ""
    result: Any = None
    failure: Failure | None = None
    why: str = ""
    cost_micro_usd: int = 0
    started_at_ms: int | None = None
    finished_at_ms: int | None = None
    item: Any = None
    index: int | None = None
    items: int = 0
    items_open: int = 0
    degraded: str | None = None
    side_effects: list[dict[str, Any]] = msgspec.field(default_factory=list)
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    waits: list[list[Any]] = msgspec.field(default_factory=list)
    trail: list[list[Any]] = msgspec.field(default_factory=list)


class State(msgspec.Struct):
    """A run. Dicts stand where sets would do: their order does not depend on the hash seed.

    `extending` means that a question to the ledger is out: number `questions` + 1, for the step `asker` or, empty, for a
    debt of the run itself, about `asked` in all and on a model. After a refusal `short_scope` lacks `missing`, and
    `funds_due_ms` is when it will have room by itself. `alerted` is the limit most of which is known to be spent.
    `successes` counts results by skill; of skills in `watched`, `repeated` counts equal results of equal calls in a row.
    """

    run_id: str
    seed: str
    terms: Terms
    accepted_at_ms: int
    now_ms: int
    goal: str = ""
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    memory: dict[str, Any] = msgspec.field(default_factory=dict)
    planner: str = "manual"
    planner_version: str = ""
    planner_free: bool = True
    simulated: bool = False
    means: dict[str, Any] = msgspec.field(default_factory=dict)
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    carried: dict[str, Any] = msgspec.field(default_factory=dict)

    status: str = "queued"
    waiting_for: str = ""
    stopping: str = ""
    paused: bool = False
    handed_back: bool = False
    failure: Failure | None = None

    plan: dict[str, Any] | None = None
    plan_hash: str = ""
    rejected: Any = None
    faults: list[dict[str, str]] = msgspec.field(default_factory=list)
    rounds: int = 0
    nodes: dict[str, Node] = msgspec.field(default_factory=dict)
    dependents: dict[str, list[str]] = msgspec.field(default_factory=dict)
    pins: dict[str, Pin] = msgspec.field(default_factory=dict)
    admitted: bool = False

    steps: dict[str, StepState] = msgspec.field(default_factory=dict)
    unmet: dict[str, int] = msgspec.field(default_factory=dict)
    ready: list[tuple[tuple[int, int], str]] = msgspec.field(default_factory=list)
    in_flight: dict[str, None] = msgspec.field(default_factory=dict)
    waiting: dict[str, None] = msgspec.field(default_factory=dict)
    timers: list[tuple[int, str]] = msgspec.field(default_factory=list)
    open_steps: int = 0
    succeeded: int = 0
    failed: int = 0
    ended: int = 0
    retries: int = 0
    size: int = 0

    limit_micro_usd: int | None = None
    granted_micro_usd: int | None = 0
    spent_micro_usd: int = 0
    held_micro_usd: int = 0
    granted_by_model: dict[str, int] = msgspec.field(default_factory=dict)
    spent_by_model: dict[str, int] = msgspec.field(default_factory=dict)
    held_by_model: dict[str, int] = msgspec.field(default_factory=dict)
    worst_micro_usd: int | None = None
    extending: bool = False
    ask_again: bool = False
    questions: int = 0
    asker: str = ""
    debt_refused: bool = False
    asked_micro_usd: int = 0
    asked_on_model_micro_usd: int = 0
    missing_micro_usd: int = 0
    short_scope: str = ""
    funds_due_ms: int | None = None
    alerted_micro_usd: int | None = None

    calls: int = 0
    successes: dict[str, int] = msgspec.field(default_factory=dict)
    watched: dict[str, None] = msgspec.field(default_factory=dict)
    repeated: dict[str, tuple[str, int]] = msgspec.field(default_factory=dict)

    trail: list[list[Any]] = msgspec.field(default_factory=list)

    @property
    def finished(self) -> bool:
        return self.status in RUN_ENDED

    def next_timer_ms(self) -> int | None:
        """Return when the next step is due that waits for an instant, None where none does."""
        while self.timers:
            due_ms, key = self.timers[0]
            step = self.steps.get(key)
            if step is not None and step.due_at_ms == due_ms and step.status == "waiting":
                return due_ms
            heappop(self.timers)
        return None

    def wake_at_ms(self) -> int | None:
        """Return the next instant at which time alone changes something, None where none does."""
        soonest = self.next_timer_ms()
        if self.stopping:
            return soonest
        for also in (self.funds_due_ms, self.terms.deadline_at_ms):
            if also is not None and (soonest is None or also < soonest):
                soonest = also
        return soonest
