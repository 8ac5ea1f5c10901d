"""Short synthetic mail by the million: the same seed gives the same octets, and message n alone.

One to two kilobytes each, in nine languages. Words follow Zipf's law over a vocabulary of tens of
thousands, so that an index of it grows as one of real mail does: a few words are everywhere, most
are rare. Answers refer to messages before them; a tenth has a small attachment.
"""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2004, 1, 1, tzinfo=UTC)
_MINUTES = 11  # between two messages: a million take twenty years
_PEOPLE = 400


@dataclass(frozen=True, slots=True)
class _Tongue:
    name: str
    charset: str
    encoding: str
    share: float
    gap: str = " "
    length: float = 1.0  # characters for what takes one in English


_TONGUES = (
    _Tongue("en", "us-ascii", "7bit", 0.40),
    _Tongue("de", "iso-8859-1", "quoted-printable", 0.10),
    _Tongue("fr", "utf-8", "quoted-printable", 0.08),
    _Tongue("zh", "utf-8", "base64", 0.14, "", 0.4),
    _Tongue("zh", "gb18030", "base64", 0.06, "", 0.4),
    _Tongue("ja", "iso-2022-jp", "7bit", 0.06, "", 0.5),
    _Tongue("ko", "utf-8", "base64", 0.05, " ", 0.5),
    _Tongue("th", "utf-8", "base64", 0.02, ""),
    _Tongue("ru", "koi8-r", "8bit", 0.06),
    _Tongue("el", "utf-8", "base64", 0.03),
)


def letters(count: int, seed: int = 0, *, first: int = 0) -> Iterator[bytes]:
    """Yield the messages ``first`` to ``first + count``, with CRLF line ends."""
    for number in range(first, first + count):
        yield letter(number, seed)


def letter(number: int, seed: int = 0) -> bytes:
    """Return one message."""
    chance = random.Random(f"{seed}.{number}")
    tongue = chance.choices(_TONGUES, [each.share for each in _TONGUES])[0]
    text = _text(chance, tongue, characters=int(chance.randrange(300, 1100) * tongue.length))
    subject = _text(chance, tongue, characters=chance.randrange(12, 40)).split("\n")[0]
    head = _head(chance, tongue, number=number, seed=seed, subject=subject)
    body = _encoded(text.replace("\n", "\r\n").encode(tongue.charset, "replace"), tongue.encoding)
    fields = (
        f"Content-Type: text/plain; charset={tongue.charset}\r\n"
        f"Content-Transfer-Encoding: {tongue.encoding}\r\n"
    ).encode()
    part = fields + b"\r\n" + body
    return head + (_with_file(chance, part) if chance.random() < 0.1 else part)


def arrived(number: int) -> datetime:
    """Return when a message came."""
    return START + timedelta(minutes=number * _MINUTES)


def _head(chance: random.Random, tongue: _Tongue, *, number: int, seed: int, subject: str) -> bytes:
    when = f"{arrived(number):%a, %d %b %Y %H:%M:%S} +0000"
    sender = min(int(chance.paretovariate(0.6)), _PEOPLE)
    name = vocabulary(tongue.name)[0][sender % 50]
    lines = [
        f"Return-Path: <writer{sender}@example.org>",
        f"Received: from relay{chance.randrange(9)}.example.org by mail.example.test",
        f"\twith ESMTPS id {chance.randrange(1 << 40):x}; {when}",
        f"Message-ID: <{_id(number, seed)}>",
        f"Date: {when}",
        f"From: {_word(name, tongue)} <writer{sender}@example.org>",
        "To: alice@example.test",
        f"Subject: {_word(subject, tongue)}",
        *_references(chance, number, seed),
        "MIME-Version: 1.0",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _references(chance: random.Random, number: int, seed: int) -> list[str]:
    if not number or chance.random() > 0.45:
        return []
    parent = max(0, number - min(int(chance.paretovariate(0.8)), 500))
    return [f"In-Reply-To: <{_id(parent, seed)}>", f"References: <{_id(parent, seed)}>"]


def _id(number: int, seed: int) -> str:
    """Return a Message-ID as programs make them: long, and without an order."""
    mark = (number * 0x9E3779B97F4A7C15 + seed) % (1 << 64)
    return f"{mark:016x}.{number}@example.org"


def _with_file(chance: random.Random, part: bytes) -> bytes:
    boundary = b"goose-%016x" % chance.randrange(1 << 64)
    octets = base64.encodebytes(chance.randbytes(chance.randrange(100, 600))).replace(
        b"\n", b"\r\n"
    )
    return (
        b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b\r\n'
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="report-%d.pdf"\r\n\r\n%b--%b--\r\n'
        % (boundary, boundary, part, boundary, chance.randrange(10_000), octets, boundary)
    )


def _text(chance: random.Random, tongue: _Tongue, *, characters: int) -> str:
    words, weights = vocabulary(tongue.name)
    mean = 2.2 if not tongue.gap else 6.5
    chosen = chance.choices(words, cum_weights=weights, k=max(2, int(characters / mean)))
    lines = [tongue.gap.join(chosen[at : at + 12]) for at in range(0, len(chosen), 12)]
    end = "。" if tongue.name in {"zh", "ja"} else "."
    return "".join(f"{line}{end}\n" for line in lines)


def _word(text: str, tongue: _Tongue) -> str:
    """Return ``text`` as it may stand in a header: in folded encoded-words (RFC 2047)."""
    if text.isascii():
        return text
    pieces = [text[at : at + 12] for at in range(0, len(text), 12)]
    coded = (base64.b64encode(piece.encode(tongue.charset, "replace")) for piece in pieces)
    return "\r\n ".join(f"=?{tongue.charset}?B?{piece.decode()}?=" for piece in coded)


def _encoded(plain: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(plain).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(plain.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return plain
