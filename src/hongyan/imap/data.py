"""What an IMAP server tells about mailboxes and messages (RFC 9051 §7.2 to §7.5 and extensions).

Octets that came out of a message (the fields of an `Envelope`) stay octets: reading them is MIME's
affair. Dates are aware; flags keep their letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hongyan.imap.types import Capabilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from hongyan.imap.sets import NumberSet


@dataclass(frozen=True, slots=True)
class Enabled:
    """Extensions that are on from now (RFC 5161 §3.2), in upper case."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags that the mailbox knows."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """How many messages the mailbox has."""

    count: int


@dataclass(frozen=True, slots=True)
class Recent:
    """How many messages have come since somebody looked last (RFC 3501 §7.3.2)."""

    count: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """The message with this number is gone, and each later one has a number less."""

    seq: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """Messages that are gone (RFC 7162 §3.2.10); ``earlier``: before this session looked."""

    uids: NumberSet
    earlier: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A mailbox of a LIST or LSUB response: ``octets`` are its name on the wire.

    ``delimiter`` is None in a flat hierarchy; ``children`` are the selection options that some
    mailbox below matches (RFC 5258 §4), ``old_name`` the octets of a former name.
    """

    name: str
    octets: bytes
    delimiter: str | None = None
    attributes: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    old_name: bytes | None = None

    def has(self, attribute: str) -> bool:
        r"""Whether ``attribute``, such as ``\Noselect``, is among the attributes, in any case."""
        return any(each.lower() == attribute.lower() for each in self.attributes)


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """The answer to STATUS: ``values`` by upper-case name, such as ``MESSAGES``.

    A value that is no number, such as MAILBOXID's, is in ``texts``.
    """

    name: str
    octets: bytes
    values: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: ``tag`` names the command in the extended form, else None.

    ``numbers`` is None when the server gave only ``count``, ``lowest`` or ``highest``.
    """

    numbers: NumberSet | None = None
    tag: str | None = None
    by_uid: bool = False
    count: int | None = None
    lowest: int | None = None
    highest: int | None = None
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    """The answer to SORT (RFC 5256 §4): numbers in the order asked for."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Threads:
    """The answer to THREAD (RFC 5256 §4), flat, a parent before its children.

    Each item is a number, None for a parent that is missing, and the index of its parent in
    ``items``, -1 for the first of a thread.
    """

    items: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace: its prefix as octets on the wire, its delimiter or None."""

    prefix: bytes
    delimiter: str | None


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces (RFC 2342): the person's own, those of other people, the shared ones."""

    personal: tuple[Namespace, ...] = ()
    others: tuple[Namespace, ...] = ()
    shared: tuple[Namespace, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota (RFC 9208): by resource, such as ``STORAGE`` in KiB, its usage and its limit."""

    root: str
    resources: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class QuotaRoots:
    """The names of the quotas that hold for a mailbox, given as octets."""

    mailbox: bytes
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the server says that it is (RFC 2971); field names in lower case."""

    fields: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it came: without ``mailbox`` it ends a group, without ``host`` begins one."""

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header as the server read it (RFC 9051 §7.5.2), its octets not decoded."""

    date: bytes | None
    subject: bytes | None
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    in_reply_to: bytes | None
    message_id: bytes | None


@dataclass(frozen=True, slots=True)
class Disposition:
    """A Content-Disposition: its kind in lower case, and its parameters."""

    kind: str
    parameters: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Structure:
    """A part of a message as the server sees it (RFC 9051 §7.5.2, BODYSTRUCTURE).

    ``kind`` is such as ``"text/plain"``, in lower case; ``size`` is in octets as transferred;
    ``envelope`` belongs to a message/rfc822, whose only child is its own structure.
    """

    kind: str
    parameters: Mapping[str, bytes] = field(default_factory=dict)
    id: bytes | None = None
    description: bytes | None = None
    encoding: str = ""
    size: int = 0
    lines: int | None = None
    envelope: Envelope | None = None
    children: tuple[Structure, ...] = ()
    md5: bytes | None = None
    disposition: Disposition | None = None
    languages: tuple[str, ...] = ()
    location: bytes | None = None

    def walk(self) -> Iterator[tuple[str, Structure]]:
        """Yield each part that FETCH can name, with its section number (RFC 9051 §6.4.5.1)."""
        waiting = [("" if self.multipart else "1", self)]
        while waiting:
            number, part = waiting.pop()
            if number:
                yield number, part
            below = f"{number}." if number else ""
            inside = part.children[0] if part.kind == "message/rfc822" and part.children else part
            if inside.multipart:
                numbered = [(f"{below}{n}", each) for n, each in enumerate(inside.children, 1)]
                waiting.extend(reversed(numbered))
            elif inside is not part:
                waiting.append((f"{below}1", inside))

    @property
    def multipart(self) -> bool:
        """Whether it has parts of its own and nothing else."""
        return self.kind.startswith("multipart/")


class Body(NamedTuple):
    """A part of a message's octets: ``section`` as it was asked for, ``""`` the whole of it.

    ``origin`` is the first octet of a partial fetch. ``data`` is None where there is none, and
    where it was streamed: then ``size`` says how much that was.
    """

    section: str
    data: bytes | None
    size: int | None = None
    origin: int | None = None
    binary: bool = False

    def __repr__(self) -> str:
        return f"Body({self.section!r}, size={self.size}, origin={self.origin})"


class Fetched(NamedTuple):
    """What a FETCH response says of a message; None for what it does not say.

    A tuple, for one is made of each message of a mailbox, and that is made quickly.

    ``seq`` is 0 where messages go by UID alone (RFC 9586). ``others`` are attributes that are not
    known here, as they stand.
    """

    seq: int
    uid: int | None = None
    flags: tuple[str, ...] | None = None
    modseq: int | None = None
    size: int | None = None
    internal_date: datetime | None = None
    save_date: datetime | None = None
    envelope: Envelope | None = None
    structure: Structure | None = None
    bodies: tuple[Body, ...] = ()
    email_id: str | None = None
    thread_id: str | None = None
    preview: bytes | None = None
    gmail_message: int | None = None
    gmail_thread: int | None = None
    gmail_labels: tuple[bytes, ...] | None = None
    others: tuple[str, ...] = ()


class BodyChunk(NamedTuple):
    """Some octets of a large body: of which message, as far as that is told by now, and which.

    What it belongs to is whole, and sure, only with the `Fetched` that follows.
    """

    message: Fetched
    body: Body
    data: bytes
    last: bool

    def __repr__(self) -> str:
        size = len(self.data)
        return f"BodyChunk({self.message!r}, {self.body!r}, size={size}, last={self.last})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Untagged data that is not known here."""

    name: str
    octets: bytes


Untagged: TypeAlias = (
    Capabilities
    | Enabled
    | Flags
    | Exists
    | Recent
    | Expunged
    | Vanished
    | Listed
    | MailboxStatus
    | Found
    | Sorted
    | Threads
    | Namespaces
    | Identity
    | Quota
    | QuotaRoots
    | Fetched
    | Unknown
)
