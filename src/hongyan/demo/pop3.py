"""POP3 as the demo host offers it (RFC 1939), one session an object.

With CAPA, PIPELINING and response codes (RFC 2449, RFC 3206), STLS (RFC 2595) and AUTH (RFC 5034).
Its invariants: a session sees the maildrop as it was at login and has it for itself; only QUIT
removes what DELE marked; a letter is sent octet for octet as it is, dots doubled.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final

from hongyan.demo import auth
from hongyan.errors import AuthenticationRefused, ProtocolError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hongyan.demo.peer import Peer
    from hongyan.demo.post import Letter, Maildrop, Office
    from hongyan.demo.submission import Policy

LINE_LIMIT: Final = 512  # RFC 2449 §4 asks for 255


class State(Enum):
    """RFC 1939 §3; the UPDATE state is the execution of QUIT."""

    AUTHORIZATION = "before the login"
    TRANSACTION = "after the login"


_BEFORE: Final = frozenset({State.AUTHORIZATION})
_AFTER: Final = frozenset({State.TRANSACTION})


class Pop3:
    """One client's session; `serve` runs it to its end."""

    def __init__(self, peer: Peer, office: Office, policy: Policy) -> None:
        self._peer = peer
        self._office = office
        self._policy = policy
        self._user = b""
        self._failures = 0
        self._drop: Maildrop | None = None
        self._letters: tuple[Letter, ...] = ()
        self._deleted: set[int] = set()
        self._over = False

    @property
    def state(self) -> State:
        """What the session may do now."""
        return State.TRANSACTION if self._drop else State.AUTHORIZATION

    def serve(self) -> None:
        """Greet, and obey until QUIT or until the client is gone, which deletes nothing."""
        self._ok("Hongyan demo host, at your service")
        try:
            while not self._over:
                try:
                    self._obey(self._peer.line(LINE_LIMIT))
                except (ProtocolError, Refused) as no:
                    code = f"[{no.code}] " if isinstance(no, Refused) and no.code else ""
                    self._say(f"-ERR {code}{no.text if isinstance(no, Refused) else no}")
        finally:
            self._give_back()

    def _give_back(self) -> None:
        if self._drop:
            self._drop.unlock()
            self._drop = None

    def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        states, command = self._COMMANDS.get(verb.upper(), (frozenset(), None))
        if command is None:
            raise Refused("no such command here")
        if self.state not in states:
            raise Refused(f"not {self.state.value}")
        command(self, argument)

    def _say(self, line: str) -> None:
        self._peer.send(f"{line}\r\n".encode())

    def _ok(self, text: str) -> None:
        self._say(f"+OK {text}")

    def _many(self, text: str, lines: Iterable[str]) -> None:
        """Send a multi-line reply (RFC 1939 §3); no line of it begins with a dot."""
        self._peer.send("".join(f"{line}\r\n" for line in (f"+OK {text}", *lines, ".")).encode())

    # Sessions and their safety

    def _capa(self, _argument: bytes) -> None:
        offers = ["TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "EXPIRE NEVER"]
        if self._may_log_in():
            offers += ["USER", "SASL " + " ".join(auth.MECHANISMS)]
        if not self._peer.secure:
            offers.append("STLS")
        self._many("what I can do", [*offers, "IMPLEMENTATION Hongyan-demo"])

    def _may_log_in(self) -> bool:
        return self._peer.secure or not self._policy.require_tls

    def _need_safety(self) -> None:
        if not self._may_log_in():
            raise Refused("say STLS first: no password in clear")

    def _stls(self, _argument: bytes) -> None:
        if self._peer.secure:
            raise Refused("this is TLS already")
        self._ok("go ahead")
        self._peer.start_tls(self._policy.tls)
        self._user = b""

    def _name(self, argument: bytes) -> None:
        self._need_safety()
        self._user = argument
        self._ok("and the password?")

    def _pass(self, argument: bytes) -> None:
        self._need_safety()
        if not self._user:
            raise Refused("USER comes first")
        user, self._user = self._user, b""
        self._log_in(lambda: auth.check(self._office.password, user, argument))

    def _auth(self, argument: bytes) -> None:
        self._need_safety()
        name, _, first = argument.partition(b" ")
        mechanism = auth.MECHANISMS.get(name.decode("utf-8", "replace").upper())
        if mechanism is None:
            raise Refused("no such mechanism here")
        exchange = mechanism(self._office.password, auth.initial(first))
        self._log_in(lambda: auth.converse(exchange, self._ask))

    def _ask(self, challenge: str) -> bytes:
        self._say(f"+ {challenge}")
        return self._peer.line(auth.RESPONSE_LIMIT)

    def _log_in(self, prove: Callable[[], str]) -> None:
        """Open the maildrop of the user whom ``prove`` returns."""
        try:
            user = prove()
        except AuthenticationRefused as no:
            self._failures += 1
            self._over = self._failures >= auth.FAILURES_ALLOWED
            raise Refused(str(no), code="AUTH") from no
        drop = self._office.maildrop(user if "@" in user else f"{user}@{self._office.domain}")
        if drop is None or not drop.lock():
            raise Refused("another session has this maildrop", code="IN-USE")
        self._drop, self._letters = drop, drop.letters()
        self._ok(f"{len(self._letters)} letters are waiting")

    # The maildrop

    def _present(self) -> list[tuple[int, Letter]]:
        numbered = enumerate(self._letters, 1)
        return [(number, letter) for number, letter in numbered if number not in self._deleted]

    def _letter(self, argument: bytes) -> tuple[int, Letter]:
        number = _number(argument)
        if not 1 <= number <= len(self._letters) or number in self._deleted:
            raise Refused("no such letter")
        return number, self._letters[number - 1]

    def _stat(self, _argument: bytes) -> None:
        present = self._present()
        self._ok(f"{len(present)} {sum(len(letter.content) for _, letter in present)}")

    def _list(self, argument: bytes) -> None:
        self._listing(argument, lambda letter: str(len(letter.content)))

    def _uidl(self, argument: bytes) -> None:
        self._listing(argument, lambda letter: letter.uid)

    def _listing(self, argument: bytes, fact: Callable[[Letter], str]) -> None:
        if argument:
            number, letter = self._letter(argument)
            self._ok(f"{number} {fact(letter)}")
        else:
            present = self._present()
            lines = (f"{number} {fact(letter)}" for number, letter in present)
            self._many(f"{len(present)} letters", lines)

    def _retr(self, argument: bytes) -> None:
        _, letter = self._letter(argument)
        self._send_content(f"+OK {len(letter.content)} octets", letter.content)

    def _top(self, argument: bytes) -> None:
        which, _, count = argument.partition(b" ")
        _, letter = self._letter(which)
        self._send_content("+OK the top of it", _top(letter.content, _number(count)))

    def _send_content(self, status: str, content: bytes) -> None:
        stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        self._peer.send(status.encode() + stuffed + end)

    def _dele(self, argument: bytes) -> None:
        number, _ = self._letter(argument)
        self._deleted.add(number)
        self._ok("will be gone after QUIT")

    def _rset(self, _argument: bytes) -> None:
        self._deleted.clear()
        self._ok("nothing will be deleted")

    def _noop(self, _argument: bytes) -> None:
        self._ok("still here")

    def _quit(self, _argument: bytes) -> None:
        if self._drop:
            self._drop.remove({self._letters[number - 1].uid for number in self._deleted})
            self._give_back()  # before the answer: who has it may log in again at once
        self._over = True
        self._ok("fly well")

    _COMMANDS: ClassVar[Mapping[bytes, tuple[frozenset[State], Callable[[Pop3, bytes], None]]]] = {
        b"CAPA": (_BEFORE | _AFTER, _capa),
        b"STLS": (_BEFORE, _stls),
        b"USER": (_BEFORE, _name),
        b"PASS": (_BEFORE, _pass),
        b"AUTH": (_BEFORE, _auth),
        b"STAT": (_AFTER, _stat),
        b"LIST": (_AFTER, _list),
        b"UIDL": (_AFTER, _uidl),
        b"RETR": (_AFTER, _retr),
        b"TOP": (_AFTER, _top),
        b"DELE": (_AFTER, _dele),
        b"RSET": (_AFTER, _rset),
        b"NOOP": (_AFTER, _noop),
        b"QUIT": (_BEFORE | _AFTER, _quit),
    }


def _number(argument: bytes) -> int:
    if not argument.isdigit() or len(argument) > 9:
        raise Refused("a number is missing")
    return int(argument)


def _top(content: bytes, lines: int) -> bytes:
    """Return the header, the empty line and the first ``lines`` lines of the body."""
    header, gap, body = content.partition(b"\r\n\r\n")
    end = 0
    for _ in range(lines):
        found = body.find(b"\r\n", end)
        if found < 0:
            return content
        end = found + 2
    return header + gap + body[:end]
