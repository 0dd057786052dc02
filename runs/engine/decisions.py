"""Decisions: what the machine wants done, or has concluded, and by which rule. Each stands in the journal beside its fact.

Wishes are answered by a world with a later fact; records only say what was decided and why. A wish names the
step; what exactly to call (skill, version, parameters) stands in the step's state.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Barrier = Literal["none", "outcome", "intent"]
"""What must be durable: nothing until the next effect · the outcome · the intent before, the outcome after."""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", gc=False):
    """Base of all decisions. `rule` is stable and documented; `because` holds what the rule read, `alternatives` what else
    could have been decided."""

    rule: str
    step: str = ""
    because: dict[str, Any] = {}
    alternatives: tuple[str, ...] = ()


# Wishes


class CallPlanner(Decision, tag="call_planner"):
    attempt: int = 1


class Admit(Decision, tag="admit"):
    attempt: int = 1


class BoundCost(Decision, tag="bound_cost"):
    attempt: int = 1


class SeekGrant(Decision, tag="seek_grant"):
    """A yes given in advance may be good for the call; whoever finds one uses it up for this action."""

    attempt: int = 1
    action_hash: str = ""
    skill: str = ""
    target: str = ""
    max_cost_micro_usd: int = 0


class ExtendReservation(Decision, tag="extend_reservation"):
    """More of the scopes is needed than is held; `number` tells this question from every other of the run."""

    by_micro_usd: int = 0
    granted_micro_usd: int = 0
    model: str = ""
    by_model_micro_usd: int = 0
    number: int = 1


class StartStep(Decision, tag="start"):
    attempt: int = 1
    skill: str = ""
    version: str = ""
    effect: str = "none"
    barrier: Barrier = "outcome"
    idempotency_key: str = ""
    timeout_ms: int = 30_000
    worst_micro_usd: int = 0


class Deny(Decision, tag="deny"):
    """The step may not or cannot start; answered by a StepFailed that carries the catalog's advice."""

    attempt: int = 1
    code: str = "INTERNAL_ERROR"
    message: str = ""


class CancelStep(Decision, tag="cancel_step"):
    attempt: int = 1


class ProbeStep(Decision, tag="probe"):
    attempt: int = 1


class AskApproval(Decision, tag="ask_approval"):
    action_hash: str = ""
    skill: str = ""
    version: str = ""
    effect: str = ""
    max_cost_micro_usd: int = 0
    expires_at_ms: int = 0


class AskPerson(Decision, tag="ask_person"):
    question: str = ""
    form: dict[str, Any] = {}
    expires_at_ms: int = 0


class Finish(Decision, tag="finish"):
    status: str = "succeeded"
    code: str = ""
    message: str = ""


# Records


class Retry(Decision, tag="retry"):
    attempt: int = 1
    delay_ms: int = 0
    due_at_ms: int = 0
    mode: str = ""


class NoRetry(Decision, tag="no_retry"):
    attempt: int = 1


class Restore(Decision, tag="restore"):
    """The step goes back to what is committed before it, and begins afresh: its parameters are made anew, its attempts
    count from one."""

    attempt: int = 1
    restores: int = 1
    delay_ms: int = 0
    due_at_ms: int = 0


class Fallback(Decision, tag="fallback"):
    """The step goes on with another skill, or with its own and other parameters."""

    skill: str = ""


class OpenCircuit(Decision, tag="open_circuit"):
    """So many calls of the skill to this host failed in a row that none is made until `due_at_ms`."""

    attempt: int = 1
    scope: str = ""
    due_at_ms: int = 0


class Continue(Decision, tag="continue"):
    """A step failed for good and the run goes on without it."""


class Carry(Decision, tag="carry"):
    """The step is done already: its result is that of the run this one does again."""


class Skip(Decision, tag="skip"):
    code: str = ""


class Abort(Decision, tag="abort"):
    code: str = ""


class Escalate(Decision, tag="escalate"):
    code: str = ""


class Wait(Decision, tag="wait"):
    """A step waits for something that is not a person: money."""

    reason: str = ""


class HoldBack(Decision, tag="hold_back"):
    """A call is put off: a rate is used up or a circuit open until `due_at_ms`, or its scope is frozen, for as long as it is."""

    attempt: int = 1
    code: str = ""
    scope: str = ""
    delay_ms: int = 0
    due_at_ms: int = 0


class Downgrade(Decision, tag="downgrade"):
    """The budget is exhausted and the agent finishes cheaply: the step is done another way, or not at all."""

    way: str = ""


class Alert(Decision, tag="alert"):
    """The run has spent most of its limit."""

    spent_micro_usd: int = 0
    limit_micro_usd: int = 0


class Lost(Decision, tag="lost"):
    """A call was under way when its worker went; by its effect class it may be repeated."""

    attempt: int = 1
    effect: str = ""


class HoldDoubt(Decision, tag="hold_doubt"):
    """The effect may have happened and nothing recorded says so: the step is in doubt."""

    attempt: int = 1
    effect: str = ""


class Resolve(Decision, tag="resolve"):
    """An effect in doubt was settled."""

    answer: str = ""
    by: str = ""


class Pause(Decision, tag="pause"):
    by: str = ""


class Resume(Decision, tag="resume"):
    by: str = ""


class Cancel(Decision, tag="cancel"):
    by: str = ""


class Overrun(Decision, tag="overrun"):
    """A call cost more than its worst case; the truth is settled."""

    worst_micro_usd: int = 0
    cost_micro_usd: int = 0


class Ignore(Decision, tag="ignore"):
    """The fact came late or twice and changed nothing."""


AnyDecision = (
    CallPlanner
    | Admit
    | BoundCost
    | SeekGrant
    | ExtendReservation
    | StartStep
    | Deny
    | CancelStep
    | ProbeStep
    | AskApproval
    | AskPerson
    | Finish
    | Retry
    | NoRetry
    | Restore
    | OpenCircuit
    | Fallback
    | Continue
    | Carry
    | Skip
    | Abort
    | Escalate
    | Wait
    | HoldBack
    | Downgrade
    | Alert
    | Lost
    | HoldDoubt
    | Resolve
    | Pause
    | Resume
    | Cancel
    | Overrun
    | Ignore
)

WISHES = (CallPlanner, Admit, BoundCost, SeekGrant, ExtendReservation, StartStep, Deny, CancelStep, ProbeStep)
"""The decisions a world answers with a fact. AskApproval and AskPerson are answered by people, through the inbox."""
