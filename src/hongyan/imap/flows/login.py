"""Logging in by the strongest way offered; LOGIN (RFC 9051 §6.2.3) where there is no SASL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan import sasl
from hongyan.errors import Unsafe
from hongyan.imap.flows.authenticate import authenticate
from hongyan.imap.flows.exchange import Request, ask, nothing
from hongyan.imap.types import Verb
from hongyan.reasons import Reason

if TYPE_CHECKING:
    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection


def login(
    conn: Connection,
    credentials: sasl.Credentials,
    terms: sasl.Terms,
    *,
    initial_response: bool = True,
) -> Flow[None]:
    """Log in by the strongest way offered; see `authenticate` for ``initial_response``.

    Raises `Unsafe` when the terms allow none of the ways offered, `AuthenticationRefused`.
    """
    offered = conn.capabilities.mechanisms
    if offered or terms.remembered:
        mechanism = sasl.choose_under(terms, offered, credentials)
        yield from authenticate(conn, mechanism, initial_response=initial_response)
    elif "LOGINDISABLED" in conn.capabilities:
        raise Unsafe("the server takes no password on this line")
    elif not terms.disclose:
        raise Unsafe(Reason.NO_SAFE_LOGIN.of())
    else:
        yield from login_plainly(conn, credentials)


def enter(
    conn: Connection,
    login_: sasl.Credentials | sasl.Mechanism,
    terms: sasl.Terms,
    *,
    initial_response: bool = True,
) -> Flow[None]:
    """Log in by credentials in the strongest way offered, or by a mechanism that is given."""
    if isinstance(login_, sasl.Credentials):
        yield from login(conn, login_, terms, initial_response=initial_response)
    else:
        yield from authenticate(conn, login_, initial_response=initial_response)


def login_plainly(conn: Connection, credentials: sasl.Credentials) -> Flow[None]:
    """Log in with LOGIN, which shows the password to the server."""
    if credentials.password is None:
        raise Unsafe(Reason.NO_PASSWORD.of())
    password = credentials.password.encode()
    escaped = password.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    request = Request(
        Verb.LOGIN,
        [credentials.username, credentials.password],
        nothing,
        secrets=(password, escaped),
    )
    yield from ask(conn, request)
