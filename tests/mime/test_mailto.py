"""mailto: links: what they may fill in, and that they can fill in nothing else (FAULTS 19)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hongyan.errors import InvalidArgument
from hongyan.mime.builder import Address, Draft, build, stamp
from hongyan.mime.mailto import LONGEST, mailto

ME = Address("Me", "me@x.example")
PIECES = st.sampled_from(
    [
        "a@b",
        ",",
        "?",
        "&",
        "=",
        "%0D%0A",
        "%",
        "%FF",
        "to",
        "cc",
        "bcc",
        "body",
        "subject",
        "%E4%BD%A0",
    ]
)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("mailto:", Draft(from_=ME)),
        ("MAILTO:a@b", Draft(from_=ME, to=(Address(None, "a@b"),))),
        (
            "mailto:a@b,c%2Bd@e?cc=Eve%20%3Ceve@e%3E,f@g&to=h@i",
            Draft(
                from_=ME,
                to=(Address(None, "a@b"), Address(None, "c+d@e"), Address(None, "h@i")),
                cc=(Address("Eve", "eve@e"), Address(None, "f@g")),
            ),
        ),
        (
            "mailto:?Subject=%E4%BD%A0%E5%A5%BD+1&body=one%0D%0Atwo%0Athree&SUBJECT=x",
            Draft(from_=ME, subject="你好+1", text="one\ntwo\nthree"),
        ),
        (
            "mailto:?in-reply-to=%3C1@x%3E",
            Draft(from_=ME, in_reply_to=("1@x",), references=("1@x",)),
        ),
        ("mailto:?subject=a%0D%0ABcc:%20e@e", Draft(from_=ME, subject="a Bcc: e@e")),
        (
            "mailto:?bcc=e@e&from=e@e&attach=/etc/passwd&attachment=x&html-body=x&content-type=x&x-a=b",
            Draft(from_=ME),
        ),
    ],
)
def test_what_a_link_fills_in(link: str, expected: Draft) -> None:
    assert mailto(link, ME) == expected


@pytest.mark.parametrize(
    ("link", "field"),
    [
        ("https://x", "mailto"),
        ("", "mailto"),
        ("mailto:?subject=%FF", "mailto"),
        ("mailto:" + "x" * LONGEST, "mailto"),
        ("mailto:a", "to"),
        ("mailto:a%0D%0A@b", "to"),
        ("mailto:a@b%2Cc@d", "to"),
        ("mailto:?to=a", "to"),
        ("mailto:?cc=a@b%0D%0Ac@d", "cc"),
        ("mailto:?in-reply-to=a%0D%0Ab", "in-reply-to"),
    ],
)
def test_what_is_refused(link: str, field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        mailto(link, ME)
    assert caught.value.field == field


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join))
def test_any_link_is_a_draft_that_can_be_built_or_a_refusal(rest: str) -> None:
    try:
        draft = mailto("mailto:" + rest, ME)
    except InvalidArgument:
        return
    assert replace(
        draft, to=(), cc=(), subject="", text="", in_reply_to=(), references=()
    ) == Draft(from_=ME)
    assert build(stamp(draft, datetime(2026, 1, 1, tzinfo=UTC))).isascii() or draft.to or draft.cc
