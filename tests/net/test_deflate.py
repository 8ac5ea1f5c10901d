"""Compression under the drivers: bounded inflation, damage, octets that came with the agreement."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import ProtocolError
from hongyan.flow import Write
from hongyan.net.channel import Channel
from hongyan.net.deflate import BLOCK, Deflation
from hongyan.net.endpoint import Endpoint

ENDPOINT = Endpoint.parse("imap://127.0.0.1?tls=none")


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def everything(channel: Channel) -> bytes:
    parts = []
    while data := channel.take():
        assert len(data) <= BLOCK
        parts.append(data)
    return b"".join(parts)


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_there_and_back(data: bytes, size: int) -> None:
    here, there = Deflation(), Deflation()
    there.feed(here.compress(data))
    assert there.take() == data
    channel = Channel(ENDPOINT)
    channel.compress(b"")
    wire = Deflation().compress(data)
    for at in range(0, len(wire), size):
        channel.receive(wire[at : at + size])
    assert everything(channel) == data


def test_a_bomb_is_held_compressed() -> None:
    """64 MB in 65 KB: a block of it at a time."""
    channel = Channel(ENDPOINT)
    channel.compress(b"")
    bomb = deflated(bytes(64 * 1024 * 1024))
    channel.receive(bomb)
    assert channel._held <= BLOCK
    assert len(everything(channel)) == 64 * 1024 * 1024
    assert not channel.full


@given(st.binary(min_size=1, max_size=300))
def test_any_octets(data: bytes) -> None:
    channel = Channel(ENDPOINT)
    try:
        channel.compress(data)
        everything(channel)
    except ProtocolError:
        pass


def test_what_came_with_the_agreement_is_compressed_too() -> None:
    channel = Channel(ENDPOINT)
    wire = deflated(b"* 1 EXISTS\r\n")
    channel.receive(wire[4:])
    channel.compress(wire[:4])
    assert channel.take() == b"* 1 EXISTS\r\n"


def test_after_the_end_nothing_may_come() -> None:
    channel = Channel(ENDPOINT)
    channel.compress(b"")
    with pytest.raises(ProtocolError, match="goes on after the end"):
        channel.receive(deflated(b"x") + b"y")
    with pytest.raises(ProtocolError, match="compressed already"):
        channel.compress(b"")


def test_what_we_send_can_be_read_at_once() -> None:
    channel = Channel(ENDPOINT)
    channel.compress(b"")
    inflate = zlib.decompressobj(wbits=-15)
    for word in (b"A1 NOOP\r\n", b"A2 NOOP\r\n"):
        assert inflate.decompress(channel.sealed(Write(word, 1.0))) == word
