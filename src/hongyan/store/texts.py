"""The text of a message, for excerpts: out of its octets, or kept where that is slow.

A short message of plain text is read anew each time, and most are such: its row tells
where in the octets the text lies. What takes longer, HTML and all that is large, is kept beside
the message, compressed.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import StoreError
from hongyan.mime.transfer import Encoding
from hongyan.store.columns import preview
from hongyan.store.database import fetch
from hongyan.store.packing import packed_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.summary import Summary

QUICK: Final = 8_192  # octets
_KEPT: Final = 65_536  # characters
_LIMIT: Final = 4 * _KEPT + 16
_LABEL: Final = 40  # characters of a charset's name

# What `Texts.of` needs of a message m whose blob is b, and where it is joined.
COLUMNS: Final = (
    "b.encoding, b.size, iif(x.body IS NULL AND b.size <= 8192, b.data, NULL), x.body, m.text_at"
)
JOIN: Final = "LEFT JOIN texts AS x ON x.message = m.id"
_SOME: Final = f"""
    SELECT m.id, {COLUMNS} FROM json_each(?) AS i CROSS JOIN messages AS m ON m.id = i.value
    JOIN blobs AS b ON b.id = m.blob {JOIN}
"""


def is_quick(summary: Summary, size: int) -> bool:
    """Tell whether a message's text is read anew each time, instead of being kept."""
    return summary.is_plain and size <= QUICK


def place(summary: Summary, size: int) -> str | None:
    """Return where a text that is read anew each time lies, as the column keeps it."""
    its = summary.place
    if its is None or not is_quick(summary, size) or len(its.charset or "") > _LABEL:
        return None
    return f"{its.start} {its.end} {its.encoding.value} {its.charset or ''}"


def kept(summary: Summary, size: int) -> bytes | None:
    """Return the beginning of a text as it is kept; None where it is read anew each time."""
    return None if is_quick(summary, size) else packed_text(summary.text[:_KEPT].encode())


def keep(db: apsw.Connection, *, message: int, body: bytes | None) -> None:
    """Keep what `kept` gave of a message, in the caller's transaction."""
    if body is not None:
        db.execute("INSERT OR REPLACE INTO texts (message, body) VALUES (?, ?)", (message, body))


def renew(db: apsw.Connection, *, message: int, summary: Summary, size: int) -> None:
    """Keep anew what is kept of the text of a message that is stored already."""
    keep(db, message=message, body=kept(summary, size))
    db.execute(
        "UPDATE messages SET text_at = ?, preview = ? WHERE id = ?",
        (place(summary, size), preview(summary.text), message),
    )


class Texts:
    """Gives the texts of messages."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def of(
        self, encoding: str, size: int, data: bytes | None, body: bytes | None, text_at: str | None
    ) -> str:
        """Return the text out of `COLUMNS`; one that is damaged is empty, for `check` tells it."""
        try:
            if body is not None:
                return self._blobs.unpack_text(body, limit=_LIMIT).decode("utf-8", "replace")
            if data is None:
                return ""
            octets = self._blobs.unpacked(encoding, size, data)
        except StoreError:
            return ""
        return _at(text_at).text(octets) if text_at else mime.parse(octets).text

    def previews(self, db: apsw.Connection, rows: Sequence[int]) -> dict[int, str]:
        """Return the previews of messages that were stored before previews were kept."""
        found = fetch(db, _SOME, (json.dumps(rows),)) if rows else ()
        return {row: preview(self.of(*its)) for row, *its in found}


@lru_cache(maxsize=256)
def _at(text_at: str) -> mime.Place:
    start, end, encoding, charset = text_at.split(" ", 3)
    return mime.Place(int(start), int(end), Encoding(encoding), charset or None)
