"""What a transcript is tried with: a flow, and the result or the error that it must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hongyan.errors import ProtocolError, TLSFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow


@dataclass(frozen=True)
class Case:
    flow: Callable[[], Flow[Any]]
    result: object = None
    error: type[Exception] | tuple[type[Exception], ...] | None = None
    says: str = ""


# seen in the buffer when it came with the reply, by the handshake when it came after
INJECTED = (ProtocolError, TLSFailed)
