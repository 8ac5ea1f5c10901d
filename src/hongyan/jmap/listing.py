"""/query and /queryChanges (RFC 8620 §5.5, §5.6) of types whose objects are few.

All are looked at each time. What changed since a state comes from the change log: every object that
did may have come, gone or moved, so it is removed, and added again where it stands now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hongyan.jmap.arguments import id_, optional, positive, text
from hongyan.jmap.errors import Json, MethodError
from hongyan.jmap.window import Listed, Window

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.store import Kind

Test: TypeAlias = Callable[[Any], bool]
Conditions: TypeAlias = Mapping[str, Callable[[Any], Test]]
_DEPTH: Final = 20


def query(call: Call, kind: Kind, ids_of: Callable[[Call], list[str]]) -> Json:
    """Answer a /query; ``ids_of`` takes its arguments and returns all ids that it finds."""
    account = call.account
    window = Window.take(call)
    with call.store.view():
        state = call.store.changes.state(account.id, kind)
        ids = ids_of(call)
    call.end()
    return call.answer(queryState=state, canCalculateChanges=True, **window.of(Listed(ids)))


def query_changes(call: Call, kind: Kind, ids_of: Callable[[Call], list[str]]) -> Json:
    """Answer a /queryChanges."""
    account = call.account
    asked = Since.take(call)
    with call.store.view():
        new = call.store.changes.state(account.id, kind)
        ids = ids_of(call)
        changes = call.store.changes.since(account.id, asked.state, kind)
    call.end()
    if changes is None:
        raise MethodError("cannotCalculateChanges", "the state is unknown, or older than 30 days")
    removed = {*changes.updated, *changes.destroyed}
    places = {each: at for at, each in enumerate(ids) if each in removed.union(changes.created)}
    return call.answer(**asked.answer(new, removed, places, total=len(ids)))


class Since:
    """The arguments that every /queryChanges has."""

    def __init__(self, *, state: str, most: int | None, up_to: str | None, total: bool) -> None:
        self.state = state
        self.most = most
        self.up_to = up_to
        self.total = total

    @classmethod
    def take(cls, call: Call) -> Since:
        """Take them. Raises `MethodError`."""
        return cls(
            state=call.take("sinceQueryState", text),
            most=call.take("maxChanges", optional(positive), None),
            up_to=call.take("upToId", optional(id_), None),
            total=call.flag("calculateTotal"),
        )

    def answer(
        self, new: str, removed: Collection[str], places: Mapping[str, int], *, total: int
    ) -> Json:
        """Return the answer without the account. Raises `MethodError` ``tooManyChanges``."""
        if self.most is not None and len(removed) + len(places) > self.most:
            raise MethodError("tooManyChanges")
        added = sorted(places, key=places.__getitem__)
        return {
            "oldQueryState": self.state,
            "newQueryState": new,
            **({"total": total} if self.total else {}),
            "removed": sorted(removed),
            "added": [{"id": each, "index": places[each]} for each in added],
        }


def take_filter(call: Call, conditions: Conditions) -> Test:
    """Take ``filter``; return the test that an object has to pass.

    Raises `MethodError` ``unsupportedFilter``, ``invalidArguments``.
    """
    given: Json | None = call.take("filter", optional(_object), None)
    return _test(given or {}, conditions, 0)


def _object(value: object) -> Json:
    if isinstance(value, dict):
        return value
    raise ValueError("is no object")


def _test(given: object, conditions: Conditions, depth: int) -> Test:
    if not isinstance(given, dict) or depth > _DEPTH:
        raise MethodError("unsupportedFilter", "a filter is an object, not nested too deep")
    if "operator" in given:
        return _operator(given, conditions, depth)
    tests = [_condition(name, value, conditions) for name, value in given.items()]
    return lambda object_: all(test(object_) for test in tests)


def _operator(given: Json, conditions: Conditions, depth: int) -> Test:
    parts = given.get("conditions")
    if given["operator"] not in ("AND", "OR", "NOT") or not isinstance(parts, list):
        raise MethodError("unsupportedFilter", "an operator is AND, OR or NOT, with conditions")
    tests: Sequence[Test] = [_test(each, conditions, depth + 1) for each in parts]
    if given["operator"] == "AND":
        return lambda object_: all(test(object_) for test in tests)
    wanted = given["operator"] == "OR"
    return lambda object_: any(test(object_) for test in tests) is wanted


def _condition(name: str, value: object, conditions: Conditions) -> Test:
    if name not in conditions:
        raise MethodError("unsupportedFilter", f"there is no condition {name!r}")
    try:
        return conditions[name](value)
    except ValueError as error:
        raise MethodError("invalidArguments", f"filter: {name} {error}") from None
