"""People around a decision by the API: questions answered by their forms, notes, many decisions at once, links; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import AuditEntry, Membership, Role, Tenant
from agents.tenancy import SCOPES
from runs.models import ApprovalNote, Run, Signal
from tests.api.cast import Caller, make_caller
from tests.api.described import described
from tests.api.test_webhooks import post_signed
from tests.integration.workshop import a_worker, over, parked, step_of

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
FORM = {
    "type": "object",
    "properties": {
        "colour": {"enum": ["red", "blue"]},
        "note": {"type": "string", "maxLength": 10_000},
        "where": {"type": "object", "properties": {"street": {"type": "string"}}},
    },
    "required": ["colour"],
}


def ask(form: Any = None) -> dict[str, Any]:
    return {"step_id": "q", "skill": "ask_human", "params": {"question": "Which?", "form": FORM if form is None else form}}


def call(step_id: str, order: int) -> dict[str, Any]:
    given = {"input": {"order": order, "shop": "tea"}}
    return {"step_id": step_id, "skill": "json_transform", "params": given, "approval": "always"}


class Cast:
    """Alice asks for runs, bob and carol decide, dan is a member who may not, and eve is of another tenant."""

    def __init__(self) -> None:
        self.acme = Tenant.objects.create(slug="acme", name="Acme")
        self.alice, self.bob = (make_caller(self.acme, name, SCOPES) for name in ("alice", "bob"))
        self.eve = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "eve", SCOPES)
        self.alice.post(f"{API}/agents", {"name": "worker"})
        for name, role in (("carol", Role.APPROVER), ("dan", Role.VIEWER)):
            Membership.objects.create(user=User.objects.create_user(name), tenant=self.acme, role=role)

    def waiting(self, *steps: dict[str, Any], for_: str = "approval") -> Run:
        answered = self.alice.post(f"{API}/runs", {"agent": "worker", "plan": {"goal": "pay", "steps": list(steps)}})
        with a_worker():
            return parked(Run.objects.get(public_id=answered.json()["run_id"]), for_)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return Cast()


def name_of(caller: Caller) -> str:
    assert caller.row is not None
    return f"key:{caller.row.name}:{caller.row.prefix}"


# Questions


def test_a_question_is_listed_shown_and_answered_once(cast: Cast, assert_problem: Any) -> None:
    run = cast.waiting(ask(), for_="input")
    one = f"{API}/questions/{run.public_id}/q"
    (shown,) = described("questions_list", cast.bob.get(f"{API}/questions"))["data"]
    assert shown == described("questions_get", cast.bob.get(one))
    assert (shown["question"], shown["form"], shown["waits_for"]) == ("Which?", FORM, "input")
    assert cast.eve.get(f"{API}/questions").json()["data"] == []
    for method, path, body in (("GET", one, None), ("POST", f"{one}/answer", {"value": {"colour": "red"}})):
        assert_problem(cast.eve.send(method, path, body), 404, "NOT_FOUND")
    value = {"colour": "red", "note": "x" * 10_000}
    assert described("questions_answer", cast.bob.post(f"{one}/answer", {"value": value}))["requested"] == "answer"
    assert_problem(cast.bob.post(f"{one}/answer", {"value": value}), 409, "INVALID_INPUT")
    with a_worker():
        over(run)
    assert step_of(run, "q")["result"] == value
    assert_problem(cast.bob.post(f"{one}/answer", {"value": value}), 404, "NOT_FOUND")


BAD = {
    "a field that was not asked for": ({"colour": "red", "admin": True}, ""),
    "one within": ({"colour": "red", "where": {"street": "x", "host": "evil.example"}}, "/where"),
    "another colour": ({"colour": "green"}, "/colour"),
    "none": ({}, "/colour"),
    "a text too long": ({"colour": "red", "note": "x" * 10_001}, "/note"),
    "no object": ([], ""),
    "more than an answer may be": ({"colour": "red", "note": "x" * 300_000}, ""),
}


def test_an_answer_that_breaks_the_form_is_refused_by_whatever_way_it_comes(cast: Cast) -> None:
    run = cast.waiting(ask(), for_="input")
    hook = cast.bob.post(f"{API}/webhooks", {"url": "https://hooks.example.com/", "may_answer": True}).json()
    for what, (value, pointer) in BAD.items():
        refused = cast.bob.post(f"{API}/questions/{run.public_id}/q/answer", {"value": value})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/value{pointer}"), what
        assert len(refused.json()["errors"][0]["detail"]) <= 300
        decided = cast.bob.post(f"{API}/runs/{run.public_id}/decide", {"step_id": "q", "verdict": "answer", "value": value})
        assert (decided.status_code, decided.json()["errors"]) == (422, refused.json()["errors"]), what
        body = {"run_id": run.public_id, "step_id": "q", "verdict": "answer", "value": value}
        signed = post_signed(hook["webhook_id"], body, hook["secret"], message=f"msg_{what.replace(' ', '_')}")
        assert (signed.status_code, signed.json()["errors"]) == (422, refused.json()["errors"]), what
    assert not Signal.objects.exists()


def test_a_form_that_cannot_be_read_takes_no_answer_and_says_so(cast: Cast, assert_problem: Any) -> None:
    run = cast.waiting(ask({"type": "no such type"}), for_="input")
    one = f"{API}/questions/{run.public_id}/q"
    assert cast.bob.get(one).json()["form"] == {"type": "no such type"}
    refused = cast.bob.post(f"{one}/answer", {"value": 1})
    assert_problem(refused, 409, "INVALID_INPUT")
    assert "cannot be used" in refused.json()["detail"]
    assert_problem(cast.bob.get(f"{API}/questions/run_{'0' * 32}/q"), 404, "NOT_FOUND")


def test_what_becomes_of_a_failure_is_an_answer_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"step_id": "q", "skill": "json_transform", "params": {"input": {"x": 1}, "path": "$.y"}, "on_error": "escalate"}
    run = cast.waiting(broken, for_="input")
    one = f"{API}/questions/{run.public_id}/q"
    shown = described("questions_get", cast.bob.get(one))
    assert shown["waits_for"] == "escalation" and shown["question"].startswith("q failed: ")
    assert cast.bob.post(f"{one}/answer", {"value": {"action": "approve"}}).status_code == 422
    assert cast.bob.post(f"{one}/answer", {"value": {"action": "modify", "params": {"nonsense": 1}}}).status_code == 422
    told = {"action": "modify", "params": {"input": {"x": 1}, "path": "$.x"}}
    assert cast.bob.post(f"{one}/answer", {"value": told}).json()["requested"] == "modify"
    with a_worker():
        assert over(run).status == "succeeded"


# Notes


def test_a_call_is_handed_on_asked_about_and_replied_to(cast: Cast, assert_problem: Any) -> None:
    run = cast.waiting(call("a", 1))
    path = f"{API}/approvals/{run.public_id}/a/notes"
    requester = make_caller(cast.acme, "other", ("runs:read", "runs:write"))
    assert_problem(cast.alice.post(path, {"kind": "reply", "text": "early"}), 409, "INVALID_INPUT")
    refused = (
        (cast.bob, {"kind": "assign", "to": "dan"}, 422),
        (cast.bob, {"kind": "assign", "to": "nobody"}, 422),
        (cast.bob, {"kind": "assign"}, 422),
        (cast.bob, {"kind": "assign", "to": name_of(cast.alice)}, 422),
        (cast.bob, {"kind": "ask", "text": "  "}, 422),
        (cast.bob, {"kind": "ask", "text": "x" * 2_001}, 422),
        (cast.bob, {"kind": "reply", "text": "I am not alice"}, 403),
        (cast.alice, {"kind": "assign", "to": "carol"}, 403),
        (cast.alice, {"kind": "ask", "text": "me?"}, 403),
        (requester, {"kind": "ask", "text": "a stranger"}, 403),
        (cast.eve, {"kind": "assign", "to": "carol"}, 404),
    )
    for caller, body, status in refused:
        assert caller.post(path, body).status_code == status, body
    assert requester.get(path).status_code == 403 and cast.eve.get(path).status_code == 404
    assert not ApprovalNote.objects.exists()
    handed = described("approvals_note", cast.bob.post(path, {"kind": "assign", "to": "carol"}, Idempotency_Key="n1"))
    assert cast.bob.post(path, {"kind": "assign", "to": "carol"}, Idempotency_Key="n1").json() == handed
    asked = cast.bob.post(path, {"kind": "ask", "text": "Which order <script>?"}).json()
    assert asked["to"] == name_of(cast.alice)
    assert cast.alice.post(path, {"kind": "reply", "text": "The one of May"}).json()["to"] == name_of(cast.bob)
    told = described("approvals_notes", cast.alice.get(path))["data"]
    assert [(note["kind"], note["text"]) for note in told] == [
        ("assign", ""),
        ("ask", "Which order <script>?"),
        ("reply", "The one of May"),
    ]
    said = AuditEntry.objects.filter(action__startswith="approval.").order_by("pk").values_list("action", flat=True)
    assert list(said) == ["approval.assign", "approval.ask", "approval.reply"]
    with a_worker():
        cast.alice.post(f"{API}/runs/{run.public_id}/cancel", {})
        over(run)
    assert_problem(cast.bob.post(path, {"kind": "ask", "text": "too late"}), 404, "NOT_FOUND")
    assert len(cast.bob.get(path).json()["data"]) == 3


# Many at once


def test_many_are_decided_each_on_its_own(cast: Cast, assert_problem: Any) -> None:
    run = cast.waiting(*(call(name, at) for at, name in enumerate("abcd")))
    shown = {each["step_id"]: each["action_hash"] for each in cast.bob.get(f"{API}/approvals").json()["data"]}
    path = f"{API}/approvals/decide"
    wanted = [{"run_id": run.public_id, "step_id": name, "action_hash": shown[name]} for name in "abc"]
    assert_problem(cast.bob.post(path, {"decisions": [], "verdict": "approve"}), 422, "SCHEMA_VALIDATION_FAILED")
    assert cast.bob.post(path, {"decisions": wanted * 34, "verdict": "approve"}).status_code == 422
    yes = {"decisions": wanted, "verdict": "approve", "reason": "all of today's"}
    own = described("approvals_decide", cast.alice.post(path, yes))["data"]
    assert {each["result"] for each in own} == {"refused"}
    assert {each["result"] for each in cast.eve.post(path, yes).json()["data"]} == {"not_waiting"}
    assert not Signal.objects.exists()
    carol = make_caller(cast.acme, "carol", SCOPES)
    assert carol.post(f"{API}/approvals/{run.public_id}/b/reject", {"action_hash": shown["b"], "reason": "far too dear"}).status_code == 202
    wanted[2]["action_hash"] = "0" * 64
    gone = {"run_id": run.public_id, "step_id": "nothing", "action_hash": "0" * 64}
    told = described("approvals_decide", cast.bob.post(path, yes | {"decisions": [*wanted, wanted[0], gone]}))["data"]
    assert [each["result"] for each in told] == ["decided", "already_decided", "changed", "already_decided", "not_waiting"]
    assert "carol" in told[1]["detail"]
    assert Signal.objects.count() == 2


# Links


def test_a_link_is_told_once_decides_without_a_key_and_may_be_taken_back(cast: Cast, settings: Any, assert_problem: Any) -> None:
    run = cast.waiting(call("a", 1))
    path = f"{API}/approvals/{run.public_id}/a/links"
    assert_problem(cast.alice.post(path, {"for": "carol"}), 403, "PERMISSION_DENIED")
    assert_problem(cast.eve.post(path, {"for": "carol"}), 404, "NOT_FOUND")
    assert_problem(make_caller(cast.acme, "reader", ("approvals:read",)).post(path, {"for": "carol"}), 403, "PERMISSION_DENIED")
    for body in ({"for": "dan"}, {"for": "carol", "ttl_s": 59}, {"for": "carol", "ttl_s": 700_000}, {"for": ""}, {}):
        assert cast.bob.post(path, body).status_code == 422, body
    settings.PUBLIC_URL = "https://aos.example.com"
    made = described("approvals_link", cast.bob.post(path, {"for": "carol"}, Idempotency_Key="l1"))
    assert made["url"].startswith(f"https://aos.example.com/decide/{made['link_id']}/")
    again = cast.bob.post(path, {"for": "carol"}, Idempotency_Key="l1").json()
    assert again.get("url") is None and again["link_id"] == made["link_id"]
    wrong = described("approvals_link", cast.bob.post(path, {"for": "carol", "ttl_s": 60}))
    one = f"{path}/{wrong['link_id']}/revoke"
    for caller, status, code in ((cast.alice, 403, "PERMISSION_DENIED"), (cast.eve, 404, "NOT_FOUND")):
        assert_problem(caller.post(one, {}), status, code)
    assert_problem(cast.bob.post(one.replace("/a/", "/b/"), {}), 404, "NOT_FOUND")
    assert_problem(cast.bob.post(f"{path}/lnk_%00/revoke", {}), 404, "NOT_FOUND")
    revoked = described("approvals_revoke_link", cast.bob.post(one, {"reason": "another carol"}))
    assert (revoked["state"], revoked["revoked_by"]) == ("revoked", name_of(cast.bob))
    assert_problem(cast.bob.post(one, {}), 409, "INVALID_INPUT")
    assert_problem(cast.eve.get(path), 404, "NOT_FOUND")
    known = described("approvals_links", cast.bob.get(path))["data"]
    assert [(each["link_id"], each["state"]) for each in known] == [(wrong["link_id"], "revoked"), (made["link_id"], "open")]
    gone = Client().post(wrong["url"].removeprefix("https://aos.example.com"), {"verdict": "reject", "reason": "far too dear for tea"})
    assert gone.status_code == 409 and "was taken back" in gone.content.decode() and not Signal.objects.exists()
    entry = AuditEntry.objects.get(action="approval.link_revoke")
    assert (entry.target, entry.reason) == (run.public_id, "another carol") and wrong["link_id"] in entry.before
    place = made["url"].removeprefix("https://aos.example.com")
    assert "Your word, carol" in Client().get(place).content.decode()
    assert Client().post(place, {"verdict": "reject", "reason": "far too dear for tea"}).status_code == 200
    assert_problem(cast.bob.post(f"{path}/{made['link_id']}/revoke", {}), 409, "INVALID_INPUT")
    with a_worker():
        assert over(run).failure_code == "APPROVAL_REJECTED"
