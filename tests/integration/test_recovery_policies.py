"""From failure to policy through a real worker: seen in shadow first, then applied, its effect measured, what harms taken back."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from catalog.entries import create_entry
from catalog.learning.documents import export_candidates, import_candidates
from catalog.learning.views import candidate_detail
from catalog.models import RecoveryCandidate
from runs.models import Kept, Run, RunEvent
from runs.recovery import deciding, nightly
from runs.recovery.suggesting import suggest
from skills.refusal import Refusal
from tests.integration.workshop import (
    Workshop,
    a_worker,
    as_person,
    assert_is_whole,
    decisions,
    in_another_thread,
    matches,
    now,
    over,
    step,
)

LEARNS = {"first_ms": 0, "cap_ms": 0, "max_attempts": 4}


def runs_of(workshop: Workshop, times: int, **params: Any) -> list[Run]:
    """Let a worker do so many runs of a step that fails as told; return them when they are over."""
    with a_worker():
        submitted = [workshop.submit(step("call", "fails", **params)) for _ in range(times)]
        return [over(run) for run in submitted]


def came_through(runs: list[Run]) -> int:
    return sum(run.status == "succeeded" for run in runs)


def a_candidate(workshop: Workshop, run: Run, mode: str, **parameters: Any) -> str:
    """Have alice suggest for a run's failure, of a mode she chose; return the candidate's id."""
    told = suggest(principal=workshop.alice, match_id=matches(run)[0].public_id)
    (document,) = [each for each in export_candidates(principal=workshop.alice) if each["signature"] == told["signature"]]
    import_candidates(principal=workshop.alice, documents=[document | {"mode": mode, "parameters": parameters}])
    return str(told["candidate"]["id"])


def approve(workshop: Workshop, candidate_id: str) -> dict[str, Any]:
    return deciding.approve(principal=workshop.bob, candidate_id=candidate_id)


def activate(workshop: Workshop, candidate_id: str, reason: str = "") -> dict[str, Any]:
    return deciding.activate(principal=workshop.bob, candidate_id=candidate_id, reason=reason)


def row(candidate_id: str) -> RecoveryCandidate:
    return RecoveryCandidate.objects.get(public_id=candidate_id)


def test_it_raises_the_success_rate_of_a_signature_by_an_approved_recovery(workshop: Workshop) -> None:
    flaky = {"code": "INVALID_RESPONSE", "until_attempt": 3, "message": "half a page came back"}
    before = runs_of(workshop, 12, **flaky)
    assert came_through(before) == 0
    candidate = a_candidate(workshop, before[0], "RETRY_EXPONENTIAL", **LEARNS)

    report = approve(workshop, candidate)["shadow_report"]
    assert (report["failures"], report["replayed"], report["changed"], report["unsafe"]) == (12, 12, 12, 0)
    assert {case["words"] for case in report["cases"]} == {"would have retried at once instead of aborting"}
    played = report["cases"][0]["counterfactual"]
    assert (played["before"]["status"], played["after"]["status"]) == ("failed", "succeeded")
    assert played["after"]["retries"] > played["before"]["retries"]
    assert report["counts"] == {"would have retried at once": 12}

    (watched,) = runs_of(workshop, 1, **flaky)
    assert watched.status == "failed"
    (match,) = matches(watched)
    assert (match.candidate, match.shadow_mode, match.mode) == (row(candidate), "RETRY_EXPONENTIAL", "ABORT")

    activate(workshop, candidate)
    after = runs_of(workshop, 12, **flaky)
    assert came_through(after) == 12
    assert_is_whole(workshop, after[0])
    assert {match.candidate_id for match in matches(after[0])} == {row(candidate).pk}
    assert decisions(after[0], "call")[1]["rule"] == "advice_policy"

    learned = nightly.learn(tenants=[workshop.tenant])
    told = candidate_detail(tenant=workshop.tenant, candidate_id=candidate)
    assert (told["baseline"]["failures"], told["baseline"]["recovered"]) == (13, 0)
    assert (told["measured_effect"]["applied"], told["measured_effect"]["worked"]) == (24, 24)
    assert (told["confidence_label"], told["applied"], told["state"]) == ("measured", 24, "approved")
    assert told["confidence"] > 0.8
    assert learned.withdrawn == []


def test_it_takes_back_a_policy_that_does_harm(workshop: Workshop) -> None:
    helped = {"code": "TIMEOUT", "until_attempt": 2, "message": "the host was slow"}
    before = runs_of(workshop, 12, **helped)
    assert came_through(before) == 12
    candidate = a_candidate(workshop, before[0], "ABORT")
    report = approve(workshop, candidate)["shadow_report"]
    assert report["changed"] == 12
    assert all(case["words"].startswith("would have aborted instead of retrying after ") for case in report["cases"])
    activate(workshop, candidate)

    few = runs_of(workshop, 9, **helped)
    assert came_through(few) == 0
    assert nightly.learn(tenants=[workshop.tenant]).withdrawn == [], "nine failures are too few to judge by"
    runs_of(workshop, 1, **helped)
    assert nightly.learn(tenants=[workshop.tenant]).withdrawn == [candidate]
    told = candidate_detail(tenant=workshop.tenant, candidate_id=candidate)
    assert (told["state"], told["policy"], told["decided_by"]) == ("withdrawn", "none", "rule:harmful")
    assert told["reason"].startswith("harmful: 0 of 10 failures came through")
    assert told["decisions"][-1]["seen"]["confidence"]["effect"]["applied"] == 10

    assert nightly.learn(tenants=[workshop.tenant]).withdrawn == []
    assert came_through(runs_of(workshop, 3, **helped)) == 3


def test_it_applies_by_rule_only_what_is_sure_and_harmless(workshop: Workshop, settings: Any) -> None:
    """A tenant's entry gives up at once; plans that insist come through, and show what would help the others."""
    document = {"code": "UPSTREAM_ERROR", "mode": "ABORT"}
    create_entry(tenant=workshop.tenant, document=document, by="alice", reason="give up at once")
    for effect, message in (("read", "half a page"), ("write", "half a receipt")):
        flaky = {"code": "UPSTREAM_ERROR", "until_attempt": 2, "message": message, "effect": effect}
        insisting = runs_of(workshop, 10, **flaky, on_error="retry", retry={"max_attempts": 3, "backoff_ms": 1})
        assert (came_through(insisting), came_through(runs_of(workshop, 1, **flaky))) == (10, 0)
        told = suggest(principal=workshop.alice, match_id=matches(insisting[0])[0].public_id)
        assert (told["mode"], told["n"], told["candidate"]["confidence"]) == ("RETRY_EXPONENTIAL", 10, pytest.approx(0.72, abs=0.01))

    def applied() -> list[str]:
        learned = nightly.Learned()
        nightly.apply_what_is_sure(learned, workshop.tenant)
        return learned.applied

    assert applied() == [], "no bar, no rule"
    settings.RECOVERY_AUTO_APPLY_BAR = 0.75
    assert applied() == [], "below the bar"
    settings.RECOVERY_AUTO_APPLY_BAR = 0.7
    (one,) = applied()
    assert applied() == [], "once"
    assert (row(one).effect, row(one).policy, row(one).decided_by) == ("read", "active", "rule:auto-apply")
    assert list(row(one).decisions.order_by("id").values_list("action", flat=True)) == ["suggest", "approve", "activate"]
    assert RecoveryCandidate.objects.get(effect="write").state == "open"
    assert came_through(runs_of(workshop, 2, code="UPSTREAM_ERROR", until_attempt=2, message="half a page")) == 2


def test_it_names_runs_that_can_no_longer_be_replayed(workshop: Workshop) -> None:
    gone, unreadable, whole = runs_of(workshop, 3, code="INVALID_RESPONSE", message="an empty page")
    Run.objects.filter(pk=gone.pk).update(kept=Kept.ROW, removed_at=timezone.now())
    RunEvent.objects.filter(run_id=unreadable.pk, seq=2).delete()
    report = approve(workshop, a_candidate(workshop, whole, "SKIP"))["shadow_report"]
    told = {case["run_id"]: case for case in report["cases"]}
    assert (report["failures"], report["replayed"], report["changed"], report["gone"]) == (3, 1, 1, 2)
    assert "removed" in told[gone.public_id]["words"]
    assert "a gap: event 2 is missing" in told[unreadable.public_id]["words"]
    assert told[whole.public_id]["words"] == "would have gone on without the step instead of aborting"


def test_it_says_which_failures_it_would_not_have_come_to(workshop: Workshop) -> None:
    (run,) = runs_of(workshop, 1, code="TIMEOUT", message="slow again", retry={"max_attempts": 3, "backoff_ms": 1}, on_error="continue")
    report = approve(workshop, a_candidate(workshop, run, "ABORT"))["shadow_report"]
    # The step's own policy goes first, so nothing changes until its attempts are used up.
    assert [case["verdict"] for case in reversed(report["cases"])] == ["same", "same", "same"]
    (other,) = runs_of(workshop, 1, code="TIMEOUT", message="slower and slower")
    report = approve(workshop, a_candidate(workshop, other, "ESCALATE"))["shadow_report"]
    assert [case["verdict"] for case in reversed(report["cases"])] == ["changed", *["not_reached"] * (len(report["cases"]) - 1)]
    assert report["cases"][-1]["words"].startswith("would have asked a person instead of retrying after ")


def test_it_lists_what_would_be_unsafe_and_wants_to_know_why(workshop: Workshop) -> None:
    (run,) = runs_of(workshop, 1, code="HTTP_4XX", message="the till is closed", effect="write")
    candidate = a_candidate(workshop, run, "RETRY_EXPONENTIAL", **LEARNS)
    report = approve(workshop, candidate)["shadow_report"]
    assert (report["changed"], report["unsafe"], report["cases"][0]["unsafe"]) == (1, 1, True)
    with pytest.raises(Refusal) as refusal:
        activate(workshop, candidate)
    assert "say why" in refusal.value.detail
    assert activate(workshop, candidate, "it never reached the till")["policy"] == "active"


def test_it_replays_without_changing_a_run(workshop: Workshop) -> None:
    (run,) = runs_of(workshop, 1, code="INVALID_RESPONSE", message="nothing at all")
    before, journal = now(run), list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values())
    approve(workshop, a_candidate(workshop, run, "RETRY_IMMEDIATE"))
    assert list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values()) == journal
    assert now(run).behaviour_hash == before.behaviour_hash
    assert_is_whole(workshop, run)


def test_it_lets_one_of_two_decide_who_come_at_the_same_moment(workshop: Workshop) -> None:
    (run,) = runs_of(workshop, 1, code="INVALID_RESPONSE", message="two at once")
    candidate = a_candidate(workshop, run, "RETRY_IMMEDIATE")
    said: list[str] = []
    start = threading.Barrier(6)

    def decide(name: str) -> None:
        start.wait()
        try:
            said.append(deciding.approve(principal=as_person(workshop.tenant, name), candidate_id=candidate)["decided_by"])
        except Refusal as refusal:
            said.append(refusal.detail)

    threads = [in_another_thread(partial(decide, f"person-{number}")) for number in range(6)]
    for thread in threads:
        thread.join(30)
    winner = row(candidate).decided_by
    assert sorted(said) == sorted([winner, *[f"the candidate is already approved by {winner}"] * 5])
    assert row(candidate).decisions.filter(action="approve").count() == 1


def test_it_keeps_one_candidate_when_many_suggest_at_the_same_moment(workshop: Workshop) -> None:
    runs = runs_of(workshop, 6, code="INVALID_RESPONSE", message="all at once")
    start = threading.Barrier(6)
    told: list[str] = []

    def ask(match_id: str) -> None:
        start.wait()
        told.append(suggest(principal=workshop.alice, match_id=match_id)["candidate"]["id"])

    threads = [in_another_thread(partial(ask, matches(run)[0].public_id)) for run in runs]
    for thread in threads:
        thread.join(30)
    assert len(told) == 6
    assert set(told) == {RecoveryCandidate.objects.get().public_id}


def test_it_falls_back_as_a_policy_says_and_says_so_before(workshop: Workshop) -> None:
    failing = {"code": "INVALID_RESPONSE", "message": "the first way is closed"}
    before = runs_of(workshop, 2, **failing)
    # The same skill by another way: it fails no more.
    candidate = a_candidate(workshop, before[0], "FALLBACK", fallback_params={"until_attempt": 1})
    report = approve(workshop, candidate)["shadow_report"]
    assert {case["words"] for case in report["cases"]} == {"would have fallen back to fails instead of aborting"}
    activate(workshop, candidate)
    (after,) = runs_of(workshop, 1, **failing)
    assert after.status == "succeeded"
    assert_is_whole(workshop, after)
