"""The public library for asyncio: `POP3` and `SMTP`, the same flows under an event loop."""

from hongyan.client.asynchronous import POP3, SMTP

__all__ = ["POP3", "SMTP"]
