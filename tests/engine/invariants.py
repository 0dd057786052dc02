"""What must hold at every position of every journal, whatever happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runs.engine import events as e
from runs.engine.budget import headroom
from runs.engine.decisions import Decision, Finish, HoldDoubt, Ignore, Overrun, Resolve, StartStep
from runs.engine.effects import is_doubtful, is_repeatable
from runs.engine.events import Fact
from runs.engine.gates import action_hash, why_ask
from runs.engine.machine import step
from runs.engine.starting import pin_of
from runs.engine.state import RUN_TRANSITIONS, STEP_ENDED, STEP_TRANSITIONS, State
from runs.engine.virtual import Entry
from tests.engine.story import encoded

# Facts that can be taken in once at the most. The others fit again where the machine asks again.
ONCE = (e.StepSucceeded, e.StepFailed, e.StepInterrupted, e.PlanProposed, e.PlanRejected, e.RunAdmitted)


def reachable(table: dict[str, frozenset[str]]) -> dict[str, set[str]]:
    """Return where each status can come to in any number of moves."""
    found = {status: {status, *following} for status, following in table.items()}
    for _ in table:
        found = {status: {end for middle in ways for end in found[middle]} for status, ways in found.items()}
    return found


STEP_WAYS = reachable(STEP_TRANSITIONS)


class Watch:
    """Folds a journal again, one fact after the other, and checks after each."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.started: dict[str, int] = {}
        self.approved: dict[str, str] = {}
        self.doubted: set[str] = set()
        self.finishes = 0
        self.overrun = 0
        self.overrun_on: dict[str, int] = {}

    def follow(self, journal: Sequence[Entry]) -> State:
        """Check the whole journal and return the state after it."""
        accepted: list[Fact] = []
        for position, (fact, decisions) in enumerate(journal):
            self.take(fact, decisions)
            if not isinstance(decisions[0] if decisions else None, Ignore) and isinstance(fact, ONCE):
                accepted.append(fact)
            self.tell_again([fact] if isinstance(fact, ONCE) else [], accepted[position % len(accepted)] if accepted else None)
        assert self.state is not None
        return self.state

    def take(self, fact: Fact, expected: tuple[Decision, ...]) -> None:
        before = None if self.state is None else statuses(self.state)
        effect = self.effect_before(fact)
        # A step that goes on by another way has forgotten what model its call cost too much on.
        models = {} if self.state is None else {key: found.model for key, found in self.state.steps.items()}
        self.state, decisions = step(self.state, fact)
        assert decisions == expected, "a refold decides the same"
        if decisions and isinstance(decisions[0], Ignore):
            assert len(decisions) == 1
            return
        if isinstance(fact, e.ReservationReturned):
            assert not decisions, "giving money back starts nothing: the run is being parked"
        if isinstance(fact, e.ApprovalDecided) and fact.approved:
            self.approved[fact.step] = fact.edited_hash or fact.action_hash
        if isinstance(fact, e.GrantAnswered) and fact.grant:
            self.approved[fact.step] = fact.action_hash
        if isinstance(fact, e.StepFailed):
            self.check_failure(fact, effect, decisions)
        self.check_decisions(decisions, models)
        check_books(self.state, self.overrun, self.overrun_on)
        check_moves(before, self.state)

    def effect_before(self, fact: Fact) -> str:
        """Return the effect class of the call a fact is about, as it was when the fact came."""
        state = self.state
        if state is None or not isinstance(fact, e.StepFailed) or fact.step not in state.steps or not state.admitted:
            return "none"
        called = state.steps[fact.step]
        return "none" if called.node.startswith("$") else pin_of(state, called).effect

    def check_failure(self, fact: e.StepFailed, effect: str, decisions: tuple[Decision, ...]) -> None:
        assert self.state is not None
        assert self.state.stopping or any(decision.step == fact.step for decision in decisions), "a failure is answered"
        if is_doubtful(effect, fact.phase):
            assert any(isinstance(decision, HoldDoubt) for decision in decisions), "what may have happened is in doubt"

    def check_decisions(self, decisions: Iterable[Decision], models: Mapping[str, str]) -> None:
        for decision in decisions:
            assert not isinstance(decision, Ignore)
            if isinstance(decision, HoldDoubt):
                self.doubted.add(decision.step)
            elif isinstance(decision, Resolve):
                self.doubted.discard(decision.step)
            elif isinstance(decision, StartStep):
                self.check_start(decision)
            elif isinstance(decision, Overrun):
                self.add_overrun(decision, models[decision.step])
            self.finishes += isinstance(decision, Finish)

    def add_overrun(self, decision: Overrun, model: str) -> None:
        """Count in by how much a call cost more than was held for it, in all and on its model."""
        more = decision.cost_micro_usd - decision.worst_micro_usd
        self.overrun += more
        if model:
            self.overrun_on[model] = self.overrun_on.get(model, 0) + more

    def check_start(self, start: StartStep) -> None:
        assert self.state is not None
        assert start.attempt > self.started.get(start.step, 0), "one start per attempt"
        self.started[start.step] = start.attempt
        assert start.step not in self.doubted, "nothing in doubt is repeated in silence"
        called = self.state.steps[start.step]
        pin = pin_of(self.state, called)
        if why_ask(self.state.nodes[called.node].approval, pin, self.state.terms, called.worst_micro_usd, called.target):
            bound = action_hash(called, pin, called.worst_micro_usd or 0)
            assert self.approved.get(start.step) == bound, "nothing gated starts before exactly that was approved"
        assert is_repeatable(start.effect) or start.barrier == "intent"
        assert self.state.stopping == ""
        assert not self.state.paused
        room, terms = headroom(self.state), self.state.terms
        assert room is None or room >= 0 or (self.state.debt_refused and terms.on_exhausted == "finish_cheap"), "who owes starts nothing"
        assert terms.max_attempts is None or self.state.calls <= terms.max_attempts

    def tell_again(self, double: list[Fact], late: Fact | None) -> None:
        """Tell what was told before: it must change nothing."""
        assert self.state is not None
        told = double if late is None else [*double, late]
        before = encoded(self.state) if told else b""
        for fact in told:
            self.state, decisions = step(self.state, fact)
            assert len(decisions) == 1
            assert isinstance(decisions[0], Ignore), "what was taken in once is not taken in again"
        assert not told or encoded(self.state) == before, "and changes nothing"


def statuses(state: State) -> tuple[str, dict[str, str]]:
    return state.status, {key: found.status for key, found in state.steps.items()}


def check_moves(before: tuple[str, dict[str, str]] | None, state: State) -> None:
    if before is None:
        return
    run, steps = before
    assert state.status == run or state.status in RUN_TRANSITIONS[run]
    for key, status in steps.items():
        assert state.steps[key].status in STEP_WAYS[status], key


def check_books(state: State, overrun: int, overrun_on: Mapping[str, int]) -> None:
    """Check that what the state keeps beside its steps is what its steps say, and that no cap is passed but by overruns."""
    steps = state.steps
    calls = [key for key in state.in_flight if steps[key].asked in ("run", "bound", "grant")]
    assert len(calls) <= state.terms.max_parallel, "the parallel limit is kept"
    assert {key for key, found in steps.items() if found.asked} == set(state.in_flight)
    assert {key for key, found in steps.items() if found.status in ("waiting", "in_doubt")} == set(state.waiting)
    assert sum(found.held_micro_usd for found in steps.values()) == state.held_micro_usd
    assert sum(found.cost_micro_usd for found in steps.values()) == state.spent_micro_usd
    if state.granted_micro_usd is not None:
        assert state.spent_micro_usd + state.held_micro_usd <= state.granted_micro_usd + overrun, "the cap is not passed"
        for model in {**state.spent_by_model, **state.held_by_model}:
            used = state.spent_by_model.get(model, 0) + state.held_by_model.get(model, 0)
            assert used <= state.granted_by_model.get(model, 0) + overrun_on.get(model, 0), "nor that of a model"
    for model, held in state.held_by_model.items():
        assert sum(found.held_micro_usd for found in steps.values() if found.model == model) == held
    if state.admitted and not state.finished:
        assert state.open_steps == sum(steps[key].status not in STEP_ENDED for key in state.nodes)
        assert state.succeeded == sum(steps[key].status == "succeeded" for key in state.nodes)
    if state.status == "waiting":
        check_parked(state)
    if state.finished:
        assert all(found.status in STEP_ENDED or found.status == "in_doubt" for found in steps.values())
        assert state.held_micro_usd == 0


def check_parked(state: State) -> None:
    """A run that waits has nothing under way, and somebody or something will wake it."""
    assert not state.in_flight
    assert not state.extending
    assert state.waiting_for
    if state.waiting_for in ("timer", "approval", "input"):
        assert state.wake_at_ms() is not None
