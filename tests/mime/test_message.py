"""What the store and the command line ask a message for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import Address, email_object, parse
from hongyan.mime.message import preview_of

SIMPLE = b"""\
From: =?utf-8?B?5byg5LiJ?= <zhang@example.cn>
To: "Doe, Jane" <jane@example.org>, bob@example.net
Cc: Friends: a@example.org, B <b@example.org>;
Subject: =?utf-8?Q?Caf=C3=A9?=
 and more
Date: Mon, 23 Nov 2026 10:00:00 +0800
Message-ID: <1@example.cn>
In-Reply-To: <0@example.org>
References: <a@example.org>
 <0@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

preamble
--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe,=20
--=20
Zhang
--b
Content-Type: application/pdf; name="=?utf-8?B?5Y+R56WoLnBkZg==?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

JVBERi0=
--b--
epilogue
"""


def test_simple_message() -> None:
    message = parse(SIMPLE)
    assert message.subject == "Café and more"
    assert message.from_ == (Address("张三", "zhang@example.cn"),)
    assert message.to == (
        Address("Doe, Jane", "jane@example.org"),
        Address(None, "bob@example.net"),
    )
    assert message.cc == (Address(None, "a@example.org"), Address("B", "b@example.org"))
    assert message.date == datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=8)))
    assert message.message_id == "1@example.cn"
    assert message.in_reply_to == ("0@example.org",)
    assert message.references == ("a@example.org", "0@example.org")
    assert message.text == "Grüße, \n-- \nZhang"
    assert message.preview == "Grüße, -- Zhang"
    assert message.html is None
    (attachment,) = message.attachments
    assert attachment.filename == "发票.pdf"
    assert attachment.content() == b"%PDF-"
    assert attachment.size == 5
    assert message.has_attachment
    assert message.defects == ()


def test_line_ends_do_not_matter() -> None:
    crlf = parse(SIMPLE.replace(b"\n", b"\r\n"))
    cr = parse(SIMPLE.replace(b"\n", b"\r"))
    for other in (crlf, cr):
        assert other.subject == "Café and more"
        assert other.text == "Grüße, \n-- \nZhang"
        assert other.attachments[0].content() == b"%PDF-"


def test_empty_octets_are_a_message() -> None:
    message = parse(b"")
    assert (message.subject, message.text, message.date, message.from_) == ("", "", None, ())
    assert parse(bytearray(SIMPLE)).subject == parse(memoryview(SIMPLE)).subject


def test_html_alone_gives_text() -> None:
    message = parse(b"Content-Type: text/html\n\n<style>p{}</style><p>One<br>two</p><p>three</p>")
    assert message.text == "One\ntwo\n\nthree"
    assert message.html is not None


def test_date_in_utc() -> None:
    assert parse(b"Date: 21 Nov 97 09:55:06 GMT\n\n").date == datetime(
        1997, 11, 21, 9, 55, 6, tzinfo=UTC
    )


@given(st.binary(max_size=400))
def test_any_octets_are_a_message(raw: bytes) -> None:
    message = parse(raw)
    assert isinstance(message.text, str)
    assert isinstance(message.preview, str)
    assert isinstance(message.subject, str)
    assert isinstance(message.attachments, tuple)


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        (
            "On Monday you said:\n> Shall we?\n>> Yes.\n\nI am there.",
            "On Monday you said: I am there.",
        ),
        ("> all of it\n> is quoted", "> all of it > is quoted"),
        ("1 > 0, as\nbefore", "1 > 0, as before"),
    ],
)
def test_a_preview_leaves_out_what_is_quoted(text: str, preview: str) -> None:
    assert parse(b"\r\n" + text.replace("\n", "\r\n").encode()).preview == preview


@given(
    st.lists(
        st.sampled_from(["> quoted\n", "word ", "\n", " " * 300, "> " + "long " * 400]), max_size=40
    )
)
def test_a_preview_is_that_of_the_whole_beginning(pieces: list[str]) -> None:
    text = "".join(pieces)[:8192]
    own = " ".join(" ".join(each for each in text.splitlines() if each[:1] != ">").split())
    line = own or " ".join(text.split())
    for length in (100, 256):
        assert preview_of(text, length) == (
            line if len(line) <= length else f"{line[: length - 1]}…"
        )


@pytest.mark.parametrize(
    ("name", "property_", "first", "last"),
    [
        ("From", "from", "a@x.org", "b@x.org"),
        ("Sender", "sender", "a@x.org", "b@x.org"),
        ("Reply-To", "replyTo", "a@x.org", "b@x.org"),
        ("Subject", "subject", "one", "two"),
        ("Date", "sentAt", "Mon, 2 Mar 2026 10:00:00 +0000", "Tue, 3 Mar 2026 10:00:00 +0000"),
        ("Message-ID", "messageId", "<a@x.org>", "<b@x.org>"),
        ("In-Reply-To", "inReplyTo", "<a@x.org>", "<b@x.org>"),
        ("References", "references", "<a@x.org>", "<b@x.org>"),
    ],
)
def test_of_a_field_that_stands_twice_the_last_counts(
    name: str, property_: str, first: str, last: str
) -> None:
    """As for ``header:From:asAddresses`` (RFC 8621 §4.1.3), to which ``from`` is identical."""
    twice = parse(f"{name}: {first}\r\nX: y\r\n{name}: {last}\r\n\r\nhi\r\n".encode())
    once = parse(f"{name}: {last}\r\nX: y\r\n\r\nhi\r\n".encode())
    wanted = email_object(once)[property_]
    assert wanted is not None
    assert email_object(twice)[property_] == wanted


def test_recipients_of_repeated_fields_are_one_list() -> None:
    """RFC 5322 §4.5.3; nobody whom an answer should reach is left out."""
    message = parse(b"To: a@x.org\r\nCc: c@x.org\r\nTo: b@x.org\r\n\r\nhi\r\n")
    assert [each.email for each in message.to] == ["a@x.org", "b@x.org"]
