"""Logs: one line per fact, JSON in production, with the ids of request, trace and run; credentials masked."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from runs.shell.call_ids import add_call_ids

MASK = "***"
_SENSITIVE = re.compile(r"authorization|cookie|password|secret|pepper|token|key", re.IGNORECASE)
# The secret of a link that decides stands in its address (`decide-by-link` in aos_site/urls.py).
# Whoever is sent to sign in first takes it along, escaped (`?next=%2Fdecide%2F…`).
_LINK = re.compile(r"((?:/|%2F)decide(/|%2F)[^/%\s]*)(?:/|%2F)[^\s?&\"']+", re.IGNORECASE)
# Names that hold one of the words and no credential.
_HARMLESS = frozenset({"step_key", "idempotency_key", "input_tokens", "output_tokens"})

Event = MutableMapping[str, Any]


def mask_credentials(_logger: Any, _method: str, event: Event) -> Event:
    """Mask every text whose name says it may be a credential, at any depth of mappings."""
    event.pop("color_message", None)  # uvicorn's second copy of the message, with escape codes
    for name, value in event.items():
        event[name] = _masked(name, value)
    return event


def _masked(name: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    sensitive = isinstance(name, str) and name not in _HARMLESS and _SENSITIVE.search(name)
    if isinstance(value, str) and not sensitive:
        return without_link_secrets(value)
    return MASK if sensitive and isinstance(value, str | bytes) else value


def without_link_secrets(text: str) -> str:
    """Return a text in which no address of a link that decides is whole."""
    return _LINK.sub(rf"\1\2{MASK}\2", text) if "decide" in text else text


def shared_processors() -> list[Any]:
    """Return what is done to every event, ours and other libraries' alike."""
    return [
        structlog.contextvars.merge_contextvars,
        add_call_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_credentials,
    ]


def configure(options: dict[str, Any]) -> None:
    """Set up logging; Django calls this with settings.LOGGING (`level`, `json`)."""
    shared = shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(dict_config(shared, level=options["level"], as_json=options["json"]))


def dict_config(shared: list[Any], *, level: str, as_json: bool) -> dict[str, Any]:
    for_machines: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # The default formatter prints local variables, keys and bodies among them.
    for_people: list[Any] = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    last = for_machines if as_json else for_people
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # A client's mistake is an answer, not an event of ours.
        "loggers": {
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "httpx": {"level": "WARNING"},
        },
    }
