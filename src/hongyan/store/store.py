"""The store of a profile: one folder, one database, small rooms by attribute.

``home/mail.db`` holds everything but the octets of large messages, which are files in
``home/blobs``. Several threads and several processes may use it at the same time.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from hongyan.errors import StoreError
from hongyan.store.accounts import Accounts
from hongyan.store.backup import backup
from hongyan.store.blobs import Blobs
from hongyan.store.changes import ChangeLog
from hongyan.store.check import faults
from hongyan.store.conversion import settle
from hongyan.store.database import Database
from hongyan.store.envelope import keep_with, no_key, protection_of
from hongyan.store.holds import Holds
from hongyan.store.identities import Identities
from hongyan.store.imap_labels import ImapLabels, ImapObjects
from hongyan.store.imap_mailboxes import ImapMailboxes
from hongyan.store.imap_messages import ImapMessages
from hongyan.store.learned import Learned
from hongyan.store.mailboxes import Mailboxes
from hongyan.store.maildrops import Maildrops
from hongyan.store.mend import Mending
from hongyan.store.messages import Messages
from hongyan.store.offers import Offers
from hongyan.store.outbox import Outbox
from hongyan.store.owner import Owner
from hongyan.store.private import PrivateFiles
from hongyan.store.reindex import Reindex
from hongyan.store.rules import Rules
from hongyan.store.salvage import salvage
from hongyan.store.search import Search
from hongyan.store.snoozes import Snoozes
from hongyan.store.statistics import Statistics
from hongyan.store.summary import summarise as read_summary
from hongyan.store.types import silently
from hongyan.store.workplace import Workplaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from hongyan.store.envelope import AskKey
    from hongyan.store.protection import Protection
    from hongyan.store.summary import Summarise
    from hongyan.store.types import Advance


class Store:
    """An open profile; a context manager that closes it."""

    def __init__(
        self,
        home: Path,
        protection: Protection,
        *,
        clock: Callable[[], datetime],
        summarise: Summarise,
        advance: Advance,
    ) -> None:
        """See `open`."""
        self.home = home
        self._database = Database(home / "mail.db", protection)
        settle(home, protection)
        self.private = PrivateFiles(home, protection)
        self._owner = Owner(home / "owners")
        self.holds = Holds(home / "holds", clock=clock)
        self.changes = ChangeLog(self._database, clock=clock)
        self.blobs = Blobs(self._database, home=home, clock=clock)
        self.learned = Learned(self._database)
        self.accounts = Accounts(self._database, blobs=self.blobs)
        self.offers = Offers(self._database)
        self.messages = Messages(
            self._database, blobs=self.blobs, changes=self.changes, summarise=summarise
        )
        self.mailboxes = Mailboxes(self._database, messages=self.messages, changes=self.changes)
        self.snoozes = Snoozes(self._database, messages=self.messages, mailboxes=self.mailboxes)
        self.imap_mailboxes = ImapMailboxes(self._database, mailboxes=self.mailboxes)
        self.imap_messages = ImapMessages(self._database)
        self.imap_labels = ImapLabels(self._database)
        self.imap_objects = ImapObjects(self._database)
        self.identities = Identities(self._database, changes=self.changes)
        self.rules = Rules(self._database, clock=clock)
        self.search = Search(self._database, blobs=self.blobs, clock=clock)
        self.maildrops = Maildrops(self._database, blobs=self.blobs, clock=clock)
        self.statistics = Statistics(self._database)
        self._reindex = Reindex(self._database, blobs=self.blobs, summarise=summarise)
        self.outbox = Outbox(
            self._database, blobs=self.blobs, changes=self.changes, owner=self._owner, clock=clock
        )
        self.workplaces = Workplaces(home, protection, self._owner)
        self.workplaces.remove_dead()
        self.blobs.remove_doomed()
        self._reindex.if_outdated(advance=advance)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        clock: Callable[[], datetime],
        summarise: Summarise = read_summary,
        advance: Advance = silently,
        key: AskKey = no_key,
    ) -> Self:
        """Open the profile in the folder ``home``, created when missing, readable by nobody else.

        ``clock`` gives the aware time of now. ``advance`` is told how far it is when an index of an
        older version is made anew. ``key`` gives the key of an encrypted profile. Raises
        `StoreError`: the folder cannot be used, the database is damaged, a newer version wrote it,
        or its key is missing.
        """
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.chmod(0o700)
        except OSError as error:
            raise StoreError(f"{home}: {error.strerror or error}") from error
        protection = protection_of(home, key)
        return cls(home, protection, clock=clock, summarise=summarise, advance=advance)

    @contextmanager
    def transaction(self, *, whole: bool = False) -> Iterator[None]:
        """Let all that is done in the block become true together at its end; on an error, nothing.

        ``whole``: also when the block goes on after the error, so much is added that an error must
        not be costly to undo. Other writers wait meanwhile: no network in it. A search finds what
        was added after its end.
        """
        with self._database.write(whole=whole):
            yield
        self.blobs.remove_doomed()

    def on_commit(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` after each change that this process makes: quickly, in any thread."""
        self._database.on_commit(tell)

    @property
    def is_writing(self) -> bool:
        """Whether this thread is within a `transaction`."""
        return self._database.is_writing

    @contextmanager
    def view(self) -> Iterator[None]:
        """Let all that this thread reads in the block be of one moment."""
        with self._database.read() as db, db:
            yield

    def check(self, *, advance: Advance = silently) -> tuple[str, ...]:
        """Return what is wrong with the store, a line each; nothing when it is whole.

        Reads everything: minutes for a large one, while it stays in use. Files that no row names
        are no fault: see `Blobs.leftovers`.
        """
        return tuple(faults(self._database, blobs=self.blobs, advance=advance))

    def reindex(self, *, advance: Advance = silently) -> None:
        """Make the search index anew, in place; mail stays readable and can be found meanwhile."""
        self._reindex.all(advance=advance)

    def backup(self, target: Path, *, replace: bool = False, advance: Advance = silently) -> None:
        """Write all that is stored now into the ZIP file ``target``, while the store is in use.

        Unpacked into a folder it is a profile. Raises `StoreError`, also when ``target`` exists
        and is not to be replaced; then and on any failure it stays as it was.
        """
        backup(self._database, blobs=self.blobs, target=target, replace=replace, advance=advance)

    @classmethod
    def repair(
        cls,
        home: Path,
        *,
        clock: Callable[[], datetime],
        summarise: Summarise = read_summary,
        advance: Advance = silently,
        key: AskKey = no_key,
    ) -> tuple[str, ...]:
        """Save all that can be saved of a damaged profile; return what was done, a line each.

        What is taken out lies in a folder below ``home/set-aside`` afterwards. Nobody else may have
        the store open. Raises `StoreError`.
        """
        aside = home / "set-aside" / f"{clock():%Y%m%d-%H%M%S}"
        protection = protection_of(home, key)
        lines = list(salvage(home / "mail.db", protection, aside=aside))
        if aside.exists():
            keep_with(home, aside, protection)
        with cls.open(home, clock=clock, summarise=summarise, key=key) as store:
            lines += store.mend(aside, advance=advance)
        return tuple(lines)

    def mend(self, aside: Path, *, advance: Advance = silently) -> tuple[str, ...]:
        """Put right what `check` finds; return what was done. See `repair`, `Mending.run`."""
        mending = Mending(
            self._database,
            blobs=self.blobs,
            mailboxes=self.mailboxes,
            reindex=self._reindex,
            aside=aside,
        )
        return tuple(mending.run(advance=advance))

    def close(self) -> None:
        """Close the profile; what was claimed for sending and not settled is anybody's again."""
        self._owner.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
