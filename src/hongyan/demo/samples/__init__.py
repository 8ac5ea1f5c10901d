"""The sample mailbox: some weeks in the life of Yan Su of the Reedbed Field Station.

The messages are written in the TOML files of this folder and dated back from the moment they are
asked for, so that they always look fresh. Every person, firm and address in them is invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.demo.samples.script import Script

if TYPE_CHECKING:
    import datetime as dt

    from hongyan.mime.types import Address


def messages(now: dt.datetime, owner: Address) -> list[bytes]:
    """Return what ``owner`` has received, oldest first, as it lies in the inbox at ``now``.

    ``now`` is aware; the times of day in the script are those of its zone.
    """
    return Script(now, owner).received()


def sent(now: dt.datetime, owner: Address) -> list[bytes]:
    """Return what ``owner`` has sent, oldest first: the other side of the same threads."""
    return Script(now, owner).sent()
