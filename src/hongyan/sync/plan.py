"""What to do, decided without a server, a socket or a store: pure functions over values.

All rules of synchronisation live here, so they are tested as tables of cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hongyan.pop3.types import Entry


@dataclass(frozen=True, slots=True)
class Pop3Plan:
    """What one visit to a maildrop will do.

    ``retrieve`` in the server's order; ``unnamed`` are entries without a usable unique id, which
    would be fetched again and again if they were fetched like the others; ``repeated`` are entries
    that share their id with an earlier one.
    """

    retrieve: tuple[Entry, ...]
    unnamed: tuple[Entry, ...] = ()
    repeated: tuple[Entry, ...] = ()


def pop3(listed: Iterable[Entry], known: Collection[str]) -> Pop3Plan:
    """Decide what to fetch from a maildrop that is left as it is.

    A message is fetched once for each unique id that the account does not know; ids are compared
    octet for octet (RFC 1939 §7). The first of several messages under one id is the one that has
    it: a later one is not fetched, since the server says that it is the same.
    """
    retrieve: list[Entry] = []
    unnamed: list[Entry] = []
    repeated: list[Entry] = []
    seen: set[str] = set()
    for entry in listed:
        if entry.uidl is None:
            unnamed.append(entry)
        elif entry.uidl in seen:
            repeated.append(entry)
        else:
            seen.add(entry.uidl)
            if entry.uidl not in known:
                retrieve.append(entry)
    return Pop3Plan(tuple(retrieve), tuple(unnamed), tuple(repeated))
