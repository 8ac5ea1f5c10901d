"""How SMTP looks on the wire: commands to octets, lines to replies (RFC 5321 §4.1, §4.2).

Pure functions. A line that does not have its form is a `ProtocolError`; an argument that could end
a command, or be taken for another address than it shows, is an `InvalidArgument`.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hongyan.errors import AuthenticationRefused, InvalidArgument, ProtocolError, Refused
from hongyan.guard import argument, shown
from hongyan.smtp.envelope import Outcome
from hongyan.smtp.types import Extensions, FutureRelease, Limits, Reply, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE: Final = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\Z", re.DOTALL)
_ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |\Z)")
_DOT_STRING: Final = re.compile(r"[^\s\"(),:;<>@\[\]\\]+\Z")
_QUOTED_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"\Z')
_DOMAIN: Final = re.compile(
    r"(?:[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*|\[[0-9A-Za-z:.\-]+\])\Z"
)
_NOT_XTEXT: Final = re.compile(r"[^!-*,-<>-~]")
_LIMIT: Final = re.compile(r"(MAILMAX|RCPTMAX|RCPTDOMAINMAX)=([1-9][0-9]{0,5})\Z", re.ASCII)
_PATH_LIMIT: Final = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets


def command(verb: Verb, *arguments: str) -> bytes:
    """Return a command line with its CRLF. Raises `InvalidArgument`."""
    checked = [argument(verb.value, each).encode() for each in arguments]
    return b" ".join([verb.value.encode(), *checked]) + b"\r\n"


def bdat(size: int, *, last: bool) -> bytes:
    """Return a BDAT command for a chunk of ``size`` octets (RFC 3030 §2)."""
    return b"BDAT %d%s\r\n" % (size, b" LAST" if last else b"")


def xtext(value: str) -> str:
    """Return printable ASCII ``value`` as xtext (RFC 3461 §4)."""
    return _NOT_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", value)


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


# Replies to AUTH that say nothing about the credentials, and what the person can do (RFC 4954 §6).
_NOT_THE_PASSWORD: Final = {
    432: "the account must first log in once by PLAIN or LOGIN over TLS, or get a new password",
    454: "",
    500: "",
    501: "",
    502: "",
    503: "",
    504: "",
    534: "the server wants a stronger mechanism for this account",
    538: "the server wants TLS for this mechanism",
}


def refusal(answer: Reply, *, reason: str = "") -> Refused:
    """Return the error that a 4yz or 5yz reply means; ``reason`` is told besides its words."""
    login = answer.verb is Verb.AUTH and not answer.temporary
    advice = _NOT_THE_PASSWORD.get(answer.code, "") if answer.verb is Verb.AUTH else ""
    about_password = login and answer.code not in _NOT_THE_PASSWORD
    words = answer.text or f"the server refused {answer.verb.value}"
    remarks = "; ".join(filter(None, (reason, advice)))
    return (AuthenticationRefused if about_password else Refused)(
        f"{words} ({remarks})" if remarks else words,
        code=str(answer.code),
        enhanced=answer.enhanced,
        temporary=answer.temporary,
    )


def outcome(answer: Reply) -> Outcome:
    """Return what a reply to RCPT, or to the content, means for a recipient.

    552 to RCPT is how old servers say "too many recipients": the rest may come in another
    transaction (RFC 5321 §4.5.3.1.10).
    """
    if answer.positive:
        return Outcome.SENT
    too_many = answer.verb is Verb.RCPT and answer.code == 552 and answer.enhanced in {"", "5.5.3"}
    return Outcome.DEFERRED if answer.temporary or too_many else Outcome.REFUSED


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
    return Extensions(
        names, _limits(names.get("LIMITS", ())), _future_release(names.get("FUTURERELEASE", ()))
    )


def _limits(parameters: Sequence[str]) -> Limits:
    """Read LIMITS; what is not of its form is passed over (RFC 9422 §3)."""
    found = [each for word in parameters if (each := _LIMIT.match(word.upper()))]
    known = {each[1]: int(each[2]) for each in found}
    return Limits(known.get("MAILMAX"), known.get("RCPTMAX"), known.get("RCPTDOMAINMAX"))


def _future_release(parameters: Sequence[str]) -> FutureRelease | None:
    """Read FUTURERELEASE's two limits (RFC 4865 §4); None when either is missing or no limit."""
    if len(parameters) < 2 or not re.match(r"[0-9]{1,9}\Z", parameters[0], re.ASCII):
        return None
    try:
        until = datetime.fromisoformat(parameters[1])
        return FutureRelease(int(parameters[0]), until.astimezone(UTC)) if until.tzinfo else None
    except (ValueError, OverflowError):
        return None


def encode_response(data: bytes) -> bytes:
    """Return a SASL response line (RFC 4954 §4)."""
    return base64.b64encode(data) + b"\r\n"


def challenge(answer: Reply) -> bytes:
    """Read a 334 reply. Raises `ProtocolError`."""
    try:
        return base64.b64decode("".join(answer.lines).strip(), validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("the server's SASL challenge is not base64") from None
