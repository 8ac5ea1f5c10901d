"""The query language: words, "phrases", ``field:value``, ``-not``, ``OR`` and parentheses.

``a b OR c`` means (a and b) or c. A parser with a stack of its own: nesting, length and the number
of terms are limited. Errors are `InvalidArgument("query", …)` and say at which character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from hongyan.errors import InvalidArgument
from hongyan.store.folding import storable

LENGTH_LIMIT: Final = 2_000
TERM_LIMIT: Final = 100
DEPTH_LIMIT: Final = 20

TEXT_FIELDS: Final = frozenset({"from", "to", "cc", "bcc", "subject", "body", "filename", "list"})
FIELDS: Final = TEXT_FIELDS | {
    *("is", "has", "in", "account", "label", "before", "after"),
    *("newer_than", "older_than", "larger", "smaller"),
}

_TOKEN: Final = re.compile(
    r"""
    (?P<not>-(?=[^\s)]))?
    (?: (?P<open>\() | (?P<close>\))
      | (?: (?P<field>[A-Za-z_]+) : (?=[^\s()]) )?
        (?: "(?P<quoted>[^"]*)(?P<end>"?) | (?P<word>[^\s()"]+) )
    )
    """,
    re.VERBOSE,
)
_SPACE: Final = re.compile(r"\s*")

Value: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: ``field`` is "" for plain text; ``at`` is where it stands, from 1."""

    field: str
    value: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A way to messages: what follows FROM and WHERE, with the values of its `Where`.

    ``time`` are the columns that order by arrival, ``place`` the same out of the message alone;
    ``at`` and ``row`` stand for its time and its row in the index in other conditions. The lower
    ``rank``, the fewer it leads to.
    """

    tables: str
    where: str
    rank: int
    time: tuple[str, ...] = ("m.index_row",)
    place: str = "m.index_row"
    at: str = "m.received_at"
    row: str = "m.index_row"


@dataclass(frozen=True, slots=True)
class Where:
    """One condition in SQL about ``messages AS m``, and the way to those that fulfil it, if any.

    In it ``{at}`` and ``{row}`` are what the source of the whole statement has for them.
    """

    sql: str
    values: tuple[Value, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them."""

    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    of: tuple[Node, ...]


Node: TypeAlias = Term | Where | Not | All | Either


def wrong(at: int, reason: str) -> InvalidArgument:
    """Return the error for the character at ``at``, counted from 1."""
    return InvalidArgument("query", f"at character {at}: {reason}")


@dataclass(slots=True)
class _Group:
    """A parenthesis under way: alternatives, each a list of what must all be."""

    at: int
    negated: bool
    alternatives: list[list[Node]] = field(default_factory=lambda: [[]])

    def add(self, node: Node, *, negated: bool) -> None:
        self.alternatives[-1].append(Not(node) if negated else node)

    def close(self, at: int) -> Node:
        """Return the group as one node."""
        if not self.alternatives[-1]:
            raise wrong(at, "something to search for is missing here")
        each = [nodes[0] if len(nodes) == 1 else All(tuple(nodes)) for nodes in self.alternatives]
        return each[0] if len(each) == 1 else Either(tuple(each))


def parse(text: str) -> Node | None:
    """Return the query in ``text``; None when it is blank, which asks for everything.

    Raises `InvalidArgument`.
    """
    if len(text) > LENGTH_LIMIT:
        raise InvalidArgument("query", f"is longer than {LENGTH_LIMIT} characters")
    text = storable(text)
    if not text.strip():
        return None
    groups = [_Group(1, negated=False)]
    terms = 0
    at = _end_of_space(text, 0)
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise wrong(at + 1, f"{text[at]!r} cannot be read here")
        _take(token, groups)
        terms += 1
        if terms > TERM_LIMIT:
            raise wrong(at + 1, f"more than {TERM_LIMIT} terms")
        at = _end_of_space(text, token.end())
    if len(groups) > 1:
        raise wrong(groups[-1].at, "this parenthesis is not closed")
    return groups[0].close(len(text) + 1)


def _end_of_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _take(token: re.Match[str], groups: list[_Group]) -> None:
    """Add one token to the innermost group, or open or close one."""
    at = token.start() + 1
    if token["open"]:
        if len(groups) > DEPTH_LIMIT:
            raise wrong(at, f"more than {DEPTH_LIMIT} parentheses within each other")
        groups.append(_Group(at, negated=bool(token["not"])))
    elif token["close"]:
        if len(groups) == 1:
            raise wrong(at, "this parenthesis was never opened")
        group = groups.pop()
        groups[-1].add(group.close(at), negated=group.negated)
    elif token[0] == "OR":
        if not groups[-1].alternatives[-1]:
            raise wrong(at, "OR stands between two things, and nothing stands before it")
        groups[-1].alternatives.append([])
    elif token[0] != "AND":  # which stands between any two terms, said or not
        groups[-1].add(_term(token), negated=bool(token["not"]))


def _term(token: re.Match[str]) -> Term:
    at = token.start() + 1
    name = (token["field"] or "").lower()
    if token["quoted"] is not None:
        if not token["end"]:
            raise wrong(token.start("quoted"), "this quotation mark has no second one")
        value = token["quoted"]
    else:
        value = token["word"]
        if value.endswith(":") and value[:-1].lower() in FIELDS:
            raise wrong(at, f"{value} needs a value right behind the colon")
    if name and name not in FIELDS:
        return Term("", f"{token['field']}:{value}", at)
    return Term(name, value, at)
