"""Reading what can still be read of a damaged database into a new one, in the place of the old.

SQLite tells that a page is damaged when it comes upon it. So each table is read from its beginning
up to the damage, from its end back to it, and row by row between. The old file is kept aside, the
index is not copied (`mend` makes it anew), and nobody else has the store open meanwhile. An
encrypted database cannot be written over where it is damaged: each write reads the page before.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

import apsw

from hongyan.errors import StoreError
from hongyan.store.database import connect, create, fetch, migrate, put_in_place, storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hongyan.store.protection import Protection

SALVAGED: Final = 0x53414C56  # in the header of a database from here, until `mend` has seen it
_UNREADABLE: Final = (apsw.Error, UnicodeDecodeError)
_LOOKED_UP: Final = 10_000_000  # rows between two readable ones, one by one
_SUFFIXES: Final = ("", "-wal", "-shm")
_TABLES: Final = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' "
    "AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%'"
)


def salvage(path: Path, protection: Protection, *, aside: Path) -> Iterator[str]:
    """Make the database at ``path`` anew when SQLite finds it damaged; yield a line on each loss.

    The old one is then in the folder ``aside``. Raises `StoreError`: it is in use, or there is no
    room.
    """
    if not path.exists():
        return
    with storage_errors(path):
        try:
            live = connect(path, protection)
            version = int(live.pragma("user_version"))
        except _UNREADABLE as error:
            _set_aside(path, aside)
            yield f"database: nothing of it can be read ({error})"
            return
        with closing(live):
            have_alone(live)
            if _is_sound(live):
                return
            aside.mkdir(mode=0o700, parents=True, exist_ok=True)
            for suffix in _SUFFIXES[:2]:
                with suppress(FileNotFoundError):
                    shutil.copy2(f"{path}{suffix}", aside)
            yield "database: damaged; what can be read is in a new one"
            yield from _renewed(live, path.with_name("mail.db.new"), protection, version)


def _set_aside(path: Path, aside: Path) -> None:
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside / (path.name + suffix))


def have_alone(live: apsw.Connection) -> None:
    """Lock everybody else out until ``live`` is closed."""
    live.set_busy_timeout(0)
    live.pragma("locking_mode", "exclusive")
    try:
        live.execute("BEGIN IMMEDIATE; COMMIT")
    except apsw.BusyError:
        raise StoreError("another program has the store open; end it first") from None


def _is_sound(live: apsw.Connection) -> bool:
    try:
        return fetch(live, "PRAGMA integrity_check(1)") == [("ok",)]
    except _UNREADABLE:
        return False


def _renewed(
    live: apsw.Connection, path: Path, protection: Protection, version: int
) -> Iterator[str]:
    """Copy what can be read into a new file, which takes the place of the old."""
    path.unlink(missing_ok=True)
    create(path)
    try:
        with closing(connect(path, protection)) as new:
            migrate(new, protection, up_to=version)
            new.pragma("foreign_keys", 0)
            new.pragma("synchronous", "off")
            for (table,) in fetch(new, _TABLES):
                with new:
                    yield from _copy(live, new, table)
            with suppress(*_UNREADABLE), new:  # no number is ever given twice
                _copy_numbers(live, new)
            new.pragma("application_id", SALVAGED)
            new.pragma("journal_mode", "delete")  # so that it is one file
        live.pragma("journal_mode", "delete")  # or its -wal would be taken for that of the new one
        put_in_place(live, path, path.with_name("mail.db"))
    finally:
        for suffix in _SUFFIXES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(live: apsw.Connection, new: apsw.Connection, table: str) -> Iterator[str]:
    rows = _Rows(live, new, table)
    places = ", ".join("?" * len(rows.columns))
    insert = f"INSERT OR IGNORE INTO {table} ({', '.join(rows.columns)}) VALUES ({places})"
    for row in rows.all():
        with suppress(apsw.Error):  # rubbish in a row that could be read
            new.execute(insert, row)
    if rows.damage:
        yield f"database: {table}: rows are lost {rows.damage}"


def _copy_numbers(live: apsw.Connection, new: apsw.Connection) -> None:
    for name, last in fetch(live, "SELECT name, seq FROM sqlite_sequence"):
        ((known,),) = fetch(
            new, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (name,)
        )
        new.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        new.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (name, max(known, last)))


class _Rows:
    """The rows of a table that can be read, and where the damage in it lies."""

    def __init__(self, live: apsw.Connection, new: apsw.Connection, table: str) -> None:
        info = fetch(new, f"PRAGMA table_info({table})")
        self.columns = [str(column[1]) for column in info]
        keys = sorted((column[5], column[0]) for column in info if column[5])
        self._key = [at for _, at in keys]
        self._names = [self.columns[at] for at in self._key]
        self._live = live
        self._table = table
        self.damage = ""
        self._last: Sequence[Any] | None = None

    def all(self) -> Iterator[tuple[Any, ...]]:
        """Yield every row that can be read, once."""
        yield from self._run("")
        if not self.damage:
            return
        begin, self._last = self._last, None
        yield from self._run(" DESC", begin)
        if len(self._key) == 1:
            yield from self._between(begin, self._last)

    def _run(self, order: str, begin: Sequence[Any] | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield rows up to the first damage, those above ``begin`` alone."""
        above = ""
        if begin is not None:
            above = f"WHERE ({', '.join(self._names)}) > ({', '.join('?' * len(begin))})"
        by = ", ".join(f"{name}{order}" for name in self._names)
        try:
            for row in self._live.execute(
                f"{self._select()} {above} ORDER BY {by}", tuple(begin or ())
            ):
                self._last = [row[at] for at in self._key]
                yield row
        except _UNREADABLE as error:
            self.damage = self.damage or f"after {self._last or 'the beginning'} ({error})"

    def _between(
        self, begin: Sequence[Any] | None, end: Sequence[Any] | None
    ) -> Iterator[tuple[Any, ...]]:
        """Look rows up one by one, by number."""
        if not isinstance((begin or end or [0])[0], int):
            return
        first = begin[0] + 1 if begin else 1
        last = end[0] if end else first + self._given(first)
        for number in range(first, min(last, first + _LOOKED_UP)):
            with suppress(*_UNREADABLE):
                yield from self._live.execute(
                    f"{self._select()} WHERE {self._names[0]} = ?", (number,)
                )

    def _given(self, first: int) -> int:
        """Return how many numbers may have been given from ``first`` on."""
        with suppress(*_UNREADABLE):
            for (last,) in fetch(
                self._live, "SELECT seq FROM sqlite_sequence WHERE name = ?", (self._table,)
            ):
                return int(last) + 1 - first
        return _LOOKED_UP // 10

    def _select(self) -> str:
        return f"SELECT {', '.join(self.columns)} FROM {self._table}"
