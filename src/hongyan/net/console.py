"""A protocol console: a person types commands, the driver's record shows what was really said.

It knows just enough of SMTP, POP3 and IMAP to tell when an answer is whole, when TLS starts and
which octets are secret. Each command comes with what it does and where that is written.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hongyan.errors import ConnectionLost, ProtocolError, Unsafe
from hongyan.flow import Flow, Wake, read, start_tls, wait, write

PATIENCE: Final = 10.0  # seconds until a silent server is taken to have said all it wants
FAREWELL: Final = 2.0  # seconds for a server to close after its last word


@dataclass(frozen=True, slots=True)
class Explained:
    """What a command does, and the section of the RFC that says so."""

    text: str
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.source})"


_POP3: Final = {
    "APOP": Explained("log in without sending the password", "RFC 1939 §7"),
    "CAPA": Explained("what the server can do", "RFC 2449 §5"),
    "STLS": Explained("turn to TLS", "RFC 2595 §4"),
    "UTF8": Explained("addresses and headers may be UTF-8", "RFC 6856 §2"),
    "LANG": Explained("which language the answers are in", "RFC 6856 §3"),
    "USER": Explained("whose mailbox", "RFC 1939 §7"),
    "PASS": Explained("the password", "RFC 1939 §7"),
    "AUTH": Explained("log in by a SASL mechanism", "RFC 5034 §4"),
    "STAT": Explained("how many messages and octets", "RFC 1939 §5"),
    "LIST": Explained("the size of each message", "RFC 1939 §5"),
    "UIDL": Explained("an id of each message that stays the same", "RFC 1939 §7"),
    "RETR": Explained("fetch a message whole", "RFC 1939 §5"),
    "TOP": Explained("fetch a header and some lines", "RFC 1939 §7"),
    "DELE": Explained("mark a message deleted; it goes at QUIT", "RFC 1939 §5"),
    "RSET": Explained("take all deletion marks back", "RFC 1939 §5"),
    "NOOP": Explained("nothing, only to be there", "RFC 1939 §5"),
    "QUIT": Explained("end, and remove what is marked", "RFC 1939 §6"),
}
_SMTP: Final = {
    "EHLO": Explained("who we are; what can you do?", "RFC 5321 §4.1.1.1"),
    "LHLO": Explained("who we are, where mail is delivered for good", "RFC 2033 §4.1"),
    "HELO": Explained("who we are, the old way", "RFC 5321 §4.1.1.1"),
    "STARTTLS": Explained("turn to TLS", "RFC 3207"),
    "AUTH": Explained("log in by a SASL mechanism", "RFC 4954 §4"),
    "MAIL": Explained("begin a transaction: the sender", "RFC 5321 §4.1.1.2"),
    "RCPT": Explained("one more recipient", "RFC 5321 §4.1.1.3"),
    "DATA": Explained("the message follows, up to a line with a dot", "RFC 5321 §4.1.1.4"),
    "RSET": Explained("give up the transaction", "RFC 5321 §4.1.1.5"),
    "BDAT": Explained("so many octets of the message follow", "RFC 3030 §2"),
    "VRFY": Explained("does this mailbox exist?", "RFC 5321 §4.1.1.6"),
    "NOOP": Explained("nothing, only to be there", "RFC 5321 §4.1.1.9"),
    "QUIT": Explained("end", "RFC 5321 §4.1.1.10"),
}
_IMAP: Final = {
    "CAPABILITY": Explained("what the server can do", "RFC 9051 §6.1.1"),
    "NOOP": Explained("nothing; news may come with the answer", "RFC 9051 §6.1.2"),
    "LOGOUT": Explained("end", "RFC 9051 §6.1.3"),
    "STARTTLS": Explained("turn to TLS", "RFC 9051 §6.2.1"),
    "AUTHENTICATE": Explained("log in by a SASL mechanism", "RFC 9051 §6.2.2"),
    "LOGIN": Explained("log in with user and password", "RFC 9051 §6.2.3"),
    "ID": Explained("who are you?", "RFC 2971"),
    "ENABLE": Explained("turn on what the server can", "RFC 9051 §6.3.1"),
    "COMPRESS": Explained("make the line smaller from here on", "RFC 4978"),
    "NOTIFY": Explained("tell us what changes, also elsewhere", "RFC 5465"),
    "SELECT": Explained("open a mailbox", "RFC 9051 §6.3.2"),
    "EXAMINE": Explained("open a mailbox to read only", "RFC 9051 §6.3.3"),
    "CREATE": Explained("make a mailbox", "RFC 9051 §6.3.4"),
    "DELETE": Explained("take a mailbox away", "RFC 9051 §6.3.5"),
    "RENAME": Explained("call a mailbox otherwise", "RFC 9051 §6.3.6"),
    "SUBSCRIBE": Explained("show this mailbox", "RFC 9051 §6.3.7"),
    "UNSUBSCRIBE": Explained("no longer show this mailbox", "RFC 9051 §6.3.8"),
    "LIST": Explained("which mailboxes there are", "RFC 9051 §6.3.9"),
    "NAMESPACE": Explained("where one's own mailboxes begin", "RFC 9051 §6.3.10"),
    "STATUS": Explained("how many messages a mailbox has", "RFC 9051 §6.3.11"),
    "APPEND": Explained("put a message into a mailbox", "RFC 9051 §6.3.12"),
    "IDLE": Explained("wait, and hear at once what is new", "RFC 9051 §6.3.13"),
    "CLOSE": Explained("remove what is marked, and leave the mailbox", "RFC 9051 §6.4.1"),
    "UNSELECT": Explained("leave the mailbox, and remove nothing", "RFC 9051 §6.4.2"),
    "EXPUNGE": Explained("remove what is marked deleted", "RFC 9051 §6.4.3"),
    "SEARCH": Explained("which messages fit", "RFC 9051 §6.4.4"),
    "FETCH": Explained("parts of messages", "RFC 9051 §6.4.5"),
    "STORE": Explained("change the flags of messages", "RFC 9051 §6.4.6"),
    "COPY": Explained("put messages into another mailbox too", "RFC 9051 §6.4.7"),
    "MOVE": Explained("put messages into another mailbox instead", "RFC 9051 §6.4.8"),
}
_IMAP_VERBS: Final = frozenset(_IMAP) | {
    "CHECK",
    "GETQUOTA",
    "GETQUOTAROOT",
    "LSUB",
    "SORT",
    "THREAD",
    "UID",
}
COMMANDS: Final = {"pop3": _POP3, "smtp": _SMTP, "lmtp": _SMTP, "imap": _IMAP}

_LISTING: Final = re.compile(rb"(CAPA|RETR \d+|TOP .*|LIST|UIDL|LANG|AUTH)\s*\Z", re.IGNORECASE)
_SECRET: Final = {
    "pop3": re.compile(rb"\s*(?:PASS|APOP\s+\S+|AUTH\s+\S+)\s+(.+)", re.IGNORECASE | re.DOTALL),
    "smtp": re.compile(rb"\s*AUTH\s+\S+\s+(.+)", re.IGNORECASE | re.DOTALL),
    "imap": re.compile(
        rb"\s*\S+\s+(?:LOGIN\s+\S+|AUTHENTICATE\s+\S+)\s+(.+)", re.IGNORECASE | re.DOTALL
    ),
}
_STARTS_LOGIN: Final = re.compile(rb"\s*(?:\S+ +)?AUTH(?:ENTICATE)? ", re.IGNORECASE)
_STARTS_TLS: Final = re.compile(rb"(?:\S+ +)?(?:STLS|STARTTLS)\s*\Z", re.IGNORECASE)
_ENDS: Final = re.compile(rb"(?:\S+ +LOGOUT|QUIT)\s*\Z", re.IGNORECASE)
_GREETS: Final = {"pop3": b"+OK", "smtp": b"220", "imap": b"* "}
_TLS_COMMAND: Final = {"pop3": "STLS", "smtp": "STARTTLS", "imap": "w0 STARTTLS"}


class Expects(Enum):
    """What the next line that is typed will be."""

    COMMAND = "a command"
    RESPONSE = "the answer to a challenge"
    CONTENT = "part of a message"


class Console:
    """One dialogue in ``protocol`` (pop3, smtp, lmtp or imap); ``expects`` tells what comes now."""

    def __init__(self, protocol: str) -> None:
        self._protocol = "smtp" if protocol == "lmtp" else protocol
        self._hello = "LHLO" if protocol == "lmtp" else "EHLO"
        self.expects = Expects.COMMAND
        self._goes_on = False
        self._given = 0

    def explain(self, line: str) -> Explained | None:
        """Return what the command in ``line`` does."""
        words = self._tagged(line).upper().split()
        if self.expects is not Expects.COMMAND or not words:
            return None
        verb = words[1] if self._protocol == "imap" and len(words) > 1 else words[0]
        return COMMANDS[self._protocol].get(verb)

    def hides(self, line: str) -> bool:
        """Return whether ``line`` holds a secret."""
        return bool(self._secrets(self._tagged(line).encode("utf-8", "surrogateescape")))

    def open(self, *, starttls: bool) -> Flow[None]:
        """Wait for the greeting; with ``starttls`` go on to TLS before anything is typed.

        Raises `ProtocolError` when another protocol is spoken, `Unsafe` when there is to be TLS and
        the server does not start it: what is typed next might be a password.
        """
        greeting = yield from self._answer(b"")
        if not greeting.startswith(_GREETS[self._protocol]):
            raise ProtocolError(f"the server does not greet as {self._protocol.upper()} does")
        if starttls:
            if self._protocol == "smtp":
                yield from self._ask(f"{self._hello} [127.0.0.1]".encode())
            answer = yield from self._ask(_TLS_COMMAND[self._protocol].encode())
            if not _agrees(self._protocol, answer):
                raise Unsafe("the server does not start TLS, and the address demands it")
            yield from start_tls()

    def say(self, line: str) -> Flow[bool]:
        """Send a line and wait for the answer; return whether the connection is still open."""
        line = self._tagged(line)
        data = line.encode("utf-8", "surrogateescape")
        if self.expects is Expects.CONTENT and line != ".":
            yield from write(data + b"\r\n")
            return True
        logs_in = self.expects is Expects.RESPONSE or bool(_STARTS_LOGIN.match(data))
        try:
            answer = yield from self._ask(data)
            if _STARTS_TLS.match(data) and _agrees(self._protocol, answer):
                yield from start_tls()
            elif _ENDS.match(data) and self.expects is Expects.COMMAND:
                yield from self._closing()
        except ConnectionLost:
            return False
        self.expects = Expects.COMMAND
        self._goes_on = answer.startswith(b"+")
        self._given += 1
        if logs_in and answer.startswith((b"+ ", b"+\r", b"334")):
            self.expects = Expects.RESPONSE
        elif self._protocol == "smtp" and answer.startswith(b"354"):
            self.expects = Expects.CONTENT
        return True

    def _tagged(self, line: str) -> str:
        """Return an IMAP command with a tag, which people forget: nothing else is understood.

        Without one the password in ``LOGIN`` would be taken for something else, and be shown.
        """
        verb = line.upper().partition(" ")[0].strip()
        is_command = self.expects is Expects.COMMAND and not self._goes_on
        if self._protocol == "imap" and is_command and verb in _IMAP_VERBS:
            return f"w{self._given + 1} {line}"
        return line

    def _ask(self, data: bytes) -> Flow[bytes]:
        yield from write(data + b"\r\n", secrets=self._secrets(data))
        return (yield from self._answer(data))

    def _secrets(self, line: bytes) -> tuple[bytes, ...]:
        """Return the secret part of ``line``, and what it is the Base64 of."""
        if self.expects is Expects.CONTENT:
            return ()
        secret = line
        if self.expects is Expects.COMMAND:
            found = _SECRET[self._protocol].match(line)
            if not found:
                return ()
            secret = found[1]
        return secret, _decoded(secret).rpartition(b"\0")[2]

    def _answer(self, command: bytes) -> Flow[bytes]:
        answer = b""
        while not whole(self._protocol, command, answer):
            if (yield from wait(PATIENCE)) is not Wake.DATA:
                break
            answer += yield from read(within=PATIENCE, progress=len(answer))
        return answer

    def _closing(self) -> Flow[None]:
        """Wait for the server to close, which raises `ConnectionLost`; it may also stay."""
        if (yield from wait(FAREWELL)) is Wake.DATA:
            yield from read(within=FAREWELL)


def _decoded(secret: bytes) -> bytes:
    try:
        return b64decode(secret.strip(), validate=True)
    except NotBase64:
        return b""


def whole(protocol: str, command: bytes, answer: bytes) -> bool:
    """Return whether ``answer`` to ``command`` (``b""``: the greeting) is complete."""
    if not answer.endswith(b"\n"):
        return False
    if protocol == "pop3":
        if answer.startswith(b"+OK") and _LISTING.match(command):
            return answer.endswith(b"\r\n.\r\n")
        return True
    last = answer[answer.rfind(b"\n", 0, -1) + 1 :]
    if protocol == "smtp":
        return not re.match(rb"\d{3}-", last)
    tag = command.split(b" ")[0] if command else b"*"
    return last.startswith((tag + b" ", b"+ ", b"+\r"))


def _agrees(protocol: str, answer: bytes) -> bool:
    if protocol == "imap":
        return b" OK" in answer.upper().splitlines()[-1][:40] if answer else False
    return answer.startswith((b"+OK", b"220"))
