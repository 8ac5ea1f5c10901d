"""UID SEARCH (RFC 9051 §6.4.4), in its extended form where there is one (RFC 4731, 5182, 9394).

A search is written as a sequence: ``["UNSEEN", "FROM", "anna", "SINCE", date(2026, 3, 1)]``. Texts
go as atoms or strings, as their characters demand; lists in lists are groups in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hongyan.errors import ProtocolError
from hongyan.imap.data import Found
from hongyan.imap.encoder import Raw, flag
from hongyan.imap.flows.exchange import Request, ask, require
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import Verb

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument


def search(
    conn: Connection,
    criteria: Sequence[Argument] = ("ALL",),
    *,
    results: Iterable[str] = ("ALL",),
    partial: tuple[int, int] | None = None,
) -> Flow[Found]:
    """Return the UIDs that match, and the highest mod-sequence where the search was for that.

    ``results`` are what to return, of ``ALL``, ``COUNT``, ``MIN``, ``MAX`` and ``SAVE`` (keep it as
    `SAVED`, RFC 5182); a server without ESEARCH gives them all. ``partial`` asks for a stretch of
    the results, counted from 1, or from -1 backwards (RFC 9394). Raises `Refused`, with the code
    BADCHARSET by a server that knows no UTF-8; `Unsafe` for what the server does not offer.
    """
    request = search_request(conn, criteria, results=results, partial=partial)
    return (yield from ask(conn, request))


def search_request(
    conn: Connection,
    criteria: Sequence[Argument] = ("ALL",),
    *,
    results: Iterable[str] = ("ALL",),
    partial: tuple[int, int] | None = None,
) -> Request[Found]:
    """Return the request that `search` is, to be asked with others."""
    options = [*_returning(conn, list(results), partial), *charset(conn, criteria)]
    found: list[Found] = []

    def claim(event: Event) -> bool:
        if not isinstance(event, Found):
            return False
        if len(found) >= conn.limits.literals:
            raise ProtocolError("the server goes on and on with what it found")
        if event.tag is not None and event.numbers and not event.by_uid:
            raise ProtocolError("the server found message numbers where UIDs were asked for")
        found.append(event)
        return True

    return Request(Verb.UID_SEARCH, [*options, *criteria], lambda _: _joined(found), claim)


def _returning(
    conn: Connection, results: list[str], partial: tuple[int, int] | None
) -> list[Argument]:
    """Return the options; RFC 4731 where it is offered, for it is shorter too."""
    if "SAVE" in results:
        require(conn, "SEARCHRES", "IMAP4REV2")
    wanted: list[Argument] = [flag(each) for each in results]
    if partial is not None:
        require(conn, "PARTIAL", "CONTEXT=SEARCH")
        wanted = [each for each in wanted if each != Raw(b"ALL")]
        wanted += [Raw(b"PARTIAL"), Raw(b"%d:%d" % partial)]
    return [Raw(b"RETURN"), wanted] if conn.offers("ESEARCH", "IMAP4REV2") else []


def charset(conn: Connection, criteria: Sequence[Argument]) -> list[Argument]:
    """Return the words that name the charset of ``criteria``, where it must be named."""
    return [] if conn.utf8 or _ascii(criteria) else [Raw(b"CHARSET"), Raw(b"UTF-8")]


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
