"""http_call finds out whether a call happened: by the status of the URL its plan names, under the rules of every call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from skills.base import Bounds
from skills.execution import probe_skill
from skills.library.http_call import HttpCall
from skills.net.client import GuardedHttp
from skills.ports import SkillContext
from skills.testing import DictSecrets
from tests.fakes.raw_server import RawServer, Reply, answer, reset
from tests.processes import a_held_port

KEY = "run_1/step&1"
SECRET = "s3cr3t/value+&?"


def found_out(server: RawServer, *, local: str | None = None, hosts: tuple[str, ...] | None = None, **probe: Any) -> str:
    async def run() -> str:
        async with GuardedHttp(allow_local=frozenset({server.authority if local is None else local})) as http:
            context = SkillContext(
                http=http,
                secrets=DictSecrets({"TOKEN": SECRET}),
                config={},
                idempotency_key=KEY,
                timeout_ms=400,
                allowed_hosts=hosts,
                secret_pointers=frozenset({"/probe/headers/Authorization"}),
            )
            params = {"url": server.url + "/orders", "method": "POST", "probe": {"url": server.url + "/by/{idempotency_key}", **probe}}
            return await probe_skill(HttpCall(), params, context)

    return asyncio.run(run())


def hang(connection: Any) -> None:
    connection.settimeout(5)
    connection.recv(1)


ANSWERS: dict[str, tuple[Reply, dict[str, Any], str]] = {
    "200": (answer(b"{}"), {}, "happened"),
    "404": (answer(status="404 Not Found"), {}, "did_not_happen"),
    "500": (answer(status="500 Internal Server Error"), {}, "unknown"),
    "401": (answer(status="401 Unauthorized"), {}, "unknown"),
    "a redirect": (answer(status="302 Found", headers="Location: /elsewhere\r\n"), {}, "unknown"),
    "a status of its own for yes": (answer(status="204 No Content"), {"happened_status": [204]}, "happened"),
    "200 where that is no yes": (answer(), {"happened_status": [201]}, "unknown"),
    "a status of its own for no": (answer(status="410 Gone"), {"absent_status": [404, 410]}, "did_not_happen"),
    "silence": (hang, {}, "unknown"),
    "a reset": (reset, {}, "unknown"),
    "nonsense": (b"220 mail.example\r\n", {}, "unknown"),
}


@pytest.mark.parametrize(("reply", "wishes", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_it_reads_from_the_answer(reply: Reply, wishes: dict[str, Any], expected: str) -> None:
    with RawServer(reply) as server:
        assert found_out(server, **wishes) == expected


def test_it_fills_in_the_key_of_the_call_escaped() -> None:
    with RawServer(answer()) as server:
        found_out(server)
    assert server.requests[0].startswith(b"GET /by/run_1%2Fstep%261 HTTP/1.1\r\n")


def test_it_asks_by_head_where_that_is_enough() -> None:
    with RawServer(answer()) as server:
        assert found_out(server, method="HEAD") == "happened"
    assert server.requests[0].startswith(b"HEAD ")


def test_it_sends_no_key_of_its_own_since_it_changes_nothing() -> None:
    with RawServer(answer()) as server:
        found_out(server)
    assert b"idempotency-key" not in server.requests[0].lower()


def test_it_reveals_secrets_only_where_the_plan_names_them() -> None:
    with RawServer(answer()) as server:
        found_out(server, headers={"Authorization": "Bearer ${secrets.TOKEN}", "X-Data": "${secrets.TOKEN}"})
    head = server.requests[0].decode()
    assert f"Authorization: Bearer {SECRET}" in head
    assert "X-Data: ${secrets.TOKEN}" in head


def test_it_goes_nowhere_the_guard_forbids() -> None:
    with RawServer(answer()) as server:
        assert found_out(server, local="") == "unknown"
        assert found_out(server, hosts=("api.example",)) == "unknown"
    assert server.requests == []


def test_nobody_listening_is_no_answer() -> None:
    with RawServer(answer()) as server, a_held_port() as port:
        assert found_out(server, local=f"127.0.0.1:{port}", url=f"http://127.0.0.1:{port}/") == "unknown"


def test_only_a_call_that_says_how_can_be_probed() -> None:
    url = {"url": "https://example.com/", "method": "POST"}
    assert not HttpCall().can_probe(url)
    assert HttpCall().can_probe({**url, "probe": {"url": "https://example.com/{idempotency_key}"}})
    assert HttpCall().can_probe({**url, "probe": "${inputs.probe}"})


POST = {"url": "https://example.com/", "method": "POST"}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a private probe": ({**POST, "probe": {"url": "http://10.0.0.1/"}}, "BLOCKED_TARGET", "/probe/url"),
    "a probe by another scheme": ({**POST, "probe": {"url": "ftp://example.com/"}}, "BLOCKED_TARGET", "/probe/url"),
    "a probe elsewhere": ({**POST, "probe": {"url": "https://evil.example/{idempotency_key}"}}, "BLOCKED_TARGET", "/probe/url"),
    "a probe without a host": ({**POST, "probe": {"url": "not a url"}}, "BLOCKED_TARGET", "/probe/url"),
    "a probe by the result": ({**POST, "probe": {"url": "https://example.com/{result.body.id}"}}, "INVALID_INPUT", "/probe/url"),
    "a misspelt placeholder": ({**POST, "probe": {"url": "https://example.com/{key}"}}, "INVALID_INPUT", "/probe/url"),
    "an open brace": ({**POST, "probe": {"url": "https://example.com/{key"}}, "INVALID_INPUT", "/probe/url"),
    "yes and no by one status": (
        {**POST, "probe": {"url": "https://example.com/", "happened_status": [404]}},
        "INVALID_INPUT",
        "/probe/absent_status",
    ),
    "the managed header": (
        {**POST, "probe": {"url": "https://example.com/", "headers": {"idempotency-key": "x"}}},
        "INVALID_INPUT",
        "/probe/headers/idempotency-key",
    ),
    "an undo of a read": ({"url": "https://example.com/", "undo": {"url": "https://example.com/"}}, "INVALID_INPUT", "/undo"),
    "an undo of nonsense": ({**POST, "undo": {"url": "https://example.com/{id}"}}, "INVALID_INPUT", "/undo/url"),
    "a private undo": ({**POST, "undo": {"url": "http://127.0.0.1/{result.body.id}"}}, "BLOCKED_TARGET", "/undo/url"),
}


@pytest.mark.parametrize(("params", "code", "pointer"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_as_written(params: dict[str, Any], code: str, pointer: str) -> None:
    refused = HttpCall().refused_as_written(params, Bounds(allowed_hosts=("example.com",)))
    assert refused is not None
    assert (refused.code, refused.details.errors[0].pointer) == (code, pointer)


ACCEPTED: dict[str, dict[str, Any]] = {
    "a key in the path": {**POST, "probe": {"url": "https://example.com/{idempotency_key}"}},
    "a reference to a step": {**POST, "probe": {"url": "https://example.com/${steps.a.result.id}/{idempotency_key}"}},
    "a secret for a URL": {**POST, "probe": {"url": "${secrets.PROBE}"}},
    "an undo by the result": {**POST, "undo": {"url": "https://example.com/{result.body.id}"}},
    "an undo where the result says": {**POST, "undo": {"url": "{result.body.cancel_url}"}},
    "an undo of what a reference will do": {
        "url": "https://example.com/",
        "method": "${inputs.how}",
        "undo": {"url": "https://example.com/"},
    },
    "what is no probe at all, which the schema refuses": {**POST, "probe": 3, "undo": [1]},
}


@pytest.mark.parametrize("params", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_it_leaves_to_run_time(params: dict[str, Any]) -> None:
    assert HttpCall().refused_as_written(params, Bounds(allowed_hosts=("example.com",))) is None
