"""Asks a model of Anthropic through its SDK, streaming, so that an answer cut short is seen as such.

Import this module where a call is made, not at start: the SDK takes 1 to 2.6 s to import, which no process that
never asks a model should pay.
"""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import httpx2

from skills.adapters.llm import (
    Answer,
    Completion,
    CompletionFailed,
    CompletionRequest,
    Endpoint,
    connection_failure,
    status_failure,
    tls_context,
)
from skills.contracts import FailureDetails


class AnthropicModel:
    """A model behind the Messages API."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def complete(self, request: CompletionRequest) -> Completion:
        """Return the whole answer. Raises CompletionFailed."""
        body = _body(request)
        try:
            async with asyncio.timeout(request.timeout_ms / 1_000), self._transport() as transport:
                return await self._exchange(_client(self._endpoint, transport), body, request)
        except TimeoutError as error:
            provider = self._endpoint.provider
            message = f"{provider}: no answer within {request.timeout_ms} ms"
            details = FailureDetails(provider=provider)
            raise CompletionFailed("TIMEOUT", message, final=False, phase="maybe_sent", details=details) from error

    def _transport(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(verify=tls_context(), trust_env=False, follow_redirects=False, timeout=None)

    async def _exchange(self, client: anthropic.AsyncAnthropic, body: dict[str, Any], request: CompletionRequest) -> Completion:
        answer: Answer | None = None
        try:
            async with await client.messages.create(**body, stream=True, extra_headers=request.headers) as stream:
                answer = Answer(self._endpoint.provider, request.model)
                if "text/event-stream" not in stream.response.headers.get("content-type", ""):
                    raise answer.failed("INVALID_RESPONSE", "the answer is no event stream", final=False)
                async for event in stream:
                    _take(event, answer)
        except anthropic.APIStatusError as error:
            raise self._refused(error, answer) from error
        except (anthropic.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise connection_failure(self._endpoint.provider, error, answer) from error
        except (ValueError, TypeError, AttributeError) as error:
            # The SDK checks nothing it reads: a number where an object belongs shows only where it is used.
            seen = answer or Answer(self._endpoint.provider, request.model)
            raise seen.failed("INVALID_RESPONSE", "an event of the stream cannot be read", final=False) from error
        return answer.finished(request)

    def _refused(self, error: anthropic.APIStatusError, answer: Answer | None) -> CompletionFailed:
        if answer is not None:
            return answer.failed("UPSTREAM_ERROR", f"the stream reported {error.type or 'an error'}", final=False)
        kind = error.error_code or error.type
        return status_failure(self._endpoint.provider, error.status_code, error.response.headers, kind=kind, message=error.api_message)


def _client(endpoint: Endpoint, transport: httpx2.AsyncClient) -> anthropic.AsyncAnthropic:
    client = anthropic.AsyncAnthropic(
        api_key=endpoint.api_key,
        base_url=endpoint.base_url.rstrip("/").removesuffix("/v1"),
        max_retries=0,
        timeout=None,
        http_client=transport,
        open_telemetry=False,
        webhook_key="",
    )
    # The SDK takes headers from ANTHROPIC_CUSTOM_HEADERS unasked and offers no way to say no; its version is pinned,
    # and a test with that variable set watches this line.
    client._custom_headers = {}
    return client


def _body(request: CompletionRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [{"role": "user", "content": request.prompt}],
    }
    if request.system:
        body["system"] = request.system
    output: dict[str, Any] = {"effort": request.effort} if request.effort else {}
    if request.schema is not None:
        output["format"] = {"type": "json_schema", "schema": _supported(request.schema)}
    return {**body, "output_config": output} if output else body


def _supported(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema in the subset the API takes; the answer is checked against the whole of it afterwards."""
    try:
        return anthropic.transform_schema(schema)
    except (ValueError, TypeError, AssertionError, AttributeError) as error:
        raise CompletionFailed("INVALID_INPUT", f"this schema cannot be asked of Anthropic: {error}") from error


def _take(event: Any, answer: Answer) -> None:
    """Add one event of the stream to the answer; kinds that carry neither text nor usage are passed over."""
    if event.type == "message_start":
        answer.model = event.message.model
        _count(event.message.usage, answer)
    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
        answer.add(event.delta.text)
    elif event.type == "message_delta":
        answer.stop_reason = event.delta.stop_reason
        _count(event.usage, answer)


def _count(told: Any, answer: Answer) -> None:
    """Take over the usage told last. The numbers are totals; of the input, what an event leaves out stands as told before."""
    before = answer.usage

    def either(name: str, bucket: str, unsaid: int | None) -> Any:
        number = getattr(told, name, None)
        return number if number is not None else unsaid if before is None else getattr(before, bucket)

    answer.count(
        input=either("input_tokens", "input", None),
        output=getattr(told, "output_tokens", None),
        cache_read=either("cache_read_input_tokens", "cache_read", 0),
        cache_write=either("cache_creation_input_tokens", "cache_write", 0),
    )
