"""Header fields on their way out, against RFC 2047 and RFC 2231 and the standard library."""

from __future__ import annotations

import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime import encode
from hongyan.mime.content_type import parse_content_type
from hongyan.mime.types import Address

# No controls (refused), no halves of characters.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
MIXED = st.text(st.sampled_from("abc =?_.,;\"\\()<>@:'%é你😀\u3000"), max_size=200)


def read(field: bytes) -> EmailMessage:
    message = BytesParser(policy=email.policy.default).parsebytes(field + b"\r\n")
    assert isinstance(message, EmailMessage)
    return message


def lines(field: bytes) -> list[bytes]:
    assert field.endswith(b"\r\n")
    assert b"\r" not in field.replace(b"\r\n", b"")
    assert b"\n" not in field.replace(b"\r\n", b"")
    found = field.removesuffix(b"\r\n").split(b"\r\n")
    assert all(line.startswith(b" ") and line.strip() for line in found[1:])
    return found


@settings(deadline=None)
@given(TEXT | MIXED)
def test_unstructured_text_comes_back(text: str) -> None:
    field = encode.text_field("Subject", text)
    assert field.isascii()
    assert str(read(field)["subject"]) == text
    for line in lines(field):
        assert len(line) <= (76 if b"=?" in line else 998)


@settings(deadline=None)
@given(TEXT | MIXED)
def test_words_are_whole_characters_of_at_most_75_octets(text: str) -> None:
    decoded = ""
    for word in encode.encoded_words(text):
        assert len(word) <= 75
        decoded += str(HeaderRegistry()("Subject", word))  # a split character would not decode
    assert decoded == text


def test_the_shorter_of_b_and_q_is_taken() -> None:
    assert (
        encode.text_field("Subject", "a café for all")
        == b"Subject: =?utf-8?q?a_caf=C3=A9_for_all?=\r\n"
    )
    assert encode.text_field("Subject", "你好") == b"Subject: =?utf-8?b?5L2g5aW9?=\r\n"


def test_what_looks_like_an_encoded_word_stays_text() -> None:
    text = "=?utf-8?q?=0d=0aBcc:_evil?="
    assert str(read(encode.text_field("Subject", text))["subject"]) == text


def test_ascii_folds_at_78_and_a_long_word_stands_alone() -> None:
    found = lines(encode.text_field("Subject", "word " * 40 + "x" * 800))
    assert all(len(line) <= 78 for line in found[:-1])
    assert found[-1] == b" " + b"x" * 800
    assert max(map(len, lines(encode.text_field("Subject", "x" * 20_000)))) <= 76


@settings(deadline=None)
@given(TEXT | MIXED)
def test_a_display_name_comes_back(name: str) -> None:
    field = encode.address_field("To", (Address(name, "a@b.example"), Address(None, "c@d.example")))
    first, second = read(field)["to"].addresses
    # CPython 3.11 adds a space between words of a phrase (RFC 2047 §6.2) and strips any at the end
    assert "".join(first.display_name.split()) == "".join(name.split())
    assert (first.addr_spec, second.addr_spec) == ("a@b.example", "c@d.example")
    assert max(map(len, lines(field))) <= 78


def test_names_are_bare_quoted_or_encoded() -> None:
    def name_of(name: str) -> bytes:
        return encode.address_field("To", (Address(name, "a@b.c"),))

    assert name_of("Bob Smith") == b"To: Bob Smith <a@b.c>\r\n"
    assert name_of('Smith, "Bob" \\') == b'To: "Smith, \\"Bob\\" \\\\" <a@b.c>\r\n'
    assert name_of("张三") == b"To: =?utf-8?b?5byg5LiJ?= <a@b.c>\r\n"
    assert name_of(" ") == b"To: a@b.c\r\n"


def test_domains_become_a_labels_and_utf8_locals_stay() -> None:
    field = encode.address_field("To", (Address(None, "zoë@faß.example"),))
    assert field.decode() == "To: zoë@xn--fa-hia.example\r\n"


@settings(deadline=None)
@given((TEXT | MIXED).filter(bool))
def test_a_file_name_comes_back(name: str) -> None:
    field = encode.parameter_field("Content-Disposition", "attachment", (("filename", name),))
    assert field.isascii()
    assert max(map(len, lines(field))) <= 78
    assert read(field)["content-disposition"].params["filename"] == name


def test_old_clients_get_words_in_name() -> None:
    field = encode.parameter_field("Content-Type", "image/png", (("name", "图.png"),))
    assert field == b'Content-Type: image/png; name="=?utf-8?b?5Zu+LnBuZw==?="\r\n'
    long = encode.parameter_field("Content-Type", "image/png", (("name", "图" * 200),))
    assert max(map(len, lines(long))) <= 78
    assert read(long).get_param("name") == "图" * 200


def test_sections_never_split_a_character() -> None:
    field = encode.parameter_field("Content-Disposition", "attachment", (("filename", "合" * 50),))
    for line in lines(field)[1:]:
        assert line.rstrip(b";").count(b"%") % 3 == 0


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Fri, 2 Jan 2026 03:04:05 +0000"),
        (
            datetime(2024, 2, 29, 23, 59, 59, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            "Thu, 29 Feb 2024 23:59:59 -0930",
        ),
        (
            datetime(1999, 12, 31, tzinfo=timezone(timedelta(hours=8))),
            "Fri, 31 Dec 1999 00:00:00 +0800",
        ),
    ],
)
def test_dates(moment: datetime, expected: str) -> None:
    field = encode.date_field("Date", moment)
    assert field.decode() == f"Date: {expected}\r\n"
    assert read(field)["date"].datetime == moment


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1), datetime(1899, 1, 1, tzinfo=UTC)],  # noqa: DTZ001 - the naive one is the case
)
def test_dates_that_cannot_be_written(moment: datetime) -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode.date_field("Date", moment)
    assert caught.value.field == "Date"


@pytest.mark.parametrize(
    "value", ["", "a b", "a\r\nb@c", "<a@b>", "a@b>", "ä@b", "x" * 901, "a\0@b"]
)
def test_identifiers_that_cannot_be_written(value: str) -> None:
    with pytest.raises(InvalidArgument):
        encode.identifier_field("References", (value,))


def test_a_long_chain_of_references_is_folded() -> None:
    chain = [f"{number}.{'x' * 70}@example.com" for number in range(50)]
    field = encode.identifier_field("References", chain)
    assert [line.split(b"<")[1] for line in lines(field)] == [f"{one}>".encode() for one in chain]


def test_lists_are_not_empty() -> None:
    for field in (encode.address_field, encode.identifier_field):
        with pytest.raises(InvalidArgument):
            field("To", ())


@settings(deadline=None)
@given(TEXT | MIXED, st.integers(1, 76))
def test_no_field_begins_with_a_fold_unless_its_name_is_long(text: str, size: int) -> None:
    field = encode.text_field("X" * size, text)
    assert len(lines(field)[0]) > size + 1 or size > 34
    assert len(lines(encode.address_field("Resent-From", (Address(text, "a@b"),)))[0]) > 13
    assert all(len(line) <= 78 for line in lines(field)) or size > 34 or "=?" not in field.decode()


@pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\r\nBcc", "x" * 77])
def test_field_names_that_cannot_be_written(name: str) -> None:
    with pytest.raises(InvalidArgument):
        encode.text_field(name, "x")


def test_content_types_are_taken_apart() -> None:
    assert parse_content_type("t", 'Text/Plain; charset=utf-8; x="a \\"b\\""') == (
        "text/plain",
        [("charset", "utf-8"), ("x", 'a "b"')],
    )


@pytest.mark.parametrize(
    "value",
    [
        *("", "text", "text/", "text/plain;", "text/plain; a", "text/plain; a=b c", "text/pl ain"),
        *(
            "text/plain\r\nBcc: x",
            'text/plain; a="\r\n"',
            'a/b; c="',
            "a/b; c=é",
            "multipart/mixed",
        ),
    ],
)
def test_content_types_that_cannot_be_sent(value: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_content_type("t", value)
