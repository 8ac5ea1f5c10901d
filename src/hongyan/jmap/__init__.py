"""JMAP over the store (RFC 8620, 8621), without HTTP: a request goes in, a response comes out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hongyan.jmap import blob, request
from hongyan.jmap.call import Call, Jmap, Method
from hongyan.jmap.errors import RequestError
from hongyan.jmap.limits import CORE, MAIL, OWN, SUBMISSION, Limits
from hongyan.jmap.methods import METHODS
from hongyan.jmap.session import Doors, session, session_state

if TYPE_CHECKING:
    from hongyan.jmap.errors import Json

__all__ = [
    "Call",
    "Doors",
    "Jmap",
    "Limits",
    "Method",
    "RequestError",
    "answer",
    "blob",
    "handle",
    "session",
]

_CAPABILITIES = frozenset({CORE, MAIL, SUBMISSION, OWN})


def handle(server: Jmap, octets: bytes) -> Json:
    """Return the Response object to the Request object in ``octets``. Raises `RequestError`."""
    return request.run(
        server,
        request.parse(octets, limit=server.limits.max_size_request),
        {**METHODS, **{name: (OWN, method) for name, method in server.own.items()}},
        capabilities=_CAPABILITIES,
        session_state=session_state(server),
    )


def answer(server: Jmap, octets: bytes) -> bytes:
    """Return the octets of the response to a request. Raises `RequestError`."""
    return json.dumps(handle(server, octets), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )
