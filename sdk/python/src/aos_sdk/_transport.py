"""How a request becomes an answer: headers, retries, errors. One flow of wishes, which either kind of client fulfils."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from aos_sdk._errors import APIConnectionError, APIStatusError, APITimeoutError, ConfigurationError, error_class
from aos_sdk._request import API_ROOT, Request, content_bytes
from aos_sdk._retry import backoff_seconds, delay_after_answer
from aos_sdk._version import VERSION

USER_AGENT = f"aos-sdk-python/{VERSION} python/{platform.python_version()}"
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
JSON, EVENTS = "application/json", "text/event-stream"


@dataclass(frozen=True)
class Options:
    """What holds for every request of a client."""

    base_url: str
    api_key: str | None = field(repr=False)
    timeout: float = 60.0
    max_retries: int = 2
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_(self, **changes: Any) -> Options:
        """Return these options with the given ones in their place."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@dataclass(frozen=True)
class Send:
    """The wish to have an HTTP request sent; answered with a response, or why none came."""

    request: httpx.Request
    stream: bool = False


@dataclass(frozen=True)
class Sleep:
    """The wish to wait; answered with None."""

    seconds: float


Wish = Send | Sleep
Answer = httpx.Response | httpx.RequestError | None


def checked_base_url(url: str) -> str:
    """Return the address of the server without the API's path. Raises ConfigurationError for what is no address."""
    bare = url.strip().rstrip("/").removesuffix(API_ROOT)
    try:
        parsed = httpx.URL(bare)
    except (httpx.InvalidURL, ValueError) as error:
        raise ConfigurationError(f"'{url}' is no address: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigurationError(f"'{url}' is no address of a server; it looks like https://aos.example.com")
    return bare


def attempts(request: Request[Any], options: Options, *, stream: bool = False) -> Generator[Wish, Answer, httpx.Response]:
    """Send a request until it is answered well or there is no use in trying again. Raises AOSError."""
    request_id = uuid.uuid4().hex
    sent = built(request, options, request_id, accept=EVENTS if stream else None)
    attempt = 1
    while True:
        answer = yield Send(sent, stream)
        last = attempt > options.max_retries
        if isinstance(answer, httpx.Response):
            if answer.is_success:
                return answer
            problem = problem_in(answer)
            delay = delay_after_answer(answer.status_code, answer.headers, problem, attempt=attempt, repeatable=request.repeatable)
            if last or delay is None:
                raise status_error(answer, problem, request_id)
        else:
            assert answer is not None
            delay = backoff_seconds(attempt)
            if last or not (request.repeatable or isinstance(answer, NOT_SENT)):
                raise connection_error(answer, options, request_id) from answer
        yield Sleep(delay)
        attempt += 1


def built(request: Request[Any], options: Options, request_id: str, accept: str | None = None) -> httpx.Request:
    """Return the HTTP request."""
    headers = {
        "Accept": (accept and f"{accept}, {JSON};q=0.5") or ("*/*" if request.binary else JSON),
        "User-Agent": USER_AGENT,
        "X-Request-Id": request_id,
        **request.headers,
        **options.headers,
    }
    if options.api_key:
        headers["Authorization"] = f"Bearer {options.api_key}"
    content = None
    if request.body is not None:
        headers["Content-Type"] = JSON
        content = content_bytes(request.body)
    query = {name: _as_text(value) for name, value in request.query.items()}
    # An event stream may be silent between heartbeats, which come every 15 s.
    read = max(options.timeout, 45.0) if accept else options.timeout + request.allowance
    timeout = httpx.Timeout(read, connect=min(options.timeout, 10.0))
    return httpx.Request(
        request.method,
        options.base_url + request.path,
        params=query,
        headers=headers,
        content=content,
        extensions={"timeout": timeout.as_dict()},
    )


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(_as_text(each) for each in value)
    return str(value)


def problem_in(response: httpx.Response) -> dict[str, Any]:
    """Return the problem an answer tells of, empty where it tells of none."""
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def status_error(response: httpx.Response, problem: Mapping[str, Any], request_id: str) -> APIStatusError:
    """Return the error of an answer that refuses."""
    detail = problem.get("detail") or problem.get("title") or response.reason_phrase or "the server refused"
    return error_class(response.status_code)(
        str(detail),
        status=response.status_code,
        problem=problem,
        headers=response.headers,
        request_id=response.headers.get("X-Request-Id", request_id),
    )


def connection_error(error: httpx.RequestError, options: Options, request_id: str) -> APIConnectionError:
    """Return the error of a request without an answer."""
    sent = False if isinstance(error, NOT_SENT) else None
    if isinstance(error, httpx.TimeoutException):
        return APITimeoutError(f"no answer from {options.base_url} in time", sent=sent, request_id=request_id)
    return APIConnectionError(f"no answer from {options.base_url}: {error}", sent=sent, request_id=request_id)


def content_of(request: Request[Any], response: httpx.Response) -> Any:
    """Return what an answer holds. Raises APIStatusError for one that cannot be read."""
    if request.binary:
        return response.content
    if not response.content:
        return {}
    try:
        return response.json()
    except ValueError:
        request_id = response.headers.get("X-Request-Id", "")
        raise APIStatusError(
            "the answer is not JSON: is this the address of an AOS server?",
            status=response.status_code,
            problem={},
            headers=response.headers,
            request_id=request_id,
        ) from None
