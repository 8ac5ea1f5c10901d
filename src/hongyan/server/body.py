"""The body of a request, read by a plain function in its thread, within a limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import anyio.from_thread
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.types import Message

_JSON: Final = "application/json"


def chunks(request: Request) -> Iterator[bytes]:
    """Yield the body as it arrives. Raises `HTTPException` when the client goes away."""
    while True:
        message = anyio.from_thread.run(_receive, request)
        if message["type"] == "http.disconnect":
            raise HTTPException(400, "the client went away")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def read(request: Request, *, limit: int) -> bytes | None:
    """Return the body; None when it has more octets than ``limit``."""
    if int(request.headers.get("content-length", "0")) > limit:
        return None
    found: list[bytes] = []
    size = 0
    for chunk in chunks(request):
        size += len(chunk)
        if size > limit:
            return None
        found.append(chunk)
    return b"".join(found)


def require_json(request: Request) -> None:
    """Refuse what is not said to be JSON in UTF-8: a form of another site cannot say that."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    charsets = [each.strip() for each in parameters]
    if kind.strip() != _JSON or set(charsets) - {"", "charset=utf-8", 'charset="utf-8"'}:
        raise HTTPException(415, f"a request is {_JSON}")


def read_json(request: Request, *, limit: int) -> Any:  # noqa: ANN401  # JSON
    """Return a small JSON body. Raises `HTTPException`."""
    require_json(request)
    octets = read(request, limit=limit)
    if octets is None:
        raise HTTPException(413, f"at most {limit} octets")
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        raise HTTPException(400, "this is no JSON") from None


async def _receive(request: Request) -> Message:
    return await request.receive()
