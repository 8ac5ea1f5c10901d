"""The recipes of denial of service: every value is still read, capped, and nothing recurses.

Work is counted, not timed: the calls that the interpreter makes. It must stay below a few for each
octet and grow no faster than the input; `pytest-timeout` is the last resort against a pattern that
is slow by itself. The bench times the same recipes at 1 MB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from hongyan.mime import answer, email_object, identity, parse, report
from hongyan.mime.html import sanitise
from hongyan.mime.parser import MAX_FIELDS, MAX_PARTS
from hongyan.mime.types import Address
from tests.support.hostile import RECIPES

ME = (Address(None, "me@example.org"),)
SIZE = 12_000
STEEPEST = 2.4  # times the work for twice the input
LEAST = 4  # calls for each octet; below that a ratio says little: some passes begin at a length
MOST = 40  # calls for each octet; the caps make it less for longer input


def read(raw: bytes) -> None:
    """Do with a message all that opening, listing and answering it does."""
    message = parse(raw)
    values = (message.subject, message.date, message.references, message.preview)
    people = (*message.from_, *message.to, *message.cc)
    found = email_object(message)
    assert len(values) == 4
    assert len(message.parts) <= MAX_PARTS
    assert len(message.headers) <= MAX_FIELDS
    assert len(people) <= MAX_FIELDS
    assert len(message.text) <= 2 * len(raw)
    assert found["size"] == len(raw)
    sanitise(message.html or "")
    identity.marks(message)
    report.report(message)
    answer.reply_all(message, ME)


def calls(work: Callable[[bytes], None], raw: bytes) -> int:
    """Return how many calls, of Python and of C, ``work`` makes."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work(raw)
    finally:
        sys.setprofile(before)
    return made


@pytest.mark.parametrize("name", RECIPES)
def test_work_is_in_proportion_to_the_input(name: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        once, twice = (calls(read, RECIPES[name](size)) for size in (SIZE, 2 * SIZE))
    finally:
        sys.setrecursionlimit(limit)
    assert twice <= max(STEEPEST * once, LEAST * 2 * SIZE)
    assert twice <= MOST * 2 * SIZE


ODD = {
    "negative sections": b"Content-Type: a/b; f*-1=a; f*0=b; f*0=c; f*99999999999=d",
    "far sections": b"Content-Type: a/b"
    + b"".join(b"; f*%d=a" % n for n in range(10**9, 10**9 + 9000)),
    "balanced comments": b"To: " + b"(" * 50_000 + b")" * 50_000,
    "every octet": bytes(range(256)) * 400,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_messages_are_read(name: str) -> None:
    read(ODD[name])
