"""Finding messages: a query becomes one SQL statement over the full-text index.

Newest first, streaming out of the index, so a page takes the same time at any depth; or
by relevance. What the person typed only ever travels as a bound value.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import apsw

from hongyan.errors import InvalidArgument
from hongyan.store import conditions
from hongyan.store.database import fetch
from hongyan.store.query import parse
from hongyan.store.snippet import LENGTH, Highlighter, Snippet
from hongyan.store.types import MessageId, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from hongyan.store.database import Database


# subject, from, to, cc, body, filename
_TOGETHER: Final = 500
_RELEVANCE: Final = "bm25(search, 8.0, 4.0, 2.0, 2.0, 1.0, 3.0)"


class Order(Enum):
    """In which order hits come."""

    NEWEST = "newest first"
    OLDEST = "oldest first"
    RELEVANCE = "best first"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message found, its subject and an excerpt of its text marked; a lower rank is better."""

    id: MessageId
    subject: Snippet
    snippet: Snippet
    rank: float


class Search:
    """The full-text search over all accounts."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def find(  # noqa: PLR0913  # each is a choice of the caller's own
        self,
        query: str,
        *,
        account: str | None = None,
        mailbox: str | None = None,
        limit: int = 50,
        after: str | None = None,
        offset: int = 0,
        order: Order = Order.NEWEST,
    ) -> list[Hit]:
        """Return the messages that a query finds, within an account or a mailbox when given (ids).

        ``after`` is the id of the last hit of the page before (in the orders of time); ``offset``
        skips in any order, but takes its time. Raises `InvalidArgument` for the query,
        `NotFound` for an ``after`` that is no more.
        """
        if after is not None and order is Order.RELEVANCE:
            raise InvalidArgument("after", "goes with the order of time only")
        found = self._conditions(query, account, mailbox)
        if after is not None:
            beyond = ">" if order is Order.OLDEST else "<"
            found.require(f"{_row(found)} {beyond} ?", self._index_row(after))
        sql = statement(found, order=order)
        hits: list[Hit] = []
        with self._database.read() as db, db:  # one view of the mail for all its statements
            highlighter = Highlighter(found.phrases, stem=lambda word: _stem(db, word))
            for row, rank in fetch(db, sql, (*found.values, limit, offset)):
                hits.append(_hit(db, row, rank, highlighter))
        return hits

    def ids(self, query: str) -> Iterator[MessageId]:
        """Yield all messages that a query finds, the oldest first, while others come and go.

        Raises `InvalidArgument` for the query.
        """
        last = -(2**63)
        while True:
            found = self._conditions(query, None, None)
            row = _row(found)
            found.require(f"{row} > ?", last)
            sql = " ".join(
                ("SELECT m.id, m.index_row", _source(found), f"ORDER BY {row} LIMIT {_TOGETHER}")
            )
            with self._database.read() as db:
                rows = fetch(db, sql, found.values)
            if not rows:
                return
            yield from (MessageId(f"m{number}") for number, _ in rows)
            last = rows[-1][1]

    def count(self, query: str, *, account: str | None = None, mailbox: str | None = None) -> int:
        """Return how many messages a query finds. Raises `InvalidArgument`."""
        found = self._conditions(query, account, mailbox)
        with self._database.read() as db:
            ((count,),) = fetch(db, " ".join(("SELECT count(*)", _source(found))), found.values)
        return int(count)

    def _index_row(self, message_id: str) -> int:
        row = row_number("m", message_id)
        with self._database.read() as db:
            rows = fetch(db, "SELECT index_row FROM messages WHERE id = ?", (row,))
        if not rows:
            raise nothing_like("m", message_id)
        return int(rows[0][0])

    def _conditions(
        self, query: str, account: str | None, mailbox: str | None
    ) -> conditions.Conditions:
        found = conditions.Conditions(now=self._clock())
        if account is not None:
            found.require("m.account = ?", row_number("a", account))
        if mailbox is not None:
            found.require(
                "EXISTS (SELECT 1 FROM memberships WHERE message = m.id AND mailbox = ?)",
                row_number("b", mailbox),
            )
        node = parse(query)
        if node is not None:
            found.add(node)
        return found


def statement(found: conditions.Conditions, *, order: Order) -> str:
    """Return the SQL of a page of hits; ``found.values``, LIMIT and OFFSET are to be bound."""
    by_relevance = bool(found.match) and order is Order.RELEVANCE
    way = "ASC" if order is Order.OLDEST else "DESC"
    return " ".join(
        (
            f"SELECT m.id, {_RELEVANCE if by_relevance else '0.0'} AS found",
            _source(found),
            f"ORDER BY {'found, ' if by_relevance else ''}{_row(found)} {way} LIMIT ? OFFSET ?",
        )
    )


def _source(found: conditions.Conditions) -> str:
    source = "FROM messages AS m"
    if found.match:
        source = "FROM search CROSS JOIN messages AS m ON m.index_row = search.rowid"
    return f"{source} WHERE {' AND '.join(found.wheres) or '1'}"


def _row(found: conditions.Conditions) -> str:
    """Return the column that says where a message stands in time."""
    return "search.rowid" if found.match else "m.index_row"


def _hit(db: apsw.Connection, row: int, rank: float, highlighter: Highlighter) -> Hit:
    ((subject, preview, packed),) = fetch(
        db,
        "SELECT subject, preview, body FROM messages AS m LEFT JOIN texts ON message = m.id "
        "WHERE m.id = ?",
        (row,),
    )
    excerpt = highlighter.excerpt(_text(packed)) or Snippet(preview[:LENGTH])
    return Hit(MessageId(f"m{row}"), highlighter.whole(subject), excerpt, rank)


def _text(packed: bytes | None) -> str:
    """Return a text that is kept for excerpts; a damaged one keeps no message from being found."""
    try:
        return zlib.decompress(packed or b"").decode()
    except (zlib.error, UnicodeDecodeError):
        return ""


def _stem(db: apsw.Connection, word: str) -> str:
    """Return the beginning that all words with the index's stem of ``word`` share."""
    tokenizer = db.fts5_tokenizer("porter", ["unicode61"])
    tokens: Any = tokenizer(  # without offsets and synonyms: a list of strings
        word.encode(),
        apsw.FTS5_TOKENIZE_QUERY,
        None,
        include_offsets=False,
        include_colocated=False,
    )
    stem = tokens[0] if tokens else word
    return stem if word.startswith(stem) else stem.removesuffix("i")
