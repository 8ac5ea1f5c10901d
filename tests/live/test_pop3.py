"""The POP3 flows against real servers: every way in, pipelining, removal, refusals, round trips."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from hongyan import pop3, sasl
from hongyan.errors import AuthenticationRefused, Refused, Unsafe
from hongyan.net.blocking import BlockingDriver
from hongyan.net.endpoint import Endpoint, Security
from tests.live.mailutils import Mailutils
from tests.live.servers import ALICE, DOMAIN, Dovecot, Tls, User
from tests.support.generate import messages
from tests.support.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hongyan.flow import Flow

T = TypeVar("T")
WAYS: Final[tuple[Tls, ...]] = ("starttls", "implicit", "none")

pytestmark = pytest.mark.usefixtures("trusted")


class Session:
    """A connection and its driver, for calling flow after flow."""

    def __init__(self, url: str) -> None:
        self.driver = BlockingDriver(Endpoint.parse(url)).connect(within=5)
        self.conn = pop3.Connection()

    @property
    def terms(self) -> sasl.Terms:
        channel = self.driver.channel
        service = sasl.Service("pop", channel.endpoint.host, channel.endpoint.port)
        return sasl.Terms(disclose=True, service=service, certificate=channel.certificate)

    @property
    def starttls(self) -> bool:
        return self.driver.channel.endpoint.security is Security.STARTTLS

    def run(self, flow: Flow[T]) -> T:
        return self.driver.run(flow, total=30)

    def open(
        self,
        user: User | None,
        *,
        remembered: pop3.Capabilities | None = None,
        riders: tuple[pop3.Verb, ...] = (),
    ) -> None:
        self.run(
            pop3.open_session(
                self.conn,
                sasl.Credentials(user.address, user.password) if user else None,
                starttls=self.starttls,
                terms=self.terms,
                remembered=remembered,
                riders=riders,
            )
        )


@contextlib.contextmanager
def session(url: str) -> Iterator[Session]:
    opened = Session(url)
    with opened.driver:
        yield opened


def mailbox(dovecot: Dovecot, name: str, count: int) -> tuple[User, list[bytes]]:
    """A new user with ``count`` messages."""
    user = User(f"{name}@{DOMAIN}", "secret")
    dovecot.add_user(user)
    dovecot.fill(user, messages(count, 7))
    return user, dovecot.messages(user)


@pytest.fixture(scope="module")
def filled(dovecot: Dovecot) -> tuple[User, list[bytes]]:
    """Someone with 300 messages, for tests that leave them."""
    return mailbox(dovecot, "filled-pop3", 300)


def collected(into: dict[int, bytes]) -> pop3.Sink:
    parts: dict[int, list[bytes]] = {}

    def sink(entry: pop3.Entry, chunk: bytes, last: bool) -> None:
        parts.setdefault(entry.number, []).append(chunk)
        if last:
            into[entry.number] = b"".join(parts.pop(entry.number))

    return sink


@pytest.mark.parametrize("tls", WAYS)
def test_every_message_comes_octet_for_octet(
    dovecot: Dovecot, filled: tuple[User, list[bytes]], tls: Tls
) -> None:
    user, given = filled
    got: dict[int, bytes] = {}
    with session(dovecot.pop3_url(tls=tls)) as visit:
        visit.open(user, riders=(pop3.Verb.LIST, pop3.Verb.UIDL))
        assert visit.conn.capabilities.pipelining
        entries = visit.run(pop3.list_entries(visit.conn))
        assert len({entry.uidl for entry in entries}) == len(given)
        assert not visit.run(pop3.retrieve(visit.conn, entries, collected(got)))
        assert visit.run(pop3.quit_(visit.conn)).committed
    whole = [each if each.endswith(b"\r\n") else each + b"\r\n" for each in given]
    assert [got[number] for number in sorted(got)] == whole


def test_headers_come_in_a_window(dovecot: Dovecot, filled: tuple[User, list[bytes]]) -> None:
    user, given = filled
    got: dict[int, bytes] = {}
    with session(dovecot.pop3_url(tls="implicit")) as visit:
        visit.open(user)
        entries = visit.run(pop3.list_entries(visit.conn))
        refused = visit.run(
            pop3.headers(visit.conn, entries, lambda each, head: got.update({each.number: head}))
        )
        assert visit.run(pop3.top(visit.conn, entries[0])) == got[1]
    assert not refused
    assert [got[number] for number in sorted(got)] == [
        each.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" for each in given
    ]


@pytest.mark.parametrize("tls", WAYS)
def test_a_check_gives_the_count_and_leaves(
    dovecot: Dovecot, filled: tuple[User, list[bytes]], tls: Tls
) -> None:
    user, given = filled
    with session(dovecot.pop3_url(tls=tls)) as visit:
        found = visit.run(
            pop3.check(
                visit.conn,
                sasl.Credentials(user.address, user.password),
                starttls=visit.starttls,
                terms=visit.terms,
            )
        )
    assert found.messages == len(given)
    assert visit.conn.state is pop3.State.CLOSED


def offering(conn: pop3.Connection, mechanism: str) -> pop3.Capabilities:
    """What the server said, as if it had that one mechanism only, or none."""
    names = {**conn.capabilities.names, "SASL": (mechanism,) if mechanism else ()}
    return pop3.Capabilities(names)


@pytest.mark.parametrize("mechanism", ["", "PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("remembered", [False, True])
def test_the_round_trips_of_a_check(
    dovecot: Dovecot, filled: tuple[User, list[bytes]], mechanism: str, remembered: bool
) -> None:
    """TCP, TLS, CAPA with the greeting on a first visit, the login with STAT and QUIT.

    SCRAM proves both sides and takes one more than PLAIN, or USER and PASS.
    """
    user, given = filled
    credentials = sasl.Credentials(user.address, user.password)
    with session(dovecot.pop3_url(tls="implicit")) as visit:
        visit.open(None)
        known = offering(visit.conn, mechanism)
    with (
        Relay(dovecot.pop3s, delay=0.02) as relay,
        session(f"pop3s://127.0.0.1:{relay.port}") as visit,
    ):
        if remembered:
            stat = visit.run(
                pop3.check(
                    visit.conn, credentials, starttls=False, terms=visit.terms, remembered=known
                )
            )
        else:
            visit.open(None)
            visit.conn.capabilities = known
            riders = (pop3.Verb.STAT, pop3.Verb.QUIT)
            visit.run(pop3.login(visit.conn, credentials, visit.terms, riders=riders))
            stat = visit.run(pop3.stat(visit.conn))
            visit.run(pop3.quit_(visit.conn))
        visit.driver.close()
        assert stat.messages == len(given)
        tcp = 1
        trips = tcp + relay.counts.round_trips
    assert trips == 3 + (not remembered) + mechanism.startswith("SCRAM")


@pytest.mark.parametrize("mechanism", ["", "PLAIN", "SCRAM-SHA-1"])
def test_a_check_with_the_wrong_password_says_so(dovecot: Dovecot, mechanism: str) -> None:
    known = pop3.Capabilities({"PIPELINING": (), "SASL": (mechanism,) if mechanism else ()})
    wrong = sasl.Credentials(ALICE.address, "wrong")
    with session(dovecot.pop3_url(tls="implicit")) as visit:
        flow = pop3.check(visit.conn, wrong, starttls=False, terms=visit.terms, remembered=known)
        with pytest.raises(AuthenticationRefused, match="AUTH Authentication failed"):
            visit.run(flow)
        assert visit.conn.state is pop3.State.CLOSED


def test_what_is_kept_is_removed_and_nothing_else(dovecot: Dovecot) -> None:
    user, given = mailbox(dovecot, "removes", 12)
    with session(dovecot.pop3_url()) as visit:
        visit.open(user)
        entries = visit.run(pop3.list_entries(visit.conn))
        removal = visit.run(pop3.remove(visit.conn, entries, lambda each: each.number % 3 == 0))
    assert removal.farewell.committed
    assert [each.number for each in removal.removed] == [3, 6, 9, 12]
    assert dovecot.messages(user) == [each for at, each in enumerate(given, 1) if at % 3]


def test_a_doubt_removes_nothing(dovecot: Dovecot) -> None:
    user, given = mailbox(dovecot, "doubts", 5)
    answers = iter([True] * 9)
    with session(dovecot.pop3_url()) as visit:
        visit.open(user)
        entries = visit.run(pop3.list_entries(visit.conn))
        removal = visit.run(pop3.remove(visit.conn, entries, lambda _: next(answers, False)))
    assert removal.removed == ()
    assert dovecot.messages(user) == given


def test_a_line_lost_before_quit_removes_nothing(dovecot: Dovecot) -> None:
    user, given = mailbox(dovecot, "loses", 5)
    with session(dovecot.pop3_url()) as visit:
        visit.open(user)
        entries = visit.run(pop3.list_entries(visit.conn))
        assert not visit.run(pop3.delete(visit.conn, entries))
    assert dovecot.messages(user) == given


@pytest.mark.parametrize(
    "mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
)
def test_every_mechanism_logs_in_and_is_refused(dovecot: Dovecot, mechanism: str) -> None:
    for password in (ALICE.password, "wrong"):
        credentials = sasl.Credentials(ALICE.address, password)
        with session(dovecot.pop3_url()) as visit:
            visit.open(None)
            talk = sasl.mechanism(mechanism, credentials, service=visit.terms.service)
            flow = pop3.authenticate(visit.conn, talk, riders=(pop3.Verb.STAT,))
            if password == ALICE.password:
                visit.run(flow)
                assert visit.run(pop3.stat(visit.conn)).messages >= 0
            else:
                with pytest.raises(AuthenticationRefused, match="AUTH"):
                    visit.run(flow)
                assert visit.conn.in_flight == 0


def test_user_and_apop(dovecot: Dovecot) -> None:
    credentials = sasl.Credentials(ALICE.address, ALICE.password)
    with session(dovecot.pop3_url(tls="none")) as visit:
        visit.open(None)
        visit.run(pop3.apop(visit.conn, credentials, visit.terms))
        visit.run(pop3.noop(visit.conn))
    for password in ("wrong", ALICE.password):
        with session(dovecot.pop3_url(tls="implicit")) as visit:
            visit.open(None)
            with contextlib.suppress(AuthenticationRefused):
                visit.run(pop3.user_pass(visit.conn, sasl.Credentials(ALICE.address, password)))
            assert (visit.conn.state is pop3.State.TRANSACTION) == (password == ALICE.password)


def test_a_long_response_takes_two_steps(dovecot: Dovecot) -> None:
    user = User(f"long-pop3@{DOMAIN}", "x" * 300)
    dovecot.add_user(user)
    with session(dovecot.pop3_url()) as visit:
        visit.open(None)
        plain = sasl.mechanism("PLAIN", sasl.Credentials(user.address, user.password))
        visit.run(pop3.authenticate(visit.conn, plain))
        assert visit.conn.state is pop3.State.TRANSACTION


def test_a_remembered_offer_that_no_longer_holds(dovecot: Dovecot) -> None:
    stale = pop3.Capabilities({"SASL": ("SCRAM-SHA-512",), "PIPELINING": ()})
    with (
        session(dovecot.pop3_url()) as visit,
        pytest.raises(Unsafe, match="used to offer SCRAM-SHA-512"),
    ):
        visit.open(ALICE, remembered=stale)
    stale = pop3.Capabilities({"SASL": (), "UTF8": ("USER",)})
    with session(dovecot.pop3_url()) as visit:
        visit.open(ALICE, remembered=stale)
        assert visit.conn.state is pop3.State.TRANSACTION


def test_what_is_not_offered_is_refused_and_the_session_goes_on(dovecot: Dovecot) -> None:
    with session(dovecot.pop3_url()) as visit:
        visit.open(None)
        assert "UTF8" not in visit.conn.capabilities
        for flow in (pop3.utf8, pop3.languages):
            with pytest.raises(Refused):
                visit.run(flow(visit.conn))
        visit.run(pop3.capa(visit.conn))
        assert visit.conn.capabilities.mechanisms


def test_the_session_is_kept_alive_until_woken(dovecot: Dovecot) -> None:
    with session(dovecot.pop3_url()) as visit:
        visit.open(ALICE)
        timer = threading.Timer(0.35, visit.driver.wake)
        timer.start()
        before = visit.conn.progress
        visit.run(pop3.keep_alive(visit.conn, every=0.1))
        timer.join()
        assert visit.conn.progress - before in (2, 3)
        visit.run(pop3.noop(visit.conn))


# -- another server


LETTERS: Final = [
    f"Subject: {number}\r\nX-Number: {number}\r\n\r\n.{'dot' * number}\r\n..\r\nend\r\n".encode()
    for number in range(1, 41)
]


@pytest.mark.parametrize("tls", [True, False])
def test_another_server_gives_the_same_letters(mailutils: Mailutils, tls: bool) -> None:
    """Its LIST counts line ends as one octet each: what comes is longer than announced."""
    user = mailutils.add_user(f"reads-{tls}", LETTERS)
    got: dict[int, bytes] = {}
    with session(mailutils.url(tls=tls)) as visit:
        visit.open(user, riders=(pop3.Verb.LIST, pop3.Verb.UIDL))
        assert visit.conn.capabilities.pipelining
        entries = visit.run(pop3.list_entries(visit.conn))
        assert len({entry.uidl for entry in entries}) == len(LETTERS)
        assert not visit.run(pop3.retrieve(visit.conn, entries, collected(got)))
        assert visit.run(pop3.top(visit.conn, entries[6])).startswith(b"Subject: 7\r\n")
        assert visit.run(pop3.quit_(visit.conn)).committed
    for number, letter in enumerate(LETTERS, 1):
        fields, _, body = got[number].partition(b"\r\n\r\n")
        assert fields.startswith(letter.partition(b"\r\n\r\n")[0])
        assert body == letter.partition(b"\r\n\r\n")[2]


def test_a_capability_that_makes_no_sense_is_none(mailutils: Mailutils) -> None:
    with session(mailutils.url()) as visit:
        visit.open(None)
        assert "EXPIRE30" in visit.conn.capabilities
        assert visit.conn.capabilities.expire is None
        assert visit.conn.capabilities.login_delay is None


def test_a_maildrop_in_use_says_so(mailutils: Mailutils) -> None:
    user = mailutils.add_user("busy", LETTERS[:2])
    with session(mailutils.url()) as first, session(mailutils.url()) as second:
        first.open(user)
        with pytest.raises(Refused, match=r"IN-USE.*another program has this mailbox open") as no:
            second.open(user)
        assert no.value.temporary
        assert type(no.value) is Refused, "the password is not asked for again"
        first.run(pop3.quit_(first.conn))
    with session(mailutils.url()) as third:
        third.open(user)


def test_another_server_removes_what_is_kept(mailutils: Mailutils) -> None:
    user = mailutils.add_user("removes", LETTERS[:4])
    with session(mailutils.url()) as visit:
        visit.open(user)
        entries = visit.run(pop3.list_entries(visit.conn))
        removal = visit.run(pop3.remove(visit.conn, entries, lambda each: each.number % 2 == 0))
    assert [each.number for each in removal.removed] == [2, 4]
    with session(mailutils.url()) as visit:
        visit.open(user)
        left = visit.run(pop3.list_entries(visit.conn))
    assert [each.uidl for each in left] == [entries[0].uidl, entries[2].uidl]
