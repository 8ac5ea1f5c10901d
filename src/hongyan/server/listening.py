"""The server as it runs: a socket, uvicorn in a thread of its own, and its end."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import uvicorn

from hongyan.errors import ConnectFailed, TimedOut
from hongyan.server.app import build
from hongyan.server.hub import Hub
from hongyan.server.site import Site

if TYPE_CHECKING:
    from hongyan.jmap import Jmap
    from hongyan.server.keys import Keys

LOOPBACK: Final = "127.0.0.1"
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen; port 0 is any that is free."""

    host: str = LOOPBACK
    port: int = 0


class Server:
    """A running server; a context manager that ends it."""

    def __init__(self, jmap: Jmap, keys: Keys, *, address: Address) -> None:
        """Take the address. Raises `ConnectFailed` when it cannot be had."""
        self._socket = _listen(address)
        self.port: int = self._socket.getsockname()[1]
        self.hub = Hub(jmap.store)
        self.site = Site(
            jmap=jmap, keys=keys, hub=self.hub, origin=f"http://{LOOPBACK}:{self.port}"
        )
        names = (LOOPBACK, "localhost", "[::1]")
        hosts = frozenset(f"{name}:{self.port}" for name in names)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                build(self.site, hosts=hosts),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
                timeout_keep_alive=75,
            )
        )
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


def _listen(address: Address) -> socket.socket:
    try:
        return socket.create_server((address.host, address.port), backlog=128)
    except OSError as error:
        raise ConnectFailed(
            f"{address.host}:{address.port} cannot be listened at ({error.strerror}); "
            "another program may have it, or another profile of Hongyan: try --port"
        ) from error
