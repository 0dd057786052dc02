"""Runs made up by hypothesis: plans with every feature, worlds that fail in every way, and people who do anything at any time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st

from runs.engine import events as e
from runs.engine.budget import spare
from runs.engine.decisions import Decision
from runs.engine.events import Fact, Terms
from runs.engine.script import Fail, HandedBack, Held, Lost, Ok, Priced, Rejected, ScriptWorld, answer, approve, reject
from runs.engine.state import State
from tests.engine.story import PINS

LATEST_MS = 3_000
CRASHES = 5
PATIENCE = 6

ADVICE = st.sampled_from([None, None, {"mode": "SKIP"}, {"mode": "ESCALATE"}, {"mode": "RETRY_IMMEDIATE", "max_attempts": 3}])
PHASES = st.sampled_from(["not_sent", "maybe_sent", "acked"])
CODES = st.sampled_from(["TIMEOUT", "CONNECTION_REFUSED", "RATE_LIMITED", "HTTP_5XX", "NOT_FOUND", "LLM_REFUSED", "INTERNAL_ERROR"])
SPANS = st.sampled_from([0, 1, 10, 10, 50, 300])
OKS = st.builds(Ok, st.sampled_from([None, 5, [1, 2], [], {"n": 3}]), cost_micro_usd=st.sampled_from([0, 10, 40]), after_ms=SPANS)
FAILS = st.builds(
    Fail,
    CODES,
    PHASES,
    cost_micro_usd=st.sampled_from([0, 20, 90, 400]),
    retry_after_ms=st.sampled_from([None, None, 700]),
    advice=ADVICE,
    after_ms=SPANS,
)
GONE = st.one_of(st.builds(Lost, after_ms=SPANS), st.builds(HandedBack, PHASES, after_ms=SPANS))
HELD = st.builds(Held, retry_after_ms=st.sampled_from([None, 1, 600]), after_ms=SPANS)
CALLS = st.lists(st.one_of(OKS, OKS, FAILS, FAILS, GONE, HELD), max_size=4)
ALWAYS = st.one_of(OKS, OKS, FAILS)
PEOPLE = st.lists(
    st.sampled_from(
        [
            approve(),
            approve(),
            approve(),
            reject("no"),
            answer("red"),
            answer({"action": "retry"}),
            answer({"action": "modify", "params": {"x": 1}}),
            answer({"action": "skip"}),
            answer({"action": "abort"}),
        ]
    ),
    min_size=1,
    max_size=3,
)
PLANNING = st.one_of(
    st.just(Rejected(cost_micro_usd=5)),
    st.just(Fail("RATE_LIMITED")),
    st.just(Lost()),
    st.just(HandedBack()),
    st.just(Ok(cost_micro_usd=3)),
)
CONDITIONS = ["true", "false", "inputs.n > 1", "inputs.nothing == 1", "item == 1"]
INPUTS = {"n": 2, "list": [1, 2, 3], "none": []}


def reading(step_id: str) -> str:
    return f"${{steps.{step_id}.result}}"


@st.composite
def steps(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Return the n-th step of a plan: it may wait for, read and ask about those before it."""
    earlier = [f"s{before}" for before in range(number)]
    step: dict[str, Any] = {"step_id": f"s{number}", "skill": draw(st.sampled_from(sorted(PINS))), "params": {}}
    step["depends_on"] = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
    if earlier and draw(st.booleans()):
        step["params"]["x"] = reading(draw(st.sampled_from(earlier)))
    conditions = CONDITIONS + [f"steps.{before}.status == 'succeeded'" for before in earlier]
    step["condition"] = draw(st.one_of(st.none(), st.none(), st.none(), st.sampled_from(conditions)))
    lists = ["${inputs.list}", "${inputs.none}", *map(reading, earlier)]
    step["for_each"] = draw(st.one_of(st.none(), st.none(), st.none(), st.sampled_from(lists)))
    step["on_error"] = draw(st.sampled_from([None, "abort", *["continue"] * 5, "retry", "fallback", "escalate"]))
    if step["on_error"] == "fallback":
        step["fallback_skill"] = draw(st.sampled_from(sorted(PINS)))
        step["fallback_params"] = draw(st.sampled_from([None, {"y": 1}, {"y": "${inputs.nothing}"}]))
    step["retry"] = draw(st.sampled_from([None, None, {"max_attempts": 3, "backoff_ms": 0}, {"max_attempts": 2, "backoff_ms": 400}]))
    step["approval"] = draw(st.sampled_from(["policy", "policy", "always", "never"]))
    return step


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    return {"steps": [draw(steps(number)) for number in range(draw(st.integers(1, 8)))]}


TERMS = st.builds(
    Terms,
    max_parallel=st.integers(1, 3),
    deadline_at_ms=st.sampled_from([None, None, None, None, 400, 2_000]),
    limit_micro_usd=st.sampled_from([None, 100]),
    per_step_max_micro_usd=st.sampled_from([None, None, None, 60]),
    blocked_skills=st.sampled_from([(), (), (), ("pay",)]),
    approval_effects=st.sampled_from([("irreversible",), ("irreversible", "write"), ()]),
    approval_ttl_ms=st.sampled_from([100, 5_000]),
    approval_above_micro_usd=st.sampled_from([None, None, 35]),
    approval_first_use=st.sampled_from([False, False, True]),
    approval_escalate_after_ms=st.sampled_from([None, 40, 9_000]),
    approval_on_expiry=st.sampled_from(["fail", "skip", "abort"]),
    plan_may_waive=st.booleans(),
    seek_grants=st.booleans(),
    in_doubt_policy=st.sampled_from(["ask", "assume_happened", "assume_not"]),
    on_exhausted=st.sampled_from(["pause", "pause", "fail", "finish_cheap"]),
    max_attempts=st.sampled_from([None, None, 6]),
    max_repetitions=st.sampled_from([None, 2]),
)
INSTANTS = st.integers(1, LATEST_MS)
KEYS = st.sampled_from(["s0", "s1", "s2", "s0#0", "s1#1", "$plan", "$admit", "nobody"])
ATTEMPTS = st.integers(0, 3)
STRANGERS = st.one_of(
    st.builds(e.CancelRequested, INSTANTS),
    st.builds(e.PauseRequested, INSTANTS),
    st.builds(e.ResumeRequested, INSTANTS),
    st.builds(e.TimeCame, INSTANTS),
    st.builds(e.RunReclaimed, INSTANTS),
    st.builds(e.RunHandedBack, INSTANTS),
    st.builds(e.RunPoisoned, INSTANTS, st.just(4)),
    st.builds(e.ToppedUp, INSTANTS, st.just(50), st.just(150)),
    st.builds(e.StepSucceeded, INSTANTS, KEYS, ATTEMPTS),
    st.builds(e.StepFailed, INSTANTS, KEYS, ATTEMPTS, CODES, phase=PHASES),
    st.builds(e.StepInterrupted, INSTANTS, KEYS, ATTEMPTS, PHASES),
    st.builds(e.CostBounded, INSTANTS, KEYS, ATTEMPTS, st.sampled_from([None, 7])),
    st.builds(e.GrantAnswered, INSTANTS, KEYS, ATTEMPTS, st.just("no such hash"), st.sampled_from(["", "grt_1"])),
    st.builds(e.ReservationReturned, INSTANTS),
    st.builds(e.FundsFreed, INSTANTS, st.just("run")),
    st.builds(e.FreezeLifted, INSTANTS, st.just("agent:agt_1")),
    st.builds(e.StartHeld, INSTANTS, KEYS, ATTEMPTS, st.just("FROZEN"), st.just("agent:agt_1")),
    st.builds(e.ProbeAnswered, INSTANTS, KEYS, ATTEMPTS, st.sampled_from(["happened", "did_not_happen", "unknown"])),
    st.builds(e.VerdictGiven, INSTANTS, KEYS, st.sampled_from(["happened", "did_not_happen", "probe_again"])),
    st.builds(e.ApprovalDecided, INSTANTS, KEYS, st.just("no such hash"), st.booleans()),
    st.builds(e.AnswerGiven, INSTANTS, KEYS, st.sampled_from(["red", {"action": "retry"}, {"action": "dance"}])),
)


def within(fact: Fact, held: int) -> Fact:
    """Return the fact with a cost that keeps to what was held for the call."""
    cost = getattr(fact, "cost_micro_usd", 0)
    return msgspec.structs.replace(fact, cost_micro_usd=held) if cost > held else fact


class Anybody(ScriptWorld):
    """A script world in which somebody always comes along in the end: nothing waits for ever, and no run crashes for ever."""

    def __init__(self, *args: Any, overruns: bool, **script: Any) -> None:
        super().__init__(*args, **script)
        self.overruns = overruns
        self.crashes = 0
        self.visits = 0

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        held = state.steps[wish.step].held_micro_usd if wish.step in state.steps else 0
        return [self._patiently(fact if self.overruns else within(fact, held)) for fact in super().answer(state, wish)]

    def _patiently(self, fact: Fact) -> Fact:
        if not isinstance(fact, e.RunReclaimed):
            return fact
        self.crashes += 1
        return fact if self.crashes <= CRASHES else e.RunPoisoned(fact.at_ms, self.crashes)

    def idle(self, state: State) -> Fact | None:
        at = state.now_ms + 1
        if state.status == "waiting" and spare(state):
            return e.ReservationReturned(at)
        self.visits += 1
        if state.in_flight or state.extending or state.handed_back:
            return e.RunReclaimed(at)
        if self.visits > PATIENCE * 4:
            return e.CancelRequested(at)
        if state.paused:
            return e.ResumeRequested(at)
        if any(state.steps[key].reason == "frozen" for key in state.waiting):
            return e.FreezeLifted(at, "agent:agt_1", "bob")
        return self._settled(state, at)

    def _settled(self, state: State, at: int) -> Fact | None:
        doubted = next((key for key in state.waiting if state.steps[key].status == "in_doubt"), None)
        if doubted is not None:
            return e.VerdictGiven(at, doubted, "happened" if self.visits > PATIENCE else "did_not_happen", "bob")
        if state.waiting_for == "budget":
            self.room = 50 + (self.room or 0)
            self.room_by_model = {model: room + 50 for model, room in self.room_by_model.items()}
            return e.ToppedUp(at, 50, None)
        return None


@st.composite
def runs(draw: st.DrawFn) -> tuple[e.RunAccepted, Anybody, list[Fact]]:
    """Return how a run begins, the world it runs in, and what comes from outside."""
    plan = draw(plans())
    keys = [step["step_id"] for step in plan["steps"]]
    world = Anybody(
        plan,
        {key: draw(st.one_of(CALLS, CALLS, ALWAYS)) for key in keys}
        | {"$plan": draw(st.one_of(st.just([]), st.lists(PLANNING, max_size=3)))},
        pins=PINS,
        bounds={key: draw(st.sampled_from([0, 40, Priced(40, "large"), Priced(30, "small"), [Lost(), 40], None])) for key in keys},
        grants={key: draw(st.sampled_from(["", "", "grt_1", [Lost(), "grt_1"], [Lost(), ""]])) for key in keys},
        probes={key: draw(st.lists(st.sampled_from(["happened", "did_not_happen", "unknown", Lost()]), max_size=3)) for key in keys},
        cancels={key: draw(PHASES) for key in keys},
        people={key: draw(PEOPLE) for key in keys},
        granted=draw(st.sampled_from([None, 0, 60, 200])),
        room=draw(st.sampled_from([None, 100, 300])),
        room_by_model=draw(st.sampled_from([{}, {}, {"large": 50}, {"large": 90, "small": 30}])),
        refusal=draw(st.sampled_from([{}, {"code": "DAILY_LIMIT_EXCEEDED", "retry_at_ms": 900}])),
        overruns=draw(st.sampled_from([False, False, False, True])),
    )
    planned = draw(st.booleans())
    first = e.RunAccepted(0, "run", draw(TERMS), inputs=INPUTS, planner_free=draw(st.booleans()), plan=plan if planned else None)
    return first, world, draw(st.lists(STRANGERS, max_size=4))
