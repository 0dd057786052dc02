"""The site as production serves it: `manage.py serve` under granian, spoken to byte by byte."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from runs.management.commands.serve import faults_of
from skills.strict_json import MAX_BYTES
from tests.conftest import PROJECT
from tests.processes import START_SECONDS, a_held_port, eventually

PRODUCTION = {
    "AOS_ENVIRONMENT": "production",
    "AOS_SECRET_KEY": "a secret of tests: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ",
    "AOS_API_KEY_PEPPER": "a pepper of tests",
    "AOS_ALLOWED_HOSTS": "aos.example.com",
    "AOS_BEHIND_PROXY": "true",
    "AOS_PLUGINS": "false",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
}
HEADERS = "Host: aos.example.com\r\nX-Forwarded-Proto: https\r\nContent-Type: application/json\r\n"
POST = f"POST /api/v1/runs HTTP/1.1\r\n{HEADERS}"
GET = f"GET {{}} HTTP/1.1\r\n{HEADERS}Connection: close\r\n\r\n"


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")}
    return {**kept, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "aos_site.settings", **more}


def manage(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment(**more), capture_output=True, text=True, check=False)


def rest_of(connection: socket.socket) -> str:
    """Return all that comes until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


class Production:
    """A running `manage.py serve`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def ask(self, text: str) -> str:
        with self.connect() as connection:
            connection.sendall(text.encode())
            return rest_of(connection)

    def answers(self) -> bool:
        try:
            return "200 OK" in self.ask(GET.format("/healthz"))
        except OSError:
            return False

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def serving(folder: Path) -> Iterator[Production]:
    shutil.copytree(PROJECT / "aos_site/static", folder / "static")
    log = folder / "web.log"
    with a_held_port() as port:
        given = environment(AOS_STATIC_ROOT=str(folder / "static"), AOS_WEB_PROCESSES="1", AOS_WEB_PORT=str(port), AOS_ACCESS_LOG="true")
        with log.open("ab") as output:
            process = subprocess.Popen([sys.executable, "manage.py", "serve"], cwd=PROJECT, env=given, stdout=output, stderr=output)
        served = Production(process, port, log)
        try:
            eventually(served.answers, f"the server\n{log.read_text()[-3_000:]}", START_SECONDS)
            yield served
        finally:
            process.terminate()
            process.wait(40)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.mark.slow
def test_the_checks_of_a_deployment_find_nothing_in_production() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "why"),
    [({"AOS_SECRET_KEY": ""}, "AOS_SECRET_KEY"), ({"AOS_SECRET_KEY": "short"}, "[security.W009]")],
    ids=["no secret", "a short secret"],
)
def test_it_does_not_start_without_what_production_needs(changed: dict[str, str], why: str, tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "aos_site/static", tmp_path / "static")
    done = manage("serve", **changed, AOS_STATIC_ROOT=str(tmp_path / "static"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "port": ({"port": 70_000}, {}, "AOS_WEB_PORT"),
    "processes": ({"processes": 0}, {}, "AOS_WEB_PROCESSES"),
    "backlog": ({}, {"WEB_BACKLOG": 1}, "AOS_WEB_BACKLOG"),
    "grace": ({}, {"WEB_GRACE_SECONDS": 0}, "AOS_WEB_GRACE_SECONDS"),
    "idle": ({}, {"WEB_IDLE_SECONDS": 5}, "AOS_WEB_IDLE_SECONDS"),
    "debug": ({}, {"DEBUG": True}, "AOS_DEBUG"),
    "every host": ({}, {"ALLOWED_HOSTS": ["*"]}, "AOS_ALLOWED_HOSTS"),
    "no static files": ({}, {"STATIC_ROOT": Path("/nowhere")}, "collectstatic"),
}


@pytest.mark.parametrize(("asked", "changed", "why"), WRONG.values(), ids=WRONG.keys())
def test_it_says_which_setting_is_wrong(settings: Any, asked: dict[str, Any], changed: dict[str, Any], why: str) -> None:
    for name, value in {"IS_PRODUCTION": True, "DEBUG": False, **changed}.items():
        setattr(settings, name, value)
    assert why in next(faults_of({"host": "127.0.0.1", "port": 8000, "processes": 1} | asked))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"Content-Length: {MAX_BYTES + 1}", "413"),
        ("Transfer-Encoding: chunked", "411"),
        ("Content-Length: 9\r\nExpect: 100-continue", "100"),
    ],
    ids=["too large", "of no said length", "within the limit"],
)
def test_it_judges_a_body_before_a_byte_of_it_has_come(production: Production, head: str, status: str) -> None:
    with production.connect() as connection:
        connection.sendall(f"{POST}{head}\r\n\r\n".encode())
        began = connection.recv(65_536).decode()
        assert began.startswith(f"HTTP/1.1 {status} ")
        if status != "100":
            answer = began + rest_of(connection)
            assert '"code":"' in answer
            assert "strict-transport-security: max-age=" in answer


@pytest.mark.slow
def test_it_takes_a_body_that_comes_in_pieces(production: Production) -> None:
    with production.connect() as connection:
        connection.sendall(f"{POST}Content-Length: {MAX_BYTES}\r\nConnection: close\r\n\r\n".encode())
        for _ in range(4):
            connection.sendall(b" " * (MAX_BYTES // 4))
        assert rest_of(connection).startswith("HTTP/1.1 401 ")


@pytest.mark.slow
@pytest.mark.parametrize(("path", "status"), [("/static/aos/console.css", 200), ("/api/v1/nothing", 404), ("/healthz", 200)])
def test_it_sends_the_headers_of_production(production: Production, path: str, status: int) -> None:
    head = production.ask(GET.format(path)).partition("\r\n\r\n")[0].lower()
    assert head.startswith(f"http/1.1 {status} ")
    for name in ("strict-transport-security: max-age=31536000; includesubdomains", "permissions-policy:", "content-security-policy:"):
        assert name in head


@pytest.mark.slow
def test_it_keeps_a_resting_connection_longer_than_clients_do(production: Production) -> None:
    """A server that hangs up first has no answer for who asks in that instant: httpx rests for 5 seconds, much else for longer."""
    with closing(HTTPConnection("127.0.0.1", production.port, timeout=20)) as connection:
        for rest in (11, 0):
            connection.request("GET", "/healthz", headers={"Host": "aos.example.com", "X-Forwarded-Proto": "https"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            assert select.select([connection.sock], [], [], rest)[0] == [], "it hung up"


@pytest.mark.slow
def test_it_answers_probes_without_tls_and_sends_all_else_to_it(production: Production) -> None:
    probe, other = (production.ask(GET.format(path).replace("https", "http")) for path in ("/healthz", "/api/v1/runs"))
    assert probe.startswith("HTTP/1.1 200 ")
    assert other.startswith("HTTP/1.1 301 ")
    assert "strict-transport-security" not in probe + other


@pytest.mark.slow
def test_it_logs_each_answer_as_a_line_of_json(production: Production) -> None:
    production.ask(GET.format("/api/v1/runs?token=hidden").replace("Connection", "X-Request-Id: asked-1\r\nConnection"))
    [line] = eventually(lambda: [line for line in production.lines() if line.get("request_id") == "asked-1"], "the line")
    assert (line["event"], line["method"], line["path"], line["status"]) == ("http.request.answered", "GET", "/api/v1/runs", 401)
    assert line["duration_ms"] >= 0
    assert "hidden" not in production.log.read_text()


@pytest.mark.slow
def test_it_answers_what_is_under_way_when_it_is_told_to_end(tmp_path: Path) -> None:
    with serving(tmp_path) as production, production.connect() as connection:
        connection.sendall(f"{POST}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        production.process.send_signal(signal.SIGTERM)
        eventually(lambda: not production.answers(), "the end of new connections")
        connection.sendall(b'{"a"')
        assert rest_of(connection).startswith("HTTP/1.1 401 ")
        assert production.process.wait(40) == 0
