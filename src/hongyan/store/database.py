"""The database file: opening, migrating, one writer, a reader for each thread.

WAL with synchronous=FULL: what `write` has committed survives a crash of the machine. The schema is
the sum of ``schema/NNNN_*.sql``; ``user_version`` says how many of them have run, and they run in
one transaction. No `apsw.Error` leaves this module's two context managers: it becomes `StoreError`.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import closing, contextmanager, suppress
from importlib import resources
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import apsw

from hongyan.errors import StoreError
from hongyan.store.marks import id_mark
from hongyan.store.spool import cannot_write, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hongyan.store.protection import Protection

BUSY_MILLISECONDS: Final = 30_000
_CHECKPOINT_PAGES: Final = 16_000
_DEFERRED_TOGETHER: Final = 64
_STEPS_BETWEEN_SIGNALS: Final = 10_000  # of SQLite: about a millisecond
_FLAGS: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI

_WORDS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.FullError, "the disk is full; nothing was changed"),
    (apsw.BusyError, "another program has been writing to the store for too long; try again"),
    (apsw.ReadOnlyError, "the store may not be written to"),
    (apsw.NotADBError, "the file is no mail store"),
    (apsw.CorruptError, "the store is damaged"),
    (apsw.CantOpenError, "the store cannot be opened"),
    (apsw.IOError, "the disk failed"),
)


class Database:
    """The connections to one database file; safe to use from many threads."""

    def __init__(self, path: Path, protection: Protection) -> None:
        """Open ``path``, created when missing, and bring its schema up to date.

        Raises `StoreError`, also for the store of a newer version, which is left untouched.
        """
        self.path = path
        self.protection = protection
        self._lock = threading.RLock()
        self._local = threading.local()
        self._writing_thread: int | None = None
        self._deferred: list[tuple[int, Callable[[apsw.Connection], None]]] = []
        self._depth = 0
        self._is_whole = False
        self._is_lost = False
        self._committed: list[Callable[[], None]] = []
        self._readers: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        with storage_errors(path):
            create(path)
            self._writer = connect(path, protection)
            try:
                migrate(self._writer, protection)
            except BaseException:
                self._writer.close()
                raise

    def close(self) -> None:
        """Close every connection; those of other threads included."""
        with self._lock, storage_errors(self.path):
            for reader in list(self._readers):
                reader.close()
            self._writer.close()

    @contextmanager
    def write(self, *, whole: bool = False) -> Iterator[apsw.Connection]:
        """Give the writer's connection inside a transaction that commits at the end of the block.

        A block within a block of the same thread is part of the outer transaction: when it fails,
        its own changes alone are undone, or, within a ``whole`` one, everything: to be able to
        undo a part takes longer with each page that it changes. Raises `StoreError` when the
        storage fails.
        """
        with self._lock, storage_errors(self.path):
            if self._writing_thread is None:
                with self._transaction(whole=whole) as writer:
                    yield writer
            else:
                with self._part() if self._is_whole else self._savepoint() as writer:
                    yield writer

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside a `write` block."""
        return self._writing_thread == threading.get_ident()

    @contextmanager
    def _transaction(self, *, whole: bool) -> Iterator[apsw.Connection]:
        self._writer.execute("BEGIN IMMEDIATE")
        self._writing_thread = threading.get_ident()
        self._is_whole, self._is_lost = whole, False
        try:
            yield self._writer
            if self._is_lost:
                raise StoreError(f"{self.path}: a part of a change failed; nothing was changed")
            self._run_deferred()
            self._writer.execute("COMMIT")
        except BaseException:
            with suppress(apsw.Error):  # some failures have rolled back already
                self._writer.execute("ROLLBACK")
            raise
        finally:
            self._deferred.clear()
            self._writing_thread = None
        for tell in self._committed:
            tell()

    def on_commit(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` after each commit of this process, in its thread: it has to be quick."""
        self._committed.append(tell)

    @contextmanager
    def _part(self) -> Iterator[apsw.Connection]:
        try:
            yield self._writer
        except BaseException:
            self._is_lost = True
            raise

    @contextmanager
    def _savepoint(self) -> Iterator[apsw.Connection]:
        before = len(self._deferred)
        self._depth += 1
        name = f"level_{self._depth}"
        self._writer.execute(f"SAVEPOINT {name}")
        try:
            yield self._writer
            self._writer.execute(f"RELEASE {name}")
        except BaseException:
            del self._deferred[before:]
            with suppress(apsw.Error):  # a full disk has rolled everything back already
                self._writer.execute(f"ROLLBACK TO {name}; RELEASE {name}")
            raise
        finally:
            self._depth -= 1
        if not self._depth and len(self._deferred) >= _DEFERRED_TOGETHER:
            self._run_deferred()

    def defer(self, act: Callable[[apsw.Connection], None], *, order: int) -> None:
        """Let ``act`` be done in the transaction under way, but towards its end, by ``order``.

        FTS5 writes a segment at every savepoint, and statements with triggers make one, as does
        a row number below the last: entries inserted one after the other, in the order of their
        row numbers, cost a quarter less.
        """
        self._deferred.append((order, act))

    def _run_deferred(self) -> None:
        for _, act in sorted(self._deferred, key=itemgetter(0)):
            act(self._writer)
        self._deferred.clear()

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Give this thread's reader; inside a `write` block its connection, to see what it did."""
        with storage_errors(self.path):
            yield self._writer if self.is_writing else self._reader()

    @contextmanager
    def view(self) -> Iterator[apsw.Connection]:
        """Give what `read` gives, for several statements that see the same mail."""
        with self.read() as db, db:
            yield db

    @contextmanager
    def fresh(self) -> Iterator[apsw.Connection]:
        """Give a connection that has never been used, to read from."""
        with storage_errors(self.path), closing(connect(self.path, self.protection)) as db:
            yield db

    @contextmanager
    def snapshot(self, prepare: Callable[[apsw.Connection], None]) -> Iterator[apsw.Connection]:
        """Give a connection that sees what is stored now, for as long as the block lasts.

        ``prepare`` is called with it first, while nobody writes.
        """
        with self.fresh() as db:
            with self.write():
                db.execute("BEGIN")
                fetch(db, "SELECT 1 FROM sqlite_schema LIMIT 1")  # with this the snapshot begins
                prepare(db)
            yield db

    def _reader(self) -> apsw.Connection:
        reader: apsw.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = connect(self.path, self.protection)
            reader.pragma("query_only", 1)
            self._local.reader = reader
            self._readers.add(reader)
        return reader


def fetch(
    db: apsw.Connection, sql: str, values: Sequence[object] | Mapping[str, object] = ()
) -> list[Any]:
    """Run one statement to its end and return its rows; the STRICT schema says their types."""
    return db.execute(sql, cast("apsw.Bindings", values)).fetchall()


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the failures of SQLite into `StoreError`."""
    try:
        yield
    except apsw.Error as error:
        raise StoreError(f"{path}: {words_of(error)} ({error})") from error


def words_of(error: apsw.Error) -> str:
    """Return how a failure of SQLite is said, without SQLite's own words."""
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "it failed")


def create(path: Path) -> None:
    """Make the file, for its owner alone; SQLite gives its -wal and -shm the same permissions."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def connect(path: Path, protection: Protection) -> apsw.Connection:
    """Open a connection with our settings. Raises `StoreError`, and what SQLite raises."""
    before = _identity(path)
    connection = apsw.Connection(str(path), flags=_FLAGS)
    try:
        _set_up(connection, protection)
        if _identity(path) != before:  # while we waited for the lock of a file that is no more
            raise StoreError(f"{path}: another has taken its place meanwhile; try again")
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    return found.st_dev, found.st_ino


def _go_on() -> bool:
    """Let a statement go on; Ctrl-C and SIGTERM end it here, where Python looks at signals."""
    return False


def _set_up(connection: apsw.Connection, protection: Protection) -> None:
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.set_progress_handler(_go_on, _STEPS_BETWEEN_SIGNALS)
    protection.unlock(connection)
    for name, value in (
        ("foreign_keys", 1),
        ("synchronous", "full"),
        ("fullfsync", 1),  # macOS: to the platter, not to the drive's cache
        ("trusted_schema", 0),
        ("secure_delete", 0),  # SQLite's own default, which the library that encrypts has changed
        ("temp_store", "memory"),
        ("cache_size", -16_000),
        ("wal_autocheckpoint", _CHECKPOINT_PAGES),
    ):
        connection.pragma(name, value)
    fetch(connection, "SELECT 1 FROM sqlite_schema LIMIT 1")


def migrate(writer: apsw.Connection, protection: Protection, *, up_to: int | None = None) -> None:
    """Bring the schema up to date, or to the version ``up_to``, in one transaction.

    A store that has something in it is copied to ``mail.db.schema-N`` before.
    """
    scripts = _scripts()[:up_to]
    version = _refuse_newer(writer, len(scripts))
    writer.pragma("journal_mode", "wal")
    if 0 < version < len(scripts):
        copy(writer, Path(f"{writer.filename}.schema-{version}"), protection)
    writer.create_scalar_function("id_mark", id_mark, 1, deterministic=True)
    writer.pragma("foreign_keys", 0)  # tables that are made anew would take others along
    writer.execute("BEGIN IMMEDIATE")  # another process may be migrating: look again, alone
    try:
        for script in scripts[_refuse_newer(writer, len(scripts)) :]:
            writer.execute(script)
        writer.pragma("user_version", len(scripts))
        writer.execute("COMMIT")
    except BaseException:
        with suppress(apsw.Error):
            writer.execute("ROLLBACK")
        raise
    writer.pragma("foreign_keys", 1)


def copy(source: apsw.Connection, target: Path, protection: Protection) -> None:
    """Copy the database that ``source`` sees into the file ``target``, whole or not at all.

    ``protection`` is that of both.

    Raises `StoreError`, and what SQLite raises.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        create(part)
        with closing(apsw.Connection(str(part))) as copied:
            protection.unlock(copied)
            with copied.backup("main", source, "main") as backup:
                backup.step()
            copied.pragma("journal_mode", "delete")  # so that it is one file
        part.replace(target)
    except OSError as error:
        raise cannot_write(error) from error


def put_in_place(live: apsw.Connection, new: Path, path: Path) -> None:
    """Let the database in the file ``new`` be the one at ``path``, which ``live`` has alone.

    Neither has a -wal. Durable; who was waiting for the old one finds that out in `connect`. Raises
    `OSError`.
    """
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    if os.name == "nt":  # where no open file can be replaced
        live.close()
    new.replace(path)
    sync_folder(path.parent)


def _refuse_newer(writer: apsw.Connection, known: int) -> int:
    version = int(writer.pragma("user_version"))
    if version > known:
        raise StoreError(
            f"this store was written by a newer Hongyan (schema {version}, known here: {known}); "
            "install that version again, nothing has been changed"
        )
    return version


def _scripts() -> list[str]:
    """Return the migrations in order; the n-th file's number is n."""
    files = sorted(
        (file for file in (resources.files(__package__) / "schema").iterdir()),
        key=lambda file: file.name,
    )
    scripts = [file for file in files if file.name.endswith(".sql")]
    if [int(file.name[:4]) for file in scripts] != list(range(1, len(scripts) + 1)):
        raise StoreError("the program is installed incompletely: a schema file is missing")
    return [file.read_text("utf-8") for file in scripts]
