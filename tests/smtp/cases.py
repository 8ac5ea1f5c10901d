"""The flows that the SMTP and LMTP transcripts are tried with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from hongyan import smtp
from hongyan.errors import (
    AuthenticationRefused,
    ConnectionLost,
    ProtocolError,
    Refused,
    Unsafe,
)
from hongyan.sasl import Credentials, Terms
from hongyan.smtp import (
    Envelope,
    Notify,
    Outcome,
    Protocol,
    RecipientOptions,
    Ret,
    Submission,
)
from tests.support.dialogue import INJECTED, Case

if TYPE_CHECKING:
    from hongyan.flow import Flow

ANNA = Credentials("anna", "secret")
TIM = Credentials("tim", "tanstaaftanstaaf")


def smtp_login(
    credentials: Credentials, *, use_starttls: bool = False, disclose: bool = True
) -> Flow[str]:
    conn = smtp.Connection()
    yield from smtp.open_session(
        conn, credentials, use_starttls=use_starttls, terms=Terms(disclose=disclose)
    )
    yield from smtp.quit_(conn)
    return conn.state.name


def smtp_send(
    envelope: Envelope, *content: bytes, credentials: Credentials | None = None, noop: bool = False
) -> Flow[list[object]]:
    conn = smtp.Connection()
    yield from smtp.open_session(conn, credentials, use_starttls=False, terms=Terms(disclose=True))
    receipt = yield from smtp.submit(conn, envelope, content)
    if noop:
        yield from smtp.noop(conn)
    if not receipt.uncertain:
        yield from smtp.quit_(conn)
    return [
        (each.recipient, each.outcome.name, each.reply and each.reply.code)
        for each in receipt.deliveries
    ]


def smtp_send_many(
    *envelopes: Envelope, protocol: Protocol = Protocol.SMTP, starttls: bool = False
) -> Flow[list[object]]:
    conn = smtp.Connection(protocol=protocol)
    yield from smtp.open_session(conn, None, use_starttls=starttls, terms=Terms(disclose=True))
    told: list[object] = []
    submissions = [Submission(each, [CONTENTS[each]]) for each in envelopes]
    yield from smtp.submit_many(
        conn,
        submissions,
        lambda _, receipt: told.append([each.outcome.name for each in receipt.deliveries]),
    )
    yield from smtp.quit_(conn)
    return told


AB = Envelope("a@example.org", ("b@example.org",))
ABC = Envelope("a@example.org", ("b@example.org", "c@example.org"))


CHRIS = Envelope("chris@bar.com", ("pat@foo.edu", "jones@foo.edu", "green@foo.edu"))
BINARY = Envelope("a@example.org", ("b@example.org",), binary=True)
TLS_ONLY = Envelope("a@example.org", ("b@example.org",), require_tls=True)
WITH_REPORTS = Envelope(
    "a@example.org",
    ("b@example.org", "发@例子.公司"),
    size=9,
    eight_bit=True,
    ret=Ret.HEADERS,
    envid="QQ+7= x",
    options={
        "b@example.org": RecipientOptions(
            frozenset({Notify.DELAY, Notify.SUCCESS}), "b+x@example.org"
        ),
        "发@例子.公司": RecipientOptions(frozenset(), "发+x@例子.公司"),
    },
    hold_for=3600,
)
CONTENTS = {
    AB: b".hello\nworld",
    ABC: b"goodbye\r\n",
    CHRIS: b"Blah",
    BINARY: b"a\n\0\rb\r\n.",
    TLS_ONLY: b"hello",
    WITH_REPORTS: b"hello",
}


CASES: Final[dict[str, Case]] = {
    "smtp/session": Case(
        partial(
            smtp_send,
            Envelope(
                "Smith@bar.com", ("Jones@foo.com", "Green@foo.com", "Brown@foo.com"), size=100
            ),
            b"Blah blah blah...\n.etc.\r",
            b"\n.\rthe last line ",
            b"has no end",
            credentials=ANNA,
        ),
        [
            ("Jones@foo.com", "SENT", 250),
            ("Green@foo.com", "REFUSED", 550),
            ("Brown@foo.com", "SENT", 250),
        ],
    ),
    "smtp/pipelined": Case(
        partial(smtp_send, ABC, b"hello\r\n"),
        [("b@example.org", "SENT", 250), ("c@example.org", "DEFERRED", 451)],
    ),
    "smtp/starttls_login": Case(partial(smtp_login, ANNA, use_starttls=True), "CLOSED"),
    "smtp/cram_md5": Case(partial(smtp_login, TIM, disclose=False), "CLOSED"),
    "smtp/helo_fallback": Case(
        partial(smtp_send, Envelope("", ("b@example.org",)), noop=True),
        [("b@example.org", "SENT", 250)],
    ),
    "smtp/all_refused": Case(partial(smtp_send, AB, b"hello"), [("b@example.org", "REFUSED", 550)]),
    "smtp/sender_refused": Case(
        partial(smtp_send, AB, b"hello"), error=Refused, says="550 5.7.1 not you"
    ),
    "smtp/data_refused": Case(
        partial(smtp_send, AB, b"hello"), [("b@example.org", "DEFERRED", 452)]
    ),
    "smtp/closed_after_dot": Case(
        partial(smtp_send, ABC, b"hello\r\n"),
        [("b@example.org", Outcome.UNCERTAIN.name, None), ("c@example.org", "REFUSED", 550)],
    ),
    "smtp/going_away": Case(partial(smtp_send, AB, b"hello"), error=Refused, says="421 4.3.2"),
    "smtp/injection": Case(
        partial(smtp_login, ANNA, use_starttls=True),
        error=INJECTED,
        says="between its reply|TLS",
    ),
    "smtp/no_starttls": Case(
        partial(smtp_login, ANNA, use_starttls=True), error=Unsafe, says="does not offer TLS"
    ),
    "smtp/bad_greeting": Case(
        partial(smtp_login, ANNA), error=ProtocolError, says=r"no SMTP reply: '\+OK this is POP3'"
    ),
    "smtp/wrong_password": Case(
        partial(smtp_login, ANNA), error=AuthenticationRefused, says="535 5.7.8 Authentication"
    ),
    "smtp/wrong_class": Case(
        partial(smtp_send, AB, b"hello"), error=ProtocolError, says="answered DATA with 250"
    ),
    "smtp/out_of_order": Case(
        partial(smtp_send, AB, b"hello"), error=ProtocolError, says="answered RCPT with 250"
    ),
    "smtp/chunking": Case(partial(smtp_send_many, AB, ABC), [["REFUSED"], ["SENT", "DEFERRED"]]),
    "smtp/groups": Case(partial(smtp_send_many, AB, ABC), [["REFUSED"], ["SENT", "DEFERRED"]]),
    "smtp/lmtp": Case(
        partial(smtp_send_many, CHRIS, protocol=Protocol.LMTP), [["SENT", "REFUSED", "DEFERRED"]]
    ),
    "smtp/lmtp_chunking": Case(
        partial(smtp_send_many, CHRIS, protocol=Protocol.LMTP), [["SENT", "REFUSED", "DEFERRED"]]
    ),
    "smtp/lmtp_no_lhlo": Case(
        partial(smtp_send_many, AB, protocol=Protocol.LMTP), error=Refused, says="500 what"
    ),
    "smtp/starttls_helo": Case(
        partial(smtp_login, ANNA, use_starttls=True), error=Unsafe, says="does not offer TLS"
    ),
    "smtp/binary_refused": Case(partial(smtp_send_many, BINARY, AB), [["REFUSED"], ["SENT"]]),
    "smtp/binary": Case(partial(smtp_send_many, BINARY), [["SENT"]]),
    "smtp/delivery_reports": Case(partial(smtp_send_many, WITH_REPORTS), [["SENT", "SENT"]]),
    "smtp/require_tls": Case(partial(smtp_send_many, TLS_ONLY, starttls=True), [["REFUSED"]]),
    "smtp/auth_two_steps": Case(partial(smtp_login, ANNA), "CLOSED"),
    "smtp/auth_bad_challenge": Case(
        partial(smtp_login, ANNA), error=ProtocolError, says="challenge is not base64"
    ),
    "smtp/auth_token_refused": Case(
        partial(smtp_login, Credentials("anna", token="tok3n")),
        error=AuthenticationRefused,
        says=r"535 5.7.8 .* \(status 400, scope https://mail.example/\)",
    ),
    "smtp/auth_temporary": Case(partial(smtp_login, ANNA), error=Refused, says="454 4.7.0 Temp"),
    "smtp/auth_too_weak": Case(
        partial(smtp_login, ANNA), error=Refused, says="534 .*wants a stronger mechanism"
    ),
    "smtp/greeting_521": Case(
        partial(smtp_login, ANNA), error=Refused, says="521 mail.example does not accept mail"
    ),
    "smtp/greeting_554": Case(
        partial(smtp_login, ANNA), error=Refused, says=r"554 No SMTP service here for \[31m192"
    ),
    "smtp/starttls_refused": Case(
        partial(smtp_login, ANNA, use_starttls=True), error=Unsafe, says="does not start TLS: 454"
    ),
    "smtp/starttls_gone": Case(
        partial(smtp_login, ANNA, use_starttls=True), error=Unsafe, says="offers no way to log in"
    ),
    "smtp/injection_partial": Case(
        partial(smtp_login, ANNA, use_starttls=True),
        error=INJECTED,
        says="between its reply|TLS",
    ),
    "smtp/closed_after_354": Case(
        partial(smtp_send, AB, b"hello"), error=ConnectionLost, says="closed the connection"
    ),
    "smtp/going_away_after_dot": Case(
        partial(smtp_send, AB, b"hello"), [("b@example.org", "DEFERRED", 421)]
    ),
    "smtp/refused_after_dot": Case(
        partial(smtp_send, ABC, b"hello"),
        [("b@example.org", "REFUSED", 552), ("c@example.org", "DEFERRED", 552)],
    ),
}
