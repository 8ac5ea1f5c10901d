"""The built-in table of providers, ``providers.toml``: by an address's domain, or by its MX."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Self

from hongyan.discover.types import Candidate, Hint, Service
from hongyan.net.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One row: the provider's servers, and what a newcomer has to know."""

    name: str
    domains: tuple[str, ...]
    mx: tuple[str, ...]
    servers: tuple[Endpoint, ...]
    local_part: bool
    hint: Hint | None
    oauth: str
    source: str

    def candidates(self, address: str) -> tuple[Candidate, ...]:
        """Return the provider's servers with the login that it wants of ``address``."""
        username = address.rpartition("@")[0] if self.local_part else address
        return tuple(Candidate(server, (username,)) for server in self.servers)


class Providers:
    """The whole table."""

    def __init__(self, rows: Iterable[Provider]) -> None:
        self.rows = tuple(rows)
        self._by_domain = {domain: row for row in self.rows for domain in row.domains}
        self._by_mx = {domain: row for row in self.rows for domain in row.mx}

    @classmethod
    def load(cls) -> Self:
        """Read the table that is installed with the program."""
        text = (resources.files(__package__) / "providers.toml").read_text("utf-8")
        return cls(map(_provider, tomllib.loads(text)["provider"]))

    def of_domain(self, domain: str) -> Provider | None:
        """Return the provider whose own domain this is."""
        return self._by_domain.get(domain.lower())

    def of_mx(self, host: str) -> Provider | None:
        """Return the provider under whose domain the mail exchanger ``host`` stands."""
        labels = host.lower().rstrip(".").split(".")
        names = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._by_mx[name] for name in names if name in self._by_mx), None)


def _provider(row: dict[str, Any]) -> Provider:
    urls = (row.get(service.value) for service in Service)
    return Provider(
        name=row["name"],
        domains=tuple(row["domains"]),
        mx=tuple(row.get("mx", ())),
        servers=tuple(Endpoint.parse(url) for url in urls if url),
        local_part=row.get("username") == "local part",
        hint=Hint[name.upper().replace("-", "_")] if (name := row.get("hint")) else None,
        oauth=row.get("oauth", ""),
        source=row["source"],
    )
