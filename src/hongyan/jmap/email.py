"""Email/get (RFC 8621 §4.2): what lists show comes from the store's rows, the rest from the octets.

A message is parsed only when a property is asked for that its row has not, and then once. One of
which only the header is here is fetched when its body is asked for; what else is asked the header
tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.jmap import blob
from hongyan.jmap.blob import part_blob
from hongyan.jmap.email_body import BodyWish, header_properties
from hongyan.jmap.email_set import several
from hongyan.jmap.standard import wanted_ids, wanted_properties
from hongyan.jmap.times import utc
from hongyan.mime import jmap
from hongyan.store import Email, Kind
from hongyan.store import Part as PartOfResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.email_headers import HeaderProperty
    from hongyan.jmap.errors import Json
    from hongyan.mime import Message, Part

_ADDRESSES: Final = 500  # a row has at most so many; then the message itself is asked
_REFERENCES: Final = 100
_LINE: Final = 2_000

DEFAULT: Final = (
    "id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "messageId",
    "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo", "subject", "sentAt",
    "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody", "attachments",
)  # fmt: skip
KNOWN: Final = frozenset((*DEFAULT, "headers", "bodyStructure"))


class Shown:
    """A message on its way to a client: where its octets are, and its row if it has one.

    ``parse_header`` is for a message that is not whole.
    """

    def __init__(
        self,
        blob_id: str,
        row: Email | None,
        wish: BodyWish,
        parse: Callable[[], Message],
        parse_header: Callable[[], Message] | None = None,
    ) -> None:
        self.blob_id = blob_id
        self.row = row
        self.wish = wish
        self._parse = parse
        self._parse_header = parse_header

    @cached_property
    def message(self) -> Message:
        """The message, parsed."""
        return self._parse()

    @cached_property
    def header(self) -> Message:
        """The message as far as its header tells of it."""
        return self._parse_header() if self._parse_header else self.message

    @cached_property
    def part_blob(self) -> Callable[[Part], str]:
        """What names its parts."""
        return part_blob(self.blob_id)

    def value(self, name: str) -> object:
        """Return a property."""
        if self.row is not None:
            known = _OF_ROW.get(name)
            if known is not None and (value := known(self.row)) is not UNTOLD:
                return value
        if name in _BODIES:
            return _BODIES[name](self)
        field = jmap.fields().get(name)
        return field(self.header) if field else None


class _Untold:
    """The row does not tell."""


UNTOLD: Final = _Untold()


def _few(found: tuple[mime.Address, ...]) -> object:
    return jmap.addresses(found) if 0 < len(found) < _ADDRESSES else UNTOLD


def _ids(found: tuple[str, ...]) -> object:
    return list(found) or None if len(found) < _REFERENCES else UNTOLD


# An empty value can mean that there is no such field or an empty one: only the message tells.
_OF_ROW: Final[dict[str, Callable[[Email], object]]] = {
    "id": lambda row: row.id,
    "blobId": lambda row: row.blob_id,
    "threadId": lambda row: row.thread_id,
    "mailboxIds": lambda row: dict.fromkeys(sorted(row.mailbox_ids), True),
    "keywords": lambda row: dict.fromkeys(sorted(row.keywords), True),
    "size": lambda row: row.size,
    "receivedAt": lambda row: utc(row.received_at),
    "messageId": lambda row: [row.message_id] if row.message_id else None,
    "inReplyTo": lambda row: _ids(row.in_reply_to),
    "references": lambda row: _ids(row.references),
    "from": lambda row: _few(row.from_),
    "to": lambda row: _few(row.to),
    "cc": lambda row: _few(row.cc),
    "subject": lambda row: row.subject if 0 < len(row.subject) < _LINE else UNTOLD,
    "sentAt": lambda row: jmap.date_text(row.sent_at),
    "hasAttachment": lambda row: row.has_attachment,
    "preview": lambda row: row.preview,
}
_BODIES: Final[dict[str, Callable[[Shown], object]]] = {
    "blobId": lambda shown: shown.blob_id,
    "size": lambda shown: shown.message.size,
    "headers": lambda shown: jmap.header_list(shown.header.headers),
    "bodyStructure": lambda shown: shown.wish.structure(shown.message, shown.part_blob),
    "bodyValues": lambda shown: shown.wish.values(shown.message),
    "textBody": lambda shown: shown.wish.parts(shown.message.body.text, shown.part_blob),
    "htmlBody": lambda shown: shown.wish.parts(shown.message.body.html, shown.part_blob),
    "attachments": lambda shown: shown.wish.parts(shown.message.attachments, shown.part_blob),
}
_OF_BODIES: Final = frozenset(_BODIES) - {"blobId", "size", "headers"}


@dataclass(frozen=True, slots=True)
class EmailWish:
    """Which properties of messages a client wants."""

    properties: tuple[str, ...]
    headers: dict[str, HeaderProperty]
    body: BodyWish

    @classmethod
    def take(
        cls, call: Call, *, every: tuple[str, ...] = DEFAULT, always: tuple[str, ...] = ("id",)
    ) -> EmailWish:
        """Take the arguments of Email/get and Email/parse. Raises `MethodError`."""
        names = wanted_properties(call, None, every=every, always=always)
        headers = header_properties(names, known=KNOWN, argument="properties")
        return cls(names, headers, BodyWish.take(call))

    @property
    def is_of_bodies(self) -> bool:
        """Whether a property is wanted that no header tells."""
        return not _OF_BODIES.isdisjoint(self.properties)

    def show(self, shown: Shown) -> Json:
        """Return the Email object."""
        return {name: self._value(shown, name) for name in self.properties}

    def _value(self, shown: Shown, name: str) -> object:
        if (wanted := self.headers.get(name)) is not None:
            return wanted.of(shown.header.headers)
        return shown.value(name)


def get(call: Call) -> Json:
    """Answer Email/get."""
    account = call.account
    ids = wanted_ids(call, lambda: _everything(call))
    wish = EmailWish.take(call)
    call.end()
    if wish.is_of_bodies:
        blob.bring(call.server, several(call, ids).values())
    with call.store.view():
        state = call.store.changes.state(account.id, Kind.EMAIL)
        rows = several(call, ids)
        shown = [_show(call, wish, rows[id_]) for id_ in ids if id_ in rows]
    return call.answer(state=state, list=shown, notFound=[id_ for id_ in ids if id_ not in rows])


def _show(call: Call, wish: EmailWish, row: Email) -> Json:
    header = None if row.whole else lambda: mime.parse(call.store.blobs.header(row.id))
    return wish.show(Shown(row.blob_id, row, wish.body, lambda: _parse(call, row), header))


def _parse(call: Call, row: Email) -> Message:
    return mime.parse(blob.of_message(call.server, row))


def _everything(call: Call) -> Sequence[str]:
    """Return all ids of an account that has few messages: one more than the limit is too many."""
    part = PartOfResult(limit=call.limits.max_objects_in_get + 1)
    return call.store.search.query(call.account.id, part=part).ids
