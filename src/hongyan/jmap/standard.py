"""What the methods of all types share: /get and /changes (RFC 8620 §5.1, §5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from hongyan.jmap.arguments import array, id_or_reference, optional, positive, text
from hongyan.jmap.errors import MethodError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json
    from hongyan.store import Changes, Kind

T = TypeVar("T")
_optional_ids = optional(array(id_or_reference))
_optional_names = optional(array(text))


@dataclass(frozen=True, slots=True)
class Type(Generic[T]):
    """A type of objects: its kind in the change log, and how its objects are found and shown.

    ``everything`` gives all ids of an account, ``find`` the objects that exist of some ids;
    ``show`` maps each property to what makes it.
    """

    kind: Kind
    everything: Callable[[Call], Sequence[str]]
    find: Callable[[Call, Sequence[str]], Mapping[str, T]]
    show: Mapping[str, Callable[[T], object]]

    def get(self, call: Call) -> Json:
        """Answer a /get."""
        account = call.account
        ids = wanted_ids(call, lambda: self.everything(call))
        properties = wanted_properties(call, self.show, every=tuple(self.show))
        call.end()
        with call.store.view():
            state = call.store.changes.state(account.id, self.kind)
            found = self.find(call, ids)
        return call.answer(
            state=state,
            list=[self.shown(found[each], properties) for each in ids if each in found],
            notFound=[each for each in ids if each not in found],
        )

    def shown(self, object_: T, properties: Iterable[str]) -> Json:
        """Return an object as JSON has it."""
        return {name: self.show[name](object_) for name in properties}

    def changes(self, call: Call) -> Json:
        """Answer a /changes."""
        return call.answer(**changes_json(changed(call, self.kind)))


def wanted_ids(call: Call, everything: Callable[[], Sequence[str]]) -> list[str]:
    """Take ``ids``: each once, creation ids resolved. Raises `MethodError`, also for too many."""
    given = call.take("ids", _optional_ids, None)
    ids = everything() if given is None else map(call.resolve, given)
    unique = list(dict.fromkeys(ids))
    if len(unique) > (most := call.limits.max_objects_in_get):
        raise MethodError("requestTooLarge", f"at most {most} objects at once")
    return unique


def wanted_properties(
    call: Call,
    known: Collection[str] | None,
    *,
    every: tuple[str, ...],
    always: tuple[str, ...] = ("id",),
) -> tuple[str, ...]:
    """Take ``properties``; ``always`` are among them.

    Raises `MethodError` for one that is not ``known`` (None: the caller looks at that).
    """
    given = call.take("properties", _optional_names, None)
    if given is None:
        return every
    for unknown in set(given).difference(given if known is None else known):
        raise invalid("properties", f"there is no {unknown!r}")
    return tuple(dict.fromkeys((*always, *given)))


def changed(call: Call, kind: Kind) -> Changes:
    """Take the arguments of a /changes. Raises `MethodError` ``cannotCalculateChanges``."""
    account = call.account
    since = call.take("sinceState", text)
    most = call.take("maxChanges", optional(positive), None)
    call.end()
    changes = call.store.changes.since(account.id, since, kind, limit=most)
    if changes is None:
        raise MethodError("cannotCalculateChanges", "the state is unknown, or older than 30 days")
    return changes


def changes_json(changes: Changes) -> Json:
    """Return the arguments of the answer to a /changes, without the account."""
    return {
        "oldState": changes.old_state,
        "newState": changes.new_state,
        "hasMoreChanges": changes.has_more,
        "created": list(changes.created),
        "updated": list(changes.updated),
        "destroyed": list(changes.destroyed),
    }
