"""The network as the program uses it besides mail's own protocols; tests hand over another."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hongyan.errors import HongyanError
from hongyan.net.dns import Dns
from hongyan.net.resolve import Resolve, outside, resolve
from hongyan.net.web import Web

if TYPE_CHECKING:
    from hongyan.discover import Srv


@dataclass(frozen=True, slots=True)
class Network:
    """How names become addresses, who answers DNS, and how the web is asked.

    ``outside`` is for addresses that stand in mail: it reaches nothing but the open internet.
    """

    resolve: Resolve = resolve
    dns: Dns = field(default_factory=Dns)
    web: Web = field(default_factory=Web)
    outside: Web = field(default_factory=lambda: Web(resolve=outside))

    def srv(self, name: str) -> tuple[Srv, ...]:
        """Return the SRV records of ``name``; see `discover.Lookups`."""
        from hongyan.discover import Srv

        return tuple(Srv(*record) for record in self.dns.srv(name))

    def mx(self, domain: str) -> tuple[str, ...]:
        """Return the mail exchangers of ``domain``, the preferred first."""
        return self.dns.mx(domain)

    def get(self, url: str) -> bytes | None:
        """Return what is at ``url``, or None, for whatever reason."""
        with suppress(HongyanError):
            answer = self.web.get(url, within=6.0)
            if answer.status == 200:
                return answer.body
        return None
