"""Many messages on one line: every verdict, every offer, every cut; round trips counted exactly."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan import smtp
from hongyan.errors import (
    Cancelled,
    ConnectionLost,
    InvalidArgument,
    ProtocolError,
    Refused,
    StoreError,
    TimedOut,
)
from hongyan.sasl import Terms
from hongyan.smtp import Envelope, Outcome, Protocol, Receipt, Submission, Window
from tests.smtp.simulation import ALL, Line, Message, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hongyan.flow import Flow

STREAM = ALL
GROUPS = tuple(each for each in ALL if each != "CHUNKING")
STEPS = tuple(each for each in GROUPS if each != "PIPELINING")
PACES = {
    "stream": STREAM,
    "groups": GROUPS,
    "steps": STEPS,
    "chunks in steps": (*STEPS, "CHUNKING"),
}
EIGHT_KB = b"Subject: x\r\n\r\n" + b"0123456789" * 817 + b"\r\n"


def session(
    submissions: Iterable[Submission],
    settled: list[tuple[Submission, Receipt]],
    *,
    protocol: Protocol = Protocol.SMTP,
    window: Window = Window(),  # noqa: B008
    leave: bool = True,
) -> Flow[None]:
    conn = smtp.Connection(protocol=protocol)
    yield from smtp.open_session(conn, None, use_starttls=False, terms=Terms(disclose=True))
    yield from smtp.submit_many(
        conn, submissions, lambda *pair: settled.append(pair), window=window
    )
    if leave:
        yield from smtp.quit_(conn)


def letter(
    sender: str, *recipients: str, final: int = 250, body: bytes = b".\r\nhello\r\n"
) -> Submission:
    content = b"Final: %d\r\n\r\n" % final + body
    return Submission(Envelope(sender, recipients), [content])


def outcomes(settled: Iterable[tuple[Submission, Receipt]]) -> list[list[Outcome]]:
    return [[each.outcome for each in receipt.deliveries] for _, receipt in settled]


# -- round trips


@pytest.mark.parametrize(
    ("offers", "most"), [(STREAM, 7), (GROUPS, 200 * 1.05), (STEPS, 200 * 4 + 10)]
)
def test_round_trips_of_200_messages(offers: tuple[str, ...], most: float) -> None:
    server, settled = Server(offers), list[tuple[Submission, Receipt]]()
    line = Line(server)
    letters = [
        Submission(Envelope("a@example.org", ("b@example.org",)), [EIGHT_KB]) for _ in range(200)
    ]
    line.run(session(letters, settled))
    assert [each for each, _ in settled] == letters
    assert all(receipt.sent for _, receipt in settled)
    assert len(server.accepted) == 200
    assert line.now <= most, "greeting, EHLO and QUIT included"


@pytest.mark.parametrize("window", [Window(messages=7), Window(octets=7 * len(EIGHT_KB))])
def test_the_window_bounds_what_is_uncertain(window: Window) -> None:
    server, settled = Server(), list[tuple[Submission, Receipt]]()
    waiting: list[int] = []

    def begun() -> None:
        waiting.append(len(waiting) + 1 - len(settled))

    envelope = Envelope("a@example.org", ("b@example.org",))
    letters = (Submission(envelope, [EIGHT_KB], begun) for _ in range(50))
    Line(server).run(session(letters, settled, window=window))
    assert (len(settled), len(waiting), max(waiting)) == (50, 50, 7)


def test_a_large_message_waits_until_somebody_wants_it() -> None:
    asked: list[str] = []

    def content() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 99_998 + b"\r\n"
        asked.append("all")

    server, settled = Server(), list[tuple[Submission, Receipt]]()
    begun: list[int] = []
    refused = Submission(
        Envelope("a@example.org", ("550.b@example.org",)), content(), lambda: begun.append(1)
    )
    taken = Submission(
        Envelope("a@example.org", ("b@example.org",)), content(), lambda: begun.append(2)
    )
    line = Line(server)
    line.run(session([refused, taken, letter("a@example.org", "c@example.org")], settled))
    assert outcomes(settled) == [[Outcome.REFUSED], [Outcome.SENT], [Outcome.SENT]]
    assert (begun, asked) == ([2], ["all"])
    assert len(server.accepted[0].content) == 2_000_000
    assert sum(each.startswith(b"BDAT") for each in server.commands) == 3, "two chunks and a letter"
    assert line.now < 10


def large(*, octets: int = 4_000_000) -> Submission:
    parts = (b"x" * 998 + b"\r\n" for _ in range(octets // 1000))
    return Submission(Envelope("a@example.org", ("b@example.org",)), parts)


@pytest.mark.parametrize("keeps", [False, True])
def test_after_a_refused_chunk_no_other_follows(keeps: bool) -> None:
    server = Server(keeps=keeps, full_after=1_000_000)
    settled: list[tuple[Submission, Receipt]] = []
    line = Line(server)
    line.run(session([large(octets=20_000_000), letter("a@example.org", "c@example.org")], settled))
    assert outcomes(settled) == [[Outcome.REFUSED], [Outcome.SENT]]
    assert line.up < 6_000_000, "what was in flight, and no more"
    assert [message.recipients for message in server.accepted] == [(b"c@example.org",)]


class Silent(Line):
    """A server that falls silent, and a clock that notices."""

    def _read(self) -> bytes:
        if not self._due:
            raise TimedOut("mail.example.org did not answer in time")
        return super()._read()


@pytest.mark.parametrize(
    ("offers", "after", "uncertain"),
    [
        (STREAM, b"BDAT", [True]),
        (GROUPS, b"MAIL", []),
        (GROUPS, b"hello", [True]),
        (STEPS, b"MAIL", []),
        (STEPS, b"DATA", []),
        (STEPS, b"hello", [True]),
    ],
)
def test_silence_is_uncertain_only_after_the_end(
    offers: tuple[str, ...], after: bytes, uncertain: list[bool]
) -> None:
    class Mute(Server):
        def feed(self, data: bytes) -> bytes:
            self.closed = self.closed or after in data
            return super().feed(data)

    settled: list[tuple[Submission, Receipt]] = []
    with pytest.raises(TimedOut):
        Silent(Mute(offers)).run(
            session([letter("a@example.org", "b@example.org")], settled, leave=False)
        )
    assert [receipt.uncertain for _, receipt in settled] == uncertain


# -- verdicts

CODES = st.sampled_from(["", "", "", "450.", "550.", "552.", "452."])
PEOPLE = st.builds("{}{}@example.org".format, CODES, st.sampled_from(["anna", "bo", "chen"]))
LETTERS = st.builds(
    lambda sender, recipients, final, body: letter(sender, *recipients, final=final, body=body),
    PEOPLE,
    st.lists(PEOPLE, min_size=1, max_size=4),
    st.sampled_from([250, 250, 250, 452, 554]),
    st.sampled_from([b"x\r\n", b".\r\n..\r\n", b"", b"no end", b"\r\n.\r\nMAIL FROM:<x>\r\n"]),
)


def verdict(code: str) -> Outcome:
    return Outcome.DEFERRED if code[:3] in {"450", "452"} else Outcome.REFUSED


def expected(submission: Submission) -> list[Outcome]:
    (content,) = submission.content
    final = bytes(content)[7:10].decode()
    envelope = submission.envelope
    told = []
    for recipient in envelope.recipients:
        if envelope.sender[:1] in "45":
            told.append(verdict(envelope.sender))
        elif recipient[:4] == "552.":
            told.append(Outcome.DEFERRED)
        elif recipient[:1] in "45":
            told.append(verdict(recipient))
        else:
            told.append(Outcome.SENT if final == "250" else verdict(final))
    return told


def delivered(submission: Submission) -> list[Message]:
    told = expected(submission)
    people = submission.envelope.recipients
    takers = [each for each, how in zip(people, told, strict=True) if how is Outcome.SENT]
    (content,) = submission.content
    octets = bytes(content)
    octets += b"" if octets.endswith(b"\r\n") else b"\r\n"
    sender = submission.envelope.sender.encode()
    return [Message(sender, tuple(each.encode() for each in takers), octets)] if takers else []


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
@given(letters=st.lists(LETTERS, max_size=8))
def test_no_message_harms_another(
    offers: tuple[str, ...], keeps: bool, letters: list[Submission]
) -> None:
    server, settled = Server(offers, keeps=keeps), list[tuple[Submission, Receipt]]()
    Line(server).run(session(letters, settled))
    assert [each for each, _ in settled] == letters
    assert outcomes(settled) == [expected(each) for each in letters]
    assert server.accepted == [message for each in letters for message in delivered(each)]


@pytest.mark.parametrize("offers", [STREAM, GROUPS, STEPS])
def test_lmtp_answers_for_each_recipient(offers: tuple[str, ...]) -> None:
    people = ("a@example.org", "550.b@example.org", "c.452@example.org", "d@example.org")
    letters = [
        letter("s@example.org", *people),
        letter("s@example.org", "550.b@example.org"),
        letter("s@example.org", "e.550@example.org", "f@example.org"),
    ]
    server, settled = Server(offers, lmtp=True), list[tuple[Submission, Receipt]]()
    Line(server).run(session(letters, settled, protocol=Protocol.LMTP))
    sent, deferred, refused = Outcome.SENT, Outcome.DEFERRED, Outcome.REFUSED
    assert outcomes(settled) == [[sent, refused, deferred, sent], [refused], [refused, sent]]
    assert server.commands[0].startswith(b"LHLO ")
    assert [each.recipients for each in server.accepted] == [
        (b"a@example.org", b"d@example.org"),
        (b"f@example.org",),
    ]


def test_what_cannot_be_sent_is_told_in_its_turn() -> None:
    letters = [
        letter("a@example.org", "b@example.org"),
        letter("a@example.org", "b@example.org\r\nDATA"),
        letter("a@example.org"),
        Submission(Envelope("a@example.org", ("b@example.org",), size=10**12), [b""]),
        letter("a@example.org", "c@example.org"),
    ]
    server, settled = Server(), list[tuple[Submission, Receipt]]()
    Line(server).run(session(letters, settled))
    assert [each for each, _ in settled] == letters
    errors = [type(receipt.error) for _, receipt in settled]
    assert errors == [type(None), InvalidArgument, InvalidArgument, Refused, type(None)]
    assert settled[3][1].deliveries[0].outcome is Outcome.REFUSED
    assert "takes 1000000000" in settled[3][1].deliveries[0].words
    assert len(server.accepted) == 2


@pytest.mark.parametrize("every", [2, 4, 7])
def test_a_server_that_loses_patience_leaves_nothing_uncertain(every: int) -> None:
    letters = [
        letter("a@example.org", f"{'' if n % every else '550.'}b{n}@example.org") for n in range(99)
    ]
    left, sessions, accepted = letters, 0, 0
    while left:
        server, settled = Server(keeps=True, patience=10), list[tuple[Submission, Receipt]]()
        with suppress(ConnectionLost):
            Line(server).run(session(left, settled))
        assert outcomes(settled) == [expected(each) for each, _ in settled]
        assert len(settled) > 10
        left = left[len(settled) :]
        accepted += len(server.accepted)
        sessions += 1
    assert accepted == sum(expected(each) == [Outcome.SENT] for each in letters)
    assert sessions <= 6


@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_a_server_that_counts_errors_and_goes(offers: tuple[str, ...]) -> None:
    letters = [letter("a@example.org", "550.b@example.org", body=b"%d" % n) for n in range(30)]
    server, settled = Server(offers, errors=9), list[tuple[Submission, Receipt]]()
    with pytest.raises(Refused, match="421 too many errors"):
        Line(server).run(session(letters, settled))
    assert 3 < len(settled) < 10
    assert not any(receipt.uncertain for _, receipt in settled)


# -- a line that breaks

FIVE = [
    letter("a@example.org", "b@example.org", body=b"1\r\n"),
    letter("a@example.org", "550.b@example.org", body=b"2\r\n"),
    letter("a@example.org", "b@example.org", "450.c@example.org", body=b"3\r\n"),
    letter("550.a@example.org", "b@example.org", body=b"4\r\n"),
    letter("a@example.org", "b@example.org", final=552, body=b"5\r\n"),
    letter("a@example.org", "b@example.org", body=b"6\r\n"),
]


def check_honesty(
    letters: Sequence[Submission], settled: list[tuple[Submission, Receipt]], server: Server
) -> None:
    """No loss, nothing twice, nothing claimed that is not so."""
    known = dict(settled)
    assert [each for each, _ in settled] == [each for each in letters if each in known]
    for submission in letters:
        (content,) = submission.content
        there = any(bytes(content) == message.content for message in server.accepted)
        if submission not in known:
            assert not there, "what is not settled was not accepted"
            continue
        for delivery, truth in zip(known[submission].deliveries, expected(submission), strict=True):
            if delivery.outcome is not Outcome.UNCERTAIN:
                assert delivery.outcome is truth
            if there and truth is Outcome.SENT:
                assert delivery.outcome in {Outcome.SENT, Outcome.UNCERTAIN}


@pytest.mark.parametrize("write_fails", [False, True])
@pytest.mark.parametrize("direction", ["cut_up", "cut_down"])
@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_a_cut_at_every_octet(offers: tuple[str, ...], direction: str, write_fails: bool) -> None:
    whole = Line(Server(offers))
    whole.run(session(FIVE, [], leave=False))
    for at in range(whole.up if direction == "cut_up" else whole.down):
        server, settled = Server(offers), list[tuple[Submission, Receipt]]()
        line = Line(server, write_fails=write_fails, **{direction: at})
        with pytest.raises(ConnectionLost):
            line.run(session(FIVE, settled, leave=False))
        check_honesty(FIVE, settled, server)


@pytest.mark.parametrize("octets", [200_000, 900_000])
@pytest.mark.parametrize(("lacking", "uncertain"), [(150_000, []), (1, [True])])
def test_a_last_chunk_is_uncertain_only_once_its_end_may_have_left(
    octets: int, lacking: int, uncertain: list[bool]
) -> None:
    whole = Line(Server())
    whole.run(session([large(octets=octets)], [], leave=False))
    settled: list[tuple[Submission, Receipt]] = []
    line = Line(Server(), write_fails=True, cut_up=whole.up - lacking)
    with pytest.raises(ConnectionLost):
        line.run(session([large(octets=octets)], settled, leave=False))
    assert [receipt.uncertain for _, receipt in settled] == uncertain


@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_a_server_that_goes_away_at_every_command(offers: tuple[str, ...]) -> None:
    whole = Server(offers)
    Line(whole).run(session(FIVE, [], leave=False))
    for number in range(2, len(whole.commands) + 1):
        server, settled = Server(offers, goes_away=number), list[tuple[Submission, Receipt]]()
        with pytest.raises(Refused, match="421") as refused:
            Line(server).run(session(FIVE, settled, leave=False))
        assert refused.value.temporary
        assert not any(receipt.uncertain for _, receipt in settled)
        done = {submission for submission, _ in settled}
        for submission, receipt in settled:
            for delivery, truth in zip(receipt.deliveries, expected(submission), strict=True):
                assert delivery.outcome is truth or delivery.outcome is Outcome.DEFERRED
        for submission in FIVE:
            (content,) = submission.content
            there = any(bytes(content) == message.content for message in server.accepted)
            assert not there or submission in done


# -- what ends it from outside


@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_an_error_of_the_caller_loses_no_receipt(offers: tuple[str, ...]) -> None:
    def letters() -> Iterator[Submission]:
        yield FIVE[0]
        yield FIVE[2]
        raise StoreError("the disk is full")

    server, settled = Server(offers), list[tuple[Submission, Receipt]]()
    with pytest.raises(StoreError):
        Line(server).run(session(letters(), settled))
    assert [each for each, _ in settled] == [FIVE[0], FIVE[2]]
    assert outcomes(settled) == [[Outcome.SENT], [Outcome.SENT, Outcome.DEFERRED]]


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_content_that_breaks_off_is_never_sent_as_whole(offers: tuple[str, ...], size: int) -> None:
    def content() -> Iterator[bytes]:
        yield b"x" * size
        raise StoreError("a page is damaged")

    broken = Submission(Envelope("a@example.org", ("b@example.org",)), content())
    server, settled = Server(offers), list[tuple[Submission, Receipt]]()
    with pytest.raises(StoreError):
        Line(server).run(session([FIVE[0], broken], settled))
    assert [each for each, _ in settled] == [FIVE[0]]
    assert len(server.accepted) == 1


def test_no_more_than_the_server_wants_in_one_session() -> None:
    server, settled = Server((*ALL, "LIMITS MAILMAX=2")), list[tuple[Submission, Receipt]]()
    with pytest.raises(Refused, match="no more than 2 messages in one session") as refused:
        Line(server).run(session([FIVE[0], FIVE[2], FIVE[5]], settled))
    assert refused.value.temporary
    assert [each for each, _ in settled] == [FIVE[0], FIVE[2]]
    assert not any(receipt.uncertain for _, receipt in settled)


def test_recipients_beyond_the_limit_wait_for_a_message_of_their_own() -> None:
    people = tuple(f"u{number}@example.org" for number in range(5))
    server, settled = Server((*ALL, "LIMITS RCPTMAX=3")), list[tuple[Submission, Receipt]]()
    Line(server).run(session([letter("a@example.org", *people)], settled))
    assert outcomes(settled) == [[Outcome.SENT] * 3 + [Outcome.DEFERRED] * 2]
    assert "no more recipients" in settled[0][1].deliveries[4].words
    assert len(server.accepted[0].recipients) == 3


# -- one message


def one(server: Server, submission: Submission, **cut: int) -> Receipt:
    def flow() -> Flow[Receipt]:
        conn = smtp.Connection()
        yield from smtp.open_session(conn, None, use_starttls=False, terms=Terms(disclose=True))
        return (yield from smtp.submit(conn, submission.envelope, submission.content))

    return Line(server, **cut).run(flow())  # type: ignore[arg-type]


def test_a_refused_sender_is_raised() -> None:
    with pytest.raises(Refused, match="550 sender"):
        one(Server(), FIVE[3])


def test_an_uncertain_message_is_a_receipt_and_no_error() -> None:
    whole = Line(Server())
    whole.run(session(FIVE[:1], [], leave=False))
    assert one(Server(), FIVE[0], cut_up=whole.up, cut_down=whole.down - 1).uncertain
    with pytest.raises(ConnectionLost):
        one(Server(GROUPS), FIVE[0], cut_up=60)


class Cancelling(Line):
    """Cancelled with the first octets of content."""

    def _write(self, data: bytes) -> None:
        if b"hello" in data:
            self._broken = True
            raise Cancelled("the operation was cancelled")
        super()._write(data)


@pytest.mark.parametrize("offers", PACES.values(), ids=PACES)
def test_cancelling_tells_what_may_be_gone(offers: tuple[str, ...]) -> None:
    settled: list[tuple[Submission, Receipt]] = []
    line = Cancelling(Server(offers))
    with pytest.raises(Cancelled):
        line.run(session([letter("a@example.org", "b@example.org")], settled))
    by_chunk = offers is STREAM
    assert [receipt.uncertain for _, receipt in settled] == ([True] if by_chunk else [])


def test_replies_that_cannot_belong_to_the_commands_decide_nothing() -> None:
    class Liar(Server):
        def feed(self, data: bytes) -> bytes:
            return super().feed(data).replace(b"250 sender", b"550 sender")

    settled: list[tuple[Submission, Receipt]] = []
    with pytest.raises(ProtocolError, match="answered RCPT with 250"):
        Line(Liar()).run(session(FIVE[:1], settled))
    assert outcomes(settled) == [[Outcome.UNCERTAIN]]
