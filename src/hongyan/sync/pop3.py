"""Fetching by POP3: decide by `plan`, stream into the store, leave the maildrop as it was.

Each message is committed with its identity in one transaction, so a run that ends at any point,
however it ends, leaves whole messages only, and the next run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from hongyan import pop3
from hongyan.store import Role, UidlState
from hongyan.store.arrival import HEAD, arrival
from hongyan.sync import plan
from hongyan.sync.progress import Progress
from hongyan.sync.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.net.blocking import BlockingDriver
    from hongyan.sasl import Credentials
    from hongyan.store import Account, BlobWriter, Store
    from hongyan.store.maildrops import Known, Policy
    from hongyan.sync.progress import Report

_RIDERS: Final = (pop3.Verb.LIST, pop3.Verb.UIDL)  # they cost no round trip behind the login
_MOST_HEADER: Final = 1_048_576  # octets of a header that make an identity


@dataclass(frozen=True, slots=True)
class Collected:
    """What one visit brought: messages and octets, and what the server would not give.

    ``expire`` is how long the server keeps what was fetched, where it says so (RFC 2449 §6.7);
    ``removed`` how many left it by the account's policy.
    """

    messages: int
    octets: int
    on_server: int
    failures: tuple[pop3.Failure, ...]
    expire: pop3.Expire | None = None
    removed: int = 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """What was not fetched, and the server's words."""
        return tuple(f"message {each.entry.number}: {each.error}" for each in self.failures)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know of the server."""
        told = self.expire is not None and self.expire.days is not None
        return (self.expire.words,) if self.expire and told else ()


def collect(
    account: Account,
    driver: BlockingDriver,
    store: Store,
    *,
    credentials: Credentials,
    clock: Callable[[], datetime],
    report: Report,
) -> Collected:
    """Fetch what is new in the account's maildrop. Raises what the flows and the store raise."""
    visit = Visit(account, driver.channel.endpoint, store, clock=clock)
    conn = visit.open_pop3(driver, credentials, riders=_RIDERS)
    report(Progress("Listing"))
    listed = driver.run(pop3.list_entries(conn))
    listed = driver.run(identify(conn, listed))
    known = store.maildrops.known(account.id)
    actions = plan.pop3(listed, known)
    with Arrivals(account, store, actions, clock=clock, report=report) as arrivals:
        entries = [action.entry for action in actions]
        failures = driver.run(pop3.retrieve(conn, entries, arrivals.take))
    here = dict(arrivals.kept)
    here |= {
        identity: entry.size
        for entry, identity in plan.identities(listed)
        if identity in known and known[identity].seen_at is None  # a visit that broke off
    }
    store.maildrops.note_listed(account.id, here)
    removed = _remove(account, driver, conn, store, listed, now=clock())
    _forget_gone(account, store, listed, known)
    return Collected(
        arrivals.messages,
        arrivals.octets,
        len(listed) - removed,
        failures,
        conn.capabilities.expire,
        removed,
    )


def leaving(
    account: Account,
    driver: BlockingDriver,
    store: Store,
    policy: Policy,
    *,
    credentials: Credentials,
    clock: Callable[[], datetime],
) -> tuple[plan.Remove, ...]:
    """Return what would leave the maildrop by ``policy`` now; nothing is fetched or removed."""
    conn = Visit(account, driver.channel.endpoint, store, clock=clock).open_pop3(
        driver, credentials, riders=_RIDERS
    )
    listed = driver.run(identify(conn, driver.run(pop3.list_entries(conn))))
    driver.run(pop3.quit_(conn))
    return plan.pop3_removals(listed, store.maildrops.known(account.id), policy, now=clock())


def _remove(
    account: Account,
    driver: BlockingDriver,
    conn: pop3.Connection,
    store: Store,
    listed: Sequence[pop3.Entry],
    *,
    now: datetime,
) -> int:
    """End the visit: remove what the policy says, and return how many are proven to be gone.

    What is marked goes with QUIT alone (RFC 1939 §6); where its answer is lost, the next listing
    tells.
    """
    policy = store.maildrops.policy(account.id)
    known = {} if policy.leaves_all else store.maildrops.known(account.id)
    actions = plan.pop3_removals(listed, known, policy, now=now)
    here = {action.entry.number: action.identity for action in actions}
    removal = driver.run(
        pop3.remove(
            conn,
            [action.entry for action in actions],
            lambda entry: store.maildrops.is_safe(account.id, here[entry.number]),
        )
    )
    if removal.removed:
        store.messages.mark_gone(account.id, [here[entry.number] for entry in removal.removed])
    return len(removal.removed)


def _forget_gone(
    account: Account, store: Store, listed: Sequence[pop3.Entry], known: Mapping[str, Known]
) -> None:
    """Note what the server lists no more."""
    here = {identity for _, identity in plan.identities(listed)}
    gone = [
        identity
        for identity, seen in known.items()
        if identity not in here and seen.state is not UidlState.GONE_FROM_SERVER
    ]
    if gone:
        store.messages.mark_gone(account.id, gone)


def identify(conn: pop3.Connection, listed: Sequence[pop3.Entry]) -> Flow[tuple[pop3.Entry, ...]]:
    """Give entries without a unique id one made of their header and size.

    For servers without UIDL; the header holds Message-ID, Date and the trace of the way, so two
    messages share it only when they are copies of each other. A server without TOP is asked for
    the whole message. Entries whose header cannot be had stay without an id.
    """
    nameless = [entry for entry in listed if entry.uidl is None]
    names: dict[int, str] = {}

    def take(entry: pop3.Entry, header: bytes) -> None:
        names[entry.number] = identity(header, entry.size)

    refused = yield from pop3.headers(conn, nameless, take)
    if refused:
        whole = _Headers(take)
        yield from pop3.retrieve(conn, [failure.entry for failure in refused], whole.take)
    return tuple(replace(each, uidl=each.uidl or names.get(each.number)) for each in listed)


def identity(header: bytes, size: int) -> str:
    """Return the id of a message without a unique one: its header's digest, and its size."""
    return f"header:{hashlib.sha256(header).hexdigest()[:40]}:{size}"


class _Headers:
    """A sink that keeps the header of each message, with the empty line that ends it, as TOP."""

    def __init__(self, take: Callable[[pop3.Entry, bytes], None]) -> None:
        self._take = take
        self._head = b""

    def take(self, entry: pop3.Entry, chunk: bytes, last: bool) -> None:  # noqa: FBT001  # a Sink
        """Take a chunk; hand the header over with the last one."""
        if len(self._head) < _MOST_HEADER and b"\r\n\r\n" not in self._head:
            self._head += chunk
        if last:
            header, gap, _ = self._head[:_MOST_HEADER].partition(b"\r\n\r\n")
            self._take(entry, header + gap)
            self._head = b""


class Arrivals:
    """The sink of a visit: messages come in chunks and leave as rows, one transaction each.

    Where our clock is behind what has arrived already, that tells what is to come and what is not.
    """

    def __init__(
        self,
        account: Account,
        store: Store,
        actions: Iterable[plan.Retrieve],
        *,
        clock: Callable[[], datetime],
        report: Report,
    ) -> None:
        self._account = account
        self._store = store
        self._inbox = store.mailboxes.ensure(account.id, Role.INBOX)
        self._identities = {action.entry.number: action.identity for action in actions}
        newest = store.messages.page(self._inbox.id, limit=1)
        self._newest = newest[0].received_at if newest else clock()
        self._clock = clock
        self._report = report
        self._total_octets = sum(action.entry.size for action in actions)
        self._writer: BlobWriter | None = None
        self._head = bytearray()
        self.kept: dict[str, int] = {}
        self.messages = 0
        self.octets = 0

    def __enter__(self) -> Self:
        self._tell()
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:  # a message that never got its end: nothing of it stays
            with self._writer:
                self._writer = None

    def take(self, entry: pop3.Entry, chunk: bytes, last: bool) -> None:  # noqa: FBT001  # a Sink
        """Take a chunk; commit the message with its last one."""
        if self._writer is None:
            self._writer = self._store.blobs.writer()
            self._head.clear()
        self._writer.write(chunk)
        self._head += chunk[: max(0, HEAD - len(self._head))]
        self.octets += len(chunk)
        if last:
            self._store.messages.add(
                self._account.id,
                self._inbox.id,
                self._writer.finish(),
                received_at=arrival(bytes(self._head), max(self._clock(), self._newest)),
                uidl=self._identities[entry.number],
            )
            self.kept[self._identities[entry.number]] = entry.size
            self._writer = None
            self.messages += 1
            self._tell()

    def _tell(self) -> None:
        total = len(self._identities)
        self._report(Progress("Fetching", self.messages, total, self.octets, self._total_octets))
