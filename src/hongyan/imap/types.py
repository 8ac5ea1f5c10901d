"""The words of an IMAP session (RFC 9051 §3, §6, §7.1): states, commands, conditions, codes.

What the server tells about mailboxes and messages is in `hongyan.imap.data`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from hongyan.imap.sets import NumberSet

Mailbox: TypeAlias = str | bytes
"""A mailbox's name; as octets it is what the server itself wrote, and goes back as it is."""


class State(Enum):
    """Where a session stands (RFC 9051 §3)."""

    GREETING = "waiting for the greeting"
    NOT_AUTHENTICATED = "not logged in"
    AUTHENTICATED = "logged in"
    SELECTED = "in a mailbox"
    LOGOUT = "over"


class Verb(Enum):
    """What a reply belongs to: a command, or the greeting that no command asked for."""

    GREETING = "(greeting)"
    CAPABILITY = "CAPABILITY"
    NOOP = "NOOP"
    LOGOUT = "LOGOUT"
    ID = "ID"
    STARTTLS = "STARTTLS"
    AUTHENTICATE = "AUTHENTICATE"
    LOGIN = "LOGIN"
    ENABLE = "ENABLE"
    SELECT = "SELECT"
    EXAMINE = "EXAMINE"
    CREATE = "CREATE"
    DELETE = "DELETE"
    RENAME = "RENAME"
    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    LIST = "LIST"
    NAMESPACE = "NAMESPACE"
    STATUS = "STATUS"
    APPEND = "APPEND"
    REPLACE = "UID REPLACE"
    IDLE = "IDLE"
    NOTIFY = "NOTIFY"
    COMPRESS = "COMPRESS"
    GETQUOTA = "GETQUOTA"
    GETQUOTAROOT = "GETQUOTAROOT"
    CLOSE = "CLOSE"
    UNSELECT = "UNSELECT"
    EXPUNGE = "EXPUNGE"
    UID_EXPUNGE = "UID EXPUNGE"
    UID_SEARCH = "UID SEARCH"
    UID_SORT = "UID SORT"
    UID_THREAD = "UID THREAD"
    UID_FETCH = "UID FETCH"
    UID_STORE = "UID STORE"
    UID_COPY = "UID COPY"
    UID_MOVE = "UID MOVE"


class Status(Enum):
    """How a condition or a tagged reply begins (RFC 9051 §7.1)."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    PREAUTH = "PREAUTH"
    BYE = "BYE"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What CAPABILITY said, in upper case."""

    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def any(self, *names: str) -> bool:
        """Whether one of ``names`` is offered."""
        return not self.names.isdisjoint(names)

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms offered."""
        return tuple(sorted(each[5:] for each in self.names if each.startswith("AUTH=")))

    @property
    def append_limit(self) -> int | None:
        """The octets that a message may have (RFC 7889), or None where the server does not say."""
        told = (each[12:] for each in self.names if each.startswith("APPENDLIMIT="))
        return next((int(each) for each in told if each.isdecimal() and len(each) < 19), None)


@dataclass(frozen=True, slots=True)
class AppendUid:
    """Where an appended message is (RFC 4315 §3)."""

    uid_validity: int
    uids: NumberSet


@dataclass(frozen=True, slots=True)
class CopyUid:
    """Where copied messages are (RFC 4315 §3): ``pairs`` of UIDs, that of the original first."""

    uid_validity: int
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a slow command is (RFC 9585): ``done`` of ``goal``, each None where not told."""

    tag: str | None = None
    done: int | None = None
    goal: int | None = None


@dataclass(frozen=True, slots=True)
class MessageLimit:
    """How many messages one command may touch (RFC 9738), and the lowest UID that it did touch."""

    limit: int
    uid: int | None = None


CodeValue: TypeAlias = (
    "int | str | tuple[str, ...] | NumberSet | Capabilities | AppendUid | CopyUid | Progress"
    " | MessageLimit | None"
)


@dataclass(frozen=True, slots=True)
class Code:
    """A response code (RFC 9051 §7.1, RFC 5530); its value's type is that of its name.

    A number for UIDVALIDITY, UIDNEXT, UNSEEN and HIGHESTMODSEQ, flags for PERMANENTFLAGS, charsets
    for BADCHARSET, a set for MODIFIED, a type above for some; else, and where it has not its form,
    what was written.
    """

    name: str
    value: CodeValue = None


@dataclass(frozen=True, slots=True)
class Condition:
    """An untagged condition: a warning, a note, a greeting, a farewell."""

    status: Status
    text: str
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """The reply that ends the command with this ``tag``, whose ``verb`` the engine adds."""

    tag: str
    status: Status
    text: str
    code: Code | None = None
    verb: Verb | None = None

    @property
    def ok(self) -> bool:
        """Whether the command was carried out."""
        return self.status is Status.OK


@dataclass(frozen=True, slots=True)
class Continuation:
    """A ``+`` line: an invitation to go on, in AUTHENTICATE a challenge still in base64."""

    data: bytes
