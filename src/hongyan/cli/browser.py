"""The person's own browser.

A link that lets somebody in never stands on a command line, which every user of the machine can
read: the browser is given the name of a file that only the person can read, and that sends it on.
"""

from __future__ import annotations

import html
import os
import platform
import secrets
import subprocess
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Final

from hongyan.errors import StoreError

_SECONDS: Final = 120  # as long as the link is good: `hongyan.server.keys.PASS_SECONDS`
_REMOVE: Final = "import os, sys, time; time.sleep(float(sys.argv[1])); os.unlink(sys.argv[2])"
# The policy lets nothing run or load; the link is there for who has switched redirects off.
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>Hongyan 鸿雁</title>
</head>
<body><p><a href="{link}">Hongyan 鸿雁</a></p></body>
</html>
"""


def open_browser(link: str) -> None:
    """Open a page where there is a screen: elsewhere a browser would take the terminal."""
    if _has_screen():
        webbrowser.open(link)


def open_privately(link: str, home: Path) -> None:
    """Open a page by a link that is for nobody else, by way of a file in the folder ``home``.

    Where the browser cannot read such a file, the link is not opened: the person has it in the
    terminal. Raises `StoreError`.
    """
    if not _has_screen():
        return
    folder = _readable(home)
    if folder is not None:
        path = write_way(link, folder)
        remove_later(path)
        webbrowser.open(path.as_uri())


def write_way(link: str, folder: Path) -> Path:
    """Write the file that sends a browser on to ``link``; return its path. Raises `StoreError`."""
    path = folder / f"hongyan-open-{secrets.token_hex(8)}.html"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_PAGE.format(link=html.escape(link)))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    return path


def remove_later(path: Path, *, seconds: float = _SECONDS) -> subprocess.Popen[bytes]:
    """Remove a file when the link in it is worth nothing any more, also after this program."""
    quiet = subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603  # ourselves
        [sys.executable, "-I", "-S", "-c", _REMOVE, str(seconds), str(path)],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
    )


def _has_screen() -> bool:
    desktop = sys.platform in ("darwin", "win32")
    return desktop or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def _readable(home: Path) -> Path | None:
    """Return a folder of the person's whose files the browser can read; None where there is none.

    A snap reads no hidden folder, but a folder of its own; a browser of Windows none of WSL's.
    """
    if "microsoft" in platform.release().lower():
        return None
    name, is_snap, _ = _default_browser().partition("_")  # firefox_firefox.desktop
    if not is_snap:
        return home
    own = Path.home() / "snap" / name / "common"
    return own if own.is_dir() else None


def _default_browser() -> str:
    with suppress(OSError, subprocess.TimeoutExpired):
        asked = ("xdg-settings", "get", "default-web-browser")
        done = subprocess.run(asked, capture_output=True, timeout=5, check=False)  # noqa: S603
        return done.stdout.decode("utf-8", "replace").strip()
    return ""
