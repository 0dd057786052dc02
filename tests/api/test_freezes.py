"""The kill switch over the API: a key stops what is its tenant's, reads why it is stopped, and reaches nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from agents import freezes
from agents.models import Agent, Freeze, Tenant
from runs.models import Run
from tests.api.cast import Caller
from tests.api.test_tenants_do_not_meet import comparable

pytestmark = pytest.mark.django_db

NO_FREEZE = "frz_" + "0" * 32
URL = "/api/v1/freezes"
WHY = "it writes to the wrong place"
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": [1], "path": "$"}}]}


def froze(caller: Caller, kind: str, key: str | None = None, status: int = 201) -> dict[str, Any]:
    answer = caller.post(URL, {"kind": kind, "key": key, "reason": WHY})
    assert answer.status_code == status, answer.json()
    told: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{URL}/{told['freeze_id']}"
    return told


@pytest.mark.parametrize(("kind", "key"), [("tenant", None), ("agent", "worker"), ("skill", "json_transform")])
def test_it_refuses_runs_of_what_is_frozen_until_it_is_lifted(
    alice: Caller, agent: Agent, assert_problem: Any, kind: str, key: str | None
) -> None:
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).status_code == 202
    told = froze(alice, kind, key)
    assert (told["kind"], told["live"], told["everywhere"], told["reason"], told["lifted_at"]) == (kind, True, False, WHY, None)
    assert told["frozen_by"].startswith("key:alice:")
    problem = assert_problem(alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}), 423, "FROZEN")
    assert WHY in problem["detail"]
    assert f"{URL}/{told['freeze_id']}/lift" in problem["suggestions"][0]
    assert problem["retryable"] is False
    lifted = alice.post(f"{URL}/{told['freeze_id']}/lift", {"reason": "mended"})
    assert (lifted.status_code, lifted.json()["live"], lifted.json()["lifted_because"]) == (200, False, "mended")
    assert lifted.json()["lifted_by"].startswith("key:alice:")
    assert alice.get(f"{URL}/{told['freeze_id']}").json() == lifted.json()
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).status_code == 202


def test_it_answers_the_freeze_that_stands_to_who_freezes_again(alice: Caller, agent: Agent) -> None:
    first = froze(alice, "agent", agent.public_id)
    assert first["key"] == agent.public_id
    assert froze(alice, "agent", "worker", status=200) == first
    assert Freeze.objects.count() == 1


def test_it_answers_the_same_to_who_lifts_again(alice: Caller) -> None:
    path = f"{URL}/{froze(alice, 'tenant')['freeze_id']}/lift"
    first = alice.post(path, {"reason": "mended"}).json()
    assert alice.post(path, {"reason": "me too"}).json() == first


def test_it_lists_what_stands_and_what_stood_newest_first(alice: Caller, bob: Caller, charlie: Caller, agent: Agent) -> None:
    first, second = froze(alice, "agent", "worker"), froze(alice, "skill", "http_call")
    alice.post(f"{URL}/{first['freeze_id']}/lift", {"reason": "mended"})
    froze(charlie, "tenant")

    def listed(query: str = "") -> list[str]:
        return [found["freeze_id"] for found in bob.get(URL + query).json()["data"]]

    assert listed() == [second["freeze_id"], first["freeze_id"]]
    assert (listed("?live=true"), listed("?live=false")) == ([second["freeze_id"]], [first["freeze_id"]])
    page = bob.get(URL + "?limit=1").json()
    assert [found["freeze_id"] for found in page["data"]] == [second["freeze_id"]]
    assert listed(f"?limit=1&cursor={page['next_cursor']}") == [first["freeze_id"]]


BAD = [
    pytest.param({"kind": "tenant"}, 422, "MISSING_REQUIRED_FIELD", "/reason", id="no reason"),
    pytest.param({"kind": "tenant", "reason": "no"}, 422, "SCHEMA_VALIDATION_FAILED", "/reason", id="hardly a reason"),
    pytest.param({"kind": "tenant", "reason": "     "}, 422, "SCHEMA_VALIDATION_FAILED", "/reason", id="blanks"),
    pytest.param({"kind": "tenant", "reason": "x" * 501}, 422, "SCHEMA_VALIDATION_FAILED", "/reason", id="a novel"),
    pytest.param({"kind": "world", "reason": WHY}, 422, "SCHEMA_VALIDATION_FAILED", "/kind", id="unknown kind"),
    pytest.param({"kind": "skill", "key": "nonsense", "reason": WHY}, 422, "SCHEMA_VALIDATION_FAILED", "/key", id="unknown skill"),
    pytest.param({"kind": "skill", "reason": WHY}, 422, "SCHEMA_VALIDATION_FAILED", "/key", id="no skill"),
    pytest.param({"kind": "agent", "key": 7, "reason": WHY}, 422, "SCHEMA_VALIDATION_FAILED", "/key", id="a number"),
    pytest.param({"kind": "agent", "key": "nobody", "reason": WHY}, 404, "NOT_FOUND", None, id="unknown agent"),
    pytest.param({"kind": "tenant", "key": "rival", "reason": WHY}, 404, "NOT_FOUND", None, id="another tenant"),
    pytest.param({"kind": "tenant", "reason": WHY, "everywhere": True}, 422, "SCHEMA_VALIDATION_FAILED", "/everywhere", id="everywhere"),
]


@pytest.mark.parametrize(("body", "status", "code", "pointer"), BAD)
def test_it_refuses_a_freeze_that_makes_no_sense(
    alice: Caller, rival: Tenant, assert_problem: Any, body: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    problem = assert_problem(alice.post(URL, body), status, code)
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])
    assert not Freeze.objects.exists()


def test_it_lifts_nothing_without_a_reason(alice: Caller, assert_problem: Any) -> None:
    told = froze(alice, "tenant")
    assert_problem(alice.post(f"{URL}/{told['freeze_id']}/lift", {}), 422, "MISSING_REQUIRED_FIELD")
    assert Freeze.objects.get().lifted_at is None


# Tenants do not meet


def test_it_answers_for_a_foreign_freeze_as_for_none(alice: Caller, charlie: Caller, assert_problem: Any) -> None:
    told = froze(alice, "tenant")
    for method, path in (("GET", f"{URL}/ID"), ("POST", f"{URL}/ID/lift")):
        body = {"reason": "let it go"} if method == "POST" else None
        foreign = charlie.send(method, path.replace("ID", told["freeze_id"]), body)
        assert_problem(foreign, 404, "NOT_FOUND")
        for nothing in (NO_FREEZE, "frz_x", "x", "%00", "run_" + "0" * 32):
            assert comparable(charlie.send(method, path.replace("ID", nothing), body)) == comparable(foreign)
    assert charlie.get(URL).json() == {"data": [], "next_cursor": None}
    assert Freeze.objects.get().lifted_at is None


def test_it_freezes_no_foreign_agent_nor_a_skill_for_others(alice: Caller, charlie: Caller, agent: Agent, assert_problem: Any) -> None:
    for ref in (agent.public_id, agent.name):
        assert_problem(charlie.post(URL, {"kind": "agent", "key": ref, "reason": WHY}), 404, "NOT_FOUND")
    froze(charlie, "skill", "json_transform")
    froze(charlie, "tenant")
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).status_code == 202
    assert Run.objects.count() == 1


def test_it_shows_what_is_frozen_for_everybody_and_lets_no_tenant_lift_it(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    found, _ = freezes.freeze(tenant=None, kind="skill", key="json_transform", reason=WHY, by="root@platform")
    told = alice.get(f"{URL}/{found.public_id}").json()
    assert (told["everywhere"], told["frozen_by"]) == (True, "the operator of this installation")
    assert alice.get(URL).json()["data"] == [told]
    problem = assert_problem(alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}), 423, "FROZEN")
    assert "manage.py unfreeze" in problem["suggestions"][0]
    assert_problem(alice.post(f"{URL}/{found.public_id}/lift", {"reason": "let us go"}), 403, "PERMISSION_DENIED")
    found.refresh_from_db()
    assert found.lifted_at is None
    # The tenant's own freeze of the same skill stands beside it, and each is lifted for itself.
    own = froze(alice, "skill", "json_transform")
    assert alice.post(f"{URL}/{own['freeze_id']}/lift", {"reason": "mended"}).status_code == 200
    assert_problem(alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}), 423, "FROZEN")


def test_it_lets_a_reader_read_and_not_freeze(bob: Caller, assert_problem: Any) -> None:
    assert bob.get(URL).status_code == 200
    assert_problem(bob.post(URL, {"kind": "tenant", "reason": WHY}), 403, "PERMISSION_DENIED")
    assert not Freeze.objects.exists()
