"""http_call says which call takes another one back: filled in from the result, once, and never looked through again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from skills.base import SkillFailure
from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.http_call import HttpCall, HttpCallParams
from skills.net.client import GuardedHttp
from skills.ports import SkillContext
from skills.testing import DictSecrets, Example, check_skill
from tests.fakes.raw_server import RawServer, answer

RESULT = {
    "status": 201,
    "headers": {"location": "/orders/7"},
    "body": {"id": 7, "name": "a/b?c", "link": "https://x.example/7", "tags": ["p", "q"], "trap": "{result.body.id}${secrets.K}"},
}
DONE = [{"type": "HTTP_REQUEST", "idempotency_key": "key-1"}]


def undone(undo: dict[str, Any], result: Any = RESULT) -> dict[str, Any]:
    params = {"url": "https://api.example/orders", "method": "POST", "undo": {"url": "https://api.example/", **undo}}
    found = HttpCall().undo_of(params, result, DONE)
    assert found is not None
    assert found.skill == "http_call"
    HttpCallParams.model_validate(found.params)
    return found.params


FILLED: dict[str, tuple[dict[str, Any], str, Any]] = {
    "a number into the path": ({"url": "https://api.example/orders/{result.body.id}"}, "url", "https://api.example/orders/7"),
    "text, escaped": ({"url": "https://api.example/{result.body.name}"}, "url", "https://api.example/a%2Fb%3Fc"),
    "an item of a list": ({"url": "https://api.example/{result.body.tags.1}"}, "url", "https://api.example/q"),
    "the key": ({"url": "https://api.example/by/{idempotency_key}"}, "url", "https://api.example/by/key-1"),
    "a URL taken whole": ({"url": "{result.body.link}"}, "url", "https://x.example/7"),
    "a value with its type": ({"body": {"order": "{result.body.id}"}}, "body", {"order": 7}),
    "a value within text": ({"body": ["no {result.body.id}, {result.body.tags}"]}, "body", ['no 7, ["p","q"]']),
    "a header": ({"headers": {"X-Order": "{result.body.id}"}}, "headers", {"X-Order": "7"}),
    "other braces of a body, left alone": ({"body": "{id} {result} x"}, "body", None),
    "a value that reads like a placeholder": ({"body": "{result.body.trap}"}, "body", "{result.body.id}${secrets.K}"),
}


@pytest.mark.parametrize(("undo", "where", "expected"), FILLED.values(), ids=FILLED.keys())
def test_it_fills_in(undo: dict[str, Any], where: str, expected: Any) -> None:
    found = undone(undo)[where]
    if expected is None:
        assert found.startswith("{id} {")
        assert '"status":201' in found
    else:
        assert found == expected


LACKING: dict[str, Any] = {
    "no such field": {"body": {}},
    "nothing known": None,
    "text for an object": {"body": "made"},
    "a list": {"body": [1]},
}


@pytest.mark.parametrize("result", LACKING.values(), ids=LACKING.keys())
def test_it_says_what_the_result_lacks(result: Any) -> None:
    with pytest.raises(SkillFailure, match=r"gave no result\.body\.id"):
        undone({"url": "https://api.example/{result.body.id}"}, result)


def test_an_undo_that_needs_no_result_works_where_nobody_knows_it() -> None:
    assert undone({"url": "https://api.example/by/{idempotency_key}"}, None)["url"] == "https://api.example/by/key-1"


def test_a_call_that_says_nothing_of_it_cannot_be_taken_back() -> None:
    assert HttpCall().undo_of({"url": "https://api.example/", "method": "POST"}, RESULT, DONE) is None


def call(server: RawServer, **params: Any) -> StructuredOutcome:
    async def run() -> StructuredOutcome:
        async with GuardedHttp(allow_local=frozenset({server.authority})) as http:
            context = SkillContext(http=http, secrets=DictSecrets({}), config={}, idempotency_key="key-1", timeout_ms=5_000)
            return await run_skill(HttpCall(), {"url": server.url, **params}, context)

    return asyncio.run(run())


def test_it_notes_of_an_effect_whether_it_can_be_taken_back() -> None:
    with RawServer(answer()) as server:
        undo = {"url": server.url}
        assert [
            call(server, method="POST", undo=undo).side_effects[0].reversible,
            call(server, method="POST").side_effects[0].reversible,
        ] == [
            True,
            False,
        ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_write_carries_the_key_of_its_call(method: str) -> None:
    with RawServer(answer()) as server:
        call(server, method=method)
    assert b"\r\nIdempotency-Key: key-1\r\n" in server.requests[0]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_carries_none(method: str) -> None:
    with RawServer(answer()) as server:
        call(server, method=method)
    assert b"idempotency-key" not in server.requests[0].lower()


def test_it_conforms_with_probe_and_undo() -> None:
    with RawServer(answer(b'{"id": 7}', content_type="application/json")) as server:
        params = {
            "url": server.url,
            "method": "POST",
            "probe": {"url": server.url + "/{idempotency_key}"},
            "undo": {"url": server.url + "/{result.body.id}"},
        }

        class Fresh:
            """A guarded way out for each call: the kit runs every call in a loop of its own."""

            async def send(self, *args: Any, **options: Any) -> Any:
                async with GuardedHttp(allow_local=frozenset({server.authority})) as http:
                    return await http.send(*args, **options)

        assert check_skill(HttpCall, [Example(params, http=Fresh())]) == []
