"""What can be done for a message before it is stored, in another process.

Reading it, folding its text for the index, hashing and compressing take half of the time of storing
it and need no database. `prepare` is a pure function; what it returns goes where octets go, to
`Messages.add`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from hongyan import mime
from hongyan.store import search_index, texts, threads
from hongyan.store.columns import Columns, columns
from hongyan.store.packing import packed_with
from hongyan.store.spool import Blob, Packed, TemporaryFile
from hongyan.store.summary import kept_anyway, summarise, summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hongyan.store.packing import Dictionary
    from hongyan.store.protection import Protection
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


class Spooled(NamedTuple):
    """Octets in a temporary file of this machine, by their SHA-256 (hex) and size."""

    sha256: str
    size: int
    path: Path
    protection: Protection


def source(blob: Blob) -> bytes | Spooled:
    """Return what `prepare_all` takes of a blob fresh from a writer, which has to live as long."""
    pending = blob.pending
    if isinstance(pending, TemporaryFile):
        return Spooled(blob.sha256, blob.size, pending.path, pending.protection)
    if isinstance(pending, bytes):
        return pending
    raise TypeError("only what is fresh from a writer is to be prepared")


def prepare_all(some: Sequence[bytes | Spooled], dictionary: Dictionary | None) -> list[Prepared]:
    """Prepare messages; what is spooled keeps its file, to be named as their `Prepared.blob`."""
    return [
        _prepare_spooled(each)
        if isinstance(each, Spooled)
        else prepare(each, mime.parse(each), dictionary)
        for each in some
    ]


def _prepare_spooled(spooled: Spooled) -> Prepared:
    octets = spooled.protection.mapped(spooled.path, spooled.size)
    return prepared(Blob(spooled.sha256, spooled.size), kept_anyway(summarise, octets))


def prepared(blob: Blob, summary: Summary) -> Prepared:
    """Return octets and what their message says as it is stored."""
    return Prepared(
        blob,
        columns(summary, texts.place(summary, blob.size)),
        threads.marks(summary),
        search_index.texts_of(summary),
        texts.kept(summary, blob.size),
    )
