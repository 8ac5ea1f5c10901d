"""The text of a message, for previews and excerpts: out of its octets, or kept where that is slow.

A short message of plain text is read anew in some 50 µs, and most of a page's are such. What takes
longer, HTML and all that is large, is kept beside the message, compressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import StoreError
from hongyan.mime.message import preview_of
from hongyan.store.packing import packed_text

if TYPE_CHECKING:
    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.summary import Summary

QUICK: Final = 8_192  # octets
_KEPT: Final = 65_536  # characters
_LIMIT: Final = 4 * _KEPT + 16

# What `Texts.of` needs of a message m whose blob is b, and where it is joined.
COLUMNS: Final = "b.encoding, b.size, iif(x.body IS NULL AND b.size <= 8192, b.data, NULL), x.body"
JOIN: Final = "LEFT JOIN texts AS x ON x.message = m.id"


def is_quick(summary: Summary, size: int) -> bool:
    """Tell whether a message's text is read anew each time, instead of being kept."""
    return summary.is_plain and size <= QUICK


def kept(summary: Summary, size: int) -> bytes | None:
    """Return the beginning of a text as it is kept; None where it is read anew each time."""
    return None if is_quick(summary, size) else packed_text(summary.text[:_KEPT].encode())


def keep(db: apsw.Connection, *, message: int, body: bytes | None) -> None:
    """Keep what `kept` gave of a message, in the caller's transaction."""
    if body is not None:
        db.execute("INSERT OR REPLACE INTO texts (message, body) VALUES (?, ?)", (message, body))


class Texts:
    """Gives the texts of messages."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def of(self, encoding: str, size: int, data: bytes | None, body: bytes | None) -> str:
        """Return the text out of `COLUMNS`; one that is damaged is empty, for `check` tells it."""
        try:
            if body is not None:
                return self._blobs.unpack_text(body, limit=_LIMIT).decode("utf-8", "replace")
            if data is None:
                return ""
            return mime.parse(self._blobs.unpacked(encoding, size, data)).text
        except StoreError:
            return ""

    def preview(self, encoding: str, size: int, data: bytes | None, body: bytes | None) -> str:
        """Return the beginning of the text on one line (RFC 8621 §4.1.4)."""
        return preview_of(self.of(encoding, size, data, body))
