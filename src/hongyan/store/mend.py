"""Putting right what `check` finds, one rule after the other; what cannot be saved is set aside.

A message whose octets are damaged goes, since nothing partial is ever shown as whole; its UIDL and
its places on an IMAP server are forgotten, so that it is fetched again where the server still has
it, and what is left of it lies in a folder of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hongyan.guard import shown
from hongyan.store import check
from hongyan.store.blobs import BY_HASH
from hongyan.store.database import fetch
from hongyan.store.marking import place
from hongyan.store.salvage import SALVAGED
from hongyan.store.spool import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import apsw

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database
    from hongyan.store.mailboxes import Mailboxes
    from hongyan.store.reindex import Reindex
    from hongyan.store.types import Advance

_RECOVERED: Final = "Recovered"
# Known on an IMAP server, and not here: to be fetched. Else it would be taken for deleted here.
_FORGET: Final = "UPDATE imap_messages SET message = NULL, whole = 0"
_LOST_ACCOUNTS: Final = """
    SELECT account FROM messages WHERE account NOT IN (SELECT id FROM accounts)
    UNION SELECT account FROM outbox WHERE account NOT IN (SELECT id FROM accounts)
"""
_UNUSED: Final = """
    SELECT lower(hex(sha256)) FROM blobs
    WHERE id NOT IN (SELECT blob FROM messages) AND id NOT IN (SELECT blob FROM outbox)
"""


class Mending:
    """One repair of an open store; whatever leaves it goes into the folder ``aside``."""

    def __init__(
        self,
        database: Database,
        *,
        blobs: Blobs,
        mailboxes: Mailboxes,
        reindex: Reindex,
        aside: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._mailboxes = mailboxes
        self._reindex = reindex
        self._aside = aside

    def run(self, *, advance: Advance) -> Iterator[str]:
        """Mend everything; yield a line on each change. Raises `StoreError`.

        After `salvage` rows are lost: then octets that nothing names any more are set aside too.
        Whatever was changed, clients have to read everything again.
        """
        with self._database.read() as db:
            salvaged = db.pragma("application_id") == SALVAGED
        lines = [
            *(self._unplaced() if salvaged else ()),
            *self._damaged_octets(advance),
            *self._octetless(),
            *self._lost_accounts(),
            *self._orphans(),
            *self._homeless(),
            *self._corrected(check.UNFETCHED),
            *self._miscounted(),
            *self._index(),
            *self._leftovers(),
            *(self._unused() if salvaged else ()),
        ]
        yield from lines
        if lines or salvaged:
            with self._database.write() as db:  # the log does not know what was done here
                db.execute("UPDATE accounts SET state = state + 1, oldest = state + 1")
                db.pragma("application_id", 0)

    def _damaged_octets(self, advance: Advance) -> Iterator[str]:
        for sha256, words in list(check.damaged(self._blobs, advance=advance)):
            where = self._put_aside(sha256)
            with self._database.write() as db:
                ((blob,),) = fetch(db, f"SELECT id {BY_HASH}", (bytes.fromhex(sha256),))
                names = [
                    *self._give_up(db, "SELECT id FROM messages WHERE blob = ?", blob),
                    *self._unsend(db, "SELECT id FROM outbox WHERE blob = ?", blob),
                ]
                db.execute("DELETE FROM blobs WHERE id = ?", (blob,))
            yield f"{', '.join(names) or 'octets'}: {words}; {where}"

    def _put_aside(self, sha256: str) -> str:
        """Write what is left of some octets into a file; return how that is said."""
        try:
            path = self._blobs.set_aside(sha256, self._aside)
        except OSError as error:
            raise cannot_write(error) from error
        return f"what is left is in {path}" if path else "nothing is left of them"

    def _give_up(self, db: apsw.Connection, sql: str, *values: int) -> list[str]:
        """Delete messages, so that they are fetched again; return how each is called."""
        names: list[str] = []
        for (row,) in fetch(db, sql, values):
            ((subject,),) = fetch(db, "SELECT subject FROM messages WHERE id = ?", (row,))
            names.append(f"message m{row} {shown(subject, limit=60)!r}")
            db.execute("DELETE FROM uidls WHERE message = ?", (row,))
            db.execute(f"{_FORGET} WHERE message = ?", (row,))
            db.execute("DELETE FROM messages WHERE id = ?", (row,))
        return names

    def _unsend(self, db: apsw.Connection, sql: str, *values: int) -> list[str]:
        rows = fetch(db, sql, values)
        db.executemany("DELETE FROM outbox WHERE id = ?", rows)
        return [f"outbox item o{row}" for (row,) in rows]

    def _octetless(self) -> Iterator[str]:
        with self._database.write() as db:
            names = [
                *self._give_up(db, check.OCTETLESS.find),
                *self._unsend(db, check.UNSENDABLE.find),
            ]
        yield from (f"{name}: its octets are lost" for name in names)

    def _unplaced(self) -> Iterator[str]:
        """Let messages be fetched again whose rows were lost; see `_FORGET`."""
        with self._database.write() as db:
            db.execute(f"{_FORGET} WHERE message NOT IN (SELECT id FROM messages)")
            if lost := db.changes():
                yield f"{lost} messages of IMAP servers are lost, and will be fetched again"

    def _lost_accounts(self) -> Iterator[str]:
        with self._database.write() as db:
            for (number,) in fetch(db, _LOST_ACCOUNTS):
                address = f"recovered-{number}@localhost"
                db.execute(
                    "INSERT INTO accounts (id, address, name, username, secret, state) "
                    "SELECT ?, ?, '', ?, 'keychain', coalesce(max(changed), 0) "
                    "FROM changes WHERE account = ?",
                    (number, address, address, number),
                )
                yield f"account a{number}: lost; its mail now belongs to {address}"

    def _orphans(self) -> Iterator[str]:
        """Delete rows of what is no more; nothing of a message goes with them."""
        for rule in check.ORPHANS:
            yield from self._corrected(rule)

    def _corrected(self, rule: check.Rule) -> Iterator[str]:
        with self._database.write() as db:
            found = fetch(db, rule.find)
            if found:
                db.execute(rule.mend)
        words = rule.words.format(found[0][0] if found else "")
        if found:
            yield f"{words}: corrected" + (f", and {len(found) - 1} more" if found[1:] else "")

    def _miscounted(self) -> Iterator[str]:
        """Count everything anew when anything is counted wrongly."""
        with self._database.write() as db:
            wrong = [rule for rule in check.MISCOUNTED if fetch(db, f"{rule.find} LIMIT 1")]
            for statement in check.RECOUNT if wrong else ():
                db.execute(statement)
        yield from (f"{rule.words.format('of some')}: counted anew" for rule in wrong)

    def _homeless(self) -> Iterator[str]:
        with self._database.write() as db:
            for row, account in fetch(
                db,
                f"SELECT id, account FROM messages WHERE id IN ({check.HOMELESS.find})",
            ):
                home = self._mailboxes.ensure(f"a{account}", _RECOVERED)
                place(db, row, [int(home.id[1:])], unread=True)
                yield f"message m{row}: was in no mailbox, now in {_RECOVERED}"

    def _index(self) -> Iterator[str]:
        yield from self._corrected(check.GHOSTS)
        with self._database.read() as db:
            missing = [row for (row,) in fetch(db, check.UNINDEXED.find)]
        self._reindex.some(missing)
        if missing:
            yield f"{len(missing)} messages indexed anew"

    def _leftovers(self) -> Iterator[str]:
        for path in self._blobs.leftovers():
            target = self._aside / f"{path.parent.name}{path.name}.eml{self._blobs.suffix}"
            try:
                self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.rename(target)
            except OSError as error:
                raise cannot_write(error) from error
            yield f"a file that belonged to no message is now {target}"

    def _unused(self) -> Iterator[str]:
        """Set aside octets whose message was lost, for `import`."""
        with self._database.read() as db:
            hashes = [sha256 for (sha256,) in fetch(db, _UNUSED)]
        for sha256 in hashes:
            yield f"octets that belong to no message: {self._put_aside(sha256)}"
            with self._database.write() as db:
                db.execute(f"DELETE {BY_HASH}", (bytes.fromhex(sha256),))
