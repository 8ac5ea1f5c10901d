"""An IMAP session of the engine with a live server, for tests that drive flows themselves."""

from __future__ import annotations

import imaplib
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeVar

from hongyan import imap
from hongyan.imap import Connection
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint, Security
from hongyan.sasl import Credentials, Service, Terms
from tests.live.servers import LOOPBACK, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hongyan.flow import Flow
    from hongyan.imap.connection import News
    from tests.live.servers import Tls

T = TypeVar("T")
USERS = count(1)


class Server(Protocol):
    """What every IMAP server of the tests can do."""

    def imap_url(self, *, tls: Tls = "starttls") -> str: ...
    def add_user(self, user: User) -> None: ...
    def fill(self, user: User, messages: Iterable[bytes]) -> int: ...
    def messages(self, user: User) -> list[bytes]: ...


def new_user(server: Server) -> User:
    """Return somebody new, with an empty inbox."""
    made = User(f"imap{next(USERS)}@example.test", "secret")
    server.add_user(made)
    return made


class Session:
    """A driver and an engine that are logged in."""

    def __init__(self, driver: BlockingDriver, conn: Connection, heard: list[News]) -> None:
        self.driver = driver
        self.conn = conn
        self.heard = heard

    def run(self, flow: Flow[T]) -> T:
        return self.driver.run(flow, total=20)


@contextmanager
def session(server: Server, user: User, *, tls: Tls = "none") -> Iterator[Session]:
    heard: list[News] = []
    endpoint = Endpoint.parse(server.imap_url(tls=tls))
    with BlockingDriver(endpoint).connect(within=5) as driver:
        conn = Connection(listener=heard.append)
        terms = Terms(
            disclose=True,
            service=Service("imap", LOOPBACK),
            certificate=driver.channel.certificate,
        )
        credentials = Credentials(user.address, user.password)
        yield_to = Session(driver, conn, heard)
        yield_to.run(
            imap.open_session(
                conn,
                credentials,
                use_starttls=endpoint.security is Security.STARTTLS,
                terms=terms,
                identity={"name": "Hongyan"},
            )
        )
        yield yield_to
        yield_to.run(imap.logout(conn))


def put(server: Server, user: User, messages: Iterable[bytes]) -> int:
    """Append messages to the inbox over the line; returns how many there were."""
    letters = [imap.Letter([each], len(each)) for each in messages]
    with session(server, user) as live:
        requests = [imap.append_request(live.conn, "INBOX", [each]) for each in letters]
        for outcome in live.run(imap.ask_each(live.conn, requests)):
            assert not isinstance(outcome, Exception), outcome
    return len(letters)


def make(port: int, user: User, mailbox: str) -> None:
    """Make a mailbox, by another client."""
    with imaplib.IMAP4(LOOPBACK, port, timeout=10) as client:
        client.login(user.address, user.password)
        assert client.create(mailbox)[0] == "OK"


def inbox(port: int, user: User, mailbox: str = "INBOX") -> list[bytes]:
    """Return the octets of each message in a mailbox, by another client and in the order of UIDs."""
    with imaplib.IMAP4(LOOPBACK, port, timeout=10) as client:
        client.login(user.address, user.password)
        if client.select(mailbox, readonly=True)[0] != "OK":
            return []  # it is not there yet
        _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
    return [each[1] for each in data if isinstance(each, tuple)]
