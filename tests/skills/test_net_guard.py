"""The guard dials what it has checked, and where it says BLOCKED_TARGET not one packet was sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from skills.base import SkillFailure
from skills.net.client import GuardedHttp
from tests.fakes.raw_server import RawServer, answer


def fetch(url: str, *, allow_local: tuple[str, ...] = (), resolve: Any = None, **wishes: Any) -> Any:
    async def call() -> Any:
        chosen = {"resolve": resolve} if resolve else {}
        async with GuardedHttp(allow_local=frozenset(allow_local), **chosen) as http:
            return await http.send("GET", url, headers={}, body=None, timeout_ms=5_000, max_bytes=1_000, **wishes)

    return asyncio.run(call())


def answering(*addresses: str) -> Any:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


NAMES = ["127.0.0.1", "127.0.0.1.", "localhost", "localhost.", "[::ffff:127.0.0.1]", "[::1]"]
SPELLINGS = [*NAMES, "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_blocked_target_sees_no_connection(host: str) -> None:
    with RawServer(answer(b"secret")) as server:
        with pytest.raises(SkillFailure) as refused:
            fetch(f"http://{host}:{server.port}/")
        server.stopped(0.1)
        assert (refused.value.code, refused.value.phase, server.connections) == ("BLOCKED_TARGET", "not_sent", 0)


@pytest.mark.parametrize("answers", [("93.184.216.34", "127.0.0.1"), ("127.0.0.1", "93.184.216.34"), ("10.0.0.1",)], ids=str)
def test_one_bad_answer_condemns_the_name(answers: tuple[str, ...]) -> None:
    with RawServer(answer()) as server:
        with pytest.raises(SkillFailure, match="off limits"):
            fetch(f"http://mixed.example:{server.port}/", resolve=answering(*answers))
        assert server.connections == 0


def test_it_resolves_a_name_once() -> None:
    """A name that leads elsewhere the second time (rebinding) is not asked a second time."""
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    with RawServer(answer(b"hello")) as server:
        local = f"name.example:{server.port}"
        assert fetch(f"http://{local}/", allow_local=(local,), resolve=resolve).body == b"hello"
        assert asked == ["name.example"]
        assert f"Host: {local}\r\n".encode() in server.requests[0]


def test_it_tries_the_next_checked_address() -> None:
    with RawServer(answer(b"hello")) as server:
        local = f"name.example:{server.port}"
        assert fetch(f"http://{local}/", allow_local=(local,), resolve=answering("::1", "127.0.0.1")).body == b"hello"


def test_a_local_target_is_allowed_by_exact_host_and_port() -> None:
    with RawServer(answer(b"hello")) as server, RawServer(answer()) as other:
        assert fetch(server.url, allow_local=(server.authority,)).body == b"hello"
        with pytest.raises(SkillFailure, match="off limits"):
            fetch(other.url, allow_local=(server.authority,))
        with pytest.raises(SkillFailure, match="off limits"):
            fetch(f"http://localhost:{server.port}", allow_local=(server.authority,))
        assert other.connections == 0


def test_a_host_outside_the_agents_list_sees_no_connection() -> None:
    with RawServer(answer(b"hello")) as server:
        with pytest.raises(SkillFailure) as refused:
            fetch(server.url, allow_local=(server.authority,), allowed_hosts=("example.com",))
        assert (refused.value.code, server.connections) == ("BLOCKED_TARGET", 0)
        assert fetch(server.url, allow_local=(server.authority,), allowed_hosts=("127.0.0.1",)).status == 200


def test_it_takes_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(answer(b"proxy")) as proxy, RawServer(answer(b"hello")) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert fetch(server.url, allow_local=(server.authority,)).body == b"hello"
        assert proxy.connections == 0


def test_it_serves_one_event_loop_after_another() -> None:
    with RawServer(answer(b"hello")) as server:
        http = GuardedHttp(allow_local=frozenset({server.authority}))

        async def call() -> bytes:
            async with http:
                return (await http.send("GET", server.url, headers={}, body=None, timeout_ms=5_000, max_bytes=100)).body

        assert [asyncio.run(call()), asyncio.run(call())] == [b"hello", b"hello"]
