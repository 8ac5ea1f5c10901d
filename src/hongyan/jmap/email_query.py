"""Email/query and /queryChanges (RFC 8621 §4.4, §4.5); the store finds, sorts and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, NotFound, code_of
from hongyan.jmap.arguments import array, json_object, optional, text
from hongyan.jmap.email_filter import take_filter
from hongyan.jmap.errors import MethodError
from hongyan.jmap.listing import Since
from hongyan.jmap.sorting import take_comparator
from hongyan.jmap.window import Window
from hongyan.store import Kind
from hongyan.store.email_query import Part
from hongyan.store.filters import NEWEST_FIRST, SORT_KEYS, Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.email_filter import EmailFilter
    from hongyan.jmap.errors import Json
    from hongyan.store.email_query import Ids

SORTS: Final = tuple(SORT_KEYS)
_WITH_KEYWORD: Final = {"hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"}
_MOST_CHANGES: Final = 2_000
_comparators = optional(array(json_object))


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments that say which messages, in which order; a `window.Results`."""

    call: Call
    accounts: Sequence[str]
    filter: EmailFilter
    sort: tuple[Sort, ...]
    collapse: bool

    @classmethod
    def take(cls, call: Call, accounts: Sequence[str] = ()) -> Asked:
        """Take them, of the call's account or of ``accounts``. Raises `MethodError`."""
        of = accounts or (call.account.id,)
        return cls(call, of, take_filter(call, of), _take_sort(call), call.flag("collapseThreads"))

    def find(self, part: Part) -> Ids:
        """Return a part of the result."""
        try:
            return self.call.store.search.query(
                self.accounts,
                filter_=self.filter.json,
                sort=self.sort,
                collapse_threads=self.collapse,
                part=part,
            )
        except InvalidArgument as why:
            kind = "unsupportedSort" if why.field == "sort" else "unsupportedFilter"
            more = {"code": code_of(why), "given": why.arguments}
            raise MethodError(kind, str(why), **more) from None

    def window(self, window: Window) -> Ids:
        """Return the part that was asked for. Raises `MethodError` ``anchorNotFound``."""
        part = Part(
            position=window.position,
            anchor=window.anchor,
            anchor_offset=window.anchor_offset,
            limit=window.limit,
            total=window.total,
        )
        try:
            return self.find(part)
        except NotFound:
            raise MethodError("anchorNotFound") from None


def _take_sort(call: Call) -> tuple[Sort, ...]:
    given: list[Json] | None = call.take("sort", _comparators, None)
    found = []
    for each in given or ():
        property_, is_ascending, rest = take_comparator(each)
        if property_ not in SORT_KEYS:
            raise MethodError("unsupportedSort", f"there is no sort by {property_!r}")
        keyword = rest.take("keyword", text).lower() if property_ in _WITH_KEYWORD else ""
        found.append(Sort(property_, is_ascending, keyword))
    return tuple(found) or NEWEST_FIRST


def query(call: Call) -> Json:
    """Answer Email/query."""
    account = call.account
    asked, window = Asked.take(call), Window.take(call)
    call.end()
    with call.store.view():
        state = call.store.changes.state(account.id, Kind.EMAIL)
        found = asked.window(window)
    return call.answer(
        queryState=state,
        canCalculateChanges=True,
        **window.answer(found.position, found.ids, found.total),
    )


def query_changes(call: Call) -> Json:
    """Answer Email/queryChanges.

    What changed may have come, gone or moved: it is removed, and added again where it stands now.
    With threads collapsed, or conditions on threads, all messages of a thread change together.
    """
    asked, since = Asked.take(call), Since.take(call)
    call.end()
    with call.store.view():
        new, created, touched = _touched(call, since.state)
        if asked.collapse or asked.filter.looks_at_threads or _sorts_by_thread(asked.sort):
            touched |= _of_their_threads(call, since.state, touched)
            created = frozenset()
        if len(touched) > _MOST_CHANGES:
            raise MethodError("cannotCalculateChanges", "too much has changed since")
        places = _places(asked, touched)
        total = asked.find(Part(limit=0, total=True)).total if since.total else 0
    return call.answer(**since.answer(new, touched - created, places, total=total or 0))


def _sorts_by_thread(sort: Iterable[Sort]) -> bool:
    return any("InThread" in each.property for each in sort)


def _touched(call: Call, state: str) -> tuple[str, frozenset[str], set[str]]:
    """Return the state of now, what is new since ``state``, and all that changed."""
    changes = call.store.changes.since(call.account.id, state, Kind.EMAIL)
    if changes is None:
        raise MethodError("cannotCalculateChanges", "the state is unknown, or older than 30 days")
    touched = {*changes.created, *changes.updated, *changes.destroyed}
    return changes.new_state, frozenset(changes.created), touched


def _of_their_threads(call: Call, state: str, touched: set[str]) -> set[str]:
    """Return all messages of the threads that changed, or of which one changed."""
    threads = {str(row.thread_id) for row in call.store.messages.list(touched)}
    changed = call.store.changes.since(call.account.id, state, Kind.THREAD)
    threads |= {*changed.created, *changed.updated} if changed else set()
    found: set[str] = set()
    for thread in threads:
        try:
            found.update(call.store.messages.thread(thread))
        except NotFound:
            continue
    return found


def _places(asked: Asked, ids: set[str]) -> dict[str, int]:
    """Return where each of the ids that are found stands."""
    if len(ids) <= 4:
        return {id_: at for id_ in ids if (at := _place(asked, id_)) is not None}
    every: Sequence[str] = asked.find(Part()).ids
    return {id_: at for at, id_ in enumerate(every) if id_ in ids}


def _place(asked: Asked, id_: str) -> int | None:
    try:
        return asked.find(Part(anchor=id_, limit=0)).position
    except NotFound:
        return None
