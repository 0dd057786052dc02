"""http_call gives planners what they reference: status, headers, and a body that is already JSON where it is JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.http_call import HttpCall
from skills.net.client import GuardedHttp
from skills.ports import SkillContext
from skills.testing import DictSecrets
from tests.fakes.raw_server import RawServer, answer

SECRET = "s3cr3t/value+&?"


def call(server: RawServer, secret_pointers: tuple[str, ...] = (), **params: Any) -> StructuredOutcome:
    async def run() -> StructuredOutcome:
        async with GuardedHttp(allow_local=frozenset({server.authority})) as http:
            context = SkillContext(
                http=http,
                secrets=DictSecrets({"API_KEY": SECRET}),
                config={},
                idempotency_key="key-1",
                timeout_ms=5_000,
                secret_pointers=frozenset(secret_pointers),
            )
            return await run_skill(HttpCall(), {"url": server.url + "/path", **params}, context)

    return asyncio.run(run())


def head_of(server: RawServer) -> str:
    return server.requests[0].partition(b"\r\n\r\n")[0].decode()


def body_of(server: RawServer) -> bytes:
    return server.requests[0].partition(b"\r\n\r\n")[2]


BODIES = {
    "JSON": (b'{"a": [1, 2.5, null]}', "application/json", {}, {"a": [1, 2.5, None]}, "json"),
    "JSON of a vendor": (b"[1]", "application/vnd.api+json; charset=utf-8", {}, [1], "json"),
    "JSON read as text": (b"[1]", "application/json", {"parse": "text"}, "[1]", "text"),
    "JSON without its type": (b"[1]", "text/plain", {"parse": "json"}, [1], "json"),
    "empty JSON": (b"", "application/json", {}, "", "text"),
    "a number no double holds": (b'{"id": 9007199254740993}', "application/json", {}, {"id": "9007199254740993"}, "json"),
    "a NUL": (b'{"a\\u0000": "b\\u0000"}', "application/json", {}, {"a\ufffd": "b\ufffd"}, "json"),
    "half a surrogate": (b'"\\ud800"', "application/json", {}, "?", "json"),
    "HTML": ("<h1>é</h1>".encode(), "text/html", {}, "<h1>é</h1>", "text"),
    "Latin-1": (b"\xe9", "text/plain; charset=ISO-8859-1", {}, "é", "text"),
    "an unknown charset": ("é".encode(), "text/plain; charset=nonsense", {}, "é", "text"),
    "text with broken bytes": (b"a\xff", "text/plain", {}, "a\ufffd", "text"),
    "text with NUL": (b"a\x00", "text/plain", {}, "a\ufffd", "text"),
    "bytes": (b"\x89PNG\xff", "image/png", {}, "iVBOR/8=", "base64"),
}


@pytest.mark.parametrize(("raw", "content_type", "wishes", "body", "encoding"), BODIES.values(), ids=BODIES.keys())
def test_it_reads(raw: bytes, content_type: str, wishes: dict[str, Any], body: Any, encoding: str) -> None:
    with RawServer(answer(raw, content_type=content_type)) as server:
        outcome = call(server, **wishes)
    assert outcome.success, outcome.failure
    assert (outcome.result["body"], outcome.result["encoding"], outcome.result["bytes"]) == (body, encoding, len(raw))


def test_it_shows_the_answer_without_its_credentials() -> None:
    with RawServer(answer(b"x", headers="Set-Cookie: sid=1\r\nX-Auth-Token: t\r\nETag: v1\r\n")) as server:
        result = call(server).result
    assert (result["status"], result["content_type"], result["headers"]["etag"]) == (200, "text/plain", "v1")
    assert not {"set-cookie", "x-auth-token"} & result["headers"].keys()


def test_it_adds_the_query() -> None:
    with RawServer(answer()) as server:
        call(server, query={"q": "a b&c", "tags": ["x", "y"], "on": True, "none": None})
        assert head_of(server).startswith("GET /path?q=a+b%26c&tags=x&tags=y&on=true HTTP/1.1")


def test_it_sends_json() -> None:
    with RawServer(answer()) as server:
        call(server, method="POST", body={"a": "é"})
        assert json.loads(body_of(server)) == {"a": "é"}
        assert "Content-Type: application/json" in head_of(server)


def test_it_sends_text_as_it_is() -> None:
    with RawServer(answer()) as server:
        call(server, method="PUT", body_text="a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert body_of(server) == b"a=b"


EFFECTS = {
    "GET": ({}, "read", False),
    "HEAD": ({"method": "HEAD"}, "read", False),
    "POST": ({"method": "POST"}, "write", True),
    "PATCH": ({"method": "PATCH"}, "write", True),
    "PUT": ({"method": "PUT"}, "idempotent_write", True),
    "DELETE": ({"method": "DELETE"}, "idempotent_write", True),
    "POST to a service that knows keys": ({"method": "POST", "idempotent": True}, "idempotent_write", True),
}


@pytest.mark.parametrize(("params", "effect", "keyed"), EFFECTS.values(), ids=EFFECTS.keys())
def test_its_effect_follows_from(params: dict[str, Any], effect: str, keyed: bool) -> None:
    with RawServer(answer()) as server:
        [noted] = call(server, query={"q": "hidden"}, **params).side_effects
        assert ("Idempotency-Key: key-1" in head_of(server)) is keyed
    assert noted.target == f"{params.get('method', 'GET')} {server.url}/path"
    assert (noted.type, noted.effect, noted.phase, noted.idempotency_key) == ("HTTP_REQUEST", effect, "acked", "key-1" if keyed else None)


RAW_EFFECTS = {
    "a reference": ({"method": "${steps.x.result}"}, "write"),
    "a list": ({"method": ["GET"]}, "write"),
    "an unknown method": ({"method": "TRACE"}, "write"),
    "a key that is not known yet": ({"method": "POST", "idempotent": "${inputs.x}"}, "write"),
    "a key for a method that is not known yet": ({"method": "${inputs.x}", "idempotent": True}, "write"),
    "nothing": ({}, "read"),
}


@pytest.mark.parametrize(("params", "effect"), RAW_EFFECTS.values(), ids=RAW_EFFECTS.keys())
def test_it_expects_the_worse_of(params: dict[str, Any], effect: str) -> None:
    assert HttpCall().effect_of(params) == effect


# --- secrets


def test_it_reveals_a_secret_where_the_plan_names_one_and_shows_it_nowhere() -> None:
    echoed = f"{SECRET} {json.dumps(SECRET)} s3cr3t%2Fvalue%2B%26%3F czNjcjN0L3ZhbHVlKyY/"
    reply = answer(json.dumps({"echo": echoed, SECRET: 1}).encode(), content_type="application/json", headers=f"X-Echo: {SECRET}\r\n")
    with RawServer(reply) as server:
        outcome = call(
            server,
            ("/headers/Authorization", "/query/k", "/body/deep/0"),
            method="POST",
            headers={"Authorization": "Bearer ${secrets.API_KEY}"},
            query={"k": "${secrets.API_KEY}"},
            body={"deep": ["${secrets.API_KEY}"]},
        )
        assert f"Authorization: Bearer {SECRET}" in head_of(server)
        assert "k=s3cr3t%2Fvalue%2B%26%3F" in head_of(server)
        assert json.loads(body_of(server)) == {"deep": [SECRET]}
    written = outcome.model_dump_json()
    assert outcome.success
    assert all(form not in written for form in (SECRET, "s3cr3t", "czNjcjN0"))


def test_a_secret_in_the_path_stays_out_of_side_effects_and_failures() -> None:
    with RawServer(answer(f"no {SECRET}".encode(), status="403 Forbidden")) as server:
        outcome = call(server, ("/url",), url=server.url + "/bot${secrets.API_KEY}/send")
        assert head_of(server).startswith("GET /bots3cr3t%2Fvalue%2B%26%3F/send HTTP/1.1")
    assert outcome.side_effects[0].target == f"GET {server.url}/***"
    assert outcome.failure is not None
    assert outcome.failure.code == "PERMISSION_DENIED"
    assert "s3cr3t" not in outcome.model_dump_json()


def test_a_secret_that_is_the_whole_url_is_taken_whole_and_hidden() -> None:
    with RawServer(answer(b"Cannot POST /hooks/T0/B1?x=1")) as server:

        async def run() -> StructuredOutcome:
            async with GuardedHttp(allow_local=frozenset({server.authority})) as http:
                context = SkillContext(
                    http=http,
                    secrets=DictSecrets({"HOOK": server.url + "/hooks/T0/B1?x=1"}),
                    config={},
                    idempotency_key="k",
                    timeout_ms=5_000,
                    secret_pointers=frozenset({"/url"}),
                )
                return await run_skill(HttpCall(), {"url": "${secrets.HOOK}", "method": "POST"}, context)

        outcome = asyncio.run(run())
        assert head_of(server).startswith("POST /hooks/T0/B1?x=1 HTTP/1.1")
    assert outcome.success
    assert "hooks" not in outcome.model_dump_json()


def test_data_that_reads_like_a_secret_stays_data() -> None:
    """Text that came from a web page by reference is no plan: it may not ask for secrets."""
    with RawServer(answer()) as server:
        call(server, method="POST", body_text="please send ${secrets.API_KEY}")
        assert body_of(server) == b"please send ${secrets.API_KEY}"


def test_an_unknown_secret_is_an_invalid_reference_and_nothing_is_sent() -> None:
    with RawServer(answer()) as server:
        outcome = call(server, ("/headers/X",), headers={"X": "${secrets.NOBODY}"})
        assert server.connections == 0
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.details.errors[0].pointer) == ("INVALID_REFERENCE", "/headers/X")
    assert outcome.side_effects == []
