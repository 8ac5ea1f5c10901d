"""Trying what was found: each server for real, until there is one to read by and one to send by.

The caller's ``attempt`` connects as far as a login would, without one: no password goes to a server
before the person has seen its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hongyan.discover.types import Service, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hongyan.discover.types import Candidate, Found, Hint
    from hongyan.errors import HongyanError

_READERS: Final = (Service.IMAP, Service.POP3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One server tried; ``error`` says why it cannot be used, ``words`` what it offers."""

    found: Found
    candidate: Candidate
    words: tuple[str, ...] = ()
    error: HongyanError | None = None

    def vouched_for(self, domain: str) -> bool:
        """Tell whether nobody but the mail domain itself, or the built-in table, named this host.

        DNS can be forged: another host that SRV or MX records led to is asked about before it gets
        a password (RFC 6186 §6).
        """
        host = self.candidate.endpoint.host.lower()
        inside = host == domain or host.endswith(f".{domain}")
        return inside or self.found.source in (Source.PROVIDERS, Source.AUTOCONFIG)


@dataclass(frozen=True, slots=True)
class Setup:
    """The servers that were chosen, None where no server could be used, and who was asked."""

    incoming: Proof | None
    outgoing: Proof | None
    asked: tuple[Found, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """Return those that there are."""
        return tuple(each for each in (self.incoming, self.outgoing) if each)

    @property
    def hint(self) -> Hint | None:
        """Which password the provider wants, where that is known."""
        return next((each.hint for each in self._sources if each.hint), None)

    @property
    def oauth(self) -> str:
        """By which provider one signs in, where that is known."""
        return next((each.oauth for each in self._sources if each.oauth), "")

    @property
    def _sources(self) -> tuple[Found, ...]:
        """Those whose servers were chosen, or all when none was."""
        return tuple(each.found for each in self.proofs) or self.asked


def prove(
    sources: Iterable[Found],
    attempt: Callable[[Found, Candidate], Proof],
    *,
    readers: tuple[Service, ...] = _READERS,
    tell: Callable[[Proof], None],
) -> Setup:
    """Try servers source by source and return the first of each kind that can be used.

    ``readers`` are the kinds wanted for reading, the best first; each try goes to ``tell``. Within
    a source all servers of a better kind are tried before those of the next.
    """
    incoming: Proof | None = None
    outgoing: Proof | None = None
    asked: list[Found] = []
    for found in sources:
        asked.append(found)
        incoming = incoming or _first(_tries(found, readers, attempt), tell)
        outgoing = outgoing or _first(_tries(found, (Service.SMTP,), attempt), tell)
        if incoming and outgoing:
            break
    return Setup(incoming, outgoing, tuple(asked))


def _tries(
    found: Found, services: tuple[Service, ...], attempt: Callable[[Found, Candidate], Proof]
) -> Iterator[Proof]:
    for service in services:
        for candidate in found.candidates:
            if candidate.service is service:
                yield attempt(found, candidate)


def _first(tries: Iterator[Proof], tell: Callable[[Proof], None]) -> Proof | None:
    """Return the first that can be used, telling of each that was tried."""
    for proof in tries:
        tell(proof)
        if proof.error is None:
            return proof
    return None
