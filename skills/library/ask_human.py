"""ask_human: asks a person a question by a form, and gives their answer. Free, and waits without a worker; the runtime does the asking."""

from __future__ import annotations

from typing import Any

from pydantic import Field, RootModel, field_validator

from skills.base import Params, Skill, skill
from skills.contracts import CompositionHints, Effect, failure_mode
from skills.json_schema import SchemaInvalid, compile_schema


class AskHumanParams(Params):
    """What is asked, and which shape the answer has."""

    question: str = Field(min_length=1, max_length=4_000, description="What the person reads.")
    form: dict[str, Any] = Field(
        default={}, description="JSON Schema 2020-12 of the answer: the console makes a form of it, and every answer is checked by it."
    )

    @field_validator("form")
    @classmethod
    def _is_a_schema(cls, form: dict[str, Any]) -> dict[str, Any]:
        try:
            compile_schema(form)
        except SchemaInvalid as error:
            raise ValueError(f"this is no JSON Schema: {error}") from error
        return form


class AskHumanResult(RootModel[Any]):
    """What the person answered."""


@skill(
    name="ask_human",
    version="1.0.0",
    description=(
        "Ask a person a question; the answer, of the shape its form (a JSON Schema) says, is the result. The run waits for it, and the "
        "step fails where nobody answers in time."
    ),
    effect=Effect.NONE,
    asks_person=True,
    composition_hints=CompositionHints(often_followed_by=["http_call", "llm_invoke"]),
    failure_modes=[
        failure_mode("APPROVAL_EXPIRED", "Nobody answered in time."),
        failure_mode("SCHEMA_VALIDATION_FAILED", "The form is no JSON Schema, or a parameter is wrong."),
        failure_mode("MISSING_REQUIRED_FIELD", "No question was given."),
    ],
)
class AskHuman(Skill):
    """Never runs: a step of it waits for the answer instead."""

    Params = AskHumanParams
    Result = AskHumanResult
