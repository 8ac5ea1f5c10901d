"""What makes the command line at home in a shell: completion, and the manual page."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from hongyan.cli.main import COMMANDS, COMPLETE, cli, load_command
from hongyan.cli.man import roff
from tests.cli.command import Hongyan
from tests.support.program import ARGV, Program

MACROS = {"TH", "SH", "SS", "PP", "TP", "B", "nf", "fi"}  # of man(7)


@pytest.fixture
def shell(tmp_path: Path) -> Program:
    """An environment in which ``hongyan`` is a command."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "hongyan"
    command.write_text(f'#!/bin/sh\nexec {" ".join(ARGV)} "$@"\n')
    command.chmod(0o755)
    program = Program(tmp_path / "home")
    program.environment["PATH"] = f"{command.parent}:{program.env['PATH']}"
    return program


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("hongyan acc", {"account"}),
        ("hongyan account li", {"list"}),
        ("hongyan list --li", {"--limit"}),
        ("hongyan --home /nowhere export --format m", {"mbox", "maildir"}),
        ("hongyan nonsense x", set()),
    ],
)
def test_bash_completes(shell: Program, words: str, completed: set[str]) -> None:
    """By bash itself, as when a person presses Tab at the end."""
    count = len(words.split())
    script = (
        'eval "$(hongyan completion bash)"\n'
        f"COMP_WORDS=({words}) COMP_CWORD={count - 1}\n"
        '_hongyan_completion hongyan; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], env=shell.env, capture_output=True, check=True)
    assert done.stderr == b""
    assert set(done.stdout.decode().split()) == completed
    assert not shell.home.exists(), "who only asks makes no profile"


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("zsh", {"COMP_WORDS": "hongyan acc", "COMP_CWORD": "1"}),
        ("fish", {"COMP_WORDS": "hongyan acc", "COMP_CWORD": "acc"}),
    ],
)
def test_other_shells_are_answered(shell: Program, name: str, asked: dict[str, str]) -> None:
    assert COMPLETE in shell.run("completion", name)
    shell.environment.update(asked | {COMPLETE: f"{name}_complete"})
    assert re.match(r"plain[,\n]account\b", shell.run())


def test_the_manual_page_has_every_command_and_option(nobody: Hongyan) -> None:
    page = nobody.ok("man")
    assert page.isascii()
    assert {line.split()[0][1:] for line in page.splitlines() if line[0] == "."} <= MACROS
    assert not re.search(r"(?m)^'", page), "a request by mistake"
    plain = page.replace(r"\-", "-")
    commands: list[click.Command] = [cli]
    for name in COMMANDS:
        command = load_command(name)
        below = getattr(command, "commands", {})
        commands += [command, *below.values()]
        for title in [f"{name} {each}" for each in below] or [name]:
            assert f"\n.SS hongyan {title}" in plain
    for command in commands:
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert option.hidden or all(f"{each}" in plain for each in option.opts)
    assert all(f"\\fB{code}" in page for code in ("64", "65", "69", "74", "75", "76", "77"))


def test_troff_takes_text_as_it_stands() -> None:
    assert roff(".TH 'x' a-b \\n 雁") == r"\&.TH \(aqx\(aq a\-b \en \[u96C1]"
