"""``winmail.dat`` opened: what was attached comes out, whatever the octets are."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tnefparse.tnef import TNEF  # type: ignore[import-untyped]  # it ships no types

from hongyan.mime import parse, tnef

SIGNATURE = b"\x78\x9f\x3e\x22\x01\x00"
IMESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level: int, name: int, value: bytes) -> bytes:
    checksum = sum(value) & 0xFFFF
    head = struct.pack("<BHHI", level, name, 6, len(value))
    return head + value + struct.pack("<H", checksum)


def padded(value: bytes) -> bytes:
    return value + b"\0" * (-len(value) % 4)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    """Return properties of one value; those of a known size are given with it."""
    coded = b""
    for kind, name, value in found:
        coded += struct.pack("<HH", kind, name)
        coded += value if kind == 0x03 else struct.pack("<II", 1, len(value)) + padded(value)
    return struct.pack("<I", len(found)) + coded


def unicode(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def file(title: bytes, content: bytes, *more: tuple[int, int, bytes]) -> bytes:
    return (
        attribute(2, 0x9002, b"\0" * 14)
        + attribute(2, 0x8010, title + b"\0")
        + attribute(2, 0x800F, content)
        + (attribute(2, 0x9005, properties(*more)) if more else b"")
    )


CODE_PAGE = attribute(1, 0x9007, struct.pack("<II", 936, 0))
STREAM = (
    SIGNATURE
    + attribute(1, 0x9006, struct.pack("<I", 0x10000))
    + CODE_PAGE
    + file("报告.doc".encode("gbk"), b"one\0\0")
    + file(
        b"LONGNA~1.TXT",
        b"two",
        (0x1F, 0x3707, unicode("a long name.txt")),
        (0x1E, 0x370E, b"text/plain\0"),
        (0x1F, 0x3712, unicode("<cid@here>")),
    )
)
INNER = SIGNATURE + CODE_PAGE + file(b"inner.bin", b"three")
NESTED = STREAM + file(b"message", b"", (0x0D, 0x3701, IMESSAGE + INNER))


def test_files_come_out_as_they_were_attached() -> None:
    found = tnef.read(STREAM)
    assert [(each.name, each.content) for each in found.files] == [
        ("报告.doc", b"one\0\0"),
        ("a long name.txt", b"two"),
    ]
    assert (found.files[1].content_type, found.files[1].cid) == ("text/plain", "cid@here")


def test_another_reader_finds_the_same() -> None:
    theirs = TNEF(STREAM).attachments
    assert [each.data for each in theirs] == [each.content for each in tnef.read(STREAM).files]
    assert theirs[1].long_filename() == "a long name.txt"


def test_a_message_within_gives_its_files() -> None:
    names = [each.name for each in tnef.read(NESTED).files]
    assert names == ["报告.doc", "a long name.txt", "message", "inner.bin"]


def test_the_text_of_the_message_comes_out() -> None:
    page = (0x03, 0x3FDE, struct.pack("<I", 936))
    html = (0x102, 0x1013, "<p>你好</p>".encode("gbk"))
    stream = SIGNATURE + attribute(
        1, 0x9003, properties(page, (0x1F, 0x1000, unicode("你好")), html)
    )
    found = tnef.read(stream)
    assert (found.text, found.html) == ("你好", "<p>你好</p>")


def message(stream: bytes, kind: str = "application/ms-tnef") -> bytes:
    head = f'Content-Type: {kind}; name="winmail.dat"\nContent-Disposition: attachment\n\n'
    return head.encode() + stream


@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/octet-stream"])
def test_attachments_show_what_is_in_it(kind: str) -> None:
    found = parse(message(STREAM, kind))
    assert [(p.part_id, p.filename, p.content()) for p in found.attachments] == [
        ("0.1", "报告.doc", b"one\0\0"),
        ("0.2", "a long name.txt", b"two"),
    ]
    assert found.has_attachment


def test_what_holds_nothing_stays_itself() -> None:
    assert [p.filename for p in parse(message(b"no tnef")).attachments] == ["winmail.dat"]
    assert [p.filename for p in parse(message(SIGNATURE)).attachments] == ["winmail.dat"]


def test_counts_and_sizes_in_the_data_are_not_believed() -> None:
    """A count of 2^32 in 30 octets costs what 30 octets cost."""
    many = struct.pack("<I", 0xFFFFFFFF)
    listed = struct.pack("<HH", 0x101E, 0x3707) + many + struct.pack("<I", 0)
    calls = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        tnef.read(SIGNATURE + attribute(1, 0x9003, many + listed) + attribute(1, 0x9004, many))
    finally:
        sys.setprofile(before)
    assert calls < 200


@given(st.binary(max_size=300), st.integers(0, len(NESTED)), st.integers(0, len(NESTED)))
@example(b"", 0, len(NESTED))
def test_any_octets_are_read(octets: bytes, start: int, end: int) -> None:
    for stream in (SIGNATURE + octets, NESTED[:start] + octets + NESTED[end:]):
        found = tnef.read(stream)
        assert sum(len(each.content) for each in found.files) <= 8 * len(stream)
        list(parse(message(stream)).attachments)
