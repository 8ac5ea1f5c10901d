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
    assert installed.code == 0
    assert "systemctl is not there" in installed.err
    assert path.read_text() in shown
    assert "Removed" in anna.ok("service", "remove")
    assert not path.exists()
    anna.fails(65, "service", "remove")
