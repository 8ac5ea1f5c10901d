"""A tour through an account's mailboxes on the server: what its steps share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hongyan import imap
from hongyan.errors import Refused
from hongyan.store import MailboxId
from hongyan.sync.imap_plan import Standing, Tier
from hongyan.sync.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.errors import HongyanError
    from hongyan.flow import Flow
    from hongyan.imap import Connection, Fetched, Known, Selected
    from hongyan.imap.flows.select import Change
    from hongyan.store import Account, ImapMailbox, MessageId, Store
    from hongyan.sync.imap_labels import Labels
    from hongyan.sync.imap_plan import Mark
    from hongyan.sync.progress import Report


@dataclass(slots=True, kw_only=True)
class Synced:
    """What a visit brought and did; ``troubles`` are what the server would not do, in words.

    Of ``headers`` messages the header was brought before the rest.
    """

    messages: int = 0
    headers: int = 0
    octets: int = 0
    on_server: int = 0
    changed: int = 0
    removed: int = 0
    told: int = 0
    troubles: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Tour:
    """The state of a tour; ``tier`` is the best way of looking that both sides know.

    ``labels`` is None unless mailboxes of the account are labels.
    """

    account: Account
    store: Store
    conn: Connection
    number: int
    tier: Tier
    report: Report = silent
    result: Synced = field(default_factory=Synced)
    looked: set[MailboxId] = field(default_factory=set)
    doubted: set[MailboxId] = field(default_factory=set)  # suddenly empty
    gone: list[MailboxId] = field(default_factory=list)
    again: set[MailboxId] = field(default_factory=set)
    given: set[tuple[MessageId, MailboxId]] = field(default_factory=set)  # by APPEND
    labels: Labels | None = None
    _open: MailboxId | None = None
    _selected: dict[MailboxId, Selected] = field(default_factory=dict)

    def mailboxes(self) -> dict[MailboxId, ImapMailbox]:
        """Return the account's mailboxes that the server has, the inbox first."""
        known = self.store.imap_mailboxes.list(self.account.id)
        first = sorted(known, key=lambda each: each.role is None or each.role.value != "inbox")
        return {each.id: each for each in first}

    def select(
        self,
        mailbox: ImapMailbox,
        *,
        known: Known | None = None,
        take: Callable[[Change], None] | None = None,
    ) -> Flow[Selected]:
        """Open a mailbox. Raises `Refused`."""
        self._open = None
        selected = yield from imap.select(self.conn, mailbox.wire, known=known, take=take)
        self._open = mailbox.id
        self._selected[mailbox.id] = selected
        return selected

    def be_in(self, mailbox: ImapMailbox) -> Flow[Selected]:
        """Open a mailbox unless it is open; return how it was opened."""
        if self._open != mailbox.id:
            yield from self.select(mailbox)
        return self._selected[mailbox.id]

    def is_as_seen(self, mailbox: ImapMailbox) -> Flow[bool]:
        """Open a mailbox; return whether its UIDs mean what they did when we looked into it.

        Where another has taken its name since, have it looked at again. Raises `Refused`.
        """
        selected = yield from self.be_in(mailbox)
        if selected.uid_validity != mailbox.uid_validity or is_another(mailbox, selected):
            self.look_again(mailbox.id)
            return False
        return True

    def look_again(self, mailbox: str) -> None:
        """Have what stores the messages of a mailbox looked at once more."""
        home = self.labels.home(mailbox) if self.labels else mailbox
        self.again.add(MailboxId(home))

    def identities(self) -> tuple[str, ...]:
        """Return what to ask for so that `identity` can be told, where the server has it."""
        if self.conn.offers("OBJECTID"):
            return ("EMAILID",)
        return ("X-GM-MSGID",) if self.labels else ()

    def is_label(self, mailbox: str) -> bool:
        """Whether a mailbox is a label of messages that another stores."""
        return self.labels is not None and mailbox in self.labels.names

    def who_is(self, wire: bytes) -> Flow[str | None]:
        """Return the OBJECTID of a mailbox, if it can be had."""
        self._open = None
        try:
            return (yield from imap.select(self.conn, wire, read_only=True)).mailbox_id
        except Refused:
            return None

    def leave(self) -> Flow[None]:
        """Let no mailbox be open."""
        if self.conn.state is imap.State.SELECTED:
            yield from imap.unselect(self.conn)
        self._open = None

    def mark(self, message: MessageId, mark: Mark) -> None:
        """Change keywords here as they were changed there."""
        self.store.messages.patch_keywords(message, add=mark.add, remove=mark.remove)
        self.store.imap_messages.marked(message, add=mark.add, remove=mark.remove)

    def unsettle(self) -> None:
        """Have everything here compared anew: what was told is to be told again."""
        self.store.imap_messages.settle(self.account.id, 0)

    def trouble(self, where: str, error: HongyanError) -> None:
        """Note what the server would not do, once."""
        words = f"{where}: {error}"
        if words not in self.result.troubles:
            self.result.troubles.append(words)

    def permanent(self, mailbox: MailboxId) -> tuple[str, ...] | None:
        """Return the flags that a mailbox keeps, as far as it has told."""
        selected = self._selected.get(mailbox)
        return selected.permanent_flags if selected else None


def identity(message: Fetched) -> str | None:
    """Return the server's own name for a message: its EMAILID (RFC 8474 §5.1), or Gmail's."""
    if message.email_id is None and message.gmail_message is not None:
        return f"gmail {message.gmail_message}"
    return message.email_id


def is_another(mailbox: ImapMailbox, selected: Selected) -> bool:
    """Whether another mailbox has taken the name, by its OBJECTID (RFC 8474 §4).

    Cyrus gives mailboxes that are made in the same second the same UIDVALIDITY.
    """
    return None not in (known := {mailbox.object_id, selected.mailbox_id}) and len(known) > 1


def standing(mailbox: ImapMailbox) -> Standing | None:
    """Return how a mailbox stood, None where it was never looked into."""
    if mailbox.uid_validity is None and not mailbox.uid_next:
        return None
    return Standing(mailbox.uid_validity, mailbox.uid_next, mailbox.modseq, mailbox.exist)


def tier(conn: Connection, best: Tier) -> Tier:
    """Return the tier that the server offers, ``best`` at most."""
    offered = [Tier.PLAIN]
    if "QRESYNC" in conn.enabled:
        offered = [Tier.QRESYNC, Tier.CONDSTORE, Tier.PLAIN]
    elif "CONDSTORE" in conn.capabilities or "CONDSTORE" in conn.enabled:
        offered = [Tier.CONDSTORE, Tier.PLAIN]
    order = list(Tier)
    return next(each for each in offered if order.index(each) >= order.index(best))
