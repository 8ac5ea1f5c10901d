"""Starting with the person's session: what each system wants to be told about ``hongyan serve``.

A systemd user unit, a launchd agent, or a task of Windows. Rendering is pure; `Manager` writes the
file and calls the system's own command, which may be missing: then the file alone is written.
"""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from hongyan.errors import NotFound, StoreError, Unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NAME: Final = "hongyan"
_LABEL: Final = "org.hongyan.serve"
_TASK_SPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"


@dataclass(frozen=True, slots=True)
class Plan:
    """A file with its content, and what to call after writing it, and before removing it."""

    path: Path
    content: bytes
    start: tuple[tuple[str, ...], ...]
    stop: tuple[tuple[str, ...], ...]


def plan(
    system: str, command: Sequence[str], *, person: Path, environment: Mapping[str, str]
) -> Plan:
    """Return what ``system`` (`sys.platform`) needs to run ``command`` in a person's session.

    ``person`` is the home folder. Raises `NotFound` for a system that is not known.
    """
    if system == "linux":
        config = environment.get("XDG_CONFIG_HOME")
        folder = person.joinpath(config) if config else person / ".config"
        return _systemd(command, folder / "systemd" / "user")
    if system == "darwin":
        return _launchd(command, person / "Library" / "LaunchAgents")
    if system == "win32":
        data = environment.get("LOCALAPPDATA")
        return _task(command, person.joinpath(data) if data else person)
    raise NotFound(f"there is no way known to start by itself on {system}")


def _systemd(command: Sequence[str], folder: Path) -> Plan:
    lines = (
        "[Unit]",
        "Description=Hongyan fetches and sends mail",
        "",
        "[Service]",
        f"ExecStart={' '.join(map(_unit_word, command))}",
        "Restart=on-failure",
        "RestartSec=30",
        "TimeoutStopSec=5",
        "NoNewPrivileges=yes",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    )
    unit = f"{NAME}.service"
    systemctl = ("systemctl", "--user")
    return Plan(
        folder / unit,
        "\n".join(lines).encode(),
        ((*systemctl, "daemon-reload"), (*systemctl, "enable", "--now", unit)),
        ((*systemctl, "disable", "--now", unit),),
    )


def _unit_word(word: str) -> str:
    """Return a word as systemd.syntax(7) quotes it; ``%`` and ``$`` would be expanded."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("%", "%%").replace("$", "$$") + '"'


def _launchd(command: Sequence[str], folder: Path) -> Plan:
    agent = {
        "Label": _LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
    }
    path = folder / f"{_LABEL}.plist"
    return Plan(
        path,
        plistlib.dumps(agent),
        (("launchctl", "load", "-w", str(path)),),
        (("launchctl", "unload", "-w", str(path)),),
    )


def _task(command: Sequence[str], folder: Path) -> Plan:
    task = ET.Element("Task", {"version": "1.2", "xmlns": _TASK_SPACE})
    triggers = ET.SubElement(task, "Triggers")
    ET.SubElement(triggers, "LogonTrigger")
    settings = ET.SubElement(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("ExecutionTimeLimit", "PT0S"),
    ):
        ET.SubElement(settings, name).text = value
    run = ET.SubElement(ET.SubElement(task, "Actions"), "Exec")
    ET.SubElement(run, "Command").text = command[0]
    ET.SubElement(run, "Arguments").text = subprocess.list2cmdline(command[1:])
    path = folder / "hongyan-task.xml"
    content = ET.tostring(task, encoding="utf-16", xml_declaration=True)
    schtasks = ("schtasks.exe",)
    return Plan(
        path,
        content,
        (
            (*schtasks, "/Create", "/F", "/TN", NAME, "/XML", str(path)),
            (*schtasks, "/Run", "/TN", NAME),
        ),
        ((*schtasks, "/End", "/TN", NAME), (*schtasks, "/Delete", "/F", "/TN", NAME)),
    )


def _call(command: Sequence[str]) -> str:
    """Run a command; return what it said when it failed, or that it is missing."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not there"
    try:
        done = subprocess.run(  # noqa: S603  # the system's own command with our own words
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        return error.strerror or str(error)
    said = (done.stderr or done.stdout).strip()
    return "" if done.returncode == 0 else said or f"it ended with {done.returncode}"


class Manager:
    """Installs and removes a `Plan`; ``call`` runs a command and returns why it failed."""

    def __init__(self, wanted: Plan, *, call: Callable[[Sequence[str]], str] = _call) -> None:
        self._plan = wanted
        self._call = call

    def install(self) -> tuple[str, ...]:
        """Write the file and start the service; return what could not be done, the first thing.

        Raises `StoreError` when it cannot be written, `Unsafe` where a link lies in its place.
        """
        path = self._plan.path
        if path.is_symlink():
            raise Unsafe(f"{path} is a link, and is left alone")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(path.name + ".new")
            new.write_bytes(self._plan.content)
            new.replace(path)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror or error}") from error
        troubles = ((command, self._call(command)) for command in self._plan.start)
        return next(((_told(*each),) for each in troubles if each[1]), ())

    def remove(self) -> tuple[str, ...]:
        """Stop the service and delete its file; return what could not be done.

        Raises `NotFound` when it is not installed.
        """
        if not self._plan.path.exists():
            raise NotFound(f"{self._plan.path} is not there: no service is installed")
        troubles = [(command, self._call(command)) for command in self._plan.stop]
        self._plan.path.unlink()
        return tuple(_told(command, said) for command, said in troubles if said)


def _told(command: Sequence[str], said: str) -> str:
    return f"{' '.join(command)}: {said}"
