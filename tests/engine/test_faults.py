"""What each fault does to a call, by effect class: what the machine makes of it, and what happens outside."""

from __future__ import annotations

import pytest

from runs.engine.script import Held, Ok
from runs.faults.contracts import Fault
from runs.faults.kinds import FAULTS, FaultKind
from runs.faults.trials import how
from runs.faults.world import call_number
from skills.taxonomy import CODES
from tests.engine.rehearsed import EFFECTS, stage, tried
from tests.engine.story import play, s

OK, DOUBT = "succeeded", "waiting: in_doubt"
HTTP, BAD = "failed: HTTP_5XX", "failed: INVALID_RESPONSE"

# How the run comes out and how often the step was called: for none, read, idempotent_write, write, irreversible.
TABLE: dict[FaultKind, tuple[tuple[str, int], ...]] = {
    FaultKind.TIMEOUT: ((OK, 2), (OK, 2), (OK, 2), (DOUBT, 1), (DOUBT, 1)),
    FaultKind.DNS: ((OK, 2), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    FaultKind.REFUSED: ((OK, 2), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    FaultKind.RATE_LIMITED: ((OK, 2), (OK, 2), (OK, 2), (OK, 2), (OK, 2)),
    FaultKind.SERVER_ERROR: ((OK, 2), (OK, 2), (OK, 2), (HTTP, 1), (HTTP, 1)),
    FaultKind.MALFORMED: ((BAD, 1), (BAD, 1), (BAD, 1), (BAD, 1), (BAD, 1)),
    FaultKind.CRASH_AFTER_EFFECT: ((OK, 2), (OK, 2), (OK, 2), (DOUBT, 1), (DOUBT, 1)),
    FaultKind.DUPLICATE_DELIVERY: ((OK, 1), (OK, 1), (OK, 1), (OK, 1), (OK, 1)),
    FaultKind.LOST_LEASE: ((OK, 2), (OK, 2), (OK, 2), (DOUBT, 1), (DOUBT, 1)),
    FaultKind.SLOW: ((OK, 1), (OK, 1), (OK, 1), (OK, 1), (OK, 1)),
}
CASES = [(kind, effect, *TABLE[kind][place]) for kind in FaultKind for place, effect in enumerate(EFFECTS)]


@pytest.mark.parametrize(("kind", "effect", "end", "calls"), CASES, ids=[f"{kind}-{effect}" for kind, effect, *_ in CASES])
def test_a_fault_comes_out_as_documented_and_duplicates_nothing(kind: FaultKind, effect: str, end: str, calls: int) -> None:
    case = tried(stage(s("a", effect)), Fault(kind=kind))
    assert (how(case.end), case.calls, case.duplicates, case.missing, case.honest) == (end, calls, 0, 0, True)
    assert (case.end.must_act is not None) == (end == DOUBT)


def test_every_fault_of_the_list_is_in_the_table_and_ends_in_a_code_of_the_taxonomy() -> None:
    assert set(FAULTS) == set(TABLE) == set(FaultKind)
    assert {spec.code for spec in FAULTS.values() if spec.ends == "fails"} <= set(CODES)


@pytest.mark.parametrize(
    ("kind", "arrives", "effects"),
    [
        (FaultKind.TIMEOUT, True, 1),
        (FaultKind.TIMEOUT, False, 1),
        (FaultKind.CRASH_AFTER_EFFECT, True, 1),
        (FaultKind.LOST_LEASE, False, 1),
    ],
    ids=lambda value: str(value),
)
def test_a_probe_finds_what_is_true_outside_and_the_effect_happens_once(kind: FaultKind, arrives: bool, effects: int) -> None:
    case = tried(stage(s("a", "probed")), Fault(kind=kind), arrives=arrives)
    assert (case.end.status, case.effects, case.duplicates, case.calls) == ("succeeded", effects, 0, 1 if arrives else 2)


def test_a_lease_lost_before_the_call_leaves_lets_even_a_write_be_made_again() -> None:
    case = tried(stage(s("a", "write")), Fault(kind=FaultKind.LOST_LEASE, after_ms=0))
    assert (case.end.status, case.calls, case.effects) == ("succeeded", 2, 1)


def test_a_call_so_slow_that_its_time_is_up_is_in_doubt_like_one_that_timed_out() -> None:
    assert how(tried(stage(s("a", "write")), Fault(kind=FaultKind.SLOW, after_ms=30_000)).end) == DOUBT
    assert how(tried(stage(s("a", "write")), Fault(kind=FaultKind.SLOW, after_ms=29_999)).end) == OK


def test_a_rate_limit_is_waited_out_as_long_as_it_says() -> None:
    case = tried(stage(s("a", "read")), Fault(kind=FaultKind.RATE_LIMITED, retry_after_ms=25_000))
    assert case.end.duration_ms >= 25_000


def test_a_fault_that_goes_on_uses_the_attempts_up() -> None:
    case = tried(stage(s("a", "read")), Fault(kind=FaultKind.DNS, count=50))
    assert (how(case.end), case.calls) == ("failed: DNS_FAILURE", 3)


def test_whoever_waits_for_the_deadline_in_vain_has_failed_by_it() -> None:
    slow = Fault(kind=FaultKind.RATE_LIMITED, retry_after_ms=3_000_000, count=3)
    assert tried(stage(s("a", "read"), deadline_at_ms=100), Fault(kind=FaultKind.SLOW)).end.code == "DEADLINE_EXCEEDED"
    assert tried(stage(s("a", "read")), slow).end.status == "failed"


def test_a_run_that_is_short_of_money_for_the_second_try_waits_for_a_top_up() -> None:
    case = tried(stage(s("a", "model"), limit_micro_usd=1_200), Fault(kind=FaultKind.CRASH_AFTER_EFFECT))
    assert (how(case.end), case.end.must_act, case.honest) == ("waiting: budget", "somebody who tops up the run", True)


def test_an_escalated_failure_waits_for_somebody_and_a_question_of_a_skill_is_answered() -> None:
    case = tried(stage(s("q", "asks"), s("a", "read", "q", on_error="escalate")), Fault(kind=FaultKind.MALFORMED, step="a"))
    assert (how(case.end), case.end.must_act) == ("waiting: input", "somebody who says how a goes on")


def test_a_fallback_the_catalog_advises_is_taken() -> None:
    def to_other(skill: str, code: str) -> dict[str, object]:
        return {"mode": "FALLBACK", "source": "tenant", "fallback_skill": "other"}

    case = tried(stage(s("a", "read"), advise=to_other), Fault(kind=FaultKind.MALFORMED))
    assert (case.end.status, case.effects) == ("succeeded", 1)


def test_a_worker_that_dies_takes_what_runs_beside_along() -> None:
    case = tried(stage(s("a", "read"), s("b", "write")), Fault(kind=FaultKind.CRASH_AFTER_EFFECT, step="a"))
    assert (how(case.end), case.end.must_act) == (DOUBT, "somebody with a verdict on b: did it happen?")


def test_a_call_that_is_held_back_is_none_and_the_next_one_is_hit() -> None:
    held = [Held(retry_after_ms=5), Held(retry_after_ms=5), Ok()]
    state, _ = play(s("a", "look"), outcomes={"a": held})
    assert [attempt.status for attempt in state.steps["a"].attempts] == ["held", "held", "succeeded"]
    assert call_number(state.steps["a"]) == 1


# What must be seen to go wrong


def test_a_write_whose_key_nobody_honours_is_seen_to_happen_twice() -> None:
    honest, broken = (stage(s("a", "idempotent_write"), ignoring_keys=ignoring) for ignoring in ((), ("idempotent_write",)))
    fault = Fault(kind=FaultKind.CRASH_AFTER_EFFECT)
    assert tried(honest, fault).duplicates == 0
    assert (tried(broken, fault).duplicates, tried(broken, fault).effects) == (1, 2)


def test_assuming_that_nothing_happened_is_seen_to_duplicate_and_that_it_did_to_lose() -> None:
    fault = Fault(kind=FaultKind.TIMEOUT)
    again, trusting = (stage(s("a", "write"), in_doubt_policy=policy) for policy in ("assume_not", "assume_happened"))
    assert tried(again, fault, arrives=True).duplicates == 1
    assert tried(again, fault, arrives=False).duplicates == 0
    assert tried(trusting, fault, arrives=True).missing == 0
    assert tried(trusting, fault, arrives=False).missing == 1


def test_falling_back_after_an_effect_that_happened_is_seen_to_do_it_twice() -> None:
    step = s("a", "idempotent_write", on_error="fallback", fallback_skill="other", retry={"max_attempts": 1})
    assert tried(stage(step), Fault(kind=FaultKind.TIMEOUT), arrives=True).duplicates == 1
    assert tried(stage(step), Fault(kind=FaultKind.DNS)).duplicates == 0
