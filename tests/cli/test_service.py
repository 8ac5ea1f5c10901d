"""``hongyan service``: the file is shown, written and removed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import Hongyan


@pytest.mark.skipif(sys.platform != "linux", reason="the file's place is that of Linux")
def test_a_service(anna: Hongyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))  # no systemctl of this machine is called
    path = tmp_path / ".config" / "systemd" / "user" / "hongyan.service"
    shown = anna.ok("service", "install", "--print")
    assert "ExecStart=" in shown
    assert f'"--home" "{anna.home}" "serve"' in shown
    assert not path.exists()
    installed = anna("service", "install")
    assert installed.code == 69
    assert installed.out == f"Written: {path}\n"
    assert installed.err.splitlines() == [
        "hongyan: not done: systemctl --user daemon-reload: systemctl is not there",
        "hongyan: it was not started: the file stays; 'hongyan serve' in a terminal serves without it.",
    ]
    assert path.read_text() in shown
    removed = anna("service", "remove")
    assert (removed.code, removed.out) == (69, f"Removed: {path}\n")
    assert "may run until your session ends" in removed.err
    assert not path.exists()
    anna.fails(65, "service", "remove")


SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$0.said"
case "$*" in *enable*) echo "Failed to connect to bus: No medium found" >&2; exit {code};; esac
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the file's place is that of Linux")
@pytest.mark.parametrize("code", [0, 1])
def test_what_systemctl_says_is_told(
    anna: Hongyan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(SYSTEMCTL.format(code=code))
    systemctl.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", str(systemctl.parent))
    installed = anna("service", "install")
    assert (tmp_path / "bin" / "systemctl.said").read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable --now hongyan.service",
    ]
    assert installed.code == (69 if code else 0)
    bus = "systemctl --user enable --now hongyan.service: Failed to connect to bus: No medium found"
    assert (bus in installed.err) is bool(code)
    assert ("runs now, and with every session" in installed.out) is not bool(code)
