"""Whole messages: what the standard library reads back, and what can never be sent."""

from __future__ import annotations

import email.policy
import json
import re
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import fast_mail_parser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime import parse
from hongyan.mime.builder import (
    Address,
    Attachment,
    Draft,
    build,
    build_chunks,
    envelope_recipients,
    make_message_id,
    needs_smtputf8,
    stamp,
)
from hongyan.mime.recipients import wire_address

MATRIX = Path(__file__).parents[2].parent / "shared/corpus/crlf-injection/matrix.json"
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=timezone(timedelta(hours=8)))
ANN, BOB, EVE = (Address(name.title(), f"{name}@x.example") for name in ("ann", "bob", "eve"))
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
DRAFT = stamp(Draft(from_=ANN, to=(BOB,), subject="Hi", text="Hello\n"), NOW)


def read(draft: Draft) -> EmailMessage:
    octets = build(draft)
    assert octets.isascii()
    assert b"\0" not in octets
    assert b"\r" not in octets.replace(b"\r\n", b"")
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    message = BytesParser(policy=email.policy.default).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def structure(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


WORD = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1)
LINE = st.lists(WORD, max_size=6).map(" ".join)
BODY = st.text(st.characters(exclude_categories=["Cs"]))
LOCAL = st.from_regex(r"[a-z0-9!#$&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9]{1,9}){0,2}", fullmatch=True)
LOCALS = LOCAL.filter(lambda local: "!" not in local)
DOMAIN = st.sampled_from(["a.example", "mail.bücher.example", "例子.example", "[192.0.2.1]", "b"])
ADDRESS = st.builds(
    lambda name, local, domain: Address(name, f"{local}@{domain}"), WORD | st.none(), LOCALS, DOMAIN
)
ATTACHMENT = st.builds(
    Attachment,
    WORD,
    st.binary(max_size=300),
    st.sampled_from(["application/pdf", "image/png", "text/csv; charset=gb18030"]),
    st.sampled_from(["", "", "p1@x"]),
)
MOMENT = st.datetimes(datetime(1900, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
DRAFTS = st.builds(
    Draft,
    from_=ADDRESS,
    to=st.lists(ADDRESS, min_size=1, max_size=4).map(tuple),
    cc=st.lists(ADDRESS, max_size=2).map(tuple),
    subject=LINE,
    text=BODY,
    html=BODY | st.none(),
    attachments=st.lists(ATTACHMENT, max_size=3).map(tuple),
    date=MOMENT,
    message_id=st.just("1@x.example"),
)


def pairs(addresses: tuple[Address, ...]) -> list[tuple[str, str]]:
    """Names without their blanks, which CPython 3.11 adds between words of a phrase."""
    return [
        ("".join((each.name or "").split()), wire_address("To", each.email)) for each in addresses
    ]


def file_name(part: EmailMessage) -> str:
    """Not get_filename(), which strips quotes, angle brackets and blanks that belong to it."""
    disposition = part["Content-Disposition"]
    return str(disposition.params.get("filename", "")) if disposition else ""


def normal(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "")  # as RFC 8621 §4.1.2.2 has it


def canonical(text: str) -> str:
    text = re.sub("\r\n|\r|\n", "\n", text)
    return text if not text or text.endswith("\n") else text + "\n"


@PATIENT
@given(DRAFTS)
def test_the_standard_library_reads_it_back(draft: Draft) -> None:
    message = read(draft)
    assert message["subject"] == draft.subject
    assert message["date"].datetime == draft.date.replace(microsecond=0) if draft.date else False
    for name, addresses in (("from", (draft.from_,)), ("to", draft.to), ("cc", draft.cc)):
        found = message[name].addresses if addresses else ()
        assert [("".join(a.display_name.split()), a.addr_spec) for a in found] == pairs(addresses)
    texts = {p.get_content_subtype(): p for p in message.walk() if not file_name(p)}
    for kind, text in (("html", draft.html), ("plain", draft.text)):
        if text and (draft.html is not None or kind == "plain"):
            octets = texts[kind].get_payload(decode=True)
            assert isinstance(octets, bytes)
            assert octets.decode() == canonical(text).replace("\n", "\r\n")
    files = [p for p in message.walk() if file_name(p)]
    found = sorted((file_name(p), p.get_payload(decode=True)) for p in files)
    assert found == sorted((a.filename, a.content) for a in draft.attachments)


@PATIENT
@given(DRAFTS)
def test_our_own_parser_reads_it_back(draft: Draft) -> None:
    message = parse(build(draft))
    assert message.subject == normal(draft.subject)
    assert [normal(each.name) for each in message.to] == [normal(each.name) for each in draft.to]
    assert len(message.attachments) == len(draft.attachments)
    assert sorted(part.content() for part in message.attachments) == sorted(
        each.content for each in draft.attachments if isinstance(each.content, bytes)
    )


def test_the_shape_of_everything() -> None:
    picture = Attachment("p.png", b"png", "image/png", cid="p@x")
    file = Attachment("合同.pdf", b"pdf", "application/pdf")
    draft = replace(DRAFT, html="<img src=cid:p@x>", attachments=(picture, file))
    message = read(draft)
    assert structure(message) == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related"),
        *("text/html", "image/png", "application/pdf"),
    ]
    parts = list(message.walk())
    assert parts[3].get_param("type") == "text/html"
    assert parts[5]["content-id"] == "<p@x>"
    assert parts[5].get_content_disposition() == "inline"
    assert parts[6].get_filename() == "合同.pdf"


def test_the_fields_and_their_order() -> None:
    draft = replace(
        DRAFT,
        cc=(EVE,),
        reply_to=(BOB,),
        in_reply_to=("2@x",),
        references=("1@x", "2@x"),
        headers=(("Organization", "Wild Geese"), ("X-Word", "鸿雁")),
    )
    message = read(draft)
    assert message.keys() == [
        *("Date", "From", "Reply-To", "To", "Cc", "Subject", "Message-ID", "In-Reply-To"),
        *("References", "Organization", "X-Word", "MIME-Version", "Content-Type"),
        "Content-Transfer-Encoding",
    ]
    assert message["references"] == "<1@x> <2@x>"
    assert message["x-word"] == "鸿雁"


def test_html_alone_and_nothing_at_all() -> None:
    assert structure(read(replace(DRAFT, text="", html="<p>x"))) == ["text/html"]
    assert structure(read(replace(DRAFT, text=""))) == ["text/plain"]


def test_a_picture_without_html_is_a_file() -> None:
    draft = replace(DRAFT, attachments=(Attachment("p.png", b"x", "image/png", cid="p@x"),))
    assert structure(read(draft)) == ["multipart/mixed", "text/plain", "image/png"]


def test_messages_travel_unencoded_or_as_files() -> None:
    """RFC 2046 §5.2.1: message/rfc822 has no base64."""
    plain = Attachment("a.eml", b"Subject: x\r\n\r\nbody", "message/rfc822")
    wild = Attachment("b.eml", "Subject: é\r\n\r\nbody".encode(), "message/rfc822")
    message = read(replace(DRAFT, attachments=(plain, wild)))
    assert structure(message)[2:] == ["message/rfc822", "text/plain", "application/octet-stream"]
    assert list(message.walk())[-1].get_payload(decode=True) == wild.content


def test_no_bcc_and_nothing_of_the_machine() -> None:
    octets = build(replace(DRAFT, bcc=(EVE,)))
    assert b"eve" not in octets.lower()
    assert b"user-agent" not in octets.lower()
    alone = read(replace(DRAFT, to=(), bcc=(EVE,)))
    assert alone["to"] == "undisclosed-recipients:;"
    assert alone["to"].addresses == ()
    assert re.fullmatch(r"[\w-]{24}@x\.example", make_message_id("x.example"))
    assert make_message_id("x.example") != make_message_id("x.example")


def test_the_envelope() -> None:
    draft = replace(
        DRAFT,
        to=(BOB, Address(None, "zoë@bücher.example")),
        cc=(Address("Bob again", "bob@X.EXAMPLE"),),
        bcc=(EVE,),
    )
    expected = ("bob@x.example", "zoë@xn--bcher-kva.example", "eve@x.example")
    assert envelope_recipients(draft) == expected
    assert needs_smtputf8(draft)
    assert not needs_smtputf8(DRAFT)


def test_smtputf8_addresses_are_the_only_utf8() -> None:
    draft = replace(DRAFT, to=(Address("Zoë", "zoë@x.example"),), subject="Zoë")
    octets = build(draft)
    assert octets.replace("zoë@x.example".encode(), b"").isascii()


def test_a_draft_needs_its_stamp() -> None:
    for bare in (replace(DRAFT, date=None), replace(DRAFT, message_id="")):
        with pytest.raises(InvalidArgument, match="stamp"):
            build(bare)
    assert stamp(DRAFT, NOW).message_id == DRAFT.message_id


def test_a_file_streams_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(8 << 20)
    draft = replace(DRAFT, attachments=(Attachment("large.bin", path),))
    tracemalloc.start()
    try:
        size = sum(map(len, build_chunks(draft)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > (8 << 20) * 4 // 3
    assert peak < 3 << 20


def test_a_file_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    draft = replace(DRAFT, attachments=(Attachment("x", tmp_path / "x"),))
    with pytest.raises(InvalidArgument, match=r"^attachment: "):
        build_chunks(draft)


def test_a_file_that_goes_away_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    chunks = build_chunks(replace(DRAFT, attachments=(Attachment("x", path),)))
    path.unlink()
    with pytest.raises(InvalidArgument, match=r"^attachment: "):
        list(chunks)


def test_content_from_a_function_can_be_built_twice() -> None:
    def content() -> Iterator[bytes]:
        yield from (b"a", b"b" * 100)

    draft = replace(DRAFT, attachments=(Attachment("x", content),))
    for _ in range(2):
        assert list(read(draft).walk())[-1].get_payload(decode=True) == b"a" + b"b" * 100


@pytest.mark.parametrize(
    "name", ["Bcc", "to", "FROM", "Content-Type", "MIME-Version", "Resent-To", "a:b", "", "a b"]
)
def test_further_fields_cannot_be_those_of_the_draft(name: str) -> None:
    with pytest.raises(InvalidArgument):
        build(replace(DRAFT, headers=((name, "x"),)))


def attached(value: Attachment) -> Draft:
    return replace(DRAFT, html="<p>", attachments=(value,))


SINKS: dict[str, Callable[[str], Draft]] = {
    "from_name": lambda v: replace(DRAFT, from_=Address(v, "a@b")),
    "to_name": lambda v: replace(DRAFT, to=(Address(v, "a@b"),)),
    "to_addr": lambda v: replace(DRAFT, to=(Address(None, f"{v}@b"),)),
    "cc": lambda v: replace(DRAFT, cc=(Address("x", f"a@{v}"),)),
    "bcc": lambda v: replace(DRAFT, bcc=(Address(v, "a@b"),)),
    "bcc_addr": lambda v: replace(DRAFT, bcc=(Address(None, f"a@b{v}"),)),
    "reply_to": lambda v: replace(DRAFT, reply_to=(Address(v, "a@b"),)),
    "subject": lambda v: replace(DRAFT, subject=v),
    "message_id": lambda v: replace(DRAFT, message_id=v),
    "in_reply_to": lambda v: replace(DRAFT, in_reply_to=(v,)),
    "references": lambda v: replace(DRAFT, references=("a@b", v)),
    "list_unsubscribe": lambda v: replace(DRAFT, headers=(("List-Unsubscribe", f"<{v}>"),)),
    "custom_header_name": lambda v: replace(DRAFT, headers=((v, "x"),)),
    "custom_header_value": lambda v: replace(DRAFT, headers=(("X-A", v),)),
    "attachment_filename": lambda v: attached(Attachment(v, b"x")),
    "attachment_content_type": lambda v: attached(Attachment("x", b"x", v)),
    "content_id": lambda v: attached(Attachment("x", b"x", cid=v)),
    "boundary": lambda v: attached(Attachment("x", b"x", f'multipart/mixed; boundary="{v}"')),
    "charset": lambda v: attached(Attachment("x", b"x", f"text/plain; charset={v}")),
    "organization": lambda v: replace(DRAFT, headers=(("Organization", v),)),
}
NEWLINES = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r", "nul": b"\0", "ls": b"\xe2\x80\xa8"}
PAYLOADS = ["Bcc: evil@example.com", "."]
if MATRIX.exists():
    TABLE = json.loads(MATRIX.read_text("utf-8"))
    NEWLINES = {name: bytes.fromhex(octets) for name, octets in TABLE["newlines"].items()}
    PAYLOADS = TABLE["payload_after"]


def test_every_header_sink_of_the_table_is_tried() -> None:
    if MATRIX.exists():  # a date is no text here, so nothing can be put into it
        assert set(TABLE["sinks"]["header"]) - {"date"} <= set(SINKS)


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("sink", SINKS)
def test_no_field_can_begin_another(sink: str, newline: str) -> None:
    """Refused, or exactly the fields that were asked for."""
    for payload in PAYLOADS:
        value = f"x{NEWLINES[newline].decode('utf-8', 'surrogatepass')}{payload}"
        draft = SINKS[sink](value)
        try:
            octets = build(draft)
        except InvalidArgument:
            continue
        assert newline not in {"crlf", "lf", "cr", "nul", "nel", "ls", "ps", "vt", "surrogate"}
        message = BytesParser(policy=email.policy.default).parsebytes(octets)
        assert set(message.keys()) == asked_for(draft)
        assert len(message.keys()) == len(asked_for(draft))
        for part in list(message.walk())[1:]:
            assert set(part.keys()) <= PART_FIELDS


PART_FIELDS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"}


def asked_for(draft: Draft) -> set[str]:
    optional = {
        "Reply-To": draft.reply_to,
        "Cc": draft.cc,
        "In-Reply-To": draft.in_reply_to,
        "References": draft.references,
        "Content-Transfer-Encoding": not draft.attachments,
        **dict(draft.headers),
    }
    fixed = {"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"}
    return fixed | {name for name, value in optional.items() if value}


@PATIENT
@given(
    st.lists(st.sampled_from(["word ", "> ", "From ", "long " * 20, "end\n", "你好"])).map("".join)
)
def test_our_own_parser_reads_the_same_text(text: str) -> None:
    """Flowed or not: paragraphs are whole again, quotes keep their depth."""
    found = parse(build(replace(DRAFT, text=text))).text.replace("\r\n", "\n")
    depths = re.compile(r"^(?:> ?)+", re.MULTILINE)
    wanted = canonical(text)
    assert depths.sub("", found).rstrip("\n") == depths.sub("", wanted).rstrip("\n")


@PATIENT
@given(DRAFTS)
def test_a_parser_in_rust_reads_it_back(draft: Draft) -> None:
    """Except what it changes itself: it trims texts and file names, and knows no date before 1970."""
    mail = fast_mail_parser.parse_email(build(draft))
    assert "".join(mail.subject.split()) == "".join(draft.subject.split())
    found_to = [("".join((one.display_name or "").split()), one.address) for one in mail.to]
    assert found_to == pairs(draft.to)
    known = draft.date if draft.date and draft.date.timestamp() >= 0 else None
    assert mail.date_parsed == (known.replace(microsecond=0) if known else None)
    found = sorted(each.content for each in mail.attachments)
    assert found == sorted(
        each.content for each in draft.attachments if isinstance(each.content, bytes)
    )
    if draft.text.strip():
        plain = "".join(mail.text_plain)
        assert plain.replace("\r\n", "\n").strip() == canonical(draft.text).strip()
