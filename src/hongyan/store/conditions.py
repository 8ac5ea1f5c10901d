"""From a query's tree to the parts of a statement: one FTS5 expression and SQL conditions.

Text becomes quoted phrases (`folding.phrase`), everything else a `Where` with bound values. What
can be asked of the index in one expression is, for the index is what makes it quick. Of the other
conditions one may be the way to the messages (its `Source`), instead of all of them in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.store.folding import phrase
from hongyan.store.query import (
    TEXT_FIELDS,
    All,
    Either,
    Flaw,
    Node,
    Not,
    Source,
    Term,
    Value,
    Where,
    WrongQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Reader: TypeAlias = "Callable[[Term], Where]"

_IN_INDEX: Final = "m.index_row IN (SELECT rowid FROM search WHERE search MATCH ?)"
_INDEX: Final = Source(
    tables="search CROSS JOIN messages AS m ON m.index_row = search.rowid",
    where="search MATCH ?",
    rank=0,
    time=("search.rowid",),
    row="search.rowid",
)
_EVERY: Final = Source(tables="messages AS m", where="1", rank=9)


@dataclass(frozen=True, slots=True)
class Found:
    """The parts of a statement: where it goes, its conditions, the values to bind.

    ``phrases`` are the texts looked for, to be marked.
    """

    source: Source
    sql: str
    values: tuple[Value, ...]
    phrases: tuple[str, ...] = ()

    @property
    def is_of_index(self) -> bool:
        """Whether the full-text index is asked, so that there is a rank."""
        return self.source is _INDEX

    def page(self, columns: str, *, newest_first: bool, beyond: bool = False) -> str:
        """Return the statement of a page in the order of arrival.

        To bind: ``values``, the `place` of the last message before when ``beyond``, LIMIT, OFFSET.
        """
        time = self.source.time
        way, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        after = f"AND ({', '.join(time)}) {sign} ({', '.join('?' * len(time))})" if beyond else ""
        order = ", ".join(f"{column} {way}" for column in time)
        return f"SELECT {columns} {self.sql} {after} ORDER BY {order} LIMIT ? OFFSET ?"


def found(node: Node | None, *, read: Reader, require: tuple[Where, ...] = ()) -> Found:
    """Return the parts of the statement that finds what ``node`` asks for and ``require`` allows.

    ``read`` gives the condition of a term that is no text. Raises `InvalidArgument`.
    """
    parts = node.of if isinstance(node, All) else () if node is None else (node,)
    match = _match(All(parts)) if parts else None
    rest: tuple[Node, ...] = ()
    if parts and match is None:
        asked = tuple(part for part in parts if _match(part) is not None)
        rest = tuple(part for part in parts if part not in asked)
        match = _match(All(asked)) if asked else None
    wheres = [*require, *(_where(part, read) for part in rest)]
    if match:
        wheres.append(Where(_IN_INDEX, (match,), _INDEX))
    way = min(wheres, key=_rank, default=None)
    source = (way and way.source) or _EVERY
    sqls = [source.where if where is way and where.source else where.sql for where in wheres]
    return Found(
        source,
        f"FROM {source.tables} WHERE {' AND '.join(sqls) or '1'}".format(
            at=source.at, row=source.row
        ),
        tuple(value for where in wheres for value in where.values),
        tuple(_phrases(node)),
    )


def _rank(where: Where) -> int:
    return where.source.rank if where.source else _EVERY.rank


def _phrases(node: Node | None) -> list[str]:
    """Return the texts that are looked for, not those that are excluded."""
    if isinstance(node, Term):
        return [node.value] if node.field in TEXT_FIELDS or not node.field else []
    if isinstance(node, All | Either):
        return [text for part in node.of for text in _phrases(part)]
    return []


def _where(node: Node, read: Reader) -> Where:
    """Return a condition for a node that the index alone cannot answer."""
    match = _match(node)
    if match is not None:
        return Where(_IN_INDEX, (match,))
    if isinstance(node, Where):
        return node
    if isinstance(node, Term):
        return read(node)
    if isinstance(node, Not):
        inner = _where(node.of, read)
        return Where(f"NOT ({inner.sql})", inner.values)
    parts = [_where(part, read) for part in node.of]
    word = " AND " if isinstance(node, All) else " OR "
    return Where(
        f"({word.join(part.sql for part in parts)})",
        tuple(value for part in parts for value in part.values),
    )


def _match(node: Node) -> str | None:
    """Return the FTS5 expression for ``node``, or None when it needs more than the index."""
    if isinstance(node, Term):
        return _text(node)
    if isinstance(node, Not | Where):
        return None  # FTS5 has no "everything but"
    if isinstance(node, Either):
        parts = [_match(part) for part in node.of]
        return None if None in parts else f"({' OR '.join(filter(None, parts))})"
    wanted = [_match(part) for part in node.of if not isinstance(part, Not)]
    unwanted = [_match(part.of) for part in node.of if isinstance(part, Not)]
    if not wanted or None in wanted or None in unwanted:
        return None
    expression = f"({' AND '.join(filter(None, wanted))})"
    if unwanted:
        expression = f"({expression} NOT ({' OR '.join(filter(None, unwanted))}))"
    return expression


def _text(term: Term) -> str | None:
    if term.field and term.field not in TEXT_FIELDS:
        return None
    quoted = phrase(term.value)
    if not quoted:
        raise WrongQuery(Flaw.NO_LETTER, term.at, term.value)
    return f'"{term.field}" : {quoted}' if term.field else quoted
