"""The query language: words, "phrases", ``field:value``, ``-not``, ``OR`` and parentheses.

``a b OR c`` means (a and b) or c. A parser with a stack of its own: nesting, length and the number
of terms are limited. Errors are `InvalidArgument("query", …)` and say at which character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
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


class Flaw(Enum):
    """What can be wrong with a query; ``{}`` is what stands there, or a limit."""

    MISSING = "something to search for is missing here"
    UNREADABLE = "{} cannot be read here"
    TOO_MANY = "more than {} terms"
    TOO_DEEP = "more than {} parentheses within each other"
    NOT_CLOSED = "this parenthesis is not closed"
    NOT_OPENED = "this parenthesis was never opened"
    HALF_OR = "OR stands between two things, and nothing stands before it"
    HALF_QUOTED = "this quotation mark has no second one"
    NO_VALUE = "{} needs a value right behind the colon"
    NO_LETTER = "{} has no letter and no digit to search for"
    NOT_IS = "is: knows unread, read, flagged, answered, forwarded and draft"
    NOT_HAS = "has: knows attachment"
    NO_DAY = "{} needs a day such as 2026-01-31"
    NO_SPAN = "{} needs a time such as 12h, 7d, 2w, 3m or 1y"
    TOO_LONG_AGO = "{} ago is before all time"
    NO_MAILBOX = "there is no mailbox {}"
    NO_ACCOUNT = "there is no account {}"
    NO_SIZE = "{} needs a size such as 300k or 5M"


class WrongQuery(InvalidArgument):
    """A query that cannot be read: its ``flaw`` at a character, counted from 1."""

    def __init__(self, flaw: Flaw, at: int, text: str = "") -> None:
        """Say what is wrong where; ``text`` is what stands there, or the limit."""
        super().__init__("query", f"at character {at}: {flaw.value.format(text)}")
        self._more = {"flaw": flaw.name, "at": str(at), "text": text}

    @property
    def arguments(self) -> dict[str, str]:
        """See `HongyanError`."""
        return {**super().arguments, **self._more}


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
            raise WrongQuery(Flaw.MISSING, at)
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
            raise WrongQuery(Flaw.UNREADABLE, at + 1, text[at])
        _take(token, groups)
        terms += 1
        if terms > TERM_LIMIT:
            raise WrongQuery(Flaw.TOO_MANY, at + 1, str(TERM_LIMIT))
        at = _end_of_space(text, token.end())
    if len(groups) > 1:
        raise WrongQuery(Flaw.NOT_CLOSED, groups[-1].at)
    return groups[0].close(len(text) + 1)


def _end_of_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _take(token: re.Match[str], groups: list[_Group]) -> None:
    """Add one token to the innermost group, or open or close one."""
    at = token.start() + 1
    if token["open"]:
        if len(groups) > DEPTH_LIMIT:
            raise WrongQuery(Flaw.TOO_DEEP, at, str(DEPTH_LIMIT))
        groups.append(_Group(at, negated=bool(token["not"])))
    elif token["close"]:
        if len(groups) == 1:
            raise WrongQuery(Flaw.NOT_OPENED, at)
        group = groups.pop()
        groups[-1].add(group.close(at), negated=group.negated)
    elif token[0] == "OR":
        if not groups[-1].alternatives[-1]:
            raise WrongQuery(Flaw.HALF_OR, at)
        groups[-1].alternatives.append([])
    elif token[0] != "AND":  # which stands between any two terms, said or not
        groups[-1].add(_term(token), negated=bool(token["not"]))


def _term(token: re.Match[str]) -> Term:
    at = token.start() + 1
    name = (token["field"] or "").lower()
    if token["quoted"] is not None:
        if not token["end"]:
            raise WrongQuery(Flaw.HALF_QUOTED, token.start("quoted"))
        value = token["quoted"]
    else:
        value = token["word"]
        if value.endswith(":") and value[:-1].lower() in FIELDS:
            raise WrongQuery(Flaw.NO_VALUE, at, value)
    if name and name not in FIELDS:
        return Term("", f"{token['field']}:{value}", at)
    return Term(name, value, at)
