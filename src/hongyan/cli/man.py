"""``hongyan man``: the manual page, made of what the commands say of themselves."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Final

import click

from hongyan import __version__
from hongyan.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXIT_CODES: Final = {
    "0": "done",
    "64": "the command was not used rightly",
    "65": "what was given or asked for is not there, or damaged",
    "69": "the server cannot be reached, or not be trusted",
    "70": "a defect of the program",
    "74": "the disk, the profile or the output fails",
    "75": "not now: it may go well later, and nothing was lost",
    "76": "the server breaks its protocol",
    "77": "the server says no, or Hongyan declines to do something unsafe",
    "130, 141, 143": "ended by Ctrl-C, by a reader that left, by SIGTERM",
}
_FOREIGN: Final = re.compile(r"[^\x00-\x7f]")
_ENVIRONMENT: Final = {
    "HONGYAN_HOME": "the profile's folder, where --home does not say it",
    "HONGYAN_PASSPHRASE": "opens the file of passwords where there is no keyring",
    "HONGYAN_CLIENT_SECRET": "the program's secret at a provider, for --sign-in",
    "VISUAL, EDITOR": "the editor in which messages are written",
    "NO_COLOR": "if set, no colours are shown",
}


@click.command
def man() -> None:
    """Print the manual page: all commands and options.

    \b
    hongyan man | man -l -
    hongyan man > ~/.local/share/man/man1/hongyan.1
    """  # noqa: D301  # click's mark: these lines stay as they are
    click.echo("\n".join(page()))


def page() -> Iterator[str]:
    """Yield the lines of the page, in the macros of man(7)."""
    yield f'.TH HONGYAN 1 "" "hongyan {__version__}" "User Commands"'
    yield from (".SH NAME", rf"hongyan \- {roff('a mail client built from the socket up')}")
    yield from (".SH SYNOPSIS", ".B hongyan", r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]...")
    yield ".SH DESCRIPTION"
    yield from _prose(cli)
    yield from (".SH OPTIONS", *_options(cli))
    yield ".SH COMMANDS"
    yield from _commands(click.Context(cli, info_name="hongyan"), cli)
    yield from (".SH EXIT STATUS", *_terms(_EXIT_CODES))
    yield from (".SH ENVIRONMENT", *_terms(_ENVIRONMENT))


def _commands(above: click.Context, group: click.Group) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is None:
            continue
        ctx = click.Context(command, info_name=name, parent=above)
        if isinstance(command, click.Group):
            yield from _commands(ctx, command)
            continue
        usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
        yield f".SS {roff(usage)}"
        yield from _prose(command)
        yield from _options(command)


def _prose(command: click.Command) -> Iterator[str]:
    """Yield a command's help; click's mark stands before lines that stay as they are."""
    for number, paragraph in enumerate(inspect.cleandoc(command.help or "").split("\n\n")):
        mark, _, rest = paragraph.partition("\n")
        as_it_is = mark == "\b"
        yield from [".PP"] * bool(number) + [".nf"] * as_it_is
        yield from map(roff, (rest if as_it_is else paragraph).splitlines())
        yield from [".fi"] * as_it_is


def _options(command: click.Command) -> Iterator[str]:
    ctx = click.Context(command)
    options = (each for each in command.params if isinstance(each, click.Option))
    records = (each.get_help_record(ctx) for each in options)
    yield from _terms(dict(filter(None, records)))


def _terms(terms: dict[str, str]) -> Iterator[str]:
    for name, words in terms.items():
        yield from (".TP", rf"\fB{roff(name)}\fR", roff(words))


def roff(text: str) -> str:
    """Return text that any troff takes as it stands: no escapes, no requests, ASCII alone."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    escaped = _FOREIGN.sub(lambda found: rf"\[u{ord(found[0]):04X}]", escaped)
    return rf"\&{escaped}" if escaped.startswith((".", r"\(aq")) else escaped
