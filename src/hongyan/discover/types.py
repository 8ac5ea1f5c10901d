"""The values of discovery: where a hint came from, which server it names, and who looks things up.

Hosts and ports out of DNS or a stranger's XML become a `Candidate` only through `Endpoint`, which
refuses what is no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from hongyan.net.endpoint import Endpoint


class Source(Enum):
    """Who named a server, in the order in which they are asked."""

    PROVIDERS = "the built-in table of providers"
    SRV = "the domain's SRV records (RFC 6186)"
    AUTOCONFIG = "the domain's autoconfig file"
    MX = "who takes the domain's mail (MX)"
    GUESS = "the usual names and ports"


class Service(Enum):
    """What a server is for, by the protocol's name in an `Endpoint`."""

    IMAP = "imap"
    POP3 = "pop3"
    SMTP = "smtp"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that may be the right one; ``usernames`` are tried in their order."""

    endpoint: Endpoint
    usernames: tuple[str, ...]

    @property
    def service(self) -> Service:
        """What it would be used for."""
        return Service(self.endpoint.protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one source said.

    ``words`` say where it stands (a file's URL, a record's name), ``hint`` which password the
    provider wants, ``oauth`` by which provider a sign-in goes; each may be empty.
    """

    source: Source
    candidates: tuple[Candidate, ...]
    words: str
    hint: str = ""
    oauth: str = ""


class Srv(NamedTuple):
    """One SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class Lookups(Protocol):
    """What discovery needs of the network; what does not exist is empty, not an error."""

    def srv(self, name: str) -> tuple[Srv, ...]:
        """Return the SRV records of ``name``."""

    def mx(self, domain: str) -> tuple[str, ...]:
        """Return the mail exchangers of ``domain``, the preferred first."""

    def get(self, url: str) -> bytes | None:
        """Return what is at an https or http URL, or None. Bounded in size and in time."""
