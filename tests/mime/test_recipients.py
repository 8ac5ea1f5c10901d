"""What a person may type as recipients, and what is refused at which place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime.recipients import needs_utf8, parse_recipients, wire_address
from hongyan.mime.types import Address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" , ;", []),
        ("a@b", [(None, "a@b")]),
        ("<a@b>", [(None, "a@b")]),
        ("Zoë <a@b>, c@d", [("Zoë", "a@b"), (None, "c@d")]),
        ("a@b.example; c@d.example,", [(None, "a@b.example"), (None, "c@d.example")]),
        ('"Smith, \\"Bob\\"" <bob@x.example>', [('Smith, "Bob"', "bob@x.example")]),
        ('Bob "the goose" Smith <bob@x.example>', [("Bob the goose Smith", "bob@x.example")]),
        ('"a@b.example" <c@d.example>', [("a@b.example", "c@d.example")]),
        ("a@b.example <a@b.example>", [("a@b.example", "a@b.example")]),
        ('"john doe"@x.example', [(None, '"john doe"@x.example')]),
        ("张三 <san@例子.example>", [("张三", "san@例子.example")]),
        ("用户@例子.example", [(None, "用户@例子.example")]),
        ("o'neil+tag/x=y@x.example", [(None, "o'neil+tag/x=y@x.example")]),
        ("a@[192.0.2.1]", [(None, "a@[192.0.2.1]")]),
        ("a@[IPv6:2001:db8::1]", [(None, "a@[IPv6:2001:db8::1]")]),
        ("=?utf-8?q?x?= <a@b>", [("=?utf-8?q?x?=", "a@b")]),
    ],
)
def test_accepted(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert parse_recipients(text) == tuple(Address(*pair) for pair in expected)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("bob", 1),
        ("a@b, bob", 5),
        ("a@", 1),
        ("@b", 1),
        ("a@b c@d", 1),
        ("a b@c", 1),
        ("a..b@c", 1),
        (".a@c", 1),
        ("a@b..c", 1),
        ("a@-b", 1),
        ("a@b_c", 1),
        ("a@b。com", 1),
        ("a@b.", 1),
        ("a%b@c", 1),
        ("b!a@c", 1),
        ("a@b@c", 1),
        ('"a@b"@c', 1),
        ('"a@evil.example> "@c', 1),
        ("<@relay.example,@x:a@b>", 1),
        ("<@relay.example:a@b>", 16),
        ("a(comment)@b", 2),
        ("a@b (Bob)", 5),
        ("Friends: a@b, c@d;", 8),
        ("undisclosed-recipients:;", 23),
        ("Bob <a@b", 5),
        ("Bob a@b>", 8),
        ("<a@b><c@d>", 6),
        ("<a@b> Bob", 1),
        ("<<a@b>", 2),
        ("<>", 1),
        ("Bob <>", 5),
        ('"Bob <a@b>', 1),
        ("c@d <a@b>", 1),
        ("Bob \\<a@b>", 5),
        ("a@[192.0.2]", 1),
        ("a@[x", 3),
        ("a\u200bb@c", 1),
        ("a\u202eb@c", 1),
        ("a@xn--\u00e9", 1),
        ("x" * 300 + "@b", 1),
        ("a@" + "b." * 200 + "c", 1),
    ],
)
def test_refused_with_the_place(text: str, place: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_recipients(text, field="cc")
    assert caught.value.field == "cc"
    assert re.match(rf"character {place}: ", caught.value.reason), caught.value.reason


@pytest.mark.parametrize("control", ["\r\n", "\n", "\0", "\t", "\x7f", "\x85", "\u2028", "\ud800"])
def test_controls_are_refused(control: str) -> None:
    for text in (f"a@b,{control}c@d", f"Bob{control} <a@b>", f"a{control}@b"):
        with pytest.raises(InvalidArgument):
            parse_recipients(text)
        with pytest.raises(InvalidArgument):
            wire_address("to", text)


def test_the_domain_shown_is_the_domain_used() -> None:
    assert wire_address("to", "a@FAß.Example") == "a@xn--fa-hia.example"
    assert wire_address("to", "a@BÜCHER.example") == "a@xn--bcher-kva.example"
    assert wire_address("to", "a@Example.ORG") == "a@Example.ORG"
    for mapped in ("a@ｅxample.com", "a@exa\u00admple.com", "a@①.com", "a@b\u2024c"):
        with pytest.raises(InvalidArgument):
            wire_address("to", mapped)


def test_smtputf8_is_for_local_parts() -> None:
    assert needs_utf8("é@b.example")
    assert not needs_utf8("e@bücher.example")


@settings(deadline=None)
@given(st.text() | st.text(st.sampled_from('ab@.,;<>()":\\[] %é')))
def test_any_text_is_addresses_or_a_refusal(text: str) -> None:
    try:
        found = parse_recipients(text)
    except InvalidArgument:
        return
    for address in found:
        assert address.email in text
        assert wire_address("to", address.email).count("@") == 1


@pytest.mark.parametrize("piece", ['"', '"a" ', "<", "a ", "\\", '""', "[", "a@b,", "<a@b>,", "é"])
def test_a_megabyte_is_no_work(piece: str) -> None:
    try:
        parse_recipients(piece * (200_000 // len(piece)))
    except InvalidArgument:
        return
