"""A program at a terminal: it has a screen, and keys are typed when it shows what one waits for."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

_ADOPT = "import os, sys; os.login_tty(0); os.execvp(sys.argv[1], sys.argv[1:])"  # for Ctrl-C


@dataclass(frozen=True)
class Shown:
    """How the program ended, and all that it showed."""

    code: int
    text: str


def at_a_terminal(
    *command: str,
    environment: Mapping[str, str],
    columns: int = 80,
    keys: Sequence[tuple[str, str]] = (),
) -> Shown:
    """Run a program to its end; once it has shown the first of a pair, the second is typed."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    adopted = [sys.executable, "-c", _ADOPT, *command]
    waiting, seen, shown = list(keys), 0, b""
    with subprocess.Popen(adopted, stdin=its, stdout=its, stderr=its, env=environment) as program:
        os.close(its)
        with suppress(OSError):  # the program has closed its end
            while block := os.read(ours, 65_536):
                shown += block
                while waiting and (at := shown.find(waiting[0][0].encode(), seen)) >= 0:
                    seen = at + len(waiting[0][0].encode())
                    os.write(ours, waiting.pop(0)[1].encode())
        os.close(ours)
        code = program.wait(30)
    assert not waiting, f"it never showed {waiting[0][0]!r}: {shown!r}"
    return Shown(code, shown.decode("utf-8", "replace").replace("\r\n", "\n"))
