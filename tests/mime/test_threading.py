"""Conversations, whatever the order of arrival."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.mime import parse
from hongyan.mime.threading import Threads, ancestry, conversations

MAIL = {  # key: (message id, references)
    "a": ("a@x", ()),
    "b": ("b@x", ("a@x",)),
    "c": ("c@x", ("a@x", "b@x")),
    "d": ("d@x", ("a@x", "lost@x")),
    "e": ("e@x", ()),
}


def test_tree_of_references() -> None:
    threads = Threads()
    for key, (message_id, references) in MAIL.items():
        threads.add(key, message_id=message_id, references=references)
    assert conversations(threads) == [(("a", 0), ("b", 1), ("c", 2), ("d", 1)), (("e", 0),)]


@given(st.permutations(list(MAIL)))
def test_order_of_arrival_does_not_matter(order: list[str]) -> None:
    threads = Threads()
    for key in order:
        threads.add(key, message_id=MAIL[key][0], references=MAIL[key][1])
    assert dict(threads.thread("c")) == {"a": 0, "b": 1, "c": 2, "d": 1}
    assert threads.thread("e") == (("e", 0),)


@pytest.mark.parametrize("order", list(permutations("abcdx")))
def test_late_parents_join_conversations(order: tuple[str, ...]) -> None:
    """``x`` answers ``a`` and is answered by ``c``; before it comes they have nothing in common."""
    parents: dict[str, list[str]] = {"a": [], "b": ["a"], "x": ["a"], "c": ["x"], "d": ["y"]}
    threads = Threads()
    for key in order:
        threads.add(key, message_id=key, references=parents[key])
    found = {frozenset(key for key, _ in one) for one in conversations(threads)}
    assert found == {frozenset("abcx"), frozenset("d")}


IMAPTEST = Path(__file__).parents[3] / "shared" / "corpus" / "imaptest"


@pytest.mark.skipif(not IMAPTEST.is_dir(), reason="the shared corpus is not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("thread", [["3", "2"], ["1"]]),
        ("thread2", [["1"], ["2"]]),
        # There the server joins by subject (RFC 5256 §3, step 5); here the subject never joins.
        ("thread3", [["1"], ["2"]]),
        ("thread4", [["1"], ["2"]]),
    ],
)
def test_servers_thread_alike(name: str, expected: list[list[str]]) -> None:
    mail = re.split(rb"(?m)^From [^\n]*\n", (IMAPTEST / f"{name}.mbox").read_bytes())[1:]
    threads = Threads()
    for number, message in enumerate(map(parse, mail), start=1):
        threads.add(
            str(number),
            message_id=message.message_id,
            references=message.references,
            in_reply_to=message.in_reply_to,
        )
    found = [[key for key, _ in one] for one in conversations(threads)]
    assert sorted(found) == sorted(expected)


def test_circles_and_doubles_are_harmless() -> None:
    threads = Threads()
    threads.add("1", message_id="a", references=("b",))
    threads.add("2", message_id="b", references=("a",))
    threads.add("3", message_id="b", references=("b", "a"))
    threads.add("4", message_id="", references=())
    threads.add("5", message_id="", in_reply_to=("a", "z"))
    assert {key for key, _ in threads.thread("1")} == {"1", "2", "3", "5"}
    assert threads.thread("4") == (("4", 0),)


def test_in_reply_to_counts_without_references_only() -> None:
    assert ancestry((), ("a", "b")) == ("a",)
    assert ancestry(("x", "y", "x"), ("a",)) == ("x", "y")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.lists(st.sampled_from("abcdef"), max_size=4)),
        max_size=30,
    )
)
def test_every_message_is_in_one_conversation(mail: list[tuple[str, list[str]]]) -> None:
    threads = Threads()
    for number, (message_id, references) in enumerate(mail):
        threads.add(str(number), message_id=message_id, references=references)
    keys = [key for one in conversations(threads) for key, _ in one]
    assert sorted(keys) == sorted(map(str, range(len(mail))))


def test_long_chain_is_quick_to_walk() -> None:
    threads = Threads()
    for number in range(3000):
        threads.add(str(number), message_id=f"{number}", references=(f"{number - 1}",))
    assert len(threads.thread("0")) == 3000
