"""Mozilla's autoconfig format: a provider's own XML file that names its servers.

The file is a stranger's: entities are refused, its size is bounded by who fetched it, and a server
in clear text is left out, whatever the file says of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hongyan.discover.types import Candidate
from hongyan.errors import InvalidArgument
from hongyan.net.endpoint import Endpoint

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SECURE: Final = {"SSL": "s", "STARTTLS": ""}
_MOST_SERVERS: Final = 32


def autoconfig_urls(domain: str, address: str) -> tuple[str, ...]:
    """Return where the file of ``domain`` may be, the domain's own host first."""
    query = f"emailaddress={address}"
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?{query}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml?{query}",
    )


def read_autoconfig(octets: bytes, address: str) -> tuple[Candidate, ...]:
    """Return the servers in an autoconfig file that speak TLS; nothing when it is no such file."""
    try:
        root: Element = fromstring(octets, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return ()
    found: list[Candidate] = []
    for element in root.iter():
        if element.tag in ("incomingServer", "outgoingServer"):
            found += _server(element, address)
        if len(found) >= _MOST_SERVERS:
            break
    return tuple(found)


def _server(element: Element, address: str) -> list[Candidate]:
    local, _, domain = address.rpartition("@")
    filled = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}

    def text(name: str) -> str:
        value = (element.findtext(name) or "").strip()
        for pattern, replacement in filled.items():
            value = value.replace(pattern, replacement)
        return value

    suffix = _SECURE.get(text("socketType"))
    if suffix is None:
        return []
    try:
        endpoint = Endpoint.parse(
            f"{element.get('type')}{suffix}://{text('hostname')}:{text('port')}"
        )
    except InvalidArgument:
        return []
    if endpoint.protocol not in ("imap", "pop3", "smtp"):
        return []
    return [Candidate(endpoint, (text("username") or address,))]
