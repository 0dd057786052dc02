"""Nothing gated starts before a person agreed to exactly that; a no, a silence and a stranger's hash change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import events as e
from runs.engine.decisions import AskApproval, Deny
from runs.engine.events import Pin, Terms
from runs.engine.gates import why_ask
from tests.engine.story import Story, kinds, s


@pytest.mark.parametrize(
    ("approval", "effect", "worst", "target", "terms", "rule"),
    [
        pytest.param("policy", "irreversible", 0, None, {}, "policy_by_effect", id="policy names the effect"),
        pytest.param("policy", "write", 0, None, {}, "", id="policy does not name the effect"),
        pytest.param("always", "none", 0, None, {}, "plan_asks", id="the plan always asks"),
        pytest.param("never", "irreversible", 0, None, {"plan_may_waive": False}, "policy_by_effect", id="a plan cannot waive the policy"),
        pytest.param("never", "irreversible", 0, None, {"plan_may_waive": True}, "", id="unless it may"),
        pytest.param(
            "policy", "none", 501, None, {"approval_above_micro_usd": 500}, "policy_by_cost", id="dearer than the policy lets pass"
        ),
        pytest.param("policy", "write", 500, None, {"approval_above_micro_usd": 500}, "", id="as dear as it lets pass"),
        pytest.param("policy", "write", None, None, {"approval_above_micro_usd": 0}, "", id="free"),
        pytest.param("policy", "read", 0, "a.example:443", {"approval_hosts": ("a.example",)}, "policy_by_target", id="a host"),
        pytest.param(
            "policy", "write", 0, "x.a.example:443", {"approval_hosts": ("*.a.example",)}, "policy_by_target", id="hosts below one"
        ),
        pytest.param("policy", "write", 0, "b.example:443", {"approval_hosts": ("a.example",)}, "", id="another host"),
        pytest.param("policy", "write", 0, "*", {"approval_hosts": ("a.example",)}, "policy_by_target", id="nobody knows which host"),
        pytest.param("policy", "none", 0, "a.example:443", {"approval_hosts": ("a.example",)}, "", id="of a call that does nothing"),
        pytest.param(
            "policy", "read", 0, "a.example:443", {"approval_first_use": True}, "policy_by_first_use", id="the first use of a host"
        ),
        pytest.param("policy", "read", 0, None, {"approval_first_use": True}, "", id="no host at all"),
    ],
)
def test_it_asks_by_the_plans_word_or_the_policy(
    approval: str, effect: str, worst: int | None, target: str | None, terms: dict[str, Any], rule: str
) -> None:
    assert why_ask(approval, Pin("any", "1.0.0", effect=effect), Terms(**terms), worst, target) == rule


def test_it_starts_what_was_approved_under_the_limit() -> None:
    story = Story.admitted(s("a", "wipe"), s("b"), max_parallel=1)
    # The first must be asked for, which holds no place: the second goes ahead.
    assert kinds(story.decisions) == ["ask_approval a", "start b"]
    asked = story.decision(AskApproval)
    assert (asked.rule, asked.skill, asked.version, asked.effect) == ("policy_by_effect", "wipe", "1.0.0", "irreversible")
    # A hash of something else is no approval.
    assert story.refuses(e.ApprovalDecided, "a", "another", True) == "not_asked"
    # Approved while the place is taken: it queues, like everything.
    assert story.tell(e.ApprovalDecided, "a", asked.action_hash, True, by="bob") == ["resume a"]
    assert story.status("a") == "pending"
    # Decided once.
    assert story.refuses(e.ApprovalDecided, "a", asked.action_hash, False) == "not_asked"
    assert story.ok("b") == ["start a"]
    assert story.ok("a") == ["finish"]


def test_it_says_what_it_waits_for_and_until_when() -> None:
    story = Story.admitted(s("a", "wipe"), approval_ttl_ms=500)
    assert (story.status(), story.state.waiting_for) == ("waiting", "approval")
    assert story.state.wake_at_ms() == story.now + 500


@pytest.mark.parametrize(("on_error", "ending"), [(None, "failed"), ("continue", "partial")])
def test_it_takes_no_for_an_answer(on_error: str | None, ending: str) -> None:
    story = Story.admitted(s("b"), s("a", "wipe", "b", **({"on_error": on_error} if on_error else {})))
    story.ok("b")
    hashed = story.state.steps["a"].action_hash
    assert story.tell(e.ApprovalDecided, "a", hashed, False, reason="too much") == ["deny a"]
    assert (story.decision(Deny).code, story.decision(Deny).message) == ("APPROVAL_REJECTED", "too much")
    assert story.refuses(e.ApprovalDecided, "a", hashed, True) == "not_asked"
    story.denied("a")
    assert story.ending[0] == ending


def test_it_expires() -> None:
    story = Story.admitted(s("a", "wipe"), approval_ttl_ms=500)
    hashed = story.state.steps["a"].action_hash
    # A bell that rings too early is nothing.
    assert story.tell(e.TimeCame, after=499) == ["ignore"]
    assert story.wake() == ["deny a"]
    assert story.decision(Deny).code == "APPROVAL_EXPIRED"
    # Too late.
    assert story.refuses(e.ApprovalDecided, "a", hashed, True) == "not_asked"
    assert story.denied("a") == ["no_retry a", "abort a", "finish"]
    assert story.ending == ("failed", "APPROVAL_EXPIRED")


def changed(**fields: Any) -> str:
    step = {"params": {"x": 1}} | fields
    return Story.admitted(s("a", "wipe", **step)).state.steps["a"].action_hash


def test_it_binds_an_approval_to_what_is_called() -> None:
    assert changed() == changed()
    assert changed() != changed(params={"x": 2})


def test_it_asks_again_when_the_action_was_changed() -> None:
    story = Story.admitted(s("a", "wipe", on_error="escalate"))
    first = story.state.steps["a"].action_hash
    story.tell(e.ApprovalDecided, "a", first, True)
    assert story.fail("a", "NOT_FOUND", "acked") == ["no_retry a", "escalate a", "ask_person a"]
    # A person changes the parameters: what was approved is not what would be called.
    assert story.tell(e.AnswerGiven, "a", {"action": "modify", "params": {"x": 9}}) == ["retry a", "ask_approval a"]
    assert story.state.steps["a"].action_hash != first
    assert story.refuses(e.ApprovalDecided, "a", first, True) == "not_asked"


def test_it_does_not_ask_again_for_a_retry_of_the_same_action() -> None:
    story = Story.admitted(s("a", "wipe"))
    story.tell(e.ApprovalDecided, "a", story.state.steps["a"].action_hash, True)
    assert story.fail("a", "CONNECTION_REFUSED") == ["retry a"]
    assert story.wake() == ["start a"]


# Questions


def test_it_takes_an_answer_as_the_steps_result() -> None:
    story = Story.admitted(
        s("q", "ask", params={"question": "Which?", "form": {"type": "string"}}), s("use", params={"x": "${steps.q.result}"})
    )
    assert kinds(story.decisions) == ["ask_person q"]
    assert (story.decisions[0].question, story.decisions[0].form) == ("Which?", {"type": "string"})
    assert (story.status(), story.state.waiting_for) == ("waiting", "input")
    assert story.refuses(e.AnswerGiven, "use", "early") == "not_asked"
    assert story.refuses(e.ApprovalDecided, "q", "", True) == "not_asked"
    assert story.tell(e.AnswerGiven, "q", "red") == ["resume q", "start use"]
    assert story.state.steps["use"].params == {"x": "red"}
    assert story.refuses(e.AnswerGiven, "q", "blue") == "not_asked"


def test_it_fails_a_question_nobody_answers() -> None:
    story = Story.admitted(s("q", "ask"), approval_ttl_ms=500)
    assert story.wake() == ["deny q"]
    assert story.denied("q") == ["no_retry q", "abort q", "finish"]
