"""Runs by dice: plans with every feature that makes calls, and a world in which each call costs and comes to what it likes.

Only what was declared is kept to: no call costs more than its bound, no list is longer than its loop may take.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec

from agents.limits import Limit
from runs.engine import events as e
from runs.engine.decisions import AskPerson, Decision, StartStep
from runs.engine.events import Fact, Pin, Terms
from runs.engine.script import ScriptWorld, answer, approve, verdict
from runs.engine.simulate import CallModel, Trouble
from runs.engine.starting import pin_of
from runs.engine.state import State
from skills.taxonomy import CODES

PINS = {
    pin.skill: pin
    for pin in (
        Pin("work", "1.0.0"),
        Pin("count", "1.0.0", free=False),
        Pin("look", "1.0.0", effect="read", free=False),
        Pin("put", "1.0.0", effect="idempotent_write", free=False),
        Pin("pay", "1.0.0", effect="write", free=False),
        Pin("ship", "1.0.0", effect="write", free=False, probe=True),
    )
}
_MODELS = {"count": "", "look": "small", "put": "large", "pay": "large", "ship": "small"}
MODES = ("RETRY_IMMEDIATE", "RETRY_EXPONENTIAL", "RETRY_WITH_JITTER", "SKIP", "ABORT", "ESCALATE", "FALLBACK")
INPUTS = {"list": [1, 2, 3], "none": [], "long": list(range(250)), "yes": True}
PHASES = ("not_sent", "maybe_sent", "acked")


class Gamble:
    """One run by dice: its plan, what it is accepted under, and what its calls cost at most."""

    def __init__(self, seed: int) -> None:
        dice = self.dice = Random(seed)  # noqa: S311 - makes up plans, guards nothing
        self._loops: set[str] = set()
        self.plan: dict[str, Any] = {"steps": [self._step(number) for number in range(dice.randint(1, 7))]}
        self.terms = Terms(
            max_parallel=dice.choice([1, 2, 5, 20]),
            in_doubt_policy=dice.choice(["ask", "assume_happened", "assume_not"]),
            approval_effects=dice.choice([(), ("write",)]),
        )
        self.advice = {code: self._advice() for code in CODES if dice.random() < 0.5}
        self.pins = {
            key: PINS[skill]
            for step in self.plan["steps"]
            for key, skill in ((step["step_id"], step["skill"]), (step["step_id"] + "!fallback", step.get("fallback_skill")))
            if skill
        }
        self.fails = dice.choice([0.1, 0.4, 0.7])

    def _advice(self) -> dict[str, Any]:
        advice = {"mode": self.dice.choice(MODES), "max_attempts": self.dice.randint(1, 5), "first_ms": 10, "cap_ms": 50, "source": "code"}
        return advice | {"max_restores": self.dice.choice([None, None, 1, 3])}

    def _step(self, number: int) -> dict[str, Any]:
        dice, earlier = self.dice, [f"s{before}" for before in range(number)]
        step: dict[str, Any] = {
            "step_id": f"s{number}",
            "skill": dice.choice(sorted(PINS)),
            "params": {"worst": dice.choice([0, 1, 7, 40, 900])},
        }
        step["depends_on"] = dice.sample(earlier, dice.randint(0, min(2, number)))
        if earlier and dice.random() < 0.4:
            step["params"]["read"] = f"${{steps.{dice.choice(earlier)}.result}}"
        conditions = ["inputs.yes", "!inputs.yes", *(f"steps.{each}.result.n > 1" for each in earlier)]
        step["condition"] = dice.choice([*[None] * 8, *conditions])
        found = [f"${{steps.{each}.result{'' if each in self._loops else '.list'}}}" for each in earlier]
        step["for_each"] = dice.choice([None, None, None, "${inputs.list}", "${inputs.none}", "${inputs.long}", *found])
        self._loops |= {step["step_id"]} if step["for_each"] else set()
        step["max_items"] = dice.choice([1, 3, 30, 300])
        step["on_error"] = dice.choice([None, "abort", "continue", "continue", "retry", "fallback", "fallback", "escalate"])
        if step["on_error"] == "fallback":
            step["fallback_skill"] = dice.choice(sorted(PINS))
            step["fallback_params"] = dice.choice([None, {"worst": 100}])
        step["retry"] = dice.choice([None, None, {"max_attempts": 3, "backoff_ms": 0}, {"max_attempts": 6, "backoff_ms": 5}])
        return step

    def model(self, pin: Pin, params: Any) -> CallModel:
        """Return what was declared of a call."""
        worst = 0 if pin.free else int(params["worst"])
        troubles = tuple(Trouble(code, self.advice.get(code, {})) for code in CODES)
        limits = (Limit("skill:look", 30),) if pin.skill == "look" else ()
        return CallModel(0, worst // 2, worst, 5, 10, 50, troubles=troubles, model="" if pin.free else _MODELS[pin.skill], limits=limits)

    def accepted(self) -> e.RunAccepted:
        return e.RunAccepted(0, "run_1", self.terms, plan=self.plan, inputs=INPUTS)

    def world(self) -> GamblingWorld:
        return GamblingWorld(self)


class GamblingWorld(ScriptWorld):
    """Answers every call by dice. People agree, say of doubts what ends them, and give up what is escalated."""

    def __init__(self, gamble: Gamble) -> None:
        super().__init__(gamble.plan, pins=PINS, people={step["step_id"]: approve() for step in gamble.plan["steps"]})
        self._gamble = gamble

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        if isinstance(wish, StartStep):
            return [self._rolled(state, wish)]
        if isinstance(wish, AskPerson):
            ways = ["abort"] if wish.rule == "intervention" else ["abort", "skip"]
            return [answer({"action": self._gamble.dice.choice(ways)})(self, state, wish.step)]
        return [self._declared(state, fact) for fact in super().answer(state, wish)]

    def idle(self, state: State) -> Fact | None:
        doubted = next((key for key in state.waiting if state.steps[key].status == "in_doubt"), None)
        return None if doubted is None else verdict("happened")(self, state, doubted)

    def _declared(self, state: State, fact: Fact) -> Fact:
        """Return a bound as declared, a probe's answer by dice, an admission with its pins, everything else as it is."""
        if isinstance(fact, e.CostBounded):
            step = state.steps[fact.step]
            model = self._gamble.model(pin_of(state, step), step.params)
            return msgspec.structs.replace(fact, worst_micro_usd=model.worst_micro_usd, model=model.model)
        if isinstance(fact, e.ProbeAnswered):
            return msgspec.structs.replace(fact, answer=self._gamble.dice.choice(["happened", "did_not_happen", "unknown"]))
        return fact

    def _rolled(self, state: State, wish: StartStep) -> Fact:
        dice, at = self._gamble.dice, state.now_ms + self._gamble.dice.choice([0, 1, 10, 80])
        step = state.steps[wish.step]
        most = step.held_micro_usd
        cost = dice.choice([0, most // 3, most, most])
        if dice.random() < self._gamble.fails:
            code = dice.choice(sorted(CODES))
            advice = self._gamble.advice.get(code)
            return e.StepFailed(at, wish.step, wish.attempt, code, phase=dice.choice(PHASES), cost_micro_usd=cost, advice=advice)
        longest = max(each["max_items"] for each in self._gamble.plan["steps"])
        result = {"n": dice.randint(0, 3), "list": [1] * dice.randint(0, min(longest, 40))}
        return e.StepSucceeded(at, wish.step, wish.attempt, result, cost_micro_usd=cost)
