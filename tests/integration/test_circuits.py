"""Circuits are exact over all workers: one call tries, whoever asks; a success asks nobody where nothing is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from agents.clock import ask_time
from agents.freezes import Freezes
from agents.models import Tenant
from catalog import circuits
from catalog.circuits import Circuits, Ending, Key, Wish
from catalog.models import Circuit
from runs.shell import clock
from runs.shell.breaker import Opened
from runs.shell.gate import Gate, Held
from skills.base import ANYWHERE, SkillFailure
from skills.contracts import Effect, StructuredOutcome
from skills.execution import outcome_of
from skills.ports import SkillContext
from skills.refusal import Refusal
from tests.integration.callers import CountedThread, Elsewhere, a_run, in_parallel
from tests.integration.workshop import Workshop

HOST = "api.example.test:443"
CALLERS = 50


@pytest.fixture(autouse=True)
def three_failures(settings: Any) -> None:
    settings.CIRCUIT_FAILURES, settings.CIRCUIT_SECONDS = 3, 60


def key_of(workshop: Workshop, host: str = HOST) -> Key:
    return Key(workshop.tenant.pk, "elsewhere", host)


def down(workshop: Workshop, times: int, host: str = HOST) -> list[circuits.Told]:
    return [circuits.report([Ending(key_of(workshop, host), "down", "TIMEOUT")])[0] for _ in range(times)]


def half_open(workshop: Workshop) -> None:
    """Open the circuit, a minute ago."""
    down(workshop, 3)
    Circuit.objects.update(open_until_ms=ask_time() - 1)


def test_one_failure_opens_it_and_no_other(workshop: Workshop) -> None:
    assert [told.has_opened for told in down(workshop, 5)] == [False, False, True, False, False]
    row = Circuit.objects.get()
    assert (row.failures, row.openings, row.last_code) == (3, 1, "TIMEOUT")
    assert row.open_until_ms is not None
    assert 59_000 < row.open_until_ms - ask_time() <= 60_000


def test_failures_that_end_together_are_counted_one_by_one(workshop: Workshop) -> None:
    said = in_parallel(20, lambda _: down(workshop, 1))
    assert sum(told.has_opened for (told,) in said) == 1
    assert Circuit.objects.get().failures == 3


def test_a_success_begins_the_count_anew_and_other_hosts_have_their_own(workshop: Workshop) -> None:
    down(workshop, 2)
    down(workshop, 2, "other.test:80")
    assert not circuits.report([Ending(key_of(workshop), "up")])[0].standing.failures
    assert not down(workshop, 1)[0].has_opened
    assert down(workshop, 1, "other.test:80")[0].has_opened


@pytest.mark.parametrize(("askers", "wishes"), [(1, 50), (10, 5), (50, 1)])
def test_of_fifty_callers_exactly_one_is_the_trial(workshop: Workshop, askers: int, wishes: int) -> None:
    half_open(workshop)
    wish = Wish(key_of(workshop), 30_000)
    said = [passage for answers in in_parallel(askers, lambda _: circuits.admit([wish] * wishes)) for passage in answers]
    assert (len(said), sum(passage.is_trial for passage in said)) == (CALLERS, 1)
    assert {passage.wait_ms is None for passage in said if not passage.is_trial} == {False}


def test_the_trial_decides_for_all(workshop: Workshop) -> None:
    half_open(workshop)
    wish = Wish(key_of(workshop), 30_000)
    circuits.admit([wish])
    (told,) = circuits.report([Ending(key_of(workshop), "down", "HTTP_5XX", was_trial=True)])
    assert (told.has_opened, told.standing.openings) == (True, 2)
    Circuit.objects.update(open_until_ms=ask_time() - 1)
    circuits.admit([wish])
    circuits.report([Ending(key_of(workshop), "up", was_trial=True)])
    assert [passage.wait_ms for passage in circuits.admit([wish] * 3)] == [None] * 3


def test_a_trial_that_never_comes_back_is_followed_by_another(workshop: Workshop) -> None:
    half_open(workshop)
    assert circuits.admit([Wish(key_of(workshop), 0)])[0].is_trial
    assert circuits.admit([Wish(key_of(workshop), 60_000)])[0].is_trial
    assert not circuits.admit([Wish(key_of(workshop), 60_000)])[0].is_trial


# By a gate of a worker


def outcome(code: str | None, phase: str = "not_sent") -> StructuredOutcome:
    failure = None if code is None else SkillFailure(code, "as the test says", phase=phase)  # type: ignore[arg-type]
    context = SkillContext(http=None, secrets=None, config={}, idempotency_key="", timeout_ms=1_000)  # type: ignore[arg-type]
    return outcome_of(Elsewhere(), context, latency_ms=1, result=None, failure=failure, effect=Effect.NONE)


class Caller:
    """A worker's gate, and calls that go through it."""

    def __init__(self, workshop: Workshop, known: Circuits) -> None:
        self.database = CountedThread()
        self.gate = Gate(self.database, Freezes(), known)
        self._run = a_run(workshop.tenant, workshop.agent)
        self._calls = 0

    async def call(self, code: str | None, host: str = HOST, rules: Sequence[Any] = ()) -> tuple[Held | None, Opened | None]:
        """Ask for one call and let it end; return why it was held and what it opened."""
        self._calls += 1
        call, params = (1, "s", self._calls), {"host": host}
        held = await self.gate.held(run=self._run, skill=Elsewhere(), params=params, rules=rules, effect="none", call=call)
        if held is not None:
            return held, None
        return None, await self.gate.breaker.ended(call, self._run.tenant_id, Elsewhere(), params, outcome(code))


def with_a_gate(workshop: Workshop, do: Callable[[Caller], Awaitable[Any]]) -> tuple[Any, int]:
    """Let a gate of its own go by what the rows say now; return what came of it, and how often it asked the database."""
    caller = Caller(workshop, Circuits.load())

    async def go() -> Any:
        return await do(caller)

    try:
        return asyncio.run(go()), caller.database.asked
    finally:
        caller.database.close()


def in_turn(*codes: str | None, host: str = HOST) -> Callable[[Caller], Awaitable[Any]]:
    async def go(caller: Caller) -> list[tuple[Held | None, Opened | None]]:
        return [await caller.call(code, host) for code in codes]

    return go


def test_results_ask_nobody_while_nothing_is_counted(workshop: Workshop) -> None:
    assert with_a_gate(workshop, in_turn(None, None, None)) == ([(None, None)] * 3, 0)
    # Nor do failures that say nothing of a host, and hosts nobody knows.
    assert with_a_gate(workshop, in_turn("INVALID_INPUT", "CANCELLED")) == ([(None, None)] * 2, 0)
    assert with_a_gate(workshop, in_turn("TIMEOUT", "TIMEOUT", "TIMEOUT", "TIMEOUT", host=ANYWHERE)) == ([(None, None)] * 4, 0)
    assert not Circuit.objects.exists()


def test_the_worker_that_sees_the_last_failure_knows_at_once(workshop: Workshop) -> None:
    said, _ = with_a_gate(workshop, in_turn("TIMEOUT", "DNS_FAILURE", "TIMEOUT", None))
    (_, none_yet), (_, nor_yet), (_, opened), (held, _) = said
    assert (none_yet, nor_yet) == (None, None)
    assert opened.scope == f"circuit:elsewhere@{HOST}"
    assert 59_000 < opened.until_ms - clock.now_ms() <= 60_000
    assert (held.code, held.scope, held.limit) == ("UPSTREAM_UNAVAILABLE", opened.scope, None)
    assert 59_000 < held.retry_after_ms <= 60_000


def test_an_open_circuit_is_known_without_asking(workshop: Workshop) -> None:
    down(workshop, 3)
    said, questions = with_a_gate(workshop, in_turn(*[None] * 20))
    assert ({held.code for held, _ in said}, questions) == ({"UPSTREAM_UNAVAILABLE"}, 0)
    assert with_a_gate(workshop, in_turn(None, host="other.test:80")) == ([(None, None)], 0)


def test_calls_at_once_through_a_half_open_circuit_are_one_trial_and_waiters(workshop: Workshop) -> None:
    half_open(workshop)

    async def at_once(caller: Caller) -> list[Any]:
        return await asyncio.gather(*(caller.call(None) for _ in range(CALLERS)))

    said, questions = with_a_gate(workshop, at_once)
    held = [why for why, _ in said if why is not None]
    assert (len(held), questions) == (CALLERS - 1, 2)
    assert all(0 < why.retry_after_ms <= 2_000 for why in held)
    assert Circuit.objects.get().open_until_ms is None
    # The gate that saw it close lets the next ones through, and so does every other.
    assert with_a_gate(workshop, in_turn(None, None)) == ([(None, None)] * 2, 0)


def test_a_trial_that_a_rate_holds_back_leaves_its_turn_to_another(workshop: Workshop) -> None:
    half_open(workshop)
    rule = {"scope": "agent:x", "skill": None, "host": None, "per_minute": 1}

    async def go(caller: Caller) -> list[Any]:
        (first, _) = await caller.call("INVALID_INPUT", "one.test:1", [rule])
        (limited, _) = await caller.call(None, HOST, [rule])
        (free, _) = await caller.call(None)
        return [first, limited.code, free]

    assert with_a_gate(workshop, go)[0] == [None, "RATE_LIMITED", None]
    assert Circuit.objects.get().open_until_ms is None


def test_a_call_without_time_says_nothing_of_its_host(workshop: Workshop) -> None:
    async def go(caller: Caller) -> Any:
        params = {"host": HOST}
        return await caller.gate.breaker.ended((1, "s", 1), workshop.tenant.pk, Elsewhere(), params, outcome("TIMEOUT"), cut_off=True)

    assert with_a_gate(workshop, go) == (None, 0)
    assert not Circuit.objects.exists()


# People


def test_a_tenant_sees_its_own_and_resets_them_with_a_reason(workshop: Workshop) -> None:
    other = Tenant.objects.create(slug="other", name="Other")
    circuits.report([Ending(Key(other.pk, "elsewhere", HOST), "down", "TIMEOUT")] * 3)
    down(workshop, 1, "shaky.test:80")
    down(workshop, 3)
    told = circuits.list_circuits(tenant=workshop.tenant)
    assert [(each["host"], each["state"], each["failures"], each["limit"]) for each in told] == [
        (HOST, "open", 3, 3),
        ("shaky.test:80", "closed", 1, 3),
    ]
    assert [each["host"] for each in circuits.list_circuits(tenant=workshop.tenant, state="closed")] == ["shaky.test:80"]
    with pytest.raises(Refusal, match="say why"):
        circuits.reset(tenant=workshop.tenant, skill="elsewhere", host=HOST, reason=" ", by="bob")
    closed = circuits.reset(tenant=workshop.tenant, skill="elsewhere", host=HOST, reason="it is mended", by="bob")
    assert (closed["state"], closed["failures"], closed["openings"], closed["open_until_at"]) == ("closed", 0, 1, None)
    assert [each["state"] for each in circuits.list_circuits(tenant=other)] == ["open"]
    with pytest.raises(Refusal, match="no such circuit"):
        circuits.reset(tenant=workshop.tenant, skill="elsewhere", host="nowhere.test:1", reason="it is mended", by="bob")


def test_what_is_closed_and_old_is_forgotten(workshop: Workshop) -> None:
    down(workshop, 3)
    down(workshop, 1, "shaky.test:80")
    down(workshop, 1, "young.test:80")
    down(workshop, 3, "nobody-tried.test:80")
    Circuit.objects.filter(host="nobody-tried.test:80").update(open_until_ms=ask_time() - 1)
    Circuit.objects.exclude(host="young.test:80").update(changed_at_ms=ask_time() - circuits.FORGET_AFTER_MS - 1_000)
    assert circuits.forget_old() == 2
    assert set(Circuit.objects.values_list("host", flat=True)) == {HOST, "young.test:80"}


def test_failures_long_apart_are_not_in_a_row(workshop: Workshop) -> None:
    down(workshop, 2)
    assert Circuits.load()
    Circuit.objects.update(changed_at_ms=ask_time() - circuits.APART_MS - 1_000)
    assert not Circuits.load(), "nobody need count what goes well for ever"
    assert not Circuits().fresh(0)
    (told,) = down(workshop, 1)
    assert (told.has_opened, told.standing.failures) == (False, 1)
    assert down(workshop, 2)[-1].has_opened


def test_a_snapshot_hears_of_others_when_it_is_renewed(workshop: Workshop) -> None:
    known = Circuits.load()
    assert not known
    down(workshop, 3)
    assert known.fresh(60) is known
    renewed = known.fresh(0)
    assert renewed.wait_ms(key_of(workshop))
    Circuit.objects.all().delete()
    assert not renewed.fresh(0)
