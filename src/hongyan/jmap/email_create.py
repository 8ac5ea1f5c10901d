"""Email/set create (RFC 8621 §4.6): an Email object becomes the octets of a message, once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.jmap.arguments import Arguments, id_or_reference, mapping, optional, text, utc_date
from hongyan.jmap.email_fields import joined, take_fields
from hongyan.jmap.email_parts import Parts
from hongyan.jmap.errors import Json, NotSet
from hongyan.mime import encode
from hongyan.mime.draft import make_message_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.mime.entity import Entity
    from hongyan.store import Blob, Email

_NEVER_GIVEN: Final = ("id", "blobId", "threadId", "size", "headers", "hasAttachment", "preview")


def _true(value: object) -> bool:
    if value is True:
        return True
    raise ValueError("has a value that is not true")


mailbox_ids = mapping(id_or_reference, _true)
keywords = mapping(text, _true)


def require_mailboxes(call: Call, ids: Iterable[str]) -> None:
    """Raise `NotSet` when the account has not all of these mailboxes."""
    known = {mailbox.id for mailbox in call.store.mailboxes.list(call.account.id)}
    if unknown := set(ids) - known:
        words = f"there is no mailbox {', '.join(sorted(unknown))}"
        raise NotSet("invalidProperties", words, "mailboxIds")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a new message goes: what every way of adding one has in common."""

    mailbox_ids: tuple[str, ...]
    keywords: frozenset[str]
    received_at: datetime

    @classmethod
    def take(cls, call: Call, given: Arguments) -> Placed:
        """Take the properties. Raises `MethodError`, `NotSet`."""
        boxes = given.take("mailboxIds", mailbox_ids)
        if not boxes:
            raise NotSet("invalidProperties", "a message is in a mailbox", "mailboxIds")
        words = given.take("keywords", optional(keywords), None) or {}
        received_at = given.take("receivedAt", optional(utc_date), None)
        return cls(
            tuple(call.resolve(each) for each in boxes),
            frozenset(words),
            received_at or call.server.clock(),
        )

    def at(self, received_at: datetime) -> Placed:
        """Return the same with another time of arrival."""
        return replace(self, received_at=received_at)

    def marked(self, words: frozenset[str]) -> Placed:
        """Return the same with other keywords."""
        return replace(self, keywords=words)

    def add(self, call: Call, content: bytes | Blob) -> Email:
        """Store a message there. Raises `NotSet`."""
        require_mailboxes(call, self.mailbox_ids)
        first, *others = self.mailbox_ids
        id_ = call.store.messages.add(
            call.account.id,
            first,
            content,
            received_at=self.received_at,
            keywords=self.keywords,
            also_in=others,
        )
        return call.store.messages.get(id_)


def create(call: Call, given: Json) -> Json:
    """Create a message; return the properties that the client does not know."""
    for name in _NEVER_GIVEN:
        if name in given:
            raise NotSet("invalidProperties", f"{name} is not for the client to say", name)
    rest = dict(given)
    fields = take_fields(rest, in_part=False)
    parts = Parts(call.server, rest)
    arguments = Arguments(rest)
    placed = Placed.take(call, arguments)
    arguments.end()
    row = placed.add(call, _written(call, fields, parts.body()))
    return created(row)


def created(row: Email) -> Json:
    """Return what is answered of a message that has been added."""
    return {"id": row.id, "blobId": row.blob_id, "threadId": row.thread_id, "size": row.size}


def _written(call: Call, fields: dict[str, bytes], body: Entity) -> Blob:
    limit = call.limits.max_size_attachments
    size = 0
    with call.store.blobs.writer() as writer:
        for chunk in _octets(call, fields, body):
            size += len(chunk)
            if size > 2 * limit:
                raise NotSet("tooLarge", f"a message has at most {limit} octets")
            writer.write(chunk)
        return writer.finish()


def _octets(call: Call, fields: dict[str, bytes], body: Entity) -> Iterator[bytes]:
    """Yield the message; Date and Message-ID are ours where the client gave none."""
    ready = dict(fields)
    if not ready.get("date"):
        moment = call.server.clock().astimezone()
        ready = {"date": encode.date_field("Date", moment), **ready}
    if not ready.get("message-id"):
        own = make_message_id(_domain(call.account.address))
        ready["message-id"] = encode.identifier_field("Message-ID", (own,))
    yield joined(ready.values()) + b"MIME-Version: 1.0\r\n" + body.fields + b"\r\n"
    yield from body.chunks()


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2]
    try:
        encode.identifier("Message-ID", domain)
    except InvalidArgument:
        return "localhost"
    return domain
