"""Log lines are facts with ids, one JSON object each, without credentials."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from typing import Any

import pytest
import structlog

from aos_site.logs import dict_config, mask_credentials, shared_processors


def logged(event: str, *, as_json: bool, **extra: Any) -> str:
    """Log one event and return what was written."""
    config = dict_config(shared_processors(), level="INFO", as_json=as_json)
    formatter = config["formatters"]["line"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{name: value for name, value in formatter.items() if name != "()"}))
    logger = logging.getLogger("tests.one_line")
    logger.propagate = False
    logger.handlers = [handler]

    logger.error(event, exc_info=extra.pop("exc_info", None), extra=extra)
    return stream.getvalue()


def line(event: str, **extra: Any) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(logged(event, as_json=True, **extra))
    return written


def test_it_writes_the_event_with_its_ids() -> None:
    with structlog.contextvars.bound_contextvars(trace_id="t1", request_id="r1"):
        written = line("run.step.failed", run_id="run_1")
    assert written["timestamp"].endswith("Z")
    assert {name: written[name] for name in ("event", "level", "run_id", "trace_id", "request_id")} == {
        "event": "run.step.failed",
        "level": "error",
        "run_id": "run_1",
        "trace_id": "t1",
        "request_id": "r1",
    }


def failure_near_a_secret() -> Exception:
    key = "aos_live_" + "topsecret"
    try:
        raise KeyError(len(key))
    except KeyError as error:
        return error


@pytest.mark.parametrize("as_json", [True, False])
def test_it_shows_no_local_variable_in_a_traceback(as_json: bool) -> None:
    written = logged("http.request.failed", as_json=as_json, exc_info=failure_near_a_secret())
    assert "failure_near_a_secret" in written
    assert "aos_live_topsecret" not in written


def test_it_keeps_a_traceback_on_one_line() -> None:
    assert "KeyError: 'x'" in line("http.request.failed", exc_info=KeyError("x"))["exception"]


@pytest.mark.parametrize("name", ["Authorization", "cookie", "api_key", "X-AOS-Key", "access_token", "password", "client_secret"])
def test_it_masks_credentials_at_any_depth(name: str) -> None:
    assert mask_credentials(None, "", {name: "hunter2"}) == {name: "***"}
    assert mask_credentials(None, "", {"request": {"headers": {name: "hunter2"}}}) == {"request": {"headers": {name: "***"}}}


def test_it_leaves_alone_what_only_sounds_like_one() -> None:
    event = {"input_tokens": "12", "idempotency_key": "abc", "tokens": 7, "event": "key.made"}
    assert mask_credentials(None, "", dict(event)) == event
