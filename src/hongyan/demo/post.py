"""The post office behind both protocols: maildrops in memory, and who may be written to.

A letter keeps its unique id over the life of the host (RFC 1939 §7); a maildrop is locked by one
session at a time (§8). Everybody at a name under ``.example`` (RFC 6761 §6.5: such names belong to
nobody) can be written to, the owners of maildrops find it there, and the others answer.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hongyan.errors import Refused

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
REFUSALS: Final[Mapping[str, tuple[str, str, str]]] = {
    "nobody": ("550", "5.1.1", "nobody lives here, and it says so on the door"),
    "full": ("452", "4.2.2", "the mailbox is full to the brim"),
    "busy": ("451", "4.2.1", "busy just now, try again later"),
}


def date_time(moment: dt.datetime) -> str:
    """Return the ``date-time`` of RFC 5322 §3.3, whatever the machine's language."""
    day, month = DAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment:%Y %H:%M:%S %z}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a maildrop: its unique id, of 1 to 70 printable characters, and its octets."""

    uid: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What MAIL and RCPT said; ``sender`` is empty for a delivery report."""

    sender: str
    recipients: tuple[str, ...]


Answerer: TypeAlias = Callable[[bytes, str, str], bytes | None]
"""``(message, its sender, the recipient who answers)`` gives the answer, or None for silence."""


class Maildrop:
    """The letters of one owner, oldest first; ``on_letter`` is told of each that comes."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.password = password
        self.on_letter: Callable[[], None] = lambda: None
        self._letters: list[Letter] = []
        self._guard = threading.Lock()
        self._session = threading.Lock()

    def add(self, content: bytes) -> str:
        """Put a message in, and return its unique id."""
        letter = Letter(f"goose-{secrets.token_hex(8)}", content)
        with self._guard:
            self._letters.append(letter)
        self.on_letter()
        return letter.uid

    def letters(self) -> tuple[Letter, ...]:
        """Return what is there now."""
        with self._guard:
            return tuple(self._letters)

    def remove(self, uids: Collection[str]) -> None:
        """Take these letters out for good."""
        with self._guard:
            self._letters = [letter for letter in self._letters if letter.uid not in uids]

    def lock(self) -> bool:
        """Take the maildrop for one session, or return False when another has it."""
        return self._session.acquire(blocking=False)

    def unlock(self) -> None:
        """Give the maildrop back."""
        self._session.release()


class Office:
    """Maildrops by address, and delivery to them."""

    def __init__(self, domain: str, answerer: Answerer) -> None:
        self.domain = domain
        self._answerer = answerer
        self._drops: dict[str, Maildrop] = {}

    def open(self, address: str, password: str) -> Maildrop:
        """Open a maildrop for ``address``."""
        drop = Maildrop(address, password)
        self._drops[address.casefold()] = drop
        return drop

    def maildrop(self, address: str) -> Maildrop | None:
        """Return the maildrop that ``address``, with or without a ``+tag``, leads to."""
        local, _, domain = address.casefold().rpartition("@")
        return self._drops.get(f"{local.partition('+')[0]}@{domain}")

    def password(self, user: str) -> str | None:
        """Return the password of a user, named by the address or its local part."""
        name = user.casefold()
        drop = self._drops.get(name if "@" in name else f"{name}@{self.domain}")
        return drop.password if drop else None

    def admit(self, recipient: str) -> None:
        """Do nothing for a recipient who can be written to; raises `Refused` for others."""
        local, _, domain = recipient.casefold().rpartition("@")
        if not f".{domain}".endswith(".example"):
            raise Refused(
                "this host is not connected to the world; write to anybody at a .example name",
                code="550",
                enhanced="5.7.1",
            )
        if local in REFUSALS:
            code, enhanced, text = REFUSALS[local]
            raise Refused(text, code=code, enhanced=enhanced, temporary=code.startswith("4"))

    def deliver(self, envelope: Envelope, content: bytes) -> None:
        """Bring ``content`` to each recipient once; those without a maildrop answer at once."""
        head = f"Return-Path: <{envelope.sender}>\r\n".encode()
        drops = {id(drop): drop for drop in map(self.maildrop, envelope.recipients) if drop}
        for drop in drops.values():
            drop.add(head + content)
        for recipient in envelope.recipients:
            if self.maildrop(recipient) is None:
                self._let_answer(envelope.sender, recipient, content)

    def _let_answer(self, sender: str, recipient: str, content: bytes) -> None:
        home = self.maildrop(sender)
        answer = self._answerer(content, sender, recipient) if home else None
        if home and answer is not None:
            home.add(b"Return-Path: <>\r\n" + answer)
