"""The arguments of SMTP's commands (RFC 5321 §4.1.2), checked, and the refusals of those that fail.

Every function here raises `Refused`, with its reply code and enhanced status code (RFC 3463), for
what it does not accept.
"""

from __future__ import annotations

import re
from typing import Final

from hongyan.errors import Refused

_PATH: Final = re.compile(
    r'(?P<verb>FROM|TO):[ ]?<(?P<path>(?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>(?P<rest>(?: .*)?)',
    re.IGNORECASE,
)
_MAILBOX: Final = re.compile(r'(?:"(?:[^"\\]|\\.)+"|[^@"\s]+)@[^@\s]+')
_SOURCE_ROUTE: Final = re.compile(r"^@[^:]*:")


def refusal(code: int, enhanced: str, text: str) -> Refused:
    """Return the refusal with this reply code, enhanced code and words, to be raised."""
    return Refused(text, code=str(code), enhanced=enhanced, temporary=code < 500)


def no_argument(argument: bytes) -> None:
    """Do nothing when there is no argument."""
    if argument:
        raise refusal(501, "5.5.4", "this command stands alone")


def text(argument: bytes) -> str:
    """Return the argument as text; it is UTF-8 (RFC 6531 §3.3)."""
    try:
        return argument.decode()
    except UnicodeDecodeError as error:
        raise refusal(501, "5.5.2", "that is not UTF-8") from error


def path(argument: bytes, verb: str) -> tuple[str, str]:
    """Return the address between the angle brackets, without a source route, and the rest."""
    found = _PATH.fullmatch(text(argument))
    if found is None or found["verb"].upper() != verb:
        raise refusal(501, "5.5.4", f"{verb}:<address> [parameters]")
    return _SOURCE_ROUTE.sub("", found["path"], count=1), found["rest"].strip()


def parameters(rest: str) -> dict[str, str | None]:
    """Return the parameters of MAIL, by keyword in capitals; None where there is no ``=``."""
    pairs = (word.partition("=") for word in rest.split())
    return {key.upper(): value if equals else None for key, equals, value in pairs}


def check_mailbox(address: str, *, utf8: bool, empty_allowed: bool) -> None:
    """Do nothing for an address; ``utf8`` allows other letters than those of ASCII."""
    if not address and empty_allowed:
        return
    if not _MAILBOX.fullmatch(address) or not address.isprintable():
        raise refusal(553, "5.1.3", "that is not an address")
    if not address.isascii() and not utf8:
        raise refusal(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8")
