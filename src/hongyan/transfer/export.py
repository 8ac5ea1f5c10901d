"""Mail leaves: everything, or what a query finds, in a form that other programs read.

The export appears under its name only when it is whole. Its manifest (`manifest`) holds what the
files cannot say, so that `verify` can prove it and an import gives the same mail.
"""

from __future__ import annotations

import shutil
import tempfile
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, NotFound, StoreError
from hongyan.store.types import silently
from hongyan.transfer import layout, manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hongyan.store import Account, Email, Mailbox, Store
    from hongyan.store.types import Advance


class Format(Enum):
    """In which form messages leave; see `layout`."""

    MBOX = "mbox"
    MAILDIR = "maildir"
    EML = "eml"
    ZIP = "zip"


_LAYOUTS: Final[dict[Format, Callable[[Path], layout.Layout]]] = {
    Format.MBOX: layout.Mbox,
    Format.MAILDIR: layout.Maildir,
    Format.EML: layout.Eml,
    Format.ZIP: layout.Zip,
}


def export(
    store: Store,
    target: Path,
    *,
    form: Format,
    query: str = "",
    advance: Advance = silently,
    leave_out: Callable[[Email], None] | None = None,
) -> int:
    """Write what ``query`` finds (all when empty) to ``target``; return how many messages.

    ``target`` is a new folder, or a new file for ZIP. ``leave_out`` is told of each message of
    which only the header is here. Raises `InvalidArgument`: it exists, or the query; `StoreError`:
    the disk, or a damaged message; `NotHereYet` without ``leave_out``; then nothing is left behind.
    """
    if target.exists():
        raise InvalidArgument("target", f"{target} exists already")
    part = target.with_name(target.name + ".part")
    try:
        _remove(part)
        with tempfile.TemporaryDirectory(prefix=f"{part.name}-", dir=part.parent) as work:
            lines = Path(work) / manifest.NAME
            with _LAYOUTS[form](part) as out:
                run = _Export(store, out, lines, query=query, advance=advance, leave_out=leave_out)
                count = run.run()
                out.write_manifest(lines)
        part.rename(target)
    except OSError as error:
        raise StoreError(f"{error.filename or target}: {error.strerror or error}") from error
    finally:
        _remove(part)
    return count


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class _Export:
    """One run."""

    def __init__(
        self,
        store: Store,
        out: layout.Layout,
        lines: Path,
        *,
        query: str,
        advance: Advance,
        leave_out: Callable[[Email], None] | None,
    ) -> None:
        self._store = store
        self._out = out
        self._lines = lines
        self._query = query
        self._advance = advance
        self._leave_out = leave_out
        self._accounts: dict[str, Account] = {each.id: each for each in store.accounts.list()}
        self._mailboxes: dict[str, Mailbox] = {
            box.id: box for each in self._accounts for box in store.mailboxes.list(each)
        }

    def run(self) -> int:
        total = self._store.search.count(self._query)
        count = size = 0
        with self._lines.open("wb") as lines:
            for id_ in self._store.search.ids(self._query):
                try:
                    email = self._store.messages.get(id_)
                    if self._leave_out and not email.whole:
                        self._leave_out(email)
                        continue
                    entry = self._entry(email)
                except (NotFound, KeyError):
                    continue  # deleted meanwhile, or in a mailbox that is newer than this run
                lines.write(manifest.line(entry))
                count, size = count + 1, size + email.size
                self._advance(count, max(total, count), size, 0)
            lines.write(manifest.last_line(count))
        return count

    def _entry(self, email: Email) -> manifest.Entry:
        boxes = [self._mailboxes[id_] for id_ in sorted(email.mailbox_ids)]
        account = self._accounts[email.account_id].address
        self._store.blobs.verify(email.blob_id)
        octets = self._store.blobs.open(email.blob_id)
        places = tuple(map(self._place, boxes))
        name = "/".join((*places[0].above, places[0].name))
        where = self._out.add(email, octets, account=account, mailbox=name)
        return manifest.Entry(
            file=where.file,
            sha256=email.blob_id,
            size=email.size,
            account=account,
            places=places,
            uidl=self._store.messages.uidl(email.id),
            keywords=tuple(sorted(email.keywords)),
            received_at=email.received_at,
            form=where.form,
            offset=where.offset,
            length=where.length,
        )

    def _place(self, box: Mailbox) -> manifest.Place:
        above: list[str] = []
        at = box.parent_id
        while at is not None:
            above.insert(0, self._mailboxes[at].name)
            at = self._mailboxes[at].parent_id
        return manifest.Place(name=box.name, role=box.role, above=tuple(above))
