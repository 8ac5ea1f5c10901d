"""A little HTTPS for what mail needs besides mail: autoconfig files and OAuth's endpoints.

``http.client`` does the protocol. Each exchange is bounded as a whole, in octets and in seconds: at
its deadline the line is cut, so that a server that trickles wins no time. Redirects are followed
from https to https alone, and never with a body.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urljoin, urlsplit

from hongyan.errors import ConnectFailed, InvalidArgument, NetworkError, TimedOut, TLSFailed
from hongyan.guard import argument
from hongyan.net.resolve import resolve
from hongyan.net.tls import client_context
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hongyan.net.resolve import Resolve

_LIMIT: Final = 512 * 1024
_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; the body may hold secrets."""

    status: int
    body: bytes = field(repr=False)
    location: str = ""


class Web:
    """Exchanges over HTTPS; over plain HTTP only where a URL of loopback says so."""

    def __init__(
        self, *, resolve: Resolve = resolve, context: Callable[[], ssl.SSLContext] = client_context
    ) -> None:
        self._resolve = resolve
        self._context = context

    def get(self, url: str, *, within: float = 10.0) -> Answer:
        """Return what is at ``url``, following redirects. Raises `NetworkError`."""
        deadline = time.monotonic() + within
        for _ in range(_REDIRECTS + 1):
            answer = self._exchange("GET", url, deadline=deadline)
            if answer.status not in _MOVED or not answer.location:
                return answer
            url = _following(url, answer.location)
        raise ConnectFailed("there are too many redirects")

    def post(self, url: str, form: Mapping[str, str], *, within: float = 30.0) -> Answer:
        """Send a form and return the answer. Raises `NetworkError`."""
        return self._exchange("POST", url, form=form, deadline=time.monotonic() + within)

    def _exchange(
        self, method: str, url: str, *, deadline: float, form: Mapping[str, str] | None = None
    ) -> Answer:
        secure, host, port, target = _place(url)
        with self._dial(host, port, deadline) as plain:
            try:
                with self._secured(plain, host, deadline) if secure else plain as sock:
                    standard = port == (443 if secure else 80)
                    connection = http.client.HTTPConnection(host, None if standard else port)
                    connection.sock = sock
                    with _cut_at(deadline, sock):
                        return _ask(connection, method, target, form)
            except (OSError, http.client.HTTPException, ValueError) as error:
                if time.monotonic() >= deadline:
                    raise TimedOut(Reason.NO_ANSWER.of(host=host)) from None
                raise NetworkError(Reason.NO_WEB.of(host=host, said=error)) from None

    def _secured(self, sock: socket.socket, host: str, deadline: float) -> socket.socket:
        with _cut_at(deadline, sock):
            try:
                return self._context().wrap_socket(sock, server_hostname=host)
            except ssl.SSLError as error:
                raise TLSFailed(
                    Reason.TLS_FAILED.of(host=host, said=error.reason or error)
                ) from None

    def _dial(self, host: str, port: int, deadline: float) -> socket.socket:
        reason = "it has no address"
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(Reason.HOST_UNKNOWN.of(host=host, said=error)) from None
        for family, kind, proto, _, address in found:
            sock = socket.socket(family, kind, proto)
            sock.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                sock.connect(address)
            except OSError as error:
                sock.close()
                reason = str(error)
            else:
                return sock
        raise ConnectFailed(Reason.UNREACHABLE.of(host=host, port=port, said=reason))


def _place(url: str) -> tuple[bool, str, int, str]:
    """Return whether ``url`` is of https, and its host, port and target."""
    try:
        parts = urlsplit(argument("url", url))
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is none, a bracket that is not closed
        raise InvalidArgument("url", f"{url!r} is no address") from None
    secure = parts.scheme == "https"
    is_loopback = host in ("127.0.0.1", "localhost", "::1")
    if not host or not (secure or (parts.scheme == "http" and is_loopback)):
        raise InvalidArgument("url", f"{url!r} is no https address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return secure, host, port or (443 if secure else 80), target


def _following(url: str, location: str) -> str:
    """Return where a redirect leads. Raises `ConnectFailed` unless it is an https address."""
    try:
        following = urljoin(url, location)
        secure, *_ = _place(following)
    except (ValueError, InvalidArgument):
        secure = False
    if not secure:
        raise ConnectFailed("a redirect leads away from https")
    return following


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    form: Mapping[str, str] | None,
) -> Answer:
    headers = {"Accept": "*/*", "Connection": "close"}
    body = None
    if form is not None:
        body = urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, target, body=body, headers=headers)
    with connection.getresponse() as response:
        octets = response.read(_LIMIT + 1)
        if len(octets) > _LIMIT:
            raise ValueError(f"more than {_LIMIT} octets")
        return Answer(response.status, octets, response.headers.get("Location", ""))


@contextmanager
def _cut_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """Break the line when the deadline passes within the block, whatever trickles in."""
    late = threading.Timer(max(deadline - time.monotonic(), 0), _cut, (sock,))
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which may wait for the peer
