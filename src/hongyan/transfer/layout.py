"""Where messages lie in an export: one writer a format, all with an account's folder on top.

::

    mbox      me@example.org/Inbox.mbox             mboxrd, LF
    maildir   me@example.org/Inbox/cur/…:2,FS       LF
    eml       me@example.org/Inbox/m17.eml          the exact octets
    zip       the same in one file                  the exact octets

Names come from strangers: each is made a plain one, and none falls onto another.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol, Self

from hongyan.mime import names
from hongyan.transfer import manifest
from hongyan.transfer.forms import Form, form_of, whole_lines, written

if TYPE_CHECKING:
    from pathlib import Path

    from hongyan.store import Email
    from hongyan.transfer.forms import Octets

_FLAGS: Final = (  # in the order of their letters, as Maildir wants them
    ("D", "$draft"),
    ("F", "$flagged"),
    ("P", "$forwarded"),
    ("R", "$answered"),
    ("S", "$seen"),
)
_EXACT: Final = Form(lf=False, ended=False)
_OPEN_FILES: Final = 16


@dataclass(frozen=True, slots=True)
class Where:
    """Where a message went: the fields of a `manifest.Entry`."""

    file: str
    form: Form = _EXACT
    offset: int | None = None
    length: int | None = None


class Layout(Protocol):
    """A format of exports."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End; all is written."""

    def add(self, email: Email, octets: Octets, *, account: str, mailbox: str) -> Where:
        """Write one message."""

    def write_manifest(self, path: Path) -> None:
        """Take the manifest in."""


class Names:
    """Plain names for foreign ones, the same for the same, all different."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._taken: dict[str, set[str]] = {}

    def of(self, folder: str, name: str) -> str:
        """Return the name in ``folder`` for ``name``."""
        if (folder, name) not in self._given:
            taken = self._taken.setdefault(folder, set())
            given = names.safe(name.replace("/", "-"), taken=taken)
            taken.add(given)
            self._given[folder, name] = given
        return self._given[folder, name]

    def mailbox(self, account: str, mailbox: str) -> str:
        """Return the path of a mailbox below the export."""
        folder = self.of("", account)
        return f"{folder}/{self.of(folder, mailbox)}"


class _Folder:
    """A format of many files below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = Names()

    def __enter__(self) -> Self:
        self._root.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        """Every file is closed as it is written."""

    def write_manifest(self, path: Path) -> None:
        shutil.copyfile(path, self._root / manifest.NAME)

    def _create(self, name: str) -> IO[bytes]:
        path = self._root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class Eml(_Folder):
    """One file a message, its exact octets."""

    def add(self, email: Email, octets: Octets, *, account: str, mailbox: str) -> Where:
        """Write one message."""
        name = f"{self._names.mailbox(account, mailbox)}/{email.id}.eml"
        with self._create(name) as file:
            file.writelines(whole_lines(octets, 0, len(octets)))
        return Where(name)


class Maildir(_Folder):
    """Maildirs as other programs expect them: LF, flags in the names."""

    def add(self, email: Email, octets: Octets, *, account: str, mailbox: str) -> Where:
        """Write one message."""
        folder = self._names.mailbox(account, mailbox)
        for part in ("tmp", "new", "cur"):
            (self._root / folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = "".join(letter for letter, keyword in _FLAGS if keyword in email.keywords)
        second = int(email.received_at.timestamp())
        name = f"{folder}/cur/{second}.{email.id}.hongyan:2,{flags}"
        form = form_of(octets)
        form = Form(lf=form.lf, ended=False)
        with self._create(name) as file:
            file.writelines(written(octets, form, quoted=False))
        os.utime(self._root / name, (second, second))
        return Where(name, form)


class Mbox(_Folder):
    """One file a mailbox, the oldest message first."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._open: dict[str, IO[bytes]] = {}
        self._closing = ExitStack()

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def add(self, email: Email, octets: Octets, *, account: str, mailbox: str) -> Where:
        """Write one message."""
        name = f"{self._names.mailbox(account, mailbox)}.mbox"
        file = self._file(name)
        file.write(_from_line(email))
        offset = file.tell()
        form = form_of(octets)
        file.writelines(written(octets, form, quoted=True))
        length = file.tell() - offset
        file.write(b"\n")
        return Where(name, form, offset, length)

    def _file(self, name: str) -> IO[bytes]:
        if name not in self._open:
            if len(self._open) >= _OPEN_FILES:
                self._closing.close()
                self._open.clear()
            path = self._root / name
            file = path.open("ab") if path.exists() else self._create(name)
            self._open[name] = self._closing.enter_context(file)
        return self._open[name]


class Zip:
    """One ZIP file with the exact octets of each message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = Names()

    def __enter__(self) -> Self:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def add(self, email: Email, octets: Octets, *, account: str, mailbox: str) -> Where:
        """Write one message."""
        name = f"{self._names.mailbox(account, mailbox)}/{email.id}.eml"
        info = zipfile.ZipInfo(name, email.received_at.timetuple()[:6])
        if not 1980 <= email.received_at.year < 2107:  # what ZIP can say
            info = zipfile.ZipInfo(name)
        info.external_attr = 0o100600 << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as member:
            for chunk in whole_lines(octets, 0, len(octets)):
                member.write(chunk)
        return Where(name)

    def write_manifest(self, path: Path) -> None:
        """Take the manifest in."""
        self._zip.write(path, manifest.NAME)


def _from_line(email: Email) -> bytes:
    sender = email.from_[0].email if email.from_ else ""
    if not sender.isascii() or not sender.isprintable() or " " in sender or not sender:
        sender = "MAILER-DAEMON"
    at = email.received_at
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[at.month - 1]  # noqa: SIM905  # reads better
    return f"From {sender} {day} {month} {at.day:2} {at:%H:%M:%S} {at.year:04}\n".encode()
