"""Runs one client and tells what it took: ``python -I -S launch.py LOG COMMAND…``.

A process of its own, and a small one: Linux counts the launching process's memory as the child's
(getrusage(2), ru_maxrss), so this interpreter's own, some 10 MB, is the least that can be seen.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    log, *command = sys.argv[1:]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    start = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - start
    report = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024,
    }
    sys.stdout.write(json.dumps(report))


main()
