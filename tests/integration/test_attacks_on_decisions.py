"""Ways around a person's yes that were tried, and are shut: by another route, by an edit, by a link to anywhere, by coming too late."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from msgspec.structs import replace as replace_fields

from agents.actors import names_of
from agents.models import Agent, Membership, Role
from agents.roles import ROLE_SCOPES
from agents.services import create_agent
from agents.tenancy import create_key
from aos_site.logs import without_link_secrets
from runs.console.people.editing_view import outcome
from runs.engine.events import StepFailed
from runs.models import GrantUse, KnownHost, Run, Signal
from runs.people import approvals, deciding, grants
from runs.people.editing import edited_call
from runs.people.grants import Limits
from runs.people.links import make_link
from runs.people.notes import add_note, asked_of, handed_to, people_to_hand_to
from runs.people_requests import RevokeGrantBody
from runs.shell.clock import now_ms
from runs.shell.perform import _with_fallback
from runs.shell.reading.history import read_state
from runs.submission import submit
from runs.webhooks.endpoints import Wanted, create_endpoint
from skills import plugins
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import parse_body
from tests.integration.meeting import meeting
from tests.integration.workshop import Workshop, a_worker, parked, step, wait_for
from tests.integration.workshop import now as as_it_is

URL, TOKEN = "https://api.example.com/orders", "Bearer ${secrets.TOKEN}"


def waiting(workshop: Workshop, skill: str = "say", **params: Any) -> Run:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    run = workshop.submit(step("a", skill, approval="always", **params))
    with a_worker():
        return parked(run, "approval")


def shown(workshop: Workshop, run: Run) -> dict[str, Any]:
    return approvals.approval_json(tenant=workshop.tenant, run_id=run.public_id, step_id="a")


def edited(workshop: Workshop, run: Run, **params: Any) -> dict[str, Any]:
    told = shown(workshop, run)
    more = {"action_hash": told["action_hash"], "params": told["params"] | params}
    return edited_call(tenant=workshop.tenant, run_id=run.public_id, step_id="a", **more)


def faults_of_edit(workshop: Workshop, run: Run, **params: Any) -> list[str]:
    with pytest.raises(Refusal) as refused:
        edited(workshop, run, **params)
    assert (refused.value.code, refused.value.status) == ("INVALID_INPUT", 422)
    return [f"{fault['pointer']}: {fault['detail']}" for fault in refused.value.errors]


def test_who_writes_runs_and_decides_nothing_approves_nothing_by_the_route_of_runs(workshop: Workshop) -> None:
    run = waiting(workshop)
    developer = replace(workshop.bob, name="key:dev:1", scopes=frozenset({"runs:read", "runs:write"}))
    for verdict in ("approve", "reject"):
        with pytest.raises(Refusal, match="approvals:write") as refused:
            deciding.decide_step(
                principal=developer, run_id=run.public_id, step_id="a", verdict=verdict, action_hash=shown(workshop, run)["action_hash"]
            )
        assert refused.value.code == "PERMISSION_DENIED"
    assert not Signal.objects.exists()


def test_nor_by_an_endpoint_whose_signed_answers_decide(workshop: Workshop) -> None:
    developer = replace(workshop.bob, name="key:dev:1", scopes=ROLE_SCOPES["developer"])
    with pytest.raises(Refusal, match="approvals:write"):
        create_endpoint(principal=developer, wanted=Wanted(url="https://hooks.example.com/", may_answer=True))


def test_who_asked_with_a_token_of_the_issuer_does_not_approve_on_the_console(workshop: Workshop) -> None:
    user = User.objects.create_user("ada")
    Membership.objects.create(user=user, tenant=workshop.tenant, role=Role.TENANT_ADMIN)
    SocialAccount.objects.create(user=user, provider="oidc", uid="00u1")
    grants.give(
        principal=replace(workshop.bob, name="ada"), skill="say", agent_ref=None, host="", limits=Limits(max_uses=9), reason="for all of it"
    )
    run = waiting(replace(workshop, alice=replace(workshop.alice, name="person:00u1")))
    assert not GrantUse.objects.exists()
    action = shown(workshop, run)["action_hash"]
    with pytest.raises(Refusal, match="who asked for the run may not approve"):
        replace(workshop, bob=replace(workshop.bob, name="ada")).decide(run, "a", "approve", action_hash=action)
    with pytest.raises(Refusal) as refused:
        make_link(principal=workshop.bob, run_id=run.public_id, step_id="a", made_for="ada")
    assert refused.value.errors[0]["pointer"] == "/for"
    assert not Signal.objects.exists()


def test_nor_by_a_key_they_made(workshop: Workshop) -> None:
    Membership.objects.create(user=User.objects.create_user("ada"), tenant=workshop.tenant, role=Role.TENANT_ADMIN)
    ada = replace(workshop.bob, name="ada")
    of_ada = {name: create_key(workshop.tenant, name, ["admin"], owner="ada")[0] for name in ("asks", "decides")}
    asks, decides = (replace(workshop.bob, name=f"key:{key.name}:{key.prefix}", key_id=key.public_id) for key in of_ada.values())
    for giver in (ada, decides):
        grants.give(principal=giver, skill="say", agent_ref=None, host="", limits=Limits(max_uses=9), reason="for all of it")
    run = waiting(replace(workshop, alice=asks))
    assert not GrantUse.objects.exists()
    action = shown(workshop, run)["action_hash"]
    for who in (ada, decides):
        with pytest.raises(Refusal, match="who asked for the run may not approve"):
            replace(workshop, bob=who).decide(run, "a", "approve", action_hash=action)
        with pytest.raises(Refusal, match="who asked for the run may make no link"):
            make_link(principal=who, run_id=run.public_id, step_id="a", made_for="bob")
        with pytest.raises(Refusal, match="neither hands its approval on nor asks"):
            add_note(principal=who, run_id=run.public_id, step_id="a", kind="ask", text="may I?")
    with pytest.raises(Refusal, match="who asked for the run may not approve") as refused:
        add_note(principal=workshop.bob, run_id=run.public_id, step_id="a", kind="assign", text="yours", to="ada")
    assert refused.value.errors[0]["pointer"] == "/to"
    assert "ada" not in people_to_hand_to(workshop.tenant, shown(workshop, run))
    add_note(principal=workshop.bob, run_id=run.public_id, step_id="a", kind="ask", text="what for?")
    assert [note.text for note in asked_of([workshop.tenant], "ada")] == ["what for?"]
    add_note(principal=ada, run_id=run.public_id, step_id="a", kind="reply", text="for May")
    rows = approvals.approvals_in([workshop.tenant])
    assert not handed_to(rows, names_of([workshop.tenant], "ada")).exists() and handed_to(rows, {"bob"}).exists()
    assert not Signal.objects.exists()


def test_an_edit_makes_no_write_of_what_was_planned_as_a_read(workshop: Workshop) -> None:
    run = waiting(workshop, "http_call", url=URL)
    assert faults_of_edit(workshop, run, method="POST") == ["/params: its effect would be write, and was planned as read"]
    assert edited(workshop, run, method="HEAD")["blockers"] == []


def test_nor_does_the_answer_to_a_failure_though_who_asked_for_the_run_gives_it(workshop: Workshop) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    broken = step("a", "http_call", url=URL, body="${inputs.nothing.there}", on_error="escalate")
    run = workshop.submit(broken, inputs={"nothing": {}})
    with a_worker():
        wait_for(lambda: as_it_is(run).waiting_for == "input" or as_it_is(run).is_terminal, "the question")
    given = {"params": {"url": URL, "method": "POST"}}
    with pytest.raises(Refusal) as refused:
        deciding.decide_step(principal=workshop.alice, run_id=run.public_id, step_id="a", verdict="modify", value=given)
    assert refused.value.errors[0]["detail"] == "its effect would be write, and was planned as read"
    assert not Signal.objects.exists()


def test_an_edit_costs_nothing_where_the_plan_did_not(workshop: Workshop) -> None:
    run = waiting(workshop, "costly", worst=0, cost=0)
    assert faults_of_edit(workshop, run, worst=60) == ["/params: it would cost something, and was planned as free"]


ELSEWHERE: list[dict[str, Any]] = [
    {"url": "https://evil.example/orders"},
    {"url": "http://api.example.com/orders"},
    {"url": "https://api.example.com@evil.example/orders"},
    {"url": "https://api.example.com:8443/orders"},
    {"probe": {"url": "https://evil.example/"}},
    {"headers": {"Authorization": "Bearer ${secrets.OTHER}"}},
]


def test_an_edit_sends_no_secret_anywhere_else(workshop: Workshop) -> None:
    run = waiting(workshop, "http_call", method="POST", url=URL, headers={"Authorization": TOKEN}, body={"cups": 1})
    for params in ELSEWHERE:
        assert faults_of_edit(workshop, run, **params), params
    assert edited(workshop, run, body={"cups": 2}, url=f"{URL}?express=1")["blockers"] == []
    without = {"url": "https://elsewhere.example/", "headers": {}}
    assert edited(workshop, run, **without)["changes"]


def test_a_yes_to_a_call_that_may_go_anywhere_makes_no_host_known(workshop: Workshop) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.http_call"])
    new = create_agent(tenant=workshop.tenant, name="new", profile={"approval_first_use_of_host": True})
    run = workshop.submit(step("a", "http_call", url="${secrets.HOOK}"), agent=new)
    with a_worker():
        run = parked(run, "approval")
    told = shown(workshop, run)
    assert told["asks_because"] == "policy_by_first_use"
    workshop.decide(run, "a", "approve", action_hash=told["action_hash"])
    assert not KnownHost.objects.exists()


def test_nobody_approves_what_ran_out_while_no_worker_was_there(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = waiting(workshop)
    action = shown(workshop, run)["action_hash"]
    monkeypatch.setattr(deciding, "now_ms", lambda: now_ms() + 86_400_001)
    with pytest.raises(Refusal, match="nobody decided about 'a' in time") as refused:
        workshop.decide(run, "a", "approve", action_hash=action)
    assert (refused.value.code, refused.value.status) == ("APPROVAL_EXPIRED", 409)


def test_what_an_edit_changes_is_masked_as_the_text_beside_it_is() -> None:
    change = {"pointer": "/headers/password", "was": "hunter2hunter2", "now": "x"}
    call = {"changes": [change], "worst_micro_usd": 0, "expected_ms": 1, "missing_micro_usd": 0, "blockers": []}
    told = outcome({**call, "asks_because": "", "action_hash": ""})["changes"][0]
    assert (told["pointer"], "hunter2" in told["was"]) == ("/headers/password", False)


def test_advice_that_makes_a_write_of_a_read_makes_another_pin(workshop: Workshop) -> None:
    state = read_state(waiting(workshop, "http_call", url=URL))
    failed = StepFailed(now_ms(), "a", 1, "NOT_FOUND", "it is gone", advice={"fallback_params": {"method": "POST"}})
    fallback = _with_fallback(failed, state.steps["a"], state).fallback
    assert fallback is not None and (fallback.skill, fallback.effect) == ("http_call", "write")
    like_it = replace_fields(failed, advice={"fallback_params": {"method": "HEAD"}})
    assert _with_fallback(like_it, state.steps["a"], state).fallback is None


def test_the_secret_of_a_link_stays_out_of_logs_on_the_way_to_the_sign_in_too() -> None:
    for line in ("GET /decide/lnk_1/s3cret/ 200", '"GET /admin/sign-in/?next=%2Fdecide%2Flnk_1%2Fs3cret%2F HTTP/1.1"'):
        assert "lnk_1" in without_link_secrets(line) and "s3cret" not in without_link_secrets(line)


UNSEEN = ("\u200b" * 12, "\u202e\u2066" * 9, "\u2800" * 12, "\u3164" * 12, "no" + "\ufe0f" * 12, "no" + " " * 20 + "no", "\x07" * 12)


def test_what_nobody_can_see_is_no_reason(workshop: Workshop) -> None:
    run = waiting(workshop)
    action = shown(workshop, run)["action_hash"]
    for reason in UNSEEN:
        with pytest.raises(Refusal) as refused:
            workshop.decide(run, "a", "reject", action_hash=action, reason=reason)
        assert (refused.value.status, refused.value.errors[0]["pointer"]) == (422, "/reason"), ascii(reason)
        with pytest.raises(Refusal) as refused:
            parse_body(RevokeGrantBody, {"reason": reason})
        assert [fault["pointer"] for fault in refused.value.errors] == ["/reason"], ascii(reason)
    assert not Signal.objects.exists()
    workshop.decide(run, "a", "reject", action_hash=action, reason="לא אושר עם בן")
    assert Signal.objects.get().actor == "bob"


def test_a_developer_neither_answers_for_a_run_of_somebody_elses_agent_nor_spends_its_money(workshop: Workshop) -> None:
    plugins.load(registry, with_plugins=False, modules=["skills.library.ask_human"])
    run = workshop.submit(step("a", "ask_human", question="which?", form={"type": "string"}))
    with a_worker():
        run = parked(run, "input")
    developer = replace(workshop.bob, name="person:dev", scopes=ROLE_SCOPES["developer"], role="developer")
    answer = {"run_id": run.public_id, "step_id": "a", "verdict": "answer", "value": "red"}
    with pytest.raises(Refusal, match="takes an operator, an approver or a tenant admin") as refused:
        deciding.decide_step(principal=developer, **answer)
    assert refused.value.code == "PERMISSION_DENIED"
    mine = create_agent(tenant=workshop.tenant, name="mine")
    Agent.objects.filter(pk=mine.pk).update(owner="person:dev")
    with pytest.raises(Refusal, match="is not yours"):
        submit(principal=developer, agent_ref="mine", plan={"goal": "g", "steps": [step("b", "say")]}, called_by=run.public_id)
    assert not Signal.objects.exists() and Run.objects.count() == 1
    deciding.decide_step(principal=replace(developer, role="approver"), **answer)
    assert Signal.objects.count() == 1


def test_of_two_grants_at_once_the_second_is_counted_with_the_first(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "MOST_IN_FORCE", 1)
    limits = Limits(max_uses=1)
    give = partial(grants.give, principal=workshop.bob, skill="say", agent_ref=None, host="", limits=limits, reason="for all of it")
    refused = meeting(give, give)
    assert isinstance(refused, Refusal) and (refused.code, refused.status) == ("QUOTA_EXHAUSTED", 409)
