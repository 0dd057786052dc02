"""Conditions are CEL, give true or false, and end soon: what we count on of the library, whatever its next version does."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from agents.plan.conditions import MAX_LENGTH, ConditionError, compile_condition, evaluate, steps_read

VARIABLES: dict[str, Any] = {
    "steps": {
        "fetch": {
            "status": "succeeded",
            "result": {"n": 5, "tags": ["a", "b"], "name": "Ünï", "ratio": 0.5, "none": None},
            "failure": None,
        },
        "my-step": {"status": "failed", "result": None, "failure": {"code": "TIMEOUT", "message": "late"}},
    },
    "inputs": {"floor": 3, "flag": True, "list": list(range(100)), "big": 2**62, "text": "a" * 5_000},
    "item": {"id": 7},
    "index": 2,
}

HOLDS = [
    ("true", True),
    ("false", False),
    ("!inputs.flag", False),
    ("inputs.flag", True),
    ("steps.fetch.result.n > inputs.floor", True),
    ("steps.fetch.result.n == 5.0", True),
    ("steps.fetch.result.ratio < 1", True),
    ("steps.fetch.status == 'succeeded' && steps.fetch.result.n >= 5", True),
    ("steps['my-step'].status == 'failed'", True),
    ('steps["my-step"].failure.code == "TIMEOUT"', True),
    ("steps.fetch.failure == null", True),
    ("steps.fetch.result.none == null", True),
    ("has(steps.fetch.result.n)", True),
    ("has(steps.fetch.result.missing)", False),
    ("has(steps.fetch.result.missing) && steps.fetch.result.missing > 1", False),
    ("'a' in steps.fetch.result.tags", True),
    ("size(steps.fetch.result.tags) == 2", True),
    ("steps.fetch.result.tags.exists(tag, tag == 'b')", True),
    ("steps.fetch.result.tags.all(tag, tag != 'c')", True),
    ("steps.fetch.result.name.startsWith('Ü')", True),
    ("steps.fetch.result.name.matches('^.n.$')", True),
    ("item.id == 7 && index == 2", True),
    ("inputs.big + 1 > inputs.big", True),
    ("inputs.floor > 3 ? true : false", False),
    ("1 / 0 == 1 || true", True),
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_it_holds_or_does_not(text: str, expected: bool) -> None:
    assert evaluate(text, VARIABLES) is expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="blanks"),
        pytest.param("steps.fetch ==", id="half a sentence"),
        pytest.param("1 + 1", id="a number"),
        pytest.param("'yes'", id="a text"),
        pytest.param("[true]", id="a list"),
        pytest.param("unknown == 1", id="a name nobody knows"),
        pytest.param("env('HOME') == ''", id="a function nobody knows"),
        pytest.param("import os", id="Python"),
        pytest.param("(" * 250 + "true" + ")" * 250, id="too deep"),
        pytest.param("true || " * 63 + "true" + " " * 10, id="too long"),
        pytest.param("'\ud800' == 'a'", id="half a surrogate pair"),
        pytest.param("inputs.a == '\x00", id="a control character"),
    ],
)
def test_it_refuses_to_compile(text: str) -> None:
    with pytest.raises(ConditionError):
        compile_condition(text)


def test_it_takes_512_characters_and_not_one_more() -> None:
    longest = "true".ljust(MAX_LENGTH)
    assert evaluate(longest, VARIABLES)
    with pytest.raises(ConditionError, match="at most 512"):
        compile_condition(longest + " ")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("steps.fetch.result.missing == 1", id="a key that is not there"),
        pytest.param("steps.nobody.status == 'failed'", id="a step that is not there"),
        pytest.param("steps.fetch.result.n", id="a number at run time"),
        pytest.param("steps.fetch.result.none", id="null at run time"),
        pytest.param("steps.fetch.result.name > 1", id="types that do not meet"),
        pytest.param("1 / 0 == 1", id="a division by nothing"),
        pytest.param("inputs.big * 4 > 0", id="a number too large"),
        pytest.param("inputs.text.matches('(')", id="a broken pattern"),
        pytest.param("inputs.surrogate == 'a'", id="a text no encoding can keep"),
    ],
)
def test_it_fails_with_words(text: str) -> None:
    variables = VARIABLES | {"inputs": VARIABLES["inputs"] | {"surrogate": "\ud800"}}
    with pytest.raises(ConditionError) as failed:
        evaluate(text, variables)
    assert str(failed.value)


NESTED = "inputs.list.all(a, inputs.list.all(b, inputs.list.all(c, inputs.list.all(d, true))))"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(NESTED, id="a hundred million turns"),
        pytest.param("inputs.list.map(a, inputs.list.map(b, inputs.list.map(c, c))).size() > 0", id="a million results"),
        pytest.param(
            "inputs.list.exists(a, inputs.text.matches('(a|aa)+$') && inputs.list.exists(b, b < 0))", id="slow patterns in a loop"
        ),
    ],
)
def test_it_ends_soon(text: str) -> None:
    begun = process_time()
    with pytest.raises(ConditionError, match="budget"):
        evaluate(text, VARIABLES)
    assert process_time() - begun < 20, "without a budget this takes hours"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[inputs.s].map(a, [a + a].map(a, [a + a].map(a, true))) == []", id="a text doubled by every loop"),
        pytest.param("inputs.list.map(a, inputs.list + inputs.list).size() > 0", id="lists added in a loop"),
        pytest.param("inputs.list.map(a, bytes(inputs.s)).size() > 0", id="bytes copied in a loop"),
        pytest.param("[inputs.s].exists(a, '''b'c''' + a == '''d''')", id="a sum hidden by triple quotes"),
        pytest.param(r"""[inputs.s].exists(a, r"\" + a + "x" == "y")""", id="a sum hidden by a raw text"),
        pytest.param("[inputs.s] . map // loop\n (a, a + a) == []", id="a loop hidden by a comment"),
        pytest.param(" + ".join(["inputs.s"] * 10) + " == ''", id="many sums"),
    ],
)
def test_it_refuses_what_could_fill_the_memory(text: str) -> None:
    with pytest.raises(ConditionError, match=r"adds with|neither add|may neither"):
        compile_condition(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("inputs.list.exists(t, 'c++' == t)", id="a plus within a text, in a loop"),
        pytest.param("1 + 2 + 3 == 6", id="sums without a loop"),
    ],
)
def test_it_takes_sums_that_cannot_grow(text: str) -> None:
    compile_condition(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("steps.a.status == 'x' && steps.b.result > 1 && steps.a.result", ["a", "b"], id="in order, once each"),
        pytest.param("steps['my-step'].result && steps[\"b\"].result", ["my-step", "b"], id="by index"),
        pytest.param("steps . a . result", ["a"], id="with blanks"),
        pytest.param("size(steps) > 0", [], id="all of them"),
        pytest.param("inputs.steps.a == 1 && item.steps['b'] == 2", [], id="an input of that name"),
        pytest.param("mysteps.a", [], id="another name"),
        pytest.param("inputs.x == 'steps.foo'", [], id="within a text"),
        pytest.param("inputs.x == \"steps['foo']\"", [], id="within a text in double quotes"),
        pytest.param(r"inputs.x == 'it\'s steps.foo' && steps.a.result", ["a"], id="after an escaped quote"),
        pytest.param("inputs.x == '''it's\nsteps.foo''' && steps.a.result", ["a"], id="within a text of several lines"),
        pytest.param(r"""inputs.x == r'\d' && steps.a.result && inputs.y == br"steps.foo" """, ["a"], id="within a raw text"),
        pytest.param("inputs.x in ['', ' steps.foo ', ''] || steps.a.result", ["a"], id="between empty texts"),
        pytest.param("// steps.foo isn't read\nsteps.a.result", ["a"], id="within a comment"),
        pytest.param("inputs.x == '// no comment' && steps.a.result", ["a"], id="after what looks like a comment"),
        pytest.param("inputs // the same\n . steps.a == 1", [], id="an input of that name, with blanks"),
        pytest.param("steps[r'my-step'].result || steps['''b'''].result", ["my-step", "b"], id="by index, in every kind of quotes"),
        pytest.param("steps.`my-step`.result", ["my-step"], id="by a quoted name"),
        pytest.param("steps.all(name, name != '')", [], id="a function over all of them"),
        pytest.param("size(steps)", [], id="at the very end"),
    ],
)
def test_it_finds_the_steps_a_condition_reads(text: str, read: list[str]) -> None:
    assert steps_read(text) == read
