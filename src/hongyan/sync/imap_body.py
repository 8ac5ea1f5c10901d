"""Fetching the bodies of some messages out of turn, on a connection of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import imap
from hongyan.imap import NumberSet, Peek
from hongyan.sync.imap_tour import is_another

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hongyan.flow import Flow
    from hongyan.imap import Body, Connection, Fetched, Item
    from hongyan.store import BlobWriter, ImapMailbox, MessageId, Store

_ITEMS: Final[tuple[Item, ...]] = (Peek(),)


def fetch_some(conn: Connection, store: Store, account_id: str, ids: Iterable[str]) -> Flow[None]:
    """Fetch messages of which only the header is here, and store each as it has come.

    One whose place means another message by now is left to the next visit. ``conn`` is logged in.
    Raises what the flows and the store raise.
    """
    for mailbox, wanted in _places(store, account_id, ids):
        selected = yield from imap.select(conn, mailbox.wire, read_only=True)
        if selected.uid_validity != mailbox.uid_validity or is_another(mailbox, selected):
            continue
        taker = _Taker(store, wanted)
        uids = NumberSet.of(wanted)
        yield from imap.fetch(conn, uids, _ITEMS, sink=taker.sink, take=taker.take)


def _places(
    store: Store, account_id: str, ids: Iterable[str]
) -> Iterator[tuple[ImapMailbox, Mapping[int, MessageId]]]:
    """Yield each mailbox of the server with those that are to be fetched from it, by UID."""
    places = store.imap_messages.places_of(ids)
    for mailbox in store.imap_mailboxes.list(account_id):
        found = {its[mailbox.id].uid: id_ for id_, its in places.items() if mailbox.id in its}
        for id_ in found.values():
            del places[id_]
        if found and mailbox.uid_validity is not None:
            yield mailbox, found


class _Taker:
    """Puts what comes into the store."""

    def __init__(self, store: Store, wanted: Mapping[int, MessageId]) -> None:
        self._store = store
        self._wanted = wanted
        self._writer: BlobWriter | None = None

    def sink(self, _: Fetched, __: Body, chunk: bytes, ___: bool) -> None:  # noqa: FBT001  # a Sink
        self._writer = self._writer or self._store.blobs.writer()
        self._writer.write(chunk)

    def take(self, message: Fetched) -> None:
        writer, self._writer = self._writer, None
        id_ = self._wanted.get(message.uid or 0)
        if writer is None or id_ is None:
            return
        prepared = self._store.messages.prepare(writer.finish())
        self._store.messages.complete([(id_, prepared)])
