"""AUTHENTICATE (RFC 9051 §6.2.2) with initial responses (RFC 4959): logging in by SASL."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING

from hongyan.errors import HongyanError, NetworkError, ProtocolError
from hongyan.flow import Flow, write
from hongyan.imap.encoder import Raw
from hongyan.imap.flows.exchange import next_event, tell
from hongyan.imap.refusal import refusal
from hongyan.imap.types import Continuation, State, Status, Tagged, Verb

if TYPE_CHECKING:
    from hongyan import sasl
    from hongyan.imap.connection import Connection


def authenticate(
    conn: Connection, mechanism: sasl.Mechanism, *, initial_response: bool = True
) -> Flow[None]:
    """Log in by a SASL mechanism.

    Its initial response rides with the command where the server offers SASL-IR; one that answers
    BAD to that is asked once more without. ``initial_response`` False never lets it ride, for
    servers that offer it and do not know it. Raises `AuthenticationRefused`, `Refused`.
    """
    first = mechanism.start()
    riding = initial_response and first is not None and conn.offers("SASL-IR", "IMAP4REV2")
    verdict = yield from _exchange(conn, mechanism, first, riding=riding)
    if riding and verdict.status is Status.BAD and conn.state is not State.LOGOUT:
        verdict = yield from _exchange(conn, mechanism, first, riding=False)
    if not verdict.ok:
        raise refusal(verdict, because=str(getattr(mechanism, "refusal", "")))
    mechanism.finish()


def _exchange(
    conn: Connection, mechanism: sasl.Mechanism, first: bytes | None, *, riding: bool
) -> Flow[Tagged]:
    """Talk until the server says yes or no; ``first`` goes with the command when ``riding``."""
    words = [Raw(mechanism.name.encode())]
    if riding and first is not None:
        words.append(Raw(base64.b64encode(first) or b"="))
    octets = conn.send(Verb.AUTHENTICATE, *words)
    yield from write(octets, secrets=(*mechanism.secrets, *(each.octets for each in words[1:])))
    unsaid = None if riding else first
    while not isinstance(event := (yield from next_event(conn)), Tagged):
        if not isinstance(event, Continuation):
            tell(conn, event)
            continue
        said = unsaid if unsaid is not None else (yield from _respond(mechanism, event))
        unsaid = None
        response = base64.b64encode(said)
        yield from write(response + b"\r\n", secrets=(*mechanism.secrets, response))
    return event


def _respond(mechanism: sasl.Mechanism, challenge: Continuation) -> Flow[bytes]:
    """Return the answer to a challenge; one that makes no sense ends the exchange."""
    try:
        return mechanism.respond(_decoded(challenge.data))
    except HongyanError:
        with suppress(NetworkError):
            yield from write(b"*\r\n")  # RFC 9051 §6.2.2: cancelled
        raise


def _decoded(encoded: bytes) -> bytes:
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise ProtocolError("the server's SASL challenge is not base64") from None
