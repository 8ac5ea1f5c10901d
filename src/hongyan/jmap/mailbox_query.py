"""Mailbox/query and /queryChanges (RFC 8621 §2.3, §2.4): few enough to be sorted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hongyan.jmap import listing
from hongyan.jmap.arguments import boolean, id_, optional, text
from hongyan.jmap.mailbox import every
from hongyan.jmap.sorting import Comparator, collated, take_sort
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Mailbox

_CONDITIONS: Final[dict[str, Callable[[Any], Callable[[Mailbox], bool]]]] = {
    "parentId": lambda value: _is(optional(id_)(value), lambda box: box.parent_id),
    "name": lambda value: _holds(text(value)),
    "role": lambda value: _is(optional(text)(value), lambda box: box.role and box.role.value),
    "hasAnyRole": lambda value: _is(boolean(value), lambda box: box.role is not None),
    "isSubscribed": lambda value: _is(boolean(value), lambda box: box.is_subscribed),
}
_KEYS: Final[dict[str, Callable[[Mailbox], Any]]] = {
    "sortOrder": lambda mailbox: mailbox.sort_order,
    "name": lambda mailbox: collated(mailbox.name),
}


def _is(wanted: object, of: Callable[[Mailbox], object]) -> Callable[[Mailbox], bool]:
    return lambda mailbox: of(mailbox) == wanted


def _holds(wanted: str) -> Callable[[Mailbox], bool]:
    return lambda mailbox: collated(wanted) in collated(mailbox.name)


def _ids(call: Call) -> list[str]:
    """Take the arguments of both methods that say which mailboxes, and return those."""
    condition = listing.take_filter(call, _CONDITIONS)
    sort = take_sort(call, _KEYS)
    as_tree, filter_as_tree = call.flag("sortAsTree"), call.flag("filterAsTree")
    known = every(call)
    matching = {id_ for id_, mailbox in known.items() if condition(mailbox)}
    if filter_as_tree:
        matching = {each for each in matching if _path(known, each) <= matching}
    ordered = _tree(known, sort) if as_tree else sorted(known, key=_key(known, sort))
    return [each for each in ordered if each in matching]


def _key(known: Mapping[str, Mailbox], sort: tuple[Comparator, ...]) -> Callable[[str], Any]:
    return lambda id_: (*(each.key(known[id_]) for each in sort), int(id_[1:]))


def _tree(known: Mapping[str, Mailbox], sort: tuple[Comparator, ...]) -> list[str]:
    """Return all ids so that children follow their parent, sorted among themselves."""
    below: dict[str | None, list[str]] = {}
    for each in sorted(known, key=_key(known, sort), reverse=True):
        parent = known[each].parent_id
        below.setdefault(parent if parent in known else None, []).append(each)
    ordered: list[str] = []
    waiting = below.get(None, [])
    while waiting:
        ordered.append(waiting.pop())
        waiting += below.get(ordered[-1], [])
    return ordered


def _path(known: Mapping[str, Mailbox], id_: str) -> set[str]:
    """Return the ids of a mailbox and of all above it."""
    found = {id_}
    while (parent := known[id_].parent_id) is not None and parent in known and parent not in found:
        found.add(parent)
        id_ = parent
    return found


def query(call: Call) -> Json:
    """Answer Mailbox/query."""
    return listing.query(call, Kind.MAILBOX, _ids)


def query_changes(call: Call) -> Json:
    """Answer Mailbox/queryChanges."""
    return listing.query_changes(call, Kind.MAILBOX, _ids)
