from __future__ import annotations

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.demo import compose

WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@given(WORDS, st.sampled_from(["utf-8", "gb18030", "iso-2022-jp", "iso-8859-1"]))
def test_encoded_words_come_back_and_keep_their_length(text: str, charset: str) -> None:
    encoded = compose.unstructured(text, charset)
    assert encoded.isascii()
    assert str(make_header(decode_header(encoded))) == text
    if not text.isascii():
        lines = f"Subject: {encoded}".split("\r\n")
        assert max(map(len, lines)) <= 76


@pytest.mark.parametrize(
    "name", ["Yan Su", "Prof. J. B. Marlow", 'The "Goose"', "a\\b", "小雁", ""]
)
def test_names_come_back(name: str) -> None:
    head = f"From: {compose.mailbox(name, 'a@b.example')}\r\n\r\n".encode()
    (address,) = read(head)["From"].addresses
    assert address.display_name == name
    assert address.addr_spec == "a@b.example"


@pytest.mark.parametrize("encoding", ["", "8bit", "base64", "quoted-printable"])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=1200))
def test_texts_come_back(encoding: str, text: str) -> None:
    entity = compose.text(text, encoding=encoding)
    payload = read(entity.octets()).get_payload(decode=True)
    assert payload == compose.crlf(text).encode()


def test_long_lines_are_never_sent_as_they_are() -> None:
    assert max(map(len, compose.text("x" * 5000).octets().split(b"\r\n"))) <= 76


def test_parts_come_back_with_their_names() -> None:
    picture = compose.attachment("大雁.png", "image/png", b"\x89PNG", cid="a@b")
    table = compose.attachment("count.csv", "text/csv", b"1,2\r\n")
    parts = [compose.text("hello"), picture, table]
    read_parts = list(read(compose.multipart("mixed", parts).octets()).iter_parts())
    assert [part.get_filename() for part in read_parts] == [None, "大雁.png", "count.csv"]
    assert [part.get_content_disposition() for part in read_parts] == [None, "inline", "attachment"]
    assert read_parts[1]["Content-ID"] == "<a@b>"
    assert read_parts[1].get_payload(decode=True) == b"\x89PNG"
