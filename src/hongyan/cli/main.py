"""``hongyan``: the command line. One file a command, loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from hongyan import __version__
from hongyan.cli.errors import INTERRUPTED, USAGE, explain
from hongyan.errors import HongyanError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "account": ("account:account", "Add, list, test and remove accounts."),
    "sync": ("sync:sync", "Fetch new mail and send what waits."),
    "list": ("list:list_", "Show the messages of a mailbox, newest first."),
    "search": ("search:search", "Find messages by words, people and more."),
    "show": ("show:show", "Read a message."),
    "save": ("save:save", "Save attachments, or one part."),
    "send": ("send:send", "Write and send a message."),
    "reply": ("reply:reply", "Answer a message."),
    "sendmail": ("sendmail:sendmail", "Send a ready message from standard input, for programs."),
    "outbox": ("outbox:outbox", "See, retry or cancel what waits to be sent."),
    "demo": ("demo:demo", "Try Hongyan on its own little mail host."),
    "wire": ("wire:wire", "Talk to a server yourself, and see every line."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are needed, so that the start is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"hongyan.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The profile's folder (environment: HONGYAN_HOME).",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
@click.version_option(__version__, prog_name="hongyan")
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """Hongyan (鸿雁), mail from the socket up.

    New here? 'hongyan demo' lets you try everything without an account.
    """
    from hongyan.app import App
    from hongyan.config import load

    ctx.obj = ctx.with_resource(App(load(home, os.environ)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    debug = "--debug" in words[: words.index("--") if "--" in words else None]
    try:
        outcome: Any = cli.main(words, prog_name="hongyan", standalone_mode=False)
    except HongyanError as error:
        if debug:
            raise
        line, code = explain(error)
        click.echo(line, err=True)
        return code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("hongyan: interrupted. Nothing was lost.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return outcome if isinstance(outcome, int) else 0
