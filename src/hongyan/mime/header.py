"""Header fields of one part, and the parsed forms of their values (RFC 5322, 2045, 2231, 8621).

`Fields` keeps names and raw values as they stand; the functions give the forms of RFC 8621 §4.1.2.
Nothing is decoded before it is asked for, no value raises, and every form is linear in its length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from hongyan.mime import charset
from hongyan.mime.encoded_word import decode_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VALUE_LIMIT: Final = 262_144  # octets of one value that are looked at, except as raw
_CONTROL: Final = dict.fromkeys((*range(0x20), 0x7F))
_CACHEABLE: Final = 200


class Fields:
    """The fields of one header: names as written, values as they stand after the colon."""

    __slots__ = ("_first", "_last", "all")

    def __init__(self, fields: list[tuple[bytes, bytes]]) -> None:
        self.all: Final = fields
        first: dict[bytes, bytes] = {}
        for name, value in reversed(fields):
            first[name.lower()] = value
        self._first: Final = first
        self._last: Final = {name.lower(): value for name, value in fields}

    def get(self, name: bytes) -> bytes | None:
        """Return the first raw value of the field called ``name`` (in lower case)."""
        return self._first.get(name)

    def last(self, name: bytes) -> bytes | None:
        """Return the last raw value of the field called ``name`` (in lower case).

        It is the one that counts of a field that may stand once (RFC 8621 §4.1.3), and the one that
        a DKIM signature is about (RFC 6376 §5.4.2): whatever was put on top later is not signed.
        """
        return self._last.get(name)

    def every(self, name: bytes) -> list[bytes]:
        """Return all raw values of the fields called ``name`` (in lower case)."""
        return [value for field, value in self.all if field.lower() == name]


def text(value: bytes) -> str:
    """Return the Text form: unfolded, encoded-words decoded, no control characters, NFC.

    A tab that parts two words is a blank.
    """
    decoded = decode_words(value[:VALUE_LIMIT].strip(b" \t\r\n").replace(b"\t", b" "))
    if not decoded.isprintable():
        decoded = decoded.translate(_CONTROL)
    return decoded if decoded.isascii() else unicodedata.normalize("NFC", decoded).strip()


_IN_ANGLES: Final = re.compile(rb"<([^<>]*)>")
_ONE_ID: Final = re.compile(rb"\s*+<([!-;=?-~]++)>\s*+")
_FOLD_WHITE: Final = re.compile(rb"[ \t]*\r?\n[ \t]*")


def message_ids(value: bytes) -> tuple[str, ...]:
    """Return the ids of a Message-ID, In-Reply-To or References value, without angle brackets.

    Where there are no brackets at all, each word is taken for an id (RFC 5322 §3.6.4).
    """
    usual = _ONE_ID.fullmatch(value)
    if usual:
        return (usual[1].decode("ascii"),)
    value = value[:VALUE_LIMIT]
    found = _IN_ANGLES.findall(value)
    if not found:
        found = [word.strip(b"<>,;\"'") for word in value.split()]
    return tuple(_id_text(one) for one in found if one.strip())


def _id_text(octets: bytes) -> str:
    if b"\n" in octets:
        octets = _FOLD_WHITE.sub(b"", octets)
    return octets.strip().decode("utf-8", "replace").translate(_CONTROL)


def urls(value: bytes) -> tuple[str, ...]:
    """Return the URLs form of RFC 8621 §4.1.2.7 (RFC 2369 §2): what stands in angle brackets."""
    found = _IN_ANGLES.findall(value[:VALUE_LIMIT])
    white = b" \t\r\n"
    return tuple(one.translate(None, white).decode("utf-8", "replace") for one in found)


@dataclass(frozen=True, slots=True)
class Parameterised:
    """A value with parameters: ``text/plain; charset=utf-8``.

    ``value`` and the names are in lower case; ``parameters`` are decoded (RFC 2231 and RFC 2047),
    the first of two of one name wins. ``languages`` holds the RFC 2231 language of a name.
    """

    value: str
    parameters: Mapping[str, str]
    languages: Mapping[str, str]


_PARENTHESES: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_VALUE: Final = re.compile(rb"([^;(\s/]*+(?:[ \t\r\n]*+/[ \t\r\n]*+[^;(\s]*+)?+)")
_NAME: Final = re.compile(rb"([^=;\s(]++|\((?=[^=;\s]*=))[ \t\r\n]*+(=?+)[ \t\r\n]*+")
_QUOTED: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)("?+)', re.DOTALL)
_BARE: Final = re.compile(rb"[^;\s]++(?:[ \t\r\n]++(?![^\s=;]++[ \t]*+=|[;(])[^;\s]++)*+")
_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])|[\r\n]")
_SECTION: Final = re.compile(rb"([^*]+)(?:\*(\d{1,9}))?(\*?)", re.DOTALL)
_EXTENDED: Final = re.compile(rb"([^']*)'([^']*)'(.*)", re.DOTALL)
_PARAMETER_LIMIT: Final = 1000
_USUAL: Final = re.compile(
    rb"\s*+([\w.+-]++/[\w.+-]++)((?:;\s*+[\w-]++=(?:\"[^\"\\\r\n\x80-\xff]++\"|[^\s;\"()=?*'\x80-\xff]++)\s*+)*+);?\Z"
)
_USUAL_PARAMETER: Final = re.compile(rb";\s*+([\w-]++)=(?:\"([^\"]++)\"|([^\s;\"]++))")


def parameterised(value: bytes) -> Parameterised:
    """Return the value and parameters of Content-Type, Content-Disposition and their like."""
    if len(value) <= _CACHEABLE:
        return _parameterised_cached(value)
    return _parameterised(value[:VALUE_LIMIT])


def _parameterised(value: bytes) -> Parameterised:
    usual = _USUAL.match(value)
    if usual and b"=?" not in value and b"\x1b" not in value:
        found = {
            name.decode("ascii").lower(): (quoted or bare).decode("ascii")
            for name, quoted, bare in reversed(_USUAL_PARAMETER.findall(usual[2]))
        }
        return Parameterised(usual[1].decode("ascii").lower(), found, {})
    return _parameterised_fully(value)


def _parameterised_fully(value: bytes) -> Parameterised:
    at = _skip(value, 0, b" \t\r\n")
    head = _VALUE.match(value, at)
    main = head[1] if head else b""
    at = head.end() if head else at
    if b"(" in value:  # comments
        main, at = _main_with_comments(value, main, at)
    kind = charset.undeclared(b"".join(main.split())).lower()
    parameters, languages = _assemble(_pairs(value, at))
    return Parameterised(kind, parameters, languages)


_parameterised_cached = lru_cache(maxsize=1024)(_parameterised)


def _main_with_comments(value: bytes, main: bytes, at: int) -> tuple[bytes, int]:
    """Go on with a main value that comments cut in pieces: ``text (plain) / plain``."""
    for _ in range(4):
        after = _skip(value, at, b" \t\r\n")
        more = _VALUE.match(value, after)
        if not more or not more[1] or not (main.endswith(b"/") or more[1].startswith(b"/")):
            break
        main += more[1].strip()
        at = more.end()
    return main, at


def _skip(value: bytes, at: int, blanks: bytes = b" \t\r\n;", *, comments: bool = True) -> int:
    """Return the offset after blanks and comments (nested ones too) from ``at`` on."""
    while at < len(value):
        if value[at] in blanks:
            at += 1
        elif comments and value[at] == 0x28:
            at = _comment_end(value, at)
        else:
            break
    return at


def _comment_end(value: bytes, at: int) -> int:
    depth = 0
    for mark in _PARENTHESES.finditer(value, at):
        if mark[0] == b"(":
            depth += 1
        elif mark[0] == b")":
            depth -= 1
            if not depth:
                return mark.end()
    return len(value)


def _pairs(value: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the raw names (lower case) and raw values of the parameters from ``at`` on."""
    for _ in range(_PARAMETER_LIMIT):
        at = _skip(value, at)
        name = _NAME.match(value, at)
        if not name:
            if at >= len(value):
                return
            at += 1
            continue
        at = _after_equals(value, name)
        if at < 0:
            at = name.end()
            continue
        quoted = _QUOTED.match(value, at)
        if quoted:
            at = quoted.end()
            if not quoted[1]:
                continue
            yield name[1].lower(), _FOLD.sub(b"", _PAIR.sub(rb"\1", quoted[1]))
            continue
        bare = _BARE.match(value, at)
        if bare:
            at = bare.end()
            yield name[1].lower(), bare[0]


def _after_equals(value: bytes, name: re.Match[bytes]) -> int:
    """Return where the value of a parameter begins, or -1 where no ``=`` follows its name.

    Comments may stand around the ``=`` (RFC 822 §3.4.3); before a value without quotation marks
    they are as likely a part of a file's name, and stay.
    """
    at = name.end()
    if not name[2]:
        at = _skip(value, at, b" \t\r\n")
        if value[at : at + 1] != b"=":
            return -1
        at += 1
    after = _skip(value, at, b" \t\r\n")
    return (
        after if value[after : after + 1] == b'"' else _skip(value, at, b" \t\r\n", comments=False)
    )


def _assemble(pairs: Iterator[tuple[bytes, bytes]]) -> tuple[dict[str, str], dict[str, str]]:
    """Join RFC 2231 sections in their order; give every parameter its text."""
    plain: dict[str, bytes] = {}
    sections: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for name, value in pairs:
        if b"*" not in name:
            plain.setdefault(charset.undeclared(name), value)
            continue
        parts = _SECTION.match(name)
        if not parts:
            continue
        base = charset.undeclared(parts[1])
        encoded = bool(parts[3])
        sections.setdefault(base, {}).setdefault(int(parts[2] or 0), (encoded, value))
    parameters = {name: parameter_text(value) for name, value in plain.items()}
    languages: dict[str, str] = {}
    for base, numbered in sections.items():
        parameters[base], language = _joined([numbered[number] for number in sorted(numbered)])
        if language:
            languages[base] = language
    return parameters, languages


def parameter_text(value: bytes) -> str:
    """Return the text of a plain parameter; RFC 2047 forbids encoded-words here, senders do not."""
    if value.isascii() and b"=?" not in value and b"\x1b" not in value:
        return value.decode("ascii")
    return unicodedata.normalize("NFC", decode_words(value))


def _joined(sections: list[tuple[bool, bytes]]) -> tuple[str, str]:
    """Return the text and the language of the sections of one RFC 2231 parameter."""
    label, language = b"", b""
    octets: list[bytes] = []
    encoded_any = False
    for encoded, section in sections:
        value = section
        if encoded:
            extended = _EXTENDED.match(value)
            if extended and not encoded_any and b"%" not in extended[1]:
                label, language, value = extended[1], extended[2], extended[3]
            elif label and value.lower().startswith(label.lower() + b"'"):
                value = value[len(label) + 1 :]  # the charset once more, as some repeat it
            value = unquote_to_bytes(value)
            encoded_any = True
        octets.append(value)
    joined = b"".join(octets)
    if not encoded_any:
        return parameter_text(joined), ""
    name = label.decode("ascii", "replace")
    return charset.decode(joined, name or None), language.decode("ascii", "replace")
