"""Thread (RFC 8621 §3): the messages of one conversation, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import NotFound
from hongyan.jmap.errors import MethodError
from hongyan.jmap.standard import Type
from hongyan.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.jmap.call import Call

    Thread = tuple[str, tuple[str, ...]]


def _everything(_: Call) -> Sequence[str]:
    raise MethodError("requestTooLarge", "name the threads")


def _find(call: Call, ids: Sequence[str]) -> Mapping[str, Thread]:
    found = {}
    for id_ in ids:
        try:
            messages = call.store.messages.thread(id_)
        except NotFound:
            continue
        found[id_] = (id_, messages)
    return found


THREAD: Type[Thread] = Type(
    Kind.THREAD,
    _everything,
    _find,
    {"id": lambda thread: thread[0], "emailIds": lambda thread: list(thread[1])},
)
