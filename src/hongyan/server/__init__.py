"""The local server: one door to the profile, JMAP over HTTP, and the page (docs/protocols)."""

from __future__ import annotations

from hongyan.server.keys import Keys
from hongyan.server.listening import TLS, Address, Server
from hongyan.server.place import Place

__all__ = ["TLS", "Address", "Keys", "Place", "Server"]
