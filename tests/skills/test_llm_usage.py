"""What a provider says it counted, on the real wire: the truth is charged, and what cannot be true costs the most it can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from skills.adapters.llm import MOST_TOKENS
from skills.costs import worst_case_of
from skills.library.llm_invoke import LlmInvoke
from tests.fakes.llm_server import LlmServer, Scenario, cut, text
from tests.skills.test_llm_invoke_answers import MODELS, call, configuration

PARAMS = {"prompt": "What happened?", "max_tokens": 100}


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with LlmServer() as running:
        yield running


def worst_of(config: dict[str, Any]) -> int:
    worst = worst_case_of(LlmInvoke(), PARAMS, config)
    assert worst is not None
    return worst


@pytest.mark.parametrize("provider", MODELS)
def test_it_sends_the_bound_its_worst_case_rests_on(server: LlmServer, provider: str) -> None:
    server.script(text("ok"))
    call(configuration(server, provider), PARAMS)
    assert server.requests[-1].body["max_tokens"] == 100


@pytest.mark.parametrize("provider", MODELS)
def test_it_charges_less_where_less_was_used(server: LlmServer, provider: str) -> None:
    server.script(text("ok", input_tokens=0, output_tokens=0))
    outcome = call(configuration(server, provider), PARAMS)
    assert (outcome.execution.cost_micro_usd, outcome.execution.pricing_status) == (0, "priced")


MORE = {"input": {"input_tokens": 500_000}, "output": {"output_tokens": 500_000}, "cached": {"cached_tokens": 90_000_000}}


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("told", MORE.values(), ids=MORE)
def test_it_charges_the_truth_where_more_was_used_than_is_possible(server: LlmServer, provider: str, told: dict[str, int]) -> None:
    server.script(text("ok", **told))
    config = configuration(server, provider)
    outcome = call(config, PARAMS)
    assert outcome.success and outcome.execution.usage is not None
    assert outcome.execution.cost_micro_usd is not None
    assert outcome.execution.cost_micro_usd > worst_of(config)
    assert max(outcome.execution.usage.model_dump().values()) == max(told.values())


NONSENSE = [(number, provider) for number in (-1, -(10**12), MOST_TOKENS + 1, 10**40, 1.5, "many", [], {}, None) for provider in MODELS]
# Anthropic's SDK makes whole numbers of these before we see them.
NEARLY = [(number, "openai_compatible") for number in (12.0, "12", True)]


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens"])
@pytest.mark.parametrize(("number", "provider"), [*NONSENSE, *NEARLY])
def test_it_charges_the_most_it_can_be_where_the_count_cannot_be_true(server: LlmServer, provider: str, field: str, number: Any) -> None:
    server.script(text("Three things.", **{field: number}))
    config = configuration(server, provider)
    outcome = call(config, PARAMS)
    assert outcome.success, "the answer stands"
    assert (outcome.result["text"], outcome.execution.usage) == ("Three things.", None)
    assert (outcome.execution.cost_micro_usd, outcome.execution.pricing_status) == (worst_of(config), "priced")


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("number", [-1, 10**40, 1.5, "many", [1], {"a": 1}], ids=repr)
def test_it_lets_no_bucket_make_a_call_cheaper_than_it_was(server: LlmServer, provider: str, number: Any) -> None:
    server.script(text("ok", cached_tokens=number))
    config = configuration(server, provider)
    assert call(config, PARAMS).execution.cost_micro_usd == worst_of(config)


@pytest.mark.parametrize("provider", MODELS)
def test_it_charges_the_most_for_a_stream_that_was_cut(server: LlmServer, provider: str) -> None:
    server.script(cut())
    config = configuration(server, provider)
    outcome = call(config, PARAMS)
    assert outcome.failure is not None
    cost = outcome.execution.cost_micro_usd
    assert cost is not None and 100 * 0.5 <= cost <= worst_of(config)


@pytest.mark.parametrize("usage", [None, 7, "much", [], [1]], ids=repr)
def test_it_survives_usage_that_is_no_object(server: LlmServer, usage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fakes.llm_server._openai_usage", lambda scenario: usage)
    monkeypatch.setattr("tests.fakes.llm_server._anthropic_usage", lambda scenario, output: usage)
    for provider in MODELS:
        server.script(Scenario(answer="ok"))
        config = configuration(server, provider)
        outcome = call(config, PARAMS)
        assert outcome.success or (outcome.failure is not None and outcome.failure.code == "INVALID_RESPONSE")
        assert outcome.execution.cost_micro_usd == worst_of(config)
