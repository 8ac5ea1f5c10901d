"""What the store keeps of a message beside its octets: the seam to the MIME room.

A `Summary` is made once, when the message arrives. Whatever a message does to its reader, a summary
comes out: mail is kept first and understood second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from hongyan import mime
from hongyan.mime import header
from hongyan.store.attached import attached_text
from hongyan.store.folding import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from mmap import mmap
    from typing import TypeAlias

    from hongyan.mime.types import Address

    Summarise: TypeAlias = Callable[[bytes | mmap], "Summary"]

T = TypeVar("T")
TEXT_LIMIT: Final = 1_000_000
_ADDRESSES: Final = 500
_REFERENCES: Final = 100
_FILENAMES: Final = 200
_LINE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The fields of a message that lists, threads and the search need.

    Ids stand without angle brackets; ``sent_at`` is aware; ``text`` is the body as plain text;
    ``list_id`` the value of List-Id; ``is_plain`` whether there is no HTML to be read for it;
    ``place`` where in the octets ``text`` lies, when it does; ``attached`` the text of attachments.
    """

    subject: str = ""
    from_: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    list_id: str = ""
    sent_at: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    filenames: tuple[str, ...] = ()
    has_attachment: bool = False
    is_plain: bool = False
    place: mime.Place | None = None
    attached: str = ""


def summarise(raw: bytes | mmap) -> Summary:
    """Return the summary of a message; every text has a limit, and UTF-8 can say it."""
    return summary_of(mime.parse(raw))


def summary_of(message: mime.Message) -> Summary:
    """Return the summary of a message that has been read; see `summarise`."""
    return Summary(
        subject=storable(message.subject[:_LINE]),
        from_=_addresses(message.from_),
        to=_addresses(message.to),
        cc=_addresses(message.cc),
        bcc=_addresses(message.bcc),
        list_id=_list_id(message.header("List-Id") or b""),
        sent_at=message.date,
        message_id=storable(message.message_id[:_LINE]),
        in_reply_to=_ids(message.in_reply_to),
        references=_ids(message.references),
        text=storable(message.text[:TEXT_LIMIT]),
        filenames=tuple(
            storable((part.filename or "")[:_LINE]) for part in message.attachments[:_FILENAMES]
        ),
        has_attachment=message.has_attachment,
        is_plain=all(part.content_type == "text/plain" for part in message.body.text),
        place=message.place,
        attached=storable(attached_text(message)),
    )


def kept_anyway(summarise: Callable[[T], Summary], message: T) -> Summary:
    """Return the summary, or an empty one when a fault in the reader would keep mail out."""
    try:
        return summarise(message)
    except Exception:  # noqa: BLE001  # losing mail is worse than any fault that could be met here
        return Summary(subject="(this message could not be read)")


def _addresses(addresses: Iterable[Address]) -> tuple[Address, ...]:
    return tuple(map(_address, tuple(addresses)[:_ADDRESSES]))


def _address(address: Address) -> Address:
    name = None if address.name is None else storable(address.name[:_LINE])
    email = storable(address.email[:_LINE])
    is_same = name == address.name and email == address.email
    return address if is_same else mime.Address(name, email)


def _list_id(value: bytes) -> str:
    """Return a mailing list's words and name, as List-Id has them (RFC 2919)."""
    return storable(header.text(value[:_LINE]))


def _ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids, of very many the first one, which began it all, and the last, the nearest."""
    kept = ids if len(ids) <= _REFERENCES else (ids[0], *ids[1 - _REFERENCES :])
    return tuple(storable(id_[:_LINE]) for id_ in kept)
