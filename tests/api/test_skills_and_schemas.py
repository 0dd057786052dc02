"""Skills and published values describe themselves."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from runs import runtime
from runs.api.schemas import PUBLISHED
from skills.registry import registry
from skills.taxonomy import CODES

pytestmark = pytest.mark.django_db


def test_it_describes_every_registered_skill(bob: Any) -> None:
    listed = bob.get("/api/v1/skills").json()["data"]
    assert [row["name"] for row in listed] == registry.names()
    for row in listed:
        assert bob.get(f"/api/v1/skills/{row['name']}").json() == row
        assert bob.get(f"/api/v1/runtime/skills/{row['name']}").json() == row


@pytest.mark.parametrize("path", ["/api/v1/skills/none", "/api/v1/skills/%00", "/api/v1/skills/json_transform?version=99"])
def test_it_knows_no_other_skill(bob: Any, assert_problem: Any, path: str) -> None:
    assert_problem(bob.get(path), 404, "SKILL_NOT_FOUND")


@pytest.mark.parametrize("version", ["latest", "1.x", "-1", "1.2.3.4", "9" * 5_000])
def test_it_refuses_a_version_that_is_none(bob: Any, assert_problem: Any, version: str) -> None:
    problem = assert_problem(bob.get(f"/api/v1/skills/json_transform?version={version}"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/version"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_it_publishes_a_valid_schema(bob: Any, name: str) -> None:
    schema = bob.get(f"/api/v1/schemas/{name}").json()
    assert schema["$schema"].endswith("2020-12/schema")
    jsonschema_rs.meta.validate(schema)


def test_it_accepts_by_schema_what_it_answers(bob: Any) -> None:
    schema = bob.get("/api/v1/schemas/SkillMetadata").json()
    for row in bob.get("/api/v1/skills").json()["data"]:
        jsonschema_rs.validate(schema, row)


def test_it_publishes_no_other_schema(bob: Any, assert_problem: Any) -> None:
    assert_problem(bob.get("/api/v1/schemas/Secret"), 404, "NOT_FOUND")
    assert bob.get("/api/v1/schemas").json() == {"data": sorted(PUBLISHED)}


def test_it_lists_what_there_is(bob: Any) -> None:
    told = bob.get("/api/v1/runtime/capabilities").json()
    assert (told["interfaces"], told["skills"], told["failure_codes"]) == (runtime.__all__, registry.names(), list(CODES))
