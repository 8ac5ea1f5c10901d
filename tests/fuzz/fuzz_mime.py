"""Reading mail: `one` raises only on a bug."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hongyan.mime import Address, answer, email_object, header, identity, names, nested, parse
from hongyan.mime.external import external
from hongyan.mime.html import Policy, lying_links, sanitise, to_text
from hongyan.mime.invitation import invitation
from hongyan.mime.related import by_location
from hongyan.mime.report import report

if TYPE_CHECKING:
    from hongyan.mime import Message, Part

ME: Final = (Address(None, "me@example.org"),)
SHOWN: Final = Policy(remote_images=True, resolve_cid=lambda cid: f"/part/{len(cid)}")
# What the input is the rest of; which one is chosen by its length.
STARTS: Final = (
    b"",
    b"Subject: ",
    b"From: a@b\nTo: ",
    b"Content-Type: ",
    b"Content-Disposition: attachment; filename=",
    b"Content-Type: multipart/alternative; boundary=--\n\n",
    b"Content-Type: multipart/related; boundary=a\n\n--a\nContent-Type: text/html\n\n",
    b"Content-Type: text/html\n\n",
    b"Content-Type: text/html; charset=gb2312\n\n<p>",
    b"Content-Type: text/html\n\n<p style='",
    b"Content-Type: text/html\n\n<style>a{b:",
    b"Content-Type: text/plain; charset=iso-2022-jp\n\n",
    b"Content-Type: text/plain; charset=utf-7; format=flowed\n\n",
    b"Content-Transfer-Encoding: base64\n\n",
    b"Content-Transfer-Encoding: quoted-printable\n\n",
    b"\nbegin 644 a\n",
    b"\n=ybegin name=a\n",
    b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\0\0",
    b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n",
    b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: message/external-body; access-type=url; url=",
    b"Content-Location: http://a/\nContent-Type: text/html\n\n<img src=",
)


def one(data: bytes) -> None:
    """Read ``data``, or a message that ends in it, in every way there is."""
    message = parse(STARTS[len(data) % len(STARTS)] + data)
    json.dumps(email_object(message))
    for part in message.parts:
        read_part(message, part)
    for attachment in message.attachments:
        attachment.content()
    html = message.html or message.text
    sanitise(html)
    sanitise(html, SHOWN)
    to_text(html)
    lying_links(html)
    identity.marks(message)
    report(message)
    invitation(message)
    answer.reply_all(message, ME)
    answer.forward(message, ME)
    answer.edit_as_new(message, ME)
    header.parameterised(data)


def read_part(message: Message, part: Part) -> None:
    """Check that the offsets are in order and that pieces are the whole."""
    assert part.header_start <= part.body_start <= part.body_end <= len(message.raw)
    assert b"".join(part.chunks()) == part.content() or part.encoding.value != "binary"
    external(part)
    if part.content_type == "text/html":
        by_location(message, part)(part.text()[:100])
    if part.content_type == "message/rfc822":
        _ = nested(part).subject
    if part.filename:
        assert len(names.safe(part.filename).encode()) <= 255
