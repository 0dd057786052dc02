"""Answers held against the committed description of the API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

COMMITTED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "openapi.json").read_text())


def faults_in(says: dict[str, Any], response: Any) -> list[str]:
    """Return in what an answer is not as an operation describes it."""
    answer = says["responses"].get(str(response.status_code))
    if answer is None:
        return [f"{response.status_code} is not described: {response.content[:300]!r}"]
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return []
    errors = jsonschema_rs.Draft202012Validator(schema | {"components": COMMITTED["components"]}).iter_errors(json.loads(response.content))
    return [f"{error.instance_path}: {error.message[:200]}" for error in errors]


@cache
def _operations() -> dict[str, dict[str, Any]]:
    return {says["operationId"]: says for methods in COMMITTED["paths"].values() for says in methods.values()}


def described(operation_id: str, response: Any) -> Any:
    """Return what an answer says, and fail where it is not as the description of its operation has it."""
    assert faults_in(_operations()[operation_id], response) == []
    return json.loads(response.content)
