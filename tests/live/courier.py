"""Courier IMAP 5 on a free loopback port: a plain IMAP4rev1 server with UIDPLUS and little else.

Its package and Dovecot's exclude each other, so `.ci/install-debian` only unpacks it. The server's
own log-in program wants files in ``/etc``, so the door is ours: it greets, takes LOGIN in clear, and
hands the connection over to the real ``imapd`` as that program does. It keeps a Maildir a user in one
temporary folder, and started by root it runs as ``nobody``.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.dovecot import url
from tests.live.unpacked import CACHES, account, libraries
from tests.support.child import LOOPBACK, Unavailable
from tests.support.maildir import Maildir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.live.dovecot import Tls, User

CACHE = CACHES / "courier"
CAPABILITY = (
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


class Courier:
    """A running Courier; `stop` ends it and removes its folder."""

    def __init__(self) -> None:
        """Start it. Raises `Unavailable`."""
        if not (CACHE / "usr/bin/imapd").exists():
            raise Unavailable("Courier IMAP is not unpacked: .ci/install-debian")
        self._account = account()
        root = os.geteuid() == 0
        self._uid = self._account.pw_uid if root else None
        self._gid = self._account.pw_gid if root else None
        self.home = Path(tempfile.mkdtemp(prefix="hongyan-courier-"))
        self.home.chmod(0o755)
        self._users: dict[str, str] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.imap: int = self._listener.getsockname()[1]
        self._no_watcher = self._refuse_watching()
        threading.Thread(target=self._listen, daemon=True).start()

    def _refuse_watching(self) -> socket.socket:
        """Listen where gamin would, which tells of changed files: each search in vain costs a second."""
        name = f"\0/tmp/fam-{self._account.pw_name}-{self.home.name}".encode()
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(name.ljust(108, b"\0"))
        sock.listen(50)
        return sock

    def imap_url(self, *, tls: Tls = "none") -> str:
        """Return the address of the IMAP server, which has no TLS."""
        return url("imap", tls, self.imap, self.imap)

    def add_user(self, user: User) -> None:
        """Make a mailbox; the user can log in at once."""
        self._users[user.address] = user.password
        home = self.home / user.address
        home.mkdir()
        os.chown(home, self._account.pw_uid, self._account.pw_gid)
        subprocess.run(
            [f"{CACHE}/usr/bin/maildirmake.courier", f"{home}/Maildir"],
            check=True,
            env=self._environment(),
            user=self._uid,
            group=self._gid,
        )

    def fill(self, user: User, messages: Iterable[bytes]) -> int:
        """Put messages into the inbox without any protocol; returns how many there were."""
        return self._inbox(user).fill(each.replace(b"\r\n", b"\n") for each in messages)

    def messages(self, user: User) -> list[bytes]:
        """Return the octets of each message in the inbox, in no certain order."""
        found = self._inbox(user).messages()
        return [re.sub(rb"(?<!\r)\n", b"\r\n", each) for each in found]

    def _inbox(self, user: User) -> Maildir:
        path = self.home / user.address / "Maildir"
        return Maildir(path, uid=self._account.pw_uid, gid=self._account.pw_gid)

    def stop(self) -> None:
        """End it and remove all it wrote."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._no_watcher.close()
        for process in self._processes:
            process.terminate()
            process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)

    # -- the door

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._greet, args=[sock], daemon=True).start()

    def _greet(self, sock: socket.socket) -> None:
        with sock, suppress(OSError), sock.makefile("rb", buffering=0) as lines:
            sock.sendall(f"* OK [CAPABILITY {CAPABILITY}] Courier-IMAP ready.\r\n".encode())
            while line := lines.readline():
                tag, *words = [quoted or word for quoted, word in _WORD.findall(line.decode())]
                if not self._answered(sock, tag, words):
                    return

    def _answered(self, sock: socket.socket, tag: str, words: list[str]) -> bool:
        """Answer one command; False when the connection has gone to the server, or is over."""
        match [words[0].upper(), *words[1:]]:
            case ["CAPABILITY"]:
                said = f"* CAPABILITY {CAPABILITY}\r\n{tag} OK CAPABILITY completed\r\n"
            case ["LOGIN", name, password] if self._users.get(name) == _plain(password):
                self._hand_over(sock, tag, name)
                return False
            case ["LOGIN", *_]:
                said = f"{tag} NO Login failed.\r\n"
            case ["LOGOUT"]:
                sock.sendall(f"* BYE Courier-IMAP server shutting down\r\n{tag} OK\r\n".encode())
                return False
            case _:
                said = f"{tag} BAD Command unknown here\r\n"
        sock.sendall(said.encode())
        return True

    def _hand_over(self, sock: socket.socket, tag: str, name: str) -> None:
        environment = {
            **self._environment(),
            "AUTHENTICATED": name,
            "AUTHADDR": name,
            "IMAPLOGINTAG": tag,
            "IMAP_CAPABILITY": CAPABILITY,
            "IMAP_KEYWORDS": "1",
            "IMAP_USELOCKS": "0",
            "IMAP_IDLE_TIMEOUT": "1",
            "IMAP_CHECK_ALL_FOLDERS": "0",
            "IMAP_OBSOLETE_CLIENT": "0",
            "GAM_CLIENT_ID": self.home.name,
            "TCPREMOTEIP": LOOPBACK,
            "TCPREMOTEPORT": str(sock.getpeername()[1]),
        }
        home = self.home / name
        process = subprocess.Popen(
            [f"{CACHE}/usr/bin/imapd", "Maildir"],
            stdin=sock.fileno(),
            stdout=sock.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=home,
            env={**environment, "HOME": str(home)},
            user=self._uid,
            group=self._gid,
        )
        self._processes.append(process)
        threading.Thread(target=process.wait, daemon=True).start()

    def _environment(self) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": libraries(CACHE), "PATH": "/usr/bin:/bin"}


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)
