"""SMTP submission as the demo host offers it (RFC 5321, RFC 6409), one session an object.

With STARTTLS (RFC 3207), AUTH (RFC 4954), PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME (RFC
6152), SMTPUTF8 (RFC 6531), CHUNKING (RFC 3030) and enhanced status codes (RFC 2034). Its
invariants: mail is taken from a user only, a password over TLS only (unless the host says
otherwise), and a message ends with CRLF ``.`` CRLF or with BDAT LAST, by nothing else.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from hongyan.demo import arguments, auth
from hongyan.demo.arguments import refusal
from hongyan.demo.post import Envelope, date_time
from hongyan.dots import Unstuffer
from hongyan.errors import AuthenticationRefused, ProtocolError, Refused, TimedOut

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from hongyan.demo.peer import Peer
    from hongyan.demo.post import Office

LINE_LIMIT: Final = 2048  # RFC 5321 §4.5.3.1.4 asks for 512, SMTPUTF8 and AUTH for more
RECIPIENTS_LIMIT: Final = 100
_CHUNK: Final = re.compile(rb"([0-9]{1,12})(?: (LAST))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the host asks of its clients; ``size_limit`` in octets of a message."""

    tls: ssl.SSLContext
    require_tls: bool = True
    size_limit: int = 36_700_160


@dataclass(slots=True)
class Transaction:
    """The mail between MAIL and its end; ``chunks`` is None until BDAT brings the first."""

    sender: str
    utf8: bool
    recipients: list[str]
    chunks: bytearray | None = None


class Submission:
    """One client's session; `serve` runs it to its end."""

    def __init__(self, peer: Peer, office: Office, policy: Policy) -> None:
        self._peer = peer
        self._office = office
        self._policy = policy
        self._client = ""
        self._extended = False
        self._user = ""
        self._failures = 0
        self._mail: Transaction | None = None
        self._over = False

    def serve(self) -> None:
        """Greet, and obey until QUIT or until the client is gone."""
        self._reply(220, "", f"{self._office.domain} ESMTP Hongyan demo host")
        while not self._over:
            try:
                self._obey(self._peer.line(LINE_LIMIT))
            except ProtocolError as error:
                self._reply(500, "5.5.2", str(error))
            except TimedOut:
                self._reply(421, "4.4.2", "silent for too long; good-bye")
                raise

    def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        command = self._COMMANDS.get(verb.upper())
        try:
            if command is None:
                raise refusal(500, "5.5.2", "no such command here")
            command(self, argument.strip())
        except Refused as no:
            self._reply(int(no.code), no.enhanced, no.text)

    def _reply(self, code: int, enhanced: str, *lines: str) -> None:
        """Send one reply; each line carries the enhanced code (RFC 2034 §4), if there is one."""
        status = f"{enhanced} " if enhanced else ""
        marks = ["-"] * (len(lines) - 1) + [" "]
        text = (f"{code}{mark}{status}{line}\r\n" for mark, line in zip(marks, lines, strict=True))
        self._peer.send("".join(text).encode())

    # Sessions and their safety

    def _ehlo(self, argument: bytes) -> None:
        self._greet(argument, extended=True)
        self._reply(250, "", f"{self._office.domain} greets {self._client}", *self._extensions())

    def _helo(self, argument: bytes) -> None:
        self._greet(argument, extended=False)
        self._reply(250, "", f"{self._office.domain} greets {self._client}")

    def _greet(self, argument: bytes, *, extended: bool) -> None:
        client = arguments.text(argument)
        if not re.fullmatch(r"[!-~]{1,255}", client):
            raise refusal(501, "5.5.4", "say who you are: EHLO name")
        self._client, self._extended, self._mail = client, extended, None

    def _extensions(self) -> list[str]:
        offers = ["PIPELINING", f"SIZE {self._policy.size_limit}", "8BITMIME", "SMTPUTF8"]
        offers += ["ENHANCEDSTATUSCODES", "CHUNKING"]
        if not self._peer.secure:
            offers.append("STARTTLS")
        if self._may_log_in():
            offers.append("AUTH " + " ".join(auth.MECHANISMS))
        return offers

    def _may_log_in(self) -> bool:
        return self._peer.secure or not self._policy.require_tls

    def _starttls(self, argument: bytes) -> None:
        arguments.no_argument(argument)
        self._need_extended()
        if self._peer.secure:
            raise refusal(503, "5.5.1", "this is TLS already")
        self._reply(220, "2.0.0", "go ahead")
        self._peer.start_tls(self._policy.tls)
        # RFC 3207 §4.2: nothing learned before the handshake counts after it.
        self._client, self._extended, self._user, self._mail = "", False, "", None

    def _auth(self, argument: bytes) -> None:
        self._need_extended()
        if self._user or self._mail:
            raise refusal(503, "5.5.1", "not now: once only, and not amid a mail")
        if not self._may_log_in():
            raise refusal(538, "5.7.11", "say STARTTLS first: no password in clear")
        name, _, first = argument.partition(b" ")
        mechanism = auth.MECHANISMS.get(arguments.text(name).upper())
        if mechanism is None:
            raise refusal(504, "5.5.4", "no such mechanism here")
        try:
            exchange = mechanism(self._office.password, auth.initial(first.strip()))
            self._user = auth.converse(exchange, self._ask)
        except AuthenticationRefused as no:
            self._fail_login(str(no))
        except ProtocolError as error:
            raise refusal(501, "5.5.2", str(error)) from error
        self._reply(235, "2.7.0", "welcome home")

    def _ask(self, challenge: str) -> bytes:
        self._reply(334, "", challenge)
        return self._peer.line(auth.RESPONSE_LIMIT)

    def _fail_login(self, reason: str) -> None:
        self._failures += 1
        if self._failures >= auth.FAILURES_ALLOWED:
            self._over = True
            raise refusal(421, "4.7.0", "too many wrong passwords; good-bye")
        raise refusal(535, "5.7.8", reason)

    def _need_extended(self) -> None:
        if not self._extended:
            raise refusal(503, "5.5.1", "say EHLO first")

    # The mail

    def _mail_from(self, argument: bytes) -> None:
        if not self._client:
            raise refusal(503, "5.5.1", "say EHLO first")
        if not self._user:
            hint = "log in first" if self._may_log_in() else "say STARTTLS first"
            raise refusal(530, "5.7.0", hint)
        if self._mail:
            raise refusal(503, "5.5.1", "one mail at a time; RSET forgets this one")
        sender, rest = arguments.path(argument, "FROM")
        parameters = arguments.parameters(rest)
        self._check(parameters)
        utf8 = "SMTPUTF8" in parameters
        arguments.check_mailbox(sender, utf8=utf8, empty_allowed=True)
        self._mail = Transaction(sender, utf8, [])
        self._reply(250, "2.1.0", "from you, gladly")

    def _check(self, parameters: Mapping[str, str | None]) -> None:
        known = {"SIZE", "BODY", "SMTPUTF8", "AUTH"} if self._extended else set()
        if not parameters.keys() <= known:
            raise refusal(555, "5.5.4", "a parameter of MAIL that was never offered")
        if (parameters.get("BODY", "7BIT") or "").upper() not in {"7BIT", "8BITMIME"}:
            raise refusal(501, "5.5.4", "BODY is 7BIT or 8BITMIME")
        size = parameters.get("SIZE", "0") or ""
        if not re.fullmatch(r"[0-9]{1,20}", size):
            raise refusal(501, "5.5.4", "SIZE is a number")
        if int(size) > self._policy.size_limit:
            raise self._too_large()

    def _rcpt_to(self, argument: bytes) -> None:
        mail = self._need_mail()
        recipient, rest = arguments.path(argument, "TO")
        if rest:
            raise refusal(555, "5.5.4", "RCPT takes no parameters here")
        arguments.check_mailbox(recipient, utf8=mail.utf8, empty_allowed=False)
        if len(mail.recipients) >= RECIPIENTS_LIMIT:
            raise refusal(452, "4.5.3", f"{RECIPIENTS_LIMIT} at once are enough")
        self._office.admit(recipient)
        mail.recipients.append(recipient)
        self._reply(250, "2.1.5", "will be glad to hear from you")

    def _need_mail(self) -> Transaction:
        if self._mail is None:
            raise refusal(503, "5.5.1", "MAIL comes first")
        return self._mail

    def _data(self, argument: bytes) -> None:
        arguments.no_argument(argument)
        mail = self._need_mail()
        if mail.chunks is not None:
            raise refusal(503, "5.5.1", "begun with BDAT, to be ended with BDAT")
        if not mail.recipients:
            raise refusal(554, "5.5.1", "nobody to bring it to")
        self._reply(354, "", "write away; a line with a single dot ends it")
        content = self._collect(bytearray(), self._peer.content(Unstuffer()))
        self._deliver(mail, content)

    def _bdat(self, argument: bytes) -> None:
        found = _CHUNK.fullmatch(argument)
        if found is None:
            raise refusal(501, "5.5.4", "BDAT size [LAST]")
        # The octets follow the command whether it is welcome or not (RFC 3030 §2).
        before = self._mail.chunks if self._mail else None
        content = self._collect(before or bytearray(), self._peer.octets(int(found[1])))
        mail = self._need_mail()
        if not mail.recipients:
            self._mail = None
            raise refusal(554, "5.5.1", "nobody to bring it to")
        if found[2] or content is None:
            self._deliver(mail, content)
        else:
            mail.chunks = content
            self._reply(250, "2.0.0", f"{int(found[1])} octets received")

    def _collect(self, content: bytearray, pieces: Iterable[bytes]) -> bytearray | None:
        """Return ``content`` with ``pieces``, all of which are read, or None beyond the limit."""
        kept: bytearray | None = content
        for piece in pieces:
            if kept is not None and len(kept) + len(piece) > self._policy.size_limit:
                kept = None
            elif kept is not None:
                kept += piece
        return kept

    def _deliver(self, mail: Transaction, content: bytearray | None) -> None:
        self._mail = None
        if content is None:
            raise self._too_large()
        number = secrets.token_hex(6)
        envelope = Envelope(mail.sender, tuple(dict.fromkeys(mail.recipients)))
        self._office.deliver(envelope, self._trace(number, utf8=mail.utf8) + bytes(content))
        self._reply(250, "2.0.0", f"queued as {number}")

    def _trace(self, number: str, *, utf8: bool) -> bytes:
        """Return the Received field (RFC 5321 §4.4; the protocol names are RFC 3848's)."""
        protocol = ("UTF8SMTP" if utf8 else "ESMTP") + ("S" if self._peer.secure else "") + "A"
        now = date_time(dt.datetime.now().astimezone())
        return (
            f"Received: from {self._client} ([127.0.0.1])\r\n"
            f"\tby {self._office.domain} with {protocol} id {number};\r\n"
            f"\t{now}\r\n"
        ).encode()

    def _too_large(self) -> Refused:
        return refusal(552, "5.3.4", f"a message may have {self._policy.size_limit} octets")

    # The rest

    def _rset(self, argument: bytes) -> None:
        arguments.no_argument(argument)
        self._mail = None
        self._reply(250, "2.0.0", "forgotten")

    def _noop(self, _argument: bytes) -> None:
        self._reply(250, "2.0.0", "still here")

    def _vrfy(self, argument: bytes) -> None:
        if not argument:
            raise refusal(501, "5.5.4", "VRFY whom?")
        self._reply(252, "2.1.5", "cannot say, but will try to deliver")

    def _help(self, _argument: bytes) -> None:
        self._reply(214, "2.0.0", "RFC 5321; here: " + " ".join(map(bytes.decode, self._COMMANDS)))

    def _expn(self, _argument: bytes) -> None:
        raise refusal(502, "5.7.0", "lists are private")

    def _quit(self, argument: bytes) -> None:
        arguments.no_argument(argument)
        self._over = True
        self._reply(221, "2.0.0", "fly well")

    _COMMANDS: ClassVar[Mapping[bytes, Callable[[Submission, bytes], None]]] = {
        b"EHLO": _ehlo,
        b"HELO": _helo,
        b"STARTTLS": _starttls,
        b"AUTH": _auth,
        b"MAIL": _mail_from,
        b"RCPT": _rcpt_to,
        b"DATA": _data,
        b"BDAT": _bdat,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"VRFY": _vrfy,
        b"EXPN": _expn,
        b"HELP": _help,
        b"QUIT": _quit,
    }
