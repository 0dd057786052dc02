"""What a call can cost at most is never less than what it does cost, and a skill's word for it is not taken for granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from skills.adapters.price_table import PER_CALL, Clause, DatedPrice, PriceTable, Tier, shipped_table
from skills.adapters.prices import StatedPrice, cost_micro_usd, put_in_force, settled_micro_usd, today
from skills.adapters.prices import quote as quote_of
from skills.base import Skill, SkillFailure
from skills.contracts import LARGEST_MICRO_USD, CostModel, Effect, Usage
from skills.costs import base_of, charge_of, cheaper_params_of, model_of, worst_case_of
from skills.library.http_call import HttpCall
from skills.library.json_transform import JsonTransform
from skills.library.llm_invoke import LlmInvoke, LlmInvokeParams, bounds_of, price_for, read_config, request_for
from skills.ports import CallReport
from skills.registry import Registry

LLM = LlmInvoke()
NOW = today()


@pytest.fixture(autouse=True)
def _shipped_prices_after() -> Iterator[None]:
    yield
    put_in_force(None)


def per_call(skill: str, micro_usd: int, after_days: int = 0) -> DatedPrice:
    begins = NOW + timedelta(days=after_days)
    return DatedPrice(
        PER_CALL, skill, (Clause("equals", skill),), begins, f"row-{micro_usd}", per_call_micro_usd=micro_usd, by_operator=True
    )


def a_model(name: str, *tiers: Tier, after_days: int = -1) -> DatedPrice:
    return DatedPrice(
        "anthropic", name, (Clause("equals", name),), NOW + timedelta(days=after_days), f"row-{name}", tiers, by_operator=True
    )


def in_force(*rows: DatedPrice) -> None:
    put_in_force(PriceTable((*shipped_table().rows, *rows)))


# A language model

TEXT = st.text(max_size=120) | st.text(alphabet="ﷺ½Ⅷﬃ𝔘é\u0301", max_size=60)
SCHEMA = st.sampled_from([None, {"type": "object", "properties": {"é": {"type": "string"}}}, {"type": "array", "items": {"const": "ﷺ"}}])
MATERIAL = st.none() | TEXT | st.lists(TEXT, max_size=4) | st.dictionaries(st.text(max_size=9), st.integers() | TEXT, max_size=4)
PRICE = st.integers(0, 80_000_000)
STATED = st.builds(StatedPrice, input=PRICE, output=PRICE, cache_read=st.none() | PRICE, cache_write=st.none() | PRICE)
ROWS = st.lists(st.tuples(st.integers(1, 4_000), PRICE, PRICE, PRICE, PRICE), max_size=3, unique_by=lambda tier: tier[0]).map(
    lambda tiers: tuple(Tier(*tier) for tier in sorted(tiers))
)


@settings(max_examples=300)
@given(
    params=st.fixed_dictionaries(
        {"prompt": TEXT.filter(bool), "max_tokens": st.integers(1, 3_000)}, optional={"system": TEXT, "input": MATERIAL, "schema": SCHEMA}
    ),
    stated=st.none() | STATED,
    first=st.tuples(PRICE, PRICE, PRICE, PRICE),
    tiers=ROWS,
    shares=st.tuples(*[st.integers(0, 100)] * 4),
)
def test_no_call_within_its_bounds_costs_more_than_its_worst_case(
    params: dict[str, Any], stated: StatedPrice | None, first: tuple[int, ...], tiers: tuple[Tier, ...], shares: tuple[int, ...]
) -> None:
    in_force(a_model("tiered", Tier(0, *first), *tiers))
    config = {"provider": "anthropic", "model": "tiered", **({"price": stated.model_dump()} if stated else {})}
    worst = worst_case_of(LLM, params, config)
    assert worst is not None
    read = read_config(config)
    request = request_for(LlmInvokeParams.model_validate(params), read, "anthropic", 1_000)
    # What the provider may say it used, however it divides the input among its buckets.
    most_in, most_out = bounds_of(request)
    spread = [most_in * share // max(1, sum(shares[:3])) for share in shares[:3]]
    usage = Usage(input=spread[0], cache_read=spread[1], cache_write=spread[2], output=most_out * shares[3] // 100)
    price = price_for("anthropic", request.model, read, NOW)
    assert price is not None
    assert 0 <= cost_micro_usd(price, usage) <= worst
    quoted = quote_of(request.model, price, most_in, most_out, None)
    for told, final in ((None, False), (usage, False), (usage, True)):
        charged = settled_micro_usd(quoted, told, final=final)
        assert charged is not None and charged <= worst
    for name in ("prompt", "max_tokens", *params.keys() - {"schema"}):
        open_worst = worst_case_of(LLM, {**params, name: "${steps.a.result}"}, config)
        assert open_worst is not None and open_worst >= worst, f"a reference in {name}"


@given(text=st.text(max_size=400) | st.text(alphabet="ﷺ0123456789🏳️‍🌈\x00", max_size=200))
def test_it_bounds_the_tokens_of_a_text_by_its_bytes(text: str) -> None:
    """There is a vocabulary of every single byte, so a bound below one token a byte would be a guess."""
    params = LlmInvokeParams(prompt=text or "x")
    bound, _ = bounds_of(request_for(params, read_config({"provider": "anthropic"}), "anthropic", 1_000))
    assert bound >= len((text or "x").encode())


def test_it_counts_the_dearest_tier_the_input_can_reach_even_where_more_input_is_cheaper() -> None:
    in_force(a_model("odd", Tier(0, 9_000_000, 0, 0, 0), Tier(100, 1_000, 0, 0, 0)))
    worst = worst_case_of(LLM, {"prompt": "x"}, {"provider": "anthropic", "model": "odd"})
    assert worst is not None and worst > 9 * 1_024


def test_it_counts_a_price_that_rises_at_midnight() -> None:
    config = {"provider": "anthropic", "model": "rising"}
    today_only = a_model("rising", Tier(0, 1_000_000, 0, 0, 0))
    in_force(today_only)
    before = worst_case_of(LLM, {"prompt": "x"}, config)
    in_force(today_only, a_model("rising", Tier(0, 5_000_000, 0, 0, 0), after_days=1))
    assert before is not None and worst_case_of(LLM, {"prompt": "x"}, config) == 5 * before
    in_force(today_only, a_model("rising", Tier(0, 5_000_000, 0, 0, 0), after_days=2))
    assert worst_case_of(LLM, {"prompt": "x"}, config) == before


UNKNOWN = {"provider": "anthropic", "model": "nobody-knows-7b"}
WORST = {
    "an unknown price": (UNKNOWN, {}, None),
    "an unknown price under a cap": ({**UNKNOWN, "max_cost_per_call_micro_usd": 900}, {}, 900),
    "a known price under a cap": ({"provider": "anthropic", "max_cost_per_call_micro_usd": 3}, {}, 3),
    "the built-in model": ({}, {}, 0),
    "the built-in model where another is configured": (UNKNOWN, {"provider": "extractive"}, 0),
    "another where the built-in one is configured, which is refused": ({}, {"provider": "anthropic"}, 0),
    "a reference to a provider where the built-in one is configured": ({}, {"provider": "${inputs.p}"}, 0),
    "a configuration that is refused": ({"provider": "anthropic", "modle": "x"}, {}, 0),
    "a cap that is no amount": ({**UNKNOWN, "max_cost_per_call_micro_usd": 10**30}, {}, None),
    "a model only a reference leads to": ({"provider": "anthropic"}, {"model": "${inputs.m}"}, None),
}


@pytest.mark.parametrize(("config", "params", "worst"), WORST.values(), ids=WORST)
def test_the_worst_case_of_a_language_model_is_for(config: dict[str, Any], params: dict[str, Any], worst: int | None) -> None:
    assert worst_case_of(LLM, {"prompt": "x", **params}, config) == worst


@pytest.mark.parametrize(
    "price", [{"input": 1.5, "output": 1}, {"input": "1", "output": 1}, {"input": -1, "output": 1}, {"input": True, "output": 1}]
)
def test_it_takes_no_price_that_is_no_whole_number(price: dict[str, Any]) -> None:
    with pytest.raises(SkillFailure):
        read_config({"provider": "anthropic", "price": price})


CHARGED_TO = {
    "the default": ({"provider": "anthropic"}, {}, "claude-haiku-5-5"),
    "the configured one": ({"provider": "openai_compatible", "model": "llama3"}, {}, "llama3"),
    "the one the call names": ({"provider": "anthropic"}, {"model": "claude-opus-5"}, "claude-opus-5"),
    "one name for all its names": ({"provider": "openai_compatible"}, {"model": "gpt-5.6"}, "gpt-5.6-sol"),
    "one name whoever provides it": ({"provider": "openai_compatible"}, {"model": "claude-haiku-5-5-20261001"}, "claude-haiku-5-5"),
    "nobody, built in": ({}, {}, None),
    "nobody, built in by the call": ({"provider": "anthropic"}, {"provider": "extractive"}, None),
    "nobody yet": ({"provider": "anthropic"}, {"model": "${inputs.m}"}, None),
    "nobody, refused": ({"provider": "anthropic", "modle": "x"}, {}, None),
}


@pytest.mark.parametrize(("config", "params", "model"), CHARGED_TO.values(), ids=CHARGED_TO)
def test_it_charges(config: dict[str, Any], params: dict[str, Any], model: str | None) -> None:
    assert model_of(LLM, {"prompt": "x", **params}, config) == model
    free = model is None and params.get("model") is None
    call = {"prompt": "x", **params}
    cheaper = cheaper_params_of(LLM, call, config, than_micro_usd=worst_case_of(LLM, call, config))
    assert cheaper == (None if free else {"provider": "extractive"})


# Any skill


class Told(Skill):
    """A skill that says of its costs what the test says."""

    name = "told"
    version = "2.1.0"
    description = "For tests."
    effect = Effect.READ
    failure_modes = []
    Params = HttpCall.Params
    Result = HttpCall.Result

    def __init__(self, answer: Any = 0) -> None:
        self.answer = answer

    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
        return params["no such parameter"] if self.answer == "raise" else self.answer

    model_of = cheaper_params = worst_case_micro_usd


class Based(Told):
    cost_model = CostModel(base_micro_usd=50, worst_case_micro_usd=200)


NONSENSE = ["raise", -1, 1.0, 0.5, True, "5", [], 2**53, 10**40, float("nan"), float("inf")]


@pytest.mark.parametrize("answer", NONSENSE)
def test_a_cost_model_that_makes_no_sense_means_an_unknown_price_and_is_loud(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert worst_case_of(Told(answer), {}, {}) is None
    assert "skill.cost_model." in caplog.text


@pytest.mark.parametrize("answer", ["raise", 7, "", [], True, "x" * 2_000])
def test_a_model_that_is_no_name_is_none(answer: Any) -> None:
    assert model_of(Told(answer), {}, {}) is None


@pytest.mark.parametrize("answer", ["raise", 7, {}, [], {"url": "x"}])
def test_parameters_that_are_none_or_make_nothing_cheaper_are_none(answer: Any) -> None:
    assert cheaper_params_of(Told(answer), {}, {}, than_micro_usd=1) is None


WITH_BASE = {
    "declared": (Based(200), (), 200, 50),
    "of a row": (Based(200), (per_call("told", 80),), 230, 80),
    "of a row that makes it free": (Based(200), (per_call("told", 0),), 150, 0),
    "of a row that begins tomorrow": (Based(200), (per_call("told", 80, 1),), 230, 50),
    "of a row from the day after": (Based(200), (per_call("told", 80, 2),), 200, 50),
    "of a row for another skill": (Based(200), (per_call("http_call", 80),), 200, 50),
    "more than the skill owns to": (Based(0), (), 50, 50),
    "undeclared": (Told(7), (), 7, 0),
    "of a row where none is declared": (Told(7), (per_call("told", 80),), 87, 80),
    "of a price nobody knows": (Told(None), (per_call("told", 80),), None, 80),
    "that makes it too much": (Told(LARGEST_MICRO_USD), (per_call("told", 1),), None, 1),
}


@pytest.mark.parametrize(("skill", "rows", "worst", "base"), WITH_BASE.values(), ids=WITH_BASE)
def test_it_counts_the_base(skill: Skill, rows: tuple[DatedPrice, ...], worst: int | None, base: int) -> None:
    in_force(*rows)
    assert worst_case_of(skill, {}, {}) == worst
    assert base_of(skill).micro_usd == base


@pytest.mark.parametrize("skill", [HttpCall(), JsonTransform(), LLM], ids=lambda skill: skill.name)
def test_our_own_skills_cost_nothing_by_the_call_until_an_operator_says_so(skill: Skill) -> None:
    assert base_of(skill) == (0, None)
    in_force(per_call(skill.name, 30))
    assert base_of(skill) == (30, "row-30")
    assert worst_case_of(skill, {}, {}) == 30


CHARGES = {
    "nothing": ({}, True, Told(), (), (0, "free", None)),
    "what it reports": ({"cost_micro_usd": 9, "priced": True, "pricing_version": "v"}, True, Told(), (), (9, "priced", "v")),
    "a cost it forgot to call priced": ({"cost_micro_usd": 9}, True, Told(), (), (9, "priced", None)),
    "a free call of what has a price": ({"priced": True, "pricing_version": "v"}, True, Told(), (), (0, "priced", "v")),
    "the declared base": ({}, True, Based(), (), (50, "priced", "declared/told/2.1.0")),
    "no base where the call does not count": ({}, False, Based(), (), (0, "free", None)),
    "a row's base": ({}, True, Based(), (per_call("told", 80),), (80, "priced", "row-80")),
    "a row that makes it free": ({}, True, Based(), (per_call("told", 0),), (0, "free", "row-0")),
    "both": (
        {"cost_micro_usd": 9, "priced": True, "pricing_version": "v"},
        True,
        Told(),
        (per_call("told", 80),),
        (89, "priced", "v + row-80"),
    ),
    "nobody knows": ({"cost_micro_usd": None}, True, Based(), (), (None, "unpriced", "declared/told/2.1.0")),
    "nobody knows, for a negative": ({"cost_micro_usd": -4}, True, Told(), (), (None, "unpriced", None)),
    "nobody knows, for a fraction": ({"cost_micro_usd": 1.5}, True, Told(), (), (None, "unpriced", None)),
    "nobody knows, for a text": ({"cost_micro_usd": "12"}, True, Told(), (), (None, "unpriced", None)),
    "nobody knows, for more than there is": ({"cost_micro_usd": 10**30}, True, Told(), (), (None, "unpriced", None)),
}


@pytest.mark.parametrize(("report", "counts", "skill", "rows", "charge"), CHARGES.values(), ids=CHARGES)
def test_it_charges_for_a_call(report: dict[str, Any], counts: bool, skill: Skill, rows: tuple[DatedPrice, ...], charge: Any) -> None:
    in_force(*rows)
    assert charge_of(skill, CallReport(**report), counts=counts) == charge


# What a skill may declare

BAD = [
    {"base_micro_usd": -1},
    {"base_micro_usd": 1.0, "worst_case_micro_usd": 9},
    {"base_micro_usd": 5},
    {"base_micro_usd": 5, "worst_case_micro_usd": 4},
    {"worst_case_micro_usd": -1},
    {"worst_case_micro_usd": 2**53},
    {"per_unit_micro_usd": -1},
]


@pytest.mark.parametrize("declared", BAD, ids=str)
def test_it_refuses_to_declare_costs_that_make_no_sense(declared: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CostModel(**declared)


@pytest.mark.parametrize(
    "declared",
    [None, {"base_micro_usd": 1}, CostModel.model_construct(base_micro_usd=-1), CostModel.model_construct(worst_case_micro_usd="1")],
)
def test_no_skill_gets_in_whose_costs_make_no_sense(declared: Any) -> None:
    registry = Registry()
    with pytest.raises(ValueError, match="CostModel"):
        registry.add(type("Cunning", (Told,), {"cost_model": declared}))
    assert registry.names() == []
