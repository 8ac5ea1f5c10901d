"""Where a server is and how it must be protected: one frozen value read from a URL.

``pop3s://host`` is TLS from the first octet (RFC 8314), ``pop3://host`` demands STARTTLS, and only
``pop3://host?tls=none`` allows cleartext. ``?pin=SHA256`` trusts exactly that one certificate.
The policy belongs to the account: nothing that a server says can weaken it.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from hongyan.errors import InvalidArgument
from hongyan.guard import argument


class Security(Enum):
    """How a connection is protected."""

    IMPLICIT = "TLS from the first octet"
    STARTTLS = "TLS before anything else is said"
    NONE = "cleartext, because the address asks for it"


_PORTS: Final = {
    ("pop3", Security.IMPLICIT): 995,
    ("pop3", Security.STARTTLS): 110,
    ("imap", Security.IMPLICIT): 993,
    ("imap", Security.STARTTLS): 143,
    ("smtp", Security.IMPLICIT): 465,
    ("smtp", Security.STARTTLS): 587,
    ("lmtp", Security.STARTTLS): 24,
    ("sieve", Security.STARTTLS): 4190,
}
_PIN: Final = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server: ``protocol`` is pop3, imap, smtp, lmtp, sieve; ``pin`` a certificate's SHA-256."""

    protocol: str
    host: str
    port: int
    security: Security
    pin: str | None = None

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read a URL such as ``pop3s://mail.example.org:995``. Raises `InvalidArgument`."""
        argument("server address", url)
        if "@" in url:  # said before anything else is: what stands before it may be a password
            raise InvalidArgument("server address", "carries a user; give it with --username")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidArgument("server address", f"{url!r}: {error}") from None
        options = _options(parts.query)
        protocol, security = _scheme(parts.scheme, options)
        if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
            raise InvalidArgument("server address", f"{url!r} is not of the form pop3s://host:port")
        pin = options.get("pin", "").lower().replace(":", "") or None
        if pin and not _PIN.match(pin):
            raise InvalidArgument("server address", "pin is not a SHA-256 fingerprint in hex")
        default = _PORTS.get((protocol, security)) or _PORTS[protocol, Security.STARTTLS]
        return cls(protocol, _ascii(parts.hostname), port or default, security, pin)

    @property
    def secure(self) -> bool:
        """Whether nothing of value ever crosses in clear."""
        return self.security is not Security.NONE

    @property
    def on_this_machine(self) -> bool:
        """Whether it is reached over no line at all."""
        if self.host == "localhost":
            return True
        with suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return False

    def __str__(self) -> str:
        scheme = self.protocol + ("s" if self.security is Security.IMPLICIT else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        options = ["tls=none"] if self.security is Security.NONE else []
        options += [f"pin={self.pin}"] if self.pin else []
        return f"{scheme}://{host}:{self.port}" + ("?" + "&".join(options) if options else "")


def _ascii(host: str) -> str:
    """Return a host's A-labels by IDNA 2008; the interpreter's IDNA 2003 takes ß for ss."""
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(unicodedata.normalize("NFC", host), strict=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise InvalidArgument("server address", f"{host!r} is no internationalised name") from None


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in ("tls", "pin"):
            raise InvalidArgument("server address", f"{name!r} is not an option; tls and pin are")
    return options


def _scheme(scheme: str, options: dict[str, str]) -> tuple[str, Security]:
    protocol = scheme.removesuffix("s")
    if not scheme:
        words = "has to begin with pop3s://, pop3://, imaps://, imap://, smtps:// or smtp://"
        raise InvalidArgument("server address", words)
    if protocol not in ("pop3", "imap", "smtp", "lmtp", "sieve"):
        known = "pop3s, pop3, imaps, imap, smtps, smtp"
        raise InvalidArgument("server address", f"{scheme!r} is none of {known}")
    if "tls" not in options:
        return protocol, Security.IMPLICIT if scheme.endswith("s") else Security.STARTTLS
    if options["tls"] != "none" or scheme.endswith("s"):
        raise InvalidArgument("server address", "the option is tls=none, and not with pop3s, smtps")
    return protocol, Security.NONE
