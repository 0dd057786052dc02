"""The report about a plan's faults: every step in turn, alone and in pairs; what was left out; the same bytes for the same question."""

from __future__ import annotations

import os
import subprocess
import sys

from runs.faults.contracts import Fault
from runs.faults.kinds import FaultKind
from runs.faults.trials import Asked, chaos
from tests.engine.rehearsed import report, stage
from tests.engine.story import s

PROGRAM = """
from tests.engine.rehearsed import report, stage
from tests.engine.story import s
loop = s("c", "write", "b", for_each="${steps.b.result.items}", params={"x": "${item.id}"})
steps = s("a", "read"), s("b", "idempotent_write", "a"), loop, s("d", "probed")
print(report(stage(*steps, in_doubt_policy="assume_not")).model_dump_json())
"""


def test_every_fault_is_tried_on_every_step_with_every_truth_there_may_be() -> None:
    told = report(stage(s("a", "read"), s("b", "write", "a")), pairs=False)
    assert [fault.kind for fault in told.faults] == list(FaultKind)
    assert [fault.cases for fault in told.faults] == [3, 2, 2, 2, 3, 2, 2, 2, 3, 2]
    assert [(case.step_id, case.arrived) for case in told.cases if case.faults == [FaultKind.TIMEOUT]] == [
        ("b", True),
        ("b", False),
        ("a", None),
    ]
    assert (told.passed, told.pairs, told.limited, told.unreached) == (True, None, None, [])
    assert told.sentence == "this plan duplicates its effect in 0 of 10 faults"


def test_it_says_how_many_faults_and_pairs_duplicate_an_effect() -> None:
    told = report(stage(s("a", "write"), in_doubt_policy="assume_not"))
    assert not told.passed
    assert told.sentence.startswith("this plan duplicates its effect in 3 of 10 faults and ")
    assert {fault.kind for fault in told.faults if fault.duplicates} == {"timeout", "crash_after_effect", "lost_lease"}
    assert told.pairs is not None and told.pairs.duplicating == len(told.pairs.cases) > 0
    worst = max(told.pairs.cases, key=lambda case: case.duplicates)
    assert (worst.duplicates, worst.calls) == (2, 3)


def test_pairs_are_played_only_where_the_first_fault_leads_to_a_second_call() -> None:
    told = report(stage(s("a", "write")))
    again = {case.faults[0] for case in told.cases if case.calls > 1 and case.arrived is not False}
    assert again == {"dns", "refused", "rate_limited"}
    assert told.pairs is not None and told.pairs.played == 3 * len(FaultKind)


def test_it_says_that_an_effect_is_claimed_which_never_happened() -> None:
    told = report(stage(s("a", "write"), in_doubt_policy="assume_happened"), FaultKind.TIMEOUT)
    assert (told.passed, told.sentence) == (
        False,
        "this plan duplicates its effect in 0 of 1 faults; in 1 it claims an effect that never happened",
    )


def test_it_says_what_is_wrong_with_the_plan_even_without_faults() -> None:
    told = report(stage(s("a", "read", params={"x": "${inputs.nothing}"}), s("b", "read")), pairs=False)
    assert (told.unreached, told.without_faults.code) == (["a"], "INVALID_REFERENCE")
    assert told.sentence.endswith("; without any fault it comes out failed: INVALID_REFERENCE")
    nothing = report(stage(s("a", "read", params={"x": "${inputs.nothing}"})))
    assert nothing.sentence == "no step of this plan is ever called, so no fault can be done to it"


def test_steps_that_are_never_called_are_named() -> None:
    told = report(stage(s("a", "read"), s("b", "write", "a", condition="inputs.go == true"), inputs={"go": False}), pairs=False)
    assert told.unreached == ["b"]
    assert {case.step_id for case in told.cases} == {"a"}


def test_too_much_is_cut_short_and_said_so_with_the_steps_that_change_something_first() -> None:
    steps = [s(f"r{number}", "read") for number in range(20)] + [s("w", "write")]
    told = report(stage(*steps), most_calls=21 * 30)
    assert told.limited is not None
    assert (told.limited.played, len(told.cases)) == (30, 30)
    assert told.limited.cases > 200
    assert told.limited.detail.startswith("30 of at least ") and "name a step" in told.limited.detail
    assert [case.step_id for case in told.cases[:13]] == ["w"] * 13


def test_a_step_can_be_named() -> None:
    told = report(stage(s("a", "read"), s("b", "read", "a")), FaultKind.DNS, step="b", pairs=False)
    assert [(case.step_id, case.calls) for case in told.cases] == [("b", 2)]


def test_it_tells_how_far_it_has_come() -> None:
    heard: list[tuple[int, int]] = []
    chaos(stage(s("a", "read")), Asked((FaultKind.DNS,)), plan_hash="", agent="", told=lambda done, of: heard.append((done, of)))
    assert heard == [(1, 1), (2, 2)]


def test_two_faults_on_one_step_are_done_one_after_the_other() -> None:
    first, second = Fault(kind=FaultKind.DNS, step="a"), Fault(kind=FaultKind.CRASH_AFTER_EFFECT, step="a", attempt=2)
    assert (first.hits("a", 1), first.hits("a", 2), first.hits("b", 1)) == (True, False, False)
    assert (second.hits("a", 1), second.hits("a", 2)) == (False, True)


def test_the_same_question_gives_the_same_bytes_under_every_hash_seed() -> None:
    answers = set()
    for seed in ("0", "1", "42", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()}
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, env=environment, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1
    assert len(answers.pop()) > 5_000


def test_another_seed_gives_other_back_offs() -> None:
    one, other = (report(stage(s("a", "read"), seed=seed), FaultKind.DNS, pairs=False) for seed in ("one", "other"))
    assert one.cases[0].end.duration_ms != other.cases[0].end.duration_ms
