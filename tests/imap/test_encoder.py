"""Commands on the wire: how each argument goes, where leave is needed, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.imap import NumberSet, utf7
from hongyan.imap.encoder import Argument, Content, Dialect, encode, flag, mailbox, moment
from hongyan.imap.flows.fetch import Peek
from hongyan.imap.framing import Framer, Response
from hongyan.imap.lexer import lex
from hongyan.imap.read import name
from tests.support.corpus import newlines

OLD, PLUS, MINUS = Dialect(), Dialect(literal_plus=True), Dialect(literal_minus=True)


def sent(*arguments: Argument, dialect: Dialect = PLUS) -> bytes:
    segments = encode("A1", "X", arguments, dialect)
    return b"".join(each.octets for each in segments)


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        ("anna", b"anna"), ("", b'""'), ("a b", b'"a b"'), ('q"\\', b'"q\\"\\\\"'), ("nil", b'"nil"'), ("a]", b'"a]"'),
        ("*", b'"*"'), ("(", b'"("'), ("é", b"{2+}\r\n\xc3\xa9"), (b"raw", b'"raw"'), (b"\xe9", b"{1+}\r\n\xe9"),
        (5, b"5"), (date(2026, 3, 1), b"1-Mar-2026"), (NumberSet.since(3), b"3:*"), (["a", ["b", 1]], b"(a (b 1))"),
        ([], b"()"), ("x" * 1001 + " ", b"{1002+}\r\n" + b"x" * 1001 + b" "),
    ],
)  # fmt: skip
def test_arguments(value: Argument, octets: bytes) -> None:
    assert sent(value) == b"A1 X " + octets + b"\r\n"


def test_literals_wait_for_leave() -> None:
    first, second = encode("A1", "X", ["é", "b"], OLD)
    assert (first.octets, first.leave) == (b"A1 X {2}\r\n", True)
    assert (second.octets, second.leave) == (b"\xc3\xa9 b\r\n", False)
    (only,) = encode("A1", "X", ["é" * 2048], MINUS)
    assert not only.leave
    first, _ = encode("A1", "X", ["é" * 2049], MINUS)
    assert first.leave


def test_content_is_the_callers() -> None:
    first, second = encode("A1", "X", [Content(7), "b"], PLUS)
    assert (first.octets, first.leave, first.content) == (b"A1 X {7+}\r\n", False, 7)
    assert second.octets == b" b\r\n"


def test_utf8_goes_quoted_where_it_is_on() -> None:
    assert sent("鸿雁", dialect=Dialect(utf8=True)) == 'A1 X "鸿雁"\r\n'.encode()


@pytest.mark.parametrize("newline", newlines(breaking=True))
def test_no_argument_ends_a_line(newline: str) -> None:
    evil = f"x{newline}A2 LOGOUT"
    for attempt in (
        lambda: sent(evil),
        lambda: sent(["a", [evil]]),
        lambda: sent(mailbox(evil)),
        lambda: flag(evil),
        lambda: Peek(evil).raw(),
        lambda: Peek("HEADER.FIELDS", (evil,)).raw(),
    ):
        with pytest.raises(InvalidArgument):
            attempt()


@pytest.mark.parametrize("octet", [b"\r", b"\n", b"\0"])
def test_no_octets_end_a_line(octet: bytes) -> None:
    with pytest.raises(InvalidArgument):
        sent(b"x" + octet)


@pytest.mark.parametrize("word", ["", " ", "a b", "\\", "(", "é", '"', "a]", "\\\\Seen", "%", "*"])
def test_what_is_no_flag(word: str) -> None:
    with pytest.raises(InvalidArgument):
        flag(word)


@pytest.mark.parametrize(
    ("peek", "octets"),
    [
        (Peek(), b"BODY.PEEK[]"),
        (Peek("1.2.MIME"), b"BODY.PEEK[1.2.MIME]"),
        (Peek(origin=0, count=10), b"BODY.PEEK[]<0.10>"),
        (Peek("2", binary=True), b"BINARY.PEEK[2]"),
        (Peek(fields=("From", "To")), b"BODY.PEEK[HEADER.FIELDS (From To)]"),
        (Peek("HEADER.FIELDS.NOT", ("Received",)), b"BODY.PEEK[HEADER.FIELDS.NOT (Received)]"),
    ],
)
def test_peeks(peek: Peek, octets: bytes) -> None:
    assert peek.raw().octets == octets


@pytest.mark.parametrize("section", ["]", "1 2", "(", "é", '"', "{5}"])
def test_what_is_no_section(section: str) -> None:
    with pytest.raises(InvalidArgument):
        Peek(section).raw()


def test_dates_have_their_zone() -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    assert (
        moment(datetime(2026, 3, 1, 4, 5, 6, tzinfo=zone)).octets == b'" 1-Mar-2026 04:05:06 -0330"'
    )
    assert moment(datetime(2026, 11, 23, tzinfo=UTC)).octets == b'"23-Nov-2026 00:00:00 +0000"'
    with pytest.raises(InvalidArgument):
        moment(datetime(2026, 3, 1))  # noqa: DTZ001 - one without a zone is what is refused


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("台北", b"&U,BTFw-"), ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"), ("A&B", b"A&-B"),
        ("Entwürfe", b"Entw&APw-rfe"), ("🪿", b"&2D7evw-"), ("", b""), ("\t", b"&AAk-"),
    ],
)  # fmt: skip
def test_modified_utf7(name: str, octets: bytes) -> None:
    assert utf7.encode(name) == octets
    assert utf7.decode(octets) == name


@pytest.mark.parametrize(
    "octets",
    [
        b"&",
        b"a&b",
        b"&AAA",
        b"&YQ-",
        b"&2D4-",
        b"&AGE-",
        b"&U,BTFw-&ZeVnLIqe-",
        b"\xff",
        b"&====-",
        b"&AOk=-",
    ],
)
def test_what_is_no_modified_utf7(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        utf7.decode(octets)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_name_comes_back(text: str) -> None:
    assert utf7.decode(utf7.encode(text)) == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1), st.booleans()
)
def test_what_is_sent_is_what_a_server_reads(text: str, utf8: bool) -> None:
    dialect = Dialect(literal_plus=True, utf8=utf8)
    framer = Framer()
    framer.feed(b"* LIST () NIL " + sent(mailbox(text, utf8=utf8), dialect=dialect)[5:])
    frame = framer.next()
    assert isinstance(frame, Response)
    first = frame.parts[0]
    assert isinstance(first, bytes)
    read = name(lex((first[14:], *frame.parts[1:]))[0], "name", utf8=utf8)[0]
    assert read == ("INBOX" if text.upper() == "INBOX" else text)
