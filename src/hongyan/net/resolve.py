"""From a host name to addresses: the system's own way, which a caller may replace."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeAlias

Resolve: TypeAlias = Callable[[str, int], list[tuple[Any, ...]]]
"""From host and port to what ``socket.getaddrinfo`` returns. Raises `OSError`, `UnicodeError`."""


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return the addresses of ``host``."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def outside(host: str, port: int) -> list[tuple[Any, ...]]:
    """Return the addresses of ``host`` on the open internet alone: for what strangers name.

    Whoever writes a mail must not reach, through us, what only this machine or its own network can.
    """
    return [each for each in resolve(host, port) if ip_address(each[4][0]).is_global]
