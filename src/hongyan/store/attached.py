"""The text of attachments that are text themselves, so that a search finds what is in them.

Text of any kind by its media type, or by its name where the type says nothing; and attached
messages, their subjects too. Images, archives and office documents are not opened.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.mime.place import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT: Final = 1_000_000  # octets of one, and characters of all
_NESTED: Final = 8_000_000  # octets
_MOST: Final = 50
_TYPES: Final = frozenset(
    f"application/{name}" for name in ("json", "ld+json", "sql", "toml", "xml", "yaml", "x-yaml")
)
_NAMES: Final = (
    ".csv", ".htm", ".html", ".ics", ".ini", ".json", ".log", ".md", ".org", ".rst", ".tex",
    ".toml", ".tsv", ".txt", ".vcf", ".xml", ".yaml", ".yml",
)  # fmt: skip


def attached_text(message: mime.Message) -> str:
    """Return the text of a message's attachments, of each its beginning; empty if there is none."""
    texts = chain.from_iterable(map(_texts, message.attachments[:_MOST]))
    return "\n".join(filter(None, texts))[:LIMIT]


def _texts(part: mime.Part) -> Iterator[str]:
    if part.content_type == "message/rfc822":
        if part.body_end - part.body_start > _NESTED:
            return  # it would have to be in memory
        inner = mime.nested(part)
        yield inner.subject
        yield inner.text[:LIMIT]
    elif _is_text(part):
        text = text_of(_beginning(part), part.charset)[0]
        yield _to_text(text) if _is_html(part) else text


def _to_text(html: str) -> str:
    from hongyan.mime.html_text import to_text  # whose parser takes its time to load

    return to_text(html)


def _is_text(part: mime.Part) -> bool:
    kind = part.content_type
    if kind == "application/octet-stream":  # what programs say that do not know
        return (part.filename or "").lower().endswith(_NAMES)
    return kind.startswith("text/") or kind in _TYPES


def _is_html(part: mime.Part) -> bool:
    name = (part.filename or "").lower()
    return part.content_type == "text/html" or name.endswith((".htm", ".html"))


def _beginning(part: mime.Part) -> bytes:
    found = b""
    for chunk in part.chunks():
        found += chunk
        if len(found) >= LIMIT:
            break
    return found[:LIMIT]
