"""json_transform selects, reshapes and checks, and says where in the params a fault stands."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from skills.canonical import canonical_json
from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.json_transform import JsonTransform
from skills.ports import SkillContext
from skills.testing import DictSecrets, RefusingHttp


def transform(value: Any, *operations: dict[str, Any], **params: Any) -> StructuredOutcome:
    context = SkillContext(http=RefusingHttp(), secrets=DictSecrets({}), config={}, idempotency_key="k", timeout_ms=20_000)
    return asyncio.run(run_skill(JsonTransform(), {"input": value, "operations": list(operations), **params}, context))


STORE = {"books": [{"title": "A", "price": 8}, {"title": "B", "price": 12}, {"title": "C\nD", "price": 20}], "name": "shop"}
ROWS = [{"n": "b", "p": "2"}, {"n": "a", "p": "10"}, {"n": "b", "p": None}]
PATHS = {
    "the whole": ("$", STORE),
    "one value": ("$.name", "shop"),
    "from the end": ("$.books[-1].price", 20),
    "many values": ("$.books[*].title", ["A", "B", "C\nD"]),
    "no values": ("$.books[*].isbn", []),
    "descendants": ("$..price", [8, 12, 20]),
    "a filter": ("$.books[?@.price > 10].title", ["B", "C\nD"]),
    "a filter on the root": ("$.books[?@.title != $.name].price", [8, 12, 20]),
    "match": ("$.books[?match(@.title, '[AB]')].price", [8, 12]),
    "search": ("$.books[?search(@.title, 'D')].price", [20]),
    "a dot takes no line end": ("$.books[?match(@.title, 'C.D')].price", []),
    "a dot in a class is a dot": ("$.books[?search(@.title, '[.]')].price", []),
    "a pattern that is none": ("$.books[?search(@.title, '(')].price", []),
    "a pattern beyond I-Regexp": ("$.books[?search(@.title, '(?=A)')].price", []),
    "count": ("$[?count(@.*) == 3][0].title", ["A"]),
}


@pytest.mark.parametrize(("path", "value"), PATHS.values(), ids=PATHS.keys())
def test_a_path_selects(path: str, value: Any) -> None:
    outcome = transform(STORE, path=path)
    assert outcome.success, outcome.failure
    assert outcome.result == {"value": value}


def test_a_text_is_no_json_to_a_path() -> None:
    assert transform("[1, 2]", path="$").result == {"value": "[1, 2]"}


def test_a_missing_value_may_be_null() -> None:
    assert transform({}, path="$.a", path_required=False).result == {"value": None}


OPERATIONS = {
    "pick": (ROWS[0], [{"op": "pick", "keys": ["p", "x"]}], {"p": "2"}),
    "omit": (ROWS[:1], [{"op": "omit", "keys": ["p"]}], [{"n": "b"}]),
    "rename": (ROWS[0], [{"op": "rename", "keys": {"p": "price"}}], {"n": "b", "price": "2"}),
    "cast one key": (ROWS, [{"op": "cast", "key": "p", "to": "integer"}, {"op": "map", "path": "$.p"}], [2, 10, None]),
    "cast to number": (["1.5", 2, True], [{"op": "cast", "to": "number"}], [1.5, 2, 1]),
    "cast to text": ([1, None, {"b": 1, "a": 2}], [{"op": "cast", "to": "string"}], ["1", None, '{"a":2,"b":1}']),
    "cast to boolean": (["Yes", "0", 1], [{"op": "cast", "to": "boolean"}], [True, False, True]),
    "default": ({"a": None}, [{"op": "default", "values": {"a": 1, "b": 2}}], {"a": 1, "b": 2}),
    "merge": ({"a": 1, "b": 1}, [{"op": "merge", "with": {"b": 2}}], {"a": 1, "b": 2}),
    "filter": ([1, 5, 9], [{"op": "filter", "where": "@ > 3 && @ < 9"}], [5]),
    "select": (STORE, [{"op": "select", "path": "$.books"}, {"op": "count"}], 3),
    "map": (ROWS, [{"op": "map", "path": "$.n"}], ["b", "a", "b"]),
    "sort": ([[1], "b", 2, None, True, "a", 1], [{"op": "sort"}], [None, True, 1, 2, "a", "b", [1]]),
    "sort by key": (ROWS, [{"op": "sort", "key": "n"}, {"op": "map", "path": "$.p"}], ["10", "2", None]),
    "sort downwards": ([1, 3, 2], [{"op": "sort", "descending": True}], [3, 2, 1]),
    "unique": ([1, 1.0, "1", 1], [{"op": "unique"}], [1, "1"]),
    "flatten": ([[1], 2, [[3]]], [{"op": "flatten"}], [1, 2, [3]]),
    "limit": ([1, 2, 3], [{"op": "limit", "count": 2}], [1, 2]),
    "join": (["a", 1, None], [{"op": "join", "separator": "-"}], "a-1-"),
    "one after another": (STORE["books"], [{"op": "map", "path": "$.price"}, {"op": "filter", "where": "@ > 10"}, {"op": "count"}], 2),
}


@pytest.mark.parametrize(("value", "operations", "expected"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_an_operation(value: Any, operations: list[dict[str, Any]], expected: Any) -> None:
    outcome = transform(value, *operations)
    assert outcome.success, outcome.failure
    assert canonical_json(outcome.result["value"]) == canonical_json(expected)


PAGE = "<title>T</title><h1>One <b>x</b></h1><p>Hello<br>there <i>you</i></p><script>no()</script><h2> </h2><div><h3>Three</h3></div>end"


def test_it_reads_headings() -> None:
    assert transform(PAGE, {"op": "headings"}).result["value"] == [{"level": 1, "text": "One x"}, {"level": 3, "text": "Three"}]
    assert transform(PAGE, {"op": "headings", "levels": [3]}).result["value"] == [{"level": 3, "text": "Three"}]
    assert transform("no tags", {"op": "headings"}).result["value"] == []


def test_it_reads_text() -> None:
    assert transform(PAGE, {"op": "html_text"}).result["value"] == "One x\nHello\nthere you\nThree\nend"


FAULTS = {
    "a path that is none": (1, {"path": "a.b"}, "INVALID_INPUT", "/path"),
    "a path beyond the standard": (STORE, {"path": "$.books[?@.title =~ /(a+)+$/]"}, "INVALID_INPUT", "/path"),
    "two paths": (STORE, {"path": "$.a | $.b"}, "INVALID_INPUT", "/path"),
    "a missing value": ({}, {"path": "$.a"}, "INVALID_REFERENCE", "/path"),
    "a missing value on the way": ({}, {"operations": [{"op": "select", "path": "$.a"}]}, "INVALID_REFERENCE", "/operations/0"),
    "an operation that does not fit": (
        [],
        {"operations": [{"op": "count"}, {"op": "pick", "keys": ["a"]}]},
        "INVALID_INPUT",
        "/operations/1",
    ),
    "a filter that breaks out": (
        [1],
        {"operations": [{"op": "filter", "where": "@ > 0], $[?true==true"}]},
        "INVALID_INPUT",
        "/operations/0",
    ),
    "a path to many in map": ([1], {"operations": [{"op": "map", "path": "$[*]"}]}, "INVALID_INPUT", "/operations/0"),
    "two keys to one": ({"a": 1, "b": 2}, {"operations": [{"op": "rename", "keys": {"a": "b"}}]}, "INVALID_INPUT", "/operations/0"),
    "a cast that guesses": (["12 apples"], {"operations": [{"op": "cast", "to": "integer"}]}, "INVALID_INPUT", "/operations/0"),
    "a cast that loses": ([1.5], {"operations": [{"op": "cast", "to": "integer"}]}, "INVALID_INPUT", "/operations/0"),
    "a cast to no number": (["Infinity"], {"operations": [{"op": "cast", "to": "number"}]}, "INVALID_INPUT", "/operations/0"),
    "a large number": (["1e999"], {"operations": [{"op": "cast", "to": "number"}]}, "INVALID_INPUT", "/operations/0"),
    "HTML that is no text": (1, {"operations": [{"op": "headings"}]}, "INVALID_INPUT", "/operations/0"),
    "an unknown operation": (1, {"operations": [{"op": "exec"}]}, "SCHEMA_VALIDATION_FAILED", "/operations/0"),
    "an unknown parameter": (1, {"code": "x"}, "SCHEMA_VALIDATION_FAILED", "/code"),
    "a broken value": (
        {"a": 1},
        {"schema": {"properties": {"a": {"type": "string"}}}},
        "SCHEMA_VALIDATION_FAILED",
        "/schema/properties/a/type",
    ),
    "a broken format": ("x", {"schema": {"format": "date"}}, "SCHEMA_VALIDATION_FAILED", "/schema/format"),
    "a schema that is none": (1, {"schema": {"type": "thing"}}, "INVALID_INPUT", "/schema"),
    "a schema from elsewhere": (1, {"schema": {"$ref": "http://127.0.0.1/x"}}, "INVALID_INPUT", "/schema"),
    "a schema from a file": (1, {"schema": {"$ref": "file:///etc/passwd"}}, "INVALID_INPUT", "/schema"),
}


@pytest.mark.parametrize(("value", "params", "code", "pointer"), FAULTS.values(), ids=FAULTS.keys())
def test_it_names_and_points_to(value: Any, params: dict[str, Any], code: str, pointer: str) -> None:
    outcome = transform(value, **params)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.details.errors[0].pointer) == (code, pointer)


def test_it_names_a_missing_input() -> None:
    context = SkillContext(http=RefusingHttp(), secrets=DictSecrets({}), config={}, idempotency_key="k", timeout_ms=1_000)
    outcome = asyncio.run(run_skill(JsonTransform(), {"path": "$"}, context))
    assert outcome.failure is not None
    assert outcome.failure.code == "MISSING_REQUIRED_FIELD"


def nested(depth: int, width: int) -> Any:
    return [nested(depth - 1, width) for _ in range(width)] if depth else 1


def doubling(levels: int) -> dict[str, Any]:
    """Return a schema each of whose parts refers twice to the next."""
    parts: dict[str, Any] = {f"p{i}": {"allOf": [{"$ref": f"#/$defs/p{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/p0", "$defs": parts | {f"p{levels}": {"type": "integer"}}}


EVIL = {
    "a schema that doubles": (1, {"schema": doubling(60)}, "CONTENT_TOO_LARGE"),
    "alternatives that double with every level": (
        nested(60, 1),
        {"schema": {"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "not": {"type": "integer"}}},
        "CONTENT_TOO_LARGE",
    ),
    "a schema that only refers to itself": (1, {"schema": {"$ref": "#"}}, "INVALID_INPUT"),
    "faults without end": ([1] * 100_000, {"schema": {"items": {"enum": list(range(2, 5_000))}}}, "SCHEMA_VALIDATION_FAILED"),
    "defaults for too many objects": (
        [{}] * 100_000,
        {"operations": [{"op": "default", "values": {str(i): i for i in range(1_000)}}]},
        "CONTENT_TOO_LARGE",
    ),
    "a cast to more digits than anyone keeps": ("1e308", {"operations": [{"op": "cast", "to": "integer"}]}, "INVALID_INPUT"),
    "a pattern": (["a" * 5_000 + "!"] * 50, {"path": "$[?search(@, '(a+)+$')]"}, None),
    "a counted pattern": (["a"], {"path": "$[?search(@, 'a{5000}')]"}, "INVALID_INPUT"),
    "a pattern in a schema": ("a" * 50_000 + "!", {"schema": {"pattern": "^(a+)+$"}}, "SCHEMA_VALIDATION_FAILED"),
    "selectors that multiply": (nested(12, 1), {"path": "$" + "[*,*,*,*,*,*]" * 12}, "CONTENT_TOO_LARGE"),
    "descents that multiply": (nested(12, 2), {"path": "$..*..*..*..nope"}, "CONTENT_TOO_LARGE"),
    "filters within filters": (nested(12, 2), {"path": "$..[?@..[?@..*]]"}, "CONTENT_TOO_LARGE"),
    "comparisons of large values": ([nested(3, 20)] * 60, {"path": "$[?@ == $[0]]"}, "CONTENT_TOO_LARGE"),
    "a value that grows": (["x" * 90_000], {"path": "$[" + ",".join(["0"] * 300) + "]"}, "CONTENT_TOO_LARGE"),
    "a merge that grows": ([{}] * 1_000, {"operations": [{"op": "merge", "with": {"a": "x" * 90_000}}]}, "CONTENT_TOO_LARGE"),
    "brackets without end": (1, {"path": "$[?" + "(" * 900}, "INVALID_INPUT"),
    "elements without end": ("<div>" * 200_000, {"operations": [{"op": "headings"}]}, "INVALID_INPUT"),
    "inline elements that multiply": (
        "".join(f"<b id={i}>" for i in range(500)) + "<p>x" * 50_000,
        {"operations": [{"op": "html_text"}]},
        "INVALID_INPUT",
    ),
    "headings within headings": ("<h1><div>" * 450 + "x" * 50_000, {"operations": [{"op": "headings"}]}, "INVALID_INPUT"),
}


@pytest.mark.parametrize(("value", "params", "code"), EVIL.values(), ids=EVIL.keys())
def test_it_ends_soon_for(value: Any, params: dict[str, Any], code: str | None) -> None:
    started = time.process_time()
    outcome = transform(value, **params)
    assert time.process_time() - started < 5
    assert (outcome.failure.code if outcome.failure else None) == code


def test_it_names_every_failure_mode_it_declares() -> None:
    provoked = {code for *_, code, _ in FAULTS.values()} | {code for *_, code in EVIL.values() if code} | {"MISSING_REQUIRED_FIELD"}
    assert provoked == {mode.code for mode in JsonTransform.failure_modes}
