"""Service files for three systems, read back by the parsers of their formats."""

from __future__ import annotations

import configparser
import plistlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from hongyan.app.service import Manager, plan
from hongyan.errors import NotFound, StoreError, Unsafe

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = ("/opt/py thon", "-m", "hongyan", "--home", '/home/a/50% "$x" \\y/雁', "serve")


def test_systemd(tmp_path: Path) -> None:
    found = plan("linux", COMMAND, person=tmp_path, environment={})
    assert found.path == tmp_path / ".config" / "systemd" / "user" / "hongyan.service"
    unit = configparser.RawConfigParser()
    unit.read_string(found.content.decode())
    words = shlex.split(unit["Service"]["ExecStart"])
    assert [word.replace("%%", "%").replace("$$", "$") for word in words] == list(COMMAND)
    assert unit["Install"]["WantedBy"] == "default.target"
    assert found.start[-1][-3:] == ("enable", "--now", "hongyan.service")
    other = plan("linux", COMMAND, person=tmp_path, environment={"XDG_CONFIG_HOME": "/etc/x"})
    assert other.path == Path("/etc/x/systemd/user/hongyan.service")


def test_launchd(tmp_path: Path) -> None:
    found = plan("darwin", COMMAND, person=tmp_path, environment={})
    agent = plistlib.loads(found.content)
    assert agent["ProgramArguments"] == list(COMMAND)
    assert found.path == tmp_path / "Library" / "LaunchAgents" / f"{agent['Label']}.plist"
    assert found.start == (("launchctl", "load", "-w", str(found.path)),)


def test_windows(tmp_path: Path) -> None:
    found = plan("win32", COMMAND, person=tmp_path, environment={"LOCALAPPDATA": "Local"})
    task = ET.fromstring(found.content)
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert task.findtext(f"{space}Actions/{space}Exec/{space}Command") == COMMAND[0]
    arguments = task.findtext(f"{space}Actions/{space}Exec/{space}Arguments")
    assert arguments == '-m hongyan --home "/home/a/50% \\"$x\\" \\y/雁" serve'
    assert found.path == tmp_path / "Local" / "hongyan-task.xml"


def test_an_unknown_system(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        plan("plan9", COMMAND, person=tmp_path, environment={})


def test_it_is_installed_once_more_and_removed(tmp_path: Path) -> None:
    wanted = plan("linux", COMMAND, person=tmp_path, environment={})
    called: list[Sequence[str]] = []

    def call(command: Sequence[str]) -> str:
        called.append(command)
        return "no bus" if "enable" in command else ""

    manager = Manager(wanted, call=call)
    with pytest.raises(NotFound):
        manager.remove()
    for _ in range(2):
        assert manager.install() == ("systemctl --user enable --now hongyan.service: no bus",)
        assert wanted.path.read_bytes() == wanted.content
        assert list(wanted.path.parent.iterdir()) == [wanted.path]
    assert manager.remove() == ()
    assert not wanted.path.exists()
    assert [each[2] for each in called] == ["daemon-reload", "enable"] * 2 + ["disable"]


def test_what_stands_in_its_way_is_left_alone(tmp_path: Path) -> None:
    wanted = plan("linux", COMMAND, person=tmp_path, environment={})
    wanted.path.parent.mkdir(parents=True)
    wanted.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unsafe):
        Manager(wanted, call=lambda _: "").install()
    (tmp_path / "other").write_text("a file")
    blocked = plan(
        "linux", COMMAND, person=tmp_path, environment={"XDG_CONFIG_HOME": str(tmp_path / "other")}
    )
    with pytest.raises(StoreError):
        Manager(blocked, call=lambda _: "").install()
