"""Draw the README's picture from what the program really prints.

``python tools/picture.py docs/list.svg`` runs the demo host, and ``hongyan`` in a terminal.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hongyan.app import demo_profile
from hongyan.demo.host import DemoHost

COLUMNS, LINES = 92, 26


def printed(home: Path, *words: str) -> str:
    """Return what ``hongyan`` prints on a terminal of `COLUMNS`."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"HONGYAN_HOME": str(home), "COLUMNS": str(COLUMNS)}
    argv = [sys.executable, "-m", "hongyan", *words]
    process = subprocess.Popen(argv, stdout=theirs, stderr=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    octets = b""
    while True:
        try:
            octets += os.read(ours, 65536)
        except OSError:  # the program has closed its terminal
            break
    os.close(ours)
    process.wait()
    return octets.decode().replace("\r\n", "\n")


def main() -> None:
    """Draw one picture."""
    with DemoHost() as host, demo_profile(host) as app:
        app.fetching.fetch(app.accounts.choose(None))
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        for line in ("list --limit 16", "search 发票", "search from:Ingrid grant"):
            words = line.split()
            console.print(Text.from_ansi(f"\x1b[32m$\x1b[0m hongyan {line}"))
            text = Text.from_ansi(printed(app.home, *words))
            text.highlight_regex(r" {2,}", "dim")  # so that each column is placed by itself
            console.print(text)
    drawn = console.export_svg(title="Hongyan 鸿雁")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # fonts from elsewhere
    Path(sys.argv[1]).write_text(drawn, "utf-8")


if __name__ == "__main__":
    main()
