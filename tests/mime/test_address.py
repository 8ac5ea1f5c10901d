"""Addresses as they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import Address
from hongyan.mime.address import _simple, groups, mailboxes

Found = list[tuple[str | None, str]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b", [(None, "a@b")]),
        ("A B <a@b>, c@d", [("A B", "a@b"), (None, "c@d")]),
        ('"B, A" <a@b>', [("B, A", "a@b")]),
        ("a@b (A B)", [("A B", "a@b")]),
        ("root (Cron Daemon)", [("Cron Daemon", "root")]),
        ("Someone", [("Someone", "")]),
        ("A:a@b,c@d;", [(None, "a@b"), (None, "c@d")]),
        ("undisclosed-recipients:;", []),
        ("<@x,@y:a@b>", [(None, "a@b")]),
        ("a . b @ c . d", [(None, "a.b@c.d")]),
        ('"a b"@c', [(None, '"a b"@c')]),
        ("=?utf-8?q?a=40b?= <c@d>", [("a@b", "c@d")]),
        ("=?utf-8?q?a=40b?=", [("a@b", "")]),
        ("<=?utf-8?q?a=40b?=>", [(None, "=?utf-8?q?a=40b?=")]),
        ("A <a@b> B <c@d>", [("A", "a@b"), ("B", "c@d")]),
        ("Joe ( <a@b>, C <c@d>", [("Joe (", "a@b"), ("C", "c@d")]),
        ('"Joe <a@b>', [('"Joe', "a@b")]),
        ("A <a@b", [("A", "a@b")]),
        ("Joe Smith joe@x.example", [("Joe Smith", "joe@x.example")]),
        ("张三 <z@x.cn>", [("张三", "z@x.cn")]),
        ("用户@例子.中国", [(None, "用户@例子.中国")]),
        (",,a@b,,", [(None, "a@b")]),
        ("", []),
        ("<>", []),
    ],
)
def test_mailboxes(value: str, expected: Found) -> None:
    assert [(one.name, one.email) for one in mailboxes(value.encode())] == expected


def test_groups_keep_their_names() -> None:
    found = groups(b"x@y, Friends: a@b; c@d")
    assert [(group.name, [one.email for one in group.addresses]) for group in found] == [
        (None, ["x@y"]),
        ("Friends", ["a@b"]),
        (None, ["c@d"]),
    ]


@given(st.text(alphabet='ab@<>",;:()\\. \n=?', max_size=40))
def test_any_value_gives_addresses(value: str) -> None:
    for one in mailboxes(value.encode()):
        assert one.name or one.email
        assert "\n" not in (one.name or "") + one.email


@given(st.text(alphabet='ab@<>", \\.=?', max_size=30))
def test_short_way_and_full_way_agree(value: str) -> None:
    short = _simple(value.encode())
    full = tuple(one for group in groups(value.encode()) for one in group.addresses)
    assert not short or short == full


def test_hostile_lists_are_capped() -> None:
    assert len(mailboxes(b"a@b," * 60_000)) == 10_000
    assert mailboxes(b"(" * 50_000 + b"a@b") != ()
    assert mailboxes(b"()" * 50_000 + b"a@b") == (Address(None, "a@b"),)
