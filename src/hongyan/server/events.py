"""The stream of events (RFC 8620 §7.3): the only ``async`` endpoint.

``closeafter=state`` ends it after one; ``ping`` says how many seconds may pass in silence.
``with=activity,wire`` asks for events of our own.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from hongyan.server.auth import Refusal, require, session_of
from hongyan.server.hub import Happening, Listener

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from hongyan.server.hub import Hub
    from hongyan.server.site import Site

EXTRAS: Final = frozenset({"activity", "wire", "job", "link"})
_SILENCE: Final = 3_600
_WAITING: Final = 1_000  # events that a slow client may have before it


async def stream(site: Site, request: Request) -> Response:
    """Give a stream of events."""
    try:
        require(site, request)
    except Refusal as refusal:
        return refusal.response()
    types, only_one, ping = _wishes(request)
    given = request.query_params.get("with", "")
    queue: asyncio.Queue[Happening] = asyncio.Queue(_WAITING)
    loop = asyncio.get_running_loop()

    def put(happening: Happening) -> None:
        if queue.full():
            queue.get_nowait()  # the newest state says what the older ones said
        queue.put_nowait(happening)

    def tell(happening: Happening) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(put, happening)

    session = session_of(site, request)
    listener = Listener(tell, types, EXTRAS.intersection(given.split(",")), session)
    place = request.headers.get("last-event-id", "")
    await asyncio.to_thread(site.hub.add, listener, place)
    if session != session_of(site, request):  # it was ended meanwhile, unheard
        tell(Happening("", None))
    events = _events(site.hub, listener, queue, ping=ping, only_one=only_one)
    return StreamingResponse(
        events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def _wishes(request: Request) -> tuple[frozenset[str] | None, bool, int]:
    """Return the types (None: all), whether one state is enough, and the interval of pings."""
    query = request.query_params
    types, ping, close = query.get("types", "*"), query.get("ping", "0"), query.get("closeafter")
    if close not in (None, "no", "state") or not (ping.isascii() and ping.isdecimal()):
        raise HTTPException(400, "closeafter is state or no, ping a number of seconds")
    chosen = None if types == "*" else frozenset(types.split(","))
    return chosen, close == "state", min(int(ping[:9]), _SILENCE)


async def _events(
    hub: Hub, listener: Listener, queue: asyncio.Queue[Happening], *, ping: int, only_one: bool
) -> AsyncIterator[str]:
    try:
        yield ": welcome\n\n"
        while True:
            happening = await _next(queue, ping)
            if not happening.name:
                return
            yield written(happening)
            if only_one and happening.name == "state":
                return
    finally:
        hub.remove(listener)


async def _next(queue: asyncio.Queue[Happening], ping: int) -> Happening:
    try:
        return await asyncio.wait_for(queue.get(), ping or None)
    except TimeoutError:
        return Happening("ping", {"interval": ping})


def written(happening: Happening) -> str:
    """Return an event as the stream has it; JSON has no line ends of its own."""
    id_ = f"id: {happening.place}\n" if happening.place else ""
    return f"{id_}event: {happening.name}\ndata: {json.dumps(happening.data)}\n\n"
