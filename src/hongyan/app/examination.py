"""Examining servers for the doctor: looking, and logging in where there is an account.

Nothing is sent, fetched or changed. A certificate that is not trusted is looked at a second time
without trust, to tell what it is; on that connection nothing but the greeting is read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hongyan import doctor, imap
from hongyan.app.greeting import greet
from hongyan.errors import HongyanError, TLSFailed
from hongyan.imap import quirks
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint
from hongyan.net.record import Direction, Recorder
from hongyan.net.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hongyan.app.network import Network
    from hongyan.app.servers import Servers
    from hongyan.doctor import Facts, Finding
    from hongyan.net.record import Line
    from hongyan.net.tls import Session
    from hongyan.store import Account

_PATIENCE: Final = 15.0


class Examination:
    """What looks at servers and says what is wrong."""

    def __init__(
        self, servers: Servers, network: Network, *, clock: Callable[[], datetime]
    ) -> None:
        self._servers = servers
        self._network = network
        self._clock = clock

    def of_url(self, url: str) -> tuple[Finding, ...]:
        """Return what is found at a server, without logging in. Raises `InvalidArgument`."""
        return doctor.judge(self._look(Endpoint.parse(url)), self._clock())

    def of_account(self, account: Account, url: str) -> tuple[Finding, ...]:
        """Return what is found at one of an account's servers, a login included."""
        facts = self._look(Endpoint.parse(url))
        if facts.error is None:
            check = self._servers.check_one(account, url)
            names = check.names or facts.names
            facts = replace(
                facts, logged_in=check.error is None, login_error=check.error, names=names
            )
        return doctor.judge(facts, self._clock())

    def _look(self, endpoint: Endpoint) -> Facts:
        lines: list[Line] = []
        facts = doctor.Facts(
            protocol=endpoint.protocol,
            host=endpoint.host,
            secure=endpoint.secure,
            addresses=self._addresses(endpoint),
        )
        driver = self._driver(endpoint, lines)
        try:
            with driver.connect(within=_PATIENCE):
                greeted = greet(driver, within=_PATIENCE)
                session = driver.channel.tunnel and driver.channel.tunnel.session
        except TLSFailed as error:
            facts = _certified(facts, self._untrusted(endpoint))
            return replace(facts, error=error, trusted=False)
        except HongyanError as error:
            return replace(facts, error=error)
        if session:
            facts = replace(_certified(facts, session), tls=f"{session.version}, {session.cipher}")
        facts = replace(facts, names=greeted.names, mechanisms=greeted.mechanisms)
        return self._timed(replace(facts, quirks=_quirks(facts, _greeting(lines))), lines)

    def _driver(self, endpoint: Endpoint, lines: list[Line]) -> BlockingDriver:
        recorder = Recorder(lines.append)
        return BlockingDriver(endpoint, recorder=recorder, resolve=self._network.resolve)

    def _addresses(self, endpoint: Endpoint) -> tuple[str, ...]:
        try:
            found = self._network.resolve(endpoint.host, endpoint.port)
        except (OSError, UnicodeError):
            return ()
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    def _untrusted(self, endpoint: Endpoint) -> Session | None:
        """Return what a server shows that is not trusted, or nothing."""
        context = client_context(pinned=True)  # only to look: no secret goes over it
        driver = BlockingDriver(endpoint, context=context, resolve=self._network.resolve)
        with suppress(HongyanError), driver.connect(within=_PATIENCE):
            greet(driver, within=_PATIENCE)
        tunnel = driver.channel.tunnel
        return tunnel.session if tunnel else None

    def _timed(self, facts: Facts, lines: list[Line]) -> Facts:
        """Add what the dialogue tells of distance and of the server's clock."""
        said = [line for line in lines if line.direction is not Direction.NOTE]
        waits = [
            answer.at - question.at
            for question, answer in pairwise(said)
            if (question.direction, answer.direction) == (Direction.CLIENT, Direction.SERVER)
        ]
        theirs = doctor.clock_of(_greeting(lines))
        return replace(
            facts,
            round_trip=min(waits, default=None),
            round_trips=len(waits),
            clock=theirs - self._clock() if theirs else None,
        )


def _certified(facts: Facts, session: Session | None) -> Facts:
    """Add the certificates of a session."""
    if session is None:
        return facts
    read = map(doctor.read_certificate, session.issuers)
    return replace(
        facts,
        certificate=doctor.read_certificate(session.certificate),
        issuers=tuple(each for each in read if each is not None),
    )


def _greeting(lines: list[Line]) -> bytes:
    return next((each.data for each in lines if each.direction is Direction.SERVER), b"")


def _quirks(facts: Facts, greeting: bytes) -> tuple[str, ...]:
    """Return what is known of an IMAP server that shows itself so."""
    if facts.protocol != "imap":
        return ()
    shown = greeting.decode("utf-8", "replace").strip()
    server = quirks.Server(facts.host, shown, imap.Capabilities(facts.names))
    return tuple(f"{each.servers}: {each.defect}" for each in quirks.found(server))
