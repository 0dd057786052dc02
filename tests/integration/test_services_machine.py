"""Services, workers, losses and time in any order: every answer and every run is what a small model says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agents.models import LedgerScope
from agents.services import create_agent, update_agent
from catalog.models import FailureMatch
from runs import services
from runs.invariants import check_all
from runs.models import TERMINAL_STATUSES, Outbox, Run, RunEvent, Session, Signal, StepSummary
from runs.shell import claims, clock, sessions
from runs.shell.reading.history import read_history
from skills import plugins
from skills.canonical import digest
from skills.refusal import Refusal
from skills.registry import registry
from tests.engine.invariants import Watch
from tests.fakes.stalling import EFFECTS, HANGING
from tests.integration import reference
from tests.integration.reference import MENDED, MINUTE, SKILLS, VERDICTS, Modelled, No
from tests.integration.workshop import SAID_WHY, Workshop, a_worker, assert_is_whole, chain, decided, step, step_of, wait_for

EXAMPLES = 12 * int(os.environ.get("AOS_TEST_ROUNDS", "1"))
STEPS = 40
MAX_CRASHES = 1
LEASE_MS = 600_000
LEFT_BEHIND = (Signal, Outbox, StepSummary, RunEvent, FailureMatch, LedgerScope, Session)
"""Rows of an example that go before its runs do."""

PEOPLE = st.sampled_from(["alice", "bob"])
KEYS = st.sampled_from([None, "k1", "k2"])
NUMBERS = st.integers(0, 11)
NEARLY_ALWAYS = st.sampled_from([True, True, True, False])
ACTIONS = st.sampled_from(["right", "right", "right", "wrong", "none"])
PLANS = st.lists(st.sampled_from([*SKILLS, "gate", "gate", "costly"]), min_size=1, max_size=3).map(tuple)


class MovedClock(clock.SystemClock):
    """The system's clock, which the test can move on."""

    ahead_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms

    def database_now_ms(self, vendor: str) -> str:
        return f"({super().database_now_ms(vendor)} + {self.ahead_ms})"


class Services(RuleBasedStateMachine):
    """The product and its model side by side. Between two rules no worker works."""

    runs: Bundle[str] = Bundle("runs")

    def __init__(self, shop: Workshop, clock: MovedClock) -> None:
        super().__init__()
        self.shop, self.clock = shop, clock
        self.clock.ahead_ms = 0
        self.model: dict[str, Modelled] = {}
        self.keys: dict[tuple[str, str], tuple[str, str]] = {}
        self.seen: dict[str, tuple[Any, ...]] = {}
        self.agent_is_active = True

    def teardown(self) -> None:
        try:
            self.work_and_leave()
            self.rows_and_journals_are_as_modelled()
            for run in Run.objects.filter(status__in=TERMINAL_STATUSES):
                assert_is_whole(self.shop, run)
            assert [(checked.name, checked.broken) for checked in check_all() if checked.broken] == []
        finally:
            update_agent(tenant=self.shop.tenant, agent_id=self.shop.agent.public_id, changes={"status": "active"})
            for rows in LEFT_BEHIND:
                rows.objects.all().delete()
            Run.objects.exclude(parent=None).update(parent=None)
            Run.objects.all().delete()

    def principal(self, name: str) -> Any:
        return self.shop.alice if name == "alice" else self.shop.bob

    def send(self, service: Callable[..., Any], by: str, run: str, **given: Any) -> Any:
        """Call a service about a run; return its answer, or its refusal as the model says it."""
        return asked(lambda: service(principal=self.principal(by), run_id=run, **given))

    # Submitting

    @initialize(target=runs, plans=st.lists(PLANS, min_size=3, max_size=6))
    def begin(self, plans: list[tuple[str, ...]]) -> Any:
        begun = [self.submit("alice", plan, 30, has_deadline=False, key=None) for plan in plans]
        self.work_and_leave()
        return multiple(*begun)

    @rule(target=runs, by=PEOPLE, steps=PLANS, budget=st.sampled_from([None, 30, 100]), has_deadline=st.booleans(), key=KEYS)
    def submit(self, by: str, steps: tuple[str, ...], budget: int | None, has_deadline: bool, key: str | None) -> Any:
        plan = {"steps": chain(*(step(f"s{place}", **SKILLS[kind]) for place, kind in enumerate(steps)))}
        deadline = reference.DEADLINE_MS if has_deadline else None
        fingerprint = digest([plan, budget, deadline])
        expected = self.accepts(by, key, fingerprint)
        answer = asked(
            lambda: services.submit(
                principal=self.principal(by),
                agent_ref=self.shop.agent.public_id,
                plan=plan,
                budget_micro_usd=budget,
                deadline_ms=deadline,
                idempotency_key=key,
                fingerprint=fingerprint,
            )
        )
        modelled = Modelled(steps, by, budget, deadline=self.clock.ahead_ms + (deadline or reference.LONGEST_MS))
        return self.accepted(answer, expected, modelled, by, key, fingerprint)

    @rule(target=runs, run=runs, by=PEOPLE, key=KEYS)
    def rerun(self, run: str, by: str, key: str | None) -> Any:
        fingerprint = digest(["rerun", run])
        expected = self.accepts(by, key, fingerprint)
        answer = self.send(services.rerun_run, by, run, idempotency_key=key, fingerprint=fingerprint)
        parent = self.model[run]
        modelled = Modelled(parent.steps, by, parent.opening_limit, deadline=self.clock.ahead_ms + reference.LONGEST_MS)
        return self.accepted(answer, expected, modelled, by, key, fingerprint)

    def accepts(self, by: str, key: str | None, fingerprint: str) -> No | str | None:
        """Say what a request under a key gets: a refusal, the run of the key, or None for a new run."""
        known = self.keys.get((by, key)) if key is not None else None
        if known is not None:
            return known[0] if known[1] == fingerprint else reference.MISMATCH
        return None if self.agent_is_active else reference.FROZEN

    def accepted(self, answer: Any, expected: No | str | None, modelled: Modelled, by: str, key: str | None, fingerprint: str) -> Any:
        if isinstance(expected, No):
            assert answer == expected
            return multiple()
        run, is_new = answer
        assert is_new == (expected is None)
        if not is_new:
            assert run.public_id == expected
            return multiple()
        self.model[run.public_id] = modelled
        if key is not None:
            self.keys[by, key] = (run.public_id, fingerprint)
        return run.public_id

    # Words

    @rule(run=runs, by=PEOPLE, word=st.sampled_from(["pause", "resume", "resume", "cancel"]))
    def say(self, run: str, by: str, word: str) -> None:
        modelled = self.model[run]
        lands = [modelled.step] if modelled.hangs and modelled.kind == "stall writing" else []
        answer = self.send(getattr(services, f"{word}_run"), by, run, reason="the test")
        expected = modelled.send(word)
        if expected is not None:
            assert answer == expected
        else:
            assert answer["requested"] == word
            assert answer.get("may_still_land", lands) == lands

    @rule(run=runs, by=PEOPLE, key=st.sampled_from(["k1", "k2"]), amount=st.sampled_from([30, 70]))
    def top_up(self, run: str, by: str, key: str, amount: int) -> None:
        answer = self.send(services.top_up_run, by, run, amount_micro_usd=amount, idempotency_key=key)
        assert (answer if isinstance(answer, No) else answer["limit_micro_usd"]) == self.model[run].top_up(by, key, amount)

    @rule(
        run=runs,
        by=PEOPLE,
        place=st.sampled_from(["s0", "s1", "s2", "nobody"]),
        verdict=st.sampled_from([verdict for allowed in VERDICTS.values() for verdict in allowed]),
        action=ACTIONS,
        value=st.sampled_from([None, {"params": MENDED}]),
    )
    def decide_anyhow(self, run: str, by: str, place: str, verdict: str, action: str, value: Any) -> None:
        self.decide(run, by, place, verdict, action, value)

    @precondition(lambda self: self.undecided())
    @rule(decisions=st.lists(st.tuples(NUMBERS, NUMBERS, NEARLY_ALWAYS, ACTIONS), min_size=1, max_size=4))
    def decide_nearly_well(self, decisions: list[tuple[int, int, bool, str]]) -> None:
        for choice, verdict, by_another, action in decisions:
            undecided = self.undecided()
            run = undecided[choice % len(undecided)]
            modelled = self.model[run]
            allowed = VERDICTS[modelled.reason]
            by = "bob" if (modelled.by == "alice") == by_another else "alice"
            self.decide(run, by, modelled.step, allowed[verdict % len(allowed)], action, {"params": MENDED})

    def undecided(self) -> list[str]:
        return [run_id for run_id, run in self.model.items() if run.reason in VERDICTS]

    def decide(self, run: str, by: str, place: str, verdict: str, action: str, value: Any) -> None:
        given = {"right": self.action_hash(run, place), "wrong": "0" * 64, "none": None}[action]
        answer = self.send(services.decide_step, by, run, step_id=place, verdict=verdict, action_hash=given, value=value, reason=SAID_WHY)
        expected = self.model[run].decide(place, verdict, by, action, value, now=self.clock.ahead_ms)
        assert answer == (expected or {"run_id": run, "step_id": place, "requested": verdict})

    def action_hash(self, run: str, place: str) -> str:
        """Return the action a step asks approval for, as its trace shows it."""
        row = Run.objects.get(public_id=run)
        asks = self.model[run].reason == "approval" and place == self.model[run].step
        return str(step_of(row, place)["action_hash"]) if asks else ""

    @rule(status=st.sampled_from(["active", "active", "paused", "disabled"]))
    def change_the_agent(self, status: str) -> None:
        update_agent(tenant=self.shop.tenant, agent_id=self.shop.agent.public_id, changes={"status": status})
        self.agent_is_active = status == "active"

    # Time and workers

    # No sum of these comes near to one of the model's spans: seconds that really pass change nothing.
    @rule(minutes=st.sampled_from([37, 37, 451]))
    def let_time_pass(self, minutes: int) -> None:
        self.clock.ahead_ms += minutes * MINUTE

    @rule()
    def work_and_leave(self) -> None:
        with self.working():
            pass
        for run in self.model.values():
            if run.hangs:
                run.hand_back()

    @rule()
    def work_and_be_lost(self) -> None:
        with self.working():
            expire()
            before = journals()
        assert journals() == before, "a worker whose session is dead wrote something"
        for run in self.model.values():
            if run.hangs:
                run.lose()

    @rule()
    def work_a_little_later(self) -> None:
        self.let_time_pass(minutes=37)
        self.work_and_leave()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let a worker do all there is to do, so that what it holds now are calls that hang."""
        with a_worker():
            wait_for(is_quiet, "the end of all work")
            for run in self.model.values():
                if run.is_due(self.clock.ahead_ms):
                    run.drive(self.clock.ahead_ms, agent_is_active=self.agent_is_active, max_crashes=MAX_CRASHES)
            assert {(run_id, run.step) for run_id, run in self.model.items() if run.hangs} == HANGING
            yield

    @rule(count=st.integers(1, 3), is_lost=st.booleans())
    def claim_and_do_nothing(self, count: int, is_lost: bool) -> None:
        session = sessions.begin(LEASE_MS)
        queued = {run_id for run_id, run in self.model.items() if run.status == "queued"}
        claimed = {run.public_id for run in claims.claim(session, count)}
        assert len(claimed) == min(count, len(queued))
        assert claimed <= queued
        if not is_lost:
            sessions.end(session)
            return
        expire()
        for run_id in claimed:
            self.model[run_id].lose()

    # What always holds

    @invariant()
    def rows_and_journals_are_as_modelled(self) -> None:
        rows = list(Run.objects.all())
        assert {row.public_id for row in rows} == set(self.model)
        for row in rows:
            check_against_model(row, self.model[row.public_id])
            self.check_journal(row)

    def check_journal(self, row: Run) -> None:
        """Check every position of a journal that has changed; one that has ended must never change."""
        shows = (row.status, row.last_seq, RunEvent.objects.filter(run_id=row.pk).count())
        before = self.seen.get(row.public_id, ("queued",))
        if shows == before:
            return
        assert before[0] not in TERMINAL_STATUSES
        self.seen[row.public_id] = shows
        watch, journal = Watch(), read_history(row)
        state = watch.follow(journal)
        assert row.is_terminal == state.finished == (watch.finishes == 1)
        assert state.limit_micro_usd is None or state.spent_micro_usd <= state.limit_micro_usd
        if row.status != "queued":
            assert (row.status, row.waiting_for, row.last_seq) == (state.status, state.waiting_for, len(journal))
            assert (row.spent_micro_usd, row.steps_done) == (state.spent_micro_usd, state.succeeded)


def check_against_model(row: Run, modelled: Modelled) -> None:
    assert (row.status, row.failure_code, row.crash_count) == (modelled.status, modelled.code if modelled.is_over else "", modelled.crashes)
    assert EFFECTS[row.public_id] == modelled.effects
    if row.status != "queued":
        assert (row.waiting_for, row.limit_micro_usd) == (modelled.waiting_for, modelled.limit)
        assert (row.spent_micro_usd, row.steps_done) == (modelled.spent, modelled.done)


def asked(do: Callable[[], Any]) -> Any:
    try:
        return do()
    except Refusal as refusal:
        return No(refusal.status, refusal.code)


def is_quiet() -> bool:
    """Tell whether all that is left are runs that wait, runs that are over, and calls that hang and are known to have begun."""
    # In one statement: between two, a run that is due could be woken and seen by neither.
    moves = Q(status__in=["queued", "running"]) | Q(status="waiting", wake_at_ms__lte=clock.now_ms())
    moving = set(Run.objects.filter(moves).values_list("public_id", flat=True))
    hanging = HANGING.copy()
    return moving == {run_id for run_id, _ in hanging} and all(map(has_begun, hanging))


def has_begun(call: tuple[str | None, str | None]) -> bool:
    run_id, step_id = call
    return "start" in decided(Run.objects.get(public_id=run_id), step_id)


def expire() -> None:
    """Let the lease of every live session be over, and the reaper find out."""
    while Session.objects.filter(state="live").update(lease_until_ms=0):
        sessions.reap()


def journals() -> list[tuple[int, int]]:
    return sorted(RunEvent.objects.values_list("run_id", "seq"))


@pytest.fixture
def moved_clock() -> Iterator[MovedClock]:
    moved = MovedClock()
    before = clock.use(moved)
    yield moved
    clock.use(before)


@pytest.fixture
def quick_shop(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Workshop:
    """Return a workshop whose workers leave at once, and whose agent has the means the model knows of."""
    plugins.load(registry, with_plugins=False, modules=["tests.fakes.skills", "tests.fakes.stalling"])
    monkeypatch.setattr("runs.shell.drain.REST_SECONDS", 0.02)
    # Calls hang for ever here, also those of runs at their last chance, beside which nothing would begin for a while.
    monkeypatch.setattr("runs.shell.drain.ALONE_SECONDS", 0.0)
    settings.WORK_GRACE_SECONDS, settings.MAX_CRASHES, settings.LEASE_MS = 0.1, MAX_CRASHES, LEASE_MS
    profile = {
        "budget": {"per_run_micro_usd": None},
        "max_run_duration_ms": reference.LONGEST_MS,
        "approval_ttl_ms": reference.APPROVAL_MS,
    }
    return replace(workshop, agent=create_agent(tenant=workshop.tenant, name="modelled", profile=profile))


# Hypothesis may take five minutes more to find the shortest way to a failure.
@pytest.mark.timeout(360 + 20 * EXAMPLES)
def test_it_answers_as_the_model_does(quick_shop: Workshop, moved_clock: MovedClock) -> None:
    run_state_machine_as_test(
        lambda: Services(quick_shop, moved_clock),  # type: ignore[arg-type] # what makes one will do, as its documentation says
        settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)),
    )
