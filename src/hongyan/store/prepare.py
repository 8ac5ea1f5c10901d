"""What can be done for a message before it is stored, in another process.

Reading it, folding its text for the index, hashing and compressing take more than half of the time
of storing it and need no database. `prepare` is a pure function; what it returns goes where octets
go, to `Messages.add`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hongyan.store import search_index
from hongyan.store.packing import packed_with
from hongyan.store.spool import Blob, Packed
from hongyan.store.summary import kept_anyway, summarise
from hongyan.store.texts import is_quick

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.store.summary import Summary


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be stored: its octets as they are kept, what it says, what is indexed."""

    blob: Blob
    summary: Summary
    texts: tuple[str, ...]


def prepare(octets: bytes, dictionary: Path | None) -> Prepared:
    """Prepare a message of at most `spool.SMALL` octets; see `Blobs.dictionary`."""
    summary = kept_anyway(summarise, octets)
    texts = search_index.texts_of(summary)
    if is_quick(summary, len(octets)):
        summary = replace(summary, text="")  # nobody needs it again
    frame = packed_with(octets, dictionary)
    kept = Packed("zstd", frame) if len(frame) < len(octets) else Packed("plain", octets)
    return Prepared(Blob(hashlib.sha256(octets).hexdigest(), len(octets), kept), summary, texts)
