"""Gates with a real worker: what the agent's policy asks for, yeses given in advance, edits, hosts it comes to know, and silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents.models import AuditEntry, Membership, Role
from agents.services import create_agent
from runs import services
from runs.again import Wanted
from runs.models import Grant, GrantUse, KnownHost, Run
from runs.people import approvals, grants
from runs.people.editing import Edit, edited_call
from runs.people.grants import Limits
from runs.shell.breaker import guarded_target
from skills import plugins
from skills.refusal import Refusal
from skills.registry import registry
from tests.fakes.llm_server import LlmServer, structured
from tests.fakes.raw_server import RawServer, answer
from tests.integration.workshop import Workshop, a_worker, now, over, parked, step, step_of, wait_for

WHY = "agreed with those who answer for it"


@pytest.fixture(autouse=True)
def approver(workshop: Workshop) -> None:
    """Let bob, who gives grants here, be somebody who may."""
    Membership.objects.create(user=User.objects.create_user("bob"), tenant=workshop.tenant, role=Role.APPROVER)


def grant(workshop: Workshop, skill: str = "say", **limits: Any) -> Grant:
    return grants.give(principal=workshop.bob, skill=skill, agent_ref=None, host="", limits=Limits(**limits), reason=WHY)


def gated(step_id: str, **more: Any) -> dict[str, Any]:
    return step(step_id, "say", approval="always", **more)


# Grants


def test_a_grant_lets_through_as_many_as_it_says_and_each_once(workshop: Workshop) -> None:
    given = grant(workshop, max_uses=3)
    run = workshop.submit(*(gated(f"s{n}", said=n) for n in range(5)))
    with a_worker():
        run = parked(run, "approval")
    waiting = [name for name in ("s0", "s1", "s2", "s3", "s4") if step_of(run, name)["status"] == "waiting"]
    assert len(waiting) == 2
    given.refresh_from_db()
    assert (given.uses, GrantUse.objects.filter(grant=given).count(), grants.state_of(given)) == (3, 3, "used_up")
    for name in waiting:
        shown = approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id=name)
        assert shown["asks_because"] == "plan_asks"
        workshop.decide(run, name, "approve", action_hash=shown["action_hash"])
    with a_worker():
        assert over(run).status == "succeeded"
    assert workshop.replay(run, "tape")["matched"]


def test_it_lets_nothing_through_that_its_giver_asked_for_or_that_was_taken_back(workshop: Workshop) -> None:
    Membership.objects.create(user=User.objects.create_user("alice"), tenant=workshop.tenant, role=Role.TENANT_ADMIN)
    own = grants.give(principal=workshop.alice, skill="say", agent_ref=None, host="", limits=Limits(max_uses=9), reason=WHY)
    taken_back = grant(workshop, max_uses=9)
    grants.revoke(principal=workshop.bob, grant_id=taken_back.public_id, reason=WHY)
    with pytest.raises(Refusal, match="already taken back by bob"):
        grants.revoke(principal=workshop.bob, grant_id=taken_back.public_id, reason=WHY)
    run = workshop.submit(gated("a"))
    with a_worker():
        parked(run, "approval")
    assert not GrantUse.objects.exists()
    assert grants.state_of(own) == "in_force"


def test_it_ends_with_the_role_of_who_gave_it(workshop: Workshop) -> None:
    grant(workshop, max_uses=9)
    Membership.objects.filter(user__username="bob").update(role=Role.VIEWER)
    run = workshop.submit(gated("a"))
    with a_worker():
        parked(run, "approval")
    assert not GrantUse.objects.exists()


def test_it_keeps_to_what_calls_may_cost(workshop: Workshop) -> None:
    given = grant(workshop, "costly", max_call_micro_usd=50, max_total_micro_usd=100)
    steps = [step(f"s{n}", "costly", worst=worst, cost=1, approval="always") for n, worst in enumerate((60, 50, 50, 1))]
    run = workshop.submit(*steps)
    with a_worker():
        run = parked(run, "approval")
    given.refresh_from_db()
    # 60 is more than one call may cost; of the others what fits into 100 goes, whichever comes first.
    assert step_of(run, "s0")["status"] == "waiting"
    assert given.used_micro_usd <= 100
    assert given.used_micro_usd == sum(GrantUse.objects.values_list("worst_micro_usd", flat=True))


@pytest.mark.parametrize(
    ("fields", "limits", "pointer"),
    [
        ({"skill": "nobody"}, {"max_uses": 1}, "/skill"),
        ({}, {}, ""),
        ({}, {"max_call_micro_usd": 5}, ""),
        ({"host": "http://x/"}, {"max_uses": 1}, "/host"),
        ({"reason": "short"}, {"max_uses": 1}, "/reason"),
        ({}, {"expires_at": timezone.now() - timedelta(seconds=1)}, "/expires_at"),
        ({}, {"expires_at": timezone.now() + timedelta(days=400)}, "/expires_at"),
    ],
)
def test_it_is_given_only_within_limits(workshop: Workshop, fields: dict[str, Any], limits: dict[str, Any], pointer: str) -> None:
    wanted = {"skill": "say", "host": "", "reason": WHY, "agent_ref": None} | fields
    with pytest.raises(Refusal) as refused:
        grants.give(principal=workshop.bob, limits=Limits(**limits), **wanted)
    assert [fault["pointer"] for fault in refused.value.errors] == [pointer]
    assert not Grant.objects.exists()


# Edits


def test_it_calls_what_was_approved_with_an_edit(workshop: Workshop) -> None:
    run = workshop.submit(gated("a", said="hello"), step("b", "say", "a", said="${steps.a.result.said}"))
    with a_worker():
        run = parked(run, "approval")
    shown = approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id="a")
    one = {"tenant": workshop.tenant, "run_id": run.public_id, "step_id": "a", "action_hash": shown["action_hash"]}
    edited = edited_call(**one, params={"said": "good bye"})
    assert edited["changes"] == [{"pointer": "/said", "was": "hello", "now": "good bye"}]
    assert edited["blockers"] == []
    with pytest.raises(Refusal, match="break the schema"):
        edited_call(**one, params={"said": 1, "more": 2})
    decide = {"principal": workshop.bob, "run_id": run.public_id, "step_id": "a", "action_hash": shown["action_hash"], "reason": WHY}
    with pytest.raises(Refusal, match="another action than the one that was shown"):
        approvals.decide(**decide, approve=True, edit=Edit({"said": "something else"}, edited["action_hash"]))
    with pytest.raises(Refusal, match="cannot be edited"):
        approvals.decide(**decide, approve=False, edit=Edit({"said": "good bye"}, edited["action_hash"]))
    approvals.decide(**decide, approve=True, edit=Edit({"said": "good bye"}, edited["action_hash"]))
    with a_worker():
        run = over(run)
    assert (run.status, step_of(run, "b")["result"]) == ("succeeded", {"said": "good bye"})
    assert '"edited_hash"' in AuditEntry.objects.get(action="run.approval_decided").after
    assert workshop.replay(run, "tape")["matched"]


# Policies of the agent


def test_a_plan_cannot_waive_what_the_agents_policy_asks_for(workshop: Workshop) -> None:
    strict = create_agent(tenant=workshop.tenant, name="strict", profile={"approval_effects": ["write"]})
    lenient = create_agent(tenant=workshop.tenant, name="lenient", profile={"approval_effects": ["write"], "plan_may_waive_approval": True})
    wanted = step("a", "append_line", witness="/dev/null", approval="never")
    asks, goes = workshop.submit(wanted, agent=strict), workshop.submit(wanted, agent=lenient)
    with a_worker():
        assert over(goes).status == "succeeded"
        parked(asks, "approval")


def test_it_asks_about_what_may_cost_much(workshop: Workshop) -> None:
    careful = create_agent(tenant=workshop.tenant, name="careful", profile={"approval_above_micro_usd": 50})
    run = workshop.submit(step("a", "costly", worst=50, cost=1), step("b", "costly", worst=51, cost=1), agent=careful)
    with a_worker():
        run = parked(run, "approval")
    shown = approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id="b")
    assert (step_of(run, "a")["status"], shown["asks_because"]) == ("succeeded", "policy_by_cost")


def test_it_asks_once_about_a_host_and_again_when_that_is_forgotten(workshop: Workshop, settings: Any) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    new = create_agent(tenant=workshop.tenant, name="new", profile={"approval_first_use_of_host": True})
    with RawServer(answer(b"{}", content_type="application/json")) as server:
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.authority})
        fetch = step("a", "http_call", url=f"http://{server.authority}/")

        def asked() -> Run:
            run = workshop.submit(fetch, agent=new)
            with a_worker():
                wait_for(lambda: now(run).is_terminal or now(run).waiting_for == "approval", "the call, or the question")
            return now(run)

        first = asked()
        shown = approvals.approval_json(tenant=workshop.tenant, run_id=first.public_id, step_id="a")
        assert (shown["asks_because"], KnownHost.objects.count()) == ("policy_by_first_use", 0)
        workshop.decide(first, "a", "approve", action_hash=shown["action_hash"])
        known = KnownHost.objects.get()
        assert (known.host, known.approved_by) == (server.authority, "bob")
        assert asked().status == "succeeded"
        grants.forget_host(principal=workshop.bob, agent_ref="new", host=server.authority)
        assert asked().waiting_for == "approval"


# Silence


def test_it_goes_to_the_next_level_and_then_does_what_silence_means(workshop: Workshop) -> None:
    profile = {"approval_ttl_ms": 4_000, "approval_escalate_after_ms": 1_000, "approval_on_expiry": "skip"}
    slow = create_agent(tenant=workshop.tenant, name="slow", profile=profile)
    run = workshop.submit(gated("a"), step("b", "say"), agent=slow)
    with a_worker():
        run = parked(run, "approval")
        one = {"tenant": workshop.tenant, "run_id": run.public_id, "step_id": "a"}
        assert not approvals.approval_json(**one)["is_escalated"]
        wait_for(lambda: approvals.approval_json(**one)["is_escalated"], "the next level")
        assert over(run).status == "succeeded"
    assert (step_of(run, "a")["status"], step_of(run, "b")["status"]) == ("skipped", "succeeded")


# A no reaches the planner


def proposed(skill_params: str) -> dict[str, Any]:
    one = {"step_id": "tell", "skill": "say", "description": "", "params_json": skill_params, "depends_on": [], "condition": None}
    return {"steps": [one | {"approval": "always"}]}


def test_a_planner_is_told_what_was_rejected_and_why(workshop: Workshop, settings: Any) -> None:
    options = {"model": "local", "max_cost_per_call_micro_usd": 100}
    profile = {"planner": {"name": "openai_compatible", "options": options}, "approval_effects": ["write"]}
    thinker = create_agent(tenant=workshop.tenant, name="thinker", profile=profile)
    with LlmServer() as server:
        server.script(structured(proposed('{"said": "buy now"}')), structured(proposed('{"said": "please consider"}')))
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": "key-for-tests"}}
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.openai_url.partition("//")[2].partition("/")[0]})
        run = workshop.submit(goal="Sell it", agent=thinker)
        with a_worker():
            wait_for(lambda: now(run).is_terminal or now(run).waiting_for == "approval", "the plan")
        if now(run).waiting_for == "approval":
            shown = approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id="tell")
            workshop.decide(run, "tell", "reject", action_hash=shown["action_hash"], reason="that is too pushy for us")
            with a_worker():
                over(run)
        assert (now(run).failure_code, len(server.requests)) == ("APPROVAL_REJECTED", 1)
        wanted = Wanted(plan_anew=True)
        preview = services.preview_rerun(principal=workshop.alice, run_id=run.public_id, wanted=wanted)
        assert preview["tells_planner"] == [{"pointer": "/steps/0", "code": "APPROVAL_REJECTED", "detail": "that is too pushy for us"}]
        child, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id, wanted=wanted)
        with a_worker():
            wait_for(lambda: now(child).waiting_for == "approval" or now(child).is_terminal, "the other plan")
        told = str(server.requests[-1].body["messages"])
    assert "that is too pushy for us" in told
    assert "buy now" in told
    shown = approvals.approval_json(tenant=workshop.tenant, run_id=child.public_id, step_id="tell")
    assert shown["params"] == {"said": "please consider"}


def test_there_is_no_planner_to_tell_about_a_plan_that_was_given(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say"))
    with a_worker():
        over(run)
    for wanted, why in ((Wanted(plan_anew=True), "no planner made"), (Wanted(plan_anew=True, from_step="a"), "keeps no step")):
        with pytest.raises(Refusal, match=why):
            services.preview_rerun(principal=workshop.alice, run_id=run.public_id, wanted=wanted)


# Where a call may go


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({"url": "https://pay.example/"}, "pay.example:443"),
        ({"url": "https://pay.example/", "follow_redirects": True}, "*"),
        ({"url": "https://pay.example/", "follow_redirects": "${inputs.follow}"}, "*"),
        ({"url": "https://pay.example/", "probe": {"url": "https://other.example/"}}, "*"),
        ({"url": "https://pay.example/", "probe": {"url": "https://pay.example/1"}}, "pay.example:443"),
    ],
)
def test_a_call_that_may_leave_its_host_may_go_anywhere(params: dict[str, Any], target: str) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    assert guarded_target(registry.resolve("http_call"), params, "write") == target


def test_a_skill_that_does_not_say_where_it_goes_may_go_anywhere(workshop: Workshop) -> None:
    assert guarded_target(registry.resolve("append_line"), {}, "write") == "*"
    assert guarded_target(registry.resolve("say"), {}, "none") is None
    assert guarded_target(None, {}, "write") == "*"
