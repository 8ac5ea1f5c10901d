"""What can be done for a message before it is stored, in another process.

Reading it, folding its text for the index, hashing and compressing take half of the time of storing
it and need no database. `prepare` is a pure function; what it returns goes where octets go, to
`Messages.add`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from hongyan.store import search_index, texts, threads
from hongyan.store.columns import Columns, columns
from hongyan.store.packing import packed_with
from hongyan.store.spool import Blob, Packed
from hongyan.store.summary import kept_anyway, summary_of

if TYPE_CHECKING:
    from hongyan import mime
    from hongyan.store.packing import Dictionary
    from hongyan.store.summary import Summary


class Prepared(NamedTuple):
    """A message ready to be stored: its octets as they are kept, and all that is made of them.

    ``marks`` are those of its thread, ``texts`` what is indexed, ``body`` the text that is kept.
    A tuple, as those cross from process to process in half of the time of another object.
    """

    blob: Blob
    columns: Columns
    marks: tuple[int, ...]
    texts: tuple[str, ...]
    body: bytes | None


def prepare(octets: bytes, message: mime.Message, dictionary: Dictionary | None) -> Prepared:
    """Prepare a message of at most `spool.SMALL` octets that has been read; `Blobs.dictionary`."""
    frame = packed_with(octets, dictionary)
    kept = Packed("zstd", frame) if len(frame) < len(octets) else Packed("plain", octets)
    blob = Blob(hashlib.sha256(octets).hexdigest(), len(octets), kept)
    return prepared(blob, kept_anyway(summary_of, message))


def prepared(blob: Blob, summary: Summary) -> Prepared:
    """Return octets and what their message says as it is stored."""
    return Prepared(
        blob,
        columns(summary, texts.place(summary, blob.size)),
        threads.marks(summary),
        search_index.texts_of(summary),
        texts.kept(summary, blob.size),
    )
