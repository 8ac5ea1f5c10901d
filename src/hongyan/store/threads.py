"""Which thread a message belongs to, by its References (RFC 5322 §3.6.4, RFC 8621 §3).

Every id a message has or refers to points to its thread, so a parent that arrives after its answer
finds it. Threads never merge: a message's thread is for ever (RFC 8621 §3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.store.database import fetch

if TYPE_CHECKING:
    import apsw

    from hongyan.store.summary import Summary


def thread_of(db: apsw.Connection, account: int, summary: Summary) -> int | None:
    """Return the thread that is known for one of the message's ids, the nearest first, or None."""
    for message_id in _ids(summary):
        for (thread,) in fetch(
            db,
            "SELECT thread FROM thread_ids WHERE account = ? AND message_id = ?",
            (account, message_id),
        ):
            return int(thread)
    return None


def remember(db: apsw.Connection, account: int, summary: Summary, *, thread: int) -> None:
    """Let the message's ids point to its thread, where they point to none yet."""
    db.executemany(
        "INSERT INTO thread_ids (account, message_id, thread) VALUES (?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(account, message_id, thread) for message_id in _ids(summary)],
    )


def _ids(summary: Summary) -> list[str]:
    """Return the message's own id, then those it answers, then its ancestors from the nearest."""
    ids = (summary.message_id, *summary.in_reply_to, *reversed(summary.references))
    return list(dict.fromkeys(filter(None, ids)))
