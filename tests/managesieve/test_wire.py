"""ManageSieve's grammar: lines cut anywhere, bounded, and never another error than ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.managesieve import wire
from hongyan.managesieve.types import Reply, Script, Status

LINES: dict[bytes, tuple[bytes | str, ...]] = {
    b"OK\r\n": ("OK",),
    b"\r\n": (),
    b'OK "done"\n': ("OK", b"done"),
    b'"SASL" "PLAIN LOGIN"\r\n': (b"SASL", b"PLAIN LOGIN"),
    b'"a \\"b\\" \\\\c" ACTIVE\r\n': (b'a "b" \\c', "ACTIVE"),
    b"NO (QUOTA/MAXSIZE) {5}\r\nhe\r\no\r\n": ("NO", "(", "QUOTA/MAXSIZE", ")", b"he\r\no"),
    b'OK (SASL "cnNwYXV0aA==")\r\n': ("OK", "(", "SASL", b"cnNwYXV0aA==", ")"),
    b"{0}\r\n\r\n": (b"",),
    b'{3+}\r\nabc "d"\r\n': (b"abc", b"d"),
}


@pytest.mark.parametrize(("data", "found"), LINES.items())
def test_a_line_is_whole_or_wants_more(data: bytes, found: tuple[bytes | str, ...]) -> None:
    assert wire.tokens(data + b"rest") == (found, len(data))
    for end in range(len(data)):
        assert wire.tokens(data[:end]) is None, data[:end]


@pytest.mark.parametrize(
    "data",
    [
        b"{99999999}\r\n",
        b'"a\r\nb"',
        b'"a\\x"',
        b"a{b}\r\n",
        b"{12x}\r\n",
        b"\\\r\n",
        b"x" * 70_000,
        b'"' + b"x" * 70_000,
        b"a " * 200 + b"\r\n",
    ],
)
def test_what_no_line_may_hold(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.tokens(data)


def test_replies() -> None:
    assert wire.reply((b"OK",)) is None
    assert wire.reply(()) is None
    assert wire.reply(("ok",)) == Reply(Status.OK, "", "")
    line = ("NO", "(", "TRYLATER", ")", b"busy\x1b[31m")
    found = wire.reply(line)
    assert found is not None
    assert (found.status, found.code) == (Status.NO, "TRYLATER")
    assert "\x1b" not in found.text
    with pytest.raises(ProtocolError):
        wire.reply(("NO", "(", "X"))


def test_lists() -> None:
    assert wire.scripts([(b"a", "ACTIVE"), (b"b",), ("c",)]) == (
        Script("a", active=True),
        Script("b", active=False),
    )
    offered = wire.capabilities([(b"Sieve", b"fileinto body"), (b"starttls",), ()])
    assert offered.extensions == {"fileinto", "body"}
    assert offered.starttls


def test_commands() -> None:
    assert wire.command("GETSCRIPT", 'a "b"\\') == b'GETSCRIPT "a \\"b\\"\\\\"\r\n'
    assert wire.command("PUTSCRIPT", "a", b"x\r\n") == b'PUTSCRIPT "a" {3+}\r\nx\r\n\r\n'
    for bad in ("a\r\nLOGOUT", "a\0"):
        with pytest.raises(InvalidArgument):
            wire.command("GETSCRIPT", bad)
    for bad in ("", "x" * 513, "a\nb"):
        with pytest.raises(InvalidArgument):
            wire.name(bad)


@given(st.lists(st.sampled_from([b'"', b"\\", b"{", b"}", b"3", b"\r\n", b" ", b"(", b")", b"OK"])))
def test_nothing_but_protocol_errors(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    try:
        found = wire.tokens(data)
    except ProtocolError:
        return
    if found is not None:
        line, end = found
        assert 0 < end <= len(data)
        assert wire.tokens(data[:end]) == (line, end)
