"""A small model of runs: what each service must answer and what a worker's turn must come to, for plans that are chains.

It knows nothing of events, leases or rows. A run is a value that words of people, time and a worker's turns change;
`tests/integration/test_services_machine.py` holds the product against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MINUTE = 60_000
RETRY_MS = 60 * MINUTE
DEADLINE_MS = 300 * MINUTE
APPROVAL_MS = 600 * MINUTE
LONGEST_MS = 43_200 * MINUTE
PRICE = 40

BROKEN = "NOT_FOUND"

SKILLS: dict[str, dict[str, Any]] = {
    "say": {"skill": "say"},
    "gate": {"skill": "stalls", "effect": "write", "until_attempt": 1, "approval": "always"},
    "ask": {"skill": "asks", "question": "Which?"},
    "broken": {"skill": "fails", "code": BROKEN, "on_error": "escalate"},
    "doubt": {"skill": "fails", "code": "TIMEOUT", "effect": "write", "phase": "maybe_sent", "until_attempt": 2},
    "later": {"skill": "fails", "code": "RATE_LIMITED", "until_attempt": 2, "retry_after_ms": RETRY_MS},
    "costly": {"skill": "costly", "worst": PRICE, "cost": PRICE},
    "stall": {"skill": "stalls"},
    "stall writing": {"skill": "stalls", "effect": "write"},
}
"""The steps plans are made of, by what becomes of them."""
MENDED = {"code": BROKEN, "until_attempt": 1}
"""Parameters with which a broken step works."""

VERDICTS = {
    "approval": ("approve", "reject"),
    "input": ("answer",),
    "escalation": ("retry", "modify", "skip", "abort"),
    "in_doubt": ("happened", "did_not_happen", "probe_again"),
}
TOLD_AS = {"retry": "timer", "escalation": "input"}
"""What a run says it waits for, where that is another word than the step's reason."""


@dataclass(frozen=True)
class No:
    """A refusal, as far as callers go by it."""

    status: int
    code: str


OVER = LATE = No(409, "INVALID_INPUT")
MISMATCH = No(422, "INVALID_INPUT")
FROZEN = No(423, "FROZEN")


@dataclass
class Modelled:
    """One run: a chain of steps, of which one at a time is the current one.

    `out` names what the current step has asked for (admission at first, then its price, money, the call itself, or to be
    denied), `hangs` says that no answer will come, `ready` that the step may begin; otherwise it waits for a reason. Words
    are in the inbox until a worker's next turn.
    """

    steps: tuple[str, ...]
    by: str
    limit: int | None
    deadline: int
    opening_limit: int | None = None
    purse: int | None = None
    granted: int | None = None
    status: str = "queued"
    code: str = ""
    now: int = 0
    at: int = -1
    tries: int = 0
    out: str = "admission"
    hangs: bool = False
    ready: bool = False
    reason: str = ""
    due: int | None = None
    is_priced: bool = False
    is_approved: bool = False
    is_mended: bool = False
    denied: str = ""
    stopping: str = ""
    paused: bool = False
    handed_back: bool = False
    crashes: int = 0
    done: int = 0
    failed: int = 0
    spent: int = 0
    effects: int = 0
    inbox: list[tuple[str, Any, str]] = field(default_factory=list)
    topped_up: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.opening_limit = self.purse = self.limit

    @property
    def is_over(self) -> bool:
        return self.status not in ("queued", "waiting")

    @property
    def waiting_for(self) -> str:
        if self.status != "waiting":
            return ""
        return "paused" if self.paused else TOLD_AS.get(self.reason, self.reason)

    @property
    def kind(self) -> str:
        return self.steps[self.at]

    @property
    def step(self) -> str:
        return f"s{self.at}"

    # What services answer

    def send(self, word: str, given: Any = None, step: str = "") -> No | None:
        """Take a word for the run, or for a step of it; a run that waits is queued by it."""
        if self.is_over:
            return OVER
        self.inbox.append((word, given, step))
        self.status = "queued"
        return None

    def top_up(self, by: str, key: str, amount: int) -> No | int:
        if self.purse is None:
            return OVER
        before = self.topped_up.get((by, key))
        if before is None and self.is_over:
            return OVER
        if before is None:
            self.topped_up[by, key] = amount
            self.purse += amount
            self.send("top_up", self.purse)
        elif before != amount:
            return MISMATCH
        return self.purse

    def decide(self, step: str, verdict: str, by: str, action: str, value: Any, *, now: int) -> No | None:
        """Answer a decision made now. `action` tells which action is named: the right one, a wrong one, or none."""
        if self.is_over:
            return OVER
        if any(step == decided for _, _, decided in self.inbox if decided):
            return LATE
        if step != self.step or self.reason not in VERDICTS:
            return LATE
        if verdict not in VERDICTS[self.reason]:
            return MISMATCH
        if self.reason in ("approval", "input") and self.due is not None and now >= self.due:
            return No(409, "APPROVAL_EXPIRED")
        if self.reason == "approval":
            if by == self.by:
                return No(403, "PERMISSION_DENIED")
            if action != "right":
                return No(422, "MISSING_REQUIRED_FIELD") if action == "none" else LATE
        if verdict == "modify" and value is None:
            return MISMATCH
        return self.send(verdict, value, step)

    # What a worker's turn comes to

    def is_due(self, now: int) -> bool:
        return self.status == "queued" or (self.status == "waiting" and now >= min(self.deadline, self.due or self.deadline))

    def drive(self, now: int, *, agent_is_active: bool, max_crashes: int) -> None:
        """Take in time, words and losses, in this order, and go on as far as it goes; a call that hangs stays out."""
        self.now = now
        self._take_in_time()
        for word, given, step in self.inbox:
            if not self.is_over:
                self._hear(word, given, step)
                self._advance()
        self.inbox.clear()
        if self.crashes > max_crashes and not self.is_over:
            self._end("dead_lettered", "LEASE_LOST")
        self._take_over()
        while not self.is_over and self.out and not self.hangs:
            self._answer(agent_is_active)
            self._advance()
        if not self.is_over and not self.hangs:
            self.status = "waiting"

    def hand_back(self) -> None:
        """Let a worker that leaves call back the call that hangs, and give the run back."""
        self.handed_back, self.status = True, "queued"
        self._lose_call()

    def lose(self) -> None:
        """Let the worker that holds the run be lost."""
        self.crashes, self.status = self.crashes + 1, "queued"

    def _take_in_time(self) -> None:
        if self.now >= self.deadline:
            self._stop("failed", "DEADLINE_EXCEEDED")
        elif self.due is not None and self.now >= self.due:
            reason = self._stop_waiting()
            if reason == "retry":
                self.ready = True
            elif reason == "escalation":
                self._stop("failed", BROKEN)
            else:
                self.out, self.denied = "denial", "APPROVAL_EXPIRED"
        self._advance()

    def _hear(self, word: str, given: Any, step: str) -> None:
        if word == "cancel":
            self._stop("cancelled", "CANCELLED")
        elif word == "pause":
            self.paused = self.paused or not self.stopping
        elif word == "resume":
            self.paused = False
        elif word == "top_up":
            self._take_money(given)
        elif step == self.step and word in VERDICTS.get(self.reason, ()):
            self._decided(word, given)

    def _take_money(self, limit: int) -> None:
        self.limit = limit
        if self.reason == "budget":
            self._stop_waiting()
            self.ready = True

    def _decided(self, verdict: str, value: Any) -> None:
        if verdict == "probe_again" or (verdict == "modify" and not isinstance(value, dict)):
            return
        self._stop_waiting()
        if verdict in ("answer", "happened"):
            self._succeed()
        elif verdict == "skip":
            self.failed += 1
            self._go_on()
        elif verdict == "abort":
            self._stop("failed", BROKEN)
        elif verdict == "reject":
            self.out, self.denied = "denial", "APPROVAL_REJECTED"
        else:
            self.ready = True
            self.is_approved = verdict == "approve"
            self.is_mended = self.is_mended or verdict == "modify"

    def _take_over(self) -> None:
        """Go on where another worker was lost or gave the run back."""
        self.handed_back = False
        if self.hangs:
            self._lose_call()
        self._advance()

    def _lose_call(self) -> None:
        self.out, self.hangs = "", False
        if self.kind == "stall writing" and not self.stopping:
            self.reason = "in_doubt"
        else:
            self.ready = True

    def _advance(self) -> None:
        """Begin what may begin, and end what is done."""
        if self.is_over or self.out:
            return
        if self.stopping:
            self._end(self.stopping, self.code)
        elif not self.handed_back and self.at == len(self.steps):
            self._end(*self._natural_end())
        elif not self.handed_back and self.ready and not self.paused:
            self._begin()

    def _natural_end(self) -> tuple[str, str]:
        if not self.failed:
            return "succeeded", ""
        return ("partial", "") if self.done else ("failed", BROKEN)

    def _begin(self) -> None:
        self.ready = False
        if self.kind == "ask":
            self._wait("input", APPROVAL_MS)
        elif self.kind == "gate" and not self.is_approved:
            self._wait("approval", APPROVAL_MS)
        elif self.kind == "costly" and not self.is_priced:
            self.out = "price"
        elif self.kind == "costly" and self.granted is not None and self.spent + PRICE > self.granted:
            self.out = "money"
        else:
            self.out = "call"

    def _answer(self, agent_is_active: bool) -> None:
        """Let what is asked for be answered."""
        asked, self.out = self.out, ""
        if self.stopping:
            return
        if asked == "admission" and not agent_is_active:
            self._stop("failed", "FROZEN")
        elif asked == "admission":
            self.at, self.ready, self.granted = 0, True, self.limit
        elif asked == "price":
            self.is_priced = self.ready = True
        elif asked == "money":
            self._draw()
        elif asked == "denial":
            self._stop("failed", self.denied)
        else:
            self._call()

    def _draw(self) -> None:
        if self.limit is not None and self.spent + PRICE > self.limit:
            self._wait("budget")
        else:
            self.granted, self.ready = self.spent + PRICE, True

    def _call(self) -> None:
        self.tries += 1
        self.effects += self.kind in ("gate", "stall writing")
        is_first = self.tries == 1
        self.spent += PRICE if self.kind == "costly" else 0
        if self.kind == "broken" and not self.is_mended:
            self._wait("escalation", APPROVAL_MS)
        elif self.kind == "doubt" and is_first:
            self._wait("in_doubt")
        elif self.kind == "later" and is_first:
            self._retry_later()
        elif self.kind in ("stall", "stall writing") and is_first:
            self.out, self.hangs = "call", True
        else:
            self._succeed()

    def _retry_later(self) -> None:
        if self.now + RETRY_MS >= self.deadline:
            self._stop("failed", "RATE_LIMITED")
        else:
            self._wait("retry", RETRY_MS)

    # Small moves

    def _wait(self, reason: str, at_most_ms: int | None = None) -> None:
        self.reason, self.due = reason, None if at_most_ms is None else self.now + at_most_ms

    def _stop_waiting(self) -> str:
        reason, self.reason, self.due = self.reason, "", None
        return reason

    def _succeed(self) -> None:
        self.done += 1
        self._go_on()

    def _go_on(self) -> None:
        self.at, self.tries, self.ready = self.at + 1, 0, True
        self.is_priced = self.is_approved = self.is_mended = False

    def _stop(self, status: str, code: str) -> None:
        if not self.stopping:
            self.stopping, self.code = status, code

    def _end(self, status: str, code: str) -> None:
        self.status, self.code = status, code
        self.out, self.ready, self.hangs = "", False, False
        self._stop_waiting()
