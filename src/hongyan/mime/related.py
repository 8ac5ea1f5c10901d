"""Parts that an HTML part refers to by address: Content-Location (RFC 2557 §5-§8).

References by Content-ID need no look-up of their own (`Part.cid`). Only parts of the message itself
are found, so nothing here can load anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin

from hongyan.mime import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.mime.message import Message
    from hongyan.mime.part import Part

_CID: Final = re.compile(r"cid:([^\s\"'<>()]+)", re.IGNORECASE)


def content_ids(html: str) -> frozenset[str]:
    """Return the Content-IDs that ``html`` refers to (RFC 2392), found in one pass."""
    found = _CID.findall(html)
    return frozenset((*found, *map(unquote, found)))


def by_location(message: Message, page: Part) -> Callable[[str], Part | None]:
    """Return what finds the part that an address in the HTML part ``page`` means, or None.

    Addresses are compared as written, then both made absolute by the page's base.
    """
    base = _base(message, page)
    found: dict[str, Part] = {}
    for part in message.parts:
        if part.location and not part.children:
            found.setdefault(part.location, part)
            found.setdefault(_joined(base, part.location), part)
    found.pop("", None)

    def find(address: str) -> Part | None:
        return (found.get(address) or found.get(_joined(base, address))) if found else None

    return find


def _base(message: Message, page: Part) -> str:
    """Return the page's own location, else what a multipart around it says is the base."""
    holder: Part | None = page
    while holder is not None:
        for value in (holder.header("content-base"), holder.header("content-location")):
            if value:
                return "".join(header.text(value).strip('"').split())
        holder = None if holder.parent is None else message.parts[holder.parent]
    return ""


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # a port that is none, a bracket that is not closed
        return ""
