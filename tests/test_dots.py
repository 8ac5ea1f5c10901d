"""Dot-stuffing out and in, at every cut."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.buffer import ReceiveBuffer
from hongyan.dots import Stuffer, Unstuffer
from hongyan.errors import ProtocolError

NASTY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\0", b"\r\n.\r\n"]), max_size=40
)
SMUGGLING = Path(__file__).parent.parent.parent / "shared/corpus/smtp-smuggling/sequences.json"
OWN_SEQUENCES = [
    "\n.\n",
    "\n.\r\n",
    "\r.\r",
    "\r\n.\r",
    "\r\n.\n",
    "\r\n\0.\r\n",
    "\r\n.\r\r\n",
    "\r\n.\r\n",
]


def stuff(chunks: list[bytes]) -> bytes:
    stuffer = Stuffer()
    return b"".join([stuffer.feed(chunk) for chunk in chunks]) + stuffer.finish()


def unstuff(wire: bytes, size: int) -> tuple[bytes, int]:
    """Return the content, and how many octets were left in the buffer."""
    buffer, unstuffer, content = ReceiveBuffer(), Unstuffer(), b""
    for at in range(0, len(wire), size):
        buffer.feed(wire[at : at + size])
        if not unstuffer.finished:
            content += buffer.content(unstuffer)
    assert unstuffer.finished
    return content, len(buffer)


@given(NASTY)
def test_out_is_what_rfc_5321_wants(chunks: list[bytes]) -> None:
    wire = stuff(chunks)
    assert wire.endswith(b".\r\n")
    assert wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")
    lines = wire.split(b"\r\n")[:-1]
    assert lines[-1] == b"."
    assert all(line != b"." and not re.match(rb"\.[^.]", line) for line in lines[:-1])
    assert b"\0" not in wire


@given(NASTY, st.integers(1, 9))
def test_out_and_in_again_gives_the_same_lines(chunks: list[bytes], size: int) -> None:
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", b"".join(chunks).replace(b"\0", b""))
    if text and not text.endswith(b"\r\n"):
        text += b"\r\n"
    assert unstuff(stuff(chunks), size) == (text, 0)


LONG = st.lists(
    st.sampled_from([b".", b"\r\n.", b"\r\n", b"x", b"x" * 2045, b"x" * 2046, b"x" * 4094]),
    max_size=30,
)


@given(LONG, st.sampled_from([1000, 4096, 1_000_000]))
def test_dots_far_apart_are_found_too(pieces: list[bytes], size: int) -> None:
    text = b"".join(pieces) + b"\r\n"
    wire = stuff([text])
    assert wire == (b"\r\n" + text).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
    assert unstuff(wire, size) == (text, 0)


@given(NASTY, st.integers(1, 9))
def test_what_follows_the_end_stays(chunks: list[bytes], size: int) -> None:
    content, left = unstuff(stuff(chunks) + b"+OK\r\n", 10_000)
    assert left == 5
    assert content == unstuff(stuff(chunks), size)[0]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_empty_message(size: int) -> None:
    assert unstuff(b".\r\n", size) == (b"", 0)
    assert unstuff(b"\r\n.\r\n", size) == (b"\r\n", 0)
    assert unstuff(b"..\r\n.\r\n", size) == (b".\r\n", 0)


def sequences() -> list[bytes]:
    if not SMUGGLING.exists():
        return [text.encode() for text in OWN_SEQUENCES]
    listed = json.loads(SMUGGLING.read_text("utf-8"))["sequences"]
    return [bytes.fromhex(each["hex"]) for each in listed]


@pytest.mark.parametrize("sequence", sequences(), ids=repr)
@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1000])
def test_no_sequence_ends_the_data_early(sequence: bytes, cut: int) -> None:
    """One message at a strict server and at lax ones, however they read a line end."""
    body = b"Subject: x\r\n\r\nhello" + sequence + b"MAIL FROM:<evil@example.com>\r\nDATA\r\n"
    wire = stuff([body[at : at + cut] for at in range(0, len(body), cut)])
    strict = wire.find(b"\r\n.\r\n")
    assert strict == len(wire) - 5
    for lax in (wire.replace(b"\0", b""), re.sub(rb"\r+\n|\r|\n", b"\n", wire).replace(b"\0", b"")):
        end = b"\r\n.\r\n" if b"\r" in lax else b"\n.\n"
        assert lax.find(end) == len(lax) - len(end)


def test_a_line_has_a_limit() -> None:
    buffer = ReceiveBuffer()
    with pytest.raises(ProtocolError, match="longer than 65536 octets"):
        for _ in range(1024):
            buffer.feed(b"x" * 1024)
            assert buffer.line() is None


@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"")), max_size=20),
    st.integers(1, 9),
)
def test_lines_at_every_cut(lines: list[bytes], size: int) -> None:
    wire = b"".join(line + b"\r\n" for line in lines)
    buffer, got = ReceiveBuffer(), []
    for at in range(0, len(wire), size):
        buffer.feed(wire[at : at + size])
        while (line := buffer.line()) is not None:
            got.append(line)
    assert got == lines
