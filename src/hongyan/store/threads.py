"""Which thread a message belongs to, by its References (RFC 5322 §3.6.4, RFC 8621 §3).

Every id a message has or refers to points to its thread, so a parent that arrives after its
answers finds them. Where they were in several threads, these become one, the oldest; the messages
keep their ids (docs/decisions/0012-what-a-mailbox-counts.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.database import fetch
from hongyan.store.marking import place
from hongyan.store.marks import id_mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.summary import Summary


def known(db: apsw.Connection, account: int, marks: Iterable[int]) -> list[int]:
    """Return the threads that are known for a message's `marks`, each once, the oldest first."""
    found: set[int] = set()
    for mark in marks:
        for (thread,) in fetch(
            db,
            "SELECT coalesce((SELECT into_ FROM merged_threads AS g WHERE g.thread = i.thread), "
            "i.thread) FROM thread_ids AS i WHERE account = ? AND mark = ?",
            (account, mark),
        ):
            found.add(int(thread))
    return sorted(found)


def remember(db: apsw.Connection, account: int, marks: Iterable[int], *, thread: int) -> None:
    """Let a message's `marks` point to its thread, where they point to none yet."""
    db.executemany(
        "INSERT INTO thread_ids (account, mark, thread) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(account, mark, thread) for mark in marks],
    )


def merge(
    db: apsw.Connection, account: int, *, thread: int, into: int
) -> tuple[list[int], list[int]]:
    """Let all messages of ``thread`` belong to ``into``; return their rows and their mailboxes'."""
    moved = [row for (row,) in fetch(db, "SELECT id FROM messages WHERE thread = ?", (thread,))]
    db.execute("UPDATE messages SET thread = ? WHERE thread = ?", (into, thread))
    db.execute("UPDATE merged_threads SET into_ = ? WHERE into_ = ?", (into, thread))
    db.execute(
        "INSERT INTO merged_threads (thread, into_, account) VALUES (?, ?, ?)",
        (thread, into, account),
    )
    places = [
        found
        for row in moved
        for found in fetch(
            db,
            "DELETE FROM memberships WHERE message = ? RETURNING message, mailbox, unread",
            (row,),
        )
    ]
    for row, mailbox, unread in places:  # taken out and put in again: the counts follow
        place(db, row, [mailbox], unread=unread)
    return moved, sorted({mailbox for _, mailbox, _ in places})


def marks(summary: Summary) -> tuple[int, ...]:
    """Return the marks of the message's own id, those it answers, and its ancestors."""
    ids = (summary.message_id, *summary.in_reply_to, *summary.references)
    return tuple(id_mark(one) for one in dict.fromkeys(filter(None, ids)))
