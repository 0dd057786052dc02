"""Answers are checked by their form, in one place: what passes, what is refused and where, whatever the form asks of the checker."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from runs.console.people.question_form import MOST_FIELDS, MOST_OPTIONS, answer_in, form_of
from runs.people.answer_forms import MOST_BYTES, checked_answer, closed, unreadable
from skills.refusal import Refusal

TEXT = {"type": "string"}
ADDRESS = {"type": "object", "properties": {"street": TEXT}}
PASSES: list[tuple[Any, Any]] = [
    ({}, {"any": "thing"}),
    (None, [1]),
    (True, None),
    (ADDRESS, {"street": "x"}),
    (ADDRESS | {"additionalProperties": True}, {"street": "x", "more": 1}),
    (ADDRESS | {"patternProperties": {"^x-": TEXT}}, {"x-one": "1"}),
    ({"allOf": [ADDRESS, {"properties": {"more": {}}}]}, {"street": "x", "more": 1}),
    ({"type": "string", "format": "date"}, "2026-11-29"),
    ({"type": "array", "items": ADDRESS}, [{"street": "x"}]),
]
FAILS: list[tuple[Any, Any, str, str]] = [
    (ADDRESS, {"street": "x", "more": 1}, "", "more"),
    ({"type": "array", "items": ADDRESS}, [{}, {"more": 1}], "/1", "more"),
    ({"properties": {"a/b~c": {"type": "integer"}}}, {"a/b~c": "x"}, "/a~1b~0c", "integer"),
    (ADDRESS | {"required": ["street"]}, {}, "/street", "this must be given"),
    ({"enum": [f"option {number}" for number in range(20_000)]}, "none", "", "none of what there is"),
    ({"type": "string", "format": "email"}, "nobody", "", "email"),
    ({"type": "string", "maxLength": 3}, "x" * 10_000, "", "longer than 3 characters"),
    (False, 1, "", ""),
    ({}, "x" * MOST_BYTES, "", "bytes at most"),
]


@pytest.mark.parametrize(("form", "value"), PASSES)
def test_it_takes(form: Any, value: Any) -> None:
    assert checked_answer(form, value) == value


@pytest.mark.parametrize(("form", "value", "pointer", "says"), FAILS)
def test_it_refuses_with_a_pointer(form: Any, value: Any, pointer: str, says: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked_answer(form, value)
    (fault,) = refused.value.errors
    assert (refused.value.status, fault["pointer"]) == (422, f"/value{pointer}")
    assert says in fault["detail"] and len(fault["detail"]) <= 300


def test_what_no_reader_agrees_about_is_refused() -> None:
    with pytest.raises(Refusal):
        checked_answer({}, 2**60)


DOUBLING = {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize("form", [{"type": "no such type"}, "text", [1], {"$ref": "https://evil.example/schema"}, DOUBLING])
def test_a_form_that_cannot_be_used_takes_nothing(form: Any) -> None:
    with pytest.raises(Refusal) as refused:
        checked_answer(form, {"a": 1})
    assert refused.value.status == 409 and "cannot be used" in refused.value.detail
    assert unreadable(form) or form is DOUBLING


def test_only_what_says_nothing_of_the_rest_is_closed() -> None:
    assert closed({"properties": {"a": ADDRESS}}) == {
        "properties": {"a": ADDRESS | {"additionalProperties": False}},
        "additionalProperties": False,
    }
    assert closed(ADDRESS | {"$ref": "#/x"}) == ADDRESS | {"$ref": "#/x"}
    assert closed({"type": "object"}) == {"type": "object"} and closed(True) is True


KINDS = {
    "text": TEXT,
    "long": {"type": "string", "maxLength": 201},
    "date": {"type": "string", "format": "date"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "yesno": {"type": "boolean"},
    "check": {"type": "boolean", "default": False},
    "choice": {"enum": ["a", 1, None]},
    "choices": {"type": "array", "items": {"enum": ["a"]}},
    "json": {"type": ["string", "null"]},
}


@pytest.mark.parametrize(("kind", "schema"), KINDS.items())
def test_each_schema_is_drawn_by_its_kind(kind: str, schema: dict[str, Any]) -> None:
    (field,) = form_of({"type": "object", "properties": {"x": schema}}).fields()
    assert (field.kind, field.name, field.pointer) == (kind, "f0", "/x")


BEYOND: list[Any] = [
    {"enum": [f"option {number}" for number in range(MOST_OPTIONS + 1)]},
    {"enum": []},
    {"enum": "text"},
    {"oneOf": [TEXT]},
    {"type": "array", "items": ADDRESS},
    {"type": "object"},
    {"type": 7},
    {"type": "object", "properties": {f"p{n}": TEXT for n in range(MOST_FIELDS + 1)}},
    "no schema",
    None,
]


@pytest.mark.parametrize("schema", BEYOND)
def test_what_no_field_says_is_written_as_json(schema: Any) -> None:
    form = form_of(schema)
    assert [field.kind for field in form.fields()] == ["json"]
    assert answer_in(form, QueryDict("f=%5B1%2C+%222%22%5D")) == [1, "2"]


def test_choices_keep_their_types_and_empty_fields_are_left_out() -> None:
    form = form_of({"type": "object", "properties": {"a": {"enum": ["1", 1, None]}, "b": TEXT, "c": {"const": {"x": 1}}}})
    assert answer_in(form, QueryDict("f0=1&f1=+&f2=0")) == {"a": 1, "c": {"x": 1}}
    assert answer_in(form, QueryDict("f0=3&f2=-1")) == {}
    assert answer_in(form_of({"type": "object", "properties": {"n": {"type": "number"}}}), QueryDict("f0=1e3")) == {"n": 1000.0}


def test_a_number_that_is_none_has_its_fault_beside_it() -> None:
    form = form_of({"type": "object", "properties": {"n": {"type": "number"}}})
    for text in ("1e999", "nan", "0x1", "١٢", "1_000", "1" * 50):
        form = form_of({"type": "object", "properties": {"n": {"type": "number"}}})
        assert answer_in(form, QueryDict(f"f0={text}")) == {}, text
        assert [field.faults for field in form.fields()] == [["this is no number"]], text
    form.tell([{"pointer": "/value/n/deep", "detail": "beside n"}, {"pointer": "/value/other", "detail": "above"}], at="/value")
    assert form.faults == ["other: above"] and next(form.fields()).faults[-1] == "beside n"
