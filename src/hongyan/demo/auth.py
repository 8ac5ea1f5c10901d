"""The server's side of SASL: PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195), each a generator.

A mechanism yields challenges, is sent responses, and returns the user's name once it is convinced;
the protocols only wrap the octets in base64 (RFC 4954 §4, RFC 5034 §4). It raises
`AuthenticationRefused` for wrong credentials, and tells nobody whether the user exists.
"""

from __future__ import annotations

import binascii
import hmac
import secrets
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from hongyan.errors import AuthenticationRefused, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

RESPONSE_LIMIT: Final = 12_288
FAILURES_ALLOWED: Final = 3

Passwords: TypeAlias = Callable[[str], str | None]
Exchange: TypeAlias = Generator[bytes, bytes, str]
Mechanism: TypeAlias = Callable[[Passwords, bytes | None], Exchange]


def plain(passwords: Passwords, first: bytes | None) -> Exchange:
    """PLAIN: ``authzid NUL authcid NUL password``; acting for somebody else is refused."""
    message = (yield b"") if first is None else first
    fields = message.split(b"\0")
    if len(fields) != 3:
        raise ProtocolError("a PLAIN message has three fields")
    acting_for, user, password = fields
    if acting_for not in {b"", user}:
        _refuse()
    return check(passwords, user, password)


def login(passwords: Passwords, first: bytes | None) -> Exchange:
    """LOGIN: the user's name, then the password, each asked for."""
    user = (yield b"Username:") if first is None else first
    password = yield b"Password:"
    return check(passwords, user, password)


def cram_md5(passwords: Passwords, first: bytes | None) -> Exchange:
    """CRAM-MD5: the keyed digest of a challenge never used before."""
    if first is not None:
        raise ProtocolError("CRAM-MD5 has no initial response")
    challenge = f"<{secrets.token_hex(16)}@goose.example>".encode()
    response = yield challenge
    name, _, digest = response.rpartition(b" ")
    user = name.decode("utf-8", "replace")
    secret = passwords(user)
    expected = hmac.digest((secret or secrets.token_hex()).encode(), challenge, "md5").hex()
    if not hmac.compare_digest(expected.encode(), digest.lower()) or secret is None:
        _refuse()
    return user


MECHANISMS: Final[Mapping[str, Mechanism]] = {
    "PLAIN": plain,
    "LOGIN": login,
    "CRAM-MD5": cram_md5,
}


def check(passwords: Passwords, user: bytes, password: bytes) -> str:
    """Return the user's name when the password is right; raises `AuthenticationRefused`."""
    name = user.decode("utf-8", "replace")
    expected = passwords(name)
    right = hmac.compare_digest((expected or secrets.token_hex()).encode(), password)
    if expected is None or not right:
        _refuse()
    return name


def decode(response: bytes) -> bytes:
    """Return the octets of a base64 response; raises `ProtocolError` when it is none."""
    try:
        return binascii.a2b_base64(response, strict_mode=True)
    except ValueError as error:
        raise ProtocolError("that is not base64") from error


def initial(argument: bytes) -> bytes | None:
    """Return the initial response in an AUTH command; ``=`` is an empty one (RFC 4954 §4)."""
    if not argument:
        return None
    return b"" if argument == b"=" else decode(argument)


def converse(exchange: Exchange, ask: Callable[[str], bytes]) -> str:
    """Run ``exchange`` to its end and return the user's name.

    ``ask`` sends a challenge in base64 and returns the client's line. Raises `ProtocolError` for
    what is not base64 or was cancelled with ``*``, `AuthenticationRefused` for wrong credentials.
    """
    try:
        challenge = next(exchange)
        while True:
            line = ask(binascii.b2a_base64(challenge, newline=False).decode())
            if line == b"*":
                raise ProtocolError("cancelled, as you wish")
            challenge = exchange.send(decode(line))
    except StopIteration as end:
        return str(end.value)
    finally:
        exchange.close()


def _refuse() -> NoReturn:
    raise AuthenticationRefused("the name or the password is wrong")
