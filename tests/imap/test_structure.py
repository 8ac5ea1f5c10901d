"""Envelopes and body structures: the RFC's own, and those that servers get wrong."""

from __future__ import annotations

import pytest

from hongyan.imap import Address, Disposition, Fetched
from hongyan.imap.framing import Framer, Response
from hongyan.imap.parser import parse

TEXT = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 1)'
ENVELOPE = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def fetched(attributes: str) -> Fetched:
    framer = Framer()
    framer.feed(f"* 1 FETCH ({attributes})\r\n".encode())
    frame = framer.next()
    assert isinstance(frame, Response)
    found = parse(frame)
    assert isinstance(found, Fetched)
    return found


def kinds(structure: str) -> dict[str, str]:
    found = fetched(f"BODYSTRUCTURE {structure}").structure
    assert found is not None
    return {number: part.kind for number, part in found.walk()}


def test_a_text() -> None:
    part = fetched(
        f'BODYSTRUCTURE {TEXT[:-1]} "md5" ("ATTACHMENT" ("filename" "a.txt")) ("de" "EN") "here")'
    ).structure
    assert part is not None
    assert (part.kind, part.encoding, part.size, part.lines) == ("text/plain", "7bit", 12, 1)
    assert part.parameters == {"charset": b"utf-8"}
    assert part.disposition == Disposition("attachment", {"filename": b"a.txt"})
    assert (part.md5, part.languages, part.location) == (b"md5", ("de", "en"), b"here")


def test_sections_have_their_numbers() -> None:
    """RFC 9051 §6.4.5.1: the example of a forwarded multipart."""
    image = '("image" "gif" NIL NIL NIL "base64" 5)'
    inner = f'({TEXT}("application" "octet-stream" NIL NIL NIL "base64" 7) "mixed")'
    message = f'("message" "rfc822" NIL NIL NIL "7bit" 99 {ENVELOPE} {inner} 9)'
    nested = f'({image}("message" "rfc822" NIL NIL NIL "7bit" 99 {ENVELOPE} ({TEXT}({TEXT} "alternative") "mixed") 9) "mixed")'
    assert kinds(f'({TEXT}("application" "octet-stream" NIL NIL NIL "base64" 7){message}{nested} "mixed")') == {
        "1": "text/plain", "2": "application/octet-stream", "3": "message/rfc822", "3.1": "text/plain",
        "3.2": "application/octet-stream", "4": "multipart/mixed", "4.1": "image/gif", "4.2": "message/rfc822",
        "4.2.1": "text/plain", "4.2.2": "multipart/alternative", "4.2.2.1": "text/plain",
    }  # fmt: skip


def test_a_message_in_a_message() -> None:
    assert kinds(f'("message" "rfc822" NIL NIL NIL "7bit" 99 {ENVELOPE} {TEXT} 9)') == {
        "1": "message/rfc822", "1.1": "text/plain",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ('(NIL "mixed" ("boundary" "x") NIL NIL)', {}),
        ('(NIL NIL NIL NIL NIL "7bit" 0 0)', {"1": "text/plain"}),
        ('("application" NIL NIL NIL NIL "base64" -1)', {"1": "application/octet-stream"}),
        ('("text" "plain")', {"1": "text/plain"}),
        ('("text" "plain" () NIL NIL "7bit" NIL NIL)', {"1": "text/plain"}),
        ('("text" "plain" "charset" NIL NIL "7bit" 5 1)', {"1": "text/plain"}),
        ('("message" "rfc822" NIL NIL NIL "7bit" 99)', {"1": "message/rfc822"}),
        ('("message" "rfc822" NIL NIL NIL "7bit" 99 NIL NIL 5)', {"1": "message/rfc822"}),
        (f"({TEXT})", {"1": "text/plain"}),
        (f'({TEXT}() "mixed")', {"1": "text/plain"}),
        (f'({TEXT} "mixed" NIL NIL "de" "here" "more" (1 2))', {"1": "text/plain"}),
    ],
)
def test_structures_that_servers_get_wrong(structure: str, expected: dict[str, str]) -> None:
    assert kinds(structure) == expected


def test_an_envelope() -> None:
    group = '((NIL NIL "friends" NIL)("Anna" NIL "anna" "example.org")(NIL NIL NIL NIL))'
    envelope = fetched(
        f'ENVELOPE ("date" {{6}}\r\né two NIL "" () {group} NIL NIL "<a>" "<b>")'
    ).envelope
    assert envelope is not None
    assert envelope.subject == "é two".encode()
    assert (envelope.from_, envelope.sender, envelope.reply_to) == ((), (), ())
    assert envelope.to[1] == Address(b"Anna", None, b"anna", b"example.org")
    assert (envelope.to[0].host, envelope.to[2].mailbox) == (None, None)
    assert (envelope.in_reply_to, envelope.message_id) == (b"<a>", b"<b>")


@pytest.mark.parametrize(
    "envelope",
    [
        "()",
        '("date")',
        '("date" "subject" (("a")) x)',
        "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
    ],
)
def test_envelopes_that_servers_get_wrong(envelope: str) -> None:
    found = fetched(f"ENVELOPE {envelope}").envelope
    assert found is not None
    assert found.from_ == ()


@pytest.mark.parametrize(
    "date", ['"31-Feb-2026 00:00:00 +0000"', '"x"', "NIL", '" 1-Jan-2026 00:00:00 +9900"', '""']
)
def test_dates_that_there_are_not(date: str) -> None:
    assert fetched(f"INTERNALDATE {date} UID 7") == Fetched(1, uid=7)
