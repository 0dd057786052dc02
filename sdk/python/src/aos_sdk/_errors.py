"""What can go wrong, one class a kind: no answer, an answer that refuses, and a run or a skill that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class AOSError(Exception):
    """Anything this package raises on its own account. What the server did not say is None or empty."""

    def __init__(self, message: str, *, told: Mapping[str, Any] | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        told = told or {}
        self.message = message
        self.code: str | None = _text(told.get("code"))
        self.category: str | None = _text(told.get("category"))
        self.retryable: bool | None = told["retryable"] if isinstance(told.get("retryable"), bool) else None
        self.retry_safety: str | None = _text(told.get("retry_safety"))
        self.retry_after_ms: int | None = told["retry_after_ms"] if isinstance(told.get("retry_after_ms"), int) else None
        self.suggestions: list[str] = [str(each) for each in told.get("suggestions") or ()]
        self.trace_id: str | None = _text(told.get("trace_id"))
        self.run_id: str | None = _text(told.get("run_id"))
        self.request_id = request_id


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class ConfigurationError(AOSError):
    """The client cannot be made of what it was given."""


class APIConnectionError(AOSError):
    """No answer came: whether the request arrived is told by `sent`."""

    def __init__(self, message: str, *, sent: bool | None = None, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.sent = sent
        """False: it surely did not arrive. None: nobody knows."""


class APITimeoutError(APIConnectionError):
    """No answer came in time."""


class WaitTimeoutError(AOSError):
    """A run did not settle within the time one was ready to wait; it goes on. `run` is how it stood."""

    def __init__(self, message: str, run: Mapping[str, Any]) -> None:
        super().__init__(message, told={"run_id": run.get("run_id"), "trace_id": run.get("trace_id"), "code": "TIMEOUT"})
        self.run = run


class APIStatusError(AOSError):
    """The server answered, and the answer is no. `problem` is all it said (RFC 9457)."""

    statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(
        self, message: str, *, status: int, problem: Mapping[str, Any], headers: Mapping[str, str], request_id: str | None = None
    ) -> None:
        super().__init__(message, told=problem, request_id=request_id)
        self.status = status
        self.problem = problem
        self.headers = headers

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What is wrong with the input, each with the pointer of its place."""
        found = self.problem.get("errors")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class BadRequestError(APIStatusError):
    """400: the request cannot be read or holds a value that cannot be."""

    statuses = (400,)


class AuthenticationError(APIStatusError):
    """401: no key, or none the server knows."""

    statuses = (401,)


class PermissionDeniedError(APIStatusError):
    """403: the key is known and may not do this."""

    statuses = (403,)


class NotFoundError(APIStatusError):
    """404: it is not there, or belongs to another tenant."""

    statuses = (404, 410)


class ConflictError(APIStatusError):
    """409: the request is fine, and the state of things is against it."""

    statuses = (409,)


class UnprocessableEntityError(APIStatusError):
    """422: understood and not possible: an invalid plan, or an idempotency key used for another request."""

    statuses = (422,)


class RateLimitError(APIStatusError):
    """429: too many requests, or too many runs in the queue."""

    statuses = (429,)


class ServerError(APIStatusError):
    """5xx: the server could not answer."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    status: kind
    for kind in (
        BadRequestError,
        AuthenticationError,
        PermissionDeniedError,
        NotFoundError,
        ConflictError,
        UnprocessableEntityError,
        RateLimitError,
    )
    for status in kind.statuses
}


def error_class(status: int) -> type[APIStatusError]:
    """Return the class of errors a status belongs to."""
    return ServerError if status >= 500 else _BY_STATUS.get(status, APIStatusError)


class RunFailedError(AOSError):
    """A run did not succeed, or a skill's outcome is a failure. `outcome` is the run or the outcome."""

    def __init__(self, outcome: Mapping[str, Any]) -> None:
        failure = outcome.get("failure") or {}
        told = {"code": outcome.get("failure_code"), "trace_id": outcome.get("trace_id"), **failure, "run_id": outcome.get("run_id")}
        message = failure.get("message") or outcome.get("summary") or f"the run ended as {outcome.get('status', 'failed')}"
        if outcome.get("status") == "waiting":
            run_id = outcome.get("run_id")
            message = f"{run_id} does not go on by itself. {message} Why, and what settles it: aos explain {run_id}"
        super().__init__(str(message), told=told)
        self.outcome = outcome


class WebhookVerificationError(AOSError):
    """A delivery is not from whom it says, or too old; `reason` is one of a closed set of words."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
