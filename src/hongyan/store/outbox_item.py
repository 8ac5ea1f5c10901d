"""What is in the outbox: items, their envelopes, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from hongyan.store.database import fetch
from hongyan.store.times import moment
from hongyan.store.types import AccountId, MessageId, OutboxId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import apsw


class State(Enum):
    """Where an item, or one recipient of it, stands."""

    HELD = "held"  # until the person lets it go
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class Delivery(Enum):
    """What delivery reports said about a recipient (RFC 3464 §2.3.3): a claim, not a proof."""

    UNKNOWN = "unknown"
    DELAYED = "delayed"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    DELIVERED = "delivered"
    FAILED = "failed"


class Copy(Enum):
    """The sender's own copy of what was sent."""

    NONE = "none"
    DUE = "due"  # the provider may file one: that is looked for first
    OURS = "ours"
    PROVIDER = "provider"


WAITING: Final = (State.QUEUED, State.DEFERRED)
_SELECT: Final = """
    SELECT o.id, o.account, lower(hex(b.sha256)), o.message_id, o.sender, o.state, o.attempts,
        o.created_at, o.next_try, o.words, o.owner, o.content_started,
        o.envid, o.send_at, o.sent_at, o.receipts, o.message, o.copy
    FROM outbox AS o LEFT JOIN blobs AS b ON b.id = o.blob
"""

_INSERT: Final = """
    INSERT INTO outbox (account, blob, message_id, sender, state, created_at, next_try, envid,
        send_at, receipts, message)
    VALUES (:account, :blob, :message_id, :sender, :state, :created_at, :next_try, :envid,
        :send_at, :receipts, :message)
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of an envelope, what became of it, and the server's last words about it.

    ``delivery`` with its words is what reports said later; ``displayed`` that a receipt came.
    """

    address: str
    state: State
    words: str = ""
    delivery: Delivery = Delivery.UNKNOWN
    delivery_words: str = ""
    displayed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to for one recipient: sent, deferred, refused or uncertain."""

    state: State
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A message on its way, with its envelope.

    ``envid`` is what delivery reports call it; ``send_at`` the time that the person chose, or None;
    ``receipts`` whether reports of success are asked for; ``email_id`` the sender's own copy, which
    may be gone; ``blob_id`` is empty when the octets are lost.
    """

    id: OutboxId
    account_id: AccountId
    blob_id: str
    message_id: str
    sender: str
    recipients: tuple[Recipient, ...]
    state: State
    attempts: int
    created_at: datetime
    next_try: datetime
    words: str
    owner: str | None
    content_started: bool
    envid: str
    send_at: datetime | None
    sent_at: datetime | None
    receipts: bool
    email_id: MessageId | None
    copy: Copy

    @property
    def pending(self) -> tuple[str, ...]:
        """The addresses that an attempt is for."""
        return tuple(each.address for each in self.recipients if each.state in WAITING)


def recipients_of(db: apsw.Connection, row: int) -> tuple[Recipient, ...]:
    """Return the recipients of an item in the order of its envelope."""
    rows = fetch(
        db,
        "SELECT address, state, words, delivery, delivery_words, displayed FROM recipients "
        "WHERE item = ? ORDER BY position",
        (row,),
    )
    return tuple(
        Recipient(address, State(state), words, Delivery(delivery), about, bool(displayed))
        for address, state, words, delivery, about, displayed in rows
    )


def items(db: apsw.Connection, where: str, values: tuple[int | str, ...]) -> tuple[Item, ...]:
    """Return the items that a clause after ``FROM outbox AS o`` selects."""
    return tuple(_item(db, row) for row in fetch(db, _SELECT + where, values))


def insert(db: apsw.Connection, values: Mapping[str, Any], recipients: Sequence[str]) -> int:
    """Insert an item with these columns for these addresses; return its row."""
    ((row,),) = fetch(db, _INSERT, values)
    db.executemany(
        "INSERT INTO recipients (item, position, address, state) VALUES (?, ?, ?, ?)",
        [(row, at, each, State.QUEUED.value) for at, each in enumerate(recipients)],
    )
    return int(row)


def _item(db: apsw.Connection, row: tuple[Any, ...]) -> Item:
    number, account, blob, message_id, sender, state, attempts, created_at, next_try = row[:9]
    words, owner, content_started, envid, send_at, sent_at, receipts, message, copy = row[9:]
    return Item(
        id=OutboxId(f"o{number}"),
        account_id=AccountId(f"a{account}"),
        blob_id=blob,
        message_id=message_id,
        sender=sender,
        recipients=recipients_of(db, number),
        state=State(state),
        attempts=attempts,
        created_at=moment(created_at),
        next_try=moment(next_try),
        words=words,
        owner=owner,
        content_started=bool(content_started),
        envid=envid,
        send_at=None if send_at is None else moment(send_at),
        sent_at=None if sent_at is None else moment(sent_at),
        receipts=bool(receipts),
        email_id=None if message is None else MessageId(f"m{message}"),
        copy=Copy(copy),
    )
