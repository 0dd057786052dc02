"""Planning by a language model: ask once, within a bounded cost, and hand back whatever plan it wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from agents.planners.interface import PlannerFailure, PlannerMeans, PlanRequest, Proposal, Spent, failed
from agents.planners.prompt import answer_schema, plan_of, system_prompt, user_prompt
from skills.adapters.llm import CompletionFailed, CompletionRequest, Endpoint
from skills.adapters.prices import (
    Price,
    Quote,
    StatedPrice,
    days_of_a_call,
    most_micro_usd,
    one_name,
    price_of,
    quote,
    settled_micro_usd,
    today,
)
from skills.adapters.prompts import input_bytes, input_token_bound
from skills.adapters.providers import DEFAULT_MODELS, endpoint_of, language_model
from skills.base import SkillFailure
from skills.contracts import Contract, FailureDetails, MicroUsd, Usage, faults_of


class PlannerOptions(Contract):
    """What an agent's profile may say about its planner."""

    model: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    max_tokens: Annotated[int, Field(ge=256, le=32_000)] = 4_096
    max_input_bytes: Annotated[int, Field(ge=1_024, le=1_048_576)] = 262_144
    max_cost_per_call_micro_usd: MicroUsd | None = None
    effort: Literal["low", "medium", "high"] | None = None
    price: StatedPrice | None = None


@dataclass(frozen=True)
class LanguageModelPlanner:
    """A planner that asks the model of one provider."""

    name: str
    version: str
    provider: str
    options_model: type[BaseModel] = PlannerOptions
    operator_options: tuple[str, ...] = ("price",)

    def worst_case_micro_usd(self, request: PlanRequest) -> int | None:
        """Return the most one proposal can cost, None where no price is known."""
        try:
            options = self._options(request)
            question = self._question(request, options)
        except SkillFailure:
            # Nothing is sent with options that cannot be read, or where the question is too long.
            return 0
        prices = [self._price(options, day) for day in days_of_a_call()]
        return most_micro_usd(prices, *_bounds(question), options.max_cost_per_call_micro_usd)

    def model_of(self, request: PlanRequest) -> str | None:
        """Return the model a proposal is charged to, by the one name the price table has for it."""
        try:
            return one_name(self._model(self._options(request)))
        except SkillFailure:
            return None

    async def propose(self, request: PlanRequest, means: PlannerMeans) -> Proposal | PlannerFailure:
        """Return the plan the model wrote, or why there is none, and in both cases what it cost."""
        try:
            options = self._options(request)
            question = self._question(request, options)
            quoted = quote(question.model, self._price(options, today()), *_bounds(question), options.max_cost_per_call_micro_usd)
            endpoint = self._endpoint(means.providers)
        except SkillFailure as refused:
            return failed(refused)
        return await self._ask(endpoint, question, quoted, request)

    async def _ask(self, endpoint: Endpoint, question: CompletionRequest, quoted: Quote, request: PlanRequest) -> Proposal | PlannerFailure:
        try:
            completion = await (await language_model(endpoint)).complete(question)
        except CompletionFailed as failure:
            return failed(failure, _spent(question.model, quoted, failure.usage, final=failure.final))
        except asyncio.CancelledError:
            cancelled = SkillFailure("CANCELLED", f"{self.name} was cancelled while it planned", phase="maybe_sent")
            return failed(cancelled, _spent(question.model, quoted, None, final=False))
        plan = plan_of(completion.data, request, planner=self.name, version=self.version, model=completion.model)
        return Proposal(plan, _spent(completion.model, quoted, completion.usage, final=completion.usage is not None))

    def _options(self, request: PlanRequest) -> PlannerOptions:
        try:
            return PlannerOptions.model_validate(request.options)
        except ValidationError as error:
            details = FailureDetails(errors=faults_of(error))
            raise SkillFailure("INVALID_INPUT", f"the options of the planner '{self.name}' break their schema", details=details) from error

    def _model(self, options: PlannerOptions) -> str:
        return options.model or DEFAULT_MODELS[self.provider]

    def _price(self, options: PlannerOptions, on: date) -> Price | None:
        if options.price is not None:
            return options.price.as_price()
        return price_of(self.provider, self._model(options), on)

    def _question(self, request: PlanRequest, options: PlannerOptions) -> CompletionRequest:
        system, prompt = system_prompt(request.skills), user_prompt(request)
        size = input_bytes(system, prompt)
        if size > options.max_input_bytes:
            raise SkillFailure(
                "CONTENT_TOO_LARGE",
                f"goal, inputs and skills are {size} bytes, {options.max_input_bytes} are allowed",
                suggestions=["Allow the agent fewer skills.", "Raise max_input_bytes in the planner's options."],
            )
        return CompletionRequest(
            model=self._model(options),
            prompt=prompt,
            system=system,
            max_tokens=options.max_tokens,
            timeout_ms=request.timeout_ms,
            schema=answer_schema(request.skills),
            # A plan that breaks its schema is worth a repair round, with pointers; the caller judges it.
            strict=False,
            effort=options.effort,
            traceparent=request.traceparent,
        )

    def _endpoint(self, providers: Mapping[str, Any]) -> Endpoint:
        configured = providers.get(self.provider) or {}
        return endpoint_of(self.provider, configured.get("base_url"), configured.get("api_key"))


def _bounds(question: CompletionRequest) -> tuple[int, int]:
    return input_token_bound(input_bytes(question.system, question.prompt), question.schema), question.max_tokens


def _spent(model: str, quoted: Quote, usage: Usage | None, *, final: bool) -> Spent:
    version = None if quoted.price is None else quoted.price.version
    return Spent(settled_micro_usd(quoted, usage, final=final), usage, model, version)
