"""Trying what was found: each server for real, until there is one to read by and one to send by.

The caller's ``attempt`` connects and, where there is a password, logs in; this module decides what
is tried next. A server that answers but refuses the password is the right one all the same: the
person is asked about the password, and no other server is given it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from hongyan.discover.types import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hongyan.discover.types import Candidate, Found


class Verdict(Enum):
    """What a try of one server showed."""

    PROVED = "it works"
    REFUSED = "it is there, and refuses the login"
    FAILED = "it cannot be used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One server tried: with which login, and what it said."""

    found: Found
    candidate: Candidate
    username: str
    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Setup:
    """The servers that were chosen, each None where none was proved."""

    incoming: Proof | None
    outgoing: Proof | None

    @property
    def complete(self) -> bool:
        """Whether there is a server to read by and one to send by, both proved."""
        return _proved(self.incoming) and _proved(self.outgoing)


_READERS: Final = (Service.IMAP, Service.POP3)


def prove(
    sources: Iterable[Found],
    attempt: Callable[[Found, Candidate], Proof],
    *,
    readers: tuple[Service, ...] = _READERS,
    tell: Callable[[Proof], None],
) -> Setup:
    """Try servers source by source and return the first of each kind that works.

    ``readers`` are the kinds wanted for reading, the best first; each try goes to ``tell``. Within
    a source all servers of a better kind are tried before those of the next.
    """
    incoming: Proof | None = None
    outgoing: Proof | None = None
    for found in sources:
        if not _answered(incoming):
            incoming = _first(_tries(found, readers, attempt), tell) or incoming
        if not _answered(outgoing):
            outgoing = _first(_tries(found, (Service.SMTP,), attempt), tell) or outgoing
        if _answered(incoming) and _answered(outgoing):
            break
    return Setup(incoming, outgoing)


def _tries(
    found: Found, services: tuple[Service, ...], attempt: Callable[[Found, Candidate], Proof]
) -> Iterator[Proof]:
    for service in services:
        for candidate in found.candidates:
            if candidate.service is service:
                yield attempt(found, candidate)


def _first(tries: Iterator[Proof], tell: Callable[[Proof], None]) -> Proof | None:
    """Return the first that answered, telling of each that was tried."""
    for proof in tries:
        tell(proof)
        if _answered(proof):
            return proof
    return None


def _answered(proof: Proof | None) -> bool:
    return proof is not None and proof.verdict is not Verdict.FAILED


def _proved(proof: Proof | None) -> bool:
    return proof is not None and proof.verdict is Verdict.PROVED
