"""Making index entries anew from the octets, in place, while mail is read, found and stored.

A batch of messages is one transaction, so that each is found at any moment, by its old entry or by
its new one. Broken off, it has done no harm.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from hongyan.errors import NotFound, StoreError
from hongyan.store import search_index, texts
from hongyan.store.database import fetch
from hongyan.store.summary import kept_anyway

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hongyan.store.blobs import Blobs
    from hongyan.store.database import Database
    from hongyan.store.summary import Summarise, Summary
    from hongyan.store.types import Advance

_TOGETHER: Final = 200
# Of a message that is not whole it is the header that is indexed.
_ROWS: Final = """
    SELECT m.id, m.index_row, lower(hex(b.sha256)), m.size, b.size
    FROM messages AS m JOIN blobs AS b ON b.id = m.blob
"""


class Reindex:
    """The maker of index entries for messages that are stored already."""

    def __init__(self, database: Database, *, blobs: Blobs, summarise: Summarise) -> None:
        self._database = database
        self._blobs = blobs
        self._summarise = summarise

    def all(self, *, advance: Advance) -> None:
        """Index every message anew, the oldest first; what is damaged keeps its old entry."""
        with self._database.read() as db:
            ((total, octets),) = fetch(db, "SELECT count(*), coalesce(sum(size), 0) FROM messages")
        done = size = 0
        for rows in self._batches():
            self._renew(rows)
            done, size = done + len(rows), size + sum(row[3] for row in rows)
            advance(done, total, size, octets)
        self._tidy()
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO properties (name, value) VALUES ('index', ?)",
                (search_index.VERSION,),
            )

    def if_outdated(self, *, advance: Advance) -> None:
        """Index every message anew when another version of the program made the index."""
        with self._database.read() as db:
            rows = fetch(db, "SELECT value FROM properties WHERE name = 'index'")
        if rows != [(search_index.VERSION,)]:
            self.all(advance=advance)

    def some(self, messages: Iterable[int]) -> None:
        """Index these messages anew, by their row numbers."""
        numbers = iter(messages)
        while batch := list(itertools.islice(numbers, _TOGETHER)):
            with self._database.read() as db:
                rows = [
                    row
                    for number in batch
                    for row in fetch(db, f"{_ROWS} WHERE m.id = ?", (number,))
                ]
            self._renew(sorted(rows, key=lambda row: int(row[1])))

    def empty(self) -> None:
        """Throw the whole index away, also one that is damaged; nothing is found until `all`."""
        with self._database.write() as db:
            db.execute("INSERT INTO search (search) VALUES ('delete-all')")

    def _batches(self) -> Iterator[list[tuple[Any, ...]]]:
        last = -(2**63)
        while True:
            with self._database.read() as db:
                rows = fetch(
                    db,
                    f"{_ROWS} WHERE m.index_row > ? ORDER BY m.index_row LIMIT ?",
                    (last, _TOGETHER),
                )
            if not rows:
                return
            yield rows
            last = rows[-1][1]

    def _renew(self, rows: list[tuple[Any, ...]]) -> None:
        made = [(row, index_row, size, self._summary(sha)) for row, index_row, sha, _, size in rows]
        with self._database.write() as db:
            db.executemany(
                "DELETE FROM search WHERE rowid = ?",
                [(index_row,) for _, index_row, _, summary in made if summary],
            )
            entries = {row: search_index.texts_of(each) for row, _, _, each in made if each}
            search_index.add(db, texts=entries)
            for row, _, size, summary in made:
                if summary:
                    texts.renew(db, message=row, summary=summary, size=size)

    def _summary(self, sha256: str) -> Summary | None:
        try:
            return kept_anyway(self._summarise, self._blobs.open(sha256))
        except (NotFound, StoreError):  # deleted meanwhile, or damaged, which `check` tells
            return None

    def _tidy(self) -> None:
        """Merge the segments of the index, a little in each transaction."""
        changed = 2
        while changed >= 2:  # as FTS5's documentation has it: less means that nothing is left
            with self._database.write() as db:
                before = db.total_changes()
                db.execute("INSERT INTO search (search, rank) VALUES ('merge', 500)")
                changed = db.total_changes() - before
