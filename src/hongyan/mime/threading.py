"""Conversations by Message-ID, In-Reply-To and References (RFC 5256 §3, Zawinski's algorithm).

Incremental: messages come in any order, parents may come last, and each `add` costs what its own
references cost. The subject plays no part: it never joins what the references keep apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

REFERENCE_LIMIT: Final = 100


class _Place:
    """An id that is known: of a message that is here, or of one that is only referred to."""

    __slots__ = ("children", "key", "parent")

    def __init__(self) -> None:
        self.key: str | None = None
        self.parent: _Place | None = None
        self.children: dict[_Place, None] = {}


def ancestry(references: Sequence[str], in_reply_to: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of a message's ancestors, oldest first (RFC 5256 §3, REFERENCES, 1.A).

    References count; where there are none, the first id of In-Reply-To.
    """
    if references:
        return tuple(dict.fromkeys(references[-REFERENCE_LIMIT:]))
    return tuple(in_reply_to[:1])


class Threads:
    """The conversations of the messages added so far.

    ``key`` is the caller's own name for a message.
    """

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._by_key: dict[str, _Place] = {}

    def add(
        self,
        key: str,
        *,
        message_id: str,
        references: Sequence[str] = (),
        in_reply_to: Sequence[str] = (),
    ) -> None:
        """Put a message where its references say; a second one of the same id stands beside it."""
        line = [one for one in ancestry(references, in_reply_to) if one != message_id]
        parent: _Place | None = None
        for one in line:
            place = self._place(one)
            if parent is not None and place.parent is None:
                self._link(parent, place)
            parent = place
        own = self._places.get(message_id) if message_id else None
        if own is None or own.key is not None:
            own = _Place()
            if message_id:
                self._places.setdefault(message_id, own)
        own.key = key
        self._by_key[key] = own
        if parent is not None:
            self._unlink(own)  # what others said of it may come from a cut list (RFC 5256 §3, 1.B)
            self._link(parent, own)

    def _place(self, message_id: str) -> _Place:
        place = self._places.get(message_id)
        if place is None:
            place = self._places[message_id] = _Place()
        return place

    @staticmethod
    def _link(parent: _Place, child: _Place) -> None:
        """Make ``child`` an answer to ``parent``, unless that would close a circle."""
        if child.parent is parent:
            return
        above: _Place | None = parent if child.children or parent is child else None
        while above is not None:
            if above is child:
                return
            above = above.parent
        Threads._unlink(child)
        child.parent = parent
        parent.children[child] = None

    @staticmethod
    def _unlink(child: _Place) -> None:
        if child.parent is not None:
            del child.parent.children[child]
            child.parent = None

    def roots(self) -> Iterator[str]:
        """Yield the key of the first message of each conversation, in the order of arrival."""
        seen: set[_Place] = set()
        for place in self._by_key.values():
            top = self._top(place)
            if top not in seen:
                seen.add(top)
                yield next(key for key, _ in self._walk(top))

    def thread(self, key: str) -> tuple[tuple[str, int], ...]:
        """Return the conversation of ``key``: each message's key and depth, parents first."""
        return tuple(self._walk(self._top(self._by_key[key])))

    @staticmethod
    def _top(place: _Place) -> _Place:
        while place.parent is not None:
            place = place.parent
        return place

    @staticmethod
    def _walk(top: _Place) -> Iterator[tuple[str, int]]:
        """Yield the messages below ``top``; the depth does not count places without a message."""
        waiting: list[tuple[_Place, int]] = [(top, 0)]
        while waiting:
            place, depth = waiting.pop()
            if place.key is not None:
                yield place.key, depth
                depth += 1
            waiting.extend((child, depth) for child in reversed(place.children))


def conversations(threads: Threads) -> Iterable[tuple[tuple[str, int], ...]]:
    """Return all conversations of ``threads``, in the order in which they began to arrive."""
    return [threads.thread(root) for root in threads.roots()]
