"""Hostile messages of any size, by name: the recipes of denial of service against readers of mail.

A recipe is a beginning, a unit that is repeated until the size is reached, and an end; a unit with
``{n}`` differs each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

HEAD = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"


@dataclass(frozen=True)
class Recipe:
    start: bytes
    unit: bytes
    end: bytes = b""

    def __call__(self, size: int) -> bytes:
        """Return a message of about ``size`` octets."""
        if b"{n}" not in self.unit:
            return self.start + self.unit * (size // len(self.unit) + 1) + self.end
        return self.start + b"".join(_until(self.unit, size)) + self.end


def _until(unit: bytes, size: int) -> Iterator[bytes]:
    made = 0
    for number in count():
        piece = unit.replace(b"{n}", b"%d" % number)
        made += len(piece)
        if made > size:
            return
        yield piece


def _multipart(kind: bytes, unit: bytes) -> Recipe:
    return Recipe(b"Content-Type: multipart/%b; boundary=b\n\n" % kind, unit)


def _body(fields: bytes, unit: bytes) -> Recipe:
    return Recipe(HEAD + fields + b"\n", unit)


def _html(unit: bytes) -> Recipe:
    return Recipe(b"Content-Type: text/html\n\n", unit)


def _css(unit: bytes) -> tuple[Recipe, Recipe]:
    sheet = Recipe(b"Content-Type: text/html\n\n<style>", unit, b"</style>")
    return sheet, Recipe(b"Content-Type: text/html\n\n<p style='background:", unit, b"'>")


STRUCTURE = {
    "nested": Recipe(b"", b"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"),
    "nested with one boundary": Recipe(b"", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
    "messages nested": Recipe(b"", b"Content-Type: message/rfc822\n\n"),
    "boundaries": _multipart(b"mixed", b"--b\n"),
    "boundaries with blanks": _multipart(b"mixed", b"--b \t\n"),
    "boundaries in one line": _multipart(b"mixed", b"--b "),
    "boundaries that are almost right": Recipe(
        b"Content-Type: multipart/mixed; boundary=boundary\n\n", b"--bounda\n"
    ),
    "dashes": _multipart(b"mixed", b"-"),
    "lines of a dash": _multipart(b"mixed", b"\n-"),
    "lines of two dashes": _multipart(b"mixed", b"\n--"),
    "long boundary": Recipe(b"Content-Type: multipart/mixed; boundary=", b"x", b"\n\n--x"),
    "alternatives": _multipart(b"alternative", b"--b\n\na\n"),
    "pages": _multipart(b"mixed", b"--b\nContent-Type: text/html\n\n<p>a\n"),
    "pages without charset": _multipart(b"mixed", b"--b\nContent-Type: text/html\n\n<p>\xe9\xe8\xa3\n"),
    "texts without charset": _multipart(b"mixed", b"--b\n\n\x81\xe9\xe8\xa3\xff \xe9\xe8\xa3\n"),
    "long texts without charset": _multipart(b"mixed", b"--b\n\n" + b"\xcf\xe8 \xa3t \xe9" * 14 + b"\n"),
    "files": _multipart(b"mixed", b"--b\nContent-Disposition: attachment; filename=\xe9\xe8\xa3\n\na\n"),
    "files of one name": _multipart(b"mixed", b"--b\nContent-Type: a/b; name=c\n\na\n"),
    "headers of parts": _multipart(b"mixed", b"--b\nTo: a\nTo: b\n\n"),
    "related": _multipart(b"related", b"--b\nContent-Type: text/html\nContent-ID: <{n}>\n\ncid:{n}\n"),
}  # fmt: skip
HEADER = {
    "fields": Recipe(b"", b"X-{n}: a\n"),
    "recipients": Recipe(b"", b"To: a@b\n"),
    "short fields": Recipe(b"", b"a:\n"),
    "stray lines": Recipe(HEAD, b"stray\n"),
    "stray lines alone": Recipe(b"", b"a\n"),
    "folds": Recipe(b"Subject: ", b"a\n "),
    "parameters": Recipe(b"Content-Type: a/b; ", b"x=y; "),
    "different parameters": Recipe(b"Content-Type: a/b", b"; x{n}=y"),
    "sections": Recipe(b"Content-Type: a/b", b"; f*{n}=y"),
    "different types": Recipe(b"", b"Content-Type: a/b; x{n}=y\n"),
    "words": Recipe(b"Subject: ", b"=?utf-8?q?a?="),
    "words and blanks": Recipe(b"Subject: ", b"=?utf-8?q?a?= "),
    "words of two charsets": Recipe(b"Subject: ", b"=?utf-8?q?a?= =?koi8-r?q?a?= "),
    "words of unknown charsets": Recipe(b"Subject: ", b"=?x{n}?q?=FF?= "),
    "words between raw octets": Recipe(b"Subject: ", b"=?utf-8?q?a?=\xe9\xe8{n} "),
    "words in names": Recipe(b"To: ", b"=?utf-8?q?a?= <a@b>, "),
    "words in parameters": Recipe(b"Content-Type: a/b; ", b'x{n}="=?utf-8?q?a?=\xe9";'),
    "open words": Recipe(b"Subject: ", b"=?a?q?"),
    "raw octets": Recipe(b"Subject: ", b"\xb0\xa1\xe9 "),
    "raw names": Recipe(b"To: ", b"\xe9\xe8\xa3 <a@b>, "),
    "comments open": Recipe(b"To: ", b"("),
    "comments": Recipe(b"To: ", b"(a)"),
    "comments with addresses": Recipe(b"To: ", b"(a@b, "),
    "comments of a type": Recipe(b"Content-Type: ", b"("),
    "comments in parameters": Recipe(b"Content-Type: a/b; ", b"x=(a"),
    "comments of a date": Recipe(b"Date: ", b"("),
    "commas": Recipe(b"To: ", b"a, "),
    "groups": Recipe(b"To: ", b"a:b;"),
    "groups nested": Recipe(b"To: ", b"a:"),
    "quotes": Recipe(b"To: ", b'"a" '),
    "quotes open": Recipe(b"To: ", b'"'),
    "angles": Recipe(b"To: ", b"<"),
    "angles and quotes": Recipe(b"To: ", b'<"'),
    "addresses without commas": Recipe(b"To: ", b"<a@b>"),
    "ats": Recipe(b"To: ", b"a@ "),
    "dots": Recipe(b"To: ", b". "),
    "escapes": Recipe(b"To: ", b"\\"),
    "dates": Recipe(b"Date: ", b"1 "),
    "references": Recipe(b"References: ", b"<{n}@b> "),
    "references open": Recipe(b"References: ", b"<"),
    "replies": Recipe(b"Subject: ", b"Re: "),
    "types": Recipe(b"Content-Type: ", b"a/"),
    "blanks in a parameter": Recipe(b"Content-Type: a/b; x=", b"a "),
    "escapes in a parameter": Recipe(b'Content-Type: a/b; x="', b'\\"'),
    "per cents": Recipe(b"Content-Type: a/b; x*=utf-8''", b"%"),
}
BODY = {
    "base64 junk": _body(b"Content-Transfer-Encoding: base64\n", b"YWFh*!()<>"),
    "base64 padding": _body(b"Content-Transfer-Encoding: base64\n", b"YQ=="),
    "soft breaks": _body(b"Content-Transfer-Encoding: quoted-printable\n", b"=\r\n"),
    "soft breaks of CR": _body(b"Content-Transfer-Encoding: quoted-printable\n", b"=\r"),
    "blanks": _body(b"Content-Transfer-Encoding: quoted-printable\n", b" \t"),
    "uuencode": _body(b"", b"begin 644 a\n!aaaa\n"),
    "uuencoded files": _body(b"", b"begin 644 a\n!aaaa\nend\n"),
    "yEnc": _body(b"", b"=ybegin name=a\n"),
    "yEncoded files": _body(b"", b"=ybegin name=a\n====\n=yend \n"),
    "escape sequences": _body(b"Content-Type: text/plain; charset=iso-2022-jp\n", b"\x1b$B\xff"),
    "utf-7": _body(b"Content-Type: text/plain; charset=utf-7\n", b"+"),
    "hz": _body(b"Content-Type: text/plain; charset=hz\n", b"~{"),
    "quoted": _body(b"Content-Type: text/plain; format=flowed\n", b">"),
    "quoted lines": _body(b"Content-Type: text/plain; format=flowed\n", b"> \n"),
    "flowed lines": _body(b"Content-Type: text/plain; format=flowed\n", b"a \n"),
    "all octets": _body(b"", bytes(range(256))),
    "octets of 8 bits": _body(b"", b"\xe9\xff\x81 "),
    "reports": _body(
        b"Content-Type: message/delivery-status\n", b"Final-Recipient: rfc822; a@{n}\n\n"
    ),
    "CRs": Recipe(b"", b"\r"),
    "NULs": Recipe(b"", b"\0"),
}
_UNITS = (
    *(b"<div>", b"<b><i></b></i>", b"a", b"&", b"&amp", b"&#1", b"<", b"<!--", b"<a ", b"<p>", b"<li>"),
    *(b"<table><tr><td>", b"<select><option>", b"<style>a{b:c}</style>", b"&nbsp;", b"<svg><g>"),
    *(b"<font size=1>", b"<a href=http://a.example>b.example</a>", b"<math><mi>", b"<form>", b"</p>"),
    *(b"<blockquote>", b"<pre>\n", b"<ul><li>", b"<script>", b"<textarea>", b"<noscript>", b"<h1>"),
    *(b"<template>", b"</div>", b"<b>", b"<img src=cid:a alt=b>", b"<p style='color:red;top:0'>"),
    *(b"&notit;", b"<![CDATA[", b"<?", b"<p a{n}=b>", b"<b a{n}>"),
)  # fmt: skip
_STYLES = (
    *(b"/*", b"url(", b"\\", b"{", b"(", b"[", b"@media a{", b"a{b:c}", b":", b",a", b'"', b";", b"!"),
    *(b":not(", b"--a:var(--a);", b"calc(", b'@import "a";', b"*", b"a b>c~d+e ", b"a{", b"color:red;"),
)  # fmt: skip
MARKUP = {
    **{f"html {unit.decode()}": _html(unit) for unit in _UNITS},
    "html attributes": Recipe(b"Content-Type: text/html\n\n<p ", b"a{n} "),
    "html sheets": _html(b"<style>" + b"a{b:c}" * 1000 + b"</style>"),
    "html styles": _html(b"<p style='" + b"color:red;" * 1000 + b"'>"),
    **{f"css {unit.decode()}": _css(unit)[0] for unit in _STYLES},
    **{f"style {unit.decode()}": _css(unit)[1] for unit in _STYLES},
}
RECIPES: dict[str, Callable[[int], bytes]] = {**STRUCTURE, **HEADER, **BODY, **MARKUP}
