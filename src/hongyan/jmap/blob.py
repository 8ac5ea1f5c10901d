"""Names for octets: a stored blob by its SHA-256, or a part of the message that it is.

A message of which only the header is here has its own id for a blob id, which stays good: asking
for its octets fetches them.

``HASH-2`` is part 2 of the message in the blob HASH, decoded; ``HASH-2-1`` part 1 of the message
within that part. The names are Ids (RFC 8620 §1.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.errors import NotFound, NotHereYet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.jmap.call import Jmap
    from hongyan.mime import Message, Part
    from hongyan.store import Email
    from hongyan.store.protection import Octets

_BLOB: Final = re.compile(r"([0-9a-f]{64}|m[1-9][0-9]{0,17})((?:-[0-9_]{1,20}){0,8})")


@dataclass(frozen=True, slots=True)
class Found:
    """Octets, and the part of a message that they were, if they were one."""

    octets: Octets
    part: Part | None = None


def part_blob(blob_id: str) -> Callable[[Part], str]:
    """Return what names the parts of the message in a blob."""
    return lambda part: f"{blob_id}-{part.part_id.replace('.', '_')}"


def bring(server: Jmap, rows: Iterable[Email]) -> None:
    """Have the octets fetched of those messages that are not whole. Raises `NotHereYet`."""
    if missing := [row.id for row in rows if not row.whole]:
        server.bring(missing)


def of_message(server: Jmap, row: Email) -> Octets:
    """Return a message's octets, fetched now if need be. Raises as `find`."""
    return _opened(server, row.blob_id)


def _opened(server: Jmap, name: str) -> Octets:
    try:
        return server.store.blobs.open(name)
    except NotHereYet as error:
        server.bring([error.message_id])
    return server.store.blobs.open(name)


def find(server: Jmap, blob_id: str) -> Found:
    """Return the octets that a blob id names, fetched now if need be.

    Raises `NotFound`, `NotHereYet` where they could not be fetched, `StoreError` when damaged.
    """
    name = _BLOB.fullmatch(blob_id)
    if name is None:
        raise NotFound(f"there is no blob {blob_id[:80]!r}")
    found = Found(_opened(server, name[1]))
    for number in filter(None, name[2].split("-")):
        part = _part(mime.parse(found.octets), number.replace("_", "."))
        found = Found(part.content(), part)
    return found


def _part(message: Message, part_id: str) -> Part:
    for part in (*message.parts, *message.attachments):
        if part.part_id == part_id and not part.is_multipart:
            return part
    raise NotFound(f"the message has no part {part_id}")
