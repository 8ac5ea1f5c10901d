"""Whoever has no maildrop here answers at once, kindly, in the language of the letter.

It never answers a machine: not mail without a sender, not Auto-Submitted, bulk or list mail, and
its own answers say Auto-Submitted (RFC 3834 §2, §5), so two of its kind fall silent. What it says
is in replies.toml; the choice depends on the letter alone.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
import re
import secrets
import tomllib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.demo import compose
from hongyan.demo.post import date_time
from hongyan.guard import shown
from hongyan.mime.message import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hongyan.mime.message import Message

REFERENCES_KEPT: Final = 20
QUOTED_LINES: Final = 4
WROTE: Final[Mapping[str, str]] = {"en": "{} wrote:", "zh": "{} 写道："}
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_REPLY_PREFIX: Final = re.compile(r"\s*(?:re|aw|sv|回复|答复)\s*[:：]\s*", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"[!-;=?-~]{1,200}")
_WORDS_READ: Final = 4000


@dataclass(frozen=True, slots=True)
class Theme:
    """An answer and the words that call for it; the last theme, without words, always fits."""

    words: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]


@functools.cache
def themes() -> tuple[Theme, ...]:
    """Return what the bot can say, the most particular first."""
    script = importlib.resources.files("hongyan.demo").joinpath("replies.toml")
    return tuple(
        Theme(
            tuple(entry["words"]), {language: tuple(entry[language]) for language in ("en", "zh")}
        )
        for entry in tomllib.loads(script.read_text("utf-8"))["theme"]
    )


def answer(message: bytes, sender: str, author: str) -> bytes | None:
    """Return the answer of ``author`` to a message from ``sender``, or None for silence."""
    read = parse(message)
    if not sender or _from_a_machine(read):
        return None
    words = read.text[:_WORDS_READ]
    language = "zh" if _HAN.search(read.subject + words) else "en"
    names = _names(read)
    me = names.get(author.casefold()) or _name_out_of(author)
    you = names.get(sender.casefold(), "")
    quote = _quote(words, WROTE[language].format(you or sender))
    entity = compose.text(f"{_reply_to(words, read, language)}\n\n{me}\n\n{quote}")
    addressed = ("From", compose.mailbox(me, author)), ("To", compose.mailbox(you, sender))
    return entity.octets(*addressed, *_fields(read, author), ("MIME-Version", "1.0"))


def _names(message: Message) -> dict[str, str]:
    """Return the names in the header, by address."""
    known = (*message.from_, *message.to, *message.cc)
    return {each.email.casefold(): shown(each.name, limit=80) for each in known if each.name}


def _from_a_machine(message: Message) -> bool:
    submitted = (message.header("Auto-Submitted") or b"no").strip().lower()
    precedence = (message.header("Precedence") or b"").strip().lower()
    return (
        not submitted.startswith(b"no")
        or precedence in {b"bulk", b"list", b"junk"}
        or message.header("List-Id") is not None
    )


def _fields(message: Message, author: str) -> list[tuple[str, str]]:
    subject = _REPLY_PREFIX.sub("", shown(message.subject, limit=300), count=1)
    domain = author.rpartition("@")[2]
    fields = [
        ("Date", date_time(dt.datetime.now().astimezone())),
        ("Subject", compose.unstructured(f"Re: {subject}".rstrip())),
        ("Message-ID", f"<{secrets.token_hex(12)}@{domain}>"),
        ("Auto-Submitted", "auto-replied"),
    ]
    if _MESSAGE_ID.fullmatch(message.message_id):
        # RFC 5322 §3.6.4: what it referred to, or else replied to, and itself.
        before = [*(message.references or message.in_reply_to), message.message_id]
        thread = [each for each in dict.fromkeys(before) if _MESSAGE_ID.fullmatch(each)]
        fields.append(("In-Reply-To", f"<{message.message_id}>"))
        fields.append(("References", compose.references(thread[-REFERENCES_KEPT:])))
    return fields


def _reply_to(words: str, message: Message, language: str) -> str:
    said = f"{message.subject}\n{words}".lower()
    choice = zlib.crc32(said.encode("utf-8", "replace"))
    theme = next(each for each in themes() if not each.words or _speaks_of(said, each.words))
    answers = theme.answers[language]
    reply = answers[choice % len(answers)]
    if message.attachments:
        names = ", ".join(shown(part.filename or "?", limit=80) for part in message.attachments[:3])
        thanks = {"en": f"And thank you for {names}.", "zh": f"附件收到了：{names}。"}
        reply += f"\n\n{thanks[language]}"
    return reply


def _speaks_of(said: str, words: tuple[str, ...]) -> bool:
    return any(
        re.search(rf"\b{re.escape(word)}\b", said)
        if word.isascii() and word.isalpha()
        else word in said
        for word in words
    )


def _quote(words: str, introduction: str) -> str:
    lines = [shown(line, limit=200) for line in words.splitlines()]
    kept = [line for line in lines if line and not line.startswith(">")][:QUOTED_LINES]
    return "\n".join([introduction, *(f"> {line}" for line in kept)]) if kept else ""


def _name_out_of(address: str) -> str:
    """Return ``Mei Lin`` for ``mei.lin@lotus.example``."""
    local = address.partition("@")[0].strip('"')
    return " ".join(word.capitalize() for word in re.split(r"[._+\s-]+", shown(local)) if word)
