"""The demo host as a whole: four listening ports on loopback, one owner, many correspondents.

Nothing of it outlives `close`: the mail is in memory, the certificate and the password are made
anew at each start. Clients reach it by the URLs it tells, which pin its certificate.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Final, Self, TypeVar

from hongyan.demo import bot, certificate, samples
from hongyan.demo.listener import LOOPBACK, Listener
from hongyan.demo.pop3 import Pop3
from hongyan.demo.post import Office
from hongyan.demo.submission import Policy, Submission
from hongyan.mime.types import Address

if TYPE_CHECKING:
    from types import TracebackType

    from hongyan.demo.peer import Peer
    from hongyan.demo.post import Maildrop

DOMAIN: Final = "goose.example"
OWNER: Final = Address("Yan Su", f"yan@{DOMAIN}")
SIZE_LIMIT: Final = 36_700_160
_Session = TypeVar("_Session", Pop3, Submission)


class DemoHost:
    """A mail host that runs from its construction until `close`, best used with ``with``.

    ``seeded`` puts the sample messages into the owner's maildrop and the owner's own into ``sent``,
    since POP3 has no place for them; ``require_tls`` refuses a
    password in clear; ``size_limit`` is the largest message taken, in octets.
    """

    def __init__(
        self, *, seeded: bool = True, require_tls: bool = True, size_limit: int = SIZE_LIMIT
    ) -> None:
        now = dt.datetime.now().astimezone()
        identity = certificate.make(now)
        self.owner = OWNER
        self.address = OWNER.email
        self.password = secrets.token_urlsafe(12)
        self.fingerprint = identity.fingerprint
        self._office = Office(DOMAIN, bot.answer)
        self.maildrop: Maildrop = self._office.open(self.address, self.password)
        self.sent = tuple(samples.sent(now, self.owner)) if seeded else ()
        if seeded:
            for message in samples.messages(now, self.owner):
                self.maildrop.add(message)
        self._policy = Policy(identity.context, require_tls, size_limit)
        self._listeners: list[Listener] = []
        self._pop3 = self._listen(Pop3)
        self._pop3s = self._listen(Pop3, implicit=True)
        self._smtp = self._listen(Submission)
        self._smtps = self._listen(Submission, implicit=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and wait for all threads, a second at most; harmless when repeated."""
        for listener in self._listeners:
            listener.close()

    @property
    def pop3_url(self) -> str:
        """POP3 that begins in clear and goes on after STLS."""
        return self._url("pop3", self._pop3)

    @property
    def pop3s_url(self) -> str:
        """POP3 under TLS from the first octet."""
        return self._url("pop3s", self._pop3s)

    @property
    def smtp_url(self) -> str:
        """SMTP submission that begins in clear and goes on after STARTTLS."""
        return self._url("smtp", self._smtp)

    @property
    def smtps_url(self) -> str:
        """SMTP submission under TLS from the first octet."""
        return self._url("smtps", self._smtps)

    def _listen(self, session: type[_Session], *, implicit: bool = False) -> int:
        """Serve one protocol on a free port, and return the port."""

        def serve(peer: Peer) -> None:
            session(peer, self._office, self._policy).serve()

        tls = self._policy.tls if implicit else None
        listener = Listener(f"demo-{session.__name__.lower()}", serve, tls=tls)
        self._listeners.append(listener)
        return listener.port

    def _url(self, scheme: str, port: int) -> str:
        return f"{scheme}://{LOOPBACK}:{port}?pin={self.fingerprint}"
