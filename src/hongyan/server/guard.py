"""What stands before everything else: the exact Host, the Origin, no ambiguous requests.

A name that resolves to this machine (DNS rebinding), another site's page, a request that two
programs read in two ways: none of these gets to see which paths there are. FAULTS: exact
comparison, before routing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

from hongyan.server.headers import ALWAYS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

THREADS: Final = 6  # each has a connection to the store, and its memory


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], scheme: str) -> None:
        """``hosts`` are the exact values of the Host field that are right."""
        self._app = app
        self._hosts = hosts
        self._scheme = scheme
        self._threads_set = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on; put our fields on every response."""
        if not self._threads_set:
            anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
            self._threads_set = True

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            status, words = refused
            await PlainTextResponse(f"{words}\n", status)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and words for a request that is not let in."""
        if scope["type"] != "http":
            return 403, "Only HTTP is spoken here."
        fields: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = _every(fields, b"host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return 421, "This is no name of this server."
        if not scope["path"].startswith("/") or not scope["raw_path"].startswith(b"/"):
            return 400, "A path begins with a slash."
        if _every(fields, b"transfer-encoding") and _every(fields, b"content-length"):
            return 400, "A request has one length."
        if any(origin != f"{self._scheme}://{hosts[0]}" for origin in _every(fields, b"origin")):
            return 403, "This server answers its own page alone."
        return None


def _every(fields: list[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in fields if name.lower() == wanted]
