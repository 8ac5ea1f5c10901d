"""Looking up SRV and MX records, bounded in time; what does not exist is empty.

A domain that cannot be asked about looks like one that has no such record: discovery then goes on
to its next source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dns.rdata import Rdata

_SECONDS: Final = 5.0


class Dns:
    """Asks the system's name servers, or those at the addresses ``servers``."""

    def __init__(self, *, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers = tuple(servers)
        self._port = port

    def srv(self, name: str) -> tuple[tuple[int, int, int, str], ...]:
        """Return priority, weight, port and target of each SRV record of ``name`` (RFC 2782)."""
        from dns.rdtypes.IN.SRV import SRV

        return tuple(
            (each.priority, each.weight, each.port, each.target.to_text(omit_final_dot=True))
            for each in self._ask(name, "SRV")
            if isinstance(each, SRV)
        )

    def mx(self, domain: str) -> tuple[str, ...]:
        """Return the mail exchangers of ``domain``, the preferred first (RFC 5321 §5.1)."""
        from dns.rdtypes.ANY.MX import MX

        found = [each for each in self._ask(domain, "MX") if isinstance(each, MX)]
        found.sort(key=lambda each: each.preference)
        hosts = (each.exchange.to_text(omit_final_dot=True) for each in found)
        return tuple(host for host in hosts if host not in ("", "."))  # RFC 7505: takes no mail

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        from dns.exception import DNSException
        from dns.resolver import Resolver

        try:
            resolver = Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = list(self._servers)
                resolver.port = self._port
            return list(resolver.resolve(name, kind, lifetime=_SECONDS, search=False))
        except (DNSException, OSError, UnicodeError, ValueError):
            return []
