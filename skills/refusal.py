"""Refusal: the expected "no" to a request, as every app says it and every skin (API, command, console) shows it."""

from __future__ import annotations

from typing import Any

from skills.taxonomy import spec_of


class Refusal(Exception):
    """A request cannot be carried out, and the caller can be told why.

    `errors` name the faults one by one as {"pointer", "code", "detail"}; `status` overrides the HTTP
    status of the code where HTTP has a better one (a method not allowed, a body too large).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        status: int | None = None,
        retry_after_ms: int | None = None,
        suggestions: list[str] | None = None,
        run_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors or []
        self.status = status or spec_of(code).http_status
        self.retry_after_ms = retry_after_ms
        self.suggestions = suggestions or []
        self.run_id = run_id
        self.headers = headers or {}

    def to_json(self) -> dict[str, Any]:
        """Return the RFC 9457 members every skin shows; the API adds `instance` and `trace_id`."""
        spec = spec_of(self.code)
        return {
            "type": f"/errors/{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "category": str(spec.category),
            "retryable": spec.retryable,
            "retry_safety": "safe",
            "retry_after_ms": self.retry_after_ms,
            "suggestions": self.suggestions,
            "run_id": self.run_id,
            "errors": self.errors,
        }
