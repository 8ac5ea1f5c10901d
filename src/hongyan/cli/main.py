"""``hongyan``: the command line. One file a command, loaded when it is called.

Whatever happens, the person sees one line that says what to do next, and a program sees an exit
code of sysexits.h; ``--debug`` adds where it came from. ``--home`` and ``--debug`` may stand before
or after the command.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hongyan import __version__
from hongyan.cli.errors import BROKEN_PIPE, INTERRUPTED, TERMINATED, explain
from hongyan.guard import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hongyan.app import App

COMPLETE: Final = "_HONGYAN_COMPLETE"
COMMANDS: Final = {
    "account": ("account:account", "Add, list, change, test and remove accounts."),
    "doctor": ("doctor:doctor", "Find out what is wrong with a server, and what to do."),
    "sync": ("sync:sync", "Fetch new mail and send what waits."),
    "serve": ("serve:serve", "Serve the page; fetch and send in the background."),
    "open": ("open:open_", "Open the page that serve serves."),
    "list": ("list:list_", "Show the messages of a mailbox, newest first."),
    "search": ("search:search", "Find messages by words, people and more."),
    "show": ("show:show", "Read a message."),
    "save": ("save:save", "Save attachments, or one of them."),
    "mark": ("mark:mark", "Mark messages as read, unread, flagged or not."),
    "label": ("mark:label", "Give messages a label, or take it off."),
    "move": ("move:move", "Move messages to another mailbox."),
    "archive": ("move:archive", "Take messages out of the inbox, and keep them."),
    "delete": ("delete:delete", "Move messages to the trash, or delete them for ever."),
    "undo": ("undo:undo", "Take back what was changed last."),
    "send": ("send:send", "Write and send a message."),
    "reply": ("reply:reply", "Answer a message."),
    "forward": ("forward:forward", "Send a message on to others."),
    "sendmail": ("sendmail:sendmail", "Send a ready message from standard input, for programs."),
    "outbox": ("outbox:outbox", "See, retry or cancel what waits to be sent."),
    "service": ("service:service", "Start serve with your session."),
    "rule": ("rule:rule", "Have mail moved, marked or forwarded by itself."),
    "check": ("check:check", "Check that everything stored is whole."),
    "repair": ("repair:repair", "Save all that can be saved of a damaged profile."),
    "backup": ("backup:backup", "Write everything stored into one file."),
    "encrypt": ("encrypt:encrypt", "Encrypt everything that the profile keeps."),
    "decrypt": ("encrypt:decrypt", "Turn an encrypted profile into one in clear."),
    "key": ("encrypt:key", "See, restore or change the key of an encrypted profile."),
    "reindex": ("reindex:reindex", "Make the search index anew."),
    "export": ("export:export_", "Write mail in a form that other programs read."),
    "verify": ("verify:verify_", "Prove that an export holds every octet."),
    "import": ("import_:import_", "Take in mail that other programs kept."),
    "demo": ("demo:demo", "Try Hongyan on its own little mail host."),
    "completion": ("completion:completion", "Print what makes your shell complete commands."),
    "man": ("man:man", "Print the manual page."),
    "parse": ("parse:parse", "Show what a message in a file holds."),
    "wire": ("wire:wire", "Talk to a server yourself, and see every line."),
}

_MEANT: Final = {  # what other programs call it
    "compose": "send",
    "fetch": "sync",
    "file": "move",
    "find": "search",
    "flag": "mark",
    "inbox": "list",
    "mail": "send",
    "mv": "move",
    "open": "show",
    "read": "show",
    "receive": "sync",
    "remove": "delete",
    "rm": "delete",
    "rules": "rule",
    "setup": "account",
    "start": "serve",
    "tag": "label",
    "trash": "delete",
    "view": "show",
    "web": "serve",
    "write": "send",
}


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends the program as Ctrl-C does, so that everything is put away."""


def ask(question: str) -> str:
    """Ask the person at the terminal for a secret. Raises `Unsafe` where there is none."""
    from hongyan.app import ask_nobody

    if not sys.stdin.isatty():
        return ask_nobody(question)
    answer: str = click.prompt(f"Please type {question}", hide_input=True, err=True)
    return answer


def choose_home(ctx: click.Context, _: click.Parameter, home: Path | None) -> None:
    """Open the profile that ``--home`` names; the one nearest to the command counts."""
    from hongyan.app import App
    from hongyan.config import load

    if not ctx.resilient_parsing and (home is not None or ctx.obj is None):
        ctx.obj = ctx.with_resource(App(load(home, os.environ), ask=ask))


def everywhere(*, hidden: bool) -> list[click.Parameter]:
    """Return the options that may stand before and after a command."""
    home = click.Path(file_okay=False, path_type=Path)
    return [
        click.Option(
            ["--home"],
            type=home,
            expose_value=False,
            callback=choose_home,
            is_eager=True,  # other options act on the profile that it chooses
            hidden=hidden,
            help="The profile's folder (environment: HONGYAN_HOME).",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            hidden=hidden,
            help="Show where an error came from.",
        ),
    ]


@functools.cache
def load_command(name: str) -> click.Command:
    """Import one command."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    command: click.Command = getattr(importlib.import_module(f"hongyan.cli.{module}"), attribute)
    for each in (command, *getattr(command, "commands", {}).values()):
        each.params += everywhere(hidden=True)
    return command


class Commands(click.Group):
    """A group whose commands are imported when they are needed, so that the start is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where there is none, name the one that was meant."""
        word = args[0]
        if word in COMMANDS or word.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = _MEANT.get(word) or next(iter(nearest(word, COMMANDS)), "")
        hint = f" Did you mean '{meant}'?" if meant else ""
        raise click.UsageError(f"No such command '{word}'.{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    params=everywhere(hidden=False),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="hongyan")
def cli() -> None:
    """Hongyan (鸿雁), mail from the socket up.

    New here? 'hongyan demo' lets you try everything without an account.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if instruction := os.environ.get(COMPLETE):  # a shell asks, with the words in its variables
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(cli, {}, "hongyan", COMPLETE, instruction))
    signal.signal(signal.SIGTERM, _terminate)
    _prepare_output()
    sys.exit(run(words))


def _terminate(*_: object) -> None:
    raise Terminated


def _prepare_output() -> None:
    """Let no output fail for its letters, nor for a stream that was closed from the start."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # for good
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def run(words: list[str], app: App | None = None) -> int:
    """Run the command line and return its exit code; everything that is to be told is told.

    ``app`` is the profile to work on where no option names one; by default the environment does.
    """
    outcome: Any = 0
    try:
        with cli.make_context(
            "hongyan", list(words), obj=app, color=_colour(os.environ)
        ) as ctx:  # cli.main would swallow some errors
            outcome = cli.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as done:  # after --help and --version
        outcome = done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
    except Terminated:
        outcome = TERMINATED
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nhongyan: interrupted. Nothing was lost.", err=True)
        outcome = INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        outcome = BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # nobody should have to read a traceback
        outcome = _tell(error, words)
    return outcome if isinstance(outcome, int) else 0


def _tell(error: Exception, words: Sequence[str]) -> int:
    if "--debug" in words:
        import traceback

        traceback.print_exception(error)
    line, code = explain(error, command=_called(words))
    click.echo(line, err=True)
    if isinstance(error, OSError):
        _drop_output()
    return code


def _called(words: Sequence[str]) -> str:
    """Return the command that was called, with the one under it."""
    name = next((word for word in words if word in COMMANDS), "")
    below = getattr(load_command(name), "commands", {}) if name else {}
    return f"{name} {next((word for word in words if word in below), '')}".strip()


def _colour(environment: Mapping[str, str]) -> bool | None:
    """Return False where no colours are wanted (no-color.org) or shown; else the output decides."""
    plain = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
    return False if plain else None


def _drop_output() -> None:
    """Throw away what standard output cannot take, or the interpreter tries again at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
