"""The description of the API: complete, valid, and the one that is committed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.api.cast import ROUTES

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


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
    assert len(operations) == len(ROUTES)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert operation["security"]


def test_it_resolves_every_reference_it_makes(generated: dict[str, Any]) -> None:
    known = generated["components"]["schemas"]
    for part in json.dumps(generated).split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in known
