"""The description of the API: complete, valid, and the one that is committed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pydantic import BaseModel

from tests.api.cast import ROUTES

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


# Who may call these is said by a signature and not by a key.
SIGNED = {"webhooks_answer"}
# What these answer is another program's form: a JSON Schema.
FREE_FORM = {"schemas_get"}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", "--file", str(path))
    described: dict[str, Any] = json.loads(path.read_text())
    return described


def test_it_has_not_drifted_from_the_committed_file(generated: dict[str, Any]) -> None:
    assert generated == json.loads(COMMITTED.read_text()), "run: make openapi"


def test_it_is_what_the_server_serves(generated: dict[str, Any]) -> None:
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    assert response.json() == generated


def test_it_describes_every_operation_with_its_error_shape(generated: dict[str, Any]) -> None:
    operations = [operation for methods in generated["paths"].values() for operation in methods.values()]
    assert generated["openapi"].startswith("3.1")
    assert len(operations) == len(ROUTES) + len(SIGNED)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert operation.get("security") or operation["operationId"] in SIGNED


def test_it_resolves_every_reference_it_makes(generated: dict[str, Any]) -> None:
    known = generated["components"]["schemas"]
    for part in json.dumps(generated).split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in known


def is_typed(schema: dict[str, Any], known: dict[str, Any]) -> bool:
    """Tell whether a schema says what an answer holds."""
    if "$ref" in schema:
        return is_typed(known[schema["$ref"].rpartition("/")[2]], known)
    ways = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return all(is_typed(way, known) for way in ways) if ways else bool(schema.get("properties"))


def test_it_says_what_every_answer_holds(generated: dict[str, Any]) -> None:
    known = generated["components"]["schemas"]
    untyped = {
        operation["operationId"]
        for methods in generated["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and "application/json" in answer.get("content", {})
        if not is_typed(answer["content"]["application/json"].get("schema", {}), known)
    }
    assert untyped == FREE_FORM


def models(of: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in of.__subclasses__():
        yield model
        yield from models(model)


def test_it_calls_no_two_things_by_one_name(generated: dict[str, Any]) -> None:
    """Of two models with one name the description would show one, and say it of both."""
    named: dict[str, set[str]] = {}
    for model in models(BaseModel):
        if model.__module__.split(".")[0] in ("aos_site", "runs", "catalog", "agents", "skills"):
            named.setdefault(model.__name__, set()).add(model.__module__)
    assert {name: where for name, where in named.items() if len(where) > 1 and name in generated["components"]["schemas"]} == {}
