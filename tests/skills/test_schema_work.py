"""How much work a schema can be: counted before the validator, which nothing can stop, begins."""

from __future__ import annotations

from typing import Any

import pytest

from skills.schema_work import SchemaTooCostly, SchemaUncountable, check_work

DEEP: Any = 1
for _ in range(60):
    DEEP = {"left": DEEP}

TREE = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "additionalProperties": False}
SHARED = {"$defs": {"a": {"type": "string"}}, "items": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}

FINE = {
    "a boolean schema": (True, [1]),
    "a tree as deep as JSON may be": (TREE, DEEP),
    "a linked list": ({"properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}}, DEEP),
    "a shared definition": (SHARED, ["x"] * 1_000),
    "data that reads like a schema": ({"const": {"$dynamicRef": "#x", "$ref": "nowhere"}}, 1),
    "an escaped pointer": ({"$defs": {"a/b~c": {}}, "$ref": "#/$defs/a~1b~0c"}, 1),
    "the schema's own name": ({"$id": "https://example.org/s", "type": "object"}, {}),
}


@pytest.mark.parametrize(("schema", "value"), FINE.values(), ids=FINE.keys())
def test_it_lets_pass(schema: Any, value: Any) -> None:
    assert check_work(schema, value)


COSTLY = {
    "alternatives that double with every level": ({"properties": {"left": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}}, DEEP),
    "patterns that overlap": ({"patternProperties": {"l": {"$ref": "#"}, "e": {"$ref": "#"}}}, DEEP),
    "names that lead to the same": ({"properties": {"left": {"$ref": "#"}}, "unevaluatedProperties": {"$ref": "#"}}, DEEP),
    "many looks at many places": ({"items": {"allOf": [{"minimum": i} for i in range(900)]}}, [1] * 20_000),
}


@pytest.mark.parametrize(("schema", "value"), COSTLY.values(), ids=COSTLY.keys())
def test_it_refuses_too_much_work(schema: Any, value: Any) -> None:
    with pytest.raises(SchemaTooCostly):
        check_work(schema, value)


UNCOUNTABLE = {
    "a circle of references": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "a dynamic reference": {"$dynamicRef": "#node"},
    "a name of its own inside": {"items": {"$id": "https://example.org/x"}},
    "a reference by anchor": {"$ref": "#node"},
    "a reference to nothing": {"$ref": "#/$defs/nope"},
}


@pytest.mark.parametrize("schema", UNCOUNTABLE.values(), ids=UNCOUNTABLE.keys())
def test_it_refuses_what_it_cannot_count(schema: Any) -> None:
    with pytest.raises(SchemaUncountable):
        check_work(schema, [1])


def test_it_says_when_the_list_of_faults_would_be_too_long() -> None:
    assert not check_work({"items": {"enum": list(range(5_000))}}, [1] * 10_000)
