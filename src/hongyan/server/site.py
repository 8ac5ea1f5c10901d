"""What the endpoints share: the JMAP server, the keys, the events, and the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.jmap import Doors

if TYPE_CHECKING:
    from hongyan.jmap import Jmap
    from hongyan.server.hub import Hub
    from hongyan.server.keys import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One server: ``origin`` is ``http://127.0.0.1:8765``."""

    jmap: Jmap
    keys: Keys
    hub: Hub
    origin: str

    def start_link(self) -> str:
        """Return a link that begins a browser session, once."""
        return f"{self.origin}/#start={self.keys.make_start()}"


def doors(origin: str) -> Doors:
    """Return the URLs of the session object, for a client that came by ``origin``."""
    return Doors(
        api=f"{origin}/jmap/api",
        download=f"{origin}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}",
        upload=f"{origin}/jmap/upload/{{accountId}}/",
        events=f"{origin}/jmap/events?types={{types}}&closeafter={{closeafter}}&ping={{ping}}",
    )
