"""The relay delays, counts and cuts exactly."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.relay import Cut, How, Relay, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

OCTETS = bytes(range(256)) * 16


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(line: socket.socket) -> None:
        with line:
            try:
                while data := line.recv(65536):
                    line.sendall(data)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def read_all(line: socket.socket) -> bytes:
    data = b""
    while chunk := line.recv(65536):
        data += chunk
    return data


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=10)


def test_octets_pass_and_are_counted(echo: int) -> None:
    with Relay(echo) as relay, connect(relay) as line:
        for _ in range(3):
            line.sendall(b"hello")
            assert line.recv(100) == b"hello"
        line.shutdown(socket.SHUT_WR)
        assert read_all(line) == b""
    counts = relay.counts
    assert (counts.connections, counts.up, counts.down, counts.round_trips) == (1, 15, 15, 3)


def test_each_direction_is_late_by_the_delay(echo: int) -> None:
    with Relay(echo, delay=0.05) as relay, connect(relay) as line:
        start = time.monotonic()
        line.sendall(b"x")
        assert line.recv(1) == b"x"
        assert 0.1 <= time.monotonic() - start < 0.2


def test_a_delay_takes_no_bandwidth(echo: int) -> None:
    size = 32 * 1024 * 1024
    with Relay(echo, delay=0.05) as relay, connect(relay) as line:
        start = time.monotonic()
        threading.Thread(target=line.sendall, args=(bytes(size),), daemon=True).start()
        left = size
        while left:
            left -= len(line.recv(1 << 20))
        assert time.monotonic() - start < 3


@pytest.mark.parametrize("after", [0, 1, 255, 4095])
@pytest.mark.parametrize("how", How)
def test_the_answer_is_cut_after_k_octets(echo: int, after: int, how: How) -> None:
    with Relay(echo) as relay:
        relay.cut_next(Cut(Way.DOWN, after, how))
        received = b""
        try:
            with connect(relay) as line:
                line.sendall(OCTETS)
                while chunk := line.recv(65536):
                    received += chunk
            ended = How.FIN
        except (ConnectionResetError, BrokenPipeError):
            ended = How.RST
        assert (received, ended) == (OCTETS[:after], how)
        with connect(relay) as line:  # the one after it is whole
            line.sendall(OCTETS)
            line.shutdown(socket.SHUT_WR)
            assert read_all(line) == OCTETS


@pytest.mark.parametrize("how", How)
def test_the_request_is_cut_after_k_octets(how: How) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Relay(listener.getsockname()[1]) as relay,
    ):
        relay.cut_next(Cut(Way.UP, 100, how))
        with connect(relay) as line:
            line.sendall(OCTETS)
            server, _ = listener.accept()
            with server:
                server.settimeout(10)
                received = b""
                try:
                    while chunk := server.recv(65536):
                        received += chunk
                    ended = How.FIN
                except ConnectionResetError:
                    ended = How.RST
                assert (received, ended) == (OCTETS[:100], how)


def test_a_server_that_is_not_there_resets_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with Relay(port) as relay, pytest.raises(ConnectionResetError), connect(relay) as line:
        line.recv(1)
