"""What a message's row tells, made when the message is read: texts as the columns keep them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan.mime.message import preview_of
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.store.summary import Summary

_PREVIEW: Final = 100  # characters, about what a list has room for
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Columns(NamedTuple):
    """Columns of the table ``messages``, by their names; addresses are JSON, [[name, email], …]."""

    message_id: str
    in_reply_to: str
    refs: str
    subject: str
    from_: str
    to_: str
    cc: str
    sent_at: str | None
    has_attachment: bool
    text_at: str | None
    preview: str


def columns(summary: Summary, text_at: str | None) -> Columns:
    """Return what the row of a message tells; ``text_at`` is of `texts.place`."""
    usual = summary.in_reply_to == summary.references[-1:]  # then it is not kept twice
    return Columns(
        summary.message_id,
        "" if usual else _list(summary.in_reply_to),
        _list(summary.references),
        summary.subject,
        addresses_out(summary.from_),
        addresses_out(summary.to),
        addresses_out(summary.cc),
        summary.sent_at.isoformat() if summary.sent_at else None,
        summary.has_attachment,
        text_at,
        preview(summary.text),
    )


def preview(text: str) -> str:
    """Return the beginning of a message's text, as lists show it."""
    return preview_of(text, _PREVIEW)


def addresses_out(addresses: Iterable[Address]) -> str:
    """Return the column's text for ``addresses``."""
    return _list([(address.name, address.email) for address in addresses])


def _list(items: Sequence[object]) -> str:
    return _JSON.encode(items) if items else "[]"


def addresses_in(text: str) -> tuple[Address, ...]:
    """Return the addresses in a column's text."""
    return addresses(json.loads(text))


def addresses(pairs: Iterable[Sequence[str]]) -> tuple[Address, ...]:
    """Return the addresses of a column's JSON that has been read."""
    return tuple(Address(name, email) for name, email in pairs)
