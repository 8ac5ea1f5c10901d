"""The device grant (RFC 8628): signing in with another device's browser, for want of one here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hongyan.errors import ProtocolError, Refused
from hongyan.guard import shown
from hongyan.oauth.grant import read_object, read_tokens, refusal, require_web, seconds
from hongyan.oauth.types import Form

if TYPE_CHECKING:
    from datetime import datetime

    from hongyan.oauth.types import Client, Provider, Tokens

_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER: Final = 5


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """What to tell the person, and how to ask whether it is done; times in seconds."""

    user_code: str
    page: str
    device_code: str = field(repr=False)
    lasts: int
    interval: int

    def slower(self) -> DeviceGrant:
        """Return the grant with the longer interval that ``slow_down`` asks for (§3.5)."""
        return DeviceGrant(
            self.user_code, self.page, self.device_code, self.lasts, self.interval + _SLOWER
        )


def device_request(provider: Provider, client: Client) -> Form:
    """Return the request that begins. Raises `Refused` where the provider has no such grant."""
    if not provider.device_url:
        raise Refused(f"{provider.name} lets nobody sign in without a browser")
    return Form(provider.device_url, {"client_id": client.id, "scope": " ".join(provider.scopes)})


def read_device(octets: bytes) -> DeviceGrant:
    """Read the answer to `device_request`. Raises `Refused`, `ProtocolError`."""
    told = read_object(octets)
    if "error" in told:
        raise refusal(told)
    page = told.get("verification_uri") or told.get("verification_url")
    words = (told.get("user_code"), page, told.get("device_code"))
    if not all(isinstance(word, str) and word for word in words):
        raise ProtocolError("the provider's answer holds no code for a device")
    user_code, page, device_code = (str(word) for word in words)
    require_web(page)
    return DeviceGrant(
        shown(user_code, limit=80),
        shown(page, limit=300),
        device_code,
        seconds(told.get("expires_in"), 900),
        seconds(told.get("interval"), 5),
    )


def poll_request(provider: Provider, client: Client, grant: DeviceGrant) -> Form:
    """Return the request that asks whether the person has signed in."""
    fields = {"grant_type": _GRANT, "device_code": grant.device_code, "client_id": client.id}
    if client.secret:
        fields["client_secret"] = client.secret
    return Form(provider.token_url, fields)


def read_poll(octets: bytes, grant: DeviceGrant, *, now: datetime) -> Tokens | DeviceGrant:
    """Return the tokens, or the grant to ask with again after its interval.

    Raises `Refused` when the person said no or was too late.
    """
    error = read_object(octets).get("error")
    if error == "authorization_pending":
        return grant
    if error == "slow_down":
        return grant.slower()
    return read_tokens(octets, now=now)
