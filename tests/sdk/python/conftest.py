"""What tests of the Python SDK ask for: a server of a few answers, clients of both kinds, and the command line."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.conftest import PROJECT

# The SDK is a package of its own: tests of the repository read it where it is written.
sys.path.insert(0, str(PROJECT / "sdk" / "python" / "src"))

from aos_sdk import AOS, AsyncAOS, _retry
from aos_sdk.cli.app import run

KEY = "aos_test_abc_secret"
RUN = {
    "run_id": "run_1",
    "status": "succeeded",
    "waiting_for": None,
    "agent": "scout",
    "summary": "done",
    "failure_code": None,
    "created_at": "2026-01-01T00:00:00Z",
    "cost": {"spent_micro_usd": 12_345, "limit_micro_usd": None},
}


def problem(status: int, code: str, **more: Any) -> dict[str, Any]:
    """Return a problem as the API tells it."""
    return {"type": f"/errors/{code}", "title": code, "status": status, "detail": f"no: {code}", "code": code, **more}


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AOS_API_URL", "AOS_API_KEY", "AOS_API_KEY_FILE", "AOS_PROFILE", "AOS_AGENT", "AOS_HOME", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits between attempts; their real lengths have a test of their own."""
    monkeypatch.setattr(_retry, "FIRST_SECONDS", 0.01)


@dataclass
class Caller:
    """A client of either kind, called the same way."""

    kind: str
    options: dict[str, Any]

    def __call__(self, wanted: Callable[[Any], Any], **more: Any) -> Any:
        """Return what a call gives on a client of this kind; what is iterated over comes as a list."""
        return asyncio.run(self._awaited(wanted, more)) if self.kind == "async" else self._called(wanted, more)

    def _called(self, wanted: Callable[[Any], Any], more: dict[str, Any]) -> Any:
        with AOS(**{**self.options, **more}) as client:
            found = wanted(client)
            return list(found) if hasattr(found, "__next__") or hasattr(found, "pages") else found

    async def _awaited(self, wanted: Callable[[Any], Any], more: dict[str, Any]) -> Any:
        async with AsyncAOS(**{**self.options, **more}) as client:
            found = wanted(client)
            return [each async for each in found] if hasattr(found, "__aiter__") else await found


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, httpserver: HTTPServer, quick: None) -> Caller:
    """Return a caller of the test's server, once for each kind of client."""
    return Caller(request.param, {"api_key": KEY, "base_url": httpserver.url_for("")})


class Answers:
    """Gives one answer after the other, and remembers what was asked."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]]) -> None:
        self.asked: list[Request] = []
        self._answers = list(answers)

    def __call__(self, request: Request) -> Response:
        request.get_data()
        self.asked.append(request)
        status, body, headers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Response(httpx.Response(status, json=body).content, status, headers, content_type="application/json")


@pytest.fixture
def answering(httpserver: HTTPServer) -> Callable[..., Answers]:
    """Return what makes the server give these answers, (status, body[, headers]), whatever it is asked."""

    def answer(*answers: tuple[Any, ...]) -> Answers:
        made = Answers(*((each[0], each[1], each[2] if len(each) > 2 else {}) for each in answers))
        httpserver.expect_request(re.compile("^/.*$")).respond_with_handler(made)
        return made

    return answer


@dataclass
class Told:
    """How a command went."""

    code: int
    out: str
    err: str


@pytest.fixture
def aos(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quick: None) -> Callable[..., Told]:
    """Return the command line, pointed at the test's server."""
    monkeypatch.setenv("AOS_API_URL", httpserver.url_for(""))
    monkeypatch.setenv("AOS_API_KEY", KEY)

    def command(*words: str) -> Told:
        capsys.readouterr()
        code = run(words)
        told = capsys.readouterr()
        return Told(code, told.out, told.err)

    return command
