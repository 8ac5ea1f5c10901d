"""What to do, decided without a server, a socket or a store: pure functions over values.

All rules of synchronisation live here, so they are tested as tables of cases.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hongyan.store.types import UidlState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from hongyan.pop3.types import Entry
    from hongyan.store.maildrops import Known, Policy


@dataclass(frozen=True, slots=True)
class Retrieve:
    """Fetch ``entry`` and remember it under ``identity``."""

    entry: Entry
    identity: str


def pop3(listed: Iterable[Entry], known: Collection[str]) -> tuple[Retrieve, ...]:
    """Decide what to fetch from a maildrop that is left as it is, in the server's order.

    A message is fetched once for each identity that the account does not know. The identity is the
    unique id, opaque (RFC 1939 §7). Where several messages of one listing share an id, which only
    identical ones should, the later ones are told apart by size and position, since fetching one
    too often loses nothing and fetching one too rarely does. Entries without an id are left out:
    `identify` gives them one first.
    """
    return tuple(
        Retrieve(entry, identity) for entry, identity in identities(listed) if identity not in known
    )


def identities(listed: Iterable[Entry]) -> Iterator[tuple[Entry, str]]:
    """Yield each listed message that has an id with the identity that it is known by."""
    times: Counter[str] = Counter()
    for entry in listed:
        if entry.uidl is None:
            continue
        times[entry.uidl] += 1
        again = times[entry.uidl]
        yield entry, entry.uidl if again == 1 else f"{entry.uidl} (copy {again}, {entry.size})"


@dataclass(frozen=True, slots=True)
class Remove:
    """Have ``entry`` leave the server, and why."""

    entry: Entry
    identity: str
    why: str


def pop3_removals(
    listed: Iterable[Entry], known: Mapping[str, Known], policy: Policy, *, now: datetime
) -> tuple[Remove, ...]:
    """Decide what may leave a maildrop, in the server's order, which is that of arrival.

    Only what was fetched, under an id that no other message of the listing shares, and which is
    listed with the size that it had then: a server that gives an old id to another message, which
    RFC 1939 §7 forbids, loses none by it.
    """
    entries = tuple(listed)
    shared = Counter(entry.uidl for entry in entries)
    older = len(entries) - (len(entries) if policy.keep_newest is None else policy.keep_newest)
    actions: list[Remove] = []
    for place, (entry, identity) in enumerate(identities(entries)):
        seen = known.get(identity)
        if seen is None or seen.size != entry.size or shared[entry.uidl] > 1:
            continue
        why = _why(seen, policy, now, is_older=place < older)
        if why:
            actions.append(Remove(entry, identity, why))
    return tuple(actions)


def _why(seen: Known, policy: Policy, now: datetime, *, is_older: bool) -> str:
    """Return why a message leaves the server; "" when it stays."""
    if seen.state is UidlState.GONE_FROM_SERVER or seen.seen_at is None:
        return ""
    if policy.deleted_here and seen.state is UidlState.DELETED_HERE:
        return "deleted here"
    if policy.after_days is not None and now - seen.seen_at >= timedelta(days=policy.after_days):
        return f"fetched {policy.after_days} days ago" if policy.after_days else "fetched"
    return f"not among the newest {policy.keep_newest}" if is_older else ""
