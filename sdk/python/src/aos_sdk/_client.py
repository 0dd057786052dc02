"""The clients: `AOS` waits for answers, `AsyncAOS` awaits them; what they offer is defined once, in the groups."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx

from aos_sdk._errors import ConfigurationError
from aos_sdk._events import AsyncEventStream, EventCall, EventStream
from aos_sdk._operation import Async, AsyncRaw, Procedure, Raw, RawResponse, Sync
from aos_sdk._pages import AsyncPages, Page, Pages
from aos_sdk._request import Request
from aos_sdk._transport import Answer, Options, Send, Sleep, attempts, checked_base_url, content_of
from aos_sdk.resources import Groups

DEFAULT_URL = "http://127.0.0.1:8000"


def options_from(api_key: str | None, base_url: str | None, timeout: float, max_retries: int) -> Options:
    """Return the options of a client: what is given, else the environment, else the default. Raises ConfigurationError."""
    url = base_url or os.environ.get("AOS_API_URL") or DEFAULT_URL
    key = api_key or os.environ.get("AOS_API_KEY") or key_in_file(os.environ.get("AOS_API_KEY_FILE"))
    if key is not None:
        key = key.strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigurationError("the API key holds characters no key has")
    if timeout <= 0 or max_retries < 0:
        raise ConfigurationError("timeout must be above 0, max_retries 0 or more")
    return Options(base_url=checked_base_url(url), api_key=key or None, timeout=timeout, max_retries=max_retries)


@cache
def trust() -> ssl.SSLContext:
    """Return whose certificates are trusted; to read them takes longer than a request, so they are read once."""
    return httpx.create_ssl_context()


def key_in_file(path: str | None) -> str | None:
    """Return the key a file holds. Raises ConfigurationError where it cannot be read."""
    if not path:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the key file {path} cannot be read: {error}") from None


class _SyncClient:
    """Fulfils wishes by blocking calls."""

    def __init__(self, options: Options, http: httpx.Client) -> None:
        self._options = options
        self._http = http

    def _send(self, request: Request[Any], *, stream: bool = False) -> httpx.Response:
        flow = attempts(request, self._options, stream=stream)
        wish = next(flow)
        try:
            while True:
                wish = flow.send(self._fulfil(wish))
        except StopIteration as answered:
            response: httpx.Response = answered.value
            return response

    def _fulfil(self, wish: Send | Sleep) -> Answer:
        if isinstance(wish, Sleep):
            time.sleep(wish.seconds)
            return None
        try:
            response = self._http.send(wish.request, stream=wish.stream)
            if wish.stream and not response.is_success:
                response.read()
        except httpx.RequestError as error:
            return error
        return response

    def _value(self, request: Request[Any]) -> Any:
        return request.read(content_of(request, self._send(request)))

    def _perform(self, request: Request[Any]) -> Any:
        return self._value(request)

    def _pages(self, request: Request[Page[Any]]) -> Any:
        return Pages(request, self._value)

    def _stream(self, call: EventCall) -> EventStream:
        return EventStream(call, partial(self._send, stream=True))

    def _conduct(self, procedure: Procedure[Any]) -> Any:
        answer = None
        try:
            while True:
                wish = procedure.send(answer)
                answer = self._fulfil(wish) if isinstance(wish, Sleep) else self._value(wish)
        except StopIteration as done:
            return done.value


class _AsyncClient:
    """Fulfils wishes by awaiting them."""

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._http = http

    async def _send(self, request: Request[Any], *, stream: bool = False) -> httpx.Response:
        flow = attempts(request, self._options, stream=stream)
        wish = next(flow)
        try:
            while True:
                wish = flow.send(await self._fulfil(wish))
        except StopIteration as answered:
            response: httpx.Response = answered.value
            return response

    async def _fulfil(self, wish: Send | Sleep) -> Answer:
        if isinstance(wish, Sleep):
            await asyncio.sleep(wish.seconds)
            return None
        try:
            response = await self._http.send(wish.request, stream=wish.stream)
            if wish.stream and not response.is_success:
                await response.aread()
        except httpx.RequestError as error:
            return error
        return response

    async def _value(self, request: Request[Any]) -> Any:
        return request.read(content_of(request, await self._send(request)))

    def _perform(self, request: Request[Any]) -> Any:
        return self._value(request)

    def _pages(self, request: Request[Page[Any]]) -> Any:
        return AsyncPages(request, self._value)

    def _stream(self, call: EventCall) -> AsyncEventStream:
        return AsyncEventStream(call, partial(self._send, stream=True))

    async def _conduct(self, procedure: Procedure[Any]) -> Any:
        answer = None
        try:
            while True:
                wish = procedure.send(answer)
                answer = await self._fulfil(wish) if isinstance(wish, Sleep) else await self._value(wish)
        except StopIteration as done:
            return done.value


class _RawClient(_SyncClient):
    def _perform(self, request: Request[Any]) -> Any:
        response = self._send(request)
        return RawResponse(response, request.read(content_of(request, response)))

    def _pages(self, request: Request[Page[Any]]) -> Any:
        return self._perform(request)


class _AsyncRawClient(_AsyncClient):
    async def _raw(self, request: Request[Any]) -> RawResponse[Any]:
        response = await self._send(request)
        return RawResponse(response, request.read(content_of(request, response)))

    def _perform(self, request: Request[Any]) -> Any:
        return self._raw(request)

    def _pages(self, request: Request[Page[Any]]) -> Any:
        return self._raw(request)


class AOS(Groups[Sync]):
    """A client whose methods wait for their answer.

    The key, the address: as given, else `AOS_API_KEY` (or the file `AOS_API_KEY_FILE` names) and `AOS_API_URL`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 60,
        max_retries: int = 2,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._begin(
            options_from(api_key, base_url, timeout, max_retries), http_client or httpx.Client(verify=trust()), owner=http_client is None
        )

    def _begin(self, options: Options, http: httpx.Client, *, owner: bool) -> None:
        self._options, self._http, self._owner = options, http, owner
        super().__init__(_SyncClient(options, http))

    @property
    def base_url(self) -> str:
        return self._options.base_url

    @property
    def with_raw_response(self) -> Groups[Raw]:
        """The same methods, giving the whole HTTP answer: `client.with_raw_response.runs.get(id).headers`."""
        return Groups(_RawClient(self._options, self._http))

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        api_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> AOS:
        """Return a client with other options on the same connections; closing it closes nothing."""
        other = object.__new__(type(self))
        other._begin(
            self._options.with_(timeout=timeout, max_retries=max_retries, api_key=api_key, headers=headers), self._http, owner=False
        )
        return other

    def close(self) -> None:
        """Close the connections, unless they belong to an `http_client` that was given."""
        if self._owner:
            self._http.close()

    def __enter__(self) -> AOS:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncAOS(Groups[Async]):
    """A client whose methods are awaited; otherwise as `AOS`."""

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 60,
        max_retries: int = 2,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._begin(
            options_from(api_key, base_url, timeout, max_retries),
            http_client or httpx.AsyncClient(verify=trust()),
            owner=http_client is None,
        )

    def _begin(self, options: Options, http: httpx.AsyncClient, *, owner: bool) -> None:
        self._options, self._http, self._owner = options, http, owner
        super().__init__(_AsyncClient(options, http))

    @property
    def base_url(self) -> str:
        return self._options.base_url

    @property
    def with_raw_response(self) -> Groups[AsyncRaw]:
        """The same methods, giving the whole HTTP answer: `(await client.with_raw_response.runs.get(id)).headers`."""
        return Groups(_AsyncRawClient(self._options, self._http))

    def with_options(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        api_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncAOS:
        """Return a client with other options on the same connections; closing it closes nothing."""
        other = object.__new__(type(self))
        other._begin(
            self._options.with_(timeout=timeout, max_retries=max_retries, api_key=api_key, headers=headers), self._http, owner=False
        )
        return other

    async def aclose(self) -> None:
        """Close the connections, unless they belong to an `http_client` that was given."""
        if self._owner:
            await self._http.aclose()

    async def __aenter__(self) -> AsyncAOS:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
