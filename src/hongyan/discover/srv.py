"""SRV records of a mail domain: RFC 6186, with the submissions service of RFC 8314 §5.1.

Services with TLS from the first octet come before those with STARTTLS (RFC 8314 §3); within one
service the order is RFC 2782's, with the heavier first, so that the outcome can be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.discover.types import Candidate
from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hongyan.discover.types import Srv

_SERVICES: Final = (
    ("_imaps._tcp", "imaps"),
    ("_imap._tcp", "imap"),
    ("_pop3s._tcp", "pop3s"),
    ("_pop3._tcp", "pop3"),
    ("_submissions._tcp", "smtps"),
    ("_submission._tcp", "smtp"),
)


def srv_names(domain: str) -> tuple[str, ...]:
    """Return the names whose SRV records name the mail servers of ``domain``."""
    return tuple(f"{label}.{domain}" for label, _ in _SERVICES)


def srv_candidates(
    domain: str, usernames: tuple[str, ...], look_up: Callable[[str], tuple[Srv, ...]]
) -> Iterator[Candidate]:
    """Yield the servers that the domain's SRV records name, the better first."""
    for name, (_, scheme) in zip(srv_names(domain), _SERVICES, strict=True):
        for record in sorted(look_up(name), key=lambda each: (each.priority, -each.weight)):
            host = record.target.rstrip(".")
            if not host:  # "." says that the service is not offered (RFC 6186 §3.4)
                continue
            try:
                endpoint = Endpoint.parse(f"{scheme}://{host}:{record.port}")
            except InvalidArgument:
                continue
            yield Candidate(endpoint, usernames)
