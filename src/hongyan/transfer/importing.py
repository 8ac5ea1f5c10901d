"""Mail comes in from files: each message once, as often as the import is run.

What an account has already, by SHA-256, is not stored again, so an import that was broken off is
simply run once more. Messages go in together, some at a time, one transaction for all of them.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan import mime
from hongyan.errors import NotFound, StoreError
from hongyan.guard import shown
from hongyan.store import LOCAL, Change, New, Prepared, Role
from hongyan.store.arrival import HEAD, arrival
from hongyan.store.preparing import Preparing
from hongyan.store.types import silently
from hongyan.transfer import sources
from hongyan.transfer.manifest import NAME, Place
from hongyan.transfer.preparing import work
from hongyan.transfer.verify import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from hongyan.store import Account, Blob, Store
    from hongyan.store.types import Advance
    from hongyan.transfer.manifest import Entry
    from hongyan.transfer.preparing import Done, Known, Octets

    Task: TypeAlias = tuple[sources.Item, Octets]

_TOGETHER: Final = 1_000
_BATCH: Final = 100  # messages that are prepared together
_AHEAD: Final = 20  # batches under way for each process
_SMALL: Final = 200_000  # octets in a file, whose line ends may still grow
_TOGETHER_OCTETS: Final = 16 << 20
_ROLES: Final = {
    "inbox": Role.INBOX,
    "sent": Role.SENT,
    "sent items": Role.SENT,
    "sent messages": Role.SENT,
    "drafts": Role.DRAFTS,
    "trash": Role.TRASH,
    "deleted messages": Role.TRASH,
    "junk": Role.JUNK,
    "spam": Role.JUNK,
    "archive": Role.ARCHIVE,
    "archives": Role.ARCHIVE,
}


@dataclass(slots=True)
class Imported:
    """What an import came to; ``passed_by`` says what was not taken, and why."""

    new: int = 0
    known: int = 0
    octets: int = 0
    passed_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A message on its way into the store."""

    account: Account
    places: tuple[Place, ...]
    content: Blob | Prepared
    received_at: datetime
    keywords: frozenset[str]
    uidl: str | None = None

    @property
    def blob(self) -> Blob:
        """Its octets."""
        return self.content.blob if isinstance(self.content, Prepared) else self.content


class Importer:
    """Takes messages into one account; those of an export into the accounts they came from.

    ``account`` None: where there is no account at all, a local one is made; where there are some,
    only exports can be taken. ``override``: also exports go into ``account``; else an account that
    is not here is made, without servers.
    """

    def __init__(
        self,
        store: Store,
        account: Account | None,
        *,
        clock: Callable[[], datetime],
        override: bool = False,
    ) -> None:
        self._store = store
        self._account = account
        self._override = override
        self._clock = clock
        self._waiting: list[_Arrival] = []
        self._size = 0
        self._boxes: dict[tuple[str, Place], str] = {}
        self._accounts = {each.address.lower(): each for each in store.accounts.list()}
        self._result = Imported()

    def take(
        self,
        paths: Iterable[Path],
        *,
        mailbox: str | None = None,
        mboxo: bool = False,
        advance: Advance = silently,
    ) -> Imported:
        """Import what lies at or below ``paths``; return what came of it.

        ``mailbox`` is a name for all of it, instead of the names of files and folders. ``mboxo``:
        the mbox files quote ``From`` lines only once. Raises `NotFound`, `StoreError`; what was
        stored until then stays.
        """
        for path in paths:
            arrivals = (
                self._exported(path)
                if _is_export(path)
                else self._found(path, mailbox, mboxo=mboxo)
            )
            for each in arrivals:
                self._waiting.append(each)
                self._result.octets += each.blob.size
                self._size += each.blob.size
                if self._is_enough():
                    self._store_waiting()
                    advance(self._result.new + self._result.known, 0, self._result.octets, 0)
            self._store_waiting()
        return self._result

    def _is_enough(self) -> bool:
        return len(self._waiting) >= _TOGETHER or self._size >= _TOGETHER_OCTETS

    def _store_waiting(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        self._boxes.clear()
        new = 0
        with self._store.transaction(whole=True):
            for account, some in groupby(waiting, key=lambda each: each.account.id):
                new += self._put(account, list(some))
        self._result.new += new
        self._result.known += len(waiting) - new

    def _put(self, account: str, arrivals: list[_Arrival]) -> int:
        """Store messages, put those that are there already into their mailboxes; count the new."""
        messages = self._store.messages
        known = messages.with_octets(account, [each.blob.sha256 for each in arrivals])
        new: dict[str, New] = {}
        for each in arrivals:
            boxes, sha256 = self._mailboxes(account, each), each.blob.sha256
            if sha256 in known:
                messages.change([known[sha256]], Change(add_mailboxes=frozenset(boxes)))
            elif sha256 in new:  # the same once more, and not in the store yet
                new[sha256] = replace(new[sha256], mailboxes=(*new[sha256].mailboxes, *boxes))
            else:
                words = tuple(each.keywords)
                new[sha256] = New(each.content, boxes, each.received_at, words, each.uidl)
        messages.add_all(account, new.values())
        return len(new)

    def _mailboxes(self, account: str, each: _Arrival) -> tuple[str, ...]:
        return tuple(self._mailbox(account, place) for place in each.places)

    def _mailbox(self, account: str, place: Place) -> str:
        """Return the mailbox of a place, looked up once in each transaction."""
        known = self._boxes.get((account, place))
        if known is None:
            known = self._ensured(account, place)
            self._boxes[account, place] = known
        return known

    def _ensured(self, account: str, place: Place) -> str:
        """Return the mailbox of a place, made with those above it when it is not there."""
        mailboxes = self._store.mailboxes
        if place.role is not None:
            return mailboxes.ensure(account, place.role).id
        parent: str | None = None
        for name in place.above:
            role = _ROLES.get(name.lower()) if parent is None else None
            parent = mailboxes.ensure(account, role or name, parent_id=parent).id
        return mailboxes.ensure(account, place.name, parent_id=parent).id

    def _found(self, path: Path, mailbox: str | None, *, mboxo: bool) -> Iterator[_Arrival]:
        if self._account is None and self._accounts:
            raise NotFound("there are several accounts; say by --account which is to have the mail")
        self._account = self._account or self._account_of(LOCAL)
        preparing: Preparing[sources.Item, Octets, Known, Done] = Preparing(work, ahead=_AHEAD)
        with preparing:
            for tasks in self._tasks(path, mboxo=mboxo):
                if isinstance(tasks, sources.Item):
                    yield from self._arrivals(preparing.rest(self._known()), mailbox)
                    yield from self._large(tasks, mailbox)
                else:
                    yield from self._arrivals(preparing.add(tasks, self._known()), mailbox)
            yield from self._arrivals(preparing.rest(self._known()), mailbox)

    def _known(self) -> Known:
        return self._store.blobs.dictionary(), self._clock()

    @staticmethod
    def _tasks(path: Path, *, mboxo: bool) -> Iterator[list[Task] | sources.Item]:
        """Yield small messages some at a time, and each large one by itself, in their order."""
        tasks: list[Task] = []
        for item in sources.items(path, mboxo=mboxo):
            is_large = item.size > _SMALL
            if tasks and (is_large or len(tasks) >= _BATCH):
                yield tasks
                tasks = []
            if is_large:
                yield item
            else:
                octets = item.chunks if item.is_file else b"".join(item.chunks())
                tasks.append((item, octets))
        if tasks:
            yield tasks

    def _arrivals(
        self, done: Iterable[tuple[sources.Item, Done]], mailbox: str | None
    ) -> Iterator[_Arrival]:
        for item, each in done:
            keywords = each.told if item.is_mbox else item.keywords
            arrived = self._arrival(item, mailbox, each.content, each.received_at, keywords)
            if arrived:
                yield arrived

    def _large(self, item: sources.Item, mailbox: str | None) -> Iterator[_Arrival]:
        blob, head = self._spooled(item.chunks())
        keywords = sources.told(mime.parse(head)) if item.is_mbox else item.keywords
        at = arrival(head, self._clock())
        arrived = self._arrival(item, mailbox, blob, at, keywords)
        if arrived:
            yield arrived

    def _arrival(
        self,
        item: sources.Item,
        mailbox: str | None,
        content: Blob | Prepared,
        received_at: datetime,
        keywords: frozenset[str] | None,
    ) -> _Arrival | None:
        if keywords is None or self._account is None:
            self._result.passed_by.append(f"{item.where}: deleted there")
            return None
        *above, name = (mailbox or item.mailbox).strip("/").split("/")
        role = None if above else _ROLES.get(name.lower())
        place = Place(name=name or sources.IMPORTED, role=role, above=tuple(filter(None, above)))
        return _Arrival(self._account, (place,), content, received_at, keywords)

    def _exported(self, path: Path) -> Iterator[_Arrival]:
        with Opened(path) as export:
            for entry in export.entries():
                try:
                    blob, _ = self._spooled(export.chunks(entry))
                except StoreError as error:
                    self._pass_by(entry, str(error))
                    continue
                if blob.sha256 != entry.sha256:
                    self._pass_by(entry, "its octets are not what they were")
                    continue
                yield _Arrival(
                    self._account_of(entry.account),
                    entry.places or (Place(name=sources.IMPORTED, role=None),),
                    blob,
                    entry.received_at,
                    frozenset(entry.keywords),
                    entry.uidl,
                )

    def _pass_by(self, entry: Entry, reason: str) -> None:
        self._result.passed_by.append(f"{shown(entry.file)}: {reason}")

    def _account_of(self, address: str) -> Account:
        if self._account is not None and self._override:
            return self._account
        known = self._accounts.get(address.lower())
        if known is None:
            known = self._store.accounts.add(address, secret="keychain")  # noqa: S106  # its place
            self._accounts[address.lower()] = known
        return known

    def _spooled(self, chunks: Iterator[bytes]) -> tuple[Blob, bytes]:
        """Return the octets as a blob that is not kept yet, and their beginning."""
        head = b""
        with self._store.blobs.writer() as writer:
            for chunk in chunks:
                if len(head) < HEAD:
                    head += chunk[:HEAD]
                writer.write(chunk)
            return writer.finish(), head


def _is_export(path: Path) -> bool:
    return (path / NAME).is_file() or zipfile.is_zipfile(path)
