"""Senders that are not what they seem are marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hongyan.mime import parse
from hongyan.mime.html import Lie, lying_links
from hongyan.mime.identity import Mark, marks, shown_domain

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("From: Jane <jane@example.org>", ()),
        ("From: jane@example.org", ()),
        ("From: 张三 <zhang@example.cn>", ()),
        ("Subject: x", (Mark.NO_AUTHOR,)),
        ("From: a@x.example\nFrom: b@x.example", (Mark.SEVERAL_FIELDS,)),
        ("From: a@x.example, b@x.example", (Mark.SEVERAL_AUTHORS,)),
        ('From: "boss@bank.example" <a@evil.example>', (Mark.NAME_LIKE_ADDRESS,)),
        ('From: "a@x.example" <a@x.example>', ()),
        ("From: Bo\u202ess <a@x.example>", (Mark.UNSEEN_CHARACTERS,)),
        ("From: a@b\u0430nk.example", (Mark.MIXED_SCRIPTS,)),
        ("From: a%b@x.example", (Mark.ODD_ADDRESS,)),
        ("From: a@x.example\nFrom\n : b@x.example\nTo: c@x.example", (Mark.BROKEN_HEADER,)),
    ],
)
def test_marks(header: str, expected: tuple[Mark, ...]) -> None:
    assert marks(parse(f"{header}\n\nbody".encode())) == expected


def test_links_that_lie_are_marked() -> None:
    html = (
        "From: a@x.example\nContent-Type: text/html\n\n<a href=http://evil.example>bank.example</a>"
    )
    assert marks(parse(html.encode())) == (Mark.LYING_LINKS,)
    assert lying_links(html) == (Lie("bank.example", "evil.example"),)
    assert marks(parse(html.replace("bank", "evil").encode())) == ()


def test_mixed_domain_is_shown_as_ascii() -> None:
    assert shown_domain("b\u0430nk.example") == "xn--bnk-6cd.example"
    assert shown_domain("аррӏе.com") == "xn--80ak6aa92e.com"
    assert shown_domain("почта.com") == "почта.com"
    assert shown_domain("почта.рф") == "почта.рф"
    assert shown_domain("メール例.jp") == "メール例.jp"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_no_false_identity_stands_unmarked() -> None:
    """What a lone, unmarked sender shows is what its only From field says to every program."""
    for path in sorted((CORPUS / "spoof-from").glob("*.eml")):
        raw = path.read_bytes()
        message = parse(raw)
        header = raw.partition(b"\n\n")[0].replace(b"\r", b"")
        if header.lower().count(b"from") > 1 + header.count(b"mailfrom") or b"," in header[:200]:
            continue
        if not marks(message):
            assert (
                message.header(
                    "from",
                )
                is not None
            )
            assert len(message.from_) == 1
            assert message.from_[0].email.encode() in header
