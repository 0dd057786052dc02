"""A recorded run played under changes: what is changed shows, what is not stays, and what nobody knows is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

from runs.contracts.simulation import ReplayReport
from runs.contracts.what_if import Changes
from runs.engine.events import RunAccepted
from runs.engine.script import Fail, Held, Lost, Ok, Priced, ScriptWorld, accepted, approve, top_up, verdict
from runs.engine.virtual import Entry, drive
from runs.proof import what_if
from runs.proof.what_if import counterfactual
from skills.refusal import Refusal
from tests.engine.generated import Anybody, runs
from tests.engine.story import PINS, plan, s

UNTOUCHED = Changes.model_validate({"policies": {}})


def recorded(*steps: dict[str, Any], outcomes: Any = None, terms: Any = None, **world: Any) -> list[Entry]:
    body = plan(*steps)
    return drive(accepted(body, **(terms or {})), ScriptWorld(body, outcomes or {}, pins=PINS, **world))[1]


def asked(journal: list[Entry], assume: Any = "stop", **changes: Any) -> ReplayReport:
    return counterfactual(journal, Changes.model_validate(changes), assume=assume)


def after(report: ReplayReport) -> tuple[str, str | None, int, int]:
    assert report.what_if is not None
    found = report.what_if.after
    return found.status, found.code, found.cost_micro_usd, found.retries


KINDS: dict[str, list[Entry]] = {
    "plain": recorded(s("a"), s("b", "look", "a"), outcomes={"a": Ok(1), "b": Ok(2, cost_micro_usd=3)}),
    "retried": recorded(s("a", "json_transform", params={"input": 1}), outcomes={"a": [Fail("TIMEOUT"), Ok(1)]}),
    "failed": recorded(
        s("a", "json_transform", params={"input": 1}), s("b", "json_transform", "a", params={"input": 2}), outcomes={"a": Fail("NOT_FOUND")}
    ),
    "approved": recorded(s("a", "wipe"), people={"a": approve()}),
    "waiting": recorded(s("a", "wipe")),
    "lost": recorded(s("a", "look"), outcomes={"a": [Lost(), Ok(1)]}),
    "lost as time came": recorded(
        s("a", "look"), outcomes={"a": [Held(retry_after_ms=1, after_ms=0), Lost(after_ms=0), Lost(after_ms=0), Ok(1)]}
    ),
    "in doubt": recorded(s("a", "pay"), outcomes={"a": [Lost()]}, people={"a": verdict("happened", 7)}),
    "probed": recorded(s("a", "ship"), outcomes={"a": [Lost()]}, probes={"a": "happened"}),
    "topped up": recorded(
        s("a", "model"),
        outcomes={"a": Ok(1, cost_micro_usd=50)},
        bounds={"a": Priced(100, "m")},
        granted=40,
        room=40,
        people={"$run": top_up(100)},
        terms={"limit_micro_usd": 40},
    ),
    "loop": recorded(s("list"), {**s("each", "look", "list"), "for_each": "${steps.list.result}"}, outcomes={"list": Ok([1, 2, 3])}),
    "parallel": recorded(*(s(f"p{n}", "look") for n in range(6)), terms={"max_parallel": 2}),
}


@pytest.mark.parametrize("journal", KINDS.values(), ids=KINDS.keys())
def test_it_comes_out_as_recorded_where_nothing_is_changed(journal: list[Entry]) -> None:
    report = counterfactual(journal, UNTOUCHED)
    assert report.matched, report
    assert report.behaviour_hash == report.recorded_behaviour_hash
    assert report.content_hash == report.recorded_content_hash
    assert report.what_if is not None and not report.what_if.assumed and report.what_if.unknown is None


@given(runs())
@seed(20261129)
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_it_comes_out_as_recorded_whatever_the_run(run: tuple[RunAccepted, Anybody, list[Any]]) -> None:
    first, world, outside = run
    _, journal = drive(first, world, outside)
    report = counterfactual(journal, UNTOUCHED)
    assert report.behaviour_hash == report.recorded_behaviour_hash, report.model_dump_json(
        indent=1, exclude={"invariants": {"__all__": {"held"}}}
    )


# What is changed shows: (journal, changes, assume) → (status, code, cost, retries)
CHANGES: dict[str, tuple[str, dict[str, Any], str, tuple[str, str | None, int, int]]] = {
    "another outcome fails the run": (
        "plain",
        {"outcomes": [{"step_id": "b", "code": "NOT_FOUND"}]},
        "stop",
        ("failed", "NOT_FOUND", 0, 0),
    ),
    "another outcome mends the run": ("failed", {"outcomes": [{"step_id": "a", "result": 1}]}, "success", ("succeeded", None, 0, 0)),
    "another outcome costs": (
        "plain",
        {"outcomes": [{"step_id": "b", "result": 2, "cost_micro_usd": 9}]},
        "stop",
        ("succeeded", None, 9, 0),
    ),
    "no retries": ("retried", {"steps": {"a": {"retry": {"max_attempts": 1}}}}, "stop", ("failed", "TIMEOUT", 0, 0)),
    "advice to give up": ("retried", {"advice": [{"code": "TIMEOUT", "mode": "ABORT"}]}, "stop", ("failed", "TIMEOUT", 0, 0)),
    "advice to go on": (
        "failed",
        {"advice": [{"code": "NOT_FOUND", "mode": "SKIP"}]},
        "success",
        ("partial", None, 0, 0),
    ),
    "on_error continue": ("failed", {"steps": {"a": {"on_error": "continue"}}}, "success", ("partial", None, 0, 0)),
    "a deadline": ("retried", {"limits": {"deadline_ms": 15}}, "stop", ("failed", "DEADLINE_EXCEEDED", 0, 0)),
    "nothing needs approval": ("waiting", {"policies": {"approval_effects": []}}, "success", ("succeeded", None, 0, 0)),
    "a skill is blocked": ("plain", {"policies": {"blocked_skills": ["look"]}}, "stop", ("failed", "SKILL_NOT_ALLOWED", 0, 0)),
    "what is lost is a fault away": ("plain", {"faults": [{"kind": "timeout", "step": "b"}]}, "success", ("succeeded", None, 6, 1)),
    "prices double": ("plain", {"prices": {"look": 200}}, "stop", ("succeeded", None, 6, 0)),
    "prices by a third, rounded up": ("plain", {"prices": {"look": 110}}, "stop", ("succeeded", None, 4, 0)),
    "no limit": ("topped up", {"limits": {"limit_micro_usd": None}}, "stop", ("succeeded", None, 50, 0)),
    "a doubt is taken for no": ("in doubt", {"policies": {"in_doubt_policy": "assume_not"}}, "failure", ("succeeded", None, 0, 0)),
}


@pytest.mark.parametrize(("kind", "changes", "assume", "comes_to"), CHANGES.values(), ids=CHANGES.keys())
def test_it_shows_what_a_change_comes_to(kind: str, changes: dict[str, Any], assume: str, comes_to: tuple[Any, ...]) -> None:
    report = asked(KINDS[kind], assume, **changes)
    assert after(report) == comes_to, report.what_if
    assert not report.matched
    assert report.what_if is not None and report.what_if.before != report.what_if.after


def test_a_play_without_end_is_refused() -> None:
    many = recorded(s("list"), {**s("each", "look", "list"), "for_each": "${steps.list.result}"}, outcomes={"list": Ok([1] * 60)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(what_if, "MOST_FACTS", 50)
        with pytest.raises(Refusal, match="more than 50 events"):
            counterfactual(many, UNTOUCHED)
