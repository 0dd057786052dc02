"""Lists come in pages: newest first, each row once, by a cursor nobody else can use."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, Tenant
from agents.services import create_agent

pytestmark = pytest.mark.django_db


@pytest.fixture
def seven(acme: Tenant) -> list[Agent]:
    made = [create_agent(tenant=acme, name=f"agent-{n}") for n in range(7)]
    # The same instant for some, so that only the id tells them apart.
    Agent.objects.filter(name__in=["agent-2", "agent-3", "agent-4"]).update(created_at=made[3].created_at)
    return made


def test_it_gives_each_row_once_newest_first(alice: Any, seven: list[Agent]) -> None:
    seen, path = [], "/api/v1/agents?limit=2"
    while path:
        page = alice.get(path).json()
        assert len(page["data"]) <= 2
        seen += [row["name"] for row in page["data"]]
        path = page["next_cursor"] and f"/api/v1/agents?limit=2&cursor={page['next_cursor']}"
    assert seen == [f"agent-{n}" for n in reversed(range(7))]


def test_it_ends_without_a_cursor_when_the_last_page_is_full(alice: Any, seven: list[Agent]) -> None:
    assert alice.get("/api/v1/agents?limit=7").json()["next_cursor"] is None


def test_it_is_not_disturbed_by_rows_made_in_between(alice: Any, acme: Tenant, seven: list[Agent]) -> None:
    first = alice.get("/api/v1/agents?limit=3").json()
    create_agent(tenant=acme, name="late")
    rest = alice.get(f"/api/v1/agents?cursor={first['next_cursor']}").json()
    assert [row["name"] for row in rest["data"]] == ["agent-3", "agent-2", "agent-1", "agent-0"]


def spoilt(cursor: str) -> dict[str, str]:
    return {
        "rubbish": "rubbish",
        "no base64": "%21%21%21",
        "empty mark": "AAAA",
        "NUL": "%00",
        "one character changed": cursor[:-1] + ("A" if cursor[-1] != "A" else "Q"),
        "cut short": cursor[:-4],
        "made longer": cursor + "AAAA",
        "not ASCII": "%C3%A9" * 10,
    }


def test_it_refuses_a_broken_cursor(alice: Any, seven: list[Agent], assert_problem: Any) -> None:
    cursor = alice.get("/api/v1/agents?limit=2").json()["next_cursor"]
    fault = {"pointer": "/cursor", "code": "INVALID_CURSOR", "detail": "this list did not make this cursor"}
    for name, broken in spoilt(cursor).items():
        problem = assert_problem(alice.get(f"/api/v1/agents?cursor={broken}"), 400, "INVALID_INPUT")
        assert problem["errors"] == [fault], name


def test_it_refuses_the_cursor_of_another_tenant_or_list(alice: Any, charlie: Any, seven: list[Agent], assert_problem: Any) -> None:
    cursor = alice.get("/api/v1/agents?limit=2").json()["next_cursor"]
    for response in (charlie.get(f"/api/v1/agents?cursor={cursor}"), alice.get(f"/api/v1/runs?cursor={cursor}")):
        problem = assert_problem(response, 400, "INVALID_INPUT")
        assert problem["errors"][0]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "99999999999999999999", "1e3", "x", "", "%00"])
def test_it_refuses_a_limit_out_of_bounds(alice: Any, assert_problem: Any, limit: str) -> None:
    problem = assert_problem(alice.get(f"/api/v1/agents?limit={limit}"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/limit"


def test_it_refuses_a_parameter_it_does_not_know(alice: Any, assert_problem: Any) -> None:
    problem = assert_problem(alice.get("/api/v1/agents?stauts=active"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/stauts"
