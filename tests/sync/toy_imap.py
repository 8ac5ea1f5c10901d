"""A little IMAP server in memory, which can be told to lie; for what real servers will not do.

It speaks RFC 3501 as an old server does: no LIST-STATUS, no ESEARCH, no mod-sequences; UIDPLUS and
MOVE where a test wants them. `run` carries a flow out against it, without a socket; `session` is one
connection to it, from the greeting on.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeVar

from hongyan.errors import ConnectionLost
from hongyan.flow import Read, Running, Write
from hongyan.imap import Capabilities, Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hongyan.errors import ConnectionLost
from hongyan.flow import Flow

T = TypeVar("T")


@dataclass
class Letter:
    octets: bytes
    flags: set[str] = field(default_factory=set)
    date: str = "02-Mar-2026 10:00:00 +0000"


@dataclass
class Box:
    validity: int = 7
    next_uid: int = 1
    letters: dict[int, Letter] = field(default_factory=dict)
    object_id: str = ""

    def put(self, octets: bytes, flags: Iterable[str] = (), date: str = Letter.date) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.letters[uid] = Letter(octets, set(flags), date)
        return uid


@dataclass
class ToyImap:
    """``told`` are all commands; what follows it are the lies.

    ``meanwhile`` is what somebody else does just before a command with a word in it, once.
    """

    boxes: dict[str, Box] = field(default_factory=lambda: {"INBOX": Box()})
    capabilities: tuple[str, ...] = ("IMAP4REV1", "LITERAL+")
    told: list[str] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)  # UIDs that FETCH and SEARCH leave out
    refused: set[int] = field(default_factory=set)  # UIDs whose body is refused
    extras: tuple[str, ...] = ()  # COPYUID: the answers of UIDPLUS that a server may leave out
    over: bool = False
    dates: bool = True  # APPEND keeps the date that it is given
    twice: bool = False  # each FETCH answer comes twice
    strays: bool = False  # answers for UIDs that do not exist
    no_lists: bool = False  # LIST says that there is nothing
    breaks_at: str = ""  # a word of a command at which the line is lost
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    largest: int = 1_000_000  # octets of a message that it will have
    fixed: str = ""  # a mailbox that it will not delete
    no_more_boxes: bool = False
    email_ids: dict[bytes, str] = field(default_factory=dict)  # by octets
    _box: Box | None = None
    _in: bytes = b""
    _literals: list[bytes] = field(default_factory=list)
    _granted: int = 0  # literals of the command under way that were asked for
    _out: bytes = b""

    def connection(self) -> Connection:
        conn = Connection()
        self.forget()
        conn.receive(b"* PREAUTH hello\r\n")
        conn.next_event()
        conn.capabilities = Capabilities(frozenset(self.capabilities))
        return conn

    def session(self) -> ToySession:
        return ToySession(self)

    def run(self, flow: Flow[T]) -> T:
        running = Running(flow)
        while running.effect is not None:
            match running.effect:
                case Write(data=data):
                    self._feed(data)
                    running.answer(None)
                case Read():
                    running.answer(self.take())
                case other:
                    raise AssertionError(f"no {other} here")
        return running.result

    def forget(self) -> None:
        """Begin a connection: nothing has been said, and nothing waits."""
        self._in = self._out = b""
        self._granted, self.over = 0, False
        self._box = None

    def take(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def _say(self, text: str | bytes) -> None:
        self._out += (text.encode() if isinstance(text, str) else text) + b"\r\n"

    def _feed(self, data: bytes) -> None:
        self._in += data
        while (line := self._line()) is not None:
            self._do(line, b"".join(self._literals[:1]))

    def _line(self) -> str | None:
        """Take a whole command, its literals beside it."""
        at, text = 0, b""
        literals: list[bytes] = []
        while (end := self._in.find(b"\r\n", at)) >= 0:
            text += self._in[at:end]
            found = re.search(rb"\{(\d+)(\+?)\}$", self._in[at:end])
            at = end + 2
            if found is None:
                self._in, self._literals, self._granted = self._in[at:], literals, 0
                return text.decode()
            if not found[2] and self._granted == len(literals):
                self._granted += 1
                self._say("+ go on")
            literals.append(self._in[at : at + int(found[1])])
            at += int(found[1])
        return None

    def _do(self, line: str, literal: bytes) -> None:
        tag, verb, rest = [*line.split(" ", 2), ""][:3]
        if verb == "UID":
            second, _, rest = rest.partition(" ")
            verb = f"UID {second}"
        if self.breaks_at and self.breaks_at in line.upper():
            raise ConnectionLost("the server closed the connection")
        for word in [word for word in self.meanwhile if word in line]:
            self.meanwhile.pop(word)()
        self.told.append(f"{verb} {rest}".strip())
        answer = getattr(self, f"_{verb.lower().replace(' ', '_')}")(rest, literal)
        self._say(f"{tag} {answer or 'OK done'}")

    # -- commands

    def _list(self, _: str, __: bytes) -> None:
        for name in [] if self.no_lists else self.boxes:
            self._say(f'* LIST () "/" "{name}"')

    def _status(self, rest: str, _: bytes) -> str | None:
        name = rest.split(" ", maxsplit=1)[0].strip('"')
        box = self.boxes[name]
        self._say(
            f'* STATUS "{name}" (MESSAGES {len(box.letters)} UIDNEXT {box.next_uid} '
            f"UIDVALIDITY {box.validity})"
        )
        return None

    def _select(self, rest: str, _: bytes) -> str | None:
        self._box = self.boxes.get(rest.split(" (", maxsplit=1)[0].strip('"'))
        if (box := self._box) is None:
            return "NO [NONEXISTENT] there is none"
        self._say(f"* {len(box.letters)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {box.validity}] v")
        self._say(f"* OK [UIDNEXT {box.next_uid}] n")
        if box.object_id:
            self._say(f"* OK [MAILBOXID ({box.object_id})] o")
        return "OK [READ-WRITE] open"

    _examine = _select

    def _chosen(self, words: str) -> dict[int, Letter]:
        assert self._box is not None
        chosen: dict[int, Letter] = {}
        for part in words.split(","):
            first, _, last = part.partition(":")
            ends = [int(first), 2**32 if last == "*" else int(last or first)]
            chosen |= {u: m for u, m in self._box.letters.items() if ends[0] <= u <= ends[1]}
        return {uid: letter for uid, letter in chosen.items() if uid not in self.hidden}

    def _uid_search(self, _: str, __: bytes) -> None:
        self._say("* SEARCH " + " ".join(map(str, self._chosen("1:*"))))

    def _uid_fetch(self, rest: str, __: bytes) -> str | None:
        uids, _, items = rest.partition(" ")
        chosen = self._chosen(uids)
        if "BODY.PEEK[]" in items and self.refused & chosen.keys():
            return "NO [SERVERBUG] cannot read it"
        answers = list(chosen.items()) * (2 if self.twice else 1)
        for seq, (uid, letter) in enumerate(answers, 1):
            self._fetched(seq, uid, letter, items)
        if self.strays:
            self._fetched(99, 4_000_000_000, Letter(b"Subject: stray\r\n\r\nstray\r\n"), items)
        return None

    def _fetched(self, seq: int, uid: int, letter: Letter, items: str) -> None:
        head, gap, _ = letter.octets.partition(b"\r\n\r\n")
        told = f"* {seq} FETCH (UID {uid} FLAGS ({' '.join(sorted(letter.flags))})"
        told += f' RFC822.SIZE {len(letter.octets)} INTERNALDATE "{letter.date}"'
        if "EMAILID" in items:
            told += f" EMAILID ({self.email_ids[letter.octets]})"
        octets = b""
        if "BODY.PEEK[]" in items:
            octets = letter.octets
            told += f" BODY[] {{{len(octets)}}}\r\n"
        elif "HEADER.FIELDS" in items:
            octets = head + gap
            told += f" BODY[HEADER.FIELDS (MESSAGE-ID)] {{{len(octets)}}}\r\n"
        self._say(told.encode() + octets + b")")

    def _uid_store(self, rest: str, _: bytes) -> str | None:
        uids, change, flags = rest.split(" ", 2)
        words = set(flags.strip("()").split())
        for seq, (uid, letter) in enumerate(self._chosen(uids).items(), 1):
            letter.flags = letter.flags | words if change[0] == "+" else letter.flags - words
            self._say(f"* {seq} FETCH (UID {uid} FLAGS ({' '.join(sorted(letter.flags))}))")
        return None

    def _uid_copy(self, rest: str, __: bytes) -> str | None:
        uids, _, name = rest.partition(" ")
        box = self.boxes[name.strip('"')]
        chosen = self._chosen(uids)
        made = [box.put(letter.octets, letter.flags, letter.date) for letter in chosen.values()]
        if "COPYUID" not in self.extras or not chosen:
            return None
        return f"OK [COPYUID {box.validity} {_set(chosen)} {_set(made)}] copied"

    def _uid_move(self, rest: str, __: bytes) -> str | None:
        assert self._box is not None
        answer = self._uid_copy(rest, b"")
        if answer:
            self._say(f"* {answer}")
        for uid in self._chosen(rest.split(" ", maxsplit=1)[0]):
            self._say(f"* {list(self._box.letters).index(uid) + 1} EXPUNGE")
            del self._box.letters[uid]
        return None

    def _uid_expunge(self, rest: str, _: bytes) -> None:
        assert self._box is not None
        for uid in self._chosen(rest):
            if "\\Deleted" in self._box.letters[uid].flags:
                del self._box.letters[uid]

    def _append(self, rest: str, _: bytes) -> str | None:
        name, _space, options = rest.partition(" ")
        if any(len(each) > self.largest for each in self._literals):
            return "NO [TOOBIG] it will not have that"
        box = self.boxes[name.strip('"')]
        uids = f"{box.next_uid}:{box.next_uid + len(self._literals) - 1}"
        for octets, option in zip(self._literals, re.findall(r"[^{]*\{", options), strict=True):
            flags = re.search(r"\(([^)]*)\)", option)
            date = re.search(r'"([^"]*)" \{', option)
            when = date[1] if date and self.dates else Letter.date
            box.put(octets, flags[1].split() if flags else (), when)
        told = "MULTIAPPEND" in self.capabilities or "COPYUID" in self.extras
        return f"OK [APPENDUID {box.validity} {uids}] there" if told else None

    def _create(self, rest: str, _: bytes) -> str | None:
        if self.no_more_boxes:
            return "NO no more"
        self.boxes.setdefault(rest.strip('"'), Box())
        return None

    def _delete(self, rest: str, _: bytes) -> str | None:
        if rest.strip('"') == self.fixed:
            return "NO it stays"
        del self.boxes[rest.strip('"')]
        return None

    def _noop(self, _: str, __: bytes) -> None:
        pass

    def _login(self, _: str, __: bytes) -> None:
        pass

    def _capability(self, _: str, __: bytes) -> None:
        self._say("* CAPABILITY " + " ".join(self.capabilities))

    def _unselect(self, _: str, __: bytes) -> None:
        self._box = None

    def _logout(self, _: str, __: bytes) -> None:
        self._say("* BYE")
        self.over = True


class ToySession:
    """The server's side of one connection; see `tests.support.minihost.Session`."""

    def __init__(self, server: ToyImap) -> None:
        self._server = server
        server.forget()
        self._pending = b"* OK toy\r\n"

    @property
    def over(self) -> bool:
        """Whether the server has closed it."""
        return self._server.over

    def feed(self, data: bytes) -> bytes:
        """Take octets of the client and return what the server says to them."""
        said, self._pending = self._pending, b""
        self._server._feed(data)
        return said + self._server.take()


class ToyHost:
    """The server on a port of 127.0.0.1, one connection after the other; a context manager."""

    def __init__(self, server: ToyImap) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"imap://127.0.0.1:{self._listener.getsockname()[1]}?tls=none"
        self._thread = threading.Thread(target=self._run, name="toy-imap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(ConnectionError):
                    self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        session = self._server.session()
        connection.sendall(session.feed(b""))
        while not session.over and (data := connection.recv(65_536)):
            connection.sendall(session.feed(data))


def _set(uids: Iterable[int]) -> str:
    return ",".join(map(str, uids))
