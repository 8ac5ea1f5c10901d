"""How the person's browser is told where to go: no other user of the machine learns the link."""

from __future__ import annotations

import stat
import sys
import webbrowser
from typing import TYPE_CHECKING

import pytest

from hongyan.cli import browser
from hongyan.cli.browser import open_privately, remove_later, write_way
from hongyan.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

LINK = "http://127.0.0.1:8765/#start=a-token_of.once"
SNAP = "#!/bin/sh\necho firefox_firefox.desktop\n"


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What a browser is asked to open, on a machine with a screen and no default browser."""
    asked: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(webbrowser, "open", asked.append)
    monkeypatch.setattr(browser, "remove_later", lambda path: asked.append(f"remove {path.name}"))
    return asked


def test_the_browser_gets_a_file_that_only_the_person_can_read(
    opened: list[str], tmp_path: Path
) -> None:
    open_privately(LINK, tmp_path)
    (path,) = tmp_path.glob("*.html")
    assert opened == [f"remove {path.name}", path.as_uri()]
    assert "token" not in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    page = path.read_text()
    assert f'content="0; url={LINK}"' in page
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_what_stands_in_the_link_is_no_html(tmp_path: Path) -> None:
    page = write_way('http://[::1]:1/#start="><script>', tmp_path).read_text()
    assert "<script>" not in page


def test_without_a_screen_nothing_is_written_or_opened(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    open_privately(LINK, tmp_path)
    assert (opened, list(tmp_path.iterdir())) == ([], [])


def test_a_snap_gets_it_where_it_can_read(opened: list[str], tmp_path: Path) -> None:
    script(tmp_path / "bin" / "xdg-settings", SNAP)
    home = tmp_path / ".profile"
    home.mkdir()
    open_privately(LINK, home)
    assert opened == [], "it has no folder yet; the link stands in the terminal"
    common = tmp_path / "snap" / "firefox" / "common"
    common.mkdir(parents=True)
    open_privately(LINK, home)
    (path,) = common.iterdir()
    assert opened == [f"remove {path.name}", path.as_uri()]
    assert list(home.iterdir()) == []


def test_the_file_goes_when_its_link_is_worth_nothing(tmp_path: Path) -> None:
    path = write_way(LINK, tmp_path)
    with remove_later(path, seconds=0.1) as removing:
        assert removing.wait(30) == 0
    assert not path.exists()


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="hongyan-open"):
        write_way(LINK, tmp_path / "missing")
