"""`prices`: lists what costs how much, adds prices, withdraws those to come, and says at once what makes no sense."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from skills import prices
from skills.adapters.prices import today
from skills.models import PriceRow

pytestmark = pytest.mark.django_db

LLAMA = ("set", "openai_compatible", "llama3")


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    yield
    prices.forget()


def told(*arguments: str, expect: int = 0) -> tuple[str, str]:
    """Return what the command printed on stdout and stderr, and check its exit code."""
    out, errors = io.StringIO(), io.StringIO()
    code: Any = 0
    try:
        call_command("prices", *arguments, stdout=out, stderr=errors)
    except SystemExit as stopped:
        code = stopped.code
    assert code == expect, errors.getvalue()
    return out.getvalue(), errors.getvalue()


def answered(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(told(*arguments, "--json")[0])
    return answer


def test_it_adds_a_price_and_lists_it() -> None:
    made = answered(*LLAMA, "--input", "500000", "--output", "1500000", "--cache-read", "50000", "--note", "measured")
    assert (made["model"], made["state"], made["valid_from"]) == ("llama3", "in_force", today().isoformat())
    assert made["tiers"] == [{"above_input_tokens": 0, "input": 500_000, "output": 1_500_000, "cache_read": 50_000, "cache_write": 500_000}]
    row = PriceRow.objects.get(public_id=made["price_id"])
    assert (row.note, row.created_by.startswith("shell:")) == ("measured", True)
    assert answered("list", "llama3") == {"data": [made]}
    line = next(line for line in told("list", "llama3")[0].splitlines() if "llama3" in line)
    assert "in force" in line and "operator" in line and "in $0.5000 out $1.50" in line


def test_it_lists_what_is_in_force_unless_told_otherwise() -> None:
    assert {price["state"] for price in answered("list")["data"]} == {"in_force"}
    assert {price["state"] for price in answered("list", "--state", "all")["data"]} == {"in_force", "past"}
    assert {price["provider"] for price in answered("list", "--provider", "anthropic")["data"]} == {"anthropic"}
    assert [price["model"] for price in answered("list", "gpt-5.6")["data"]] == ["gpt-5.6-sol"]


def test_it_says_how_to_add_one_where_there_is_none() -> None:
    assert "prices set PROVIDER MODEL" in told("list", "nobody-knows-7b")[0]


def test_it_takes_tiers_and_names() -> None:
    made = answered(
        *LLAMA,
        "--input",
        "1",
        "--output",
        "2",
        "--tier",
        "100:3:4",
        "--tier",
        "200:5:6:7:8",
        "--match",
        "starts_with:llama",
        "--match",
        "l3",
    )
    assert [tier["above_input_tokens"] for tier in made["tiers"]] == [0, 100, 200]
    assert (made["tiers"][1]["cache_read"], made["tiers"][2]["cache_write"]) == (3, 8)
    assert made["match"] == [{"starts_with": "llama"}, {"equals": "l3"}]
    assert "above 200: in" in told("list", "llama99")[0]


def test_it_prices_calls_of_a_skill() -> None:
    assert "http_call, $0.0010 a call, from" in told("set", "skill", "http_call", "--per-call", "1000")[0]


def test_it_withdraws_a_price_to_come() -> None:
    made = answered(*LLAMA, "--input", "1", "--output", "2", "--from", (today() + timedelta(days=1)).isoformat())
    assert made["state"] == "coming"
    assert told("withdraw", made["price_id"])[0].startswith("withdrawn: llama3")
    assert answered("withdraw", made["version"])["state"] == "withdrawn"


REFUSED = {
    "a negative": ((*LLAMA, "--input", "-5", "--output", "1"), "/tiers/0/input"),
    "a fraction": ((*LLAMA, "--input", "0.5", "--output", "1"), "/tiers/0/input"),
    "a word": ((*LLAMA, "--input", "cheap", "--output", "1"), "/tiers/0/input"),
    "an enormous one": ((*LLAMA, "--input", "9" * 5_000, "--output", "1"), "/tiers/0/input"),
    "a number in another script": ((*LLAMA, "--input", "٣", "--output", "1"), "/tiers/0/input"),
    "no price": (LLAMA, "/tiers"),
    "half a price": ((*LLAMA, "--output", "1"), "/tiers/0/input"),
    "yesterday": ((*LLAMA, "--input", "1", "--output", "1", "--from", "2020-01-01"), "/valid_from"),
    "no day": ((*LLAMA, "--input", "1", "--output", "1", "--from", "monday"), "/valid_from"),
    "half a tier": ((*LLAMA, "--input", "1", "--output", "1", "--tier", "5"), "/tiers/1/input"),
    "more than a tier": ((*LLAMA, "--input", "1", "--output", "1", "--tier", "5:1:1:1:1:1"), "/tiers/1/more"),
    "a skill nobody knows": (("set", "skill", "fly", "--per-call", "1"), "/model"),
    "a skill for less than nothing": (("set", "skill", "http_call", "--per-call", "-1"), "/per_call_micro_usd"),
}


@pytest.mark.parametrize(("arguments", "pointer"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(arguments: tuple[str, ...], pointer: str) -> None:
    before = PriceRow.objects.count()
    # A minus after an option is another option to the parser, unless it is written together with it.
    joined = [f"{option}={value}" for option, value in zip(arguments[3::2], arguments[4::2], strict=True)]
    _, errors = told(*arguments[:3], *joined, expect=2)
    assert f"{pointer}:" in errors
    assert PriceRow.objects.count() == before


def test_it_withdraws_nothing_that_is_in_force() -> None:
    made = answered(*LLAMA, "--input", "1", "--output", "2")
    _, errors = told("withdraw", made["price_id"], expect=5)
    assert "in force since" in errors


def test_it_knows_no_other_price() -> None:
    told("withdraw", "prc_none", expect=3)


@pytest.mark.parametrize("arguments", [(), ("set",), ("set", "oracle", "m"), ("list", "--state", "sold"), ("withdraw",), ("delete", "x")])
def test_it_refuses_what_it_cannot_read(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("prices", *arguments)
