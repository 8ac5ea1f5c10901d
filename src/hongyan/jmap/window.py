"""The part of a list that a /query asks for (RFC 8620 §5.5): position, anchor, limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hongyan.jmap.arguments import id_, integer, optional, unsigned
from hongyan.jmap.errors import Json, MethodError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.jmap.call import Call


class Results(Protocol):
    """A list of ids in order, which need not be made whole."""

    def count(self) -> int:
        """Return how many there are."""

    def index(self, id_: str) -> int | None:
        """Return the place of an id, or None."""

    def part(self, position: int, limit: int) -> Sequence[str]:
        """Return the ids from a place on."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The `Results` of a list that is at hand."""

    ids: Sequence[str]

    def count(self) -> int:
        """Return how many there are."""
        return len(self.ids)

    def index(self, id_: str) -> int | None:
        """Return the place of an id, or None."""
        return self.ids.index(id_) if id_ in self.ids else None

    def part(self, position: int, limit: int) -> Sequence[str]:
        """Return the ids from a place on."""
        return self.ids[position : position + limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The arguments of a /query that choose a part."""

    position: int
    anchor: str | None
    anchor_offset: int
    limit: int
    limit_is_ours: bool
    total: bool

    @classmethod
    def take(cls, call: Call) -> Window:
        """Take the arguments. Raises `MethodError`."""
        limit = call.take("limit", optional(unsigned), None)
        most = call.limits.max_query
        return cls(
            position=call.take("position", integer, 0),
            anchor=call.take("anchor", optional(id_), None),
            anchor_offset=call.take("anchorOffset", integer, 0),
            limit=most if limit is None else min(limit, most),
            limit_is_ours=limit is None or limit > most,
            total=call.flag("calculateTotal"),
        )

    def of(self, results: Results) -> Json:
        """Return what the answer says of the results. Raises `MethodError` ``anchorNotFound``."""
        start = self._start(results)
        total = results.count() if self.total else None
        return self.answer(start, results.part(start, self.limit), total)

    def answer(self, position: int, ids: Sequence[str], total: int | None) -> Json:
        """Return what the answer says of a part that was found."""
        answer: Json = {"position": position, "ids": list(ids)}
        if self.total:
            answer["total"] = total
        if self.limit_is_ours:
            answer["limit"] = self.limit
        return answer

    def _start(self, results: Results) -> int:
        if self.anchor is not None:
            place = results.index(self.anchor)
            if place is None:
                raise MethodError("anchorNotFound")
            return max(place + self.anchor_offset, 0)
        if self.position < 0:
            return max(results.count() + self.position, 0)
        return self.position
