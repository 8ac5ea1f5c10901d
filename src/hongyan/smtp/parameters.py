"""The commands that open a transaction: an envelope against what the server offers.

RFC 5321 §4.1.1.2 and .3, with SIZE (1870), 8BITMIME (6152), BINARYMIME (3030), SMTPUTF8 (6531),
DSN (3461), FUTURERELEASE (4865), REQUIRETLS (8689) and LIMITS (9422). Pure; nothing is asked of a
server that does not offer it; what cannot be done without it is refused before an octet is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, Refused
from hongyan.guard import argument
from hongyan.smtp import wire
from hongyan.smtp.envelope import Notify, RecipientOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hongyan.smtp.envelope import Envelope
    from hongyan.smtp.types import Extensions, Limits

_ENVID_LIMIT: Final = 100  # RFC 3461 §4.4, in octets of xtext
_ORCPT_LIMIT: Final = 500  # RFC 3461 §4.2
_PRINTABLE: Final = re.compile(r"[ -~]+\Z")
# What is escaped of an address beyond ASCII in ORCPT, without SMTPUTF8 and with it (RFC 6533 §3).
_NOT_QCHAR: Final = re.compile(r"[^!-*,-<>-\[\]-~]")
_NOT_QUCHAR: Final = re.compile(r"[\\+=\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Opening:
    """What to say before the content: MAIL's argument, and RCPT's for each recipient.

    Fewer RCPT than recipients means that the server bears no more in one transaction.
    """

    mail: str
    rcpts: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def opening(offered: Extensions, envelope: Envelope, *, secure: bool) -> Opening:
    """Return the commands for ``envelope``. Raises `InvalidArgument` and `Refused`."""
    if not envelope.recipients:
        raise InvalidArgument("recipients", "there is none")
    reports = "DSN" in offered
    sender = "FROM:" + wire.path("sender", envelope.sender)
    paths = [wire.path("recipient", each) for each in envelope.recipients]
    words = [word for part in _PARTS for word in part(offered, envelope)]
    to_be_escaped = _NOT_QUCHAR if "SMTPUTF8" in words else _NOT_QCHAR
    rcpts = [
        f"TO:{path}" + "".join(_report_on(envelope, each, to_be_escaped, offered=reports))
        for each, path in zip(envelope.recipients, paths, strict=True)
    ]
    words += _require_tls(offered, envelope, secure=secure)
    fit = _fitting(envelope.recipients, offered.limits)
    left_out = ("DSN",) if _wants_reports(envelope) and not reports else ()
    return Opening(" ".join([sender, *words]), tuple(rcpts[:fit]), left_out)


def _size(offered: Extensions, envelope: Envelope) -> Iterator[str]:
    if envelope.size is None:
        return
    if envelope.size < 0:
        raise InvalidArgument("size", "is negative")
    limit = offered.size_limit
    if limit is not None and envelope.size > limit:
        words = f"the message has {envelope.size} octets, the server takes {limit}"
        raise Refused(words, code="552", enhanced="5.3.4")
    if "SIZE" in offered:
        yield f"SIZE={envelope.size}"


def _body(offered: Extensions, envelope: Envelope) -> Iterator[str]:
    if envelope.binary:
        if not ("BINARYMIME" in offered and offered.chunking):
            raise Refused("the message holds binary data, and the server takes text", code="554")
        yield "BODY=BINARYMIME"
    elif envelope.eight_bit:
        if "8BITMIME" not in offered:
            words = "the message holds 8-bit text, and the server takes 7-bit only"
            raise Refused(words, code="554")
        yield "BODY=8BITMIME"


def _utf8(offered: Extensions, envelope: Envelope) -> Iterator[str]:
    ascii_only = all(each.isascii() for each in (envelope.sender, *envelope.recipients))
    if ascii_only and not envelope.utf8:
        return
    if "SMTPUTF8" not in offered:
        what = "a header" if ascii_only else "addresses"
        words = f"the server does not take {what} with other letters than ASCII"
        raise Refused(words, code="553", enhanced="5.6.7")
    yield "SMTPUTF8"


def _report(offered: Extensions, envelope: Envelope) -> Iterator[str]:
    """Yield what all delivery reports share. ``envid`` is checked even where it stays unsaid."""
    envid = _envid(envelope.envid)
    if "DSN" in offered:
        if envelope.ret:
            yield f"RET={envelope.ret.value}"
        if envid:
            yield f"ENVID={envid}"


def _envid(value: str) -> str:
    argument("envid", value)
    coded = wire.xtext(value)
    if value and not _PRINTABLE.match(value):
        raise InvalidArgument("envid", "holds more than printable ASCII")
    if len(coded) > _ENVID_LIMIT:
        raise InvalidArgument("envid", f"longer than {_ENVID_LIMIT} octets")
    return coded


def _hold(offered: Extensions, envelope: Envelope) -> Iterator[str]:
    if envelope.hold_for is None and envelope.hold_until is None:
        return
    if envelope.hold_for is not None and envelope.hold_until is not None:
        raise InvalidArgument("hold_until", "given together with hold_for")
    limits = offered.future_release
    if limits is None:
        raise Refused("the server does not hold messages back for later", code="555")
    if envelope.hold_for is not None:
        yield _hold_for(envelope.hold_for, limits.seconds)
    elif (until := envelope.hold_until) is not None:
        if until.tzinfo is None:
            raise InvalidArgument("hold_until", "has no time zone")
        if until > limits.until:
            raise Refused(f"the server holds messages until {limits.until} at most", code="501")
        yield f"HOLDUNTIL={until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _hold_for(seconds: int, limit: int) -> str:
    if seconds < 1:
        raise InvalidArgument("hold_for", "is less than a second")
    if seconds > limit:
        raise Refused(f"the server holds messages for {limit} seconds at most", code="501")
    return f"HOLDFOR={seconds}"


def _require_tls(offered: Extensions, envelope: Envelope, *, secure: bool) -> list[str]:
    """RFC 8689 §2: REQUIRETLS counts only where it was offered under TLS."""
    if not envelope.require_tls:
        return []
    if not secure or "REQUIRETLS" not in offered:
        words = "the server does not promise to pass the message on under TLS only"
        raise Refused(words, code="550", enhanced="5.7.30")
    return ["REQUIRETLS"]


_PARTS: Final[tuple[Callable[[Extensions, Envelope], Iterator[str]], ...]] = (
    _size,
    _body,
    _utf8,
    _report,
    _hold,
)


# -- delivery reports about a recipient


def _wants_reports(envelope: Envelope) -> bool:
    return bool(envelope.ret or envelope.envid or envelope.options)


def _report_on(
    envelope: Envelope, recipient: str, to_be_escaped: re.Pattern[str], *, offered: bool
) -> Iterator[str]:
    options = envelope.options.get(recipient, RecipientOptions())
    original = _original(options.original, to_be_escaped)
    if offered and options.notify is not None:
        yield " NOTIFY=" + (
            ",".join(each.value for each in Notify if each in options.notify) or "NEVER"
        )
    if offered and original:
        yield " ORCPT=" + original


def _original(address: str, to_be_escaped: re.Pattern[str]) -> str:
    """Return ORCPT's value: xtext, or for an address beyond ASCII that of RFC 6533 §3."""
    argument("original recipient", address)
    if not address:
        return ""
    if address.isascii():
        value = "rfc822;" + wire.xtext(address)
    else:
        value = "utf-8;" + to_be_escaped.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", address)
    if len(value.encode()) > _ORCPT_LIMIT:
        raise InvalidArgument("original recipient", f"longer than {_ORCPT_LIMIT} octets")
    return value


# -- limits


def _fitting(recipients: Sequence[str], limits: Limits) -> int:
    """Return how many of the first ``recipients`` one transaction may have."""
    most = min(limits.rcpt_max or len(recipients), len(recipients))
    domains: set[str] = set()
    for index, recipient in enumerate(recipients[:most]):
        domains.add(recipient.rpartition("@")[2].lower())
        if limits.rcpt_domain_max is not None and len(domains) > limits.rcpt_domain_max:
            return index
    return most
