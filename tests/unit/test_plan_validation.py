"""A plan is refused with every fault at once, each with a pointer to where it is."""

from __future__ import annotations

from typing import Any

import pytest

from agents.plan.contracts import MAX_PLAN_BYTES, MAX_STEPS, Plan
from agents.plan.validation import PlanInvalid, validate_plan
from skills.contracts import CompositionHints, Constraints, CostModel, Effect, SkillMetadata

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "minLength": 3},
        "tries": {"type": "integer", "maximum": 5},
        "body": {"anyOf": [{"type": "string"}, {"type": "object"}]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 12}},
    },
    "required": ["url"],
    "additionalProperties": False,
}


def described(name: str, version: str | None) -> SkillMetadata | None:
    """Describe the two skills there are; `call` exists in version 1 only."""
    if version is not None and not version.startswith((">", "=", "1", "2")):
        raise ValueError(version)
    if name not in ("call", "work") or version == "2":
        return None
    return SkillMetadata(
        name=name,
        version="1.0.0",
        description="",
        input_schema=SCHEMA if name == "call" else {"type": "object"},
        output_schema={},
        config_schema={},
        digest="",
        cost_model=CostModel(),
        avg_latency_ms=1,
        failure_modes=[],
        constraints=Constraints(),
        effect=Effect.READ,
        reversible_by=None,
        key_strategy="none",
        probe=None,
        deterministic=True,
        required_scopes=[],
        composition_hints=CompositionHints(),
        stability="stable",
    )


def s(step_id: str = "a", skill: str = "work", **fields: Any) -> dict[str, Any]:
    return {"step_id": step_id, "skill": skill} | fields


def call(**params: Any) -> dict[str, Any]:
    return s("a", "call", params=params)


def faults(*steps: Any, **fields: Any) -> list[tuple[str, str]]:
    try:
        validate_plan({"steps": list(steps)} | fields, described)
    except PlanInvalid as refused:
        return [(fault.pointer, fault.code) for fault in refused.faults if fault.detail]
    return []


ACCEPTED = [
    pytest.param([s()], id="the least there is"),
    pytest.param([s(params={"x": "${steps.b.result}"}), s("b")], id="order is by need, not by place"),
    pytest.param([s(version=">=1,<2")], id="a version range"),
    pytest.param([call(url="http://x", tries=5, body={"a": 1})], id="literals that keep the schema"),
    pytest.param([s("b"), call(url="${steps.b.result}", tries="${steps.b.result.n}")], id="references have no type yet"),
    pytest.param([s("b"), call(url="http://x", body={"a": "${steps.b.result}"})], id="references inside an alternative"),
    pytest.param([s("b"), call(url="http://x", tags=["ok", "${steps.b.result}"])], id="references inside a list"),
    pytest.param(
        [s(on_error="fallback", fallback_skill="call", fallback_params={"url": "http://x"})], id="a fallback with its own parameters"
    ),
    pytest.param([s(for_each="${inputs.all}", params={"x": "${item.y} ${index}"})], id="a loop"),
    pytest.param([s(condition="inputs.x > 1")], id="a condition"),
    pytest.param([s(params={"x": "Bearer ${secrets.KEY}"})], id="a secret"),
    pytest.param([s(params={"x": "$${steps.nobody.result}"})], id="an escaped reference is a text"),
]


@pytest.mark.parametrize("steps", ACCEPTED)
def test_it_accepts(steps: list[dict[str, Any]]) -> None:
    assert faults(*steps) == []


REFUSED = [
    pytest.param([s(), s()], [("/steps/0/step_id", "PLAN_INVALID"), ("/steps/1/step_id", "PLAN_INVALID")], id="two steps of one name"),
    pytest.param([s(depends_on=["b", "c"]), s("b")], [("/steps/0/depends_on/1", "INVALID_REFERENCE")], id="waits for nobody"),
    pytest.param([s(params={"x": ["${steps.b.result}"]})], [("/steps/0/params/x/0", "INVALID_REFERENCE")], id="refers to nobody"),
    pytest.param([s(params={"a/b": "${steps.a"})], [("/steps/0/params/a~1b", "INVALID_REFERENCE")], id="a reference that is not closed"),
    pytest.param([s(params={"x": "${env.HOME}"})], [("/steps/0/params/x", "INVALID_REFERENCE")], id="a root nobody knows"),
    pytest.param([s(params={"x": "${item}"})], [("/steps/0/params/x", "INVALID_REFERENCE")], id="an item without a loop"),
    pytest.param([s(params={"x": "${secrets.K} ${inputs.x}"})], [("/steps/0/params/x", "INVALID_REFERENCE")], id="a secret beside data"),
    pytest.param([s(for_each="all of them")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over a text"),
    pytest.param([s(for_each="x ${inputs.a}")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over half a text"),
    pytest.param([s(for_each="${secrets.K}")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over a secret"),
    pytest.param([s(for_each="${item}")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over its own item"),
    pytest.param([s(for_each="${env.X}")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over what cannot be read"),
    pytest.param([s(for_each="${steps.b.result}")], [("/steps/0/for_each", "INVALID_REFERENCE")], id="a loop over nobody's result"),
    pytest.param([s(condition="1 +")], [("/steps/0/condition", "CONDITION_INVALID")], id="an unreadable condition"),
    pytest.param([s(condition="1 + 1")], [("/steps/0/condition", "CONDITION_INVALID")], id="a condition that is a number"),
    pytest.param([s(condition="steps.b.result.ok")], [("/steps/0/condition", "INVALID_REFERENCE")], id="a condition about nobody"),
    pytest.param([s("a", "fly")], [("/steps/0/skill", "SKILL_NOT_FOUND")], id="a skill nobody has"),
    pytest.param([s(version="2")], [("/steps/0/skill", "SKILL_NOT_FOUND")], id="a version nobody has"),
    pytest.param([s(version="newest")], [("/steps/0/version", "PLAN_INVALID")], id="no version at all"),
    pytest.param([call()], [("/steps/0/params", "MISSING_REQUIRED_FIELD")], id="a required parameter left out"),
    pytest.param(
        [call(url="http://x", tries="5")], [("/steps/0/params/tries", "SCHEMA_VALIDATION_FAILED")], id="a literal of the wrong type"
    ),
    pytest.param([call(url="http://x", other=1)], [("/steps/0/params", "SCHEMA_VALIDATION_FAILED")], id="a parameter nobody knows"),
    pytest.param(
        [call(url="http://x", tags=["far too long a tag"])],
        [("/steps/0/params/tags/0", "SCHEMA_VALIDATION_FAILED")],
        id="a literal in a list",
    ),
    pytest.param([s(fallback_skill="work")], [("/steps/0/fallback_skill", "PLAN_INVALID")], id="a fallback without on_error"),
    pytest.param([s(on_error="fallback")], [("/steps/0/fallback_skill", "MISSING_REQUIRED_FIELD")], id="on_error without a fallback"),
    pytest.param(
        [s(on_error="fallback", fallback_skill="fly")], [("/steps/0/fallback_skill", "SKILL_NOT_FOUND")], id="a fallback nobody has"
    ),
    pytest.param(
        [s(on_error="fallback", fallback_skill="call")],
        [("/steps/0/params", "MISSING_REQUIRED_FIELD")],
        id="parameters that do not fit the fallback",
    ),
    pytest.param(
        [s(on_error="fallback", fallback_skill="call", fallback_params={"url": 1})],
        [("/steps/0/fallback_params/url", "SCHEMA_VALIDATION_FAILED")],
        id="fallback parameters that break its schema",
    ),
    pytest.param([s(), s("b", depends_on=["c"]), s("c", depends_on=["b"])], [("/steps/1/depends_on", "PLAN_INVALID")], id="a circle"),
    pytest.param([s(params={"x": "${steps.a.result}"})], [("/steps/0/depends_on", "PLAN_INVALID")], id="a step that reads itself"),
    pytest.param(
        [s(condition="steps.b.result.ok"), s("b", depends_on=["a"])],
        [("/steps/0/depends_on", "PLAN_INVALID")],
        id="a circle through a condition",
    ),
]


@pytest.mark.parametrize(("steps", "expected"), REFUSED)
def test_it_refuses(steps: list[dict[str, Any]], expected: list[tuple[str, str]]) -> None:
    assert faults(*steps) == expected


FORM = [
    pytest.param({"steps": []}, "/steps", id="no step"),
    pytest.param({"steps": [s()] * (MAX_STEPS + 1)}, "/steps", id="too many steps"),
    pytest.param({"steps": [s("Not a name")]}, "/steps/0/step_id", id="a name with blanks"),
    pytest.param({"steps": [s("a" * 65)]}, "/steps/0/step_id", id="a name too long"),
    pytest.param({"steps": [s(parms={})]}, "/steps/0/parms", id="an unknown field of a step"),
    pytest.param({"steps": [s()], "extra": 1}, "/extra", id="an unknown field of a plan"),
    pytest.param({"steps": [s()], "schema_version": 2}, "/schema_version", id="a schema from the future"),
    pytest.param({"steps": [s(on_error="panic")]}, "/steps/0/on_error", id="an unknown on_error"),
    pytest.param({"steps": [s(retry={"max_attempts": 0})]}, "/steps/0/retry/max_attempts", id="no attempt at all"),
    pytest.param({"steps": [s(retry={"factor": 0.5})]}, "/steps/0/retry/factor", id="a factor that shrinks"),
    pytest.param({"steps": [s(max_items=0)]}, "/steps/0/max_items", id="no item at all"),
    pytest.param({"steps": [s(timeout_ms=0)]}, "/steps/0/timeout_ms", id="no time at all"),
    pytest.param({"steps": [s(condition="x" * 513)]}, "/steps/0/condition", id="a condition too long"),
    pytest.param({}, "/steps", id="no steps at all"),
    pytest.param([], "", id="a list"),
    pytest.param("steps", "", id="a text"),
    pytest.param(None, "", id="nothing"),
]


@pytest.mark.parametrize(("raw", "pointer"), FORM)
def test_it_refuses_what_has_another_form(raw: Any, pointer: str) -> None:
    with pytest.raises(PlanInvalid) as refused:
        validate_plan(raw, described)
    assert pointer in [fault.pointer for fault in refused.value.faults]


def test_it_names_every_fault_at_once() -> None:
    found = faults(s(depends_on=["x"], condition="("), s("b", "fly"), s("c", depends_on=["d"]), s("d", depends_on=["c"]))
    assert found == [
        ("/steps/0/depends_on/0", "INVALID_REFERENCE"),
        ("/steps/0/condition", "CONDITION_INVALID"),
        ("/steps/1/skill", "SKILL_NOT_FOUND"),
        ("/steps/2/depends_on", "PLAN_INVALID"),
    ]


def test_it_refuses_a_plan_that_is_too_large() -> None:
    assert faults(s(params={"x": "a" * MAX_PLAN_BYTES})) == [("", "CONTENT_TOO_LARGE")]


def nested(depth: int) -> dict[str, Any]:
    return {"a": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"x": "\ud800"}, id="half a surrogate pair"),
        pytest.param(nested(900), id="nested without end"),
    ],
)
def test_it_refuses_what_no_json_can_carry(params: dict[str, Any]) -> None:
    assert faults(s(params=params)) == [("", "INVALID_INPUT")]


def test_it_counts_bytes_and_not_characters() -> None:
    assert faults(s(params={"x": "é" * (MAX_PLAN_BYTES // 2)})) == [("", "CONTENT_TOO_LARGE")]


def test_it_says_where_and_why_in_one_line() -> None:
    with pytest.raises(PlanInvalid, match="/steps/0/skill: no skill 'fly' is registered"):
        validate_plan({"steps": [s("a", "fly")]}, described)


def test_it_returns_the_plan_with_its_defaults() -> None:
    found = validate_plan({"steps": [s()]}, described)
    assert isinstance(found, Plan)
    assert (found.planner, found.steps[0].max_items, found.steps[0].approval) == ("manual", 100, "policy")
