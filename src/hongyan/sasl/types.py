"""What every SASL mechanism shares: credentials, the bound line, the service, the interface.

RFC 4422. Its invariant: a `Credentials` that exists can break no line and no message of a
mechanism, for whatever could (CR, LF, NUL, every other control character) is refused at its making.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, field
from typing import Final, Protocol

from hongyan.errors import InvalidArgument
from hongyan.guard import argument

_BINDING_NAME: Final = re.compile(r"[A-Za-z0-9.-]+")  # RFC 5802 §7, cb-name


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs in, and by which secret: a password, an OAuth access token, or neither.

    Neither means that something outside the mail protocol proves it, a client certificate or a
    Kerberos ticket. ``authzid`` is the identity to act as, ``""`` for the person's own. Raises
    `InvalidArgument` for control characters in any of them, TAB included: RFC 4616 forbids NUL
    alone, but RFC 4013 §2.3 forbids them all, and a password must work by every mechanism.
    """

    username: str
    password: str | None = field(default=None, repr=False)
    _: KW_ONLY
    token: str | None = field(default=None, repr=False)
    authzid: str = ""

    def __post_init__(self) -> None:
        for name in ("username", "password", "token", "authzid"):
            argument(name, getattr(self, name) or "")

    def by_password(self) -> tuple[str, str]:
        """Return username and password. Raises `InvalidArgument` when either is missing."""
        if not self.username:
            raise InvalidArgument("username", "is missing")
        if not self.password:
            raise InvalidArgument("password", "is missing")
        return self.username, self.password


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """What ties a login to its TLS connection (RFC 5056).

    ``kind`` is the type, such as ``"tls-exporter"`` (RFC 9266), ``data`` the octets of that type.
    """

    kind: str
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _BINDING_NAME.fullmatch(self.kind):
            raise InvalidArgument("kind", "is no name of a channel binding type")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a login may rely on, besides the credentials.

    ``disclose`` says whether a secret may be shown to the server on this line: it is protected, or
    the person asked for cleartext. ``certificate`` is the server's, in DER, where there is TLS;
    ``remembered`` are the mechanisms that this server offered in earlier sessions.
    """

    disclose: bool
    service: Service | None = None
    certificate: bytes = b""
    remembered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """The service logged in to: its GSSAPI name (``"imap"``, ``"pop"``, ``"smtp"``), host, port.

    DIGEST-MD5 and GSSAPI cannot do without one; OAUTHBEARER tells it to the server.
    """

    name: str
    host: str
    port: int | None = None

    def __post_init__(self) -> None:
        argument("service name", self.name)
        argument("host", self.host)


class Mechanism(Protocol):
    """One SASL exchange, from the client's side; used once. Messages are octets without base64."""

    @property
    def name(self) -> str:
        """The registered name, such as ``"SCRAM-SHA-256"``."""

    @property
    def plaintext(self) -> bool:
        """Whether the peer learns a secret that it could use elsewhere: a password or a token."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The octets that no record may show, as far as they are known by now."""

    def start(self) -> bytes | None:
        """Return the initial response, or None when the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Return the answer to a challenge. Raises `ProtocolError` for one that makes no sense."""

    def finish(self) -> None:
        """Take note that the server reports success.

        Raises `ProtocolError` when the mechanism lets the server prove itself and it did not.
        """
