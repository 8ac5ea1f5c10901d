"""UID SEARCH (RFC 9051 §6.4.4), in its extended form where there is one (RFC 4731).

A search is written as a sequence: ``["UNSEEN", "FROM", "anna", "SINCE", date(2026, 3, 1)]``. Texts
go as atoms or strings, as their characters demand; lists in lists are groups in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hongyan.errors import ProtocolError
from hongyan.imap.data import Found
from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import accepted, send
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument


def search(conn: Connection, criteria: Sequence[Argument] = ("ALL",)) -> Flow[Found]:
    """Return the UIDs that match, and the highest mod-sequence where the search was for that.

    Raises `Refused`, with the code BADCHARSET by a server that knows no UTF-8.
    """
    extended = conn.offers("ESEARCH", "IMAP4REV2")
    options: list[Argument] = [Raw(b"RETURN"), [Raw(b"ALL")]] if extended else []
    if not conn.utf8 and not _ascii(criteria):
        options += [Raw(b"CHARSET"), Raw(b"UTF-8")]
    tag = yield from send(conn, Verb.UID_SEARCH, *options, *criteria)
    found: list[Found] = []

    def claim(event: Event) -> bool:
        if not isinstance(event, Found) or event.tag not in (None, tag):
            return False
        if len(found) >= conn.limits.literals:
            raise ProtocolError("the server goes on and on with what it found")
        if event.tag is not None and event.numbers and not event.by_uid:
            raise ProtocolError("the server found message numbers where UIDs were asked for")
        found.append(event)
        return True

    yield from accepted(conn, tag, claim)
    return _joined(found)


def _joined(found: list[Found]) -> Found:
    """Return one answer; a server may give its numbers in several."""
    if len(found) == 1:
        return found[0]
    ranges = (pair for each in found if each.numbers for pair in each.numbers.ranges)
    modseqs = [each.modseq for each in found if each.modseq is not None]
    return Found(NumberSet.spanning(ranges), modseq=max(modseqs, default=None))


def _ascii(criteria: Sequence[Argument]) -> bool:
    waiting = list(criteria)
    while waiting:
        each = waiting.pop()
        if isinstance(each, str | bytes):
            if not each.isascii():
                return False
        elif isinstance(each, Sequence):
            waiting.extend(each)
    return True
