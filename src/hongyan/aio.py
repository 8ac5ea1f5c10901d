"""The public library for asyncio: `IMAP`, `POP3` and `SMTP`, the same flows in an event loop."""

from hongyan.client.asynchronous import POP3, SMTP
from hongyan.client.asynchronous_imap import IMAP

__all__ = ["IMAP", "POP3", "SMTP"]
