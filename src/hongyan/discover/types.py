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


class Hint(Enum):
    """Which password a provider wants, where that is not the one of its website."""

    ADMIN = "an administrator may have to allow IMAP, POP3 and authenticated SMTP"
    APP = "make an app password in the account's security settings; the usual one is refused"
    APP_IF_2FA = "with two-step sign-in, make an app password in the account's security settings"
    APPLE = "make an app-specific password at account.apple.com; the usual one is refused"
    BRIDGE = "Proton Mail Bridge must run on this computer; use the password that it shows"
    ENABLE = "IMAP and POP3 may have to be switched on in the webmail's settings first"
    GOOGLE = "sign in with Google, or make an app password (it needs two-step verification)"
    SEPARATE = "the provider wants the separate e-mail password, set in its customer centre"
    AUTHORISATION_CODE = (
        "switch on IMAP/SMTP in the webmail's settings; it gives an authorisation code, "
        "which is the password here"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one source said.

    ``words`` say where it stands (a file's URL, a record's name), ``hint`` which password the
    provider wants, ``oauth`` by which provider a sign-in goes; each may be empty.
    """

    source: Source
    candidates: tuple[Candidate, ...]
    words: str
    hint: Hint | None = None
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
