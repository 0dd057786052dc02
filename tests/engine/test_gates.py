"""A yes given in advance lets one action pass; an edited call is priced and bound anew; silence does what the terms say, no more."""

from __future__ import annotations

import msgspec
import pytest

from runs.engine import events as e
from runs.engine.decisions import AskApproval, SeekGrant
from runs.engine.gates import action_hash
from runs.engine.starting import pin_of
from tests.engine.story import PINS, Story, s


def edited(story: Story, key: str, params: dict[str, object], worst: int = 0) -> str:
    """Return the hash a call would have with other parameters, at another most."""
    step = msgspec.structs.replace(story.state.steps[key], params=params)
    return action_hash(step, pin_of(story.state, step), worst)


# Grants


def test_it_seeks_a_grant_before_it_asks_anybody() -> None:
    story = Story.admitted(s("a", "wipe"), seek_grants=True)
    assert [story.status("a"), story.state.status] == ["running", "running"]
    sought = story.decision(SeekGrant)
    assert (sought.rule, sought.skill, sought.attempt) == ("policy_by_effect", "wipe", 1)
    assert story.refuses(e.GrantAnswered, "a", 1, "another", "grt_1") == "not_asked"
    assert story.refuses(e.GrantAnswered, "a", 2, sought.action_hash, "grt_1") == "not_asked"
    assert story.tell(e.GrantAnswered, "a", 1, sought.action_hash, "grt_1", by="bob") == ["resume a", "start a"]
    assert story.ok("a") == ["finish"]


def test_it_asks_a_person_where_no_grant_is_good_for_it() -> None:
    story = Story.admitted(s("a", "wipe"), seek_grants=True)
    sought = story.decision(SeekGrant)
    assert story.tell(e.GrantAnswered, "a", 1, sought.action_hash) == ["ask_approval a"]
    assert story.tell(e.ApprovalDecided, "a", sought.action_hash, True) == ["resume a", "start a"]


def test_it_seeks_again_after_its_worker_was_lost() -> None:
    story = Story.admitted(s("a", "wipe"), seek_grants=True)
    assert story.tell(e.RunReclaimed) == ["seek_grant a"]


def test_it_seeks_nothing_for_a_run_that_is_being_cancelled() -> None:
    story = Story.admitted(s("a", "wipe"), seek_grants=True)
    sought = story.decision(SeekGrant)
    story.tell(e.CancelRequested)
    story.tell(e.GrantAnswered, "a", 1, sought.action_hash, "grt_1")
    assert story.ending[0] == "cancelled"


def test_a_grant_is_for_one_action() -> None:
    story = Story.admitted(s("a", "wipe", on_error="escalate"), seek_grants=True)
    first = story.decision(SeekGrant)
    story.tell(e.GrantAnswered, "a", 1, first.action_hash, "grt_1")
    story.fail("a", "NOT_FOUND", "acked")
    assert story.tell(e.AnswerGiven, "a", {"action": "modify", "params": {"x": 9}}) == ["retry a", "seek_grant a"]
    assert story.decision(SeekGrant).action_hash != first.action_hash


# Edited


def test_it_calls_what_was_approved_with_an_edit() -> None:
    story = Story.admitted(s("a", "wipe", params={"x": 1}))
    asked = story.decision(AskApproval)
    new = edited(story, "a", {"x": 2})
    said = {"params": {"x": 2}, "edited_hash": new, "by": "bob"}
    assert story.tell(e.ApprovalDecided, "a", asked.action_hash, True, **said) == ["resume a", "start a"]
    assert story.state.steps["a"].params == {"x": 2}


def test_it_prices_an_edited_call_anew_and_asks_again_where_it_is_not_the_one_that_was_meant() -> None:
    paid = msgspec.structs.replace(PINS["model"], effect="irreversible")
    story = Story(e.RunAccepted(0, "run", e.Terms(), plan={"steps": [s("a", "model", params={"x": 1})]}))
    story.tell(e.RunAdmitted, {"a": paid}, "hash", granted_micro_usd=None)
    story.tell(e.CostBounded, "a", 1, 40)
    asked = story.decision(AskApproval)
    said = {"params": {"x": 2}, "edited_hash": edited(story, "a", {"x": 2}, 60)}
    assert story.tell(e.ApprovalDecided, "a", asked.action_hash, True, **said) == ["resume a", "bound_cost a"]
    # It costs more by now than what was shown: another action.
    assert story.tell(e.CostBounded, "a", 1, 61) == ["ask_approval a"]
    again = story.decision(AskApproval)
    assert (again.max_cost_micro_usd, again.action_hash) == (61, edited(story, "a", {"x": 2}, 61))
    assert story.tell(e.ApprovalDecided, "a", again.action_hash, True) == ["resume a", "start a"]


# Where a call goes


def test_it_learns_where_a_call_goes_before_it_starts_where_that_matters() -> None:
    story = Story.admitted(s("a", "look"), s("b", "work"), approval_hosts=("pay.example",))
    # A call that does nothing goes nowhere.
    assert story.decisions[0].step == "a"
    assert story.state.steps["b"].status == "running"
    assert story.tell(e.CostBounded, "a", 1, 0, target="pay.example:443") == ["ask_approval a"]
    assert story.decision(AskApproval).rule == "policy_by_target"


def test_it_starts_what_goes_elsewhere() -> None:
    story = Story.admitted(s("a", "look"), approval_hosts=("pay.example",))
    assert story.tell(e.CostBounded, "a", 1, 0, target="shop.example:443") == ["start a"]


# Silence


def test_it_goes_to_the_next_level_before_it_is_too_late() -> None:
    story = Story.admitted(s("a", "wipe"), approval_ttl_ms=500, approval_escalate_after_ms=200)
    hashed, asked_at = story.state.steps["a"].action_hash, story.now
    assert story.state.wake_at_ms() == asked_at + 200
    assert story.wake() == ["escalate a"]
    assert (story.state.steps["a"].escalated, story.state.wake_at_ms()) == (True, asked_at + 500)
    assert story.tell(e.ApprovalDecided, "a", hashed, True) == ["resume a", "start a"]


@pytest.mark.parametrize(
    ("silence", "decided", "ending"),
    [
        ("fail", ["deny a"], None),
        ("skip", ["skip a", "start b"], None),
        ("abort", ["abort a", "finish"], ("failed", "APPROVAL_EXPIRED")),
    ],
)
def test_it_does_what_silence_means(silence: str, decided: list[str], ending: tuple[str, str] | None) -> None:
    story = Story.admitted(
        s("a", "wipe"), s("b", "work", "a"), approval_ttl_ms=500, approval_escalate_after_ms=200, approval_on_expiry=silence
    )
    hashed = story.state.steps["a"].action_hash
    story.wake()
    assert story.wake() == decided
    assert story.refuses(e.ApprovalDecided, "a", hashed, True) == ("not_asked" if ending is None else "run_is_over")
    if ending:
        assert story.ending == ending


def test_it_does_not_escalate_after_the_end() -> None:
    story = Story.admitted(s("a", "wipe"), approval_ttl_ms=500, approval_escalate_after_ms=900)
    assert story.wake() == ["deny a"]
