"""Errors as the command line tells them: one line, what to do next, and a sysexits.h code."""

from __future__ import annotations

from typing import Final, NamedTuple

import click

from hongyan import errors
from hongyan.guard import shown

USAGE: Final = 64
DATA: Final = 65
UNAVAILABLE: Final = 69
SOFTWARE: Final = 70
IO: Final = 74
TRY_LATER: Final = 75
PROTOCOL: Final = 76
REFUSED: Final = 77
INTERRUPTED: Final = 130  # as a shell tells SIGINT, SIGPIPE and SIGTERM
BROKEN_PIPE: Final = 141
TERMINATED: Final = 143


class Verdict(NamedTuple):
    """The code and the advice for a kind of error, or only for those whose words hold ``about``."""

    kind: type[Exception]
    code: int
    advice: str
    about: str = ""


# The first that fits decides, so the more special ones stand first.
_VERDICTS: Final = (
    Verdict(errors.InvalidArgument, USAGE, "See '{command} --help'."),
    Verdict(errors.NotFound, DATA, "'hongyan outbox list' shows what there is.", "outbox item"),
    Verdict(errors.NotFound, DATA, "Try it in a terminal first.", "password command"),
    Verdict(errors.NotFound, DATA, "'hongyan account list' shows what there is.", "account"),
    Verdict(errors.NotFound, DATA, "'hongyan list' shows what there is.", "no message"),
    Verdict(errors.NotFound, DATA, "'hongyan rule list' shows what there is.", "no rule"),
    Verdict(errors.NotFound, DATA, ""),
    Verdict(errors.NotHereYet, TRY_LATER, "'hongyan sync' fetches the rest."),
    Verdict(errors.ConnectFailed, UNAVAILABLE, "Check the address and the network."),
    Verdict(
        errors.TLSFailed,
        UNAVAILABLE,
        "Nothing was sent. Is it a server of your own? 'hongyan doctor' shows how to trust it.",
        "is not trusted",
    ),
    Verdict(errors.TLSFailed, UNAVAILABLE, "Nothing was sent; check the server's name and clocks."),
    Verdict(errors.NetworkError, TRY_LATER, "Nothing was lost; 'hongyan sync' goes on later."),
    Verdict(errors.ProtocolError, PROTOCOL, "'hongyan wire URL' shows what the server says."),
    Verdict(
        errors.AuthenticationRefused,
        REFUSED,
        "Sign in again: 'hongyan account sign-in'.",
        "sign-in has lapsed",
    ),
    Verdict(
        errors.AuthenticationRefused, REFUSED, "Check name and password; some want an app password."
    ),
    Verdict(
        errors.Unsafe,
        REFUSED,
        "If its operator says that this is right: 'hongyan account test --anew'.",
        "used to offer",
    ),
    Verdict(errors.Unsafe, REFUSED, "Nothing was sent or changed."),
    Verdict(errors.StoreError, TRY_LATER, "'hongyan open' opens its page.", "hongyan serve ("),
    Verdict(errors.StoreError, TRY_LATER, "", "try again"),
    Verdict(errors.StoreError, IO, "Choose another name, or --replace.", "exists already"),
    Verdict(errors.StoreError, IO, "Type it again, or set HONGYAN_PASSPHRASE.", "passphrase"),
    Verdict(errors.StoreError, IO, "Check the disk, its rights, and --home.", "/"),
    Verdict(errors.StoreError, IO, ""),
    Verdict(errors.Cancelled, INTERRUPTED, ""),
    Verdict(errors.HongyanError, REFUSED, ""),
)


def explain(error: Exception, *, command: str = "") -> tuple[str, int]:
    """Return the line to print and the exit code; ``command`` is the word after ``hongyan``."""
    words, advice, code = _judge(error)
    words = shown(words, limit=400).rstrip(".")
    if "'hongyan " in words:  # it says itself what to do
        advice = ""
    name = f"hongyan {command}".rstrip()
    end = "" if words.endswith("?") else "."
    return f"hongyan: {words}{end} {advice.format(command=name)}".rstrip(), code


def _judge(error: Exception) -> tuple[str, str, int]:
    words = str(error)
    if isinstance(error, errors.Refused) and error.temporary:
        return words, "The server may accept it later.", TRY_LATER
    for each in _VERDICTS:
        if isinstance(error, each.kind) and each.about in words:
            return words, each.advice, each.code
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, OSError):
        what = error.filename or "the output"
        return f"{what}: {error.strerror or error}", "Check the disk and its rights.", IO
    # Its words may hold anything, so they are left to --debug.
    advice = "Please report it, with what --debug shows."
    return f"this is a defect of the program ({type(error).__name__})", advice, SOFTWARE


def _usage(error: click.ClickException) -> tuple[str, str, int]:
    words = error.format_message()
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "hongyan"
    code = IO if isinstance(error, click.FileError) else USAGE
    return words[:1].lower() + words[1:], f"See '{path} --help'.", code
