"""The proxy carries bytes as they are, and breaks connections in the ways it is asked to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.proxy import Proxy, a_proxy


def echo(listening: socket.socket) -> None:
    """Answer every connection with what it sends, until the listening socket is closed."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        try:
            while data := connection.recv(65_536):
                connection.sendall(data)
        except ConnectionError:
            return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=echo, args=(listening,))
        thread.start()
        with a_proxy(*listening.getsockname()) as proxy:
            yield proxy
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def connected(proxy: Proxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
    assert said(client, b"hello") == b"hello"
    return client


def said(client: socket.socket, what: bytes) -> bytes:
    client.sendall(what)
    found = b""
    while len(found) < len(what):
        found += client.recv(65_536)
    return found


def test_it_carries_bytes_in_order(proxy: Proxy) -> None:
    with connected(proxy) as client:
        client.setblocking(True)
        told = bytes(range(256)) * 4_000
        sender = threading.Thread(target=client.sendall, args=(told,))
        sender.start()
        found = b""
        while len(found) < len(told):
            found += client.recv(65_536)
        sender.join(10)
    assert found == told


def test_it_carries_to_a_unix_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / ".s.PGSQL.5432"))
        listening.listen()
        thread = threading.Thread(target=echo, args=(listening,))
        thread.start()
        with a_proxy(str(tmp_path), 5432) as proxy, connected(proxy):
            pass
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_it_resets_connections_and_takes_new_ones(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    connected(proxy).close()


def test_it_takes_none_while_it_is_closed(proxy: Proxy) -> None:
    with proxy.closed(), socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        assert client.recv(1) == b""
    connected(proxy).close()


def test_it_swallows_what_comes_and_says_nothing(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.swallow()
        client.sendall(b"is anybody there?")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        connected(proxy).close()


def test_it_delays_both_directions(proxy: Proxy) -> None:
    with connected(proxy) as client:
        proxy.delay_seconds = 0.1
        began = time.monotonic()
        assert said(client, b"slow") == b"slow"
        assert time.monotonic() - began >= 0.2
