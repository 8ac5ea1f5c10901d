"""Children of the kill test: each fetches, removes, sends and synchronises, until killed or done.

By IMAP it is in a thread of its own, beside the others.

They are forked off one process that has everything imported: hundreds of them cost seconds. For
each line of arguments the process number is printed, then "open", then how it ended.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from tests.sync.imap_profile import ImapProfile
from tests.sync.profile import Profile


def work(home: str, pop3: str, password: str, smtp: str, other: str, imap: str) -> None:
    profile = Profile(Path(home), password=password)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    account = profile.store.accounts.get(imap)
    beside = ImapProfile(profile.store, account, account.imap_url or "", "x")
    visit = threading.Thread(target=beside.visit)
    visit.start()
    profile.fetch(int(pop3))
    profile.password = other
    profile.send(int(smtp))
    visit.join()
    profile.close()


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                work(*line.rstrip("\n").split("\t"))
                code = 0
            finally:
                os._exit(code)  # nothing of the parent is put away twice
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
