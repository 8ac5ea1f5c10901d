"""Search/parse: whether a text is a search, and where it is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument
from hongyan.jmap.arguments import text
from hongyan.store import Part

if TYPE_CHECKING:
    from hongyan.jmap.call import Call
    from hongyan.jmap.errors import Json

_PLACE: Final = re.compile(r"at character (\d+)")


def parse(call: Call) -> Json:
    """Answer Search/parse: the text as a filter, or what is wrong with it."""
    wanted = call.take("text", text)
    call.end()
    account = next((each.id for each in call.store.accounts.list()), None)
    try:
        if account is not None:
            filter_ = {"search": wanted}
            call.store.search.query(account, filter_=filter_, part=Part(limit=0))
    except InvalidArgument as why:
        place = _PLACE.search(why.reason)
        words = why.reason.partition(": ")[2] or why.reason
        return {"filter": None, "error": {"words": words, "at": int(place[1]) if place else None}}
    return {"filter": {"search": wanted} if wanted.strip() else None, "error": None}
