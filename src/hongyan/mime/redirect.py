"""Redirecting: the same message to somebody else, its own octets unchanged (RFC 5322 §3.6.6).

Resent fields go before the original; a new draft could not keep its signatures, so this is none.
Bcc and Return-Path, which only the first delivery may have had, are left out of the header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.mime import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hongyan.mime.draft import Draft

HEADER_LIMIT: Final = 1 << 20

_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
_PRIVATE: Final = re.compile(
    rb"^(?:bcc|resent-bcc|return-path)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*+",
    re.IGNORECASE | re.MULTILINE,
)


def redirect(draft: Draft, original: Iterable[bytes]) -> Iterator[bytes]:
    """Return ``original`` in chunks, resent by ``draft``: its From, To, Cc, date and Message-ID.

    The rest of the draft is not used; it is stamped like any other. The original may be 8-bit and
    its lines are left as they are. Raises `InvalidArgument` naming the field, or for a header
    larger than 1 MiB.
    """
    if draft.date is None or not draft.message_id:
        raise InvalidArgument("Resent-Date", "is missing: stamp() the draft")
    if not draft.to and not draft.cc and not draft.bcc:
        raise InvalidArgument("Resent-To", "names nobody")
    fields = [
        encode.date_field("Resent-Date", draft.date),
        encode.address_field("Resent-From", (draft.from_,)),
    ]
    for name, addresses in (("Resent-To", draft.to), ("Resent-Cc", draft.cc)):
        if addresses:
            fields.append(encode.address_field(name, addresses))
    fields.append(encode.identifier_field("Resent-Message-ID", (draft.message_id,)))
    chunks = iter(original)
    header, rest = _header(chunks)
    return _chunks(b"".join((*fields, _PRIVATE.sub(b"", header), rest)), chunks)


def _header(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return the header with the end of its last line, and what was read after that."""
    read = bytearray()
    for chunk in chunks:
        searched = max(len(read) - 3, 0)
        read += chunk
        found = _HEADER_END.search(read, searched)
        if found:
            end = read.index(b"\n", found.start()) + 1
            return bytes(read[:end]), bytes(read[end:])
        if len(read) > HEADER_LIMIT:
            raise InvalidArgument("message", f"its header is larger than {HEADER_LIMIT} octets")
    return bytes(read), b""


def _chunks(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
