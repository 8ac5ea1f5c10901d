"""A Message-ID in 64 bits, for the table that leads from ids to threads.

Two ids of the same mark would be one thread, which takes four thousand million ids by chance.
"""

from __future__ import annotations

from hashlib import blake2b


def id_mark(*message_id: object) -> int:
    """Return the mark of a Message-ID (one argument: SQLite calls it so, too)."""
    octets = str(message_id[0]).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(octets, digest_size=8).digest(), "big", signed=True)
