"""The messages of IMAP accounts: where the server has each, and what waits to be told to it.

There is no queue of changes made here: a change is what differs from the server's word as last
noted, so it survives every way of ending and is never told twice. Everything here belongs into the
transaction of the change that it goes with; nothing here moves the change counter.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hongyan.store.database import fetch
from hongyan.store.imap_types import Here, Lost, Place
from hongyan.store.times import moment
from hongyan.store.types import MailboxId, MessageId, row_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hongyan.store.database import Database

# Messages changed here since :since; all of them, the deleted ones too, where the log does not
# reach back so far.
_TOUCHED: Final = """
    WITH touched (message) AS MATERIALIZED (
        SELECT id FROM changes
        WHERE account = :account AND kind = 'm' AND changed > :since
        UNION SELECT id FROM messages WHERE account = :account AND :all
        UNION SELECT message FROM imap_messages JOIN imap_mailboxes USING (mailbox)
        WHERE account = :account AND message IS NOT NULL AND :all
    )
"""
_ADDED: Final = """
    FROM touched JOIN memberships AS p USING (message)
        JOIN imap_mailboxes AS b ON b.mailbox = p.mailbox
    WHERE NOT EXISTS (SELECT 1 FROM imap_messages
            WHERE message = p.message AND mailbox = p.mailbox)
        AND NOT EXISTS (SELECT 1 FROM imap_absent
            WHERE message = p.message AND mailbox = p.mailbox)
        AND NOT EXISTS (SELECT 1 FROM imap_labels
            WHERE message = p.message AND mailbox = p.mailbox)
"""
# In a mailbox where the server has it not? Not in one, or under a label, where it has it? With
# other keywords?
_DIFFERENT: Final = f"""
    {_TOUCHED} SELECT p.message {_ADDED}
    UNION
    SELECT i.message FROM touched JOIN imap_messages AS i USING (message)
    WHERE NOT EXISTS (SELECT 1 FROM memberships WHERE message = i.message AND mailbox = i.mailbox)
    UNION
    SELECT l.message FROM touched JOIN imap_labels AS l USING (message)
    WHERE NOT EXISTS (SELECT 1 FROM memberships WHERE message = l.message AND mailbox = l.mailbox)
    UNION
    SELECT i.message FROM touched JOIN imap_messages AS i USING (message)
    WHERE i.flags IS NOT (SELECT coalesce(group_concat(keyword, ' '), '')
        FROM (SELECT keyword FROM keywords WHERE message = i.message ORDER BY keyword))
"""  # constants alone
_LOST: Final = f"""
    {_TOUCHED} SELECT m.id, p.mailbox, m.message_id, m.size, m.received_at, NULL, 0
    FROM messages AS m JOIN (SELECT p.message, p.mailbox {_ADDED}) AS p ON p.message = m.id
    UNION ALL
    SELECT a.message, a.mailbox, m.message_id, a.size, m.received_at,
        a.flags, 1
    FROM imap_mailboxes AS b JOIN imap_absent AS a USING (mailbox)
        JOIN messages AS m ON m.id = a.message
    WHERE b.account = :account
"""  # constants alone
_WAITING: Final = """
    SELECT b.mailbox, count(*) FROM imap_mailboxes AS b
    JOIN imap_messages AS i ON i.mailbox = b.mailbox AND NOT i.whole
    WHERE b.account = ? GROUP BY b.mailbox
"""
_HEADERS: Final = """
    SELECT i.mailbox, count(*) FROM messages AS m
    CROSS JOIN imap_messages AS i ON i.message = m.id
    WHERE m.account = ? AND NOT m.whole GROUP BY i.mailbox
"""
_BODIES: Final = """
    SELECT uid, NULL FROM imap_messages WHERE mailbox = ?1 AND NOT whole
    UNION ALL
    SELECT i.uid, m.id FROM imap_mailboxes AS b CROSS JOIN messages AS m ON m.account = b.account
        CROSS JOIN imap_messages AS i ON i.message = m.id AND i.mailbox = ?1
    WHERE b.mailbox = ?1 AND NOT m.whole
    ORDER BY 1 DESC LIMIT ?2
"""


class ImapMessages:
    """What is known of the messages of all IMAP accounts on their servers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- the server's side

    def places(self, mailbox_id: str) -> dict[int, Place]:
        """Return what the server had in a mailbox, by UID."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT uid, message, flags, size FROM imap_messages WHERE mailbox = ?",
                (row_number("b", mailbox_id),),
            )
        return {
            uid: Place(uid, _message(message), words(flags), size)
            for uid, message, flags, size in rows
        }

    def expect(self, mailbox_id: str, uids: Iterable[tuple[int, frozenset[str] | None]]) -> None:
        """Note messages that the server has and that are to be fetched, with flags if told."""
        mailbox = row_number("b", mailbox_id)
        with self._database.write() as db:
            db.executemany(
                "INSERT INTO imap_messages (mailbox, uid, flags) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                ((mailbox, uid, text(flags)) for uid, flags in uids),
            )

    def expected(self, mailbox_id: str, *, limit: int = -1) -> list[int]:
        """Return the UIDs of messages of which nothing is here, newest first, ``limit`` at most."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT uid FROM imap_messages WHERE mailbox = ? AND NOT whole "
                "ORDER BY uid DESC LIMIT ?",
                (row_number("b", mailbox_id), limit),
            )
        return [uid for (uid,) in rows]

    def waiting(self, account_id: str) -> dict[MailboxId, int]:
        """Return of how many messages nothing is here, by mailbox."""
        return self._counts(_WAITING, account_id)

    def headers_alone(self, account_id: str) -> dict[MailboxId, int]:
        """Return of how many messages only the header is here, by mailbox of the server."""
        return self._counts(_HEADERS, account_id)

    def _counts(self, sql: str, account_id: str) -> dict[MailboxId, int]:
        with self._database.read() as db:
            rows = fetch(db, sql, (row_number("a", account_id),))
        return {MailboxId(f"b{mailbox}"): count for mailbox, count in rows}

    def bodies(self, mailbox_id: str, *, limit: int = -1) -> dict[int, MessageId | None]:
        """Return the UIDs of messages whose octets are to be fetched, newest first.

        Each has the id of its message, where the header is here. ``limit`` is how many at most.
        """
        with self._database.read() as db:
            rows = fetch(db, _BODIES, (row_number("b", mailbox_id), limit))
        return {uid: _message(message) for uid, message in rows}

    def unobtainable(self, account_id: str) -> tuple[MessageId, ...]:
        """Return the messages of which only the header is here, and the server has no more."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT id FROM messages AS m WHERE account = ? AND NOT whole "
                "AND NOT EXISTS (SELECT 1 FROM imap_messages WHERE message = m.id) "
                "AND NOT EXISTS (SELECT 1 FROM imap_absent WHERE message = m.id)",
                (row_number("a", account_id),),
            )
        return tuple(MessageId(f"m{message}") for (message,) in rows)

    def bind(
        self, mailbox_id: str, uid: int, message_id: str, *, flags: frozenset[str], size: int
    ) -> None:
        """Note that the server's ``uid`` is a message of ours, which is absent no longer."""
        mailbox, message = row_number("b", mailbox_id), row_number("m", message_id)
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO imap_messages (mailbox, uid, message, flags, size, whole) "
                "VALUES (?, ?, ?, ?, ?, 1)",
                (mailbox, uid, message, text(flags), size),
            )
            db.execute(
                "DELETE FROM imap_absent WHERE mailbox = ? AND message = ?", (mailbox, message)
            )

    def note_flags(self, mailbox_id: str, flags: Iterable[tuple[int, frozenset[str]]]) -> None:
        """Note the flags that the server has now, by UID."""
        mailbox = row_number("b", mailbox_id)
        with self._database.write() as db:
            db.executemany(
                "UPDATE imap_messages SET flags = ? WHERE mailbox = ? AND uid = ?",
                ((text(keywords), mailbox, uid) for uid, keywords in flags),
            )

    def forget(self, mailbox_id: str, uids: Iterable[int]) -> None:
        """Forget that the server had these."""
        mailbox = row_number("b", mailbox_id)
        with self._database.write() as db:
            db.executemany(
                "DELETE FROM imap_messages WHERE mailbox = ? AND uid = ?",
                ((mailbox, uid) for uid in uids),
            )

    # -- those without a place

    def miss(self, mailbox_id: str, uids: Iterable[int], *, visit: int) -> None:
        """Note that the server has these no more; from the end of ``visit`` on they may go."""
        mailbox = row_number("b", mailbox_id)
        with self._database.write() as db:
            for uid in uids:
                db.execute(
                    """
                    INSERT OR REPLACE INTO imap_absent
                        (mailbox, message, flags, size, whole, visit)
                    SELECT mailbox, message, flags, size, whole, ? FROM imap_messages AS i
                    WHERE mailbox = ? AND uid = ?
                        AND EXISTS (SELECT 1 FROM messages WHERE id = i.message)
                    """,
                    (visit, mailbox, uid),
                )
            self.forget(mailbox_id, uids)

    def lost(self, account_id: str) -> tuple[Lost, ...]:
        """Return the messages that have no place on the server where they should have one."""
        with self._database.read() as db:
            rows = fetch(db, _LOST, _since(db, account_id))
        return tuple(
            Lost(
                MessageId(f"m{message}"),
                MailboxId(f"b{mailbox}"),
                message_id,
                size,
                moment(at),
                words(flags),
                bool(absent),
            )
            for message, mailbox, message_id, size, at, flags, absent in rows
        )

    def overdue(
        self, account_id: str, *, visit: int
    ) -> tuple[tuple[MailboxId, MessageId, frozenset[str] | None], ...]:
        """Return the absent messages that may go at the end of ``visit``: and their last flags."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT a.mailbox, a.message, a.flags FROM imap_mailboxes AS b "
                "JOIN imap_absent AS a USING (mailbox) WHERE b.account = ? AND a.visit <= ?",
                (row_number("a", account_id), visit),
            )
        return tuple(
            (MailboxId(f"b{mailbox}"), MessageId(f"m{message}"), words(flags))
            for mailbox, message, flags in rows
        )

    def marked(self, message_id: str, *, add: frozenset[str], remove: frozenset[str]) -> None:
        """Note flags that a message was given there, also where it is absent.

        So what the server changed of it in one mailbox is no change of ours in another.
        """
        message = row_number("m", message_id)
        with self._database.write() as db:
            for mailbox, flags in fetch(
                db, "SELECT mailbox, flags FROM imap_absent WHERE message = ?", (message,)
            ):
                db.execute(
                    "UPDATE imap_absent SET flags = ? WHERE mailbox = ? AND message = ?",
                    (text((words(flags) or frozenset()) - remove | add), mailbox, message),
                )

    def found(self, mailbox_id: str, message_id: str) -> None:
        """Note that a message is not absent from a mailbox: it is elsewhere, or it stays."""
        with self._database.write() as db:
            db.execute(
                "DELETE FROM imap_absent WHERE mailbox = ? AND message = ?",
                (row_number("b", mailbox_id), row_number("m", message_id)),
            )

    # -- our side

    def here(self, message_ids: Iterable[str]) -> dict[MessageId, Here]:
        """Return how messages stand here; those that have been deleted are left out."""
        with self._database.read() as db:
            rows = fetch(
                db,
                "SELECT id, (SELECT group_concat(mailbox) FROM memberships WHERE message = m.id), "
                "(SELECT group_concat(keyword, ' ') FROM keywords WHERE message = m.id), whole "
                "FROM messages AS m WHERE id IN (SELECT value FROM json_each(?))",
                (_numbers(message_ids),),
            )
        return {
            MessageId(f"m{message}"): Here(
                frozenset(MailboxId(f"b{each}") for each in (mailboxes or "").split(",") if each),
                frozenset((keywords or "").split()),
                bool(whole),
            )
            for message, mailboxes, keywords, whole in rows
        }

    def places_of(self, message_ids: Iterable[str]) -> dict[MessageId, dict[MailboxId, Place]]:
        """Return where the server had messages, by mailbox."""
        found: dict[MessageId, dict[MailboxId, Place]] = {}
        with self._database.read() as db:
            for mailbox, uid, message, flags, size in fetch(
                db,
                "SELECT mailbox, uid, message, flags, size FROM imap_messages "
                "WHERE message IN (SELECT value FROM json_each(?))",
                (_numbers(message_ids),),
            ):
                id_ = MessageId(f"m{message}")
                place = Place(uid, id_, words(flags), size)
                found.setdefault(id_, {})[MailboxId(f"b{mailbox}")] = place
        return found

    def different(self, account_id: str) -> tuple[tuple[MessageId, ...], int]:
        """Return the messages that were changed here and not told yet, and the state of that.

        When all of them have been told, `settle` takes that state.
        """
        with self._database.read() as db:
            values = _since(db, account_id)
            found = fetch(db, _DIFFERENT, values)
        return tuple(MessageId(f"m{message}") for (message,) in found), values["now"]

    def settle(self, account_id: str, state: int) -> None:
        """Note that all changes made here up to a state of the log have been told."""
        with self._database.write() as db:
            db.execute(
                "INSERT INTO imap_accounts (account, state) VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET state = excluded.state",
                (row_number("a", account_id), state),
            )


def text(flags: frozenset[str] | None) -> str | None:
    """Return flags as a column holds them: in order, so that equal ones are equal there too."""
    return None if flags is None else " ".join(sorted(flags))


def words(column: str | None) -> frozenset[str] | None:
    """Return the flags of a column."""
    return None if column is None else frozenset(column.split())


def _message(row: int | None) -> MessageId | None:
    return None if row is None else MessageId(f"m{row}")


def _numbers(message_ids: Iterable[str]) -> str:
    return json.dumps([row_number("m", each) for each in message_ids])


def _since(db: apsw.Connection, account_id: str) -> dict[str, int]:
    """Return the values for `_TOUCHED`, and with them the state of now."""
    account = row_number("a", account_id)
    ((now, oldest, settled),) = fetch(
        db,
        "SELECT accounts.state, oldest, coalesce(i.state, 0) FROM accounts "
        "LEFT JOIN imap_accounts AS i ON i.account = accounts.id WHERE accounts.id = ?",
        (account,),
    )
    return {"account": account, "since": settled, "all": settled < oldest, "now": now}
