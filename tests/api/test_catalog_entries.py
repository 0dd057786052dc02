"""The catalog by API: a key overrides for its own tenant, edits what it has read, and reads every version."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Tenant
from catalog.entries import create_entry
from catalog.models import CatalogEntry, EntryVersion
from tests.api.cast import Caller, make_caller

pytestmark = pytest.mark.django_db
URL = "/api/v1/catalog"
WHY = {"reason": "the night of the outage"}


def made(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = caller.post(URL, {"code": "TIMEOUT", "skill": "mine", "mode": "SKIP", **WHY, **body})
    assert answer.status_code == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def shared() -> CatalogEntry:
    return CatalogEntry.objects.get(tenant=None, code="TIMEOUT", skill="")


def test_it_makes_an_override(alice: Caller) -> None:
    answer = alice.post(URL, {"code": "TIMEOUT", "parameters": {"max_attempts": 4}, **WHY})
    told = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"{URL}/{told['id']}")
    assert (told["scope"], told["skill"], told["version"], told["confidence_label"]) == ("tenant", None, 1, "prior")
    assert told["backoff"]["max_attempts"] == 4
    assert alice.get(answer.headers["Location"]).json() == told
    assert told in alice.get(f"{URL}?code=TIMEOUT").json()["data"]


def test_it_edits_what_was_read_and_tells_every_version(alice: Caller) -> None:
    entry = made(alice)
    path = f"{URL}/{entry['id']}"
    edited = alice.send("PATCH", path, {"version": 1, "mode": "ABORT", "suggestions": ["Ask Bob."], "reason": "SKIP hid it"}).json()
    assert (edited["version"], edited["mode"]) == (2, "ABORT")
    newest, oldest = alice.get(f"{path}/versions").json()["data"]
    assert (newest["action"], newest["reason"], newest["by"].split(":")[:2]) == ("edited", "SKIP hid it", ["key", "alice"])
    assert newest["changes"] == [
        {"pointer": "/mode", "before": "SKIP", "after": "ABORT"},
        {"pointer": "/suggestions", "before": [], "after": ["Ask Bob."]},
    ]
    assert (oldest["version"], oldest["action"], oldest["document"]["mode"]) == (1, "created", "SKIP")


def test_it_compares_any_two_versions(alice: Caller, assert_problem: Any) -> None:
    path = f"{URL}/{made(alice)['id']}"
    for version, mode in ((1, "ABORT"), (2, "SKIP"), (3, "ESCALATE")):
        alice.send("PATCH", path, {"version": version, "mode": mode, **WHY})
    told = alice.get(f"{path}/versions?against=1").json()["data"]
    assert [[change["after"] for change in version["changes"]] for version in told] == [["ESCALATE"], [], ["ABORT"], []]
    assert_problem(alice.get(f"{path}/versions?against=9"), 404, "NOT_FOUND")


def test_it_removes_and_restores(alice: Caller) -> None:
    path = f"{URL}/{made(alice)['id']}"
    removed = alice.send("DELETE", f"{path}?version=1&reason=of no use").json()
    assert (removed["version"], removed["removed_at"] is not None) == (2, True)
    assert removed["id"] not in [entry["id"] for entry in alice.get(URL).json()["data"]]
    assert alice.get(path).json() == removed
    restored = alice.post(f"{path}/restore", {"version": 2, "reason": "of use after all"}).json()
    assert (restored["version"], restored["removed_at"]) == (3, None)
    alice.send("PATCH", path, {"version": 3, "mode": "ABORT", **WHY})
    assert alice.post(f"{path}/restore", {"to_version": 1, **WHY}).json()["mode"] == "SKIP"
    assert EntryVersion.objects.filter(entry_id=removed["id"]).count() == 5


STALE = [
    pytest.param("PATCH", "", {"version": 1, "mode": "ABORT", **WHY}, id="edit"),
    pytest.param("DELETE", "?version=1&reason=of no use", None, id="remove"),
    pytest.param("POST", "/restore", {"version": 1, "to_version": 1, **WHY}, id="restore"),
]


@pytest.mark.parametrize(("method", "path", "body"), STALE)
def test_it_answers_409_to_who_read_an_older_version(alice: Caller, assert_problem: Any, method: str, path: str, body: Any) -> None:
    entry = made(alice)
    alice.send("PATCH", f"{URL}/{entry['id']}", {"version": 1, "mode": "ESCALATE", **WHY})
    problem = assert_problem(alice.send(method, f"{URL}/{entry['id']}{path}", body), 409, "INVALID_INPUT")
    assert problem["errors"][0]["code"] == "stale"
    assert CatalogEntry.objects.get(pk=entry["id"]).version == 2


WRITES = [
    pytest.param("PATCH", "", {"version": 1, "mode": "ABORT", **WHY}, id="edit"),
    pytest.param("DELETE", "?reason=of no use", None, id="remove"),
    pytest.param("POST", "/restore", {"to_version": 1, **WHY}, id="restore"),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_key_changes_no_entry_but_its_tenants(
    alice: Caller, charlie: Caller, assert_problem: Any, method: str, path: str, body: Any
) -> None:
    ours, theirs = f"{URL}/{shared().pk}", f"{URL}/{made(alice)['id']}"
    problem = assert_problem(alice.send(method, ours + path, body), 403, "PERMISSION_DENIED")
    assert "override" in problem["suggestions"][0]
    foreign = assert_problem(charlie.send(method, theirs + path, body), 404, "NOT_FOUND")
    for nothing in ("0", "none", "%00", "9" * 40):
        missing = assert_problem(charlie.send(method, f"{URL}/{nothing}{path}", body), 404, "NOT_FOUND")
        assert {**missing, "instance": "", "trace_id": ""} == {**foreign, "instance": "", "trace_id": ""}
    assert EntryVersion.objects.exclude(action="seeded").count() == 1


@pytest.mark.parametrize("path", ["", "/versions"])
def test_a_key_reads_what_is_shared_and_its_own(alice: Caller, charlie: Caller, assert_problem: Any, path: str) -> None:
    assert charlie.get(f"{URL}/{shared().pk}{path}").status_code == 200
    assert_problem(charlie.get(f"{URL}/{made(alice)['id']}{path}"), 404, "NOT_FOUND")


def test_it_does_not_name_who_runs_the_installation(alice: Caller) -> None:
    row = create_entry(tenant=None, document={"code": "TIMEOUT", "skill": "ours"}, by="root@example.com", reason="for all")
    [version] = alice.get(f"{URL}/{row.pk}/versions").json()["data"]
    assert version["by"] == "the operator of this installation"
    [seeded] = alice.get(f"{URL}/{shared().pk}/versions").json()["data"]
    assert (seeded["by"], seeded["action"]) == ("AOS", "seeded")


def test_it_makes_no_override_twice(alice: Caller, charlie: Caller, assert_problem: Any) -> None:
    made(alice)
    assert_problem(alice.post(URL, {"code": "TIMEOUT", "skill": "mine", **WHY}), 409, "INVALID_INPUT")
    made(charlie)


BAD = [
    pytest.param({"code": "TIMEOT"}, "/code", id="an unknown code"),
    pytest.param({"code": "x" * 200_000}, "/code", id="a very long code"),
    pytest.param({"code": None}, "/code", id="no code"),
    pytest.param({"mode": "PRAY"}, "/mode", id="an unknown mode"),
    pytest.param({"parameters": {"max_attempts": 10**12}}, "/parameters/max_attempts", id="too many attempts"),
    pytest.param({"parameters": {"sideways": 1}}, "/parameters/sideways", id="an unknown parameter"),
    pytest.param({"doc_url": "javascript:alert(1)"}, "/doc_url", id="a link that runs a script"),
    pytest.param({"suggestions": [""]}, "/suggestions/0", id="an empty suggestion"),
    pytest.param({"prior_confidence": 2}, "/prior_confidence", id="confidence above one"),
    pytest.param({"skill": "A B"}, "/skill", id="no name of a skill"),
    pytest.param({"reason": ""}, "/reason", id="no reason"),
    pytest.param({"version": 1}, "/version", id="a field nobody knows"),
]


@pytest.mark.parametrize(("body", "pointer"), BAD)
def test_it_points_at_what_is_wrong(alice: Caller, assert_problem: Any, body: dict[str, Any], pointer: str) -> None:
    problem = assert_problem(alice.post(URL, {"code": "TIMEOUT", **WHY, **body}), 422, "SCHEMA_VALIDATION_FAILED")
    assert problem["errors"][0]["pointer"] == pointer
    assert not CatalogEntry.objects.exclude(tenant=None).exists()


def test_it_names_the_codes_nearest_to_an_unknown_one(alice: Caller, assert_problem: Any) -> None:
    for problem in (
        assert_problem(alice.post(URL, {"code": "TIMEOT", **WHY}), 422, "SCHEMA_VALIDATION_FAILED"),
        assert_problem(alice.get(f"{URL}?code=TIMEOT"), 400, "INVALID_INPUT"),
    ):
        assert "TIMEOUT" in problem["suggestions"][0]


def test_it_keeps_a_field_that_is_left_out_and_refuses_null(alice: Caller, assert_problem: Any) -> None:
    entry = made(alice, suggestions=["First."])
    path = f"{URL}/{entry['id']}"
    assert alice.send("PATCH", path, {"version": 1, "mode": "ABORT", **WHY}).json()["suggestions"] == ["First."]
    assert_problem(alice.send("PATCH", path, {"version": 2, "mode": None, **WHY}), 422, "SCHEMA_VALIDATION_FAILED")


def test_it_exports_and_imports(alice: Caller, charlie: Caller) -> None:
    made(alice)
    exported = alice.get(f"{URL}/export").json()
    assert [(entry["code"], entry["skill"]) for entry in exported["entries"]] == [("TIMEOUT", "mine")]
    told = charlie.post(f"{URL}/import", {**exported, "dry_run": True, **WHY}).json()
    assert (told["dry_run"], told["changed"], told["data"][0]["action"]) == (True, 1, "created")
    assert charlie.get(f"{URL}/export").json() == {"entries": []}
    assert charlie.post(f"{URL}/import", {**exported, **WHY}).json() == {**told, "dry_run": False}
    assert charlie.get(f"{URL}/export").json() == exported
    assert charlie.post(f"{URL}/import", {**exported, **WHY}).json()["changed"] == 0


def test_it_imports_all_or_nothing(alice: Caller, assert_problem: Any) -> None:
    entries = [{"code": "TIMEOUT"}, {"code": "TLS_FALURE"}]
    problem = assert_problem(alice.post(f"{URL}/import", {"entries": entries, **WHY}), 422, "SCHEMA_VALIDATION_FAILED")
    assert (problem["errors"][0]["pointer"], "TLS_FAILURE" in problem["suggestions"][0]) == ("/entries/1/code", True)
    assert alice.get(f"{URL}/export").json() == {"entries": []}


def test_who_may_only_read_changes_nothing(bob: Caller, acme: Tenant, assert_problem: Any) -> None:
    writer = make_caller(acme, "writer", ("catalog:write",))
    entry = made(writer)
    assert bob.get(f"{URL}/{entry['id']}").status_code == 200
    for method, path in (("POST", ""), ("POST", "/import"), ("PATCH", f"/{entry['id']}"), ("DELETE", f"/{entry['id']}")):
        assert_problem(bob.send(method, URL + path, {}), 403, "PERMISSION_DENIED")
    assert_problem(writer.get(URL), 403, "PERMISSION_DENIED")
