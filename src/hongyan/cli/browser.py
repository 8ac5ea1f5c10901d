"""The person's own browser."""

from __future__ import annotations

import os
import sys
import webbrowser


def open_browser(link: str) -> None:
    """Open the page where there is a screen: elsewhere a browser would take the terminal."""
    if sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        webbrowser.open(link)
