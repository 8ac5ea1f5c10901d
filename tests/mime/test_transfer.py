"""Transfer encodings, whole and in pieces, and files in plain text."""

from __future__ import annotations

import base64
import binascii
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import flowed, parse, transfer
from hongyan.mime.transfer import Encoding, decode, encoding, stream


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Encoding.IDENTITY),
        (b" 7bit", Encoding.IDENTITY),
        (b"8 bit", Encoding.IDENTITY),
        (b" Base64 (comment)", Encoding.BASE64),
        (b'"quoted-printable";', Encoding.QUOTED_PRINTABLE),
        (b"x-uuencode", Encoding.UUENCODE),
        (b"6bit", Encoding.UNKNOWN),
    ],
)
def test_names(value: bytes | None, expected: Encoding) -> None:
    assert encoding(value) is expected


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (b"QUJD", b"ABC"),
        (b"QUI", b"AB"),
        (b"QUI=\nQUJD", b"ABABC"),
        (b"QU*!J\r\n D", b"ABC"),
        (b"-_-_", b"\xfb\xff\xbf"),
        (b"QUJDR", b"ABC"),
        (b"QUJD==== footer", b"ABC"),
        (b"QUI=\n\n-- \nfooter text", b"AB"),
        (b"QUI=\r\n____________\r\nlist mailing list", b"AB"),
        (b"QUJD\nQU-_\n", b"ABCAO\xbf"),
        (b"", b""),
        (b"====", b""),
    ],
)
def test_broken_base64(text: bytes, octets: bytes) -> None:
    assert decode(text, Encoding.BASE64) == octets


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=\r\nb", b"ab"),
        (b"a= \r\nb", b"ab"),
        (b"a  \r\nb\t", b"a\r\nb"),
        (b"a=ZZ=4", b"a=ZZ=4"),
        (b"=e4", b"\xe4"),
    ],
)
def test_broken_quoted_printable(text: bytes, octets: bytes) -> None:
    assert decode(text, Encoding.QUOTED_PRINTABLE) == octets


@given(st.binary(max_size=500))
def test_round_trips(octets: bytes) -> None:
    assert decode(base64.encodebytes(octets), Encoding.BASE64) == octets
    assert decode(quopri.encodestring(octets), Encoding.QUOTED_PRINTABLE) == octets
    lines = b"".join(binascii.b2a_uu(octets[i : i + 45]) for i in range(0, len(octets), 45))
    assert decode(b"begin 644 x\n" + lines + b"`\nend\n", Encoding.UUENCODE) == octets


@given(st.binary(max_size=300), st.sampled_from(Encoding))
def test_pieces_make_the_whole(octets: bytes, kind: Encoding) -> None:
    assert isinstance(decode(octets, kind), bytes)
    plain = kind in {Encoding.IDENTITY, Encoding.UNKNOWN, Encoding.QUOTED_PRINTABLE}
    joined = b"".join(stream(octets, 0, len(octets), kind))
    assert not plain or joined == decode(octets, kind)


def test_large_bodies_stream_alike() -> None:
    octets = bytes(range(256)) * 8000
    text = base64.encodebytes(octets)
    pieces = list(stream(text, 0, len(text), Encoding.BASE64))
    assert len(pieces) > 2
    assert b"".join(pieces) == octets
    quoted = quopri.encodestring(octets)
    assert b"".join(stream(quoted, 0, len(quoted), Encoding.QUOTED_PRINTABLE)) == octets
    assert max(map(len, pieces)) <= transfer.CHUNK


def test_files_in_plain_text() -> None:
    data = binascii.b2a_uu(b"octets of a file")
    raw = b'Subject: x\n\nbefore\nbegin 644 a "b".txt\n' + data + b"`\nend\nafter\n"
    message = parse(raw)
    (file,) = message.attachments
    assert (file.filename, file.content()) == ('a "b".txt', b"octets of a file")
    assert message.text == "before\nafter\n"
    assert message.has_attachment
    assert file.part_id == "0.1"


def test_yenc_in_plain_text() -> None:
    data = bytes((octet + 42) & 255 for octet in b"plain octets")
    raw = b"\n=ybegin line=128 size=12 name=a b.bin\r\n" + data + b"\r\n=yend size=12\r\nafter"
    message = parse(raw)
    (file,) = message.attachments
    assert (file.filename, file.content()) == ("a b.bin", b"plain octets")
    assert message.text == "after"


def test_sentences_that_begin_stay_text() -> None:
    text = "begin 644 with\nsome words\nend\n"
    message = parse(b"\n" + text.encode())
    assert message.attachments == ()
    assert message.text == text


def test_flowed_lines_are_joined() -> None:
    text = "a \nb\n> c \n> d\n>> e\n-- \nsign"
    assert flowed.joined(text) == "a b\n> c d\n>> e\n-- \nsign"
    assert flowed.joined("中 \n文", delete_space=True) == "中文"
    assert flowed.joined(" >no quote") == ">no quote"
