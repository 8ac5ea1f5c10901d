"""The GS2 header that begins a SCRAM and an OAUTHBEARER message (RFC 5801 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hongyan.sasl.types import ChannelBinding


def escaped(name: str) -> str:
    """Return ``name`` as a saslname: ``=`` and ``,`` would end it (RFC 5801 §4)."""
    return name.replace("=", "=3D").replace(",", "=2C")


def header(authzid: str, binding: ChannelBinding | None, *, bound: bool) -> str:
    """Return the header.

    Its flag says ``p`` when the channel is ``bound``, ``y`` when it could be but the server does
    not offer it, which unmasks one who took the offer away (RFC 5802 §6), and ``n`` otherwise.
    """
    flag = "n" if binding is None else f"p={binding.kind}" if bound else "y"
    return f"{flag},{f'a={escaped(authzid)}' if authzid else ''},"
