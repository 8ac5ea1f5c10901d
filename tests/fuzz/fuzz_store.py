"""Fuzz target: the query language, filters in JSON, and the folding of text for the index."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import apsw

from hongyan.errors import InvalidArgument, NotFound
from hongyan.store import conditions
from hongyan.store.database import fetch, migrate
from hongyan.store.filters import Filter
from hongyan.store.folding import fold, segment, storable
from hongyan.store.protection import CLEAR
from hongyan.store.query import Node, parse
from hongyan.store.snippet import Highlighter
from hongyan.store.terms import Terms

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DB = apsw.Connection(":memory:")
migrate(DB, CLEAR)


def one(data: bytes) -> None:
    """Read ``data`` as a query, as a filter and as a text; raise only on a bug."""
    text = data.decode("utf-8", "surrogateescape")
    segment(fold(storable(text))).encode()
    try:
        ask(parse(text), text)
        ask(Filter(DB).node(json.loads(text)), text)
    except (InvalidArgument, NotFound, json.JSONDecodeError, RecursionError):
        return


def ask(node: Node | None, text: str) -> None:
    """Run the statement that a tree becomes."""
    found = conditions.found(node, read=Terms(DB, NOW).read)
    if "header_holds" not in found.sql:
        sql = found.page("m.id", newest_first=True)
        fetch(DB, sql, (*found.values, 9, 0))
    Highlighter(found.phrases, stem=lambda word: word).whole(storable(text))
