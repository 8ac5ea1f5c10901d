"""The usual names and ports of a domain's mail servers, those with TLS from the start first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.discover.types import Candidate, Service
from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES: Final = {
    Service.IMAP: ("imap", "mail", ""),
    Service.POP3: ("pop", "pop3", "mail", ""),
    Service.SMTP: ("smtp", "mail", ""),
}


def guesses(domain: str, usernames: tuple[str, ...]) -> Iterator[Candidate]:
    """Yield servers that ``domain`` may have; each is one connection to try."""
    for service, names in _NAMES.items():
        for suffix in ("s", ""):
            for name in names:
                host = f"{name}.{domain}" if name else domain
                try:
                    endpoint = Endpoint.parse(f"{service.value}{suffix}://{host}")
                except InvalidArgument:
                    return
                yield Candidate(endpoint, usernames)
