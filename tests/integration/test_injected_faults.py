"""Faults injected into live runs: done by a real worker to real calls, told apart from real failures, refused where not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Tenant
from catalog.models import Circuit
from catalog.selectors import match_stats, past_of
from runs import selectors, services
from runs.faults.contracts import Fault
from runs.faults.kinds import FaultKind
from runs.history.learning import learn
from runs.models import Charge, Run, SkillHistory
from runs.simulation import simulate
from skills.base import Params, Skill, SkillFailure, skill
from skills.contracts import Effect
from skills.ports import SkillContext
from skills.refusal import Refusal
from skills.registry import registry
from tests.fakes.skills import ANY_FAILURE, Said, witnessed
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    decided,
    matches,
    now,
    over,
    parked,
    started,
    step,
    step_of,
    trace,
)


class HostParams(Params):
    host: str


@skill(name="calls_host", version="1.0.0", description="Calls a host.", effect=Effect.READ, failure_modes=ANY_FAILURE)
class CallsHost(Skill):
    Params = HostParams
    Result = Said

    def target_of(self, params: Mapping[str, Any]) -> str | None:
        return str(params["host"])

    async def run(self, params: HostParams, context: SkillContext) -> Said:
        raise SkillFailure("CONNECTION_REFUSED", "nobody is there")


READ = step("a", "sleepy", said="hello")


@pytest.fixture
def allowed(workshop: Workshop) -> Workshop:
    Tenant.objects.filter(pk=workshop.tenant.pk).update(allow_faults=True)
    return workshop


def write(witness: Path) -> dict[str, Any]:
    return step("a", "append_line", witness=str(witness))


def codes(run: Run) -> list[str]:
    return [match.code for match in matches(run)]


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (FaultKind.TIMEOUT, "TIMEOUT", "succeeded"),
        (FaultKind.DNS, "DNS_FAILURE", "succeeded"),
        (FaultKind.REFUSED, "CONNECTION_REFUSED", "succeeded"),
        (FaultKind.RATE_LIMITED, "RATE_LIMITED", "succeeded"),
        (FaultKind.SERVER_ERROR, "HTTP_5XX", "succeeded"),
        (FaultKind.MALFORMED, "INVALID_RESPONSE", "failed"),
    ],
    ids=lambda value: str(value),
)
def test_a_fault_that_fails_a_call_is_answered_without_calling_out(
    allowed: Workshop, tmp_path: Path, kind: FaultKind, code: str, status: str
) -> None:
    witness = tmp_path / "calls"
    fault = Fault(kind=kind, step="a", retry_after_ms=300 if kind == "rate_limited" else None)
    run = allowed.submit(step("a", "sleepy", witness=str(witness)), faults=[fault])
    with a_worker():
        ended = over(run)
    assert (ended.status, ended.faults) == (status, 1)
    assert witnessed(witness) == (["a 2"] if status == "succeeded" else [])
    first = step_of(run, "a")["attempts"][0]
    assert (first["status"], first["code"]) == ("failed", code)
    assert first["message"].startswith("injected on purpose: ")
    assert (codes(run), [match.injected for match in matches(run)]) == ([code], [True])
    (failed,) = [event["data"] for event in trace(run)["events"] if event["kind"] == "step_failed"]
    assert failed["details"]["injected"] == kind
    assert_is_whole(allowed, run)


def test_a_rate_limit_is_waited_out_as_long_as_it_says(allowed: Workshop) -> None:
    run = allowed.submit(READ, faults=[Fault(kind=FaultKind.RATE_LIMITED, retry_after_ms=700)])
    with a_worker():
        ended = over(run)
    assert ended.finished_at is not None
    assert (ended.finished_at - ended.created_at).total_seconds() >= 0.7


def test_a_slow_call_waits_and_is_then_made_and_one_too_slow_is_up_before(allowed: Workshop, tmp_path: Path) -> None:
    witness = tmp_path / "calls"
    slow = allowed.submit(step("a", "sleepy", witness=str(witness)), faults=[Fault(kind=FaultKind.SLOW, after_ms=400)])
    late = allowed.submit(step("a", "sleepy", timeout_ms=200), faults=[Fault(kind=FaultKind.SLOW, after_ms=300)])
    with a_worker():
        assert over(slow).status == over(late).status == "succeeded"
    assert witnessed(witness) == ["a 1"]
    took = step_of(slow, "a")
    assert took["finished_at_ms"] - took["started_at_ms"] >= 400
    assert (codes(slow), codes(late)) == ([], ["TIMEOUT"])


def test_a_crash_after_the_effect_of_a_write_puts_it_in_doubt_and_does_it_once(allowed: Workshop, tmp_path: Path) -> None:
    witness = tmp_path / "effects"
    run = allowed.submit(write(witness), faults=[Fault(kind=FaultKind.CRASH_AFTER_EFFECT)])
    with a_worker():
        parked(run, "in_doubt")
        allowed.decide(run, "a", "happened")
        assert over(run).status == "succeeded"
    assert witnessed(witness) == ["a 1"]
    assert (codes(run), [match.injected for match in matches(run)]) == (["OUTCOME_UNKNOWN"], [True])
    assert_is_whole(allowed, run)


def test_a_crash_after_a_read_lets_it_be_made_again(allowed: Workshop, tmp_path: Path) -> None:
    witness = tmp_path / "calls"
    run = allowed.submit(step("a", "sleepy", witness=str(witness)), faults=[Fault(kind=FaultKind.CRASH_AFTER_EFFECT)])
    with a_worker():
        assert over(run).status == "succeeded"
    assert witnessed(witness) == ["a 1", "a 2"]
    assert codes(run) == ["LEASE_LOST"]
    assert_is_whole(allowed, run)


@pytest.mark.parametrize(("after_ms", "lines", "status"), [(0, ["a 2"], "succeeded"), (None, ["a 1"], "waiting")], ids=["before", "during"])
def test_a_lost_lease_is_harmless_before_a_write_and_a_doubt_during_it(
    allowed: Workshop, tmp_path: Path, after_ms: int | None, lines: list[str], status: str
) -> None:
    witness = tmp_path / "effects"
    run = allowed.submit(write(witness), faults=[Fault(kind=FaultKind.LOST_LEASE, after_ms=after_ms)])
    with a_worker():
        (over(run) if status == "succeeded" else parked(run, "in_doubt"))
    assert (now(run).status, witnessed(witness)) == (status, lines)


def test_an_outcome_that_is_delivered_twice_counts_once(allowed: Workshop, tmp_path: Path) -> None:
    witness = tmp_path / "calls"
    costly = step("a", "costly", worst=100, cost=7, witness=str(witness))
    run = allowed.submit(costly, step("b", "sleepy", "a", ms=50), faults=[Fault(kind=FaultKind.DUPLICATE_DELIVERY, step="a")])
    with a_worker():
        assert over(run).status == "succeeded"
    assert witnessed(witness) == ["a 1"]
    told = [event["decisions"] for event in trace(run)["events"] if event["kind"] == "step_succeeded" and event["step_id"] == "a"]
    assert len(told) == 2
    assert told[1] == ["ignore"]
    assert list(Charge.objects.filter(run_public_id=run.public_id).values_list("cost_micro_usd", flat=True)) == [7]
    assert_is_whole(allowed, run)


def test_a_fault_hits_the_calls_it_names_and_every_step_where_it_names_none(allowed: Workshop) -> None:
    everywhere = allowed.submit(READ, step("b", "sleepy"), faults=[Fault(kind=FaultKind.DNS)])
    second = allowed.submit(
        step("a", "fails", code="TIMEOUT", until_attempt=2), faults=[Fault(kind=FaultKind.DNS, step="a", attempt=2, count=1)]
    )
    with a_worker():
        over(everywhere)
        over(second)
    assert sorted(match.step_id for match in matches(everywhere)) == ["a", "b"]
    assert codes(second) == ["TIMEOUT", "DNS_FAILURE"]


def test_a_goal_may_have_faults_at_every_step_it_will_be_planned_with(allowed: Workshop) -> None:
    run = allowed.submit(goal="say hello", faults=[Fault(kind=FaultKind.DNS)])
    assert run.faults == 1
    with pytest.raises(Refusal) as refused:
        allowed.submit(goal="say hello", faults=[Fault(kind=FaultKind.DNS, step="a")])
    assert refused.value.errors[0]["pointer"] == "/faults/0/step"


def test_a_call_that_is_cancelled_while_a_fault_waits_answers_like_any_other(allowed: Workshop) -> None:
    run = allowed.submit(READ, faults=[Fault(kind=FaultKind.SLOW, after_ms=20_000)])
    with a_worker():
        started(run, "a")
        services.cancel_run(principal=allowed.alice, run_id=run.public_id)
        assert over(run).status == "cancelled"
    assert_is_whole(allowed, run)


# Told apart from what fails by itself


def test_the_journal_the_row_and_the_list_say_that_a_run_has_faults(allowed: Workshop) -> None:
    faults = [Fault(kind=FaultKind.DNS, step="a"), Fault(kind=FaultKind.SLOW, after_ms=1, attempt=2)]
    run = allowed.submit(READ, faults=faults)
    assert selectors.run_json(now(run))["faults"] == 2
    accepted = trace(run)["events"][0]["data"]
    assert accepted["means"]["faults"] == [{"kind": "dns", "step": "a"}, {"kind": "slow", "attempt": 2, "after_ms": 1}]
    assert [Fault.model_validate(fault) for fault in trace(run)["faults"]] == faults


def test_injected_failures_count_nowhere(allowed: Workshop) -> None:
    run = allowed.submit(READ, faults=[Fault(kind=FaultKind.DNS)])
    with a_worker():
        over(run)
    (match,) = matches(run)
    assert match_stats(tenant=allowed.tenant) == {"data": []}
    assert past_of(allowed.tenant, match.signature) == (0, None)
    learn(rest=timedelta(0), now=timezone.now() + timedelta(seconds=10))
    assert not SkillHistory.objects.exists()


def test_injected_failures_open_no_circuit(allowed: Workshop) -> None:
    registry.add(CallsHost)
    call = step("a", "calls_host", host="api.example.test:443", retry={"max_attempts": 5, "backoff_ms": 1})
    run = allowed.submit(call, faults=[Fault(kind=FaultKind.REFUSED, count=50)])
    real = {**call, "step_id": "b"}
    with a_worker():
        assert over(run).status == "failed"
        assert len(codes(run)) == 5
        assert not Circuit.objects.exists()
        over(allowed.submit(real))
    assert Circuit.objects.get().openings > 0, "real ones do, or this would say nothing"


def test_a_rerun_has_no_faults(allowed: Workshop) -> None:
    run = allowed.submit(READ, faults=[Fault(kind=FaultKind.MALFORMED)])
    with a_worker():
        assert over(run).status == "failed"
        again, _ = services.rerun_run(principal=allowed.alice, run_id=run.public_id)
        assert over(again).status == "succeeded"
    assert (again.faults, "faults" in trace(again)["events"][0]["data"]["means"]) == (0, False)


# Refusals


def test_it_refuses_faults_where_the_tenant_does_not_allow_them(workshop: Workshop) -> None:
    with pytest.raises(Refusal) as refused:
        workshop.submit(READ, faults=[Fault(kind=FaultKind.DNS)])
    assert (refused.value.code, refused.value.status) == ("PERMISSION_DENIED", 403)
    assert "administrator" in refused.value.suggestions[0]
    assert not Run.objects.exists()


def test_what_was_allowed_may_be_taken_back_at_once(allowed: Workshop) -> None:
    allowed.submit(READ, faults=[Fault(kind=FaultKind.DNS)])
    Tenant.objects.update(allow_faults=False)
    with pytest.raises(Refusal, match="does not allow faults"):
        allowed.submit(READ, faults=[Fault(kind=FaultKind.DNS)])


def test_it_refuses_a_step_the_plan_has_not_with_a_pointer(allowed: Workshop) -> None:
    with pytest.raises(Refusal) as refused:
        allowed.submit(READ, faults=[Fault(kind=FaultKind.DNS, step="a"), Fault(kind=FaultKind.DNS, step="nowhere")])
    assert (refused.value.code, refused.value.status) == ("INVALID_REFERENCE", 422)
    assert [(fault["pointer"], fault["detail"]) for fault in refused.value.errors] == [("/faults/1/step", "the plan has no step 'nowhere'")]


def test_a_doubt_decided_about_is_told_in_the_trace(allowed: Workshop, tmp_path: Path) -> None:
    run = allowed.submit(write(tmp_path / "effects"), faults=[Fault(kind=FaultKind.TIMEOUT)])
    with a_worker():
        parked(run, "in_doubt")
        allowed.decide(run, "a", "did_not_happen")
        assert over(run).status == "succeeded"
    assert witnessed(tmp_path / "effects") == ["a 2"]
    assert "hold_doubt" in decided(run, "a")


def test_what_was_simulated_can_be_run_with_faults_and_is_still_held_to_it(allowed: Workshop) -> None:
    plan = {"steps": [step("a", "costly", worst=100, cost=7)]}
    simulated = simulate(principal=allowed.alice, plan=plan, agent_ref=allowed.agent.public_id)
    run = allowed.submit(simulation_id=simulated["simulation_id"], faults=[Fault(kind=FaultKind.DNS, step="a")])
    means = trace(run)["events"][0]["data"]["means"]
    assert (means["faults"], means["simulation"]["worst_micro_usd"]) == (
        [{"kind": "dns", "step": "a"}],
        simulated["cost"]["worst_micro_usd"],
    )
    with pytest.raises(Refusal, match="no step 'b'"):
        allowed.submit(simulation_id=simulated["simulation_id"], faults=[Fault(kind=FaultKind.DNS, step="b")])
