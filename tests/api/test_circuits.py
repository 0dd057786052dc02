"""Circuits over the API: a key sees which hosts its tenant leaves alone, closes one with a reason, and reaches no other's."""

from __future__ import annotations

from typing import Any

import pytest

from agents.clock import ask_time
from agents.models import Tenant
from catalog import circuits
from catalog.circuits import Ending, Key
from catalog.models import Circuit
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db

URL = "/api/v1/circuits"
HOST = "api.example.test:443"
RESET = {"skill": "http_call", "host": HOST, "reason": "it is mended"}


def failed(tenant: Tenant, times: int, host: str = HOST) -> None:
    circuits.report([Ending(Key(tenant.pk, "http_call", host), "down", "HTTP_5XX")] * times)


def test_it_tells_which_hosts_are_left_alone_and_until_when(alice: Caller) -> None:
    failed(alice.tenant, 5)
    failed(alice.tenant, 2, "shaky.test:80")
    answer = alice.get(URL)
    assert answer.status_code == 200
    opened, counted = answer.json()["data"]
    assert (opened["scope"], opened["state"], opened["failures"], opened["limit"]) == (f"circuit:http_call@{HOST}", "open", 5, 5)
    assert (opened["last_code"], opened["trial_until_at"]) == ("HTTP_5XX", None)
    assert opened["open_until_at"].endswith("Z")
    assert (counted["host"], counted["state"], counted["open_until_at"]) == ("shaky.test:80", "closed", None)
    assert [each["host"] for each in alice.get(f"{URL}?state=closed&limit=1").json()["data"]] == ["shaky.test:80"]
    assert alice.get(f"{URL}?host={HOST}").json()["data"] == [opened]
    Circuit.objects.filter(host=HOST).update(open_until_ms=ask_time() - 1)
    assert [each["state"] for each in alice.get(f"{URL}?state=half_open").json()["data"]] == ["half_open"]


def test_it_closes_one_by_hand(alice: Caller) -> None:
    failed(alice.tenant, 5)
    answer = alice.post(f"{URL}/reset", RESET)
    assert (answer.status_code, answer.json()["state"], answer.json()["openings"]) == (200, "closed", 1)
    assert alice.post(f"{URL}/reset", RESET).json()["state"] == "closed"


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"reason": "no"}, 422, "SCHEMA_VALIDATION_FAILED", "/reason"),
        ({"reason": "      "}, 422, "SCHEMA_VALIDATION_FAILED", "/reason"),
        ({"host": ""}, 422, "SCHEMA_VALIDATION_FAILED", "/host"),
        ({"skill": "No Such"}, 422, "SCHEMA_VALIDATION_FAILED", "/skill"),
        ({"host": "nowhere.test:1"}, 404, "NOT_FOUND", None),
        ({"more": 1}, 422, "SCHEMA_VALIDATION_FAILED", "/more"),
    ],
)
def test_it_refuses_what_makes_no_sense(
    alice: Caller, assert_problem: Any, changed: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    failed(alice.tenant, 5)
    problem = assert_problem(alice.post(f"{URL}/reset", RESET | changed), status, code)
    assert [fault["pointer"] for fault in problem.get("errors") or []] == ([] if pointer is None else [pointer])
    assert circuits.list_circuits(tenant=alice.tenant)[0]["state"] == "open"


def test_it_reaches_no_other_tenants(alice: Caller, assert_problem: Any) -> None:
    rival = Tenant.objects.create(slug="rival-of-all", name="Rival")
    failed(rival, 5)
    assert alice.get(URL).json()["data"] == []
    assert_problem(alice.post(f"{URL}/reset", RESET), 404, "NOT_FOUND")
    assert circuits.list_circuits(tenant=rival)[0]["state"] == "open"


def test_it_refuses_filters_it_does_not_know(alice: Caller, assert_problem: Any) -> None:
    assert_problem(alice.get(f"{URL}?state=broken"), 400, "INVALID_INPUT")
    assert_problem(alice.get(f"{URL}?limit=99999999999999999999"), 400, "INVALID_INPUT")
