"""``hongyan completion``: let a shell complete commands and options."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from hongyan.cli.main import COMPLETE, cli

_SHELLS: Final = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print the script by which SHELL completes commands and options.

    \b
    bash, in ~/.bashrc:  eval "$(hongyan completion bash)"
    zsh, in ~/.zshrc:    eval "$(hongyan completion zsh)"
    fish, once:
      hongyan completion fish > ~/.config/fish/completions/hongyan.fish
    """  # noqa: D301  # click's mark: these lines stay as they are
    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(cli, {}, "hongyan", COMPLETE).source())
