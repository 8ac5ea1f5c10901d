"""Effects and flows: how an operation talks to a peer without knowing a socket.

A `Flow` is a generator that yields effects and returns a result; a driver (``hongyan.net``) carries
the effects out. This module is the only one with a bare ``yield`` of an effect: everything else
says ``yield from read()``, so that a lost ``yield from`` is found by a test.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from hongyan.errors import ConnectionLost, HongyanError
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Wake(Enum):
    """Why a `Wait` ended."""

    DATA = "the peer sent something"
    TIMEOUT = "the time is over"
    CALLED = "wake() was called"


@dataclass(frozen=True, slots=True)
class Write:
    """Send ``data`` whole within ``within`` seconds, reading meanwhile whatever arrives.

    ``secrets`` are the octet strings in it that no record may show, now or later.
    """

    data: bytes
    within: float
    secrets: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """Give the next octets, or ``b""`` at the end of the stream.

    The clock of ``within`` seconds starts anew only when ``progress`` differs from the last read's:
    an engine counts whole replies and whole blocks, so octets that trickle in win no time.
    """

    within: float
    progress: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait up to ``seconds`` for data, a `wake()` or the time; the answer is a `Wake`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StartTLS:
    """Turn the connection into TLS; the answer is the server's certificate in DER.

    Refused when plaintext is already waiting (RFC 3207 §4.2).
    """


@dataclass(frozen=True, slots=True)
class Compress:
    """Compress the open connection in both directions, by DEFLATE (RFC 4978).

    ``received`` are octets that the flow was given and that belong to the compressed stream.
    """

    received: bytes = b""


Effect: TypeAlias = Write | Read | Wait | StartTLS | Compress
Answer: TypeAlias = bytes | Wake | None
Flow: TypeAlias = Generator[Effect, Answer, T]


def write(data: bytes, *, within: float = 300.0, secrets: tuple[bytes, ...] = ()) -> Flow[None]:
    """Send ``data``; see `Write`."""
    yield Write(data, within, secrets)


def read(*, within: float = 300.0, progress: int = 0) -> Flow[bytes]:
    """Return at least one octet; see `Read`. Raises `ConnectionLost` at the end of the stream."""
    data = yield Read(within, progress)
    if not isinstance(data, bytes):
        raise TypeError(f"a driver answered a Read with {data!r}")
    if not data:
        raise ConnectionLost(Reason.CLOSED.of())
    return data


def wait(seconds: float) -> Flow[Wake]:
    """Wait; see `Wait`."""
    woken = yield Wait(seconds)
    if not isinstance(woken, Wake):
        raise TypeError(f"a driver answered a Wait with {woken!r}")
    return woken


def start_tls() -> Flow[bytes]:
    """Start TLS on the open connection and return the server's certificate; see `StartTLS`."""
    certificate = yield StartTLS()
    if not isinstance(certificate, bytes):
        raise TypeError(f"a driver answered a StartTLS with {certificate!r}")
    return certificate


def compress(received: bytes = b"") -> Flow[None]:
    """Compress the connection from here; see `Compress`."""
    yield Compress(received)


class Running(Generic[T]):
    """A flow under way, for drivers: while there is an ``effect``, `answer` it or `fail` it.

    One that still has an effect when nobody goes on with it was left before its end.
    """

    __slots__ = ("_flow", "_result", "effect")

    def __init__(self, flow: Flow[T]) -> None:
        self._flow = flow
        self.effect: Effect | None = None
        self._step(partial(flow.send, None))

    def answer(self, answer: Answer) -> None:
        """Give the effect's outcome to the flow."""
        self._step(partial(self._flow.send, answer))

    def fail(self, error: HongyanError) -> None:
        """Raise ``error`` in the flow, where its effect stands."""
        self._step(partial(self._flow.throw, error))

    def _step(self, step: Callable[[], Effect]) -> None:
        try:
            self.effect = step()
        except StopIteration as done:
            self.effect = None
            self._result: T = done.value
        except HongyanError:
            self.effect = None
            raise  # any other error comes from the caller's own functions, amid the dialogue

    @property
    def result(self) -> T:
        """What the flow returned."""
        return self._result
