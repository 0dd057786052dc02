"""Asks a model behind `/v1/chat/completions`: OpenAI, Ollama, vLLM and what else speaks it. Streaming, over httpx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

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

# An error's body is read up to here; nothing of use stands further down.
MAX_ERROR_BYTES = 65_536

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


class Delta(msgspec.Struct, frozen=True):
    """What one chunk adds."""

    content: str | None = None
    refusal: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """The only answer asked for, as far as this chunk brings it."""

    delta: Delta = Delta()
    finish_reason: str | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of the stream; members we do not know are passed over."""

    model: str | None = None
    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None


class OpenAiCompatibleModel:
    """A model behind the chat completions API."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def complete(self, request: CompletionRequest) -> Completion:
        """Return the whole answer. Raises CompletionFailed."""
        provider = self._endpoint.provider
        try:
            async with asyncio.timeout(request.timeout_ms / 1_000), self._client() as client:
                return await self._exchange(client, request)
        except TimeoutError as error:
            message = f"{provider}: no answer within {request.timeout_ms} ms"
            details = FailureDetails(provider=provider)
            raise CompletionFailed("TIMEOUT", message, final=False, phase="maybe_sent", details=details) from error

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._endpoint.api_key}"} if self._endpoint.api_key else {}
        # One deadline over the whole exchange, held by complete(), instead of httpx's own for each part of it.
        no_timeout = httpx.Timeout(None)
        return httpx.AsyncClient(verify=tls_context(), trust_env=False, follow_redirects=False, timeout=no_timeout, headers=headers)

    async def _exchange(self, client: httpx.AsyncClient, request: CompletionRequest) -> Completion:
        provider = self._endpoint.provider
        answer: Answer | None = None
        try:
            body, url = _body(request, self._endpoint), chat_url(self._endpoint.base_url)
            async with client.stream("POST", url, json=body, headers=request.headers) as response:
                if response.status_code != 200:
                    raise await _refused(provider, response)
                answer = Answer(provider, request.model)
                await _read(response, answer)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise connection_failure(provider, error, answer) from error
        return answer.finished(request)


def chat_url(base_url: str) -> str:
    """Return where completions are asked for; the base may end in `/v1` or not."""
    return base_url.rstrip("/").removesuffix("/v1") + "/v1/chat/completions"


def _body(request: CompletionRequest, endpoint: Endpoint) -> dict[str, Any]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [*system, {"role": "user", "content": request.prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
        _limit_field(endpoint.base_url): request.max_tokens,
    }
    if request.effort:
        body["reasoning_effort"] = request.effort
    if request.schema is not None:
        # Not strict: the strict subset refuses most schemas, and the answer is checked here anyway.
        form = {"name": "answer", "schema": request.schema, "strict": False}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body


def _limit_field(base_url: str) -> str:
    """Return the name of the bound on output: OpenAI's newer models refuse the name everyone else understands."""
    host = urlsplit(base_url).hostname or ""
    return "max_completion_tokens" if host.endswith("openai.com") else "max_tokens"


async def _refused(provider: str, response: httpx.Response) -> CompletionFailed:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ERROR_BYTES:
            break
    said = _error_of(body)
    kind = said.get("code") or said.get("type")
    message = said.get("message")
    return status_failure(
        provider,
        response.status_code,
        response.headers,
        kind=kind if isinstance(kind, str) else None,
        message=message if isinstance(message, str) else None,
    )


def _error_of(body: bytes) -> Mapping[str, Any]:
    """Return the error object of a body; empty where the body is something else, as from a proxy on the way."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    error = said.get("error") if isinstance(said, dict) else None
    return error if isinstance(error, dict) else {}


async def _read(response: httpx.Response, answer: Answer) -> None:
    if "text/event-stream" not in response.headers.get("content-type", ""):
        raise answer.failed("INVALID_RESPONSE", "the answer is no event stream", final=False)
    async for line in response.aiter_lines():
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        _take(_chunk(data, answer), answer)


def _chunk(data: str, answer: Answer) -> Chunk:
    try:
        return msgspec.json.decode(data, type=Chunk)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise answer.failed("INVALID_RESPONSE", "an event of the stream cannot be read", final=False) from error


def _take(chunk: Chunk, answer: Answer) -> None:
    """Add one chunk of the stream to the answer."""
    if chunk.error is not None:
        kind = chunk.error.get("type") if isinstance(chunk.error, dict) else None
        raise answer.failed("UPSTREAM_ERROR", f"the stream reported {kind or 'an error'}", final=False)
    answer.model = chunk.model or answer.model
    if chunk.usage is not None:
        _count(chunk.usage, answer)
    for choice in chunk.choices or []:
        answer.add(choice.delta.content or "")
        if choice.delta.refusal:
            answer.stop_reason = "refusal"
        if choice.finish_reason and answer.stop_reason is None:
            answer.stop_reason = _STOP_REASONS.get(choice.finish_reason, choice.finish_reason)


def _count(told: Any, answer: Answer) -> None:
    """Take usage over in our buckets: theirs counts cached tokens inside the prompt, ours beside it."""
    used: dict[str, Any] = told if isinstance(told, dict) else {}
    details = used.get("prompt_tokens_details")
    cached: dict[str, Any] = details if isinstance(details, dict) else {}
    prompt: Any = used.get("prompt_tokens")
    read, write = cached.get("cached_tokens") or 0, cached.get("cache_write_tokens") or 0
    if all(type(number) is int and number >= 0 for number in (prompt, read, write)):
        prompt = max(0, prompt - read - write)
    answer.count(input=prompt, output=used.get("completion_tokens"), cache_read=read, cache_write=write)
