"""The list of what an export holds: JSON lines, one a message, the last with their number.

It carries what the files cannot: the SHA-256 of the exact octets, mailboxes, keywords, the time of
arrival. A path in it is a stranger's: only plain ones below the export are followed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from hongyan.errors import InvalidArgument
from hongyan.store import Role
from hongyan.transfer.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME: Final = "manifest.jsonl"
_LINE_LIMIT: Final = 1 << 20
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_AS_IT_IS: Final = Form(lf=False, ended=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A mailbox by name and role; ``above`` are the names of those that it lies in."""

    name: str
    role: Role | None
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of an export.

    ``file`` is relative to the export; in an mbox its octets begin at ``offset`` and are ``length``
    long, without the From line and the blank line after it. Elsewhere both are None. ``uidl`` is
    what a POP3 server called it, so that it is not fetched once more.
    """

    file: str
    sha256: str
    size: int
    account: str
    places: tuple[Place, ...]
    keywords: tuple[str, ...]
    received_at: datetime
    form: Form = _AS_IT_IS
    offset: int | None = None
    length: int | None = None
    uidl: str | None = None


def line(entry: Entry) -> bytes:
    """Return the manifest's line for a message."""
    fields: dict[str, Any] = {
        "file": entry.file,
        "sha256": entry.sha256,
        "size": entry.size,
        "account": entry.account,
        "mailboxes": [
            {
                "name": each.name,
                "role": each.role and each.role.value,
                **({"above": list(each.above)} if each.above else {}),
            }
            for each in entry.places
        ],
        "keywords": list(entry.keywords),
        "receivedAt": entry.received_at.isoformat(),
        "lf": entry.form.lf,
        "ended": entry.form.ended,
    }
    if entry.offset is not None:
        fields |= {"offset": entry.offset, "length": entry.length}
    if entry.uidl is not None:
        fields["uidl"] = entry.uidl
    # What UTF-8 cannot say becomes the escape that JSON has for it.
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def last_line(count: int) -> bytes:
    """Return the line that ends a manifest, by which one that was cut is known."""
    return json.dumps({"messages": count}).encode() + b"\n"


def read(file: IO[bytes]) -> Iterator[Entry]:
    """Yield the entries. Raises `InvalidArgument` at a line that is none, or a missing end."""
    count = 0
    for number, text in enumerate(_lines(file), 1):
        try:
            fields = json.loads(text)
            if "messages" in fields:
                if fields["messages"] != count:
                    raise _wrong(number, f"tells of {fields['messages']} messages, not {count}")
                return
            entry = _entry(fields)
        except _UNREADABLE as error:
            raise _wrong(number, f"cannot be read ({type(error).__name__})") from None
        yield entry
        count = number
    raise InvalidArgument(NAME, "has no end: the export was broken off")


def _lines(file: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: file.readline(_LINE_LIMIT), b"")


def _wrong(number: int, reason: str) -> InvalidArgument:
    return InvalidArgument(NAME, f"line {number} {reason}")


def _entry(fields: dict[str, Any]) -> Entry:
    received_at = datetime.fromisoformat(fields["receivedAt"])
    if received_at.tzinfo is None:
        raise ValueError("receivedAt")
    received_at = received_at.astimezone(UTC)
    return Entry(
        file=_plain(str(fields["file"])),
        sha256=str(fields["sha256"]),
        size=int(fields["size"]),
        account=str(fields["account"]),
        places=tuple(
            Place(
                name=str(each["name"]),
                role=Role(each["role"]) if each["role"] else None,
                above=tuple(map(str, each.get("above", ()))),
            )
            for each in fields["mailboxes"]
        ),
        keywords=tuple(map(str, fields["keywords"])),
        received_at=received_at,
        form=Form(lf=bool(fields["lf"]), ended=bool(fields["ended"])),
        offset=_number(fields.get("offset")),
        length=_number(fields.get("length")),
        uidl=None if fields.get("uidl") is None else str(fields["uidl"]),
    )


def _number(value: Any) -> int | None:  # noqa: ANN401  # what json gives
    number = None if value is None else int(value)
    if number is not None and number < 0:
        raise ValueError("a number below zero")
    return number


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        raise ValueError("a path that leads elsewhere")
    return name
