"""Whether the sender that a message names can be taken at its word.

RFC 5322 §3.6.2, RFC 7489 §6.6.1. Nothing here says that a message is genuine; it says what about
the From field is ambiguous or dressed up, so that no false name stands alone and unmarked.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import TYPE_CHECKING, Final

from hongyan.mime import address
from hongyan.mime.html import lying_links
from hongyan.mime.parser import Defect

if TYPE_CHECKING:
    from hongyan.mime.message import Message
    from hongyan.mime.types import Address


class Mark(Enum):
    """What is wrong with the sender of a message, in words for a person."""

    NO_AUTHOR = "the message does not say who wrote it"
    SEVERAL_FIELDS = "the message names its author more than once"
    SEVERAL_AUTHORS = "the message names several authors"
    ODD_ADDRESS = "the author's address is not a plain address"
    NAME_LIKE_ADDRESS = "the author's name looks like another address"
    UNSEEN_CHARACTERS = "the author's name holds characters that cannot be seen"
    MIXED_SCRIPTS = "the author's domain mixes or imitates letters of other scripts"
    LYING_LINKS = "the words of a link show another host than it leads to"
    BROKEN_HEADER = "the header is broken, and programs read it differently"


_PLAIN: Final = re.compile(r"[^\s\"(),:;<>@\[\\\]'%!]+@[^\s\"(),:;<>@\[\\\]'_]+")
_IN_NAME: Final = re.compile(r"[^\s<>\"']+@[^\s<>\"']+\.[^\s<>\"']+")
_FROM_LIKE: Final = re.compile(rb"(?mi)^\s*from\s*:")
_HEADER_START: Final = 65_536


def marks(message: Message) -> tuple[Mark, ...]:
    """Return what is to be shown beside the sender of ``message``, worst first."""
    fields = [value for name, value in message.headers if name.lower() == b"from"]
    authors = tuple(one for value in fields for one in address.mailboxes(value))
    found: dict[Mark, bool] = {
        Mark.SEVERAL_FIELDS: len(fields) > 1,
        Mark.BROKEN_HEADER: _is_broken(message, len(fields)),
        Mark.NO_AUTHOR: not authors,
        Mark.SEVERAL_AUTHORS: len(fields) == 1 and len(authors) > 1,
        Mark.ODD_ADDRESS: any(not _PLAIN.fullmatch(one.email) for one in authors)
        or any(b"@" not in value and b"=?" in value for value in fields),
        Mark.NAME_LIKE_ADDRESS: any(map(_name_claims_address, authors)),
        Mark.UNSEEN_CHARACTERS: any(map(_has_unseen, authors)),
        Mark.MIXED_SCRIPTS: any(shown_domain(d) != d for d in map(_domain, authors)),
        Mark.LYING_LINKS: message.html is not None and bool(lying_links(message.html)),
    }
    return tuple(mark for mark, holds in found.items() if holds)


def _is_broken(message: Message, fields: int) -> bool:
    """Tell whether another program may see another From than we do."""
    if Defect.BAD_FIELD in message.defects or Defect.NO_SEPARATOR in message.defects:
        return True
    root = message.parts[0]
    header = message.raw[root.header_start : min(root.body_start, _HEADER_START)]
    return b"\0" in header or len(_FROM_LIKE.findall(header)) > fields


def _domain(one: Address) -> str:
    return one.email.rpartition("@")[2]


def _name_claims_address(one: Address) -> bool:
    claimed = _IN_NAME.search(one.name or "")
    return bool(claimed) and one.email.lower() not in (one.name or "").lower()


def _has_unseen(one: Address) -> bool:
    return any(unicodedata.category(mark) in {"Cf", "Cc", "Co", "Cn"} for mark in one.name or "")


def shown_domain(domain: str) -> str:
    """Return ``domain`` with each label that can deceive in its ``xn--`` form.

    Those are labels of mixed scripts (UTS #39 §5.1), and before an ASCII top-level domain those
    whose every letter looks like a Latin one (§4, whole-script confusables).
    """
    labels = domain.split(".")
    imitates = labels[-1].isascii() and len(labels) > 1
    return ".".join(_shown_label(label, imitates=imitates) for label in labels)


def _shown_label(label: str, *, imitates: bool) -> str:
    looks_latin = imitates and _LIKE_LATIN.fullmatch(label.lower())
    if label.isascii() or (len(_scripts(label)) < 2 and not looks_latin):
        return label
    return "xn--" + label.encode("punycode", "replace").decode("ascii")


_LIKE_LATIN: Final = re.compile("[асԁеһіјӏорԛѕԝхуъьҽпгѵѡαικνρυωηοτ0-9-]+")
_TOGETHER: Final = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "KATAKANA-HIRAGANA"}
)


def _scripts(label: str) -> set[str]:
    """Return the scripts of the letters in ``label``; those of East Asia count as one."""
    names = {unicodedata.name(mark, "?").split()[0] for mark in label if mark.isalpha()}
    return {"CJK" if name in _TOGETHER else name for name in names}
