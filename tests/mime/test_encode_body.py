"""Bodies on their way out: what is decoded is what was given, whatever it was."""

from __future__ import annotations

import base64
import quopri
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime.encode_body import Encoded, base64_lines, encode_text, is_seven_bit

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
BREAKS = ("\r", "\n", "\r\n", " ", "\t", "\0", "\x0c")
STARTS = (".", "From ", "-- ", ">", "> ", "=", "é", "你", "word ", "word " * 30, "x" * 100)
TRICKY = st.lists(st.sampled_from(BREAKS + STARTS), max_size=30).map("".join)
PROSE = st.lists(
    st.sampled_from(["word ", "-- ", "  ", "> ", ">> ", "From ", "end\n", "long " * 20 + "end\n"]),
    max_size=20,
).map("".join)


def canonical(text: str) -> bytes:
    octets = re.sub("\r\n|\r|\n", "\r\n", text).encode()
    return octets if not octets or octets.endswith(b"\r\n") else octets + b"\r\n"


def unflowed(octets: bytes) -> list[tuple[int, bytes]]:
    """Read format=flowed as RFC 3676 §4 says: each paragraph with its depth of quoting."""
    found: list[tuple[int, bytes]] = []
    joins = False
    for line in octets.split(b"\r\n")[:-1]:
        content = line.lstrip(b">")
        depth = len(line) - len(content)
        content = content.removeprefix(b" ")
        flows = content.endswith(b" ") and content != b"-- "
        if joins and found[-1][0] == depth and content != b"-- ":
            found[-1] = depth, found[-1][1] + content
        else:
            found.append((depth, content))
        joins = flows
    return found


def fixed(octets: bytes) -> list[tuple[int, bytes]]:
    lines = octets.split(b"\r\n")[:-1]
    depths = [len(line) - len(line.lstrip(b">")) for line in lines]
    return [
        (depth, line[depth:].removeprefix(b" ") if depth else line)
        for depth, line in zip(depths, lines, strict=True)
    ]


def decoded(body: Encoded) -> bytes:
    if body.encoding == "base64":
        return base64.b64decode(body.octets)
    return quopri.decodestring(body.octets) if body.encoding == "quoted-printable" else body.octets


@settings(deadline=None)
@given(TEXT | TRICKY | PROSE, st.booleans())
def test_text_comes_back(text: str, may_flow: bool) -> None:
    body = encode_text("text", text, may_flow=may_flow)
    if body.flowed:
        assert may_flow
        assert unflowed(body.octets) == fixed(canonical(text))
    else:
        assert decoded(body) == canonical(text)


@settings(deadline=None)
@given(TEXT | TRICKY | PROSE)
def test_nothing_can_be_harmed_on_the_way(text: str) -> None:
    octets = encode_text("text", text, may_flow=True).octets
    assert re.fullmatch(rb"(?:[\t\x20-\x7e]{0,78}\r\n)*", octets)
    assert not re.search(rb"^From ", octets, re.MULTILINE)


def test_plain_english_stays_readable() -> None:
    body = encode_text("text", "Hello,\nhow are you?\n-- \nBob", may_flow=True)
    assert body == Encoded("7bit", b"Hello,\r\nhow are you?\r\n-- \r\nBob\r\n")


def test_paragraphs_flow_within_72_columns() -> None:
    body = encode_text("text", "word " * 50 + "end\n> " + "said " * 30 + "he", may_flow=True)
    assert body.flowed
    lines = body.octets.split(b"\r\n")
    assert max(map(len, lines)) <= 73
    assert lines[4].startswith(b"> said")
    assert lines[5].startswith(b"> ")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("", "7bit"),
        ("x" * 78, "7bit"),
        ("x" * 79, "quoted-printable"),
        ("café for all of us, and more of it", "quoted-printable"),
        ("你好" * 50, "base64"),
        ("From here", "quoted-printable"),
        ("trailing \nx", "quoted-printable"),
    ],
)
def test_the_encoding_chosen(text: str, encoding: str) -> None:
    assert encode_text("text", text, may_flow=True).encoding == encoding


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"^html: .*U\+D800"):
        encode_text("html", "a\ud800", may_flow=False)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=10))
def test_base64_in_chunks(chunks: list[bytes]) -> None:
    encoded = b"".join(base64_lines(chunks))
    assert base64.b64decode(encoded) == b"".join(chunks)
    assert re.fullmatch(rb"(?:[A-Za-z0-9+/=]{76}\r\n)*(?:[A-Za-z0-9+/=]{1,76}\r\n)?", encoded)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", True),
        (b"a\r\nb", True),
        (b"a\r\n" + b"x" * 998 + b"\r\n", True),
        (b"a\r\n" + b"x" * 999 + b"\r\n", False),
        (b"x" * 999, False),
        (b"a\nb", False),
        (b"a\rb", False),
        (b"a\r", False),
        (b"a\0", False),
        (b"\xc3\xa9", False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 700, 5000])
def test_seven_bit_at_every_cut(octets: bytes, expected: bool, size: int) -> None:
    chunks = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert is_seven_bit(chunks) is expected


@pytest.mark.parametrize("text", ["x" * 10**6, "w " * 500_000 + "x", "\n" * 10**6, ">" * 10**6])
def test_a_megabyte_of_one_line(text: str) -> None:
    assert encode_text("text", text, may_flow=True).octets.isascii()
