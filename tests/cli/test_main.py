"""What holds for every command: help, options in both places, streams that fail, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import click
import pytest

from hongyan import errors
from hongyan.cli.main import COMMANDS, load_command
from tests.cli.command import Hongyan
from tests.support.program import ARGV, Program
from tests.support.terminal import at_a_terminal


def commands() -> list[tuple[str, ...]]:
    names: list[tuple[str, ...]] = []
    for name in COMMANDS:
        names.append((name,))
        names += [(name, each) for each in getattr(load_command(name), "commands", {})]
    return names


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(nobody: Hongyan, words: tuple[str, ...]) -> None:
    result = nobody(*words, "--help")
    assert result.code == 0
    assert result.lines[0].startswith(f"Usage: hongyan {' '.join(words)}")
    assert all(len(line) <= 80 for line in result.lines)
    assert not any(line.endswith("...") for line in result.lines[1:]), "a sentence is cut"


def test_without_a_command_it_shows_what_there_is(nobody: Hongyan) -> None:
    result = nobody()
    assert result.code == 0
    assert all(f"  {name} " in result.out for name in COMMANDS)
    assert nobody("account").code == 0


def test_the_version(nobody: Hongyan) -> None:
    assert nobody.ok("--version").startswith("hongyan, version ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bogus"], "hongyan: no such command 'bogus'. See 'hongyan --help'."),
        (["show"], "hongyan: missing argument 'ID'. See 'hongyan show --help'."),
        (["list", "--bogus"], "hongyan: no such option '--bogus'. See 'hongyan list --help'."),
        (["outbox", "x"], "hongyan: no such command 'x'. See 'hongyan outbox --help'."),
        (
            ["serach", "x"],
            "hongyan: no such command 'serach'. Did you mean 'search'? See 'hongyan --help'.",
        ),
        (
            ["read", "m1"],
            "hongyan: no such command 'read'. Did you mean 'show'? See 'hongyan --help'.",
        ),
        (
            ["rule", "add", "x", "from:", "--flag"],
            "hongyan: query: at character 1: from: needs a value right behind the colon. See 'hongyan rule add --help'.",
        ),
        (["send"], "hongyan: say who it is for: --to ADDRESS. See 'hongyan send --help'."),
    ],
)
def test_wrong_usage_is_one_line_and_code_64(nobody: Hongyan, words: list[str], told: str) -> None:
    assert nobody.fails(64, *words).replace("No such option: --bogus", "") == told


@pytest.mark.parametrize("variable", ["NO_COLOR=1", "TERM=dumb", "TERM=xterm"])
def test_colours_are_shown_where_they_are_wanted(yan: Hongyan, variable: str) -> None:
    name, _, value = variable.partition("=")
    environment = {**Program(yan.home).env, "NO_COLOR": "", "TERM": "xterm", name: value}
    shown = at_a_terminal(*ARGV, "list", "--limit", "1", environment=environment)
    assert "Welcome" in shown.text
    assert ("\x1b[" in shown.text) == (variable == "TERM=xterm")


@pytest.mark.parametrize(
    "words", [["check"], ["backup", "x.zip"], ["export"], ["reindex"]], ids=str
)
def test_of_a_profile_that_is_not_there_nothing_is_said(nobody: Hongyan, words: list[str]) -> None:
    assert str(nobody.home) in nobody.fails(65, *words)
    assert not nobody.home.exists()


def test_home_may_stand_before_and_after_the_command(yan: Hongyan, tmp_path: Path) -> None:
    home, other = str(yan.home), Hongyan(tmp_path / "other")
    for words in (
        ["--home", home, "account", "list"],
        ["account", "--home", home, "list"],
        ["account", "list", "--home", home],
        ["--home", str(tmp_path / "third"), "account", "list", f"--home={home}"],
    ):
        assert "yan@goose.example" in other.ok(*words)
    assert not (tmp_path / "third").exists(), "a profile that is not used is not made"


def test_debug_adds_where_it_came_from(nobody: Hongyan) -> None:
    for words in (["--debug", "sync"], ["sync", "--debug"]):
        result = nobody(*words)
        assert result.code == 65
        assert "Traceback" in result.err
        assert result.err.splitlines()[-1].startswith("hongyan: there is no account yet")


def test_a_defect_is_told_in_a_line(nobody: Hongyan, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("s3cr3t")

    monkeypatch.setattr(load_command("list"), "callback", broken)
    assert nobody.fails(70, "list") == (
        "hongyan: this is a defect of the program (ZeroDivisionError). "
        "Please report it, with what --debug shows."
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interrupted(
    nobody: Hongyan, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(load_command("list"), "callback", interrupted)
    result = nobody("list")
    assert (result.code, result.err) == (130, "\nhongyan: interrupted. Nothing was lost.\n")


@pytest.mark.parametrize("place", ["file", "file/under", "newer", "rubbish"])
def test_a_home_that_cannot_be_used(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    for name, content in (("newer", None), ("rubbish", b"no database, but long enough " * 99)):
        (tmp_path / name).mkdir()
        user = Hongyan(tmp_path / name)
        if content is None:
            import apsw

            assert user("account", "list").code == 0
            with apsw.Connection(str(user.home / "mail.db")) as db:
                db.pragma("user_version", 999)
            db.close()
        else:
            (user.home / "mail.db").write_bytes(content)
    user = Hongyan(tmp_path / place)
    line = user.fails(74, "list")
    assert place in line or "newer Hongyan" in line


def test_a_home_that_may_not_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        user = Hongyan(Path("/proc/hongyan"))  # where root, too, can make nothing
    else:
        (tmp_path / "closed").mkdir(mode=0o500)
        user = Hongyan(tmp_path / "closed" / "home")
    assert str(user.home) in user.fails(74, "list")


def run(yan: Hongyan, *words: str, stdout: IO[bytes]) -> subprocess.CompletedProcess[bytes]:
    argv, env = [*ARGV, *words], Program(yan.home).env
    return subprocess.run(
        argv, env=env, check=False, timeout=20, stdout=stdout, stderr=subprocess.PIPE
    )


def test_an_output_that_takes_nothing(yan: Hongyan) -> None:
    for words in (["list"], ["show", "m1", "--raw"]):
        with Path("/dev/full").open("wb") as full:
            done = run(yan, *words, stdout=full)
        assert done.returncode == 74
        assert done.stderr.decode() == (
            "hongyan: the output: No space left on device. Check the disk and its rights.\n"
        )


def test_a_reader_that_leaves_is_no_error_to_shout_about(yan: Hongyan) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as broken:
        done = run(yan, "list", stdout=broken)
    assert (done.returncode, done.stderr) == (141, b"")


def test_closed_streams(yan: Hongyan) -> None:
    closing = f"{ARGV[0]} -m hongyan list >&- 2>&- <&-"
    done = subprocess.run(closing, shell=True, env=Program(yan.home).env, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_the_output_lacks(yan: Hongyan, encoding: str) -> None:
    env = Program(yan.home, {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0"}).env
    done = subprocess.run([*ARGV, "list"], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_sigterm_puts_everything_away(tmp_path: Path) -> None:
    env = {**Program(tmp_path).env, "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen([*ARGV, "demo"], env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        while b"Hongyan is ready" not in process.stdout.readline():
            pass
        assert list(tmp_path.glob("hongyan-demo-*"))
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read().decode()
    assert time.monotonic() - start < 3
    assert "The demo host has stopped." in rest
    assert f"\n    {sys.executable} -m hongyan list\n" in rest
    assert process.returncode == 0
    assert not list(tmp_path.glob("hongyan-demo-*"))


def test_all_errors_have_a_code() -> None:
    from hongyan.cli.errors import explain

    kinds = [errors.HongyanError]
    for kind in kinds:
        kinds += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
        error = kind("field", "words") if kind is errors.InvalidArgument else kind("words")
        line, code = explain(error)
        assert code in {64, 65, 69, 74, 75, 76, 77, 130}
        assert line.startswith("hongyan: ")
        assert "\n" not in line
