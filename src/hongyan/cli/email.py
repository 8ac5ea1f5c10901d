"""How stored messages look on the command line: as RFC 8621 objects, and as rows of a list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from hongyan.cli.output import Style, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.mime.types import Address
    from hongyan.store import Email

HEADS: Final = ("ID", "", "DATE", "FROM", "SUBJECT")
STYLES: Final[tuple[Style, ...]] = (
    {"dim": True},
    {"fg": "yellow"},
    {"dim": True},
    {"fg": "cyan"},
    {},
)

limited: Final = click.option(
    "--limit",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="At most so many.",
)
as_objects_asked: Final = click.option(
    "--json", "as_objects", is_flag=True, help="As an array of RFC 8621 Email objects."
)


def as_json(email: Email) -> dict[str, object]:
    """Return the message as an RFC 8621 §4 Email object, without its body."""
    return {
        "id": email.id,
        "threadId": email.thread_id,
        "mailboxIds": dict.fromkeys(sorted(email.mailbox_ids), True),
        "keywords": dict.fromkeys(sorted(email.keywords), True),
        "size": email.size,
        "receivedAt": utc(email.received_at),
        "sentAt": email.sent_at.isoformat() if email.sent_at else None,
        "messageId": [email.message_id] if email.message_id else None,
        "inReplyTo": list(email.in_reply_to) or None,
        "references": list(email.references) or None,
        "from": people(email.from_),
        "to": people(email.to),
        "cc": people(email.cc),
        "subject": email.subject,
        "hasAttachment": email.has_attachment,
        "preview": email.preview,
    }


def people(addresses: Iterable[Address]) -> list[dict[str, str | None]] | None:
    """Return EmailAddress objects (RFC 8621 §4.1.2.3), None when there are none."""
    return [{"name": each.name, "email": each.email} for each in addresses] or None


def utc(when: datetime) -> str:
    """Return a UTCDate (RFC 8620 §1.4)."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def row(email: Email, now: datetime) -> tuple[str, str, str, str, str]:
    """Return the message as a row under `HEADS`: its marks are unread, flagged, attachment."""
    marks = [
        "•" if "$seen" not in email.keywords else "",
        "★" if "$flagged" in email.keywords else "",
        "@" if email.has_attachment else "",
    ]
    sender = who(email.from_[0]) if email.from_ else "(nobody)"
    subject = email.subject or "(no subject)"
    return email.id, "".join(marks), moment(email.received_at, now), sender, subject


def who(address: Address) -> str:
    """Return a short form of a sender that never hides an address behind another's."""
    name = address.name
    return name if name and "@" not in name else address.email


def full(address: Address) -> str:
    """Return name and address."""
    return f"{address.name} <{address.email}>" if address.name else address.email
