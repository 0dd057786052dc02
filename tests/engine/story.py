"""How the tests of the machine tell a story: plans in a line, one fact after the other, and what was decided about each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from runs.engine import events as e
from runs.engine.decisions import Decision, Finish, Ignore, StartStep
from runs.engine.events import Fact, Pin
from runs.engine.machine import step
from runs.engine.script import ScriptWorld, accepted, pins_of
from runs.engine.state import State
from runs.engine.virtual import Entry, drive
from skills.canonical import digest

FREE = Pin("work", "1.0.0")
READ = Pin("look", "1.0.0", effect="read")
PAID = Pin("model", "1.0.0", effect="read", free=False, cheaper={"model": "none"})
WRITE = Pin("pay", "1.0.0", effect="write")
PROBED = Pin("ship", "1.0.0", effect="write", probe=True)
FINAL = Pin("wipe", "1.0.0", effect="irreversible")
QUESTION = Pin("ask", "1.0.0", asks=True)
PINS = {pin.skill: pin for pin in (FREE, READ, PAID, WRITE, PROBED, FINAL, QUESTION)}


def s(step_id: str, skill: str = "work", *needs: str, **fields: Any) -> dict[str, Any]:
    """Return a step of a plan; steps named after the skill are those it waits for."""
    return {"step_id": step_id, "skill": skill, "depends_on": list(needs), **fields}


def plan(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"steps": list(steps)}


def kinds(decisions: Iterable[Decision]) -> list[str]:
    """Return the decisions as words: `start a`, `finish`."""
    return [f"{kind_of(decision)} {decision.step}".strip() for decision in decisions]


def kind_of(value: msgspec.Struct) -> str:
    return str(value.__struct_config__.tag)


def encoded(state: State) -> bytes:
    """Return everything a state holds. Asking when it wakes drops timers nobody waits for, which is no change."""
    state.wake_at_ms()
    return msgspec.json.encode(state, order="deterministic")


class Story:
    """A run told fact by fact. Time passes only as far as the story says."""

    def __init__(self, first: e.RunAccepted) -> None:
        self.now = first.at_ms
        self.facts: list[Fact] = [first]
        self.state, self.decisions = step(None, first)

    @classmethod
    def admitted(cls, *steps: dict[str, Any], granted: int | None = None, inputs: dict[str, Any] | None = None, **terms: Any) -> Story:
        """Return the story of a plan that has just been admitted."""
        first = accepted(plan(*steps), **terms)
        story = cls(msgspec.structs.replace(first, inputs=inputs or {}))
        pins = pins_of(plan(*steps), PINS)
        story.tell(e.RunAdmitted, pins, digest(first.plan), granted_micro_usd=granted)
        return story

    def tell(self, kind: type[Fact], *values: Any, after: int = 1, **fields: Any) -> list[str]:
        """Let a fact happen a moment later; return what was decided."""
        self.now += after
        return self.take(kind(self.now, *values, **fields))

    def take(self, fact: Fact) -> list[str]:
        self.facts.append(fact)
        self.state, self.decisions = step(self.state, fact)
        return kinds(self.decisions)

    def ok(self, key: str, result: Any = None, *, cost: int = 0) -> list[str]:
        return self.tell(e.StepSucceeded, key, self.state.steps[key].attempt, result, cost)

    def fail(self, key: str, code: str, phase: str = "not_sent", **fields: Any) -> list[str]:
        return self.tell(e.StepFailed, key, self.state.steps[key].attempt, code, phase=phase, **fields)

    def denied(self, key: str, **fields: Any) -> list[str]:
        """Answer a Deny with the failure it asks for."""
        failure = self.state.steps[key].failure
        assert failure is not None
        return self.fail(key, failure.code, message=failure.message, **fields)

    def wake(self) -> list[str]:
        """Let the time come that the run waits for."""
        wake = self.state.wake_at_ms()
        assert wake is not None, "nothing to wait for"
        self.now = max(self.now, wake)
        return self.take(e.TimeCame(self.now))

    def refuses(self, kind: type[Fact], *values: Any, **fields: Any) -> str:
        """Tell a fact that does not fit; return why, having seen that it changed nothing."""
        before = encoded(self.state)
        self.state, decisions = step(self.state, kind(self.now + 1_000_000, *values, **fields))
        assert encoded(self.state) == before
        assert len(decisions) == 1
        assert isinstance(decisions[0], Ignore)
        return decisions[0].rule

    def decision(self, kind: type[Decision]) -> Any:
        """Return the one decision of a kind that was just made."""
        (found,) = [decision for decision in self.decisions if isinstance(decision, kind)]
        return found

    def status(self, *keys: str) -> str:
        """Return the status of steps, or of the run."""
        return " ".join(self.state.steps[key].status for key in keys) if keys else self.state.status

    @property
    def ending(self) -> tuple[str, str]:
        """Return how the run ended: status and code."""
        finish = self.decision(Finish)
        return finish.status, finish.code


def play(*steps: dict[str, Any], outside: Iterable[Fact] = (), **script: Any) -> tuple[State, list[Entry]]:
    """Run a plan in the script world; `terms` and `inputs` go to the run, everything else to the world."""
    terms, inputs = script.pop("terms", {}), script.pop("inputs", {})
    script.setdefault("pins", PINS)
    first = msgspec.structs.replace(accepted(plan(*steps), **terms), inputs=inputs)
    return drive(first, ScriptWorld(**script), outside)


def starts(journal: Iterable[Entry]) -> list[tuple[str, int, int]]:
    """Return every start as (step, attempt, when)."""
    found = []
    for fact, decisions in journal:
        found += [(d.step, d.attempt, fact.at_ms) for d in decisions if isinstance(d, StartStep)]
    return found


def rules(journal: Iterable[Entry], *unwanted: str) -> list[str]:
    """Return every decision as `kind step:rule`, without the kinds nobody asks about."""
    skipped = {"start", "admit", "call_planner", *unwanted}
    decided = (decision for _, decisions in journal for decision in decisions)
    return [f"{kind_of(d)} {d.step}:{d.rule}" for d in decided if kind_of(d) not in skipped]
