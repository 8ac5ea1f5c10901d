"""The SMTP engine against servers that lie, and the words it reads and writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument, ProtocolError, Refused
from hongyan.net.replay import ReplayDriver
from hongyan.smtp import Connection, Envelope, State, Verb, hello, submit, wire
from tests.fuzz.fuzz_smtp import one
from tests.support.corpus import newlines


def greeted(ehlo: bytes = b"250 mail\r\n") -> Connection:
    conn = Connection()
    conn.send(Verb.EHLO, "[127.0.0.1]")
    conn.receive(b"220 hi\r\n" + ehlo)
    assert conn.next_event()
    assert conn.next_event()
    assert conn.state is State.READY
    return conn


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_octets_give_replies_or_a_protocol_error(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


@given(
    st.lists(
        st.sampled_from(
            [
                b"220 x\r\n",
                b"250-y\r\n",
                b"250 z\r\n",
                b"354 go\r\n",
                b"334 YQ==\r\n",
                b"421 bye\r\n",
                b"550\r\n",
            ]
        ),
        max_size=30,
    ).map(b"".join),
    st.integers(1, 9),
)
def test_any_lines_give_replies_or_a_protocol_error(data: bytes, size: int) -> None:
    one(bytes([size]) + data)


def test_a_line_of_a_megabyte_ends_the_session() -> None:
    conn = Connection()
    conn.receive(b"220 " + b"x" * 1_000_000)
    with pytest.raises(ProtocolError, match="longer than"):
        conn.next_event()


def test_a_million_lines_in_one_reply_end_the_session() -> None:
    conn = Connection()
    with pytest.raises(ProtocolError, match="more than 1024 lines"):
        for _ in range(1_000_000):
            conn.receive(b"220-x\r\n")
            conn.next_event()


def test_mixed_codes_end_the_session() -> None:
    conn = Connection()
    conn.receive(b"220-a\r\n250 b\r\n")
    with pytest.raises(ProtocolError, match="mixes 220 and 250"):
        conn.next_event()


def test_extensions() -> None:
    conn = greeted(
        b"250-mail PIPELINING\r\n250-SIZE 52428800\r\n250-auth plain LOGIN\r\n250 AUTH=PLAIN\r\n"
    )
    assert not conn.extensions.pipelining, "the first line only greets"
    assert conn.extensions.size_limit == 52428800
    assert conn.extensions.mechanisms == ("plain", "LOGIN", "PLAIN")


@pytest.mark.parametrize("size", [b"0", b"", b"x", b"-5"])
def test_no_size_limit(size: bytes) -> None:
    assert greeted(b"250-m\r\n250 SIZE " + size + b"\r\n").extensions.size_limit is None


def test_enhanced_status() -> None:
    reply = wire.reply(Verb.MAIL, 550, [b"5.7.1 no", b"5.7.1 way"])
    assert (reply.enhanced, reply.text, str(reply)) == ("5.7.1", "no way", "550 5.7.1 no way")
    assert wire.reply(Verb.MAIL, 250, [b"5.7.1 is a name"]).enhanced == ""
    assert wire.reply(Verb.MAIL, 250, [b"2.0.0"]).lines == ("",)


@pytest.mark.parametrize("newline", newlines(breaking=True))
@pytest.mark.parametrize(
    "template", ["a{}b@example.org", "a@exam{}ple.org", "a@example.org{}", '"a{}b"@example.org']
)
def test_no_address_ends_a_command(newline: str, template: str) -> None:
    address = template.format(newline + "RCPT TO:<evil@example.com>")
    for envelope in (Envelope(address, ("b@example.org",)), Envelope("a@example.org", (address,))):
        with pytest.raises(InvalidArgument, match=r"sender|recipient"):
            ReplayDriver("").run(submit(greeted(), envelope, [b"x"]))


@pytest.mark.parametrize("newline", newlines(breaking=True))
def test_no_name_ends_a_command(newline: str) -> None:
    with pytest.raises(InvalidArgument, match="EHLO"):
        ReplayDriver("").run(hello(Connection(), f"me{newline}MAIL FROM:<>"))


@pytest.mark.parametrize("newline", newlines(breaking=False))
def test_forms_that_break_no_line_stay_one_address_or_are_refused(newline: str) -> None:
    try:
        path = wire.path("recipient", f"a{newline}b@example.org")
    except InvalidArgument:
        return
    assert path.count("@") == 1
    assert path.isprintable()
    assert " " not in path


@pytest.mark.parametrize(
    "address",
    [
        "anna", "anna@", "@example.org", "a b@example.org", "a@b@example.org", "<a@example.org>", "a@example.org>",
        "a,b@example.org", "a@exa mple.org", "a@-x.org", "a@x..org", "a@[1.2.3.4", '"a"b"@example.org',
        "Anna <a@example.org>", "a@example.org SIZE=1", "@hop:a@example.org", "a" * 250 + "@example.org",
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidArgument):
        wire.path("recipient", address)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org", "a.b+c@example.org", '"a b"@example.org', '"a@b"@example.org', "a@[127.0.0.1]",
        "a@[IPv6:::1]", "user%host@example.org", "发件人@例子.公司", "a@localhost", "",
    ],
)  # fmt: skip
def test_addresses(address: str) -> None:
    assert wire.path("recipient", address) == f"<{address}>"


@pytest.mark.parametrize(
    ("envelope", "ehlo", "says"),
    [
        (Envelope("a@b.c", ("发@b.c",)), b"250 m\r\n", "other letters than ASCII"),
        (Envelope("a@b.c", ("d@b.c",), eight_bit=True), b"250 m\r\n", "7-bit only"),
        (
            Envelope("a@b.c", ("d@b.c",), size=11),
            b"250-m\r\n250 SIZE 10\r\n",
            "11 octets, the server takes 10",
        ),
    ],
)
def test_what_the_server_cannot_take_is_refused_before_a_byte(
    envelope: Envelope, ehlo: bytes, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        ReplayDriver("").run(submit(greeted(ehlo), envelope, [b"x"]))


def test_parameters() -> None:
    conn = greeted(b"250-m\r\n250-SIZE\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
    envelope = Envelope("发@b.c", ("d@b.c",), size=9, eight_bit=True)
    transcript = "C: MAIL FROM:<发@b.c> SIZE=9 BODY=8BITMIME SMTPUTF8\\r\\nS: 550 no\\r\\n"
    with pytest.raises(Refused):
        ReplayDriver(transcript.replace("S:", "\nS:")).run(submit(conn, envelope, [b"x"]))
