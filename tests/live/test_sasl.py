"""Our mechanisms against Dovecot's own, with the standard library's IMAP as the carrier."""

from __future__ import annotations

import contextlib
import imaplib
from typing import TYPE_CHECKING

import pytest

from hongyan.errors import ProtocolError
from hongyan.sasl import Credentials, Mechanism, Service, choose, mechanism
from tests.live.servers import ALICE, LOOPBACK, MECHANISMS, Dovecot, User

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = Service("imap", LOOPBACK)
HARD = [
    User("odd@example.test", "p,a=s%s w\\o\"r'd"),
    User("goose@example.test", "鸿雁 tragt Briefe"),
    User("long@example.test", "x" * 200),
]


@contextlib.contextmanager
def connected(dovecot: Dovecot) -> Iterator[imaplib.IMAP4]:
    client = imaplib.IMAP4(LOOPBACK, dovecot.imap, timeout=10)
    try:
        yield client
    finally:
        client.shutdown()


def log_in(client: imaplib.IMAP4, talk: Mechanism) -> None:
    first = talk.start()
    waiting = [] if first is None else [first]
    client.authenticate(talk.name, lambda said: waiting.pop() if waiting else talk.respond(said))
    talk.finish()


@pytest.fixture(scope="module", params=HARD, ids=lambda user: user.address.partition("@")[0])
def user(request: pytest.FixtureRequest, dovecot: Dovecot) -> User:
    person: User = request.param
    dovecot.add_user(person)
    return person


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_logs_in(dovecot: Dovecot, user: User, name: str) -> None:
    credentials = Credentials(user.address, user.password)
    with connected(dovecot) as client:
        log_in(client, mechanism(name, credentials, service=SERVICE))
        assert client.state == "AUTH"


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_wrong_password_is_refused(dovecot: Dovecot, name: str) -> None:
    credentials = Credentials(ALICE.address, ALICE.password + "!")
    with (
        connected(dovecot) as client,
        pytest.raises((imaplib.IMAP4.error, ProtocolError), match="AUTHENTICATIONFAILED"),
    ):
        log_in(client, mechanism(name, credentials, service=SERVICE))


def test_the_strongest_is_chosen(dovecot: Dovecot, user: User) -> None:
    with connected(dovecot) as client:
        offered = [word[5:] for word in client.capabilities if word.startswith("AUTH=")]
        talk = choose(offered, Credentials(user.address, user.password), secure=False)
        assert talk.name == "SCRAM-SHA-256"
        log_in(client, talk)
