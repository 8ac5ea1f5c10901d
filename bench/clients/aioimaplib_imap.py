"""aioimaplib fetches every message of a mailbox by one big FETCH, and drops it."""

from __future__ import annotations

import asyncio

from aioimaplib import IMAP4

from bench.clients.report import parameters, timed


async def fetch(host: str, port: int, username: str, password: str) -> tuple[int, int]:
    client = IMAP4(host, port, timeout=120)
    await client.wait_hello_from_server()
    await client.login(username, password)
    await client.select("INBOX")
    answer = await client.uid("fetch", "1:*", "(BODY.PEEK[])")
    bodies = [line for line in answer.lines if isinstance(line, bytearray)]
    await client.logout()
    return len(bodies), sum(map(len, bodies))


timed(lambda: asyncio.run(fetch(**parameters())))
