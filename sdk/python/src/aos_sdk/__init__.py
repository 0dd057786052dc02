"""Python SDK of AOS, an operating system for agents: `AOS` and `AsyncAOS` for its API, `webhooks.verify` for its deliveries."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from aos_sdk._version import VERSION as __version__

if TYPE_CHECKING:
    from aos_sdk import types as types
    from aos_sdk import webhooks as webhooks
    from aos_sdk._client import AOS as AOS
    from aos_sdk._client import AsyncAOS as AsyncAOS
    from aos_sdk._errors import AOSError as AOSError
    from aos_sdk._errors import APIConnectionError as APIConnectionError
    from aos_sdk._errors import APIStatusError as APIStatusError
    from aos_sdk._errors import APITimeoutError as APITimeoutError
    from aos_sdk._errors import AuthenticationError as AuthenticationError
    from aos_sdk._errors import BadRequestError as BadRequestError
    from aos_sdk._errors import ConfigurationError as ConfigurationError
    from aos_sdk._errors import ConflictError as ConflictError
    from aos_sdk._errors import NotFoundError as NotFoundError
    from aos_sdk._errors import PermissionDeniedError as PermissionDeniedError
    from aos_sdk._errors import RateLimitError as RateLimitError
    from aos_sdk._errors import RunFailedError as RunFailedError
    from aos_sdk._errors import ServerError as ServerError
    from aos_sdk._errors import UnprocessableEntityError as UnprocessableEntityError
    from aos_sdk._errors import WaitTimeoutError as WaitTimeoutError
    from aos_sdk._errors import WebhookVerificationError as WebhookVerificationError
    from aos_sdk._operation import RawResponse as RawResponse
    from aos_sdk._pages import Page as Page
    from aos_sdk._record import Record as Record

# Looked up when first asked for: the command line starts without the HTTP client, and without two hundred types.
_HOMES = {
    "types": "types",
    "webhooks": "webhooks",
    "AOS": "_client",
    "AsyncAOS": "_client",
    "RawResponse": "_operation",
    "Page": "_pages",
    "Record": "_record",
    **dict.fromkeys(
        (
            "AOSError",
            "APIConnectionError",
            "APIStatusError",
            "APITimeoutError",
            "AuthenticationError",
            "BadRequestError",
            "ConfigurationError",
            "ConflictError",
            "NotFoundError",
            "PermissionDeniedError",
            "RateLimitError",
            "RunFailedError",
            "ServerError",
            "UnprocessableEntityError",
            "WaitTimeoutError",
            "WebhookVerificationError",
        ),
        "_errors",
    ),
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - the table above is the list


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'aos_sdk' has no attribute '{name}'")
    module = importlib.import_module(f"aos_sdk.{home}")
    return module if name == home else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
