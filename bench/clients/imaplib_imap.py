"""The standard library fetches every message of a mailbox by one big FETCH, and drops it."""

from __future__ import annotations

import imaplib

from bench.clients.report import parameters, timed


def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    imap = imaplib.IMAP4(host, port)
    imap.login(username, password)
    imap.select("INBOX", readonly=True)
    _, data = imap.uid("FETCH", "1:*", "(BODY.PEEK[])")
    bodies = [each[1] for each in data if isinstance(each, tuple)]
    imap.logout()
    return len(bodies), sum(map(len, bodies))


timed(lambda: fetch(**parameters()))
