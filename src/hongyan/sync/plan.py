"""What to do, decided without a server, a socket or a store: pure functions over values.

All rules of synchronisation live here, so they are tested as tables of cases.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hongyan.pop3.types import Entry


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
    times: Counter[str] = Counter()
    actions: list[Retrieve] = []
    for entry in listed:
        if entry.uidl is None:
            continue
        times[entry.uidl] += 1
        again = times[entry.uidl]
        identity = entry.uidl if again == 1 else f"{entry.uidl} (copy {again}, {entry.size})"
        if identity not in known:
            actions.append(Retrieve(entry, identity))
    return tuple(actions)
