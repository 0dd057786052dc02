"""References in parameters: typed when whole, text inside text, never expanded twice, and secrets left alone."""

from __future__ import annotations

from typing import Any

import pytest

from agents.plan.references import (
    UNKNOWN,
    Reference,
    Unknown,
    UnresolvedReference,
    holds_unknown,
    parse,
    references_in,
    render,
    secret_pointers,
    strings_in,
    walk,
    whole_reference,
)

DATA: dict[str, Any] = {
    "steps": {
        "fetch": {"result": {"n": 1, "list": [10, {"a": "x"}], "key with space": True, "trap": "${secrets.KEY} ${inputs.city}", "é": 2}}
    },
    "inputs": {"city": "Ulm", "none": None, "half": 0.5},
    "memory": {"k": {"deep": [1]}},
    "item": {"id": 7},
    "index": 3,
}


def lookup(reference: Reference) -> Any:
    return walk(DATA[reference.root], reference.path, reference.text)


RENDERED = [
    pytest.param("plain", "plain", id="no reference"),
    pytest.param("${steps.fetch.result.n}", 1, id="a whole one keeps its number"),
    pytest.param("${steps.fetch.result.list}", [10, {"a": "x"}], id="a whole one keeps its list"),
    pytest.param("${inputs.none}", None, id="a whole one keeps its null"),
    pytest.param("${steps.fetch.result.list[1].a}", "x", id="down into lists and objects"),
    pytest.param('${steps.fetch.result["key with space"]}', True, id="a quoted key"),
    pytest.param('${steps.fetch.result["é"]}', 2, id="a key beyond ASCII"),
    pytest.param("${index}", 3, id="the index"),
    pytest.param("${item}", {"id": 7}, id="the item"),
    pytest.param("${memory.k.deep[0]}", 1, id="memory"),
    pytest.param("to ${inputs.city}!", "to Ulm!", id="inside a text"),
    pytest.param("${inputs.city}${inputs.city}", "UlmUlm", id="two side by side are a text"),
    pytest.param("n=${steps.fetch.result.n} l=${steps.fetch.result.list}", 'n=1 l=[10,{"a":"x"}]', id="values as compact JSON"),
    pytest.param("${inputs.none}/${inputs.half}", "null/0.5", id="null and fractions as JSON"),
    pytest.param(" ${inputs.city}", " Ulm", id="a blank makes it a text"),
    pytest.param("$${inputs.city}", "${inputs.city}", id="escaped"),
    pytest.param("$${a} ${inputs.city}", "${a} Ulm", id="escaped beside a real one"),
    pytest.param("costs $5 {really}", "costs $5 {really}", id="signs that mean nothing"),
    pytest.param("${secrets.KEY}", "${secrets.KEY}", id="a whole secret stays"),
    pytest.param("Bearer ${secrets.KEY}", "Bearer ${secrets.KEY}", id="a secret in a text stays"),
    pytest.param("${steps.fetch.result.trap}", "${secrets.KEY} ${inputs.city}", id="data is not expanded again"),
    pytest.param("<${steps.fetch.result.trap}>", "<${secrets.KEY} ${inputs.city}>", id="data is not expanded again in a text"),
    pytest.param(
        {"a": ["${index}", {"b": "${inputs.city}"}], "${index}": 1},
        {"a": [3, {"b": "Ulm"}], "${index}": 1},
        id="nested; keys are no references",
    ),
    pytest.param(5, 5, id="not a text at all"),
]


@pytest.mark.parametrize(("value", "expected"), RENDERED)
def test_it_renders(value: Any, expected: Any) -> None:
    assert render(value, lookup) == expected


def test_it_leaves_the_plan_itself_alone() -> None:
    params = {"a": ["${index}"]}
    render(params, lookup)
    assert params == {"a": ["${index}"]}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("${steps.fetch.result.missing}", id="no such key"),
        pytest.param("${steps.fetch.result.list[9]}", id="past the end"),
        pytest.param("${steps.fetch.result.list.a}", id="a name in a list"),
        pytest.param("${steps.fetch.result.n.deeper}", id="into a number"),
        pytest.param("${inputs.city[0]}", id="into a text"),
        pytest.param("and ${inputs.missing}", id="inside a text"),
    ],
)
def test_it_refuses_what_points_to_nothing(text: str) -> None:
    with pytest.raises(UnresolvedReference, match="points to nothing"):
        render(text, lookup)


UNREADABLE = [
    pytest.param("env.HOME", id="an unknown root"),
    pytest.param("Steps.a.result", id="case counts"),
    pytest.param(" inputs.a", id="a blank before"),
    pytest.param("inputs.a ", id="a blank after"),
    pytest.param("inputs..a", id="a double dot"),
    pytest.param("inputs.a[-1]", id="a negative index"),
    pytest.param("inputs.a[*]", id="a wildcard"),
    pytest.param("inputs.a | upper", id="a filter"),
    pytest.param('inputs["a\\"]', id="a broken quote"),
    pytest.param("steps.a", id="a step without its result"),
    pytest.param("steps.a.status", id="something else of a step"),
    pytest.param("steps", id="all steps"),
    pytest.param("inputs", id="all inputs"),
    pytest.param("memory", id="all of memory"),
    pytest.param("secrets", id="all secrets"),
    pytest.param("secrets.A.b", id="a part of a secret"),
    pytest.param("index.a", id="a part of the index"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_it_refuses_what_is_no_reference(text: str) -> None:
    with pytest.raises(UnresolvedReference):
        parse(text)


@pytest.mark.parametrize("text", ["${inputs.a", "a ${", "${}", "${inputs.${inputs.a}}", "$${a} ${b", "${" + "inputs." + "a" * 600 + "}"])
def test_it_refuses_a_reference_that_is_not_closed(text: str) -> None:
    with pytest.raises(UnresolvedReference):
        references_in(text)


def test_it_reads_the_step_of_a_reference() -> None:
    assert parse("steps.my-step_1.result[0].x").step_id == "my-step_1"
    assert parse('steps["my-step"].result').step_id == "my-step"
    assert parse("inputs.steps").step_id is None
    assert parse("steps.a.result[0].x").path == ("a", "result", 0, "x")


@pytest.mark.parametrize(
    ("text", "whole"),
    [("${index}", True), ("x${index}", False), ("${index}${index}", False), ("$${index}", False), ("index", False), ("", False)],
)
def test_it_tells_a_whole_reference(text: str, whole: bool) -> None:
    assert (whole_reference(text) is not None) is whole


def test_it_says_where_the_plan_names_secrets() -> None:
    params = {"a/b": [{"~c": "Bearer ${secrets.KEY}"}], "plain": "${inputs.x}", "escaped": "$${secrets.KEY}", "whole": "${secrets.OTHER}"}
    assert secret_pointers(params) == ("/a~1b/0/~0c", "/whole")


def test_it_walks_texts_with_pointers() -> None:
    assert list(strings_in({"a": ["x", {"b": "y"}], "n": 1})) == [("/a/0", "x"), ("/a/1/b", "y")]


# What a simulation does not know yet


def test_it_knows_one_unknown() -> None:
    assert Unknown() is UNKNOWN
    assert repr(UNKNOWN) == "UNKNOWN"


@pytest.mark.parametrize(
    ("value", "held"),
    [
        pytest.param(UNKNOWN, True, id="itself"),
        pytest.param([1, {"a": [UNKNOWN]}], True, id="deep inside"),
        pytest.param([1, {"a": [None, ""]}], False, id="nowhere"),
        pytest.param("UNKNOWN", False, id="only the word"),
    ],
)
def test_it_finds_what_is_unknown(value: Any, held: bool) -> None:
    assert holds_unknown(value) is held


@pytest.mark.parametrize(
    ("text", "known"),
    [
        pytest.param("${inputs.x}", UNKNOWN, id="whole"),
        pytest.param("${inputs.x.deeper[3]}", UNKNOWN, id="below it"),
        pytest.param("a ${inputs.x}", UNKNOWN, id="a text with it is unknown as a whole"),
        pytest.param("a ${inputs.all}", UNKNOWN, id="a text with a list of it"),
        pytest.param("${inputs.all}", [1, UNKNOWN], id="a list with it keeps its shape"),
        pytest.param("a ${inputs.all[0]}", "a 1", id="what is known beside it"),
    ],
)
def test_it_carries_the_unknown_on(text: str, known: Any) -> None:
    inputs = {"x": UNKNOWN, "all": [1, UNKNOWN]}
    assert render(text, lambda reference: walk(inputs, reference.path, reference.text)) == known
