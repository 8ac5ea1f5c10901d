"""What is kept of an IMAP server's mailboxes and messages: the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.store.types import MailboxId, MessageId, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapMailbox:
    """A mailbox of the server and ours, as they stood when we last looked.

    ``wire`` is the server's name, ``called`` ours when both agreed, ``name`` ours of now, None when
    it has been deleted here. ``doubts``: visits in a row that found it empty or missing.
    """

    id: MailboxId
    wire: bytes
    delimiter: str | None
    called: str
    name: str | None
    role: Role | None
    object_id: str | None
    uid_validity: int | None
    uid_next: int
    modseq: int | None
    exist: int
    doubts: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server had a message: ``message`` is None until it has been fetched.

    ``flags`` are keywords, None until told.
    """

    uid: int
    message: MessageId | None
    flags: frozenset[str] | None
    size: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A message without its place on the server: what it may be known by again.

    ``absent``: the server had it there, with ``flags``, and has not now; else we put it there.
    """

    message: MessageId
    mailbox: MailboxId
    message_id: str
    size: int
    received_at: datetime
    flags: frozenset[str] | None
    absent: bool


@dataclass(frozen=True, slots=True)
class Here:
    """How a message stands here: its mailboxes and keywords, and whether not its header alone."""

    mailboxes: frozenset[MailboxId]
    keywords: frozenset[str]
    whole: bool = True
