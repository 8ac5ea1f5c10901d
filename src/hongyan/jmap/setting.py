"""What the /set methods share (RFC 8620 §5.3): order, states, limits, patches, what is answered.

The whole call is one transaction, in which each object stands or falls by itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from hongyan.errors import InvalidArgument, NotFound, Unsafe
from hongyan.jmap.arguments import array, id_, id_or_reference, json_object, mapping, optional, text
from hongyan.jmap.errors import Json, MethodError, NotSet, SetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hongyan.jmap.call import Call
    from hongyan.store import Kind

_creations = optional(mapping(id_, json_object))
_updates = optional(mapping(id_or_reference, json_object))
_ids = optional(array(id_or_reference))


@dataclass(frozen=True, slots=True)
class Actions:
    """What a /set does with one object; each raises `NotSet` where it does nothing.

    ``create`` returns the properties that the client does not know, ``id`` among them; ``update``
    those that changed beyond what was asked, or None.
    """

    create: Callable[[Call, Json], Json]
    update: Callable[[Call, str, Json], Json | None]
    destroy: Callable[[Call, str], None]


@dataclass(slots=True)
class Outcome:
    """What became of each object of a /set."""

    created: dict[str, Json] = field(default_factory=dict)
    not_created: dict[str, SetError] = field(default_factory=dict)
    updated: dict[str, Json | None] = field(default_factory=dict)
    not_updated: dict[str, SetError] = field(default_factory=dict)
    destroyed: list[str] = field(default_factory=list)
    not_destroyed: dict[str, SetError] = field(default_factory=dict)

    def json(self) -> Json:
        """Return the arguments of the answer that say it; null where there is nothing."""
        return {
            "created": self.created or None,
            "updated": self.updated or None,
            "destroyed": self.destroyed or None,
            "notCreated": errors_json(self.not_created),
            "notUpdated": errors_json(self.not_updated),
            "notDestroyed": errors_json(self.not_destroyed),
        }


def errors_json(errors: Mapping[str, SetError]) -> Json | None:
    """Return SetErrors by id, or None when there is none."""
    return {name: error.json() for name, error in errors.items()} or None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The arguments that every /set has."""

    create: Mapping[str, Json]
    update: Mapping[str, Json]
    destroy: tuple[str, ...]


def take(call: Call) -> Wanted:
    """Take create, update and destroy. Raises `MethodError`, also for too many."""
    create = call.take("create", _creations, None) or {}
    update = call.take("update", _updates, None) or {}
    destroy: list[str] | None = call.take("destroy", _ids, None)
    if len(create) + len(update) + len(destroy or ()) > (most := call.limits.max_objects_in_set):
        raise MethodError("requestTooLarge", f"at most {most} objects at once")
    return Wanted(create, update, tuple(destroy or ()))


def take_if_in_state(call: Call) -> str | None:
    """Take ``ifInState``."""
    return call.take("ifInState", optional(text), None)


def require_state(call: Call, kind: Kind, state: str | None) -> str:
    """Return the state of now. Raises `MethodError` ``stateMismatch`` when another was wanted."""
    now = call.store.changes.state(call.account.id, kind)
    if state not in (None, now):
        raise MethodError("stateMismatch")
    return now


def carry_out(call: Call, wanted: Wanted, actions: Actions) -> Outcome:
    """Create, update, destroy; within the caller's transaction."""
    outcome = Outcome()
    for name in in_order(wanted.create):
        with each(call, outcome.not_created, name):
            outcome.created[name] = actions.create(call, dict(wanted.create[name]))
            call.created[name] = str(outcome.created[name]["id"])
    doomed = {call.resolve(reference) for reference in wanted.destroy}
    for reference, patch in wanted.update.items():
        id_here = call.resolve(reference)
        with each(call, outcome.not_updated, id_here):
            if id_here in doomed:
                raise NotSet("willDestroy")
            outcome.updated[id_here] = actions.update(call, id_here, patch)
    for id_here in dict.fromkeys(map(call.resolve, wanted.destroy)):
        with each(call, outcome.not_destroyed, id_here):
            actions.destroy(call, id_here)
            outcome.destroyed.append(id_here)
    return outcome


@contextmanager
def each(call: Call, errors: dict[str, SetError], name: str) -> Iterator[None]:
    """Do something to one object: all of it, or nothing and a `SetError` in ``errors``."""
    try:
        with call.store.transaction():
            yield
    except NotSet as why:
        errors[name] = why.error
    except MethodError as why:  # a value in the object that is of the wrong type
        if why.kind != "invalidArguments":
            raise
        properties = why.more.get("arguments", ())
        names = tuple(map(str, properties)) if isinstance(properties, list) else ()
        errors[name] = SetError("invalidProperties", why.description, names)
    except InvalidArgument as why:
        errors[name] = SetError("invalidProperties", str(why), (why.field,))
    except NotFound as why:
        errors[name] = SetError("notFound", str(why))
    except Unsafe as why:
        errors[name] = SetError("forbidden", str(why))


def in_order(create: Mapping[str, Json]) -> Iterable[str]:
    """Return the creation ids so that one that refers to another comes after it (§5.3)."""
    ordered: dict[str, None] = {}
    waiting = dict(create)
    while waiting:
        ready = [name for name, object_ in waiting.items() if not _refers(object_, waiting, name)]
        for name in ready or list(waiting):
            ordered[name] = None
            del waiting[name]
    return ordered


def _refers(object_: Json, others: Mapping[str, Json], own: str) -> bool:
    """Whether a value or a name directly in the object refers to one of the others."""
    found: list[object] = []
    for value in object_.values():
        found += value if isinstance(value, dict) else [value]
    return any(
        isinstance(value, str) and value[:1] == "#" and value[1:] != own and value[1:] in others
        for value in found
    )


def patched(current: Json, patch: Json) -> Json:
    """Return an object with a PatchObject applied (RFC 8620 §5.3). Raises `NotSet`."""
    result = dict(current)
    paths = sorted(path.split("/") for path in patch)
    if any(inner[: len(outer)] == outer for outer, inner in pairwise(paths)):
        raise NotSet("invalidPatch", "one path of the patch lies within another")
    for path, value in patch.items():
        steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
        _put(result, steps, value)
    return result


def _put(target: Json, steps: list[str], value: object) -> None:
    for step in steps[:-1]:
        inner = target.get(step)
        if not isinstance(inner, dict):
            raise NotSet("invalidPatch", f"there is no object {step!r} to change something in")
        target[step] = target = dict(inner)
    if value is None and len(steps) > 1:
        target.pop(steps[-1], None)
    else:
        target[steps[-1]] = value
