"""A file read in place gives what its octets give, piece by piece."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from pathlib import Path

import pytest

from hongyan.mime import Mapped, mapped, parse
from hongyan.mime.mapped import WINDOW
from hongyan.mime.transfer import CHUNK

FILE = bytes(range(256)) * 20_000  # more than one window when it is encoded


def as_mapped(path: Path, octets: bytes) -> bytes | Mapped:
    path.write_bytes(octets)
    with path.open("rb") as file:
        return mapped(file)


@pytest.mark.parametrize("needle", [b"x", b"yy", b"zzzz"])
@pytest.mark.parametrize("offset", [-5, -4, -3, -2, -1, 0, 1])
def test_what_lies_across_windows_is_found(needle: bytes, offset: int, tmp_path: Path) -> None:
    octets = bytearray(2 * WINDOW + 10)
    place = WINDOW + offset
    octets[place : place + len(needle)] = needle
    found = as_mapped(tmp_path / "file", bytes(octets))
    assert found.find(needle) == place
    assert found.find(needle, place) == place
    assert found.find(needle, place + 1) == -1
    assert found.find(needle, 0, place + len(needle)) == place
    assert found.find(needle, 0, place + len(needle) - 1) == -1


def test_slices_and_octets_are_those_of_the_file(tmp_path: Path) -> None:
    found = as_mapped(tmp_path / "file", FILE)
    assert isinstance(found, Mapped)
    assert (found[7], found[3:9], found[-4:]) == (7, FILE[3:9], FILE[-4:])
    assert found[5:-5] == FILE[5:-5]
    assert found[5:-5] == FILE[5:-5], "pages that were given back come again"


def test_an_empty_file_is_no_octets(tmp_path: Path) -> None:
    assert as_mapped(tmp_path / "file", b"") == b""


def base64_lines(octets: bytes) -> bytes:
    lines = (binascii.b2a_base64(octets[at : at + 57]) for at in range(0, len(octets), 57))
    return b"".join(lines)


def uu_lines(octets: bytes) -> bytes:
    lines = (binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45))
    return b"begin 644 file\n" + b"".join(lines) + b"`\nend\n"


def yenc_lines(octets: bytes) -> bytes:
    critical = {0, 10, 13, 61}
    shifted = bytes((octet + 42) & 255 for octet in octets)
    coded = [
        b"=" + bytes(((octet + 64) & 255,)) if octet in critical else bytes((octet,))
        for octet in shifted
    ]
    lines = (b"".join(coded[at : at + 128]) for at in range(0, len(coded), 128))
    return b"=ybegin line=128 size=1 name=x\n" + b"\n".join(lines) + b"\n=yend size=1\n"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("base64", base64_lines),
        ("quoted-printable", lambda octets: binascii.b2a_qp(octets, istext=False)),
        ("x-uuencode", uu_lines),
        ("x-yenc", yenc_lines),
        ("binary", bytes),
    ],
)
def test_attachments_come_in_pieces(
    encoding: str, encode: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    head = f"Content-Type: a/b\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    part = parse(as_mapped(tmp_path / "file", head + encode(FILE))).parts[0]
    pieces = list(part.chunks())
    assert b"".join(pieces) == FILE
    assert max(map(len, pieces)) <= CHUNK
    assert part.size == len(FILE)
