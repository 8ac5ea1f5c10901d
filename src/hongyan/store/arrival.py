"""When a message reached its mailbox, where nobody tells: out of the message itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan import mime
from hongyan.mime import date

if TYPE_CHECKING:
    from datetime import datetime

HEAD: Final = 65_536  # octets that surely hold the topmost Received field


def arrival(head: bytes, now: datetime) -> datetime:
    """Return the time of arrival out of the first `HEAD` octets of a message.

    The topmost Received field is the last server's word (RFC 5321 §4.4), and Date the sender's.
    A time to come is not believed: then it is ``now``.
    """
    return arrival_of(mime.parse(head[:HEAD]), now)


def arrival_of(message: mime.Message, now: datetime) -> datetime:
    """Return the time of arrival out of a message that has been read; see `arrival`."""
    received = message.header("Received") or b""
    told = date.parse(received.rpartition(b";")[2]) or message.date
    return told if told is not None and told <= now else now
