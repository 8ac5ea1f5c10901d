"""``hongyan.IMAP``, blocking and asyncio, with a live server: every method, and the documents' examples."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from hongyan import IMAP, aio, imap
from hongyan.errors import AuthenticationRefused, InvalidArgument, Unsafe
from hongyan.imap import Change, NumberSet, Peek
from hongyan.net.record import Recorder
from hongyan.sasl import Credentials, mechanism
from tests.live.imap import new_user
from tests.live.servers import ALICE
from tests.test_docs import examples

if TYPE_CHECKING:
    from tests.live.servers import Dovecot, User

LETTER = b"Subject: the goose\r\n\r\nfirst\r\n"
EXAMPLES = [(name, code) for name, code in examples() if "imap" in code.lower()]
pytestmark = pytest.mark.usefixtures("trusted")


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    made = new_user(dovecot)
    dovecot.fill(made, [LETTER, LETTER.replace(b"goose", b"swan")])
    return made


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_examples_run_as_they_stand(name: str, code: str, dovecot: Dovecot, user: User) -> None:
    for scheme, tls in (("imaps", "implicit"), ("imap", "starttls")):
        url = dovecot.imap_url(tls=tls)  # type: ignore[arg-type]  # two of its values
        code = code.replace(f'"{scheme}://mail.example.org"', repr(url))
    code = code.replace('"yan@goose.example"', repr(user.address))
    code = code.replace('"password"', repr(user.password))
    exec(compile(code, name, "exec"), {"__name__": "example"})


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("compress", [False, True])
def test_every_method(dovecot: Dovecot, user: User, compress: bool) -> None:
    taken: list[imap.Fetched] = []
    chunks: list[bytes] = []
    url = dovecot.imap_url(tls="implicit")
    with IMAP(url, user.address, user.password, compress=compress) as mail:
        mail.create("a.b")
        mail.rename("a.b", "雁")
        mail.subscribe("雁")
        listed = dict(mail.mailboxes(subscribed=True, status=["MESSAGES"]))
        assert {each.name for each in listed} == {"Sent", "雁"}
        mail.unsubscribe("雁")
        assert mail.namespace().personal
        assert mail.quota()[0].resources["STORAGE"][1] == 1024 * 1024
        assert mail.status("INBOX").values["MESSAGES"] == 2
        box = mail.select()
        assert (box.exists, mail.search(), mail.search("SUBJECT", "swan")) == (
            2, NumberSet.of([1, 2]), NumberSet.of([2]),
        )  # fmt: skip
        assert mail.sort(["SUBJECT"]) == (1, 2)
        assert {number for number, _ in mail.thread("ALL").items} == {1, 2}
        failures = mail.fetch(
            NumberSet.since(1),
            ["FLAGS", Peek()],
            take=taken.append,
            sink=lambda _, __, chunk, ___: chunks.append(chunk),
        )
        assert not failures
        again: list[imap.Fetched] = []
        mail.fetch(mail.sort(["REVERSE", "SUBJECT"]), ["FLAGS"], take=again.append)
        assert [each.uid for each in again] == [1, 2]
        placed = mail.append("雁", LETTER, flags=[r"\Seen"])
        copied = mail.copy(NumberSet.of([1]), "雁")
        moved = mail.move([1], "雁")
        assert placed
        assert copied
        assert moved
        assert mail.store(NumberSet.of([2]), Change.ADD, [r"\Deleted"]) == NumberSet()
        mail.expunge(NumberSet.of([2]))
        gone = [each.uids for each in mail.news() if isinstance(each, imap.Vanished)]
        assert gone == [NumberSet.of([1]), NumberSet.of([2])]
        mail.noop()
        assert mail.run(lambda conn: imap.status(conn, "雁", ["MESSAGES"])).values["MESSAGES"] == 3
        mail.unselect()
        mail.delete("雁")
    assert b"".join(chunks) == LETTER + LETTER.replace(b"goose", b"swan")
    assert [message.uid for message in taken] == [1, 2]


def test_in_an_event_loop(dovecot: Dovecot, user: User) -> None:
    async def session() -> tuple[int, NumberSet, tuple[imap.News, ...]]:
        async with aio.IMAP(dovecot.imap_url(), user.address, user.password) as mail:
            box = await mail.select()
            await mail.store(NumberSet.of([1]), Change.ADD, ["$Goose"])
            found = await mail.search("KEYWORD", "$Goose")
            await mail.append("INBOX", LETTER)
            news = mail.news()
            asyncio.get_running_loop().call_later(0.1, mail.wake)
            await mail.idle(seconds=10)
            return box.exists, found, news

    exists, found, news = asyncio.run(asyncio.wait_for(session(), 15))
    assert (exists, found) == (2, NumberSet.of([1]))
    assert imap.Exists(3) in news


def test_the_same_methods_under_both() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert methods(IMAP) == methods(aio.IMAP)


def test_waiting_is_woken_and_hears(dovecot: Dovecot, user: User) -> None:
    heard: list[imap.News] = []
    url = dovecot.imap_url(tls="implicit")
    with (
        IMAP(url, user.address, user.password, listener=heard.append) as waiting,
        IMAP(url, user.address, user.password) as other,
    ):
        waiting.select()
        threading.Timer(0.1, lambda: other.append("INBOX", LETTER)).start()
        while imap.Exists(3) not in heard:
            assert waiting.idle(seconds=10) == ()  # the listener has it
        timer = threading.Timer(0.1, waiting.wake)
        timer.start()
        waiting.idle(seconds=10)
        timer.join()


def test_a_mechanism_and_what_is_remembered(dovecot: Dovecot, user: User) -> None:
    url = dovecot.imap_url(tls="implicit")
    plain = mechanism("PLAIN", Credentials(user.address, user.password))
    with IMAP(url, mechanism=plain) as mail:
        assert mail.select().exists == 2
        assert "QRESYNC" in mail.enabled
        offered = mail.offered
    assert "SCRAM-SHA-256" in offered["AUTH"]
    stronger = {"AUTH": ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-512")}
    with (
        pytest.raises(Unsafe),
        IMAP(url, user.address, user.password, remembered=stronger),
    ):
        pass
    with IMAP(url, user.address, user.password, remembered=offered) as mail:
        mail.noop()


def test_a_wrong_password_and_a_wrong_address(dovecot: Dovecot, user: User) -> None:
    with (
        pytest.raises(AuthenticationRefused),
        IMAP(dovecot.imap_url(tls="implicit"), user.address, "wrong"),
    ):
        pass
    with pytest.raises(InvalidArgument):
        IMAP("pop3s://mail.example.org")


def test_a_record_without_the_password(dovecot: Dovecot) -> None:
    user = ALICE
    lines: list[str] = []
    recorder = Recorder(lambda line: lines.append(str(line)))
    with IMAP(
        dovecot.imap_url(), user.address, user.password, compress=True, recorder=recorder
    ) as mail:
        mail.select()
    said = "\n".join(lines)
    assert "SELECT INBOX" in said
    assert "DEFLATE" in said
    assert user.password not in said
