"""APPEND (RFC 9051 §6.3.12): one message, streamed, into a mailbox; APPENDLIMIT (RFC 7889)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import Refused
from hongyan.imap.encoder import Content, flag, mailbox, moment
from hongyan.imap.flows.exchange import accepted, send
from hongyan.imap.types import AppendUid, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Mailbox


def append_message(
    conn: Connection,
    name: Mailbox,
    content: Iterable[bytes],
    *,
    size: int,
    flags: Iterable[str] = (),
    when: datetime | None = None,
) -> Flow[AppendUid | None]:
    """Put a message of ``size`` octets into a mailbox; return where it is, or None if not told.

    Without LITERAL+ the content is sent only when the server gives leave. Raises `Refused` when it
    does not, or afterwards; `InvalidArgument` when the content is not as long as ``size`` says:
    the session is over then. A connection lost meanwhile leaves open whether the message is there.
    """
    limit = conn.capabilities.append_limit
    if limit is not None and size > limit:
        raise Refused(f"the server takes messages of {limit} octets at most", code="TOOBIG")
    named = [flag(each) for each in flags]
    options: list[Argument] = [named] if named else []
    if when is not None:
        options.append(moment(when))
    target = mailbox(name, utf8=conn.utf8)
    tag = yield from send(conn, Verb.APPEND, target, *options, Content(size), content=content)
    verdict = yield from accepted(conn, tag)
    value = verdict.code.value if verdict.code else None
    return value if isinstance(value, AppendUid) else None
