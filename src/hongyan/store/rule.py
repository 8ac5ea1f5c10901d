"""A rule as a value: which messages, and what is to be done with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.guard import argument
from hongyan.store import query
from hongyan.store.marking import normal_keywords
from hongyan.store.types import row_number

if TYPE_CHECKING:
    from collections.abc import Callable

NAME_LIMIT: Final = 200
ACTION_LIMIT: Final = 20


class Do(Enum):
    """What an action does; its value is a mailbox's id, a keyword, an address or a command."""

    MOVE = "move"
    COPY = "copy"
    MARK = "mark"
    UNMARK = "unmark"
    TRASH = "trash"
    FORWARD = "forward"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do; ``value`` is empty for `Do.TRASH`."""

    do: Do
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``query`` is in the search language; ``account_ids`` None means all.

    With ``stop`` no later rule looks at what this one matched.
    """

    name: str
    query: str
    actions: tuple[Action, ...]
    id: str = ""
    is_enabled: bool = True
    account_ids: tuple[str, ...] | None = None
    stop: bool = False


def check(rule: Rule) -> None:
    """Raise `InvalidArgument` for a rule that makes no sense."""
    argument("name", rule.name)
    if not 0 < len(rule.name) <= NAME_LIMIT:
        raise InvalidArgument("name", f"has none, or more than {NAME_LIMIT} characters")
    if query.parse(rule.query) is None:
        raise InvalidArgument("query", "is empty, and a rule for everything is none")
    if not 0 < len(rule.actions) <= ACTION_LIMIT:
        raise InvalidArgument("actions", f"are none, or more than {ACTION_LIMIT}")
    for action in rule.actions:
        argument("actions", action.value)
        if bool(action.value) is (action.do is Do.TRASH):
            raise InvalidArgument("actions", f"{action.do.value} has a value too few or too many")
        _CHECKS.get(action.do, _anything)(action.value)


def _anything(value: str) -> None:
    """Accept a value."""


def _mailbox(value: str) -> None:
    row_number("b", value)


def _keyword(value: str) -> None:
    normal_keywords([value])


def _address(value: str) -> None:
    if "@" not in value.strip("@") or " " in value:
        raise InvalidArgument("actions", f"{value!r} is no mail address")


_CHECKS: Final[dict[Do, Callable[[str], None]]] = {
    Do.MOVE: _mailbox,
    Do.COPY: _mailbox,
    Do.MARK: _keyword,
    Do.UNMARK: _keyword,
    Do.FORWARD: _address,
}
