"""The values of the store: ids, accounts, mailboxes, stored messages, blobs, changes.

The names are those of RFC 8621 where it has one. All are frozen; times are aware datetimes. An id
is a letter and a number, safe as an RFC 8620 §1.2 Id, and is never given twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NewType, TypeAlias

from hongyan.errors import NotFound
from hongyan.guard import shown

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.mime.types import Address

AccountId = NewType("AccountId", str)
MailboxId = NewType("MailboxId", str)
MessageId = NewType("MessageId", str)
ThreadId = NewType("ThreadId", str)
OutboxId = NewType("OutboxId", str)
IdentityId = NewType("IdentityId", str)

# How far a long piece of work has come: messages done and in all, octets done and in all.
Advance: TypeAlias = Callable[[int, int, int, int], None]


def silently(done: int, total: int, octets: int, total_octets: int) -> None:
    """Tell nobody how far it has come."""


_NOUNS: Final = {
    "a": "account",
    "b": "mailbox",
    "i": "identity",
    "m": "message",
    "o": "outbox item",
    "r": "rule",
    "u": "application of a rule",
    "t": "thread",
}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


def row_number(letter: str, text: str) -> int:
    """Return the number in the id ``text``, which begins with ``letter``.

    Raises `NotFound` when it is no such id: an id that was never given names nothing.
    """
    if text.startswith(letter) and _NUMBER.fullmatch(text, 1):
        return int(text[1:])
    raise nothing_like(letter, text)


def nothing_like(letter: str, text: str) -> NotFound:
    """Return the error that says what is missing."""
    return NotFound(f"there is no {_NOUNS[letter]} {shown(text, limit=80)!r}")


class Role(Enum):
    """The purpose of a mailbox (RFC 8621 §2, the IANA registry of RFC 6154's attributes)."""

    __hash__ = object.__hash__  # one of each there is; Enum would hash its name, in Python

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    ARCHIVE = "archive"
    JUNK = "junk"
    ALL = "all"
    FLAGGED = "flagged"
    IMPORTANT = "important"
    SNOOZED = "snoozed"
    SCHEDULED = "scheduled"
    MEMOS = "memos"


LOCAL: Final = "local@localhost"  # the address of the account that holds mail of this machine alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One mail account; ``secret`` says where its password lives ("keychain", "command:…")."""

    id: AccountId
    address: str
    name: str
    pop3_url: str | None
    imap_url: str | None
    smtp_url: str | None
    username: str
    secret: str

    @property
    def is_local(self) -> bool:
        """Whether it is the place for mail that no account has."""
        return self.address == LOCAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """A named set of messages with its counts (RFC 8621 §2).

    ``name`` is its own alone, without that of its parent. ``unread_threads`` counts the threads of
    which an unread message is in it.
    """

    id: MailboxId
    account_id: AccountId
    name: str
    role: Role | None
    total: int
    unread: int
    parent_id: MailboxId | None = None
    sort_order: int = 0
    is_subscribed: bool = True
    total_threads: int = 0
    unread_threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the person can write as (RFC 8621 §6)."""

    id: IdentityId
    account_id: AccountId
    email: str
    name: str = ""
    reply_to: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    text_signature: str = ""
    html_signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A stored message as lists show it (RFC 8621 §4.1), without its body.

    ``blob_id`` names its octets: their SHA-256 in hex, or while only the header is here, and it is
    not ``whole``, the message's own id, for which `Blobs` gives nothing. ``references`` and the
    like stand without angle brackets; ``sent_at`` is the Date field with the sender's own offset,
    or None.
    """

    id: MessageId
    account_id: AccountId
    blob_id: str
    thread_id: ThreadId
    mailbox_ids: frozenset[MailboxId]
    keywords: frozenset[str]
    size: int
    received_at: datetime
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    sent_at: datetime | None
    has_attachment: bool
    preview: str
    whole: bool = True


class UidlState(Enum):
    """What became of a message that a POP3 server named."""

    STORED = "stored"
    DELETED_HERE = "deleted_here"
    GONE_FROM_SERVER = "gone_from_server"


class Kind(Enum):
    """The types whose changes are counted, by their JMAP names."""

    __hash__ = object.__hash__  # one of each there is; Enum would hash its name, in Python

    EMAIL = "Email"
    MAILBOX = "Mailbox"
    THREAD = "Thread"
    SUBMISSION = "EmailSubmission"
    IDENTITY = "Identity"

    @property
    def letter(self) -> str:
        """What the ids of this type begin with."""
        return _LETTERS[self]


_LETTERS: Final = {
    Kind.EMAIL: "m",
    Kind.MAILBOX: "b",
    Kind.THREAD: "t",
    Kind.SUBMISSION: "o",
    Kind.IDENTITY: "i",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed between two states (RFC 8620 §5.2)."""

    old_state: str
    new_state: str
    has_more: bool
    created: tuple[str, ...]
    updated: tuple[str, ...]
    destroyed: tuple[str, ...]
