"""What several of our own objects share: times and troubles as JSON has them, pages of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import HongyanError, code_of
from hongyan.guard import shown
from hongyan.jmap.arguments import array, id_, optional, positive, unsigned
from hongyan.mime.jmap import date_text
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_ids = optional(array(id_))
_MOST = 1_000


def date(moment: datetime | None) -> str | None:
    """Return a UTCDate."""
    return date_text(moment)


def trouble(error: Exception, remedy: str = "") -> Json:
    """Return an error as the page tells it: in words, and by what it can word it itself."""
    words = shown(str(error), limit=400)
    return {"type": code_of(error), "words": words, "remedy": remedy, "given": _given(error)}


def coded(error: HongyanError) -> Json:
    """Return the code of an error and what its words are made of, for a SetError."""
    return {"code": code_of(error), "given": _given(error)}


def worded(words: str) -> Json:
    """Return kept words, and by what a page words them itself where they are a `Reason`."""
    return {"words": words, "given": Reason.read(words)}


def _given(error: Exception) -> Json:
    given = error.arguments if isinstance(error, HongyanError) else {}
    return {name: shown(value, limit=400) for name, value in given.items()}


def take_ids(call: Call) -> list[str] | None:
    """Take ``ids``, and nothing else; None for all."""
    ids: list[str] | None = call.take("ids", _ids, None)
    call.end()
    return ids


def listed(ids: Sequence[str] | None, objects: dict[str, Json]) -> Json:
    """Return the arguments of a /get."""
    wanted = list(objects) if ids is None else list(dict.fromkeys(ids))
    return {
        "list": [objects[each] for each in wanted if each in objects],
        "notFound": [each for each in wanted if each not in objects],
    }


def page(call: Call, choose: Callable[[Json], Sequence[str]], filter_: Json) -> Json:
    """Take ``position`` and ``limit`` and return that part of the ids that ``choose`` gives."""
    position = call.take("position", unsigned, 0)
    limit = call.take("limit", optional(positive), None) or _MOST
    call.end()
    ids = choose(filter_)
    return {"ids": list(ids[position : position + limit]), "total": len(ids), "position": position}
