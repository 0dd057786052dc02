"""llm_invoke: asks a language model, or, where none is configured, the built-in extractive one. Costs money, changes nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from skills.adapters import extractive
from skills.adapters.llm import Completion, CompletionFailed, CompletionRequest, Endpoint
from skills.adapters.prices import (
    Price,
    Quote,
    StatedPrice,
    days_of_a_call,
    most_micro_usd,
    one_name,
    price_of,
    price_table,
    quote,
    settled_micro_usd,
    today,
)
from skills.adapters.prompts import DATA_RULE, as_data, input_bytes, input_token_bound
from skills.adapters.providers import DEFAULT_MODELS, endpoint_of, language_model
from skills.adapters.structured import MAX_SCHEMA_BYTES, SchemaInvalid, StructuredAnswerInvalid, validator_of
from skills.base import Params, Skill, SkillFailure, skill
from skills.contracts import (
    CompositionHints,
    Constraints,
    CostModel,
    Effect,
    FailureDetails,
    FaultDetail,
    Phase,
    SideEffect,
    failure_mode,
    faults_of,
)
from skills.ports import SkillContext

MAX_TOKENS = 32_000
DEGRADED_REASON = "answered by the built-in extractive model: it chooses sentences and writes none"

ProviderName = Literal["anthropic", "openai_compatible", "extractive"]


class LlmInvokeParams(Params):
    """What to ask. `input` is handed over as data, apart from the prompt, so that nothing in it reads as an instruction."""

    prompt: Annotated[str, Field(min_length=1)]
    system: str | None = None
    input: Any = None
    model: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    provider: ProviderName | None = None
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)] = 512
    answer_schema: Annotated[dict[str, Any] | None, Field(alias="schema", description="JSON Schema the answer must fit")] = None
    task: Literal["summarize", "extract", "answer"] = "summarize"


class LlmInvokeResult(Params):
    """What was answered. `data` is set when a schema was given."""

    text: str
    data: Any = None
    model: str
    provider: ProviderName
    stop_reason: str
    degraded: bool


class LlmInvokeConfig(Params):
    """Who answers. Endpoint and key are the operator's: they name where the texts of every call go."""

    provider: ProviderName = "extractive"
    model: str | None = None
    base_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    api_key_secret: str | None = None
    max_input_bytes: Annotated[int, Field(ge=1, le=1_048_576)] = 65_536
    max_cost_per_call_micro_usd: Annotated[int, Field(strict=True, ge=0)] | None = None
    price: StatedPrice | None = None


@skill(
    name="llm_invoke",
    version="1.0.0",
    description="Ask a language model: summarise, extract or answer, from a prompt and data; optionally as JSON that fits a schema.",
    effect=Effect.READ,
    failure_modes=[
        failure_mode("TIMEOUT", "The model did not finish its answer in time."),
        failure_mode("RATE_LIMITED", "The provider's rate limit is reached."),
        failure_mode("UPSTREAM_UNAVAILABLE", "The provider is overloaded (503, 529)."),
        failure_mode("HTTP_5XX", "The provider failed."),
        failure_mode("UPSTREAM_ERROR", "The provider reported an error in the middle of its answer."),
        failure_mode("DNS_FAILURE", "The endpoint's host name cannot be resolved."),
        failure_mode("CONNECTION_REFUSED", "Nothing listens at the endpoint."),
        failure_mode("CONNECTION_RESET", "The answer was cut before it was whole."),
        failure_mode("TLS_FAILURE", "The endpoint's certificate is not trusted."),
        failure_mode("LLM_REFUSED", "The model declined to answer."),
        failure_mode("INVALID_RESPONSE", "The answer is no JSON, is cut by max_tokens, or does not fit the schema."),
        failure_mode("CONTENT_TOO_LARGE", "The prompt is longer than the model or the configuration takes."),
        failure_mode("PERMISSION_DENIED", "The API key is missing or not accepted."),
        failure_mode("QUOTA_EXHAUSTED", "The account at the provider has no credit left."),
        failure_mode("NOT_FOUND", "The provider does not know the model."),
        failure_mode("HTTP_4XX", "The provider refused the request as it stands."),
        failure_mode("PRICE_UNKNOWN", "No price is known for the model and no cap per call is configured."),
        failure_mode("BUDGET_EXCEEDED", "The call could cost more than the configured cap per call."),
        failure_mode("INVALID_INPUT", "The schema is none, or the provider asked for is not configured."),
    ],
    Params=LlmInvokeParams,
    Result=LlmInvokeResult,
    Config=LlmInvokeConfig,
    operator_config=("base_url", "api_key_secret", "price"),
    cost_model=CostModel(per_unit="token", worst_case_micro_usd=0),
    avg_latency_ms=1_500,
    constraints=Constraints(timeout_ms=120_000),
    composition_hints=CompositionHints(
        often_preceded_by=["http_call", "json_transform"],
        anti_patterns=["Asking for what json_transform computes exactly.", "Putting fetched text into prompt instead of input."],
    ),
)
class LlmInvoke(Skill):
    """One question, one answer; the cost is bounded before anything is sent."""

    async def run(self, params: LlmInvokeParams, context: SkillContext) -> LlmInvokeResult:
        config = read_config(context.config)
        provider = provider_for(params.provider, config)
        check_schema(params.answer_schema)
        if provider == "extractive":
            context.report.degraded_reason = DEGRADED_REASON
            # Scoring a megabyte of text takes a while; other runs share this event loop.
            return await asyncio.to_thread(extract, params)
        request = replace(request_for(params, config, provider, context.timeout_ms), traceparent=context.traceparent)
        price = price_for(provider, request.model, config, today())
        quoted = quote(request.model, price, *bounds_of(request), config.max_cost_per_call_micro_usd)
        endpoint = endpoint_for(provider, config, context)
        completion = await metered(endpoint, request, quoted, context)
        return LlmInvokeResult(
            text=completion.text,
            data=completion.data,
            model=completion.model,
            provider=provider,
            stop_reason=completion.stop_reason,
            degraded=False,
        )

    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
        """Return the most the call can cost. Where parameters are still references, the input is bounded by
        `max_input_bytes`, which a call may not pass either."""
        try:
            settings = read_config(config)
        except SkillFailure:
            # A call with a configuration that cannot be read is refused before anything is sent.
            return 0
        if is_free(params, settings):
            return 0
        model = raw_model(params, settings)
        prices = [price_for(settings.provider, model, settings, day) for day in days_of_a_call()]
        bounds = raw_input_bound(params, settings), raw_max_tokens(params)
        return most_micro_usd(prices, *bounds, settings.max_cost_per_call_micro_usd)

    def model_of(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
        """Return the model the call is charged to, by the one name the price table has for it."""
        try:
            settings = read_config(config)
        except SkillFailure:
            return None
        model = raw_model(params, settings)
        # Which model a reference leads to is known when it is rendered, and asked again then.
        if is_free(params, settings) or "${" in model:
            return None
        return one_name(model)

    def other_models(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the provider's models with a price, of the same generation or a later one: an older one may be gone by now.

        Behind an endpoint of the operator's own, or at a price stated for one model, nobody knows what else there is.
        """
        try:
            settings = read_config(config)
        except SkillFailure:
            return {}
        model, day = raw_model(params, settings), today()
        if is_free(params, settings) or "${" in model or settings.base_url is not None or settings.price is not None:
            return {}
        own = price_table().model_named(settings.provider, model, day)
        known = (row.model for row in price_table().current(day) if row.provider == settings.provider)
        return {
            name: {"model": name} for name in known if name != own and is_as_new(name, model) and answers_to(settings.provider, name, day)
        }

    def cheaper_params(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what makes the built-in model answer, which is free; None where it does already."""
        try:
            settings = read_config(config)
        except SkillFailure:
            return None
        return None if is_free(params, settings) else {"provider": "extractive"}


def read_config(config: Mapping[str, Any]) -> LlmInvokeConfig:
    """Return the configuration. Raises SkillFailure where it breaks its schema."""
    try:
        return LlmInvokeConfig.model_validate(dict(config))
    except ValidationError as error:
        raise SkillFailure(
            "INVALID_INPUT", "the configuration of llm_invoke breaks its schema", details=FailureDetails(errors=faults_of(error))
        ) from error


def provider_for(asked: ProviderName | None, config: LlmInvokeConfig) -> ProviderName:
    """Return who answers. Raises SkillFailure for a provider that is not the configured one: its key must not go elsewhere."""
    if asked in (None, "extractive", config.provider):
        return asked or config.provider
    raise SkillFailure(
        "INVALID_INPUT",
        f"the provider '{asked}' is not configured for this agent",
        details=FailureDetails(errors=[FaultDetail(pointer="/provider", code="not_configured", detail=f"configured is {config.provider}")]),
        suggestions=["Leave `provider` out to use the configured one.", "Configure the provider for llm_invoke."],
    )


def check_schema(schema: dict[str, Any] | None) -> None:
    """Raise SkillFailure for a schema nobody could answer to, before anything is spent."""
    try:
        if schema is not None:
            validator_of(schema)
    except SchemaInvalid as error:
        fault = FaultDetail(pointer="/schema", code="schema_invalid", detail=str(error))
        raise SkillFailure("INVALID_INPUT", f"the schema cannot be used: {error}", details=FailureDetails(errors=[fault])) from error


def extract(params: LlmInvokeParams) -> LlmInvokeResult:
    """Return the built-in model's answer."""
    try:
        data = None
        if params.answer_schema is not None:
            data = extractive.fill(params.answer_schema, params.prompt, params.input, params.max_tokens)
    except StructuredAnswerInvalid as error:
        raise SkillFailure(
            "INVALID_RESPONSE",
            f"the built-in model cannot fill this schema from the input: {error}",
            details=FailureDetails(provider="extractive", errors=error.faults),
            suggestions=["Configure a language model for llm_invoke.", "Compute the fields with json_transform."],
        ) from error
    if data is None:
        text = extractive.answer(params.prompt, params.input, params.task, params.max_tokens)
    else:
        text = json.dumps(data, ensure_ascii=False)
    return LlmInvokeResult(text=text, data=data, model=extractive.MODEL, provider="extractive", stop_reason="end_turn", degraded=True)


def model_for(config: LlmInvokeConfig) -> str:
    """Return the model that answers where the call names none."""
    return config.model or DEFAULT_MODELS.get(config.provider, extractive.MODEL)


def request_for(params: LlmInvokeParams, config: LlmInvokeConfig, provider: str, timeout_ms: int) -> CompletionRequest:
    """Return the request to send. Raises SkillFailure where it is longer than the configuration allows."""
    prompt, system = params.prompt, params.system or ""
    if params.input is not None:
        prompt = f"{prompt}\n\n{as_data(params.input)}"
        system = f"{system}\n\n{DATA_RULE}".strip()
    size = input_bytes(system, prompt)
    if size > config.max_input_bytes:
        raise SkillFailure(
            "CONTENT_TOO_LARGE",
            f"prompt and input are {size} bytes, {config.max_input_bytes} are allowed",
            suggestions=["Extract what matters with json_transform first.", "Raise max_input_bytes in the configuration."],
        )
    return CompletionRequest(
        model=params.model or model_for(config),
        prompt=prompt,
        system=system,
        max_tokens=params.max_tokens,
        timeout_ms=timeout_ms,
        schema=params.answer_schema,
    )


def bounds_of(request: CompletionRequest) -> tuple[int, int]:
    """Return how many tokens can go in and come out."""
    return input_token_bound(input_bytes(request.system, request.prompt), request.schema), request.max_tokens


def price_for(provider: str, model: str, config: LlmInvokeConfig, on: date) -> Price | None:
    """Return the price of a model: what the operator states for the configured one, else the row in force on the day."""
    if config.price is not None and model == model_for(config):
        return config.price.as_price()
    return price_of(provider, model, on)


def endpoint_for(provider: str, config: LlmInvokeConfig, context: SkillContext) -> Endpoint:
    """Return the endpoint with its key. Raises SkillFailure where a key is needed and not there."""
    try:
        key = None if config.api_key_secret is None else context.secrets.reveal(config.api_key_secret)
    except KeyError as error:
        raise SkillFailure("PERMISSION_DENIED", f"the secret '{config.api_key_secret}' does not exist") from error
    return endpoint_of(provider, config.base_url, key)


async def metered(endpoint: Endpoint, request: CompletionRequest, quoted: Quote, context: SkillContext) -> Completion:
    """Return the completion, its cost and usage reported, failure or not.

    The worst case is reported first and corrected afterwards: a call cut short by deadline or cancellation was sent,
    and may be billed in full.
    """
    model, report = await language_model(endpoint), context.report
    report.pricing_version = None if quoted.price is None else quoted.price.version
    report.priced = quoted.price is not None
    report.cost_micro_usd = settled_micro_usd(quoted, None, final=False)
    report.side_effects.append(SideEffect(type="HTTP_REQUEST", target=endpoint.public, effect=Effect.READ, phase="maybe_sent"))
    try:
        completion = await model.complete(request)
    except CompletionFailed as failure:
        report.usage = failure.usage
        report.cost_micro_usd = settled_micro_usd(quoted, failure.usage, final=failure.final)
        _reached(context, failure.phase)
        raise
    report.usage = completion.usage
    report.cost_micro_usd = settled_micro_usd(quoted, completion.usage, final=completion.usage is not None)
    _reached(context, "acked")
    return completion


def _reached(context: SkillContext, phase: Phase) -> None:
    effects = context.report.side_effects
    effects[-1] = effects[-1].model_copy(update={"phase": phase})


def is_free(params: Mapping[str, Any], config: LlmInvokeConfig) -> bool:
    """Tell whether the call costs nothing: the built-in model answers, or it is refused before it is sent, because the
    provider it asks for is not the configured one."""
    return "extractive" in (config.provider, params.get("provider"))


_GENERATION = re.compile(r"\d+")


def is_as_new(model: str, than: str) -> bool:
    """Tell whether a model's name says that it is of the generation of another one, or of a later one."""
    found, wanted = _GENERATION.search(model), _GENERATION.search(than)
    return found is not None and wanted is not None and int(found[0]) >= int(wanted[0])


def answers_to(provider: str, name: str, day: date) -> bool:
    """Tell whether the price table's name of a model is one a provider is asked by, not a part of its names or a tune of it."""
    return ":" not in name and not name.endswith("-") and price_table().model_named(provider, name, day) == name


def raw_model(params: Mapping[str, Any], config: LlmInvokeConfig) -> str:
    return str(params.get("model") or model_for(config))


# What simulation does not know yet is no JSON; it counts as open, like a reference.
_as_written = json.JSONEncoder(ensure_ascii=False, default=lambda unknown: "${").encode


def raw_input_bound(params: Mapping[str, Any], config: LlmInvokeConfig) -> int:
    """Return the most input tokens parameters can lead to, references not yet rendered included."""
    written = _as_written(dict(params))
    if "${" in written:
        return input_token_bound(config.max_input_bytes, None) + 4 * MAX_SCHEMA_BYTES
    schema = params.get("schema")
    # Written out as JSON with indents, `input` grows by line breaks and spaces: count it as it is sent.
    texts = [str(params.get("prompt") or ""), str(params.get("system") or "")]
    if params.get("input") is not None:
        texts += ["\n\n", as_data(params["input"]), "\n\n", DATA_RULE]
    size = min(input_bytes(*texts), config.max_input_bytes)
    return input_token_bound(size, schema if isinstance(schema, dict) else None)


def raw_max_tokens(params: Mapping[str, Any]) -> int:
    given = params.get("max_tokens", 512)
    return max(0, min(given, MAX_TOKENS)) if isinstance(given, int) else MAX_TOKENS
