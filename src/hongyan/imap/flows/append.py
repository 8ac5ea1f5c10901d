"""APPEND (RFC 9051 §6.3.12) of one message or many (RFC 3502), streamed; REPLACE (RFC 8508).

APPENDLIMIT (RFC 7889) is kept to before anything is sent. Without LITERAL+ the content is sent only
when the server gives leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hongyan.errors import InvalidArgument, Refused
from hongyan.imap.encoder import Content, Raw, flag, mailbox, moment
from hongyan.imap.flows.exchange import Request, ask, require
from hongyan.imap.flows.expunge import uid_expunge
from hongyan.imap.flows.store import Change, store
from hongyan.imap.sets import NumberSet
from hongyan.imap.types import AppendUid, Condition, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.types import Code, Mailbox, Tagged


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be put into a mailbox: its octets in chunks, ``size`` of them.

    ``eight_bit`` says that its header holds UTF-8 (RFC 6855 §4), ``binary`` that there is a NUL in
    it (RFC 3516 §4.4).
    """

    content: Iterable[bytes]
    size: int
    flags: Sequence[str] = ()
    when: datetime | None = None
    eight_bit: bool = False
    binary: bool = False


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

    Raises `Refused`; `InvalidArgument` when the content is not as long as ``size`` says: the
    session is over then. A connection lost meanwhile leaves open whether the message is there.
    """
    letter = Letter(content, size, tuple(flags), when)
    return (yield from ask(conn, append_request(conn, name, [letter])))


def append_messages(
    conn: Connection, name: Mailbox, letters: Sequence[Letter]
) -> Flow[AppendUid | None]:
    """Put several messages into a mailbox by one command: all of them, or none (RFC 3502).

    Raises `Unsafe` where the server has no MULTIAPPEND; else as `append_message`.
    """
    if len(letters) != 1:
        require(conn, "MULTIAPPEND")
    return (yield from ask(conn, append_request(conn, name, letters)))


def append_request(
    conn: Connection, name: Mailbox, letters: Sequence[Letter]
) -> Request[AppendUid | None]:
    """Return the request that `append_messages` is, to be asked with others."""
    if not letters or not all(each.size for each in letters):
        raise InvalidArgument("messages", "there is none, or one is empty")
    arguments: list[Argument] = [mailbox(name, utf8=conn.utf8)]
    for letter in letters:
        arguments += _letter(conn, letter)
    contents = [each.content for each in letters]
    return Request(Verb.APPEND, arguments, lambda reply: _placed(reply.code), contents=contents)


def replace(conn: Connection, uid: int, name: Mailbox, letter: Letter) -> Flow[AppendUid | None]:
    """Put a message into a mailbox in the place of ``uid``, which goes (RFC 8508).

    Where the server cannot do both at once, the new message is there before the old one goes.
    Raises `Unsafe` where the old one could not go alone.
    """
    if "REPLACE" not in conn.capabilities:
        return (yield from _replace_by_hand(conn, uid, name, letter))
    found: list[AppendUid] = []

    def claim(event: Event) -> bool:
        """Take the APPENDUID that comes before the old message is gone (RFC 8508 §3.2)."""
        if isinstance(event, Condition) and (told := _placed(event.code)):
            found[:] = [told]
            return True
        return False

    def result(reply: Tagged) -> AppendUid | None:
        return _placed(reply.code) or (found[0] if found else None)

    target = mailbox(name, utf8=conn.utf8)
    arguments: list[Argument] = [uid, target, *_letter(conn, letter)]
    request = Request(Verb.REPLACE, arguments, result, claim, contents=[letter.content])
    return (yield from ask(conn, request))


def _replace_by_hand(
    conn: Connection, uid: int, name: Mailbox, letter: Letter
) -> Flow[AppendUid | None]:
    require(conn, "UIDPLUS", "IMAP4REV2")
    placed = yield from append_messages(conn, name, [letter])
    yield from store(conn, NumberSet.of([uid]), Change.ADD, [r"\Deleted"])
    yield from uid_expunge(conn, NumberSet.of([uid]))
    return placed


def _letter(conn: Connection, letter: Letter) -> list[Argument]:
    limit = conn.capabilities.append_limit
    if limit is not None and letter.size > limit:
        raise Refused(f"the server takes messages of {limit} octets at most", code="TOOBIG")
    named = [flag(each) for each in letter.flags]
    arguments: list[Argument] = [named] if named else []
    if letter.when is not None:
        arguments.append(moment(letter.when))
    if letter.eight_bit and "UTF8=ACCEPT" in conn.enabled:
        return [*arguments, Raw(b"UTF8"), [Content(letter.size, eight_bit=True)]]
    if letter.binary:
        require(conn, "BINARY")
    return [*arguments, Content(letter.size, eight_bit=letter.binary)]


def _placed(code: Code | None) -> AppendUid | None:
    return code.value if code and isinstance(code.value, AppendUid) else None
