"""Addresses of From, To and their like: RFC 5322 §3.4 and §4.4, RFC 6854, with all breakage.

A header becomes groups of mailboxes; nothing raises and the work is linear. Encoded-words are
decoded in names only, never in an addr-spec, so no octets of a name can turn into an address.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hongyan.mime import charset
from hongyan.mime.encoded_word import decode_words
from hongyan.mime.header import VALUE_LIMIT
from hongyan.mime.types import Address

ADDRESS_LIMIT: Final = 10_000
_CACHEABLE: Final = 200


@dataclass(frozen=True, slots=True)
class Group:
    """A named group of RFC 5322 §3.4, or (``name`` None) mailboxes between groups."""

    name: str | None
    addresses: tuple[Address, ...]


_SIMPLE: Final = re.compile(
    rb'\s*+(?:(?:"([^"\\]*+)"|([^"\\<>,;:@()]*+))\s*+)?'
    rb"<([^\s<>\"(),;:\\@?]++@[^\s<>\"(),;:\\@?]++)>\s*+(?:,|\Z)"
)
_BARE: Final = re.compile(rb"\s*+([^\s<>\"(),;:\\@?]++@[^\s<>\"(),;:\\@?]++)\s*+\Z")
_TOKEN: Final = re.compile(
    r"""(\s++)
    |"((?:[^"\\]++|\\.)*+)"
    |<((?:[^<>"]++|"(?:[^"\\]++|\\.)*+")*+)>
    |(<[^<>,;]*+)
    |([(,;:>])
    |((?:[^\s"<>(),;:\\]++|\\.?+)++|[")])
    """,
    re.VERBOSE | re.DOTALL,
)
_PARENTHESES: Final = re.compile(r"\\.|[()]", re.DOTALL)
_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")
_FOLD: Final = re.compile(r"\s*\r?\n\s*")
_ROUTE: Final = re.compile(r"@[^:<>\"]*:(?=[^:]*@)")
_AROUND_MARKS: Final = re.compile(r"(?<!\s)\s*+([@.])\s*+")
_QUOTED_LOCAL: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"@\S+', re.DOTALL)
_CONTROL: Final = dict.fromkeys((*range(0x20), 0x7F))


def mailboxes(value: bytes | None) -> tuple[Address, ...]:
    """Return the mailboxes of a header value, those within groups too (RFC 8621 §4.1.2.3)."""
    if not value:
        return ()
    return _mailboxes_cached(value) if len(value) <= _CACHEABLE else _mailboxes(value)


def _mailboxes(value: bytes) -> tuple[Address, ...]:
    if value.isascii() and b"\x1b" not in value and len(value) <= VALUE_LIMIT:
        found = _BARE.match(value)
        if found:
            return (Address(None, found[1].decode("ascii")),)
        simple = _simple(value)
        if simple:
            return simple
    return tuple(address for group in groups(value) for address in group.addresses)


_mailboxes_cached = lru_cache(maxsize=1024)(_mailboxes)  # the same few people write


def _simple(value: bytes) -> tuple[Address, ...]:
    """Read the form that nearly all headers have, or give none back."""
    addresses: list[Address] = []
    at = 0
    while at < len(value):
        found = _SIMPLE.match(value, at)
        if not found or len(addresses) == ADDRESS_LIMIT:
            return ()
        quoted, words, email = found.groups()
        name = " ".join(_words((quoted or words or b"").decode("ascii")).split())
        if not name.isprintable():
            name = name.translate(_CONTROL).strip()
        addresses.append(Address(name or None, email.decode("ascii")))
        at = found.end()
    return tuple(addresses)


def groups(value: bytes | None) -> tuple[Group, ...]:
    """Return the groups of a header value (RFC 8621 §4.1.2.4)."""
    if not value:
        return ()
    reader = _Reader(charset.undeclared(value[:VALUE_LIMIT]))
    reader.read()
    return tuple(reader.groups)


def _words(text: str) -> str:
    """Decode the encoded-words of a piece of a name."""
    if "=?" in text:
        text = decode_words(text.encode("utf-8", "replace"))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class _Reader:
    """One pass over a header value: tokens to mailboxes to groups."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.groups: list[Group] = []
        self._members: list[Address] = []
        self._group_name: str | None = None
        self._in_group = False
        self._parentheses_balanced = True
        self._count = 0
        self._clear()

    def _clear(self) -> None:
        self._phrase: list[str] = []  # as written, for an addr-spec without angle brackets
        self._name: list[str] = []  # unquoted, for a name
        self._comments: list[str] = []
        self._angle: str | None = None
        self._before_angle = 0  # how many pieces of the name stand before it

    def read(self) -> None:
        """Take the whole text apart."""
        at = 0
        while at < len(self.text) and self._count < ADDRESS_LIMIT:
            token = _TOKEN.match(self.text, at)
            if not token:
                break
            at = token.end()
            if token.lastindex == 5 and token[5] == "(":
                at = self._comment(at)
            else:
                self._take(token)
        self._end_mailbox()
        self._end_group()

    def _take(self, token: re.Match[str]) -> None:
        kind = token.lastindex
        if kind == 1:
            self._push(" ", " ")
        elif kind == 2:
            self._push(token[0], _PAIR.sub(r"\1", _FOLD.sub(" ", token[2])))
        elif kind in {3, 4}:
            self._take_angle(token[3] if kind == 3 else token[4][1:])
        elif kind == 5:
            self._special(token[5])
        else:
            self._push(token[6], token[6])

    def _push(self, raw: str, plain: str) -> None:
        self._phrase.append(raw)
        self._name.append(plain)

    def _take_angle(self, inside: str) -> None:
        if self._angle is not None:  # a second address without a comma between
            following = self._name[self._before_angle :]
            del self._name[self._before_angle :]
            self._end_mailbox()
            self._name = following
        self._before_angle = len(self._name)
        self._angle = inside

    def _special(self, mark: str) -> None:
        if mark == ",":
            self._end_mailbox()
        elif mark == ";":
            self._end_mailbox()
            self._end_group()
        elif mark == ":" and self._starts_group():
            self._end_group()
            self._group_name = self._text_of(self._name)
            self._in_group = True
            self._clear()
        elif mark == ":":
            self._push(mark, mark)

    def _starts_group(self) -> bool:
        """Tell whether the phrase before a colon can name a group: words, and no address yet."""
        if self._in_group or self._angle is not None:
            return False
        return bool("".join(self._name).strip())

    def _comment(self, at: int) -> int:
        """Take the comment that opens before ``at``; an unclosed one is plain text."""
        depth = 1
        for mark in _PARENTHESES.finditer(self.text, at) if self._parentheses_balanced else ():
            depth += {"(": 1, ")": -1}.get(mark[0], 0)
            if not depth:
                comment = _PAIR.sub(r"\1", self.text[at : mark.start()])
                self._comments.append(self._text_of([comment]) or "")
                self._push(" ", " ")
                return mark.end()
        self._parentheses_balanced = False
        self._push("(", "(")
        return at

    def _text_of(self, pieces: list[str]) -> str | None:
        text = _SPACES.sub(" ", _words("".join(pieces)).strip())
        return text.translate(_CONTROL).strip() or None

    def _end_mailbox(self) -> None:
        comment = " ".join(filter(None, self._comments)) or None
        if self._angle is not None:
            email = _addr_spec(self._angle)
            self._add(Address(self._text_of(self._name) or comment, email))
        elif any(piece != " " for piece in self._phrase):
            for address in self._without_angles(comment):
                self._add(address)
        elif comment:
            self._add(Address(comment, ""))
        self._clear()

    def _without_angles(self, comment: str | None) -> tuple[Address, ...]:
        """Read a bare addr-spec, or words with one among them, or words alone: then a name.

        One word with a comment is the old form ``root (Cron Daemon)``, an address. Words that are
        all addresses lack their commas.
        """
        raw = "".join(self._phrase).strip()
        joined = _AROUND_MARKS.sub(r"\1", raw) if "@" in raw else raw
        words = joined.split()
        if _QUOTED_LOCAL.fullmatch(joined) or (len(words) == 1 and ("@" in joined or comment)):
            return (Address(comment, joined.translate(_CONTROL)),)
        if "@" not in joined:
            return (Address(self._text_of(self._name) or comment, ""),)
        if all("@" in word for word in words):
            return tuple(Address(None, word.translate(_CONTROL)) for word in words)
        last = max(i for i, word in enumerate(words) if "@" in word)
        name = self._text_of([" ".join(words[:last] + words[last + 1 :])])
        return (Address(name or comment, words[last].translate(_CONTROL)),)

    def _add(self, address: Address) -> None:
        if self._count == ADDRESS_LIMIT or not (address.name or address.email):
            return
        self._members.append(address)
        self._count += 1

    def _end_group(self) -> None:
        if self._in_group or self._members:
            self.groups.append(Group(self._group_name, tuple(self._members)))
        self._members = []
        self._group_name = None
        self._in_group = False


def _addr_spec(inside: str) -> str:
    """Return what stands in angle brackets without route, comments, folds and inner blanks."""
    text = inside.strip()
    if "(" in text and '"' not in text:
        text = _without_comments(text)
    if text.startswith("@"):
        text = _ROUTE.sub("", text, count=1)
    if '"' in text:
        return _FOLD.sub(" ", text).translate(_CONTROL)
    return _SPACES.sub("", text).translate(_CONTROL)


def _without_comments(text: str) -> str:
    kept: list[str] = []
    depth = 0
    last = 0
    for mark in _PARENTHESES.finditer(text):
        if mark[0] == "(":
            if not depth:
                kept.append(text[last : mark.start()])
            depth += 1
        elif mark[0] == ")" and depth:
            depth -= 1
            last = mark.end()
    kept.append("" if depth else text[last:])
    return "".join(kept)
