"""Synthetic mail for tests of size and speed: the same seed gives the same octets.

Sizes follow a log-normal law with a median of 8 KB and a mean near 58 KB (for a thousand and more),
in nine languages and their own charsets and encodings, with attachments, replies, lines that begin
with dots, and some messages whose last line lacks its CRLF. No line is longer than 998 octets.
Texts are a few `sentence`s again and again, which whoever indexes them has an easy time with, or
`prose` of as many words as real mail has.
"""

from __future__ import annotations

import base64
import math
import quopri
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeAlias

from tests.support.vocabulary import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEDIAN = 8 * 1024
MEAN = 58 * 1024
SMALLEST, LARGEST = 600, 25 * 1024 * 1024
_SIZES = NormalDist(math.log(MEDIAN), math.sqrt(2 * math.log(MEAN / MEDIAN)))
_TEXT_LIMIT = 12 * 1024
_POOL_OCTETS = 3 * (1 << 19)
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_BASE64_LINE = 78  # 76 and CRLF


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language with the charset and the transfer encoding in which its people write."""

    language: str
    charset: str
    encoding: str
    name: str
    sentences: tuple[str, ...]


TONGUES = (
    Tongue("en", "us-ascii", "7bit", "Ann Marsh", (
        "The geese came over the estuary at first light.",
        "Could you look at the enclosed figures before Thursday?",
        "I shall be on the late train, so do not wait with supper.",
        "From here the river bends north and is lost in the reeds.",
    )),
    Tongue("de", "iso-8859-1", "quoted-printable", "Jörg Grünwald", (
        "Die Wildgänse sind über Nacht weitergezogen.",
        "Könnten Sie mir die Unterlagen bis Freitag zurückschicken?",
        "Schöne Grüße aus dem verregneten Lübeck.",
    )),
    Tongue("fr", "windows-1252", "quoted-printable", "Hélène Féron", (
        "Les oies sont passées très haut, au-dessus de la forêt.",
        "Le devis s’élève à 480 € ; dites-moi s’il vous convient.",
        "À bientôt, et merci encore pour votre accueil.",
    )),
    Tongue("zh", "gb18030", "base64", "林雁", (
        "鸿雁在云鱼在水，惆怅此情难寄。",
        "附件是上周会议的记录，请在周五之前确认。",
        "今天下雨，我们改到明天下午三点见面吧。",
    )),
    Tongue("zh", "big5", "base64", "陳書", (
        "秋天的時候，雁群從北方飛來。",
        "請查收附件，有問題隨時告訴我。",
        "謝謝你的來信，我們都很好。",
    )),
    Tongue("ja", "iso-2022-jp", "7bit", "森かおる", (
        "雁の群れが湖の上を渡っていきました。",
        "資料を添付しましたので、ご確認ください。",
        "また来週お会いしましょう。",
    )),
    Tongue("ko", "euc-kr", "base64", "한기러기", (
        "기러기 떼가 강을 건너 남쪽으로 날아갔습니다.",
        "첨부 파일을 확인하시고 답장 부탁드립니다.",
        "다음 주 회의는 수요일로 옮겼습니다.",
    )),
    Tongue("ru", "koi8-r", "8bit", "Ольга Гусева", (
        "Дикие гуси пролетели над рекой ещё до рассвета.",
        "Посмотрите, пожалуйста, вложенный отчёт до четверга.",
        "Спасибо за письмо, у нас всё хорошо.",
    )),
    Tongue("el", "utf-8", "base64", "Ελένη Χήνα", (
        "Οι αγριόχηνες πέρασαν πάνω από τη λίμνη την αυγή.",
        "Σας στέλνω τα έγγραφα που ζητήσατε.",
        "Πολλούς χαιρετισμούς από το νησί.",
    )),
)  # fmt: skip


def sentence(chance: random.Random, tongue: Tongue) -> str:
    """Return one of a language's few sentences."""
    return chance.choice(tongue.sentences)


def prose(chance: random.Random, tongue: Tongue) -> str:
    """Return a line of twelve words, by Zipf's law out of tens of thousands."""
    words, weights = written(tongue.language, tongue.charset)
    chosen = chance.choices(words, cum_weights=weights, k=12)
    return f"{''.join(chosen)}。" if tongue.language in {"zh", "ja"} else f"{' '.join(chosen)}."


Line: TypeAlias = "Callable[[random.Random, Tongue], str]"


def messages(count: int, seed: int = 0, *, line: Line = sentence) -> Iterator[bytes]:
    """Yield ``count`` messages with CRLF lines, the same ones for the same arguments."""
    chance = random.Random(seed)
    pool = _attachment_pool(chance)
    sizes = [_size((number + 0.5) / count) for number in range(count)]
    chance.shuffle(sizes)
    for number, size in enumerate(sizes):
        yield _message(chance, pool, number=number, seed=seed, size=size, line=line)


def _size(share: float) -> int:
    """Return the size that ``share`` of all messages stay below."""
    return int(min(LARGEST, max(SMALLEST, math.exp(_SIZES.inv_cdf(share)))))


def _attachment_pool(chance: random.Random) -> bytes:
    """Return whole base64 lines to cut attachments from."""
    encoded = base64.encodebytes(chance.randbytes(_POOL_OCTETS // 57 * 57))
    return encoded.replace(b"\n", b"\r\n")


def _message(
    chance: random.Random, pool: bytes, *, number: int, seed: int, size: int, line: Line
) -> bytes:
    tongue = chance.choice(TONGUES)
    head = _head(chance, tongue, number=number, seed=seed)
    text = _text(chance, tongue, octets=min(size - len(head), _TEXT_LIMIT), line=line)
    rest = size - len(head) - len(text)
    if rest < 1024:
        body = _text_fields(tongue) + b"\r\n" + text
    else:
        body = _mixed(chance, pool, tongue=tongue, text=text, octets=rest)
    whole = head + body
    return whole.removesuffix(b"\r\n") if chance.random() < 0.03 else whole


def _head(chance: random.Random, tongue: Tongue, *, number: int, seed: int) -> bytes:
    sender = TONGUES.index(tongue)
    when = _EPOCH + timedelta(minutes=number * 17, seconds=chance.randrange(60))
    subject = f"{chance.choice(tongue.sentences)[:24]} {number}"
    lines = [
        f"Received: from relay.example.org by mail.example.test id {chance.randrange(1 << 32):x};",
        f"\t{when:%a, %d %b %Y %H:%M:%S} +0000",
        f"Message-ID: <{number}.{seed}@generate.example.org>",
        f"Date: {when:%a, %d %b %Y %H:%M:%S} +0000",
        f"From: {_word(tongue, tongue.name)} <writer{sender}@example.org>",
        "To: alice@example.test",
        f"Subject: {_word(tongue, subject)}",
        *_reply_fields(chance, number=number, seed=seed),
        "MIME-Version: 1.0",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def _reply_fields(chance: random.Random, *, number: int, seed: int) -> list[str]:
    if number == 0 or chance.random() > 0.4:
        return []
    parent = f"<{chance.randrange(max(0, number - 50), number)}.{seed}@generate.example.org>"
    return [f"In-Reply-To: {parent}", f"References: {parent}"]


def _word(tongue: Tongue, text: str) -> str:
    """Return ``text`` as it may stand in a header: in folded encoded-words (RFC 2047)."""
    if text.isascii():
        return text
    pieces = [text[at : at + 12] for at in range(0, len(text), 12)]
    coded = (base64.b64encode(piece.encode(tongue.charset)).decode("ascii") for piece in pieces)
    return "\r\n ".join(f"=?{tongue.charset}?B?{piece}?=" for piece in coded)


def _text(chance: random.Random, tongue: Tongue, *, octets: int, line: Line) -> bytes:
    """Return an encoded text of about ``octets`` octets, some of its lines with a leading dot."""
    dotted = chance.random() < 0.1
    lines: list[str] = []
    left = octets
    while left > 0:
        words = line(chance, tongue)
        if dotted and chance.random() < 0.3:
            words = chance.choice((".", "..", f".{words}"))
        left -= _encoded_size(tongue, words)
        lines.append(words)
    plain = "".join(f"{each}\r\n" for each in lines).encode(tongue.charset)
    return _encode(tongue, plain)


def _encoded_size(tongue: Tongue, line: str) -> int:
    plain = len(line.encode(tongue.charset)) + 2
    return plain * 4 // 3 + 1 if tongue.encoding == "base64" else plain


def _encode(tongue: Tongue, plain: bytes) -> bytes:
    if tongue.encoding == "base64":
        return base64.encodebytes(plain).replace(b"\n", b"\r\n")
    if tongue.encoding == "quoted-printable":
        return quopri.encodestring(plain.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return plain


def _text_fields(tongue: Tongue) -> bytes:
    return (
        f"Content-Type: text/plain; charset={tongue.charset}\r\n"
        f"Content-Transfer-Encoding: {tongue.encoding}\r\n"
    ).encode("ascii")


def _mixed(
    chance: random.Random, pool: bytes, *, tongue: Tongue, text: bytes, octets: int
) -> bytes:
    boundary = f"goose-{chance.randrange(1 << 64):016x}".encode("ascii")
    number = chance.randrange(10_000)
    return b"".join((
        b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % boundary,
        b"--%b\r\n%b\r\n%b\r\n" % (boundary, _text_fields(tongue), text),
        b"--%b\r\nContent-Type: application/octet-stream\r\n" % boundary,
        b'Content-Disposition: attachment; filename="scan-%d.bin"\r\n' % number,
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        _slice(chance, pool, octets=octets),
        b"\r\n--%b--\r\n" % boundary,
    ))  # fmt: skip


def _slice(chance: random.Random, pool: bytes, *, octets: int) -> bytes:
    """Return about ``octets`` octets of whole base64 lines from anywhere in the pool."""
    lines = len(pool) // _BASE64_LINE
    start = chance.randrange(lines) * _BASE64_LINE
    wanted = max(1, octets // _BASE64_LINE) * _BASE64_LINE
    turned = pool[start:] + pool[:start] if start + wanted > len(pool) else pool[start:]
    return (
        (turned * (wanted // len(turned) + 1))[:wanted] if wanted > len(turned) else turned[:wanted]
    )
