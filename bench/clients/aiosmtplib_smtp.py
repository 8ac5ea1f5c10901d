"""aiosmtplib submits every file of a folder over one connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiosmtplib

from bench.clients.report import parameters, timed


async def submit(
    host: str, port: int, *, username: str, password: str, recipient: str, folder: str
) -> tuple[int, int]:
    messages = octets = 0
    async with aiosmtplib.SMTP(hostname=host, port=port, start_tls=False, timeout=60) as smtp:
        await smtp.ehlo()
        if password:
            await smtp.auth_plain(username, password)
        for path in sorted(Path(folder).iterdir()):  # noqa: ASYNC240  # nothing else runs here
            content = path.read_bytes()
            errors, _ = await smtp.sendmail(username, [recipient], content)
            messages += not errors
            octets += len(content)
    return messages, octets


timed(lambda: asyncio.run(submit(**parameters())))
