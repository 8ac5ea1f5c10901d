"""Names that are not found, and addresses from which nothing comes back (FAULTS 31)."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from hongyan.errors import ConnectFailed
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint

ENDPOINT = Endpoint.parse("imap://mail.example.test?tls=none")


def driver(*addresses: tuple[str, int]) -> BlockingDriver:
    """A driver for whom the name has these addresses, in this order."""

    def resolve(_host: str, _port: int) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", each) for each in addresses]

    return BlockingDriver(ENDPOINT, resolve=resolve)


@pytest.fixture
def black_hole() -> Iterator[tuple[str, int]]:
    """An address whose listener has more callers than it can hold: the next hears nothing."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.2", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(address)
        yield address


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def test_a_black_hole_costs_its_share_of_the_time_and_no_more(
    black_hole: tuple[str, int], server: tuple[str, int]
) -> None:
    began = time.monotonic()
    with driver(black_hole, server).connect(within=2):
        assert 0.9 < time.monotonic() - began < 2


def test_where_all_addresses_are_black_holes_the_time_is_kept(black_hole: tuple[str, int]) -> None:
    began = time.monotonic()
    with driver(black_hole, black_hole) as caller, pytest.raises(ConnectFailed):
        caller.connect(within=1)
    assert 0.9 < time.monotonic() - began < 3


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        UnicodeError("label too long"),
    ],
)
def test_a_name_that_is_not_found_is_one_clear_error(error: Exception) -> None:
    def resolve(_host: str, _port: int) -> list[Any]:
        raise error

    with (
        BlockingDriver(ENDPOINT, resolve=resolve) as caller,
        pytest.raises(ConnectFailed, match=r"mail\.example\.test was not found"),
    ):
        caller.connect(within=1)


def test_a_name_without_an_address_is_one_clear_error() -> None:
    with driver() as caller, pytest.raises(ConnectFailed, match="no address"):
        caller.connect(within=1)
