"""llm_invoke says what went wrong: every trouble a provider can make, on the real wire, for both adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.llm_invoke import LlmInvoke
from skills.ports import SkillContext
from tests.fakes.llm_server import (
    LlmServer,
    Scenario,
    cut,
    error_in_stream,
    garbage,
    malformed,
    overloaded,
    rate_limited,
    redirect,
    refusal,
    silent,
    status,
    truncated,
    unauthorized,
    web_page,
    without_usage,
)
from tests.processes import a_held_port

MODELS = {"anthropic": "claude-haiku-5-5", "openai_compatible": "gpt-6-luna"}
SCHEMA = {"type": "object", "properties": {"summary": {"type": "string"}}, "required": ["summary"], "additionalProperties": False}
PLAIN = {"prompt": "Say hello.", "max_tokens": 64}
DOUBLING = {f"p{i}": {"allOf": [{"$ref": f"#/$defs/p{i + 1}"}] * 2} for i in range(60)} | {"p60": {}}
STRUCTURED = {**PLAIN, "schema": SCHEMA}


class KnownSecrets:
    """A secret store with one key in it."""

    def reveal(self, name: str) -> str:
        return {"LLM_KEY": "key-for-tests"}[name]


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with LlmServer() as running:
        yield running


def configuration(server: LlmServer, provider: str, **more: Any) -> dict[str, Any]:
    base_url = server.anthropic_url if provider == "anthropic" else server.openai_url
    return {"provider": provider, "model": MODELS[provider], "base_url": base_url, "api_key_secret": "LLM_KEY", **more}


def call(config: dict[str, Any], params: dict[str, Any], timeout_ms: int = 10_000) -> StructuredOutcome:
    # llm_invoke goes to its endpoint itself, so the guarded way out is not handed in.
    context = SkillContext(http=None, secrets=KnownSecrets(), config=config, idempotency_key="k", timeout_ms=timeout_ms)  # type: ignore[arg-type]
    return asyncio.run(run_skill(LlmInvoke(), params, context))


TROUBLES: dict[str, tuple[Scenario, dict[str, Any], str, str]] = {
    "rate_limit": (rate_limited(2), PLAIN, "RATE_LIMITED", "nothing"),
    "overloaded": (overloaded(), PLAIN, "UPSTREAM_UNAVAILABLE", "nothing"),
    "unavailable": (status(503), PLAIN, "UPSTREAM_UNAVAILABLE", "nothing"),
    "server_error": (status(500), PLAIN, "HTTP_5XX", "nothing"),
    "bad_key": (unauthorized(), PLAIN, "PERMISSION_DENIED", "nothing"),
    "forbidden": (status(403), PLAIN, "PERMISSION_DENIED", "nothing"),
    "bad_request": (status(400, "invalid_request_error"), PLAIN, "HTTP_4XX", "nothing"),
    "prompt_too_long": (
        status(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        PLAIN,
        "CONTENT_TOO_LARGE",
        "nothing",
    ),
    "request_too_large": (status(413, "request_too_large"), PLAIN, "CONTENT_TOO_LARGE", "nothing"),
    "no_credit": (status(402, "billing_error"), PLAIN, "QUOTA_EXHAUSTED", "nothing"),
    "unknown_model": (status(404, "not_found_error"), PLAIN, "NOT_FOUND", "nothing"),
    "redirect": (redirect("http://127.0.0.1:9/elsewhere"), PLAIN, "INVALID_RESPONSE", "nothing"),
    "refusal": (refusal(), PLAIN, "LLM_REFUSED", "usage"),
    "malformed_json": (malformed(), STRUCTURED, "INVALID_RESPONSE", "usage"),
    "wrong_shape": (Scenario(answer='{"summary": 7}'), STRUCTURED, "INVALID_RESPONSE", "usage"),
    "truncated_json": (truncated(), STRUCTURED, "INVALID_RESPONSE", "usage"),
    "cut": (cut(), PLAIN, "CONNECTION_RESET", "worst_case"),
    "cut_politely": (cut(politely=True), PLAIN, "CONNECTION_RESET", "worst_case"),
    "error_in_stream": (error_in_stream(), PLAIN, "UPSTREAM_ERROR", "worst_case"),
    "garbage": (garbage(), PLAIN, "INVALID_RESPONSE", "worst_case"),
    "web_page": (web_page(), PLAIN, "INVALID_RESPONSE", "worst_case"),
}


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_gives_every_trouble_its_code_and_its_price(server: LlmServer, provider: str, trouble: str) -> None:
    scenario, params, code, charged = TROUBLES[trouble]
    server.script(scenario)
    config = configuration(server, provider)
    outcome = call(config, params)
    assert outcome.failure is not None and outcome.failure.code == code, outcome
    assert outcome.failure.phase == "acked"
    assert outcome.failure.retry_safety == "safe"
    assert outcome.failure.details.provider == provider
    assert [effect.phase for effect in outcome.side_effects] == ["acked"]
    worst, cost = LlmInvoke().worst_case_micro_usd(params, config), outcome.execution.cost_micro_usd
    assert worst is not None and cost is not None
    if charged == "nothing":
        assert cost == 0 and outcome.execution.usage is None
    else:
        assert 0 < cost <= worst
    if charged == "usage":
        assert outcome.execution.usage is not None and outcome.execution.usage.output == 7


@pytest.mark.parametrize("provider", MODELS)
def test_it_passes_on_how_long_to_wait(server: LlmServer, provider: str) -> None:
    server.script(rate_limited(3))
    outcome = call(configuration(server, provider), PLAIN)
    assert outcome.failure is not None and outcome.failure.retry_after_ms == 3_000


@pytest.mark.parametrize("provider", MODELS)
def test_it_sends_a_request_once_whatever_comes_back(server: LlmServer, provider: str) -> None:
    server.requests.clear()
    server.script(overloaded())
    call(configuration(server, provider), PLAIN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", MODELS)
def test_it_never_repeats_a_key_a_provider_quotes(server: LlmServer, provider: str) -> None:
    server.script(unauthorized())
    assert "sk-test" not in call(configuration(server, provider), PLAIN).model_dump_json()


@pytest.mark.parametrize("provider", MODELS)
def test_it_times_out_on_silence_and_charges_what_may_be_billed(server: LlmServer, provider: str) -> None:
    server.script(silent())
    config = configuration(server, provider)
    outcome = call(config, PLAIN, timeout_ms=300)
    assert outcome.failure is not None and outcome.failure.code == "TIMEOUT"
    assert outcome.failure.phase == "maybe_sent"
    assert outcome.execution.cost_micro_usd == LlmInvoke().worst_case_micro_usd(PLAIN, config)


@pytest.mark.parametrize("provider", MODELS)
def test_it_says_not_sent_where_nobody_listens(server: LlmServer, provider: str) -> None:
    with a_held_port() as port:
        outcome = call(configuration(server, provider, base_url=f"http://127.0.0.1:{port}"), PLAIN)
    assert outcome.failure is not None and outcome.failure.code == "CONNECTION_REFUSED"
    assert outcome.failure.phase == "not_sent"
    assert outcome.execution.cost_micro_usd == 0


@pytest.mark.parametrize("provider", MODELS)
def test_it_says_tls_failure_where_no_tls_is_spoken(server: LlmServer, provider: str) -> None:
    outcome = call(configuration(server, provider, base_url=server.anthropic_url.replace("http:", "https:")), PLAIN)
    assert outcome.failure is not None and outcome.failure.code == "TLS_FAILURE"


@pytest.mark.parametrize("provider", MODELS)
def test_it_says_dns_failure_for_a_name_that_does_not_exist(server: LlmServer, provider: str) -> None:
    outcome = call(configuration(server, provider, base_url="http://no-such-host.invalid"), PLAIN)
    assert outcome.failure is not None and outcome.failure.code == "DNS_FAILURE"
    assert outcome.failure.phase == "not_sent"


def test_it_charges_the_worst_case_where_nobody_counted(server: LlmServer) -> None:
    server.script(without_usage())
    config = configuration(server, "openai_compatible")
    outcome = call(config, PLAIN)
    assert outcome.success and outcome.execution.usage is None
    assert outcome.execution.cost_micro_usd == LlmInvoke().worst_case_micro_usd(PLAIN, config)


BEFORE_SENDING: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "unknown_price": ({"model": "nobody-knows-7b"}, PLAIN, "PRICE_UNKNOWN"),
    "above_the_cap": ({"max_cost_per_call_micro_usd": 1}, PLAIN, "BUDGET_EXCEEDED"),
    "input_too_long": ({"max_input_bytes": 64}, {**PLAIN, "input": "x" * 200}, "CONTENT_TOO_LARGE"),
    "no_schema": ({}, {**PLAIN, "schema": {"type": "nonsense"}}, "INVALID_INPUT"),
    "schema_without_end": ({}, {**PLAIN, "schema": {"$ref": "#/$defs/p0", "$defs": DOUBLING}}, "INVALID_INPUT"),
    "schema_elsewhere": ({}, {**PLAIN, "schema": {"$ref": "http://127.0.0.1:9/schema.json"}}, "INVALID_INPUT"),
    "other_provider": ({"provider": "anthropic"}, {**PLAIN, "provider": "openai_compatible"}, "INVALID_INPUT"),
    "missing_secret": ({"api_key_secret": "NOBODY_SET_IT"}, PLAIN, "PERMISSION_DENIED"),
    "no_secret_named": ({"provider": "anthropic", "api_key_secret": None}, PLAIN, "PERMISSION_DENIED"),
    "broken_configuration": ({"max_input_bytes": "many"}, PLAIN, "INVALID_INPUT"),
    "misspelt_configuration": ({"modell": "x"}, PLAIN, "INVALID_INPUT"),
    "unknown_parameter": ({}, {**PLAIN, "temperature": 0.2}, "SCHEMA_VALIDATION_FAILED"),
    "missing_prompt": ({}, {"max_tokens": 5}, "MISSING_REQUIRED_FIELD"),
}


@pytest.mark.parametrize("case", BEFORE_SENDING)
def test_it_refuses_before_anything_is_sent(server: LlmServer, case: str) -> None:
    changed, params, code = BEFORE_SENDING[case]
    server.requests.clear()
    outcome = call({**configuration(server, "anthropic"), **changed}, params)
    assert outcome.failure is not None and outcome.failure.code == code, outcome
    assert (outcome.failure.phase, outcome.execution.cost_micro_usd, server.requests) == ("not_sent", 0, [])
