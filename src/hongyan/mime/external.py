"""``message/external-body``: content that is somewhere else, to be shown and never fetched.

RFC 2046 §5.2.3, RFC 2017. Where it is said to be is a stranger's claim; a person may open it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.mime import date
from hongyan.mime.message import nested
from hongyan.mime.names import unseen

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.mime.part import Part

TYPE: Final = "message/external-body"
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class External:
    """Content elsewhere: ``access`` is the access-type in lower case, ``place`` where it is.

    ``content_type`` is that of the content; ``size`` in octets and ``expires`` if they are told.
    """

    access: str
    place: str
    content_type: str
    size: int | None
    expires: datetime | None


def external(part: Part) -> External | None:
    """Return what ``part`` refers to, or None when it is no ``message/external-body``."""
    if part.content_type != TYPE:
        return None
    said = {name: unseen(value)[:_LONGEST] for name, value in part.parameters.items()}
    size = said.get("size", "")
    return External(
        access=said.get("access-type", "").lower(),
        place=_place(said),
        content_type=nested(part).parts[0].content_type,
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None,
        expires=date.parse(said.get("expiration")),
    )


def _place(said: dict[str, str]) -> str:
    if url := "".join(said.get("url", "").split()):
        return url
    path = "/".join(filter(None, (said.get("directory", "").strip("/"), said.get("name", ""))))
    site = said.get("site") or said.get("server", "")
    return f"{site}/{path}" if site and path else site or path
