"""The recipes of denial of service: every value is still read, capped, and nothing recurses.

Bounds are counts (parts, addresses, fields, characters), not seconds; `pytest-timeout` is the last
resort against what is not linear.
"""

from __future__ import annotations

import sys

import pytest

from hongyan.mime import email_object, parse
from hongyan.mime.parser import MAX_FIELDS, MAX_PARTS

N = 100_000
RECIPES = {
    "rfc822 nested": b"Content-Type: message/rfc822\n\n" * 5000,
    "empty parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * N,
    "fields": b"".join(b"X-%d: a\n" % number for number in range(20_000)),
    "recipients": b"To: a@b\n" * 20_000,
    "stray lines": b"From: a\n" + b"stray\n" * 20_000,
    "long field": b"Subject: " + b"a\n " * N,
    "commas": b"To: " + b"a, " * N,
    "comments": b"To: " + b"(" * N,
    "groups": b"To: " + b"a:" * N,
    "angles": b"To: " + b'<"' * N,
    "escapes": b"To: " + b'\\"' * N,
    "words": b"Subject: " + b"=?utf-8?q?a?=" * 10_000,
    "open words": b"Subject: " + b"=?a?q?" * 20_000,
    "parameters": b"Content-Type: a/b; " + b"x=y; " * 20_000,
    "sections": b"Content-Type: a/b"
    + b"".join(b"; f*%d=a" % n for n in range(10**9, 10**9 + 9000)),
    "negative sections": b"Content-Type: a/b; f*-1=a; f*0=b; f*0=c; f*99999999999=d",
    "blanks": b"Content-Type: a/b; x=a" + b" " * N + b"b",
    "long boundary": b"Content-Type: multipart/mixed; boundary=" + b"x" * N + b"\n\n--x",
    "base64 junk": b"Content-Transfer-Encoding: base64\n\n" + b"YWFh*!()<>" * 10_000,
    "base64 padding": b"Content-Transfer-Encoding: base64\n\n" + b"YQ==" * 25_000,
    "soft breaks": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\r\n" * 30_000,
    "dates": b"Date: " + b"1 " * N,
    "references": b"References: " + b"<a@b> " * 20_000,
    "uuencode": b"\n" + b"begin 644 a\n!aaaa\n" * 5000,
    "escape sequences": b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + b"\x1b$B" * 30_000,
    "quotes": b"Content-Type: text/plain; format=flowed\n\n" + b">" * N,
    "octets": bytes(range(256)) * 400,
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_is_read_within_bounds(name: str) -> None:
    raw = RECIPES[name]
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        message = parse(raw)
        values = (message.subject, message.date, message.references, message.preview)
        people = (*message.from_, *message.to, *message.cc)
        found = email_object(message)
    finally:
        sys.setrecursionlimit(limit)
    assert len(values) == 4
    assert len(message.parts) <= MAX_PARTS
    assert len(message.headers) <= MAX_FIELDS
    assert len(people) <= MAX_FIELDS
    assert len(message.text) <= 2 * len(raw)
    assert found["size"] == len(raw)
