"""What the generated description of the API cannot know by itself: how keys are sent, and the one shape of errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from pydantic import BaseModel

from skills.contracts import FaultDetail, RetrySafety
from skills.taxonomy import Category

REF = "#/components/schemas/{model}"


class Problem(BaseModel):
    """Every error of every route (RFC 9457). `type` is the address of the code's page."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    category: Category
    retryable: bool
    retry_safety: RetrySafety
    retry_after_ms: int | None
    suggestions: list[str]
    run_id: str | None
    trace_id: str | None
    errors: list[FaultDetail]


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """Tells the generator about `agents.tenancy.ApiKeyAuthentication`."""

    target_class = "agents.tenancy.ApiKeyAuthentication"
    name = ["bearerKey", "headerKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in self.name]  # either of the two, not both

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer aos_…"},
            {"type": "apiKey", "in": "header", "name": "X-AOS-Key"},
        ]


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say on every operation that whatever else it answers is a Problem."""
    schema = Problem.model_json_schema(ref_template=REF, mode="serialization")
    result["components"]["schemas"] |= schema.pop("$defs", {}) | {"Problem": schema}
    answer = {
        "description": "Any error.",
        "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = answer
    return result
