"""Any octets as what a person types, and as a message to answer: a draft, or `InvalidArgument`."""

from __future__ import annotations

from datetime import UTC, datetime

from hongyan.errors import InvalidArgument
from hongyan.mime import parse
from hongyan.mime.answer import forward, reply_all
from hongyan.mime.builder import Address, Attachment, Draft, build, stamp
from hongyan.mime.recipients import parse_recipients

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ME = Address("Me", "me@x.example")


def one(data: bytes) -> None:
    """Raise only on a bug."""
    typed(data.decode("utf-8", "surrogateescape"))
    message = parse(data)
    for draft in (reply_all(message, [ME]), forward(message, [ME])):
        check(build(stamp(draft, NOW)))


def typed(text: str) -> None:
    """Put ``text`` everywhere a person can type."""
    try:
        to = parse_recipients(text)
        file = Attachment(text, b"x", text)
        draft = Draft(from_=ME, to=to, subject=text, text=text, html=text, attachments=(file,))
        octets = build(stamp(draft, NOW))
    except InvalidArgument:
        return
    check(octets)


def check(octets: bytes) -> None:
    """Find a line end that is not CRLF, a line that is too long, a field nobody asked for."""
    assert octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert b"\nBcc" not in octets.partition(b"\r\n\r\n")[0]
