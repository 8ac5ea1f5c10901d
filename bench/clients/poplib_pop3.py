"""The standard library fetches every message of a maildrop and drops it."""

from __future__ import annotations

import poplib

from bench.clients.report import parameters, timed


def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    pop = poplib.POP3(host, port)
    pop.user(username)
    pop.pass_(password)
    count, _ = pop.stat()
    octets = sum(pop.retr(number)[2] for number in range(1, count + 1))
    pop.quit()
    return count, octets


timed(lambda: fetch(**parameters()))
