"""QUOTA and QUOTAROOT responses (RFC 9208 §4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import ProtocolError
from hongyan.guard import shown
from hongyan.imap import read
from hongyan.imap.data import Quota, QuotaRoots

if TYPE_CHECKING:
    from hongyan.imap.lexer import Value


def quota(values: list[Value]) -> Quota:
    """Return what a QUOTA response says. Raises `ProtocolError`."""
    if len(values) != 2:
        raise ProtocolError("the server's QUOTA has no resources")
    triples = read.many(values[1], "QUOTA")
    if len(triples) % 3:
        raise ProtocolError("the server's QUOTA has a resource without its limit")
    resources = {
        read.text(name, "QUOTA").upper(): (
            read.number(usage, "QUOTA"),
            read.number(limit, "QUOTA"),
        )
        for name, usage, limit in zip(*(iter(triples),) * 3, strict=True)
    }
    return Quota(shown(read.text(values[0] or b"", "QUOTA")), resources)


def quota_roots(values: list[Value]) -> QuotaRoots:
    """Return what a QUOTAROOT response says. Raises `ProtocolError`."""
    if not values:
        raise ProtocolError("the server's QUOTAROOT names no mailbox")
    return QuotaRoots(
        read.octets(values[0], "QUOTAROOT"),
        tuple(shown(read.text(each or b"", "QUOTAROOT")) for each in values[1:]),
    )
