"""Errors as the command line tells them: one line, what to do next, and a sysexits.h code."""

from __future__ import annotations

from typing import Final

from hongyan import errors
from hongyan.guard import shown

USAGE: Final = 64
DATA: Final = 65
UNAVAILABLE: Final = 69
IO: Final = 74
TRY_LATER: Final = 75
PROTOCOL: Final = 76
REFUSED: Final = 77
INTERRUPTED: Final = 130

# The first kind that fits decides, so the more special ones stand first.
_KINDS: Final[tuple[tuple[type[errors.HongyanError], int, str], ...]] = (
    (errors.InvalidArgument, USAGE, "See 'hongyan --help'."),
    (errors.NotFound, DATA, "'hongyan list' and 'hongyan account list' show what there is."),
    (errors.ConnectFailed, UNAVAILABLE, "Check the address and the network, then try again."),
    (errors.TLSFailed, UNAVAILABLE, "Nothing was sent; check the server's name and your clock."),
    (errors.NetworkError, TRY_LATER, "Try again; nothing was lost."),
    (errors.ProtocolError, PROTOCOL, "'hongyan wire URL' shows what the server says."),
    (errors.AuthenticationRefused, REFUSED, "Check user and password; some want an app password."),
    (errors.Unsafe, REFUSED, "Nothing secret was sent; check the account's addresses."),
    (errors.StoreError, IO, "Check the disk and the rights of the profile's folder."),
    (errors.Cancelled, INTERRUPTED, "Nothing was lost."),
)


def explain(error: errors.HongyanError) -> tuple[str, int]:
    """Return the line to print and the exit code."""
    code, hint = _verdict(error)
    words = shown(str(error), limit=400).rstrip(".")
    return f"hongyan: {words}. {hint}", code


def _verdict(error: errors.HongyanError) -> tuple[int, str]:
    for kind, code, hint in _KINDS:
        if isinstance(error, kind):
            return code, hint
    if isinstance(error, errors.Refused) and error.temporary:
        return TRY_LATER, "The server may accept it later; try again."
    return REFUSED, "The server's own words are above; it will not change its mind by itself."
