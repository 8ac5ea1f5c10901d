"""RFC 2047 encoded-words, in headers and where senders misuse them.

Words that only white space parts are joined as octets before they are decoded, so that a character
split between two of them is whole again. Text outside the words may be raw 8-bit (RFC 6532 or
worse). Linear: a word ends before the next ``=?`` begins.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from hongyan.mime import charset
from hongyan.mime.transfer import base64_octets

_WORD: Final = re.compile(
    rb"=\?([^?\s*]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?((?:[^?=]++|=(?!\?[^=])|\?(?!=))*+)\?="
)
_FOLD: Final = re.compile(rb"(?<![ \t\r\n])[ \t]*+\r?\n[ \t\r\n]*")
# RFC 2047 §2 forbids a fold within a word; there it is nothing.
_FOLD_IN_WORD: Final = re.compile(rb"\r?\n[ \t]*")


def _payload(kind: bytes, text: bytes) -> bytes:
    if b"\n" in text:
        text = _FOLD_IN_WORD.sub(b"", text)
    if kind in b"bB":
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return base64_octets(text)
    return binascii.a2b_qp(text, header=True)


class _Run:
    """Encoded-words of one charset that stand side by side."""

    __slots__ = ("_kind", "_label", "_octets", "_pending")

    def __init__(self) -> None:
        self._label = b""
        self._kind = b""
        self._pending: list[bytes] = []
        self._octets: list[bytes] = []

    def add(self, label: bytes, kind: bytes, text: bytes) -> str:
        """Take one more word; return the text of the words before it if their charset differs."""
        done = ""
        kind = kind.lower()
        if label.lower() != self._label:
            done = self.finish()
            self._label = label.lower()
        elif kind != self._kind or (self._pending and self._pending[-1].endswith(b"=")):
            self._flush()
        self._kind = kind
        self._pending.append(text)
        return done

    def _flush(self) -> None:
        together = b"".join(self._pending)
        # Some split base64 anywhere, some leave its padding out: the length tells them apart.
        apart = self._kind == b"b" and len(together) % 4 > 0
        for text in self._pending if apart else filter(None, (together,)):
            self._octets.append(_payload(self._kind, text))
        self._pending.clear()

    def finish(self) -> str:
        """Return the text of the words so far, and start anew."""
        if not self._label:
            return ""
        self._flush()
        text = charset.decode(b"".join(self._octets), self._label.decode("ascii", "replace"))
        self._octets.clear()
        self._label = b""
        return text


def decode_words(value: bytes) -> str:
    """Return ``value`` with its encoded-words and raw 8-bit octets as text.

    A fold is one space; other white space stays, save between two words.
    """
    if b"=?" not in value:
        return charset.undeclared(_unfolded(value))
    pieces: list[str] = []
    plain: list[bytes] = []  # what stands between the words; its places in pieces are empty
    places: list[int] = []
    run = _Run()
    last = 0

    def add_plain(octets: bytes) -> None:
        pieces.append(run.finish())
        places.append(len(pieces))
        plain.append(_unfolded(octets))
        pieces.append("")

    for word in _WORD.finditer(value):
        between = value[last : word.start()]
        if between.strip(b" \t\r\n") or (between and not last):
            add_plain(between)
        pieces.append(run.add(word[1], word[2], word[3]))
        last = word.end()
    add_plain(value[last:])
    for place, text in zip(places, charset.undeclared_pieces(plain), strict=True):
        pieces[place] = text
    return "".join(pieces)


def _unfolded(octets: bytes) -> bytes:
    return _FOLD.sub(b" ", octets) if b"\n" in octets else octets
