from __future__ import annotations

import binascii
import datetime as dt
import io
import re
import zipfile
import zlib
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.demo import samples
from hongyan.demo.samples import makers
from hongyan.demo.samples import script as scripts
from hongyan.mime.types import Address

YAN = Address("Yan Su", "yan@goose.example")
NOW = dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
RECEIVED = samples.messages(NOW, YAN)
SENT = samples.sent(NOW, YAN)


def is_malformed(raw: bytes) -> bool:
    return b"one point oh" in raw


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


WHOLE = [read(raw) for raw in (*RECEIVED, *SENT) if not is_malformed(raw)]


def with_subject(part: str) -> EmailMessage:
    (found,) = [one for one in WHOLE if part in one["Subject"]]
    return found


def text(message: EmailMessage, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


@pytest.mark.parametrize("message", WHOLE, ids=lambda one: str(one["Subject"])[:30])
def test_each_is_sound(message: EmailMessage) -> None:
    for part in message.walk():
        assert not part.defects
    for name in ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version"):
        assert len(message.get_all(name, [])) == 1, name
    assert message["From"].addresses[0].domain.endswith(".example")
    assert "�" not in str(message["Subject"]) + str(message["From"])
    if not message.is_multipart():
        assert "�" not in message.get_content()


def test_lines_are_wire_lines() -> None:
    for raw in (*RECEIVED, *SENT):
        assert raw.endswith(b"\r\n")
        assert not re.search(rb"[^\r]\n|\r[^\n]", raw)
        assert b"{{" not in raw
        assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_there_are_about_sixty_and_ids_are_unique() -> None:
    assert len(RECEIVED) >= 60
    assert len(SENT) >= 12
    ids = [message["Message-ID"] for message in WHOLE]
    assert len(set(ids)) == len(ids)


def test_received_mail_has_its_trace_and_sent_mail_has_none() -> None:
    for raw in RECEIVED:
        assert raw.startswith(b"Return-Path: <")
        assert b"\r\nReceived: from mx." in raw
        assert b" for <yan@goose.example>;" in raw
    for raw in SENT:
        assert read(raw)["From"].addresses[0].addr_spec == YAN.email
        assert b"Received:" not in raw


def moments(now: dt.datetime) -> dict[str, dt.datetime]:
    return {key: sample.moment(now) for key, sample in scripts.samples().items()}


@settings(max_examples=50)
@given(
    st.datetimes(
        dt.datetime(2025, 1, 1),  # noqa: DTZ001  # hypothesis wants naive bounds
        dt.datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.timezones(),
    )
)
def test_whenever_it_starts_the_mailbox_is_fresh_and_answers_follow(now: dt.datetime) -> None:
    now = now.astimezone(dt.timezone(now.utcoffset() or dt.timedelta()))
    when = moments(now)
    assert all(moment <= now for moment in when.values())
    assert now - max(when.values()) < dt.timedelta(hours=1)
    assert now - min(when.values()) < dt.timedelta(days=60)
    for key, sample in scripts.samples().items():
        if sample.reply_to:
            assert when[sample.reply_to] < when[key], key


def test_dates_are_those_of_the_script_in_order() -> None:
    dates = [one["Date"].datetime for one in WHOLE if one["Received"]]
    assert dates == sorted(dates)
    assert all(date <= NOW for date in dates)


def test_threads_hang_together() -> None:
    known = {message["Message-ID"] for message in WHOLE}
    sizes: dict[str, int] = {}
    for message in WHOLE:
        chain = (message["References"] or "").split()
        assert set(chain) <= known
        assert (message["In-Reply-To"] or None) == (chain[-1] if chain else None)
        root = chain[0] if chain else message["Message-ID"]
        sizes[root] = sizes.get(root, 0) + 1
    assert max(sizes.values()) == 7
    assert sum(size > 1 for size in sizes.values()) >= 9


def charsets() -> dict[str, int]:
    count: dict[str, int] = {}
    for message in WHOLE:
        for part in message.walk():
            label = part.get_content_charset()
            if label:
                count[label] = count.get(label, 0) + 1
    return count


def test_charsets() -> None:
    found = charsets()
    assert found["gb18030"] >= 3
    assert found["iso-2022-jp"] >= 2
    assert {"utf-8", "iso-8859-1", "iso-8859-15"} <= found.keys()


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("您的电子发票：北京云雀宾馆", "望远镜"),
        ("白鳥湖の雁、到着しました", "湯たんぽ"),
        ("갯벌에서 보내는 소식", "왜가리"),
        ("นกนางนวลมาแล้ว", "ปาท่องโก๋"),
        ("رسالة من الأهوار", "الركبة"),
        ("小鹅会叫姑姑了", "🕊️"),
        ("Räkna gäss på svenska", "Åke i regnrock"),
        ("Rechnung Nr. 5580 für Ihren Strom", "41,70 €"),
    ],
)
def test_words_of_every_script(subject: str, word: str) -> None:
    found = [one for one in WHOLE if subject in one["Subject"] and "Re:" not in one["Subject"]]
    assert word in text(found[0])


def attachments(kind: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for message in WHOLE:
        for part in message.walk():
            if part.get_content_type() == kind and part.get_filename():
                payload: Any = part.get_payload(decode=True)
                found.append((str(part.get_filename()), payload))
    return found


def test_pdfs_have_true_tables() -> None:
    assert "电子发票-云雀宾馆.pdf" in dict(attachments("application/pdf"))
    for _, pdf in attachments("application/pdf"):
        assert pdf.startswith(b"%PDF-1.4\n")
        table = int(pdf.split()[-2])
        assert pdf[table:].startswith(b"xref\n")
        offsets = re.findall(rb"(\d{10}) 00000 n", pdf[table:])
        for number, offset in enumerate(offsets, 1):
            assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)


def test_pictures_have_true_checksums() -> None:
    pictures = attachments("image/png")
    assert len(pictures) == 2
    for _, png in pictures:
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        at = 8
        while at < len(png):
            size = int.from_bytes(png[at : at + 4])
            body, sum_ = png[at + 4 : at + 8 + size], png[at + 8 + size : at + 12 + size]
            assert binascii.crc32(body) == int.from_bytes(sum_)
            if body.startswith(b"IDAT"):
                pixels = zlib.decompress(body[4:])
                assert len(pixels) == makers.HEIGHT * (1 + 3 * makers.WIDTH)
            at += 12 + size


def test_the_archive_opens() -> None:
    ((_, content),) = attachments("application/zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3


def test_the_invitation() -> None:
    message = with_subject("Planning the spring catch")
    (event,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert event.get_param("method") == "REQUEST"
    content = event.get_content()
    assert "\r\n" in bytes(event).decode() or "BEGIN:VEVENT" in content
    assert "DTSTART:20260307T100000Z" in content
    assert "UID:spring-catch-20260307@reedbed.example" in content
    assert "(Sat 7 Mar, 10:00)" in message["Subject"]


def test_the_newsletter_has_a_picture_of_its_own_and_a_tracker() -> None:
    message = with_subject("no. 211")
    page = text(message, "html")
    assert 'src="cid:dusk@slowpost.example"' in page
    assert [p["Content-ID"] for p in message.walk() if p["Content-ID"]] == [
        "<dusk@slowpost.example>"
    ]
    assert "https://open.slowpost.example/t.gif" in page
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_delivery_report() -> None:
    message = with_subject("Undelivered mail")
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert b"\r\nReturn-Path: <>\r\n" in b"\r\n" + next(
        raw for raw in RECEIVED if b"multipart/report" in raw
    )


def test_the_phish_says_one_thing_and_links_another() -> None:
    page = text(with_subject("unusual honking"), "html")
    assert 'href="http://login.account-verify.phish.example/' in page
    assert ">https://goose.example/security</a>" in page


def test_the_flowed_letter_has_soft_breaks() -> None:
    message = next(one for one in WHOLE if one["Subject"] == "Sunday on the water")
    assert message.get_param("format") == "flowed"
    assert re.search(r"[a-z,] \n[a-z]", text(message).replace("\r\n", "\n"))
    assert "\n-- \n" in text(message).replace("\r\n", "\n")


def test_the_long_one_is_long() -> None:
    assert len(text(with_subject("Every position"))) > 200_000


def test_the_malformed_one_is_malformed() -> None:
    (raw,) = filter(is_malformed, RECEIVED)
    head = raw.partition(b"\r\n\r\n")[0]
    assert not head.isascii()
    assert b"\r\nDate:" not in head
    assert "苏雁".encode("gb18030") in head
    assert message_from_bytes(raw).defects


def test_another_owner_is_named() -> None:
    other = Address("Ада", "ada@goose.example")
    message = read(samples.messages(NOW, other)[-1])
    assert message["To"].addresses[0].addr_spec == other.email
    assert str(make_header(decode_header(message["To"].addresses[0].display_name))) == "Ада"
    assert other.email in message.get_content()
