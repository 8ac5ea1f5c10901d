"""The store: where the mail lives (SQLite with FTS5, and files for large messages)."""

from __future__ import annotations

from hongyan.store.adding import New
from hongyan.store.arriving import Arriving
from hongyan.store.email_query import Ids, Part
from hongyan.store.filters import Sort
from hongyan.store.imap_types import Here, ImapMailbox, Lost, Place
from hongyan.store.marking import Change
from hongyan.store.offers import Offer
from hongyan.store.outbox_item import Copy, Delivery, Item, Outcome, Recipient, State
from hongyan.store.prepare import Prepared, prepare
from hongyan.store.search import Hit, Order
from hongyan.store.snippet import Snippet
from hongyan.store.spool import Blob, BlobWriter
from hongyan.store.store import Store
from hongyan.store.summary import Summary, summarise
from hongyan.store.types import (
    LOCAL,
    Account,
    AccountId,
    Changes,
    Email,
    Identity,
    IdentityId,
    Kind,
    Mailbox,
    MailboxId,
    MessageId,
    OutboxId,
    Role,
    ThreadId,
    UidlState,
)

__all__ = [
    "LOCAL",
    "Account",
    "AccountId",
    "Arriving",
    "Blob",
    "BlobWriter",
    "Change",
    "Changes",
    "Copy",
    "Delivery",
    "Email",
    "Here",
    "Hit",
    "Identity",
    "IdentityId",
    "Ids",
    "ImapMailbox",
    "Item",
    "Kind",
    "Lost",
    "Mailbox",
    "MailboxId",
    "MessageId",
    "New",
    "Offer",
    "Order",
    "OutboxId",
    "Outcome",
    "Part",
    "Place",
    "Prepared",
    "Recipient",
    "Role",
    "Snippet",
    "Sort",
    "State",
    "Store",
    "Summary",
    "ThreadId",
    "UidlState",
    "prepare",
    "summarise",
]
