"""Fuzz target: the query language, and the folding of text for the index."""

from __future__ import annotations

from datetime import UTC, datetime

from hongyan.errors import InvalidArgument
from hongyan.store.conditions import Conditions
from hongyan.store.folding import fold, segment, storable
from hongyan.store.query import parse
from hongyan.store.snippet import Highlighter

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def one(data: bytes) -> None:
    """Read ``data`` as a query and as a text; raise only on a bug."""
    text = data.decode("utf-8", "surrogateescape")
    segment(fold(storable(text))).encode()
    try:
        node = parse(text)
        if node is not None:
            conditions = Conditions(now=NOW)
            conditions.add(node)
            Highlighter(conditions.phrases, stem=lambda word: word).whole(storable(text))
    except InvalidArgument:
        return
