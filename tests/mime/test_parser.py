"""Structure: parts, offsets, defects; hostile input stays within its bounds."""

from __future__ import annotations

import mmap
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import Defect, Message, nested, parse
from hongyan.mime.parser import MAX_DEPTH, MAX_FIELDS, MAX_PARTS

NESTED = b"""\
Content-Type: multipart/mixed; boundary="o"

pre
--o
Content-Type: multipart/alternative; boundary="o-i"

--o-i

plain
--o-i
Content-Type: text/html

<p>
--o-i--
--o
Content-Type: message/rfc822
Content-Transfer-Encoding: base64

U3ViamVjdDogaW5uZXIKCmJvZHk=
--o--
epilogue
"""


def types(message: Message) -> list[str]:
    return [part.content_type for part in message.parts]


def test_parts_in_document_order() -> None:
    message = parse(NESTED)
    assert types(message) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "message/rfc822",
    ]
    assert [part.parent for part in message.parts] == [None, 0, 1, 1, 0]
    assert message.parts[0].children == [1, 4]
    assert message.parts[2].raw_body == b"plain"
    assert NESTED[message.parts[3].header_start :].startswith(b"Content-Type: text/html")
    inner = nested(message.parts[4])
    assert (inner.subject, inner.text) == ("inner", "body")
    assert message.defects == ()


@pytest.mark.parametrize(
    ("raw", "kinds", "defect"),
    [
        (b"Content-Type: multipart/mixed\n\ntext", ["text/plain"], Defect.NO_BOUNDARY),
        (b"Content-Type: multipart/mixed; boundary=b\n\ntext", ["text/plain"], Defect.NOT_CLOSED),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx",
            ["multipart/mixed", "text/plain"],
            Defect.NOT_CLOSED,
        ),
        (b"Subject: x\nno field\nTo: a@b\n\nx", ["text/plain"], Defect.BAD_FIELD),
        (b"Subject: x\nno field\n\nx", ["text/plain"], Defect.NO_SEPARATOR),
    ],
)
def test_defects_are_recorded_and_the_rest_shows(
    raw: bytes, kinds: list[str], defect: Defect
) -> None:
    message = parse(raw)
    assert types(message) == kinds
    assert message.defects == (defect,)
    assert "x" in message.text or message.text == "text"


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        (b"text", "text/plain"),
        (b"multipart", "text/plain"),
        (b"nonsense", "text/plain"),
        (b"nonsense; name=a.pdf", "application/octet-stream"),
        (b"TEXT/Html", "text/html"),
        (b"", "text/plain"),
        (b"a/b c/d", "a/b"),
    ],
)
def test_content_type_is_always_of_two_parts(declared: bytes, kind: str) -> None:
    message = parse(b"Content-Type: " + declared + b"\n\nx")
    assert message.parts[0].content_type.split(" ")[0] == kind


def test_text_without_header_and_mbox_line() -> None:
    assert parse(b"Hello\nworld\n\nmore").text == "Hello\nworld\n\nmore"
    assert parse(b"\xef\xbb\xbfSubject: x\n\ny").subject == "x"
    assert parse(b"From a@b Mon Nov 23\nSubject: x\n\ny").subject == "x"


def test_first_of_two_fields_counts() -> None:
    message = parse(b"Content-Type: text/plain\nContent-Type: text/html\n\n<b>")
    assert message.parts[0].content_type == "text/plain"
    assert message.html is None


def test_unknown_transfer_encoding_is_octets() -> None:
    message = parse(b"Content-Type: text/html\nContent-Transfer-Encoding: x-odd\n\n<script>")
    assert message.html is None
    assert [part.raw_body for part in message.attachments] == [b"<script>"]


def test_limits() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(500)
    )
    message = parse(deep)
    assert Defect.TOO_DEEP in message.defects
    assert len(message.parts) == MAX_DEPTH + 1
    many = parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 11_000)
    assert Defect.TOO_MANY_PARTS in many.defects
    assert len(many.parts) == MAX_PARTS
    assert many.parts[-1].body_end == len(many.raw)
    fields = parse(b"a: b\n" * (MAX_FIELDS + 10) + b"\nbody")
    assert Defect.TOO_MANY_FIELDS in fields.defects
    assert len(fields.headers) == MAX_FIELDS
    assert fields.text == "body"


LINES = [
    *(b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: text/html\n", b"\n", b"\r\n"),
    *(b"--b\n", b"--b--\n", b"--c\n", b"--b \r\n", b"text\n", b" fold\n", b"X: y\n", b"--", b"\r"),
    *(b"Content-Type: multipart/digest; boundary=c\r\n", b"begin 644 a\n", b"!aaaa\n", b"end\n"),
]


@given(st.lists(st.sampled_from(LINES), max_size=40).map(b"".join))
def test_offsets_are_nested_and_in_order(raw: bytes) -> None:
    message = parse(raw)
    assert len(message.parts) <= raw.count(b"\n--") + 1
    last = 0
    for part in message.parts:
        assert last <= part.header_start <= part.body_start <= part.body_end <= len(message.raw)
        last = part.header_start
        if part.parent is not None:
            outer = message.parts[part.parent]
            assert outer.body_start <= part.header_start
            assert part.body_end <= outer.body_end
            assert part.index in outer.children
    assert isinstance(message.text, str)


class Counting(bytes):
    """Octets that count how many of them `find` may have looked at."""

    looked = 0

    def find(self, sub: bytes, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]  # the two forms in use
        limit = len(self) if end is None else min(end, len(self))
        found = bytes.find(self, sub, start, limit)
        Counting.looked += (limit if found < 0 else found) - min(start, limit)
        return found


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 20_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bounda\n" * 20_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\na: b\n" * 9_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"- - -" * 20_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(2000)
        ),
    ],
    ids=["parts", "almost", "no blank", "dashes", "deep"],
)
def test_each_octet_is_looked_at_a_few_times(raw: bytes) -> None:
    Counting.looked = 0
    parse(Counting(raw))
    assert Counting.looked <= 6 * len(raw)


def test_large_attachment_in_constant_memory() -> None:
    head = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
        b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    )
    with tempfile.TemporaryFile() as file:
        file.write(head)
        for _ in range(200):
            file.write((b"QUJD" * 19 + b"\r\n") * 1000)
        file.write(b"\n--b--\n")
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            tracemalloc.start()
            message = parse(mapped)
            (attachment,) = message.attachments
            size = sum(map(len, attachment.chunks()))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert size == 200 * 1000 * 57 == attachment.size
            assert peak < 8_000_000
            assert message.text == "text"


def test_folder_of_this_test_is_no_message() -> None:
    raw = Path(__file__).read_bytes()
    assert "Structure" in parse(raw).text
