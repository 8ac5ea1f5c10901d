from __future__ import annotations

import smtplib
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.demo import bot
from tests.fuzz.fuzz_demo import one

if TYPE_CHECKING:
    from hongyan.demo import DemoHost

ME = "yan@goose.example"


def letter(text: str, subject: str = "A word", **fields: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = ME, subject, "<m3@goose.example>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes(policy=policy.SMTP)


def answered(message: bytes, author: str = "mei.lin@lotus.example") -> EmailMessage:
    answer = bot.answer(message, ME, author)
    assert answer is not None
    read = message_from_bytes(answer, policy=policy.default)
    assert not read.defects
    return read


def test_an_answer_arrives_within_a_second(host: DemoHost, smtp: smtplib.SMTP) -> None:
    start = time.monotonic()
    smtp.sendmail(ME, ["mei.lin@lotus.example", ME], letter("Hello, is it cold there?"))
    assert time.monotonic() - start < 1
    mine, theirs = (letter.content for letter in host.maildrop.letters())
    assert b"Subject: A word" in mine
    assert theirs.startswith(b"Return-Path: <>\r\n")
    assert b"From: Mei Lin <mei.lin@lotus.example>\r\n" in theirs


def test_the_answer_joins_the_thread_and_quotes() -> None:
    said = letter("Shall we?\n\n> old words", References="<m1@a.example> <m2@b.example>")
    answer = answered(said)
    assert answer["In-Reply-To"] == "<m3@goose.example>"
    assert answer["References"].split() == [
        "<m1@a.example>", "<m2@b.example>", "<m3@goose.example>",
    ]  # fmt: skip
    assert answer["Subject"] == "Re: A word"
    assert answer["To"] == ME
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["Date"].datetime is not None
    assert "> Shall we?" in answer.get_content()
    assert "old words" not in answer.get_content()


def test_names_come_from_the_letter() -> None:
    said = letter("今天下雨", To="小雁 <xiaoyan@goose.example>")
    answer = answered(said, "xiaoyan@goose.example")
    assert answer["From"].addresses[0].display_name == "小雁"
    lines = answer.get_content().splitlines()
    assert lines[2:] == ["小雁", "", "yan@goose.example 写道：", "> 今天下雨"]


def test_no_second_re() -> None:
    assert answered(letter("x", "RE: tea"))["Subject"] == "Re: tea"
    assert answered(letter("你好", "回复：喝茶"))["Subject"] == "Re: 喝茶"


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Thank you for the boat", "You are very welcome|No thanks needed"),
        ("The geese are back", "V with one opinion|geese send"),
        ("谢谢你的信", "不客气|别客气"),
        ("明天开会吗", "没问题|就这么定了"),
        ("今天下雨", "来信收到|信收到了"),
        ("It rained", "arrived safely|Received, read"),
    ],
)
def test_the_answer_is_apt(said: str, word: str) -> None:
    content = answered(letter(said)).get_content()
    assert any(each in content for each in word.split("|"))


def test_attachments_are_acknowledged() -> None:
    message = EmailMessage()
    message.set_content("See attached.")
    message.add_attachment(b"a,b\r\n", maintype="text", subtype="csv", filename="count.csv")
    assert "thank you for count.csv" in answered(message.as_bytes(policy=policy.SMTP)).get_content()


@pytest.mark.parametrize(
    "field",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"List_Id": "<birds.example>"},
    ],
)
def test_machines_get_no_answer(field: dict[str, str]) -> None:
    assert bot.answer(letter("hello", **field), ME, "a@b.example") is None


def test_a_delivery_report_gets_no_answer() -> None:
    assert bot.answer(letter("hello"), "", "a@b.example") is None


def test_its_own_answer_gets_no_answer() -> None:
    first = bot.answer(letter("hello"), ME, "a@b.example")
    assert first is not None
    assert bot.answer(first, "a@b.example", "c@d.example") is None


def test_hostile_headers_add_no_header() -> None:
    raw = b"Subject: =?utf-8?q?a=0D=0ABcc:_x@y.example?=\r\nMessage-ID: <a b\r\n c@d>\r\n\r\nhi"
    answer = answered(raw)
    assert "Bcc" not in answer
    assert "\n" not in answer["Subject"]


@given(st.binary(max_size=300))
def test_any_octets_get_an_answer_or_silence(data: bytes) -> None:
    one(data)
