"""Answers: who gets them, what they are called, what they quote; and that they can always be built."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime import parse
from hongyan.mime.answer import (
    REFERENCES,
    Quoting,
    edit_as_new,
    forward,
    references,
    reply,
    reply_all,
    reply_list,
)
from hongyan.mime.builder import Draft, build, stamp
from hongyan.mime.quote import fwd_subject, quoted, re_subject
from hongyan.mime.received import Received
from hongyan.mime.redirect import redirect
from hongyan.mime.types import Address

CORPUS = Path(__file__).parents[2].parent / "shared/corpus"
ME = (Address("Me", "me@x.example"), Address("Me at work", "me@work.example"))
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
HEAD = b"From: Bob <bob@x.example>\r\nTo: me@x.example\r\nMessage-ID: <1@x>\r\n"


def received(fields: str = "", body: str = "Hello\r\n") -> Received:
    return parse(f"{fields}\r\n\r\n{body}".lstrip().encode())


def emails(addresses: tuple[Address, ...]) -> list[str]:
    return [address.email for address in addresses]


CASES = [
    # fields, reply to, reply_all to, reply_all cc
    ("From: bob@b\r\nTo: me@x.example", ["bob@b"], ["bob@b"], []),
    (
        "From: bob@b\r\nReply-To: list@l\r\nTo: me@x.example, ann@a\r\nCc: eve@e",
        *(["list@l"], ["list@l"], ["ann@a", "eve@e"]),
    ),
    (
        "From: bob@b\r\nTo: ME@X.example, bob@b, ann@a\r\nCc: ann@a, me@work.example",
        *(["bob@b"], ["bob@b"], ["ann@a"]),
    ),
    ("From: me@x.example\r\nTo: ann@a\r\nCc: eve@e", ["ann@a"], ["ann@a"], ["eve@e"]),
    ("From: me@x.example\r\nTo: me@x.example", ["me@x.example"], ["me@x.example"], []),
    (
        "From: bob@b\r\nTo: me@x.example, ann@a\r\nMail-Followup-To: l@l, me@x.example",
        *(["bob@b"], ["l@l"], []),
    ),
    ("From: bob@b\r\nReply-To: me@x.example\r\nTo: ann@a", ["me@x.example"], ["me@x.example"], ["ann@a"]),
    ("From: bob@b\r\nTo: undisclosed-recipients:;", ["bob@b"], ["bob@b"], []),
    ("From: bob@b\r\nReply-To: not an address", ["bob@b"], ["bob@b"], []),
    ("Subject: from nobody", [], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "to", "all_to", "all_cc"), CASES)
def test_who_gets_it(fields: str, to: list[str], all_to: list[str], all_cc: list[str]) -> None:
    message = received(fields)
    assert emails(reply(message, ME).to) == to
    everybody = reply_all(message, ME)
    assert (emails(everybody.to), emails(everybody.cc)) == (all_to, all_cc)


def test_it_comes_from_the_address_it_was_sent_to() -> None:
    assert reply(received("From: b@b\r\nTo: me@work.example"), ME).from_ == ME[1]
    assert reply(received("From: b@b\r\nTo: other@x"), ME).from_ == ME[0]
    with pytest.raises(InvalidArgument):
        reply(received("From: b@b"), ())


def test_to_the_list() -> None:
    message = received("From: b@b\r\nList-Post: <https://x>, <mailto:list@l.example?subject=x>")
    assert emails(reply_list(message, ME).to) == ["list@l.example"]
    for value in ("NO", "<mailto:a%40b>", "<mailto:x>", "<https://x>"):
        with pytest.raises(InvalidArgument) as caught:
            reply_list(received(f"List-Post: {value}"), ME)
        assert caught.value.field == "List-Post"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("", "Re:"),
        ("Hello", "Re: Hello"),
        ("Re: Hello", "Re: Hello"),
        ("RE: re[2]: Aw: SV: Hello", "Re: Hello"),
        ("回复：答复: 你好", "Re: 你好"),
        ("Re : Hello", "Re: Hello"),
        ("Regarding: x", "Re: Regarding: x"),
        ("Fwd: x", "Re: Fwd: x"),
        ("[list] Re: x", "Re: [list] Re: x"),
        ("a\x00b\u2028c", "Re: a b c"),
        ("x" * 5000, "Re: " + "x" * 500),
    ],
)
def test_subject_of_a_reply(subject: str, expected: str) -> None:
    assert re_subject(subject) == expected
    assert re_subject(re_subject(subject)) == expected[:504]


def test_subject_of_a_forward() -> None:
    assert fwd_subject("FW: Fwd: 转发：x") == "Fwd: x"
    assert fwd_subject("Re: x") == "Fwd: Re: x"


def test_quoting() -> None:
    assert (
        quoted("Hi\r\n\r\n> old\n\ttab  \x1b[31m\n-- \nBob") == "> Hi\n>\n>> old\n> \ttab  [31m\n"
    )
    assert quoted("") == ">\n"


def test_a_reply_quotes_with_an_attribution() -> None:
    fields = "From: Bob <bob@b>\r\nDate: Mon, 23 Nov 2026 20:00:00 +0800\r\nSubject: Hi"
    draft = reply(received(fields, "One\r\nTwo\r\n"), ME)
    assert draft.text == "On 2026-11-23 20:00, Bob <bob@b> wrote:\n> One\n> Two\n"
    assert draft.subject == "Re: Hi"
    assert draft.html is None
    other = Quoting(wrote=lambda message: f"{message.from_[0].name} 写道：")
    assert reply(received(fields), ME, quoting=other).text.startswith("Bob 写道：\n> ")


def test_references() -> None:
    fields = "Message-ID: <3@x>\r\nReferences: <1@x> <2@x>\r\nIn-Reply-To: <2@x>"
    draft = reply(received(fields), ME)
    assert draft.references == ("1@x", "2@x", "3@x")
    assert draft.in_reply_to == ("3@x",)
    assert references(received("Message-ID: <3@x>\r\nIn-Reply-To: <2@x>")) == ("2@x", "3@x")
    assert references(received("Message-ID: <3@x>\r\nIn-Reply-To: <1@x> <2@x>")) == ("3@x",)
    assert references(received("Subject: none")) == ()


def test_a_long_chain_keeps_its_root_and_its_end() -> None:
    chain = " ".join(f"<{number}@x>" for number in range(1000))
    found = references(received(f"Message-ID: <me@x>\r\nReferences: {chain}"))
    assert len(found) == REFERENCES
    assert (found[0], found[-2:]) == ("0@x", ("999@x", "me@x"))


MIXED = b"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html

<p>Hello <img src="cid:p@x"><script>x</script></p>
--r
Content-Type: image/png
Content-ID: <p@x>
Content-Transfer-Encoding: base64

cG5n
--r--
--m
Content-Type: text/csv; charset=gb18030
Content-Disposition: attachment; filename="a.csv"

1,2
--m--
""".replace(b"\n", b"\r\n")


def clean(html: str) -> str:
    return html.replace("<script>x</script>", "")


def test_forward_carries_everything() -> None:
    draft = forward(parse(HEAD + MIXED), ME, quoting=Quoting(sanitise=clean))
    assert draft.subject == "Fwd:"
    assert draft.to == ()
    assert [each.content_type for each in draft.attachments] == [
        *("image/png", "text/csv; charset=gb18030")
    ]
    again = parse(build(stamp(draft, NOW)))
    assert [part.content() for part in again.attachments] == [b"png", b"1,2"]
    assert again.attachments[1].filename == "a.csv"
    assert again.attachments[1].charset == "gb18030"
    assert "From: Bob &lt;bob@x.example&gt;<br>" in (again.html or "")


def test_a_reply_carries_only_the_pictures_it_shows() -> None:
    draft = reply(parse(HEAD + MIXED), ME, quoting=Quoting(sanitise=clean))
    assert [each.cid for each in draft.attachments] == ["p@x"]
    assert draft.html is not None
    assert "script" not in draft.html
    assert '<blockquote type="cite"><p>Hello <img src="cid:p@x"></p>' in draft.html
    assert reply(parse(HEAD + MIXED), ME).attachments == ()


def test_edit_as_new_keeps_all_but_the_moment() -> None:
    fields = (
        b"From: me@work.example\r\nTo: Bob <bob@b.example>\r\nCc: eve@e.example\r\n"
        b"Bcc: hidden@h.example\r\nSubject: Plan\r\nMessage-ID: <1@x>\r\nReferences: <0@x>\r\n"
    )
    draft = edit_as_new(parse(fields + MIXED), ME, quoting=Quoting(sanitise=clean))
    assert draft.from_ == ME[1]
    assert draft.to == (Address("Bob", "bob@b.example"),)
    assert (emails(draft.cc), emails(draft.bcc)) == (["eve@e.example"], ["hidden@h.example"])
    assert (draft.subject, draft.references) == ("Plan", ("0@x",))
    assert (draft.date, draft.message_id) == (None, "")
    assert draft.html == '<p>Hello <img src="cid:p@x"></p>'
    assert len(draft.attachments) == 2


HOSTILE = st.lists(
    st.sampled_from(
        [
            *(b"From: ", b"To: ", b"Cc: ", b"Reply-To: ", b"Mail-Followup-To: ", b"List-Post: "),
            *(b"Subject: ", b"References: ", b"Message-ID: ", b"\r\n", b"\r\n\r\n", b"\r", b"\n"),
            *(b"a@b", b"<x@y>", b"%", b"\0", b"\x1b[", b"\xff", b"=?utf-8?q?=0D=0ABcc:_e@e?="),
            *(b'"', b"<mailto:", b"=?utf-8?b?7aCA?=", b"\xe2\x80\xa8", b"\xed\xa0\x80", b", "),
        ]
    )
    | st.binary(max_size=8),
    max_size=40,
).map(b"".join)


@settings(deadline=None)
@given(HOSTILE)
def test_an_answer_to_anything_can_be_built(raw: bytes) -> None:
    message = parse(raw)
    for answer in (reply, reply_all, forward, edit_as_new):
        draft = answer(message, ME)
        head = build(stamp(draft, NOW)).partition(b"\r\n\r\n")[0]
        assert b"\nBcc" not in head
        assert b"\nMessage-ID: <" in head


def test_the_corpus_can_be_answered() -> None:
    """Every message at hand, forwarded whole and answered to all."""
    for path in sorted(CORPUS.glob("*/**/*.eml"))[:300]:
        message = parse(path.read_bytes())
        build(stamp(reply_all(message, ME, quoting=Quoting(sanitise=clean)), NOW))
        again = parse(build(stamp(forward(message, ME), NOW)))
        assert len(again.attachments) >= len(message.attachments), path


REDIRECT = stamp(Draft(from_=ME[0], to=(Address("Ann", "ann@a"),)), NOW)


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_redirect_keeps_the_octets(size: int, newline: bytes) -> None:
    kept = b"Subject: x\n y\nX-Bcc: z\n\n\xff body\nBcc: in the body\n".replace(b"\n", newline)
    lost = b"Return-Path: <r@r>\nbcc: eve@e,\n\tmallory@m\n".replace(b"\n", newline)
    original = lost + kept
    chunks = [original[at : at + size] for at in range(0, len(original), size)]
    sent = b"".join(redirect(REDIRECT, chunks))
    head, _, rest = sent.partition(b"Subject: x")
    assert b"Subject: x" + rest == kept
    assert head.startswith(b"Resent-Date: Mon, 23 Nov 2026 20:00:00 +0000\r\nResent-From: Me <")
    assert b"Resent-To: Ann <ann@a>\r\nResent-Message-ID: <" in head


def test_redirect_refuses_early() -> None:
    for draft in (replace(REDIRECT, to=()), replace(REDIRECT, date=None)):
        with pytest.raises(InvalidArgument):
            redirect(draft, [b"Subject: x\r\n\r\n"])
    with pytest.raises(InvalidArgument, match="header"):
        redirect(REDIRECT, (b"X: y\r\n" * 1000 for _ in range(1000)))
