"""How effects look in answers: those in doubt and what is known of them, and runs that were given up."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from runs.requests import Status
from runs.responses import Answer
from skills.contracts import Effect, Phase, SideEffect

Verdict = Literal["happened", "did_not_happen", "probe_again"]


class Doubt(Answer):
    """A step whose effect is in doubt, as lists show it."""

    run_id: str
    step_id: str
    skill: str
    version: str
    agent: str
    attempts: int
    failure_code: str | None
    started_at: datetime | None
    run_created_at: datetime
    run_waiting_for: str


class DoubtPage(Answer):
    """Steps in doubt that wait for a verdict, those of the newest runs first."""

    data: list[Doubt]
    next_cursor: str | None


class SentCall(Answer):
    """The call in doubt. `ended_at` null: nobody lived to tell; `target` null: nobody can say."""

    attempt: int
    at: datetime
    ended_at: datetime | None
    timeout_ms: int
    phase: Phase
    target: str | None
    idempotency_key: str | None
    bytes_acknowledged: int | None
    provider_reference: str | None
    side_effects: list[SideEffect]


class CallFailure(Answer):
    """What the call in doubt ended with."""

    code: str
    message: str
    upstream_status: int | None


class ProbeAnswer(Answer):
    """What one look found out."""

    at: datetime
    attempt: int
    answer: Literal["happened", "did_not_happen", "unknown"]


class ProbeTold(Answer):
    """Whether the skill can look whether it happened, how, and what it found out so far."""

    possible: bool
    how: str | None
    answers: list[ProbeAnswer]


class VerdictTold(Answer):
    """What somebody said became of an effect."""

    at: datetime
    verdict: Verdict
    by: str
    reason: str


class DoubtEvidence(Answer):
    """What is known of an effect that is in doubt, or was; `choices` says what each verdict leads to."""

    run_id: str
    step_id: str
    status: Literal["in_doubt", "settled"]
    run_status: Status
    since: datetime
    agent: str
    skill: str
    version: str
    effect: Effect
    why: str
    sent: SentCall
    failure: CallFailure | None
    probe: ProbeTold
    verdicts: list[VerdictTold]
    choices: dict[str, str]


class GivenVerdict(Answer):
    """A verdict that was taken down, and what it leads to."""

    run_id: str
    step_id: str
    verdict: Verdict
    by: str
    leads_to: str


class LostCall(Answer):
    """The call that was under way when the last worker died."""

    step_id: str
    skill: str
    attempt: int
    started_at: datetime


class LeftEffect(Answer):
    """An effect another chance would make again: it happened, or may have."""

    step_id: str
    skill: str
    effect: Effect
    state: Literal["happened", "in_doubt"]
    target: str | None
    idempotency_key: str | None


class LastWorker(Answer):
    """A session that wrote to the run; of one that is gone only its number is known."""

    session: int
    host: str | None
    pid: int | None
    state: str | None
    last_event_at: datetime


class OtherChance(Answer):
    """The run that does it once more."""

    run_id: str
    status: Status


class DeadLetter(Answer):
    """A run that was given up, what it leaves behind, and the run it was queued again as.

    Where the journal cannot be read (`journal_readable`), no effect and no call is known.
    """

    run_id: str
    goal: str
    agent: str
    code: str | None
    summary: str
    crash_count: int
    created_at: datetime
    given_up_at: datetime | None
    last_in_flight: LostCall | None
    effects: list[LeftEffect]
    journal_readable: bool
    last_workers: list[LastWorker]
    requeued_as: OtherChance | None


class DeadLetterPage(Answer):
    """Runs that were given up, newest first."""

    data: list[DeadLetter]
    next_cursor: str | None
