"""How SMTP looks on the wire: commands to octets, lines to replies (RFC 5321 §4.1, §4.2).

Pure functions. A line that does not have its form is a `ProtocolError`; an argument that could end
a command, or be taken for another address than it shows, is an `InvalidArgument`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from hongyan.errors import AuthenticationRefused, InvalidArgument, ProtocolError, Refused
from hongyan.guard import argument, shown
from hongyan.smtp.types import Extensions, Outcome, Reply, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |\Z)")
_DOT_STRING: Final = re.compile(r"[^\s\"(),:;<>@\[\]\\]+\Z")
_QUOTED_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"\Z')
_DOMAIN: Final = re.compile(
    r"(?:[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*|\[[0-9A-Za-z:.\-]+\])\Z"
)
_PATH_LIMIT: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


def command(verb: Verb, *arguments: str) -> bytes:
    """Return a command line with its CRLF. Raises `InvalidArgument`."""
    checked = [argument(verb.value, each).encode() for each in arguments]
    return b" ".join([verb.value.encode(), *checked]) + b"\r\n"


def path(field: str, address: str) -> str:
    """Return ``<address>`` for MAIL or RCPT; ``""`` is the null reverse-path.

    Raises `InvalidArgument` unless it is one mailbox of RFC 5321 §4.1.2 (or RFC 6531 §3.3), so that
    what is shown is where it goes.
    """
    argument(field, address)
    if not address:
        return "<>"
    if len(address.encode()) > _PATH_LIMIT:
        raise InvalidArgument(field, f"longer than {_PATH_LIMIT} octets")
    local, at, domain = address.rpartition("@")
    if not at or not (_DOT_STRING.match(local) or _QUOTED_STRING.match(local)):
        raise InvalidArgument(field, f"{shown(address, limit=80)!r} is not one e-mail address")
    if not _DOMAIN.match(domain):
        raise InvalidArgument(field, f"{shown(domain, limit=80)!r} is not a domain")
    return f"<{address}>"


def reply_line(line: bytes) -> tuple[int, bool, bytes]:
    """Return code, whether it is the reply's last line, and its words. Raises `ProtocolError`."""
    found = _LINE.match(line)
    if not found:
        raise ProtocolError(f"the server sent no SMTP reply: {text_of(line, limit=80)!r}")
    return int(found[1]), found[2] != b"-", found[3] or b""


def reply(verb: Verb, code: int, lines: Sequence[bytes]) -> Reply:
    """Put a reply together, taking the enhanced status out of its lines (RFC 2034 §4)."""
    enhanced = ""
    words: list[str] = []
    for line in lines:
        text = text_of(line)
        found = _ENHANCED.match(text)
        if found and found[1][0] == str(code)[0]:
            enhanced = enhanced or found[1]
            text = text[found.end() :]
        words.append(text)
    return Reply(verb, code, enhanced, tuple(words))


def text_of(line: bytes, *, limit: int = 500) -> str:
    """Return a server's words fit for one line of a screen."""
    return shown(line[: limit * 4].decode("utf-8", "replace"), limit=limit)


def refusal(answer: Reply) -> Refused:
    """Return the error that a 4yz or 5yz reply means."""
    login = answer.verb is Verb.AUTH and not answer.temporary
    return (AuthenticationRefused if login else Refused)(
        answer.text or f"the server refused {answer.verb.value}",
        code=str(answer.code),
        enhanced=answer.enhanced,
        temporary=answer.temporary,
    )


def outcome(answer: Reply) -> Outcome:
    """Return what a reply to RCPT, or to the content, means for a recipient."""
    if answer.positive:
        return Outcome.SENT
    return Outcome.DEFERRED if answer.temporary else Outcome.REFUSED


def extensions(lines: Sequence[str]) -> Extensions:
    """Read EHLO's reply; the first line only greets (RFC 5321 §4.1.1.1).

    The form ``AUTH=LOGIN PLAIN`` of servers before RFC 4954 counts too.
    """
    names: dict[str, tuple[str, ...]] = {}
    for line in lines[1:]:
        keyword, *parameters = line.replace("AUTH=", "AUTH ", 1).split() or [""]
        if keyword:
            known = names.get(keyword.upper(), ())
            names[keyword.upper()] = (*known, *(each for each in parameters if each not in known))
    return Extensions(names)


def encode_response(data: bytes) -> bytes:
    """Return a SASL response line (RFC 4954 §4)."""
    return base64.b64encode(data) + b"\r\n"


def challenge(answer: Reply) -> bytes:
    """Read a 334 reply. Raises `ProtocolError`."""
    try:
        return base64.b64decode("".join(answer.lines).strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("the server's SASL challenge is not base64") from None
