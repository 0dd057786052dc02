"""An exchange ends in bytes within their caps before the deadline, or in a failure that says how far it got."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import zlib
from typing import Any

import pytest
import trustme

from skills.base import SkillFailure
from skills.contracts import Phase
from skills.net.client import GuardedHttp
from tests.fakes.raw_server import RawServer, answer, reset
from tests.processes import a_held_port


def send(url: str, *, trusting: ssl.SSLContext | None = None, local: tuple[str, ...] = (), **wishes: Any) -> Any:
    authority = url.split("/")[2]
    asked = {"headers": {}, "body": None, "timeout_ms": 3_000, "max_bytes": 10_000, **wishes}

    async def call() -> Any:
        async with GuardedHttp(allow_local=frozenset({authority, *local}), ssl_context=trusting) as http:
            return await http.send(asked.pop("method", "GET"), url, **asked)

    return asyncio.run(call())


def failure(url: str, **wishes: Any) -> tuple[str, Phase]:
    with pytest.raises(SkillFailure) as raised:
        send(url, **wishes)
    return raised.value.code, raised.value.phase


def drip(server: RawServer) -> Any:
    def reply(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not server.stopped(0.02):
            connection.sendall(b"x")

    return reply


def silence(server: RawServer) -> Any:
    return lambda connection: server.stopped(10)


CODINGS = {
    "gzip": ("gzip", gzip.compress(b"hello")),
    "deflate": ("deflate", zlib.compress(b"hello")),
    "bare deflate": ("deflate", zlib.compress(b"hello", wbits=-15)),
    "identity": ("identity", b"hello"),
}


@pytest.mark.parametrize(("coding", "body"), CODINGS.values(), ids=CODINGS.keys())
def test_it_decodes(coding: str, body: bytes) -> None:
    with RawServer(answer(body, headers=f"Content-Encoding: {coding}\r\n")) as server:
        assert send(server.url).body == b"hello"
        assert b"Accept-Encoding: gzip, deflate\r\n" in server.requests[0]


BROKEN = {
    "not gzip": (answer(b"\x1fhello", headers="Content-Encoding: gzip\r\n"), "INVALID_RESPONSE"),
    "cut gzip": (answer(gzip.compress(b"hello")[:-9], headers="Content-Encoding: gzip\r\n"), "INVALID_RESPONSE"),
    "a coding nobody asked for": (answer(b"hello", headers="Content-Encoding: br\r\n"), "INVALID_RESPONSE"),
    "two codings": (answer(b"hello", headers="Content-Encoding: gzip, gzip\r\n"), "INVALID_RESPONSE"),
    "announced too large": (b"HTTP/1.1 200 OK\r\nContent-Length: 10001\r\n\r\n", "CONTENT_TOO_LARGE"),
    "too large": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 10_001, "CONTENT_TOO_LARGE"),
    "gzip bomb": (answer(gzip.compress(b"0" * 5_000_000), headers="Content-Encoding: gzip\r\n"), "CONTENT_TOO_LARGE"),
    "deflate bomb": (answer(zlib.compress(b"0" * 5_000_000), headers="Content-Encoding: deflate\r\n"), "CONTENT_TOO_LARGE"),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "INVALID_RESPONSE"),
    "body cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel", "CONNECTION_RESET"),
}


@pytest.mark.parametrize(("reply", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_it_refuses_a_body_that_is(reply: bytes, code: str) -> None:
    with RawServer(reply) as server:
        assert failure(server.url) == (code, "acked")


UNANSWERED = {
    "nothing": (b"", "CONNECTION_RESET"),
    "half a head": (b"HTTP/1.1 200 OK\r\nConte", "CONNECTION_RESET"),
    "another protocol": (b"220 mail.example ESMTP\r\n\r\n", "INVALID_RESPONSE"),
    "headers without end": (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000, "INVALID_RESPONSE"),
    "a reset": (reset, "CONNECTION_RESET"),
}


@pytest.mark.parametrize(("reply", "code"), UNANSWERED.values(), ids=UNANSWERED.keys())
def test_it_may_have_sent_where_the_answer_is(reply: Any, code: str) -> None:
    with RawServer(reply) as server:
        assert failure(server.url) == (code, "maybe_sent")


def test_nothing_was_sent_where_nobody_listens() -> None:
    with a_held_port() as port:
        assert failure(f"http://127.0.0.1:{port}/") == ("CONNECTION_REFUSED", "not_sent")


def test_nothing_was_sent_where_the_name_is_unknown() -> None:
    assert failure("http://nobody.invalid/") == ("DNS_FAILURE", "not_sent")


def test_one_deadline_holds_for_a_silent_server() -> None:
    with RawServer(lambda connection: silence(server)(connection)) as server:
        assert failure(server.url, timeout_ms=150) == ("TIMEOUT", "maybe_sent")


def test_one_deadline_holds_for_a_body_that_drips() -> None:
    with RawServer(lambda connection: drip(server)(connection)) as server:
        started = time.monotonic()
        assert failure(server.url, timeout_ms=200) == ("TIMEOUT", "acked")
        assert time.monotonic() - started < 10, "all of the body takes twenty seconds"


def test_one_deadline_holds_for_a_resolver_that_hangs() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return ["127.0.0.1"]

    async def call() -> None:
        async with GuardedHttp(resolve=resolve) as http:
            await http.send("GET", "http://slow.example/", headers={}, body=None, timeout_ms=100, max_bytes=10)

    with pytest.raises(SkillFailure) as raised:
        asyncio.run(call())
    assert (raised.value.code, raised.value.phase) == ("TIMEOUT", "not_sent")


def test_it_tells_each_phase_as_it_is_reached() -> None:
    heard: list[Phase] = []
    with RawServer(answer(b"ok")) as server:
        send(server.url, on_phase=heard.append)
    assert heard == ["maybe_sent", "acked"]


MANAGED = ["Host", "Content-Length", "transfer-encoding", "Connection", "Accept-Encoding", "Proxy-Authorization", "Expect"]


@pytest.mark.parametrize("name", MANAGED)
def test_a_caller_may_not_set(name: str) -> None:
    with RawServer(answer()) as server:
        assert failure(server.url, headers={name: "x"}) == ("INVALID_INPUT", "not_sent")
        assert server.connections == 0


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\r\nY": "a"}, {"X": "a\0"}, {"X": "\u20ac"}, {"": "a"}], ids=str)
def test_it_sends_no_broken_header(headers: dict[str, str]) -> None:
    with RawServer(answer()) as server:
        assert failure(server.url, headers=headers) == ("INVALID_INPUT", "not_sent")
        assert server.connections == 0


# --- redirects


def moved(location: str, status: str = "302 Found") -> bytes:
    return answer(status=status, headers=f"Location: {location}\r\n")


def test_it_follows_no_redirect_unless_asked() -> None:
    with RawServer(moved("/next"), answer(b"there")) as server:
        assert send(server.url).status == 302
        assert len(server.requests) == 1


def test_it_follows_a_redirect_when_asked() -> None:
    with RawServer(moved("/next"), answer(b"there")) as server:
        exchange = send(server.url + "/first", follow_redirects=True)
        assert (exchange.body, exchange.url) == (b"there", server.url + "/next")


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "http://0x7f000001/", "file:///etc/passwd", "//10.0.0.1/"]
)
def test_it_refuses_a_redirect_to(location: str) -> None:
    with RawServer(moved(location), answer()) as server:
        assert failure(server.url, follow_redirects=True) == ("BLOCKED_TARGET", "acked")


def test_it_refuses_a_redirect_to_a_host_outside_the_agents_list() -> None:
    with RawServer(answer()) as other, RawServer(moved(f"http://localhost:{other.port}/")) as server:
        wishes = {"local": (f"localhost:{other.port}",), "follow_redirects": True}
        assert failure(server.url, allowed_hosts=("127.0.0.1",), **wishes) == ("BLOCKED_TARGET", "acked")
        assert other.connections == 0


def test_it_follows_five_redirects_and_no_sixth() -> None:
    with RawServer(*[moved("/on")] * 5, answer(b"there")) as server:
        assert send(server.url, follow_redirects=True).body == b"there"
    with RawServer(moved("/on")) as server:
        assert failure(server.url, follow_redirects=True) == ("INVALID_RESPONSE", "acked")
        assert len(server.requests) == 6


def test_credentials_do_not_follow_to_another_origin() -> None:
    headers = {"Authorization": "Bearer s3cret", "Cookie": "s3cret", "X-Api-Key": "s3cret", "X-Plain": "stays"}
    with RawServer(answer()) as other, RawServer(moved(f"http://127.0.0.1:{other.port}/")) as server:
        send(server.url, headers=headers, follow_redirects=True, local=(other.authority,))
        assert server.requests[0].count(b"s3cret") == 3
        assert b"s3cret" not in other.requests[0]
        assert b"X-Plain: stays" in other.requests[0]


def test_a_body_does_not_follow_to_another_origin() -> None:
    with RawServer(answer()) as other, RawServer(moved(f"http://127.0.0.1:{other.port}/", "307 Temporary Redirect")) as server:
        asked = {"method": "POST", "body": b"x", "follow_redirects": True, "local": (other.authority,)}
        assert failure(server.url, **asked) == ("BLOCKED_TARGET", "acked")
        assert other.connections == 0


REWRITES = {
    "303 becomes GET": ("303 See Other", "POST", b"GET", b""),
    "302 after POST becomes GET": ("302 Found", "POST", b"GET", b""),
    "307 stays as it is": ("307 Temporary Redirect", "POST", b"POST", b"data"),
    "308 stays as it is": ("308 Permanent Redirect", "PUT", b"PUT", b"data"),
    "301 after PUT stays as it is": ("301 Moved Permanently", "PUT", b"PUT", b"data"),
}


@pytest.mark.parametrize(("status", "method", "then", "body"), REWRITES.values(), ids=REWRITES.keys())
def test_a_redirect(status: str, method: str, then: bytes, body: bytes) -> None:
    with RawServer(moved("/next", status), answer()) as server:
        send(server.url, method=method, body=b"data", headers={"Content-Type": "text/plain"}, follow_redirects=True)
        head, _, sent = server.requests[1].partition(b"\r\n\r\n")
        assert (head.split(b" ")[0], sent, b"Content-Type" in head) == (then, body, bool(body))


# --- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A caller that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server that is `service.example`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("service.example").configure_cert(context)
    return context


def test_it_does_not_trust_a_stranger(tls: ssl.SSLContext) -> None:
    with RawServer(answer(), tls=tls) as server:
        assert failure(server.url) == ("TLS_FAILURE", "not_sent")
        assert server.requests == []


def test_it_does_not_trust_the_wrong_name(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    with RawServer(answer(), tls=tls) as server:
        assert failure(server.url, trusting=trusting) == ("TLS_FAILURE", "not_sent")


def test_it_says_tls_failure_to_a_server_without_tls() -> None:
    with RawServer(b"220 mail.example ESMTP\r\n", speaks_first=True) as server:
        code, phase = failure(server.url.replace("http:", "https:"))
        assert (code, phase) == ("TLS_FAILURE", "not_sent")


def test_the_certificate_is_checked_against_the_name_and_not_the_address(tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def call(authority: str) -> bytes:
        async with GuardedHttp(allow_local=frozenset({authority}), ssl_context=trusting, resolve=resolve) as http:
            return (await http.send("GET", f"https://{authority}/", headers={}, body=None, timeout_ms=3_000, max_bytes=100)).body

    with RawServer(answer(b"hello"), tls=tls) as server:
        assert asyncio.run(call(f"service.example:{server.port}")) == b"hello"
