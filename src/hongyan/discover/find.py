"""Asking each source in turn who serves an address: `Source` gives the order.

A generator, so that nobody asks the network for what is not needed any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.discover.autoconfig import autoconfig_urls, read_autoconfig
from hongyan.discover.guess import guesses
from hongyan.discover.srv import srv_candidates
from hongyan.discover.types import Found, Source
from hongyan.errors import InvalidArgument
from hongyan.guard import argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.discover.providers import Provider, Providers
    from hongyan.discover.types import Candidate, Lookups


def find(address: str, providers: Providers, lookups: Lookups) -> Iterator[Found]:
    """Yield what each source says about ``address``; a source that says nothing yields nothing.

    Raises `InvalidArgument` for what is no address.
    """
    argument("address", address)
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise InvalidArgument("address", "is no mail address")
    domain = domain.lower()
    usernames = (address, local)  # RFC 6186 §4: the whole address first
    if known := providers.of_domain(domain):
        yield _known(Source.PROVIDERS, known, address, known.name)
    if named := tuple(srv_candidates(domain, usernames, lookups.srv)):
        yield Found(source=Source.SRV, candidates=named, words=f"SRV records of {domain}")
    yield from _autoconfig(Source.AUTOCONFIG, domain, address, lookups)
    yield from _exchangers(domain, address, providers, lookups)
    yield Found(
        source=Source.GUESS,
        candidates=tuple(guesses(domain, usernames)),
        words=f"names like imap.{domain}",
    )


def candidates_of(found: tuple[Found, ...]) -> tuple[Candidate, ...]:
    """Return all servers that were named, in the order of the sources."""
    return tuple(candidate for each in found for candidate in each.candidates)


def _known(source: Source, provider: Provider, address: str, words: str) -> Found:
    return Found(
        source=source,
        candidates=provider.candidates(address),
        words=words,
        hint=provider.hint,
        oauth=provider.oauth,
    )


def _autoconfig(source: Source, domain: str, address: str, lookups: Lookups) -> Iterator[Found]:
    """Yield the first autoconfig file of ``domain`` that names a server."""
    for url in autoconfig_urls(domain, address):
        octets = lookups.get(url)
        candidates = read_autoconfig(octets, address) if octets else ()
        if candidates:
            yield Found(source=source, candidates=candidates, words=url.partition("?")[0])
            return


def _exchangers(
    domain: str, address: str, providers: Providers, lookups: Lookups
) -> Iterator[Found]:
    """Yield what is known of the host that takes the domain's mail."""
    for host in lookups.mx(domain)[:1]:
        if provider := providers.of_mx(host):
            yield _known(Source.MX, provider, address, f"{provider.name}, by the MX {host}")
            return
        parent = ".".join(host.rstrip(".").split(".")[1:])
        if "." in parent and parent.lower() != domain:
            yield from _autoconfig(Source.MX, parent, address, lookups)
