"""ManageSieve operations, each written once as a `Flow` (RFC 5804 §2)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan import sasl
from hongyan.errors import AuthenticationRefused, ProtocolError, Refused, Unsafe
from hongyan.flow import Flow, read, start_tls, write
from hongyan.managesieve import wire
from hongyan.managesieve.types import Capabilities, Reply, Script, State, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hongyan.managesieve.connection import Connection
    from hongyan.managesieve.types import Token


_LONGEST_QUOTED: Final = 1024  # octets (RFC 5804 §4)


def open_session(
    conn: Connection, credentials: sasl.Credentials, *, starttls: bool, terms: sasl.Terms
) -> Flow[None]:
    """Greet, protect and log in. Raises `Unsafe` when the server does not offer TLS."""
    yield from _greeting(conn)
    if starttls:
        if not conn.capabilities.starttls:
            raise Unsafe("the server does not offer TLS here")
        yield from _command(conn, "STARTTLS")
        conn.starting_tls()
        terms = replace(terms, certificate=(yield from start_tls()))
        yield from _greeting(conn)
    yield from login(conn, credentials, terms)


def _greeting(conn: Connection) -> Flow[None]:
    lines, _ = yield from _answer(conn)
    conn.capabilities = wire.capabilities(lines)


def capability(conn: Connection) -> Flow[Capabilities]:
    """Ask for the capabilities and keep them."""
    conn.capabilities = wire.capabilities((yield from _command(conn, "CAPABILITY")))
    return conn.capabilities


def login(conn: Connection, credentials: sasl.Credentials, terms: sasl.Terms) -> Flow[None]:
    """Log in by the strongest mechanism (RFC 5804 §2.1). Raises `AuthenticationRefused`."""
    mechanism = sasl.choose_under(terms, conn.capabilities.mechanisms, credentials)
    first = mechanism.start()
    words: list[str | bytes] = [mechanism.name]
    if first is not None:
        coded = b64encode(first)
        words.append(coded if len(coded) > _LONGEST_QUOTED else coded.decode())
    octets = conn.send("AUTHENTICATE", *words)
    yield from write(octets, secrets=_secrets(mechanism, first))
    reply = yield from _exchange(conn, mechanism)
    if reply.status is not Status.OK:
        raise AuthenticationRefused(
            reply.text, code=reply.code, temporary=reply.code.startswith("TRYLATER")
        )
    if reply.code == "SASL":
        mechanism.respond(_decoded(reply.data))
    mechanism.finish()


def _exchange(conn: Connection, mechanism: sasl.Mechanism) -> Flow[Reply]:
    while not isinstance(line := (yield from _next(conn)), Reply):
        if len(line) != 1 or not isinstance(line[0], bytes):
            raise ProtocolError("the server sent no challenge where one belongs")
        said = mechanism.respond(_decoded(line[0]))
        yield from write(_literal(said), secrets=_secrets(mechanism, said))
    return line


def _literal(said: bytes) -> bytes:
    coded = b64encode(said)
    return b"{%d+}\r\n%s\r\n" % (len(coded), coded)


def _secrets(mechanism: sasl.Mechanism, said: bytes | None) -> tuple[bytes, ...]:
    return (*mechanism.secrets, *((b64encode(said),) if said else ()))


def _decoded(data: bytes) -> bytes:
    try:
        return b64decode(data, validate=True)
    except NotBase64:
        raise ProtocolError("the server sent a challenge that is not base64") from None


def put(conn: Connection, name: str, script: bytes) -> Flow[Reply]:
    """Put a script onto the server, which checks it first; the reply may hold warnings.

    Raises `Refused` with the server's words where it finds a mistake (RFC 5804 §2.6).
    """
    return (yield from _done(conn, "PUTSCRIPT", wire.name(name), script))


def check(conn: Connection, script: bytes) -> Flow[Reply]:
    """Have a script checked and not kept (RFC 5804 §2.12). Raises `Refused`."""
    return (yield from _done(conn, "CHECKSCRIPT", script))


def activate(conn: Connection, name: str) -> Flow[None]:
    """Let this script alone be active, or none for ``""`` (RFC 5804 §2.8)."""
    yield from _done(conn, "SETACTIVE", wire.name(name) if name else "")


def list_scripts(conn: Connection) -> Flow[tuple[Script, ...]]:
    """Return the scripts on the server."""
    return wire.scripts((yield from _command(conn, "LISTSCRIPTS")))


def get(conn: Connection, name: str) -> Flow[bytes]:
    """Return a script's octets. Raises `Refused` when there is none of that name."""
    lines = yield from _command(conn, "GETSCRIPT", wire.name(name))
    if len(lines) != 1 or len(lines[0]) != 1 or not isinstance(lines[0][0], bytes):
        raise ProtocolError("the server sent no script where one belongs")
    return lines[0][0]


def delete(conn: Connection, name: str) -> Flow[None]:
    """Delete a script, which must not be active (RFC 5804 §2.10)."""
    yield from _done(conn, "DELETESCRIPT", wire.name(name))


def logout(conn: Connection) -> Flow[None]:
    """End the session."""
    if conn.state is not State.CLOSED:
        yield from write(conn.send("LOGOUT"))
        while not isinstance((yield from _next(conn)), Reply):
            continue


# -- the alphabet


def _done(conn: Connection, verb: str, *arguments: str | bytes) -> Flow[Reply]:
    yield from write(conn.send(verb, *arguments))
    _, reply = yield from _answer(conn)
    return reply


def _command(
    conn: Connection, verb: str, *arguments: str | bytes
) -> Flow[tuple[Sequence[Token], ...]]:
    yield from write(conn.send(verb, *arguments))
    lines, _ = yield from _answer(conn)
    return lines


def _answer(conn: Connection) -> Flow[tuple[tuple[Sequence[Token], ...], Reply]]:
    """Return the lines of a response and the OK that ends it. Raises `Refused`."""
    lines: list[Sequence[Token]] = []
    while not isinstance(line := (yield from _next(conn)), Reply):
        lines.append(line)
    if line.status is not Status.OK:
        later = line.code.startswith("TRYLATER")
        raise Refused(line.text or "no", code=line.code, temporary=later)
    return tuple(lines), line


def _next(conn: Connection) -> Flow[Reply | tuple[Token, ...]]:
    while (line := conn.next_line()) is None:
        conn.receive((yield from read(within=60.0, progress=conn.progress)))
    return line
