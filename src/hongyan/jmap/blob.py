"""Names for octets: a stored blob by its SHA-256, or a part of the message that it is.

``HASH-2`` is part 2 of the message in the blob HASH, decoded; ``HASH-2-1`` part 1 of the message
within that part. The names are Ids (RFC 8620 §1.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.mime import Message, Part
    from hongyan.store import Store
    from hongyan.store.protection import Octets

_BLOB: Final = re.compile(r"([0-9a-f]{64})((?:-[0-9_]{1,20}){0,8})")


@dataclass(frozen=True, slots=True)
class Found:
    """Octets, and the part of a message that they were, if they were one."""

    octets: Octets
    part: Part | None = None


def part_blob(blob_id: str) -> Callable[[Part], str]:
    """Return what names the parts of the message in a blob."""
    return lambda part: f"{blob_id}-{part.part_id.replace('.', '_')}"


def find(store: Store, blob_id: str) -> Found:
    """Return the octets that a blob id names. Raises `NotFound`, `StoreError` when damaged."""
    name = _BLOB.fullmatch(blob_id)
    if name is None:
        raise NotFound(f"there is no blob {blob_id[:80]!r}")
    found = Found(store.blobs.open(name[1]))
    for number in filter(None, name[2].split("-")):
        part = _part(mime.parse(found.octets), number.replace("_", "."))
        found = Found(part.content(), part)
    return found


def _part(message: Message, part_id: str) -> Part:
    for part in (*message.parts, *message.attachments):
        if part.part_id == part_id and not part.is_multipart:
            return part
    raise NotFound(f"the message has no part {part_id}")
