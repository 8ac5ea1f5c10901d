"""Finding messages: a query becomes one SQL statement over the full-text index.

Newest first, streaming out of the index, so a page takes the same time at any depth; or
by relevance. What the person typed only ever travels as a bound value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import apsw

from hongyan import mime
from hongyan.errors import InvalidArgument
from hongyan.mime import header
from hongyan.mime.message import preview_of
from hongyan.store import conditions, wheres
from hongyan.store.database import fetch
from hongyan.store.email_query import EmailQuery, Ids, Part, base_subject
from hongyan.store.filters import NEWEST_FIRST
from hongyan.store.folding import fold
from hongyan.store.query import Where, parse
from hongyan.store.snippet import LENGTH, Highlighter, Snippet
from hongyan.store.terms import Terms
from hongyan.store.texts import COLUMNS, JOIN, Texts
from hongyan.store.types import MessageId, nothing_like, row_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hongyan.store.blobs import Blobs
    from hongyan.store.conditions import Found
    from hongyan.store.database import Database
    from hongyan.store.filters import Sort


_HITS: Final = f"""
    SELECT m.id, m.subject, {COLUMNS} FROM json_each(?) AS i
    CROSS JOIN messages AS m ON m.id = i.value JOIN blobs AS b ON b.id = m.blob {JOIN}
"""
_TOGETHER: Final = 500
# body, subject, from, to, cc, bcc, filename, list
_RELEVANCE: Final = "bm25(search, 1.0, 8.0, 4.0, 2.0, 2.0, 2.0, 3.0, 1.0)"


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

    def __init__(self, database: Database, *, blobs: Blobs, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._blobs = blobs
        self._texts = Texts(blobs)
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
        with self._database.view() as db:
            found = self._found(db, query, account, mailbox)
            sql = statement(found, order=order, beyond=after is not None)
            place = () if after is None else _place(db, found, row_number("m", after))
            highlighter = Highlighter(found.phrases, stem=lambda word: _stem(db, word))
            ranks = dict(fetch(db, sql, (*found.values, *place, limit, offset)))
            return self._hits(db, ranks, highlighter)

    def check(self, query: str) -> None:
        """Raise `InvalidArgument` for a query that is wrong, or names what is not there.

        A mailbox or an account that is not there is no mistake elsewhere: nothing is found in it.
        """
        with self._database.view() as db:
            terms = Terms(db, self._clock(), strict=True)
            conditions.found(parse(query), read=terms.read)

    def ids(self, query: str) -> Iterator[MessageId]:
        """Yield all messages that a query finds, the oldest first, while others come and go.

        Raises `InvalidArgument` for the query.
        """
        place: tuple[int, ...] = ()
        while True:
            with self._database.view() as db:
                found = self._found(db, query, None, None)
                sql = statement(found, order=Order.OLDEST, beyond=bool(place))
                rows = fetch(db, sql, (*found.values, *place, _TOGETHER, 0))
                place = _place(db, found, rows[-1][0]) if rows else ()
            yield from (MessageId(f"m{number}") for number, _ in rows)
            if not rows:
                return

    def among(self, query: str, message_ids: Iterable[str]) -> tuple[MessageId, ...]:
        """Return those of some messages that a query finds, oldest first.

        Raises `InvalidArgument` for the query.
        """
        rows = json.dumps([row_number("m", each) for each in message_ids])
        with self._database.view() as db:
            these = Where("m.id IN (SELECT value FROM json_each(?))", (rows,))
            terms = Terms(db, self._clock())
            found = conditions.found(parse(query), read=terms.read, require=(these,))
            hits = fetch(db, f"SELECT m.id {found.sql} ORDER BY m.id", found.values)
        return tuple(MessageId(f"m{row}") for (row,) in hits)

    def count(self, query: str, *, account: str | None = None, mailbox: str | None = None) -> int:
        """Return how many messages a query finds. Raises `InvalidArgument`."""
        with self._database.view() as db:
            found = self._found(db, query, account, mailbox)
            ((count,),) = fetch(db, f"SELECT count(*) {found.sql}", found.values)
        return int(count)

    def octets(self, query: str) -> int:
        """Return how many octets the messages have that a query finds. Raises `InvalidArgument`."""
        with self._database.view() as db:
            found = self._found(db, query, None, None)
            ((size,),) = fetch(db, f"SELECT total(m.size) {found.sql}", found.values)
        return int(size)

    def query(  # as RFC 8621 has them
        self,
        account_ids: str | Sequence[str],
        *,
        filter_: Mapping[str, Any] | None = None,
        sort: Sequence[Sort] = NEWEST_FIRST,
        collapse_threads: bool = False,
        part: Part = Part(),  # noqa: B008  # frozen
    ) -> Ids:
        """Answer an Email/query (RFC 8621 §4.4) of an account or several; ``filter_`` is its JSON.

        Raises `InvalidArgument` for ``filter`` or ``sort``, `NotFound` for an anchor that is not
        found.
        """
        ids = [account_ids] if isinstance(account_ids, str) else account_ids
        with self._database.view() as db:
            self._add_functions(db)
            asked = EmailQuery(
                accounts=tuple(row_number("a", each) for each in ids),
                read=Terms(db, self._clock()).read,
                filter=filter_,
                sort=tuple(sort),
                collapse_threads=collapse_threads,
            )
            return asked.run(db, part)

    def snippets(
        self,
        filter_: Mapping[str, Any] | None,
        message_ids: Iterable[str],
    ) -> list[Hit]:
        """Return subject and excerpt of messages, what a filter looks for marked (RFC 8621 §5).

        Those that are no more are left out. Raises `InvalidArgument` for the filter.
        """
        with self._database.view() as db:
            read = Terms(db, self._clock()).read
            phrases = EmailQuery(accounts=(), read=read, filter=filter_).found(db).phrases
            highlighter = Highlighter(phrases, stem=lambda word: _stem(db, word))
            ranks = {row_number("m", id_): 0.0 for id_ in message_ids}
            return self._hits(db, ranks, highlighter)

    def _hits(
        self, db: apsw.Connection, ranks: Mapping[int, float], highlighter: Highlighter
    ) -> list[Hit]:
        """Return the hits of messages' rows, each with its rank, in their order."""
        hits = []
        for row, subject, *parts in fetch(db, _HITS, (json.dumps([*ranks]),)):
            text = self._texts.of(*parts)
            excerpt = highlighter.excerpt(text) or Snippet(preview_of(text)[:LENGTH])
            id_ = MessageId(f"m{row}")
            hits.append(Hit(id_, highlighter.whole(subject), excerpt, ranks[row]))
        return hits

    def _add_functions(self, db: apsw.Connection) -> None:
        db.create_scalar_function("base_subject", base_subject, 1, deterministic=True)
        db.create_scalar_function("header_holds", partial(self._header_holds, db), 3)

    def _header_holds(self, db: apsw.Connection, *given: object) -> bool:
        blob, name, text = given
        fields = mime.parse(self._blobs.head(db, int(str(blob)))).headers
        values = [value for field, value in fields if field.decode("latin-1").lower() == name]
        return any(fold(str(text)) in fold(header.text(value)) for value in values)

    def _found(
        self, db: apsw.Connection, query: str, account: str | None, mailbox: str | None
    ) -> Found:
        require: list[Where] = []
        if account is not None:
            require.append(wheres.of_accounts([row_number("a", account)]))
        if mailbox is not None:
            require.append(wheres.in_mailbox(row_number("b", mailbox)))
        terms = Terms(db, self._clock())
        return conditions.found(parse(query), read=terms.read, require=tuple(require))


def statement(found: Found, *, order: Order, beyond: bool = False) -> str:
    """Return the SQL of a page of hits; see `Found.page` for what is to be bound."""
    if found.is_of_index and order is Order.RELEVANCE:
        return (
            f"SELECT m.id, {_RELEVANCE} AS found {found.sql} "
            "ORDER BY found, search.rowid DESC LIMIT ? OFFSET ?"
        )
    return found.page("m.id, 0.0", newest_first=order is not Order.OLDEST, beyond=beyond)


def _place(db: apsw.Connection, found: Found, row: int) -> tuple[int, ...]:
    """Return where a message stands in the order of arrival. Raises `NotFound`."""
    for place in fetch(db, f"SELECT {found.source.place} FROM messages AS m WHERE id = ?", (row,)):
        return tuple(place)
    raise nothing_like("m", f"m{row}")


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
