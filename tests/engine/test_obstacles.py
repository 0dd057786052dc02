"""What blocks a run is told in one shape, from what must be cleared first to what only waits for that."""

from __future__ import annotations

from typing import Any

import pytest

from runs.contracts.explanation import Obstacle
from runs.engine import events as e
from runs.engine.virtual import Entry, fold
from runs.shell.reading.around import Around, Holder, Ice, Queue
from runs.shell.reading.explain import causes
from runs.shell.reading.obstacles import SHOWN, obstacles
from tests.engine.story import Story, s

AT = 10_000_000


def history_of(story: Story) -> list[Entry]:
    return fold(story.facts)[1]


def around(**facts: Any) -> Around:
    return Around(**({"at_ms": AT, "status": "waiting", "workers": 1, "max_crashes": 3, "created_by": "alice"} | facts))


def told(story: Story, **facts: Any) -> list[Obstacle]:
    return obstacles(story.state, history_of(story), around(**facts))


def what(found: list[Obstacle]) -> list[tuple[str, str | None]]:
    return [(each.what, each.step_id) for each in found]


def queued() -> Story:
    return Story.admitted(s("a"))


LOST = Holder("host:7", AT - 1, True)
QUEUED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no worker", {"workers": 0}, {"what": "lease", "holder": None, "current": 0, "limit": None, "eta_at": None}),
    ("next in line", {"queue": Queue(0, 9)}, {"what": "slot", "current": 0, "detail": "it is the next of its tenant"}),
    ("in line", {"queue": Queue(3, 9)}, {"what": "slot", "current": 3, "detail": "3 runs of the tenant come before it"}),
    ("far back", {"queue": Queue(9, 9)}, {"what": "slot", "current": 9, "detail": "9 or more runs of the tenant come before it"}),
    ("tenant is full", {"queue": Queue(3, 9, 4, 4)}, {"what": "slot", "current": 4, "limit": 4, "holder": "4 running runs of the tenant"}),
    ("agent is full", {"queue": Queue(3, 9, 4, 5, 2, 2, "agt_1")}, {"what": "slot", "current": 2, "limit": 2}),
    ("its worker is gone", {"status": "running", "holder": LOST}, {"what": "lease", "holder": "host:7", "current": 0, "limit": 3}),
    ("its session is dead", {"status": "running", "holder": Holder("h:1", AT + 9_000, False)}, {"what": "lease", "holder": "h:1"}),
    ("it broke its workers", {"crashes": 2, "wake_at_ms": AT + 5}, {"what": "schedule", "current": 2, "limit": 3}),
    ("due, and no worker", {"wake_at_ms": AT - 5, "workers": 0}, {"what": "lease", "holder": None}),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in QUEUED], ids=[row[0] for row in QUEUED])
def test_it_tells_what_keeps_workers_from_a_run(facts: dict[str, Any], expected: dict[str, Any]) -> None:
    first = told(queued(), **({"status": "queued"} if "queue" in facts or len(facts) == 1 else {}) | facts)[0]
    assert {name: getattr(first, name) for name in expected} == expected


def test_a_lease_that_ran_out_says_when_and_what_then() -> None:
    (lost,) = told(queued(), status="running", holder=Holder("host:7", AT + 3_000, False))
    assert lost.eta_at == "1970-01-01T02:46:43.000Z"
    assert lost.action.who is None
    (alone,) = told(queued(), status="running", holder=LOST, workers=0)
    assert (alone.action.command, alone.action.who and alone.action.who.roles) == ("manage.py work", ["platform"])


def test_a_run_that_is_being_driven_is_blocked_by_nothing() -> None:
    assert told(queued(), status="running", holder=Holder("host:7", AT + 9_000, True)) == []


def test_a_run_that_was_handed_back_says_so() -> None:
    story = queued()
    story.tell(e.RunHandedBack)
    assert "handed back" in told(story, status="queued", queue=Queue(0, 9))[0].detail
    assert "handed back" in told(story, status="queued", workers=0)[0].detail


def test_a_pause_names_who_paused() -> None:
    story = Story.admitted(s("a"), s("b", "work", "a"))
    story.tell(e.PauseRequested, by="bob")
    story.ok("a")
    (paused,) = told(story)
    assert (paused.what, paused.holder, paused.action.api) == ("paused", "bob", f"POST /api/v1/runs/{story.state.run_id}/resume")
    assert paused.since_at is not None


def approval() -> Story:
    return Story.admitted(s("a", "wipe"), s("b", "work", "a"))


def question() -> Story:
    return Story.admitted(s("a", "ask", params={"question": "canary"}))


def escalation() -> Story:
    story = Story.admitted(s("a", "look", on_error="escalate"))
    story.fail("a", "NOT_FOUND", message="canary")
    return story


def intervention() -> Story:
    story = Story.admitted(s("a", "look"))
    story.fail("a", "NOT_FOUND", message="canary", advice={"mode": "MANUAL_INTERVENTION", "source": "code"})
    return story


def doubt() -> Story:
    story = Story.admitted(s("a", "pay"))
    effect = {"type": "HTTP_REQUEST", "target": "POST https://pay.test/", "effect": "write", "phase": "maybe_sent"}
    story.fail("a", "TIMEOUT", phase="maybe_sent", side_effects=[effect], message="canary")
    return story


def probed() -> Story:
    story = Story.admitted(s("a", "ship"))
    story.fail("a", "TIMEOUT", phase="maybe_sent")
    story.tell(e.ProbeAnswered, "a", 1, "unknown")
    return story


def retry() -> Story:
    story = Story.admitted(s("a", "look"))
    story.fail("a", "TIMEOUT", message="canary")
    return story


def rate() -> Story:
    story = Story.admitted(s("a", "look"))
    story.tell(e.StartHeld, "a", 1, "RATE_LIMITED", "agent:agt_1", "canary", 60, 9_000)
    return story


def circuit() -> Story:
    story = Story.admitted(s("a", "look"))
    story.tell(e.StartHeld, "a", 1, "UPSTREAM_UNAVAILABLE", "circuit:look@down.test:443", "canary", None, 9_000)
    return story


def frozen() -> Story:
    story = Story.admitted(s("a", "look"))
    story.tell(e.StartHeld, "a", 1, "FROZEN", "skill:look", "canary")
    return story


ICE = {"skill:look": Ice("frz_1", "skill:look", "it misbehaves", "bob", AT - 5, False)}
WIDE_ICE = {"skill:look": Ice("frz_1", "skill:look", "it misbehaves", "the operator", AT - 5, True)}
CIRCUITS = {"circuit:look@down.test:443": (5, 5)}
WAITING: list[tuple[str, Any, dict[str, Any], dict[str, Any], Any]] = [
    ("approval", approval, {}, {"what": "approval"}, {}),
    ("question", question, {}, {"what": "input"}, {"verdict": "answer", "value": None}),
    ("escalation", escalation, {}, {"what": "input"}, {"verdict": "retry"}),
    ("intervention", intervention, {}, {"what": "input"}, {"verdict": "approve"}),
    ("in doubt", doubt, {}, {"what": "in_doubt", "eta_at": None}, {"verdict": "happened", "reason": ""}),
    ("retry", retry, {}, {"what": "retry", "current": 1, "limit": 2, "holder": None}, None),
    ("rate", rate, {}, {"what": "rate", "current": 60, "limit": 60, "scope": "agent:agt_1"}, None),
    (
        "circuit",
        circuit,
        {"circuits": CIRCUITS},
        {"what": "circuit", "current": 5, "limit": 5, "holder": "down.test:443"},
        {"skill": "look", "host": "down.test:443", "reason": ""},
    ),
    ("frozen", frozen, {"ice": ICE}, {"what": "frozen", "holder": "bob", "scope": "skill:look"}, {"reason": ""}),
    ("frozen everywhere", frozen, {"ice": WIDE_ICE}, {"what": "frozen", "holder": "the operator"}, None),
    ("thawing", frozen, {}, {"what": "frozen", "holder": None}, None),
]


@pytest.mark.parametrize(("make", "facts", "expected", "body"), [row[1:] for row in WAITING], ids=[row[0] for row in WAITING])
def test_a_step_that_waits_says_for_what_since_when_and_who_clears_it(
    make: Any, facts: dict[str, Any], expected: dict[str, Any], body: dict[str, Any] | None
) -> None:
    story = make()
    first = told(story, **{"at_ms": 1} | facts)[0]
    assert {name: getattr(first, name) for name in expected} == expected
    assert (first.step_id, first.since_at is not None) == ("a", True)
    given = first.action.body
    if body is None:
        assert given is None
    else:
        assert given is not None
        assert body.items() <= given.items()
        assert first.action.api is not None
        assert first.action.who is not None
    assert "canary" not in first.model_dump_json(), "who may not read payloads may read obstacles"


def test_an_approval_is_bound_to_exactly_this_call_and_not_for_who_asked() -> None:
    story = approval()
    first, behind = told(story)
    assert first.action.api == f"POST /api/v1/approvals/{story.state.run_id}/a/approve"
    assert first.action.body == {"action_hash": story.state.steps["a"].action_hash, "reason": ""}
    assert first.action.who is not None
    assert (first.action.who.roles, first.action.who.not_by) == (["approver", "tenant_admin"], "alice")
    assert first.eta_at is not None
    assert (behind.what, behind.detail, behind.current, behind.limit, behind.holder) == ("dependency", "waits for a (approval)", 0, 1, "a")


def test_a_doubt_tells_what_is_known_and_which_verdicts_there_are() -> None:
    assert "POST https://pay.test/ (maybe sent); the skill cannot look" in told(doubt())[0].detail
    (asked,) = told(probed())
    assert "the probe said unknown" in asked.detail
    assert "probe again" in asked.action.detail


def test_money_says_by_how_much_and_who_may_give_it() -> None:
    story = Story.admitted(s("a", "model"), granted=500_000, limit_micro_usd=500_000)
    story.tell(e.CostBounded, "a", 1, 900_000)
    (asking,) = told(story)
    assert (asking.detail, asking.action.command) == ("needs $0.9000, which is being asked for", None), "there is nothing to top up"
    story.tell(e.ReservationRefused, 400_000, f"run:{story.state.run_id}")
    (own,) = told(story)
    assert (own.what, own.step_id, own.current, own.limit) == ("budget", "a", 0, 500_000)
    assert own.detail == "needs $0.9000, $0.4000 more than the run has left"
    assert (own.action.body, own.action.who and own.action.who.roles) == ({"amount_cents": 40}, ["operator", "tenant_admin"])
    story = Story.admitted(s("a", "model"), granted=500_000, limit_micro_usd=900_000)
    story.tell(e.CostBounded, "a", 1, 900_000)
    story.tell(e.ReservationRefused, 400_000, "agent:agt_1@2026-11-28", "DAILY_LIMIT_EXCEEDED", AT * 9)
    (other,) = told(story)
    assert (other.scope, other.limit, other.action.who and other.action.who.roles) == ("agent:agt_1@2026-11-28", None, ["tenant_admin"])
    assert other.eta_at is not None


def test_a_pinned_version_nobody_has_is_named_with_those_there_are() -> None:
    story = Story.admitted(s("a", "look"), s("b", "work", "a"))
    found = told(story, status="running", holder=Holder("h:1", AT + 9, True), missing={("look", "1.0.0"): ("2.0.0",)})
    assert what(found) == [("missing_version", "a"), ("dependency", "b")]
    assert found[0].detail == "look 1.0.0 is pinned and not registered; registered are 2.0.0"


def test_steps_beyond_the_parallel_limit_wait_for_a_place() -> None:
    story = Story.admitted(s("a"), s("b"), s("c"), max_parallel=1)
    (slot,) = told(story, status="running", holder=Holder("h:1", AT + 9, True))
    assert (slot.what, slot.step_id, slot.current, slot.limit, slot.holder) == ("slot", "b", 1, 1, "a")


def test_what_must_be_cleared_first_comes_first() -> None:
    story = Story.admitted(s("wait", "look"), s("judge", "pay"), s("sign", "wipe"), s("last", "work", "sign", "wait"))
    story.fail("wait", "TIMEOUT")
    story.fail("judge", "TIMEOUT", phase="maybe_sent")
    assert what(told(story, at_ms=1)) == [("in_doubt", "judge"), ("approval", "sign"), ("retry", "wait"), ("dependency", "last")]
    story.tell(e.PauseRequested, by="bob")
    assert what(told(story, at_ms=1))[0] == ("paused", None)


def test_many_that_only_wait_are_counted() -> None:
    story = Story.admitted(s("a", "wipe"), *(s(f"s{n}", "work", "a") for n in range(SHOWN + 5)))
    found = told(story)
    assert len(found) == 1 + SHOWN + 1
    assert found[-1].detail == "5 more steps wait for others"


def test_a_retry_that_is_due_blocks_nothing() -> None:
    assert what(told(retry(), at_ms=AT * 10, workers=1)) == []


# After the end


def test_the_chain_begins_with_the_step_that_ended_the_run() -> None:
    story = Story.admitted(s("a", "look", on_error="continue"), s("b", "work", "a", params={"x": "${steps.a.result}"}), s("c", "look"))
    story.fail("a", "NOT_FOUND", message="it is not there")
    story.fail("c", "HTTP_4XX", message="no")
    assert told(story) == []
    chain = causes(story.state, history_of(story))
    assert [(cause.step_id, cause.root_step_id, cause.code) for cause in chain] == [
        ("c", "c", "HTTP_4XX"),
        ("a", "a", "NOT_FOUND"),
        ("b", "a", "DEPENDENCY_FAILED"),
    ]
    first = chain[0].decisions
    assert [(decision.kind, decision.rule) for decision in first] == [("no_retry", "not_retryable"), ("abort", "default")]
    assert first[0].because["code"] == "HTTP_4XX"
    assert first[1].alternatives
    assert first[0].words == "Trying again would not help."


def test_an_end_that_is_no_steps_fault_says_whose() -> None:
    story = Story.admitted(s("a", "look"))
    story.tell(e.CancelRequested, by="bob", reason="enough")
    story.fail("a", "CANCELLED")
    (cause, *_) = causes(story.state, history_of(story))
    assert (cause.step_id, cause.code, cause.message) == (None, "CANCELLED", "enough")
    assert next((decision.kind, decision.detail.get("by")) for decision in cause.decisions) == ("cancel", "bob")


def test_an_item_is_the_root_of_its_step() -> None:
    story = Story.admitted(s("a", "look", for_each="${inputs.xs}"), inputs={"xs": [1, 2]})
    story.ok("a#0")
    story.fail("a#1", "NOT_FOUND")
    chain = causes(story.state, history_of(story))
    assert [(cause.step_id, cause.root_step_id) for cause in chain] == [("a#1", "a#1"), ("a", "a#1")]


def test_a_run_that_went_well_has_no_chain() -> None:
    story = Story.admitted(s("a"))
    story.ok("a")
    assert causes(story.state, history_of(story)) == []
