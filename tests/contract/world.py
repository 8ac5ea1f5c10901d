"""The little world that every request of the contract meets: two accounts, a tree of mailboxes, mail.

Clock and content are fixed, so ids, states and blob ids are too. m1, m2 and m4 are one conversation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hongyan import jmap
from hongyan.jmap import Jmap, Limits
from hongyan.store import Role, Store

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
USING = [
    "urn:ietf:params:jmap:core",
    "urn:ietf:params:jmap:mail",
    "urn:ietf:params:jmap:submission",
]


def letter(
    subject: str, body: str, sender: str = "Joe Bloggs <joe@example.com>", **more: str
) -> bytes:
    """A message of one text; further fields by name, underscores for hyphens."""
    fields = {"From": sender, "To": "Me <me@example.org>", "Subject": subject, **more}
    kind = fields.pop("Content_Type", "text/plain; charset=utf-8")
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, f"Content-Type: {kind}", "", body, ""]).encode()


MIXED = (
    "--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
    "--y\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello all,\r\n\r\nDinner on Thursday?\r\n"
    "--y\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Hello all,</p>"
    '<p>Dinner on Thursday? <img src="cid:logo@x"></p></body></html>\r\n--y--\r\n'
    "--x\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@x>\r\n"
    "Content-Disposition: inline; filename=logo.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "iVBORw0KGgo=\r\n"
    "--x\r\nContent-Type: application/pdf; name=menu.pdf\r\n"
    "Content-Disposition: attachment; filename=menu.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "JVBERi0xLjQK\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\n"
    "From: Jane <jane@example.com>\r\nSubject: Within\r\n\r\nInner text.\r\n--x--"
)
MAIL = (
    ("b1", letter("Dinner", "Shall we?", Message_ID="<1@x>"), ("$seen",)),
    ("b1", letter("Re: Dinner", "Yes, foo bar.", "Jane Doe <jane@example.com>", Message_ID="<2@x>",
                  In_Reply_To="<1@x>"), ("$seen", "$flagged")),
    ("b1", letter("Dinner on Thursday?", MIXED, Message_ID="<3@x>", Date="Sun, 13 Oct 2013 16:12:00 +0200",
                  List_Post="<mailto:partytime@lists.example.com>", Content_Type="multipart/mixed; boundary=x"), ()),
    ("b3", letter("Re: Dinner", "See you there.", "Me <me@example.org>", Message_ID="<4@x>",
                  References="<1@x> <2@x>"), ("$seen",)),
    ("b1", letter("The foosball competition", "The foo bar <method> returns &lt; 1 widget.",
                  "Ann <ann@example.net>", Message_ID="<5@x>", X_Number="5"), ()),
    ("b5", letter("发票", "请查收附件中的发票。", "会计 <kuaiji@example.cn>", Message_ID="<6@x>"), ("$seen",)),
)  # fmt: skip


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    store: Store
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    woken: list[str] = field(default_factory=list)

    @property
    def server(self) -> Jmap:
        return Jmap(store=self.store, clock=self.clock, limits=self.limits, wake=self.woken.append)

    def handle(self, request: bytes) -> Any:
        return jmap.handle(self.server, request)


@contextmanager
def world(home: Path) -> Iterator[World]:
    clock = Clock()
    with Store.open(home, clock=clock) as store:
        account = store.accounts.add("me@example.org", secret="keychain", name="Me")
        store.accounts.add("other@example.com", secret="keychain", name="Other")
        for role in (Role.INBOX, Role.DRAFTS, Role.SENT, Role.TRASH):
            store.mailboxes.ensure(account.id, role)
        project = store.mailboxes.create(account.id, "Project", sort_order=5)
        store.mailboxes.create(account.id, "Geese", parent_id=project.id)
        store.mailboxes.ensure("a2", Role.INBOX)
        for number, (mailbox, octets, keywords) in enumerate(MAIL, 1):
            store.messages.add(
                account.id, mailbox, octets, keywords=keywords,
                received_at=NOW - timedelta(days=10 - number),
            )  # fmt: skip
        yield World(store, clock)
