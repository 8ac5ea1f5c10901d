"""Logging in and waiting: what goes out when, what a refusal means, how long each phase may take."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, ClassVar

import pytest

from hongyan import smtp
from hongyan.errors import AuthenticationRefused, InvalidArgument, ProtocolError, Refused
from hongyan.flow import Flow, Read, Running, Write
from hongyan.net.replay import ReplayDriver
from hongyan.sasl import Credentials, Plain, Terms, mechanism
from hongyan.smtp import Connection, Envelope, State, Verb

if TYPE_CHECKING:
    from hongyan.sasl import Mechanism

HELLO = b"220 hi\r\n250-mail\r\n250 AUTH PLAIN\r\n"
ANNA = Credentials("anna", "secret")


def greeted(ehlo: bytes = HELLO, *, conn: Connection | None = None) -> Connection:
    conn = conn or Connection()
    conn.send(Verb.EHLO, "[127.0.0.1]")
    conn.receive(ehlo)
    while conn.in_flight:
        assert conn.next_event()
    return conn


def log_in(transcript: str, talk: Mechanism) -> None:
    driver = ReplayDriver(transcript)
    driver.run(smtp.authenticate(greeted(), talk))
    driver.finish()


def test_a_response_too_long_for_a_line_goes_alone() -> None:
    talk = Plain(Credentials("anna", "x" * 9_200))
    coded = base64.b64encode(talk.start()).decode()
    assert 12_000 < len(coded) < 12_288
    log_in(f"C: AUTH PLAIN\\r\\n\nS: 334 \\r\\n\nC: {coded}\\r\\n\nS: 235 ok\\r\\n\n", talk)


def test_the_longest_response_that_fits_rides_along() -> None:
    talk = Plain(Credentials("anna", "x" * 9_190))
    coded = base64.b64encode(talk.start()).decode()
    assert len(f"AUTH PLAIN {coded}\r\n") <= 12_288
    log_in(f"C: AUTH PLAIN {coded}\\r\\n\nS: 235 ok\\r\\n\n", talk)


def test_an_empty_response_is_written_as_such() -> None:
    external = mechanism("EXTERNAL", Credentials(""))
    log_in("C: AUTH EXTERNAL =\\r\\n\nS: 235 ok\\r\\n\n", external)


def test_an_empty_response_alone_is_an_empty_line() -> None:
    external = mechanism("EXTERNAL", Credentials(""))
    log_in(
        "C: AUTH EXTERNAL =\\r\\n\nS: 501 syntax\\r\\n\n"
        "C: AUTH EXTERNAL\\r\\n\nS: 334 \\r\\n\nC: \\r\\n\nS: 235 ok\\r\\n\n",
        external,
    )


@pytest.mark.parametrize(
    ("reply", "kind", "temporary", "advice"),
    [
        ("432 4.7.12 transition", Refused, True, "log in once"),
        ("454 4.7.0 later", Refused, True, ""),
        ("421 4.3.2 closing", Refused, True, ""),
        ("504 5.5.4 unrecognized", Refused, False, ""),
        ("530 5.7.0 must issue STARTTLS", AuthenticationRefused, False, ""),
        ("534 5.7.9 too weak", Refused, False, "stronger mechanism"),
        ("535 5.7.8 wrong", AuthenticationRefused, False, ""),
        ("538 5.7.11 encryption", Refused, False, "wants TLS"),
        ("550 5.7.1 locked", AuthenticationRefused, False, ""),
    ],
)
def test_what_a_refusal_says_about_the_password(
    reply: str, kind: type[Refused], temporary: bool, advice: str
) -> None:
    with pytest.raises(Refused) as refused:
        log_in(f"C: AUTH PLAIN AGFubmEAc2VjcmV0\\r\\n\nS: {reply}\\r\\n\n", Plain(ANNA))
    assert type(refused.value) is kind
    assert advice in str(refused.value)
    assert refused.value.temporary is temporary
    assert refused.value.code == reply[:3]


def test_500_twice_is_final() -> None:
    with pytest.raises(Refused, match="500"):
        log_in(
            "C: AUTH PLAIN AGFubmEAc2VjcmV0\\r\\n\nS: 500 what\\r\\n\n"
            "C: AUTH PLAIN\\r\\n\nS: 500 what\\r\\n\n",
            Plain(ANNA),
        )


def test_challenges_without_end_are_called_off() -> None:
    with pytest.raises(ProtocolError):
        log_in(
            "C: AUTH PLAIN AGFubmEAc2VjcmV0\\r\\n\nS: 334 \\r\\n\nC: *\\r\\n\nS: 334 more\\r\\n\n",
            Plain(ANNA),
        )


def test_a_line_lost_while_calling_off_changes_no_verdict() -> None:
    with pytest.raises(ProtocolError, match="base64"):
        log_in(
            "C: AUTH CRAM-MD5\\r\\n\nS: 334 ?\\r\\n\nC: *\\r\\n\n* EOF\n",
            mechanism("CRAM-MD5", ANNA),
        )


# -- what a driver is asked for


class Watch:
    """Plays replies by command, and keeps every effect."""

    replies: ClassVar = {
        b"EHLO": b"250-mail\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n",
        b"AUTH": b"235 ok\r\n",
        b"MAIL": b"250 ok\r\n250 ok\r\n354 go\r\n",
        b".\r\n": b"250 ok\r\n",
        b"QUIT": b"221 bye\r\n",
    }

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.waits: list[float] = []

    def run(self, flow: Flow[object]) -> None:
        running = Running(flow)
        waiting = b"220 hi\r\n"
        while (effect := running.effect) is not None:
            if isinstance(effect, Write):
                self.writes.append(effect)
                waiting = next(
                    (r for word, r in self.replies.items() if effect.data.startswith(word)), b""
                )
                running.answer(None)
            elif isinstance(effect, Read):
                self.waits.append(effect.within)
                line, end, waiting = waiting.partition(b"\r\n")
                running.answer(line + end)


def whole_session() -> Flow[object]:
    conn = Connection()
    yield from smtp.open_session(conn, ANNA, use_starttls=False, terms=Terms(disclose=True))
    yield from smtp.submit(conn, Envelope("a@b.c", ("d@b.c",)), [b"x\r\n"])
    yield from smtp.quit_(conn)
    return conn.state


def test_each_phase_has_its_time() -> None:
    """RFC 5321 §4.5.3.2: greeting 5 minutes, MAIL 5, RCPT 5, DATA 2, a block 3, the end 10."""
    watch = Watch()
    watch.run(whole_session())
    minutes = [seconds / 60 for seconds in watch.waits]
    assert minutes == [5, 5, 5, 5, 5, 5, 5, 2, 10, 1]
    content = next(each for each in watch.writes if each.data == b"x\r\n")
    assert content.within == 180


def test_every_form_of_the_password_is_marked_secret() -> None:
    watch = Watch()
    watch.run(whole_session())
    (auth,) = (each for each in watch.writes if each.data.startswith(b"AUTH"))
    assert {b"secret", b"AGFubmEAc2VjcmV0"} <= set(auth.secrets)
    assert not any(each.secrets for each in watch.writes if each is not auth)


# -- the engine's own rules


def test_a_goodbye_said_unasked_is_heard_before_the_next_command() -> None:
    conn = greeted()
    conn.receive(b"421 4.4.2 timeout\r\n")
    with pytest.raises(Refused, match=r"421 4\.4\.2 timeout") as refused:
        conn.send(Verb.NOOP)
    assert refused.value.temporary
    assert conn.state is State.CLOSED


@pytest.mark.parametrize("said", [b"250 ok\r\n", b"250", b"220 2.0.0 injected\r\n"])
def test_anything_else_said_unasked_ends_the_session(said: bytes) -> None:
    conn = greeted()
    conn.receive(said)
    with pytest.raises(ProtocolError, match="unasked"):
        conn.send(Verb.NOOP)


def test_nothing_follows_data_before_its_reply() -> None:
    conn = greeted()
    for verb in (Verb.MAIL, Verb.RCPT, Verb.DATA):
        conn.send(verb)
    with pytest.raises(InvalidArgument, match="no place"):
        conn.send(Verb.RSET)


def test_a_last_chunk_accepted_after_a_refused_one_is_a_lie() -> None:
    conn = greeted()
    conn.send(Verb.MAIL)
    conn.send(Verb.RCPT)
    conn.send_chunk(1, last=False)
    conn.send_chunk(1, last=True)
    conn.receive(b"250 ok\r\n250 ok\r\n452 4.3.1 full\r\n250 ok\r\n")
    for _ in range(3):
        conn.next_event()
    assert conn.state is State.BROKEN
    with pytest.raises(ProtocolError, match="BDAT LAST with 250"):
        conn.next_event()


def test_lmtp_with_nobody_answers_once() -> None:
    conn = greeted(conn=Connection(protocol=smtp.Protocol.LMTP))
    conn.send(Verb.MAIL)
    conn.send(Verb.RCPT)
    conn.send_chunk(0, last=True)
    conn.receive(b"250 ok\r\n550 no\r\n503 nobody\r\n")
    while conn.in_flight:
        assert conn.next_event()
    assert conn.state is State.READY


def test_quit_in_the_middle_of_content_says_nothing() -> None:
    conn = greeted()
    for verb in (Verb.MAIL, Verb.RCPT, Verb.DATA):
        conn.send(verb)
    conn.receive(b"250 ok\r\n250 ok\r\n354 go\r\n")
    while conn.in_flight:
        assert conn.next_event()
    ReplayDriver("").run(smtp.quit_(conn))


def test_an_absurd_size_is_no_limit_and_no_error() -> None:
    for size in ("9" * 21, "-1", "0x10", "１２", "1e9", ""):
        conn = greeted(f"220 hi\r\n250-m\r\n250 SIZE {size}\r\n".encode())
        assert conn.extensions.size_limit is None
