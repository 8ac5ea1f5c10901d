"""UID SORT and UID THREAD (RFC 5256): the server's order, and its conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.imap.data import Sorted, Threads
from hongyan.imap.encoder import Raw, flag
from hongyan.imap.flows.exchange import Request, ask, collector, nothing, require
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument


def sort(
    conn: Connection, keys: Iterable[str], criteria: Sequence[Argument] = ("ALL",)
) -> Flow[tuple[int, ...]]:
    """Return the UIDs that match ``criteria``, in the order of ``keys``.

    Keys are such as ``ARRIVAL``, ``DATE``, ``FROM``, ``SUBJECT``, each after ``REVERSE`` the other
    way round. Raises `Unsafe` where the server does not sort.
    """
    require(conn, "SORT", "SORT=DISPLAY")
    found: list[Sorted] = []
    words = [[flag(each) for each in keys], Raw(b"UTF-8"), *criteria]
    request = Request(Verb.UID_SORT, words, nothing, collector(conn, Sorted, found))
    yield from ask(conn, request)
    return tuple(number for each in found for number in each.numbers)


def thread(
    conn: Connection, criteria: Sequence[Argument] = ("ALL",), *, algorithm: str = "REFERENCES"
) -> Flow[Threads]:
    """Return the conversations of the messages that match, by their UIDs.

    Raises `Unsafe` where the server does not know the ``algorithm``.
    """
    require(conn, f"THREAD={algorithm}")
    found: list[Threads] = []
    words = [flag(algorithm), Raw(b"UTF-8"), *criteria]
    request = Request(Verb.UID_THREAD, words, nothing, collector(conn, Threads, found))
    yield from ask(conn, request)
    return found[-1] if found else Threads(())
