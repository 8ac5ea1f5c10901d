"""An authorisation server's own description (RFC 8414, and OpenID's older place for the same)."""

from __future__ import annotations

from urllib.parse import urlsplit

from hongyan.errors import InvalidArgument, ProtocolError
from hongyan.oauth.grant import read_object, require_web
from hongyan.oauth.types import Provider


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Return where the description of ``issuer`` is: RFC 8414 §3.1, then OpenID's place.

    Raises `InvalidArgument` for what is no https address.
    """
    parts = urlsplit(issuer)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
        raise InvalidArgument("issuer", f"{issuer!r} is no https address")
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    return (
        f"{root}/.well-known/oauth-authorization-server{path}",
        f"{root}{path}/.well-known/openid-configuration",
    )


def read_metadata(octets: bytes, issuer: str, *, scopes: tuple[str, ...]) -> Provider:
    """Read a description. Raises `ProtocolError`, also when it is another issuer's (§3.3)."""
    told = read_object(octets)
    if str(told.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise ProtocolError("the description belongs to another issuer")
    urls = [
        told.get(f"{name}_endpoint", "")
        for name in ("authorization", "token", "device_authorization")
    ]
    if not all(isinstance(url, str) for url in urls) or not urls[0] or not urls[1]:
        raise ProtocolError("the description names no endpoints to sign in at")
    for url in filter(None, urls):
        require_web(url)
    return Provider(urlsplit(issuer).hostname or issuer, urls[0], urls[1], urls[2], scopes)
