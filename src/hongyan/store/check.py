"""Is the store whole? SQLite's own checks, our rules about rows, every blob by its hash.

It only reads. What it finds is said in one line each; an empty answer is a clean bill. The rules
stand here with what puts each right, for `mend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hongyan.errors import NotFound, StoreError
from hongyan.guard import shown
from hongyan.store.database import fetch
from hongyan.store.texts import QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database
    from hongyan.store.types import Advance

_SHOWN: Final = 20
_COUNTS: Final = (
    "(SELECT count(*), coalesce(sum(unread), 0), coalesce(sum(newest), 0), "
    "count(DISTINCT iif(unread, thread, NULL)) FROM memberships WHERE mailbox = mailboxes.id)"
)
_COUNTED: Final = "(total, unread, total_threads, unread_threads)"
_IS_NEWEST: Final = (
    "NOT EXISTS (SELECT 1 FROM memberships AS o WHERE o.mailbox = p.mailbox "
    "AND o.thread = p.thread AND (o.received_at, o.message) > (p.received_at, p.message))"
)
_SPANS: Final = """
    SELECT mailbox, 1, received_at / 86400000, count(*), sum(newest)
    FROM memberships GROUP BY 1, 2, 3
    UNION ALL SELECT mailbox, 64, received_at / 5529600000, count(*), sum(newest)
    FROM memberships GROUP BY 1, 2, 3
"""


class Rule(NamedTuple):
    """What must never be: how it is said, the ids of what breaks it, what deletes or corrects it.

    Where ``mend`` is empty, `mend` has more to do than a statement.
    """

    words: str
    find: str
    mend: str = ""


def _orphans(table: str, column: str, parent: str) -> Rule:
    lost = f"{table} WHERE {column} NOT IN (SELECT id FROM {parent})"
    return Rule(
        f"{table}: something of {parent} {{}}, which is missing",
        f"SELECT {column} FROM {lost}",
        f"DELETE FROM {lost}",
    )


ORPHANS: Final = tuple(
    _orphans(table, column, parent)
    for table, column, parent in (
        ("mailboxes", "account", "accounts"),
        ("identities", "account", "accounts"),
        ("spans", "mailbox", "mailboxes"),
        ("thread_ids", "account", "accounts"),
        ("uidls", "account", "accounts"),
        ("changes", "account", "accounts"),
        ("texts", "message", "messages"),
        ("unjudged", "message", "messages"),
        ("keywords", "message", "messages"),
        ("memberships", "message", "messages"),
        ("memberships", "mailbox", "mailboxes"),
        ("recipients", "item", "outbox"),
    )
)
OCTETLESS: Final = Rule(
    "message m{}: its octets are lost",
    "SELECT id FROM messages WHERE blob NOT IN (SELECT id FROM blobs)",
)
UNSENDABLE: Final = Rule(
    "outbox item o{}: its octets are lost",
    "SELECT id FROM outbox WHERE blob NOT IN (SELECT id FROM blobs)",
)
HOMELESS: Final = Rule(
    "message m{}: is in no mailbox",
    "SELECT id FROM messages WHERE id NOT IN (SELECT message FROM memberships)",
)
UNFETCHED: Final = Rule(
    "message m{}: is known as fetched, and missing",
    "SELECT message FROM uidls WHERE state = 'stored' AND message NOT IN (SELECT id FROM messages)",
    "DELETE FROM uidls WHERE state = 'stored' AND message NOT IN (SELECT id FROM messages)",
)
MISCOUNTED: Final = (
    Rule(
        "mailbox b{}: has a message in another thread than its own",
        "SELECT mailbox FROM memberships AS p JOIN messages AS m ON m.id = p.message "
        "WHERE p.thread != m.thread",
    ),
    Rule(
        "mailbox b{}: the newest message of a thread is not marked so",
        f"SELECT mailbox FROM memberships AS p WHERE newest != ({_IS_NEWEST})",
    ),
    Rule(
        "mailbox b{}: its counts are wrong",
        f"SELECT id FROM mailboxes WHERE {_COUNTED} != {_COUNTS}",
    ),
    Rule(
        "mailbox b{}: its counts by time are wrong",
        f"SELECT mailbox FROM (SELECT * FROM ({_SPANS}) EXCEPT SELECT * FROM spans) UNION "
        f"SELECT mailbox FROM (SELECT * FROM spans EXCEPT SELECT * FROM ({_SPANS}))",
    ),
)
RECOUNT: Final = (
    """UPDATE memberships SET thread = m.thread FROM messages AS m
        WHERE m.id = message AND memberships.thread != m.thread""",
    f"UPDATE memberships AS p SET newest = ({_IS_NEWEST}) WHERE newest != ({_IS_NEWEST})",
    "DELETE FROM spans",
    f"INSERT INTO spans {_SPANS}",
    f"UPDATE mailboxes SET {_COUNTED} = {_COUNTS}",
)
GHOSTS: Final = Rule(
    "index row {}: belongs to no message",
    "SELECT rowid FROM search WHERE rowid NOT IN (SELECT index_row FROM messages)",
    "DELETE FROM search WHERE rowid NOT IN (SELECT index_row FROM messages)",
)
UNINDEXED: Final = Rule(
    "message m{}: is not in the index as it should be",
    "SELECT id FROM messages WHERE index_row NOT IN (SELECT rowid FROM search) "
    f"OR (size > {QUICK} AND whole AND id NOT IN (SELECT message FROM texts))",
)
_RULES: Final = (
    OCTETLESS,
    UNSENDABLE,
    *ORPHANS,
    HOMELESS,
    UNFETCHED,
    *MISCOUNTED,
    GHOSTS,
    UNINDEXED,
)


def faults(database: Database, *, blobs: Blobs, advance: Advance) -> Iterator[str]:
    """Yield what is wrong, the gravest first; takes as long as reading every octet.

    Where SQLite finds its own pages damaged, nothing that they say of mail means anything.
    """
    try:
        broken = _of_pages(database)
        yield from broken
        if not broken:
            yield from _of_rows(database)
            yield from _of_octets(database, blobs=blobs, advance=advance)
    except StoreError as error:
        yield str(error)


def _of_pages(database: Database) -> tuple[str, ...]:
    # One that has read the index before sees damage where others have written since (SQLite 3.54).
    with database.fresh() as db:
        lines = [line for (line,) in fetch(db, f"PRAGMA integrity_check({_SHOWN})")]
    return tuple(f"database: {line}" for line in lines if line != "ok")


def _of_rows(database: Database) -> Iterator[str]:
    with database.fresh() as db:
        for rule in _RULES:
            found = fetch(db, f"{rule.find} LIMIT {_SHOWN}")
            yield from (rule.words.format(row) for (row,) in found)


def _of_octets(database: Database, *, blobs: Blobs, advance: Advance) -> Iterator[str]:
    for sha256, words in damaged(blobs, advance=advance):
        with database.read() as db:
            rows = fetch(
                db,
                "SELECT m.id, subject FROM messages AS m JOIN blobs AS b ON b.id = m.blob "
                "WHERE substr(b.sha256, 1, 6) = substr(?1, 1, 6) AND b.sha256 = ?1",
                (bytes.fromhex(sha256),),
            )
        names = ", ".join(f"m{row} {shown(subject, limit=60)!r}" for row, subject in rows)
        yield f"message {names}: {words}" if names else words


def damaged(blobs: Blobs, *, advance: Advance) -> Iterator[tuple[str, str]]:
    """Yield the hash of each blob whose octets are not what they were, and how that is said."""
    count, total = blobs.totals()
    done = octets = 0
    for sha256, size in blobs.names():
        try:
            blobs.verify(sha256)
        except NotFound:
            pass  # deleted meanwhile
        except StoreError as error:
            yield sha256, str(error)
        done, octets = done + 1, octets + size
        advance(done, count, octets, total)
