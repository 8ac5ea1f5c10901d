"""SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3), with CONDSTORE and QRESYNC (RFC 7162); leaving.

What comes before a [CLOSED] belongs to the mailbox that was open before (RFC 7162 §3.2.11), so it
goes to the listener and not into what is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import ProtocolError
from hongyan.imap.data import Exists, Fetched, Flags, Listed, Recent, Vanished
from hongyan.imap.encoder import Raw, as_octets, mailbox
from hongyan.imap.flows.exchange import Request, ask, command, nothing, reply_to
from hongyan.imap.sets import LARGEST
from hongyan.imap.types import Condition, Tagged, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.flow import Flow
    from hongyan.imap.connection import Connection, Event
    from hongyan.imap.encoder import Argument
    from hongyan.imap.sets import NumberSet
    from hongyan.imap.types import CodeValue, Mailbox

_NOWHERE: Final = "hongyan-no-such-mailbox"
Change: TypeAlias = Fetched | Vanished


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a mailbox from before, for QRESYNC (RFC 7162 §3.2.5)."""

    uid_validity: int
    modseq: int
    uids: NumberSet | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """A mailbox that was opened; None for what the server does not say.

    ``uid_validity`` 0 is never given: such a server's UIDs mean nothing, so it is None.
    ``modseq`` is None also where the mailbox keeps none (NOMODSEQ).
    """

    exists: int
    read_only: bool
    uid_validity: int | None = None
    uid_next: int | None = None
    modseq: int | None = None
    recent: int | None = None
    unseen: int | None = None
    flags: tuple[str, ...] = ()
    permanent_flags: tuple[str, ...] | None = None
    mailbox_id: str | None = None
    uids_sticky: bool = True


class _Gathering:
    """What SELECT's data have said by now."""

    def __init__(
        self, conn: Connection, name: Argument, take: Callable[[Change], None] | None
    ) -> None:
        self._conn = conn
        self._name = name
        self._take = take
        self._reset()

    def _reset(self) -> None:
        self.exists: int | None = None
        self.recent: int | None = None
        self.flags: tuple[str, ...] = ()
        self.codes: dict[str, CodeValue] = {}

    def claim(self, event: Event) -> bool:
        match event:
            case Exists():
                self.exists = event.count
            case Recent():
                self.recent = event.count
            case Flags():
                self.flags = event.flags
            case Listed():
                self._check_name(event)
            case Fetched() | Vanished() if self._take is not None:
                self._take(event)
            case Condition():
                return self._condition(event)
            case _:
                return False
        return True

    def _condition(self, event: Condition) -> bool:
        """Note a code. A condition without one is a word to the person."""
        if event.code is None or event.code.name == "ALERT":
            return False
        if event.code.name == "CLOSED":
            self._reset()
        else:
            self.codes[event.code.name] = event.code.value
        return True

    def _check_name(self, listed: Listed) -> None:
        """Refuse another mailbox; IMAP4rev2 servers say which they opened (RFC 9051 §6.3.2)."""
        if as_octets(self._name) not in (listed.octets, listed.old_name) and listed.name != "INBOX":
            raise ProtocolError("the server opened another mailbox than the one asked for")

    def selected(self, verdict: Tagged, *, read_only: bool) -> Selected:
        if self.exists is None:
            raise ProtocolError("the server did not say how many messages the mailbox has")
        told = verdict.code.name if verdict.code else ""
        permanent = self.codes.get("PERMANENTFLAGS")
        identity = self.codes.get("MAILBOXID")
        return Selected(
            self.exists,
            read_only=told == "READ-ONLY" or (read_only and told != "READ-WRITE"),
            uid_validity=self._uid("UIDVALIDITY"),
            uid_next=self._uid("UIDNEXT"),
            modseq=self._number("HIGHESTMODSEQ"),
            recent=self.recent,
            unseen=self._number("UNSEEN"),
            flags=self.flags,
            permanent_flags=permanent if isinstance(permanent, tuple) else None,
            mailbox_id=identity.strip("()") if isinstance(identity, str) else None,
            uids_sticky="UIDNOTSTICKY" not in self.codes,
        )

    def _uid(self, name: str) -> int | None:
        """Return a number that a UID can have, or None; 0 and more than 32 bits are none."""
        value = self._number(name) or 0
        return value if 0 < value <= LARGEST else None

    def _number(self, name: str) -> int | None:
        value = self.codes.get(name)
        return value if isinstance(value, int) else None


def select(
    conn: Connection,
    name: Mailbox,
    *,
    read_only: bool = False,
    known: Known | None = None,
    take: Callable[[Change], None] | None = None,
) -> Flow[Selected]:
    """Open a mailbox; ``read_only`` by EXAMINE.

    With ``known``, and QRESYNC enabled, what has changed since comes to ``take``. Raises `Refused`;
    no mailbox is open then.
    """
    return (
        yield from ask(
            conn, select_request(conn, name, read_only=read_only, known=known, take=take)
        )
    )


def select_request(
    conn: Connection,
    name: Mailbox,
    *,
    read_only: bool = False,
    known: Known | None = None,
    take: Callable[[Change], None] | None = None,
) -> Request[Selected]:
    """Return the request that `select` is; fetches and searches by UID may be asked with it.

    They are refused where it is, and answered by the mailbox as it is now: look at the UIDVALIDITY
    before what they say is believed.
    """
    argument = mailbox(name, utf8=conn.utf8)
    gathering = _Gathering(conn, argument, take)

    def result(reply: Tagged) -> Selected:
        return gathering.selected(reply, read_only=read_only)

    verb = Verb.EXAMINE if read_only else Verb.SELECT
    return Request(verb, [argument, *_parameters(conn, known)], result, gathering.claim)


def _parameters(conn: Connection, known: Known | None) -> list[Argument]:
    if known is not None and "QRESYNC" in conn.enabled:
        values: list[Argument] = [known.uid_validity, known.modseq]
        if known.uids:
            values.append(known.uids)
        return [[Raw(b"QRESYNC"), values]]
    if "CONDSTORE" in conn.capabilities and "CONDSTORE" not in conn.enabled:
        return [[Raw(b"CONDSTORE")]]
    return []


def unselect(conn: Connection) -> Flow[None]:
    r"""Leave the mailbox and remove nothing (RFC 3691).

    Where the server has no UNSELECT, a mailbox that does not exist is asked for, since CLOSE would
    remove the messages that are marked ``\Deleted``.
    """
    if conn.offers("UNSELECT", "IMAP4REV2"):
        yield from command(conn, Verb.UNSELECT)
        return
    request = Request(Verb.EXAMINE, [_NOWHERE], nothing)
    if (yield from reply_to(conn, request)).ok:  # there is one after all, and it is open to be read
        yield from close(conn)


def close(conn: Connection) -> Flow[None]:
    r"""Leave the mailbox; messages marked ``\Deleted`` are removed unless it is read-only."""
    yield from command(conn, Verb.CLOSE)
