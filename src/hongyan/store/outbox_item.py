"""What is in the outbox: items, their envelopes, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from hongyan.store.database import fetch
from hongyan.store.times import moment
from hongyan.store.types import AccountId, OutboxId

if TYPE_CHECKING:
    from datetime import datetime

    import apsw


class State(Enum):
    """Where an item, or one recipient of it, stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


WAITING: Final = (State.QUEUED, State.DEFERRED)
_SELECT: Final = """
    SELECT o.id, o.account, lower(hex(b.sha256)), o.message_id, o.sender, o.state, o.attempts,
        o.created_at, o.next_try, o.words, o.owner, o.content_started
    FROM outbox AS o JOIN blobs AS b ON b.id = o.blob
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of an envelope, what became of it, and the server's last words about it."""

    address: str
    state: State
    words: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to for one recipient: sent, deferred, refused or uncertain."""

    state: State
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A message on its way, with its envelope."""

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

    @property
    def pending(self) -> tuple[str, ...]:
        """The addresses that an attempt is for."""
        return tuple(each.address for each in self.recipients if each.state in WAITING)


def recipients_of(db: apsw.Connection, row: int) -> tuple[Recipient, ...]:
    """Return the recipients of an item in the order of its envelope."""
    rows = fetch(
        db, "SELECT address, state, words FROM recipients WHERE item = ? ORDER BY position", (row,)
    )
    return tuple(Recipient(address, State(state), words) for address, state, words in rows)


def items(db: apsw.Connection, where: str, values: tuple[int, ...]) -> tuple[Item, ...]:
    """Return the items that a clause after ``FROM outbox AS o`` selects."""
    return tuple(_item(db, row) for row in fetch(db, _SELECT + where, values))


def _item(db: apsw.Connection, row: tuple[Any, ...]) -> Item:
    number, account, blob, message_id, sender, state, attempts, created_at, next_try = row[:9]
    words, owner, content_started = row[9:]
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
    )
