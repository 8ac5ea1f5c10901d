"""SMTP operations, each written once as a `Flow` (RFC 5321, 6409, 3207, 4954, 2920).

`submit` is the one that matters: its receipt says what became of each recipient, and a line that is
lost after the final dot, and before its reply, gives *uncertain*, never a guess. Timeouts are those
of RFC 5321 §4.5.3.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hongyan import sasl
from hongyan.dots import Stuffer
from hongyan.errors import (
    Cancelled,
    ConnectionLost,
    InvalidArgument,
    NetworkError,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.flow import Flow, read, start_tls, write
from hongyan.smtp import wire
from hongyan.smtp.types import Delivery, Envelope, Outcome, Receipt, Reply, State, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hongyan.smtp.connection import Connection

CLIENT_NAME: Final = "[127.0.0.1]"  # an address literal that tells nothing about the machine
_MINUTE: Final = 60.0
_USUAL_WAIT: Final = 5 * _MINUTE
_DATA_WAIT: Final = 2 * _MINUTE
_CONTENT_WAIT: Final = 3 * _MINUTE
_END_WAIT: Final = 10 * _MINUTE
_BLOCK: Final = 256 * 1024


# -- the alphabet


def next_reply(conn: Connection, *, within: float = _USUAL_WAIT) -> Flow[Reply]:
    """Return the next reply, reading as needed."""
    while (reply := conn.next_event()) is None:
        conn.receive((yield from read(within=within, progress=conn.progress)))
    return reply


def accepted(conn: Connection, *, within: float = _USUAL_WAIT) -> Flow[Reply]:
    """Return the next reply when it is positive. Raises `Refused` otherwise."""
    reply = yield from next_reply(conn, within=within)
    if not reply.positive:
        raise wire.refusal(reply)
    return reply


def command(conn: Connection, verb: Verb, *arguments: str) -> Flow[Reply]:
    """Send one command and return its positive reply. Raises `Refused`."""
    yield from write(conn.send(verb, *arguments))
    return (yield from accepted(conn))


# -- opening a session


def greet(conn: Connection) -> Flow[Reply]:
    """Read the greeting. Raises `Refused` when the server will not serve."""
    return (yield from accepted(conn))


def hello(conn: Connection, name: str = CLIENT_NAME) -> Flow[None]:
    """Say EHLO, or HELO to a server that does not know it (RFC 5321 §3.2)."""
    yield from write(conn.send(Verb.EHLO, name))
    reply = yield from next_reply(conn)
    if reply.positive:
        return
    if reply.temporary or conn.state is State.CLOSED:
        raise wire.refusal(reply)
    yield from command(conn, Verb.HELO, name)


def starttls(conn: Connection) -> Flow[bytes]:
    """Turn the session into TLS (RFC 3207); return the server's certificate.

    Raises `Unsafe` when the server will not.
    """
    if "STARTTLS" not in conn.extensions:
        raise Unsafe("the server does not offer TLS here, and the account demands it")
    try:
        yield from command(conn, Verb.STARTTLS)
    except Refused as error:
        raise Unsafe(f"the server does not start TLS: {error}") from None
    conn.starting_tls()
    return (yield from start_tls())


def login(conn: Connection, credentials: sasl.Credentials, terms: sasl.Terms) -> Flow[None]:
    """Log in by the strongest mechanism offered.

    Raises `Unsafe` when the terms allow none of those offered, `AuthenticationRefused`.
    """
    mechanism = sasl.choose_under(terms, conn.extensions.mechanisms, credentials)
    yield from authenticate(conn, mechanism)


def authenticate(conn: Connection, mechanism: sasl.Mechanism) -> Flow[None]:
    """Log in by a SASL mechanism (RFC 4954 §4)."""
    first = mechanism.start()
    initial = [] if first is None else [wire.encode_response(first)[:-2].decode() or "="]
    octets = conn.send(Verb.AUTH, mechanism.name, *initial)
    yield from write(octets, secrets=(*mechanism.secrets, *(each.encode() for each in initial)))
    while (reply := (yield from next_reply(conn))).code == 334:
        response = conn.respond(mechanism.respond(wire.challenge(reply)))
        yield from write(response, secrets=(*mechanism.secrets, response[:-2]))
    if not reply.positive:
        raise wire.refusal(reply)
    mechanism.finish()


def open_session(
    conn: Connection,
    credentials: sasl.Credentials | None,
    *,
    use_starttls: bool,
    terms: sasl.Terms,
    name: str = CLIENT_NAME,
) -> Flow[None]:
    """Greet, protect and log in; afterwards the session is ready for a transaction."""
    yield from greet(conn)
    yield from hello(conn, name)
    if use_starttls:
        terms = replace(terms, certificate=(yield from starttls(conn)))
        yield from hello(conn, name)
    if credentials is not None:
        yield from login(conn, credentials, terms)


# -- sending


def submit(
    conn: Connection,
    envelope: Envelope,
    content: Iterable[bytes],
    *,
    before_content: Callable[[], None] = lambda: None,
) -> Flow[Receipt]:
    """Submit one message; the receipt tells each recipient's outcome.

    ``content`` is the message in chunks of any size with any line ends. ``before_content`` is
    called just before its first octet goes out: a journal may note there that from now on the
    outcome can become uncertain. Raises `Refused` when the sender is not accepted,
    `InvalidArgument` before anything is sent, and a `NetworkError` only while the message cannot
    have been accepted.
    """
    commands = _opening(conn, envelope)
    replies = yield from _transact(conn, commands)
    if not replies[0].positive:
        raise wire.refusal(replies[0])
    rcpts, data = replies[1:-1], replies[-1]
    if conn.state is State.CONTENT:
        before_content()
        if any(reply.positive for reply in rcpts):
            final = yield from _content(conn, content)
        else:  # RFC 2920 §3.1: the server said 354 although it has nobody to give it to
            yield from _end(conn, b".\r\n")
            final = yield from next_reply(conn, within=_END_WAIT)
    else:
        final = data
        if conn.state in (State.MAIL, State.RCPT):
            yield from reset(conn)
    return _receipt(envelope, rcpts, final)


def _opening(conn: Connection, envelope: Envelope) -> list[tuple[Verb, str]]:
    """Return the commands before the content. Raises `InvalidArgument` and `Refused`."""
    if not envelope.recipients:
        raise InvalidArgument("recipients", "there is none")
    sender = "FROM:" + wire.path("sender", envelope.sender)
    rcpts = [(Verb.RCPT, "TO:" + wire.path("recipient", each)) for each in envelope.recipients]
    sender += _parameters(conn, envelope)
    return [(Verb.MAIL, sender), *rcpts, (Verb.DATA, "")]


def _parameters(conn: Connection, envelope: Envelope) -> str:
    """Return MAIL's parameters. Raises `Refused` for what the server cannot take."""
    limit = conn.extensions.size_limit
    if limit and envelope.size and envelope.size > limit:
        words = f"the message has {envelope.size} octets, the server takes {limit}"
        raise Refused(words, code="552", enhanced="5.3.4")
    parameters = ""
    if envelope.size is not None and "SIZE" in conn.extensions:
        parameters += f" SIZE={envelope.size}"
    if envelope.eight_bit:
        if "8BITMIME" not in conn.extensions:
            raise Refused(
                "the message holds 8-bit text, and the server takes 7-bit only", code="554"
            )
        parameters += " BODY=8BITMIME"
    if not all(each.isascii() for each in (envelope.sender, *envelope.recipients)):
        if "SMTPUTF8" not in conn.extensions:
            words = "the server does not take addresses with other letters than ASCII"
            raise Refused(words, code="553", enhanced="5.6.7")
        parameters += " SMTPUTF8"
    return parameters


def _transact(conn: Connection, commands: Sequence[tuple[Verb, str]]) -> Flow[list[Reply]]:
    """Send the commands, in one flight where the server offers PIPELINING; return the replies.

    One by one, it stops where nothing good can follow, and gives later commands the same reply.
    """
    if conn.extensions.pipelining:
        octets = [conn.send(verb, *filter(None, [argument])) for verb, argument in commands]
        yield from write(b"".join(octets))
    replies: list[Reply] = []
    for verb, argument in commands:
        if not conn.extensions.pipelining:
            if _hopeless(verb, replies):
                replies.append(replies[-1])
                continue
            yield from write(conn.send(verb, *filter(None, [argument])))
        within = _DATA_WAIT if verb is Verb.DATA else _USUAL_WAIT
        replies.append((yield from next_reply(conn, within=within)))
        if conn.state is State.CLOSED:
            raise wire.refusal(replies[-1])
    return replies


def _hopeless(verb: Verb, replies: Sequence[Reply]) -> bool:
    if replies and not replies[0].positive:
        return True
    return verb is Verb.DATA and not any(reply.positive for reply in replies[1:])


def _content(conn: Connection, content: Iterable[bytes]) -> Flow[Reply | None]:
    """Send the content; return its reply, or None when the line was lost after the final dot."""
    stuffer = Stuffer()
    try:
        for chunk in content:
            for at in range(0, len(chunk), _BLOCK):
                octets = stuffer.feed(chunk[at : at + _BLOCK])
                if octets:
                    yield from write(octets, within=_CONTENT_WAIT)
    except ConnectionLost as lost:
        yield from _farewell(conn, lost)
    try:
        yield from _end(conn, stuffer.finish())
        return (yield from next_reply(conn, within=_END_WAIT))
    except (NetworkError, ProtocolError, Cancelled):
        return None


def _end(conn: Connection, octets: bytes) -> Flow[None]:
    conn.end_of_data()
    yield from write(octets, within=_CONTENT_WAIT)


def _farewell(conn: Connection, lost: ConnectionLost) -> Flow[None]:
    """Raise the reply with which the server broke the content off, or else ``lost``."""
    conn.end_of_data()
    try:
        reply = yield from next_reply(conn, within=1.0)
    except (NetworkError, ProtocolError):
        raise lost from None
    raise lost if reply.positive else wire.refusal(reply)


def _receipt(envelope: Envelope, rcpts: Sequence[Reply], final: Reply | None) -> Receipt:
    deliveries: list[Delivery] = []
    for recipient, reply in zip(envelope.recipients, rcpts, strict=True):
        decisive = final if reply.positive else reply
        outcome = Outcome.UNCERTAIN if decisive is None else wire.outcome(decisive)
        deliveries.append(Delivery(recipient, outcome, decisive))
    return Receipt(envelope, tuple(deliveries))


def reset(conn: Connection) -> Flow[None]:
    """Give up the open transaction."""
    yield from command(conn, Verb.RSET)


def noop(conn: Connection) -> Flow[None]:
    """Show the server that we are there."""
    yield from command(conn, Verb.NOOP)


def quit_(conn: Connection) -> Flow[None]:
    """End the session; whatever the server says to it changes nothing."""
    try:
        yield from write(conn.send(Verb.QUIT))
        yield from next_reply(conn, within=_MINUTE)
    except (NetworkError, ProtocolError):
        return
