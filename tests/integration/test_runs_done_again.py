"""Runs done again: from a step on, with other parameters, live to be compared; and how runs differ. The first never changes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from agents.models import Tenant
from agents.services import update_agent
from agents.tenancy import SCOPES
from runs import again, services
from runs.again import Wanted
from runs.models import Run, RunEvent, StepSummary
from runs.proof.bom import bom_json
from runs.proof.differences import diff_json
from runs.proof.live import live_report
from skills.base import Skill
from skills.refusal import Refusal
from skills.registry import registry
from tests.api.cast import NO_RUN, Caller, make_caller
from tests.fakes.skills import Say
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, chain, driven, now, over, parked, step, step_of, trace


@pytest.fixture
def failed(workshop: Workshop, tmp_path: Path) -> Run:
    """A run whose second step failed after its first had a result: a → b (fails while a file is missing) → c, beside d."""
    return driven(
        workshop,
        *chain(
            step("a", "costly", worst=9, cost=7),
            step("b", "fails_until_file", path=str(tmp_path / "mended"), code="NOT_FOUND"),
            step("c", "say", said="${steps.a.result.said}"),
        ),
        step("d", "say", said="beside"),
    )


def rows_of(run: Run) -> Any:
    events = list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values())
    return Run.objects.filter(pk=run.pk).values().get(), events, list(StepSummary.objects.filter(run=run).order_by("key").values())


def rerun(workshop: Workshop, run: Run, **wanted: Any) -> Run:
    child, created = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(**wanted))
    assert created
    with a_worker():
        return over(child)


def test_it_begins_at_a_step_and_keeps_what_was_done_before(workshop: Workshop, failed: Run, tmp_path: Path) -> None:
    before = rows_of(failed)
    (tmp_path / "mended").touch()
    child = rerun(workshop, failed, from_step="b")
    assert (child.status, child.spent_micro_usd, child.parent, child.relation) == ("succeeded", 0, failed, "rerun")
    assert trace(child)["run"]["result"] == {"c": {"said": 7}, "d": {"said": "beside"}}
    carried = [d["step_id"] for d in trace(child)["decisions"] if d["kind"] == "carry"]
    assert carried == ["a", "d"]
    assert step_of(child, "a")["attempts"] == []
    assert_is_whole(workshop, child)
    assert rows_of(failed) == before, "the first never changes"


def test_it_reserves_nothing_for_what_is_kept(workshop: Workshop, failed: Run, tmp_path: Path) -> None:
    (tmp_path / "mended").touch()
    child = rerun(workshop, failed, from_step="b")
    admitted = next(e["data"] for e in trace(child)["events"] if e["kind"] == "run_admitted")
    assert admitted.get("worst_micro_usd", 0) == 0


def test_it_does_again_what_came_after_a_step_that_worked(workshop: Workshop, tmp_path: Path) -> None:
    run = driven(workshop, *chain(step("a", "say", said=1), step("b", "say", said="${steps.a.result.said}"), step("c", "say", said=3)))
    child = rerun(workshop, run, from_step="a", params={"a": {"said": 5}})
    assert step_of(child, "b")["result"] == {"said": 5}
    assert not [d for d in trace(child)["decisions"] if d["kind"] == "carry"]


def test_it_takes_the_whole_result_of_a_loop_along(workshop: Workshop) -> None:
    steps = [
        step("list", "say", said=[1, 2]),
        step("each", "say", "list", said="${item}", for_each="${steps.list.result.said}"),
        step("end", "fails", "each", code="NOT_FOUND"),
    ]
    run = driven(workshop, *steps)
    child = rerun(workshop, run, from_step="end", params={"end": {"code": "NOT_FOUND", "until_attempt": 1}})
    assert child.status == "succeeded"
    assert step_of(child, "each")["result"] == [{"said": 1}, {"said": 2}]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such step": ({"from_step": "zz"}, "INVALID_INPUT", "/from_step"),
    "parameters of no step": ({"params": {"zz": {}}}, "INVALID_INPUT", "/params/zz"),
    "parameters of what is kept": ({"from_step": "b", "params": {"a": {}}}, "INVALID_INPUT", "/params/a"),
    "parameters its skill does not take": ({"params": {"b": {"nonsense": 1}}}, "PLAN_INVALID", "/plan/steps/1/params"),
}


@pytest.mark.parametrize(("wanted", "code", "pointer"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(workshop: Workshop, failed: Run, wanted: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Refusal) as refused:
        services.rerun_run(principal=workshop.alice, run_id=failed.public_id, wanted=Wanted(**wanted))
    assert refused.value.code == code
    assert any(fault["pointer"].startswith(pointer) for fault in refused.value.errors), refused.value.errors
    assert Run.objects.count() == 1


def test_it_refuses_to_repeat_an_effect_nobody_agreed_to(workshop: Workshop) -> None:
    run = driven(workshop, *chain(step("pay", "append_line", witness="/dev/null"), step("after", "fails", code="NOT_FOUND")))
    with pytest.raises(Refusal, match="effects that happened would be repeated: pay") as refused:
        services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(from_step="pay"))
    assert refused.value.status == 409
    agreed, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(from_step="pay", repeat_effects=True))
    after, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(from_step="after"))
    assert agreed != after


def test_it_refuses_to_begin_at_a_step_of_a_run_that_goes_on(workshop: Workshop) -> None:
    run = workshop.submit(step("write", "append_line", witness="/dev/null", approval="always"))
    with a_worker():
        parked(run, "approval")
    with pytest.raises(Refusal, match="not final") as refused:
        services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(from_step="write"))
    assert refused.value.status == 409


def test_it_takes_over_no_more_than_an_event_holds(workshop: Workshop, failed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "MOST_CARRIED", 3)
    with pytest.raises(Refusal, match="more than 3 characters") as refused:
        services.rerun_run(principal=workshop.alice, run_id=failed.public_id, wanted=Wanted(from_step="b"))
    assert refused.value.code == "CONTENT_TOO_LARGE"


# Versions


def a_newer_say() -> type[Skill]:
    newer = type("Say", (Say,), {"version": "1.1.0"})
    registry.add(newer)
    return newer


def test_it_takes_the_versions_of_then_or_of_now(workshop: Workshop) -> None:
    run = driven(workshop, step("a", "say", said=1))
    a_newer_say()
    preview = services.preview_rerun(principal=workshop.alice, run_id=run.public_id, wanted=Wanted())
    (change,) = preview["version_changes"]
    assert (change["then"], change["now"]) == ("1.0.0", "1.1.0")
    pinned, current = rerun(workshop, run, versions="pinned"), rerun(workshop, run, versions="current")
    assert (step_of(pinned, "a")["version"], step_of(current, "a")["version"]) == ("1.0.0", "1.1.0")
    found = diff_json(tenant=workshop.tenant, run_id=run.public_id, other_id=current.public_id)
    assert not found["same"] and [change["what"] for change in found["made_of"]] == ["skill:a"]
    assert diff_json(tenant=workshop.tenant, run_id=run.public_id, other_id=pinned.public_id)["same"]


def test_it_says_which_version_is_gone(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = driven(workshop, step("a", "say", said=1))
    a_newer_say()
    monkeypatch.delitem(registry._skills["say"], "1.0.0")
    for ask in (
        lambda: services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=Wanted(versions="pinned")),
        lambda: services.replay_live(principal=workshop.alice, run_id=run.public_id),
    ):
        with pytest.raises(Refusal, match=r"say 1\.0\.0 is not registered; 1\.1\.0 is"):
            ask()
    report = workshop.replay(run, "tape")
    assert report["matched"], "a tape needs no skill"
    assert [(gap["skill"], gap["version"], gap["why"]) for gap in report["missing"]] == [("say", "1.0.0", "not_registered")]


# Live


def replayed(workshop: Workshop, run: Run, **more: Any) -> dict[str, Any]:
    child, _ = services.replay_live(principal=workshop.alice, run_id=run.public_id, **more)
    with a_worker():
        over(child)
    return live_report(tenant=workshop.tenant, run_id=run.public_id, child_id=child.public_id)


def test_a_live_replay_behaves_alike_though_what_comes_out_differs(workshop: Workshop, tmp_path: Path, monkeypatch: Any) -> None:
    run = driven(workshop, *chain(step("a", "fails", code="TIMEOUT", until_attempt=2), step("b", "say", said=1)))

    async def says_otherwise(self: Any, params: Any, context: Any) -> Any:
        return self.Result(said="something else")

    monkeypatch.setattr(Say, "run", says_otherwise)
    report = replayed(workshop, run)
    assert (report["matched"], report["status"], report["divergence"]) == (True, "done", None)
    assert report["content"] == "differs in b"
    assert report["behaviour_hash"] == report["recorded_behaviour_hash"]
    assert report["content_hash"] != report["recorded_content_hash"]


def test_a_live_replay_backs_off_as_long_as_then(workshop: Workshop) -> None:
    run = driven(workshop, step("a", "fails", code="TIMEOUT", until_attempt=3, retry={"max_attempts": 3, "backoff_ms": 20}))
    report = replayed(workshop, run)
    assert next(each["held"] for each in report["invariants"] if each["name"] == "attempts_and_backoff")


def test_a_live_replay_that_goes_another_way_says_where(workshop: Workshop, failed: Run, tmp_path: Path) -> None:
    (tmp_path / "mended").touch()
    report = replayed(workshop, failed)
    assert (report["matched"], report["divergence"]["step_id"]) == (False, "b")
    assert now(failed).status == "failed"


def test_a_live_replay_of_a_goal_asks_no_planner(workshop: Workshop) -> None:
    run = driven(workshop, goal="Summarize: " + "Ships carry goods over the sea every day. " * 4)
    report = replayed(workshop, run)
    assert report["matched"], report
    assert report["behaviour_hash"] == report["recorded_behaviour_hash"]


def test_a_live_replay_waits_for_an_end_to_compare_with(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say"))
    with pytest.raises(Refusal, match="the run is queued") as refused:
        services.replay_live(principal=workshop.alice, run_id=run.public_id)
    assert refused.value.status == 409


def test_a_live_replay_leaves_nothing_behind_unless_somebody_agrees(workshop: Workshop) -> None:
    run = driven(workshop, step("pay", "append_line", witness="/dev/null"))
    with pytest.raises(Refusal, match="would do these once more: pay") as refused:
        services.replay_live(principal=workshop.alice, run_id=run.public_id)
    assert refused.value.status == 409
    assert replayed(workshop, run, allow_effects=True)["matched"]


def test_a_live_replay_is_no_way_around_the_rules_of_today(workshop: Workshop) -> None:
    run = driven(workshop, step("a", "say", said=1))
    update_agent(tenant=workshop.tenant, agent_id=workshop.agent.public_id, changes={"profile": {"blocked_skills": ["say"]}})
    with pytest.raises(Refusal) as refused:
        services.replay_live(principal=workshop.alice, run_id=run.public_id)
    assert refused.value.code == "SKILL_NOT_ALLOWED"


# By REST and by command


@pytest.fixture
def alice(workshop: Workshop) -> Caller:
    return make_caller(workshop.tenant, "alice", SCOPES)


def test_programs_do_it_by_rest(workshop: Workshop, failed: Run, alice: Caller, tmp_path: Path) -> None:
    base = f"/api/v1/runs/{failed.public_id}"
    preview = alice.post(f"{base}/rerun", {"from_step": "b", "dry_run": True}).json()
    assert (preview["carried"], preview["again"], preview["simulation"]["feasible"]) == (["a", "d"], ["b", "c"], True)
    (tmp_path / "mended").touch()
    first, second = (alice.post(f"{base}/rerun", {"from_step": "b"}, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, second.json()["run_id"]) == (202, first.json()["run_id"])
    begun = alice.post(f"{base}/replay", {"mode": "live"})
    assert (begun.status_code, begun.json()["status"], begun.json()["matched"]) == (202, "running", None)
    with a_worker():
        over(Run.objects.get(public_id=begun.json()["child_run_id"]))
    assert alice.get(begun["Location"]).json()["matched"] is False
    told = alice.post(f"{base}/replay", {"mode": "what_if", "changes": {"outcomes": [{"step_id": "b", "result": 1}]}, "assume": "success"})
    assert told.json()["what_if"]["after"]["status"] == "succeeded"
    with a_worker():
        over(Run.objects.get(public_id=first.json()["run_id"]))
    difference = alice.get(f"{base}/diff/{first.json()['run_id']}").json()
    assert difference["same"] is False
    assert difference["divergence"]["step_id"] in ("a", "d")
    assert alice.get(f"{base}/bom").json()["bom"]["skills"][0]["now"] == "same"


BAD: dict[str, tuple[str, Any, int, str]] = {
    "changes for no what-if": ("replay", {"mode": "tape", "changes": {"limits": {"max_parallel": 1}}}, 422, ""),
    "a what-if without changes": ("replay", {"mode": "what_if"}, 422, ""),
    "a what-if of nothing": ("replay", {"mode": "what_if", "changes": {}}, 422, "/changes"),
    "a what-if of a step that is not there": (
        "replay",
        {"mode": "what_if", "changes": {"outcomes": [{"step_id": "zz", "result": 1}]}},
        422,
        "/changes/outcomes/0/step_id",
    ),
    "a what-if of an unknown code": (
        "replay",
        {"mode": "what_if", "changes": {"outcomes": [{"step_id": "a", "code": "NO"}]}},
        422,
        "/changes/outcomes/0",
    ),
    "a what-if of prices nobody paid": ("replay", {"mode": "what_if", "changes": {"prices": {"gold": 10}}}, 422, "/changes/prices/gold"),
    "a what-if of a negative limit": (
        "replay",
        {"mode": "what_if", "changes": {"limits": {"limit_micro_usd": -1}}},
        422,
        "/changes/limits/limit_micro_usd",
    ),
    "a recovery that is not there": ("replay", {"mode": "what_if", "changes": {"recovery": "rec_" + "0" * 32}}, 404, ""),
    "a mode nobody knows": ("replay", {"mode": "backwards"}, 422, "/mode"),
    "a rerun of another shape": ("rerun", {"from_step": "A B"}, 422, "/from_step"),
    "a rerun with a field nobody reads": ("rerun", {"step": "b"}, 422, "/step"),
}


@pytest.mark.parametrize(("action", "body", "status", "pointer"), BAD.values(), ids=BAD.keys())
def test_it_points_at_what_makes_no_sense(quiet_workshop: Workshop, action: str, body: Any, status: int, pointer: str) -> None:
    run = quiet_workshop.submit(step("a", "say"))
    caller = make_caller(quiet_workshop.tenant, "alice", SCOPES)
    answer = caller.post(f"/api/v1/runs/{run.public_id}/{action}", body)
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), problem
    assert not pointer or pointer in [fault["pointer"] for fault in problem["errors"]], problem


def test_another_tenants_runs_are_not_there(workshop: Workshop, failed: Run) -> None:
    eve = make_caller(Tenant.objects.create(slug="other", name="Other"), "eve", SCOPES)
    base = f"/api/v1/runs/{failed.public_id}"
    for path in ("/bom", f"/diff/{NO_RUN}", f"/replays/{NO_RUN}", "/evidence"):
        assert eve.get(base + path).status_code == 404
    for action in ("rerun", "replay"):
        assert eve.post(f"{base}/{action}", {}).status_code == 404
    alice = make_caller(workshop.tenant, "alice", SCOPES)
    assert alice.get(f"{base}/replays/{failed.public_id}").status_code == 404, "it is no replay of itself"


def told(*arguments: str, expect: int = 0) -> str:
    out, errors, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command(*arguments, stdout=out, stderr=errors)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    assert code == expect, errors.getvalue()
    return out.getvalue()


def test_people_do_it_by_command(workshop: Workshop, failed: Run, tmp_path: Path) -> None:
    run_id = failed.public_id
    assert "kept: a, d" in told("rerun", run_id, "--from-step", "b", "--dry-run")
    child = told("rerun", run_id, "--from-step", "b").strip()
    with a_worker():
        over(Run.objects.get(public_id=child))
    assert "they do not behave alike" in told("diff", run_id, child, expect=1)
    assert "they behave alike" in told("diff", run_id, run_id)
    assert "as registered" in told("bom", run_id)
    changes = tmp_path / "changes.json"
    changes.write_text(json.dumps({"steps": {"b": {"on_error": "continue"}}}))
    assert "it would have gone another way" in told("replay", run_id, "--mode", "what-if", "--changes", str(changes), "--assume", "success")
    assert bom_json(tenant=workshop.tenant, run_id=child, against=run_id)["against"]["changes"][0]["what"] == "carried"
    told("rerun", run_id, "--from-step", "zz", expect=2)
    told("diff", run_id, NO_RUN, expect=3)
    told("replay", run_id, "--mode", "what-if", expect=2)
    told("bom", run_id, "--against", "yesterday", expect=2)
