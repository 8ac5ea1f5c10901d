"""The server as it runs: a socket, uvicorn in a thread of its own, and its end."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

import uvicorn

from hongyan.errors import ConnectFailed, TimedOut, Unsafe
from hongyan.server.app import build
from hongyan.server.hub import Hub
from hongyan.server.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

    from hongyan.jmap import Jmap
    from hongyan.server.keys import Keys

LOOPBACK: Final = "127.0.0.1"
_OURS: Final = (LOOPBACK, "localhost", "[::1]")
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """The files of a certificate (with its chain) and its key, as PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen, and under which names; port 0 is ``usual_port``, or any, as they are free.

    ``names`` are hosts beside those of loopback that a client may call the server by.
    """

    host: str = LOOPBACK
    port: int = 0
    usual_port: int = 0
    names: tuple[str, ...] = ()
    tls: TLS | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def scheme(self) -> str:
        """``https`` where there is TLS."""
        return "https" if self.tls else "http"

    def hosts(self, port: int) -> frozenset[str]:
        """Return every right value of the Host field; browsers leave the usual port out."""
        usual = port == (443 if self.tls else 80)
        ends = (f":{port}", "") if usual else (f":{port}",)
        return frozenset(f"{name}{end}" for name in (*_OURS, *self.names) for end in ends)


class Server:
    """A running server; a context manager that ends it."""

    def __init__(self, jmap: Jmap, keys: Keys, *, address: Address) -> None:
        """Take the address.

        Raises `ConnectFailed` when it cannot be had, `Unsafe` for one that others can reach without
        TLS and a password.
        """
        if not address.is_loopback and (address.tls is None or not keys.has_password):
            raise Unsafe(
                f"{address.host} can be reached by others: that takes --certificate and --key, and "
                "a password ('hongyan serve --set-password')"
            )
        self._socket = listen(address)
        self.port: int = self._socket.getsockname()[1]
        self.hub = Hub(jmap.store)
        name = address.names[0] if address.names else LOOPBACK
        origin = f"{address.scheme}://{name}:{self.port}"
        self.site = Site(jmap=jmap, keys=keys, hub=self.hub, origin=origin)
        app = build(self.site, hosts=address.hosts(self.port))
        self._uvicorn = uvicorn.Server(_config(app, address.tls))
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin; returns when requests are answered. Raises `TimedOut`."""
        self.hub.open()
        self._thread.start()
        end = time.monotonic() + _PATIENCE
        while not self._uvicorn.started:
            if time.monotonic() > end or not self._thread.is_alive():
                raise TimedOut("the local server did not begin")
            time.sleep(0.005)

    def stop(self) -> None:
        """End it; streams of events end at once, requests under way have a second."""
        self.hub.close()
        self._uvicorn.should_exit = True
        self._thread.join(_PATIENCE)
        self._socket.close()

    def _run(self) -> None:
        self._uvicorn.run(sockets=[self._socket])


def _config(app: ASGIApp, tls: TLS | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


def listen(address: Address) -> socket.socket:
    """Return a socket that listens at the address. Raises `ConnectFailed`."""
    if not address.port and address.usual_port:
        with suppress(ConnectFailed):
            return listen(replace(address, port=address.usual_port))
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listening = socket.create_server((address.host, address.port), family=family, backlog=128)
        # What is accepted inherits it; without it each answer waits 40 ms for the other side.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise ConnectFailed(
            f"{address.host}:{address.port} cannot be listened at ({error.strerror}); "
            "another program may have it, or another profile of Hongyan: try --port"
        ) from error
