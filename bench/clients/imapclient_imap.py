"""IMAPClient fetches every message of a mailbox, a hundred at a time, and drops it."""

from __future__ import annotations

from imapclient import IMAPClient

from bench.clients.report import parameters, timed

AT_ONCE = 100  # all at once it takes the memory of all of them, twice


def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    messages = octets = 0
    with IMAPClient(host, port, ssl=False) as client:
        client.login(username, password)
        client.select_folder("INBOX", readonly=True)
        uids = client.search("ALL")
        for at in range(0, len(uids), AT_ONCE):
            found = client.fetch(uids[at : at + AT_ONCE], ["BODY.PEEK[]"])
            messages += len(found)
            octets += sum(len(each[b"BODY[]"]) for each in found.values())
    return messages, octets


timed(lambda: fetch(**parameters()))
